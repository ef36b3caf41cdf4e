"""The adversaries, for scenario files: their names, their parameters, and a check of the parameters in a file.

Registered under the entry point `amu.adversaries`, where `groundstation.scenario.adversaries` finds it.
"""

import sys
from collections.abc import Iterator, Mapping
from types import SimpleNamespace

from amu.core.errors import ConfigError
from swarm_sim import adversary
from swarm_sim.adversary.base import SEED_MAX, TICKS_MAX

# What the parameters mean: texts by name, numbers by adversary and name.
TEXTS = {
    "deceived": 'boards that hear the other story, such as "0 2"; default: half of them',
    "peers": 'boards that are affected, such as "0 2"; default: all',
    "kinds": 'flight messages that are affected, such as "Vote Proof"; default: all',
}
NUMBERS = {
    ("silence", "from_tick"): "board tick at which it falls silent",
    ("silence", "until_tick"): "board tick at which it speaks again",
    ("replay", "per_tick"): "messages that it sends again in each tick",
    ("flood", "per_tick"): "messages that it sends to each board in each tick",
    ("bad_mac", "one_in"): "one frame of so many is spoiled",
    ("starve", "helped_views"): "views of a slot, from view 0 on, in which it helps the leader",
    ("starve", "forges_one_in"): "in one slot of so many, leaders get a body that no board may accept",
    ("hurry", "views_ahead"): "the most views ahead of its own that it wishes for",
    ("hurry", "period_ticks"): "ticks from one wish to the next",
    ("understate", "slots_back"): "slots that it claims not to have applied",
    ("counterfeit", "invents_one_in"): "one proposal of so many holds a request that nobody made",
}


def names() -> list[str]:
    """Names of all adversaries."""
    return list(adversary.NAMES)


def meaning(name: str) -> str:
    """What an adversary does: the first sentence of its module."""
    if name == adversary.MIXED:
        return "Takes turns at all other behaviours."
    return str(sys.modules[adversary.behaviour_of(name).__module__].__doc__).split("\n", 1)[0]


def parameters(name: str) -> Iterator[tuple[str, str, str, str]]:
    """(name, values, default, meaning) of each parameter of an adversary."""
    yield "seed", f"integer >= 0 <= {SEED_MAX}", "1", "of what it draws at random"
    if name == adversary.MIXED:
        yield "period_ticks", f"integer >= 1 <= {TICKS_MAX}", "50", "ticks before the next behaviour's turn"
        return
    behaviour = adversary.behaviour_of(name)
    texts: tuple[str, ...] = behaviour.TEXTS
    for text in texts:
        yield text, "text", "left out", TEXTS[text]
    numbers: tuple[tuple[str, int, int, int], ...] = behaviour.PARAMETERS
    for number, default, least, most in numbers:
        yield number, f"integer >= {least} <= {most}", str(default), NUMBERS[name, number]


def check(name: str, given: Mapping[str, int | str | bool], node: int, replica_count: int) -> None:
    """Raise ValueError unless the board `node` of so many can fly the adversary with these parameters."""
    board = SimpleNamespace(me=node, group=SimpleNamespace(size=replica_count))
    try:
        # The board's own code decides; nothing of it runs before the board's first tick.
        adversary.wrap(board, name, dict(given))  # type: ignore[arg-type]
    except ConfigError as error:
        raise ValueError(str(error).removeprefix("adversary: ")) from error

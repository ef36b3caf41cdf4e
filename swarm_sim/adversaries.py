"""The adversaries, for scenario files: which there are, what they take, and whether they take what a file gives them.

Registered under the entry point `amu.adversaries`; `groundstation.adversaries` asks it when a scenario is read.
"""

from collections.abc import Iterator, Mapping
from types import SimpleNamespace

from amu.core.errors import ConfigError
from swarm_sim import adversary
from swarm_sim.adversary.base import SEED_MAX, TICKS_MAX


def names() -> list[str]:
    """Names of all adversaries."""
    return list(adversary.NAMES)


def parameters(name: str) -> Iterator[tuple[str, str, str, str]]:
    """(name, values, default, meaning) of each parameter of an adversary."""
    yield "seed", f"integer >= 0 <= {SEED_MAX}", "1", "of its draws"
    if name == adversary.MIXED:
        yield "period_ticks", f"integer >= 1 <= {TICKS_MAX}", "50", "ticks before the next behaviour's turn"
        return
    behaviour = adversary.behaviour_of(name)
    texts: tuple[str, ...] = behaviour.TEXTS
    for text in texts:
        meaning = "names of flight messages" if text == "kinds" else "replica numbers"
        yield text, "text", "left out", f"{meaning}, with spaces between them"
    numbers: tuple[tuple[str, int, int, int], ...] = behaviour.PARAMETERS
    for number, default, least, most in numbers:
        yield number, f"integer >= {least} <= {most}", str(default), number.replace("_", " ")


def check(name: str, given: Mapping[str, int | str | bool], node: int, replica_count: int) -> None:
    """Raise ValueError unless the board `node` of so many can fly the adversary with these parameters."""
    board = SimpleNamespace(_me=node, _group=SimpleNamespace(size=replica_count))
    try:
        # The board's own code decides; nothing of it runs before the board's first tick.
        adversary.wrap(board, name, dict(given))
    except ConfigError as error:
        raise ValueError(str(error).removeprefix("adversary: ")) from error

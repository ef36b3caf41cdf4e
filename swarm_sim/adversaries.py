"""The adversaries, for scenario files: which there are, what they take, and whether they take what a file gives them.

Registered under the entry point `amu.adversaries`; `groundstation.adversaries` asks it when a scenario is read.
"""

from collections.abc import Iterator, Mapping
from types import SimpleNamespace

from amu.core.errors import ConfigError
from swarm_sim import adversary
from swarm_sim.adversary.base import SEED_MAX
from swarm_sim.adversary.silence import TICKS_MAX


def names() -> list[str]:
    """Names of all adversaries."""
    return list(adversary.NAMES)


def parameters(name: str) -> Iterator[tuple[str, str]]:
    """(name, what it takes) of each parameter of an adversary."""
    yield "seed", f"integer from 0 to {SEED_MAX}, 1 if left out: of its draws"
    if name == adversary.MIXED:
        yield "period_ticks", f"integer from 1 to {TICKS_MAX}, 50 if left out: before the next one's turn"
        return
    behaviour = dict(adversary.KINDS)[name]
    texts: tuple[str, ...] = behaviour.TEXTS
    for text in texts:
        yield text, "text of flight messages" if text == "kinds" else "text of replica numbers"
    numbers: tuple[tuple[str, int, int, int], ...] = behaviour.PARAMETERS
    for number, default, least, most in numbers:
        yield number, f"integer from {least} to {most}, {default} if left out"


def check(name: str, given: Mapping[str, int | str | bool], node: int, replica_count: int) -> None:
    """Raise ValueError unless the board `node` of so many can fly the adversary with these parameters."""
    board = SimpleNamespace(_me=node, _group=SimpleNamespace(size=replica_count))
    try:
        # The board's own code decides; nothing of it runs before the board's first tick.
        adversary.wrap(board, name, dict(given))
    except ConfigError as error:
        raise ValueError(str(error).removeprefix("adversary: ")) from error

"""The boards of a mission: which kind makes which, and where their keys come from.

bench = uniform("virtual", 4)
bench = of_environment(Path("desk.toml"))
boards = bench.create(directory, plans)          bench.attach(directory)
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from groundstation.boards import environment, keys
from groundstation.boards.base import Board, BoardPlan, Unit, board_kind


@dataclass(frozen=True)
class Bench:
    """Kind and unit of each node. `keys`: where the swarm's keys lie; None if each run draws its own."""

    kinds: tuple[str, ...]
    units: tuple[Unit, ...]
    keys: Path | None = None

    @property
    def name(self) -> str:
        """The kinds in use, for run.json and for people."""
        return "+".join(sorted(set(self.kinds)))

    def classes(self) -> list[type[Board]]:
        """The class of each node's kind. Raises BoardError."""
        return [board_kind(kind) for kind in self.kinds]

    def create(self, directory: Path, plans: Sequence[BoardPlan]) -> list[Board]:
        """New boards, one a plan. Raises BoardError."""
        made: list[Board] = []
        for kind in sorted(set(self.kinds)):
            own = [replace(plan, unit=self.units[plan.node]) for plan in plans if self.kinds[plan.node] == kind]
            made += board_kind(kind).create(directory, own)
        return _in_order(made)

    def attach(self, directory: Path) -> list[Board]:
        """The boards that `create` made in `directory`. Raises BoardError."""
        found: list[Board] = []
        for kind in sorted(set(self.kinds)):
            found += board_kind(kind).attach(directory, [node for node, own in enumerate(self.kinds) if own == kind])
        return _in_order(found)


def _in_order(boards: list[Board]) -> list[Board]:
    return sorted(boards, key=lambda board: board.node)


def uniform(kind: str, count: int) -> Bench:
    """`count` boards of one kind, which makes them."""
    return Bench((kind,) * count, (Unit(),) * count)


def of_environment(path: Path) -> Bench:
    """The bench of an environment file, with its keys. Raises EnvironmentFileError, KeysError."""
    described = environment.load(path)
    entries, at = described.entries(), keys.path_of(path)
    keys.load(at, described.name)
    return Bench(tuple(entry.kind for entry in entries), tuple(entry.unit() for entry in entries), at)

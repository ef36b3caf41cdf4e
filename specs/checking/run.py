"""What the checkers of one run share, and the interface of each checker that `protocols.PROTOCOLS` lists."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from specs.checking.beginning import Beginning
from specs.checking.continuity import Continuity, Hole
from specs.checking.swarm import Swarm
from specs.checking.trace import Event
from specs.tla.language.language import State
from specs.verdict import Progress, Verdict, ignore_progress


class Log(Protocol):
    """How far the log has come, after the events so far."""

    state: State  # of trace_replicated_log.tla

    def first_leader(self, slot: int) -> int | None: ...

    def join(self) -> None:
        """A board turns out to have acted before the trace."""


@dataclass
class Run:
    """Who flies, what is missing from the trace, and the verdict.

    `log`: the checker of the log from slot to slot, which other checkers ask for its state.
    """

    swarm: Swarm
    verdict: Verdict = field(default_factory=Verdict)
    continuity: Continuity = field(default_factory=Continuity)
    learner_count: int = 0
    tell: Progress = ignore_progress
    beginning: Beginning = field(init=False)
    log: Log = field(init=False)  # set by that checker

    def __post_init__(self) -> None:
        self.beginning = Beginning(self.swarm)

    def is_told(self, node: int) -> bool:
        """Whether the trace has everything that a node has done so far, in this life and in those before."""
        return self.continuity.is_whole(node) and node not in self.beginning.past

    def holes(self) -> list[Hole]:
        """Holes in the traces of honest boards."""
        return [hole for hole in self.continuity.holes if hole.node not in self.swarm.byzantine]

    def replica_holes(self) -> list[Hole]:
        """Holes in the traces of honest replicas: a decision may be in them."""
        return [hole for hole in self.holes() if hole.node < self.swarm.replica_count]


class Checker:
    """Checks one protocol's events against its rules, and reports to `run.verdict`."""

    def __init__(self, run: Run) -> None:
        self.run = run

    def feed(self, event: Event) -> None:
        """An event of the protocol, of an honest board, in file order."""
        raise NotImplementedError

    def finish(self, tlc: bool) -> None:
        """The trace has ended. `tlc`: let TLC judge the same steps too. Raises TlcError."""

    def not_held(self) -> set[str]:
        """Properties of the protocol that no event was compared with. Called after `finish`."""
        return set()


class KeepingChecker(Checker):
    """Keeps its events until the trace has ended: `finish` checks them, when all holes of the trace are known."""

    def __init__(self, run: Run) -> None:
        super().__init__(run)
        self._events: list[Event] = []

    def feed(self, event: Event) -> None:
        self._events.append(event)

"""What a node and the board around it ask of each other, for the type checker. Boards never import this module."""

from collections.abc import Sequence
from typing import Protocol

from amu.core.types import AnyMessage, TraceEvent
from amu.node.effects import Ready


class Settings(Protocol):
    """What a node reads of the board's configuration: amu.boards.config.Config."""

    replica: int
    replica_count: int
    view_timeout_ticks: int
    turn_ticks: int
    snapshot_ticks: int
    trace_messages: bool


class Machine(Protocol):
    """What a runtime steps: amu.node.node.Node, or an adversary around one."""

    boot: int

    @property
    def applied_slot(self) -> int: ...

    @property
    def messages_refused(self) -> int: ...

    def step(self, source: int, lamport: int, message: AnyMessage) -> None: ...

    def is_surplus(self, __source: int, __vote: Sequence[int], __data: bytes) -> bool: ...

    def tick(self) -> None: ...

    def is_full(self) -> bool: ...

    def ready(self) -> Ready: ...

    def advance(self) -> None: ...

    def compact(self) -> None: ...

    def note_refused(self, __source: int, __kind: int, __reason: str) -> None: ...


class Carrier(Protocol):
    """Where a node's effects go on a host: amu.boards.host.Decoded."""

    def trace(self, node: int, boot: int, first_seq: int, ticks: int, events: list[TraceEvent]) -> None:
        """Trace events of a board, before anything that is sent after them."""

    def carry(self, source: int, destination: int, found: list[tuple[int, AnyMessage]], is_sound: bool) -> None:
        """A frame to one node: [(lamport, message), ...]. `is_sound`: its tag has not been spoilt."""

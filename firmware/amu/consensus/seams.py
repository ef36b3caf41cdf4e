"""What the replicated log asks of the node above it, for the type checker. Boards never import this module."""

from typing import Protocol

from amu.core.chunks import Chunks, Stream
from amu.core.types import Array, Item
from amu.wire.messages import Message


class Effects(Protocol):
    """The only way in which the log touches the world: amu.node.effects."""

    has_memory: bool

    def persist(self, record: Array) -> None: ...

    def persist_later(self, record: Array) -> None: ...

    def trace(self, name: str, *fields: Item) -> None: ...

    def send(self, destination: int, message: Message) -> None: ...

    def refuse(self, peer: int, kind: int, reason: str) -> None: ...

    def silent(self, reason: str) -> None: ...

    def compact(self) -> None: ...


class Application(Protocol):
    """The state machine behind the log: amu.node.application."""

    def apply(self, slot: int, value: bytes, requests: list[Array]) -> None: ...

    def status(self, client: int, operation: int) -> tuple[str, tuple[int, Array] | None]: ...

    def encoded(self) -> Chunks: ...

    def adopt(self, data: bytes | Chunks | Stream) -> None: ...

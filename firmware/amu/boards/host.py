"""A board in memory, under CPython or MicroPython: for tests, the simulator and golden scripts.

`MemoryStore` keeps the promises of the Store seam and no more. It can cut the power after any number of bytes, which
leaves exactly what the seam allows: a prefix of an append, the old or the new content of a replace.
"""

from amu.core import limits
from amu.core.errors import BusyError
from amu.core.ring import Ring

if "":  # for the type checker; see amu.core.types
    from collections.abc import Callable, Iterable

    from amu.core.types import Sink


class PowerCut(BaseException):
    """The board is dead at this point. Not an Exception: nothing on a board could catch it."""


class MemoryStore:
    """Store on a dict. `files` is what survives: hand it to the next MemoryStore to restart with flash.

    With `cut_after_bytes` = k the first k bytes written are kept, then PowerCut is raised, and by every call after
    it. Each byte of an append counts one, a replace its length and one for the rename, a remove one.
    """

    def __init__(self, files: dict[str, bytes] | None = None, cut_after_bytes: int | None = None) -> None:
        self.files = {} if files is None else files
        self.bytes_written = 0
        self._cut_after_bytes = cut_after_bytes

    def read(self, name: str, offset: int = 0, count: int = -1) -> bytes | None:
        """Up to `count` bytes from `offset` on, all that are there if -1; `None` if there is no such file."""
        data = self.files.get(name)
        return data if data is None else data[offset:] if count < 0 else data[offset : offset + count]

    def append(self, name: str, pieces: "Iterable[bytes]") -> None:
        """Add the byte strings `pieces` at the end, creating the file."""
        data = b"".join(pieces)
        room = self._room()
        if room is None or room >= len(data):
            self.files[name] = self.files.get(name, b"") + data
            self.bytes_written += len(data)
            return
        if room:
            self.files[name] = self.files.get(name, b"") + data[:room]
        self.bytes_written += room
        raise PowerCut(name)

    def replace(self, name: str, fill: "Callable[[Sink], object]") -> None:
        """Put what `fill(write)` writes in place of the whole file, or not at all."""
        data = bytearray()
        fill(data.extend)
        self._spend(name, len(data) + 1)
        self.files[name] = bytes(data)

    def remove(self, name: str) -> None:
        """Delete the file if it is there."""
        if name in self.files:
            self._spend(name, 1)
            del self.files[name]

    def _room(self) -> int | None:
        return None if self._cut_after_bytes is None else self._cut_after_bytes - self.bytes_written

    def _spend(self, name: str, count: int) -> None:
        room = self._room()
        if room is not None and room < count:
            self.bytes_written = self._cut_after_bytes  # type: ignore[assignment]
            raise PowerCut(name)
        self.bytes_written += count


class MemoryPort:
    """BytePort in memory. What the board will read waits in a ring, bounded like a serial port's own buffer."""

    def __init__(self) -> None:
        self._incoming = Ring()
        self.outgoing = bytearray()

    def feed(self, data: bytes) -> None:
        """Bytes arrive from outside. Raises BusyError, taking none, when the board has not read for too long."""
        if len(data) > self._incoming.free():
            raise BusyError("%d bytes wait to be read" % len(self._incoming))
        self._incoming.push(data)

    def read(self) -> bytes:
        """Bytes that have arrived, at most READ_BYTES_MAX, `b""` if none."""
        return self._incoming.pull(limits.READ_BYTES_MAX)

    def write(self, data: bytes) -> None:
        """Write all of `data`."""
        self.outgoing.extend(data)

    def take(self) -> bytes:
        """What the board has written since the last call."""
        data = bytes(self.outgoing)
        self.outgoing = bytearray()
        return data

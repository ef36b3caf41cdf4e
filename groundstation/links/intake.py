"""The buffer in which a line's bytes arrive: pages of a file, so that they survive the death of the ground station.

The kernel copies a board's bytes straight into a shared mapping of a file (readv(2), mmap(2) with MAP_SHARED). From
there they are framed and recorded, and only then erased. If a ground station is killed between the read and the record,
the bytes stay in the file, and the next ground station begins with them. The file lives in the page cache: it survives
the process, not the machine.

Rules
- Bytes that have been recorded are overwritten with zeros. 0x00 is the delimiter of frames, so zeros before a frame
  mean nothing. A partly received frame stays until the rest arrives.
- No length is stored: it would be wrong if the process died between the read and its update. The content ends with the
  last byte that is not zero. If that byte completes a frame, its delimiter follows; else the line continues after it.
- When the file fills up, an incomplete frame is moved to the front. The last byte of the file says that the copy is
  complete and the rest of the file is void: one byte is written whole or not at all.
"""

import mmap
import os
from pathlib import Path

from amu.core import limits
from amu.core.errors import FrameError
from amu.wire import cobs, frames

INTAKE_BYTES = 256 * 1024
_AREA_BYTES = INTAKE_BYTES - 1  # the last byte: only the front counts
ROOM_BYTES = 4096  # as much as a pseudo-terminal gives in one read


class Intake:
    """The bytes of one line. Without a path (for tests) they are lost with this process. Raises OSError."""

    def __init__(self, path: Path | None = None) -> None:
        if path is None:
            self._map = mmap.mmap(-1, INTAKE_BYTES)
        else:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                # Allocate the disk's space now: a page that cannot be allocated later raises a signal, not an error.
                os.posix_fallocate(descriptor, 0, INTAKE_BYTES)
                self._map = mmap.mmap(descriptor, INTAKE_BYTES)
            finally:
                os.close(descriptor)
        self._view = memoryview(self._map)
        self._settled = 0  # zeros up to here
        self._given = 0  # taken up to here
        self._used = self._end()

    @property
    def is_empty(self) -> bool:
        """Whether everything that arrived has been taken."""
        return self._given == self._used

    @property
    def has_room(self) -> bool:
        """Whether there is room for another read. If not, call `settle`."""
        return _AREA_BYTES - self._used >= ROOM_BYTES

    def receive(self, descriptor: int) -> int:
        """Read once from `descriptor`. Returns the number of bytes, 0 at its end. Raises OSError as read(2) does."""
        count = os.readv(descriptor, [self._view[self._used : _AREA_BYTES]])
        self._used += count
        return count

    def take(self) -> bytes:
        """Everything that has arrived and was not yet taken."""
        data = bytes(self._view[self._given : self._used])
        self._given = self._used
        return data

    def ends_with(self, end: bytes) -> bool:
        """Whether what has arrived, taken or not, ends with these bytes."""
        return bytes(self._view[max(0, self._used - len(end)) : self._used]) == end

    def settle(self) -> None:
        """All bytes taken have been recorded: erase them, except for an incomplete frame."""
        if self._given == self._settled:
            return
        cut = max(self._map.rfind(b"\0", self._settled, self._given) + 1, self._settled)
        if self._given - cut > limits.WIRE_BYTES_MAX:
            cut = self._given  # no frame is so long
        self._clear(self._settled, cut)
        self._settled = cut
        if self._settled == self._used:
            self._settled = self._given = self._used = 0
        elif self._used > INTAKE_BYTES // 2 and self._used - cut < cut:
            self._move(cut)

    def _move(self, start: int) -> None:
        """Move the bytes from `start` on to the front, where there are only zeros."""
        self._view[: self._used - start] = self._view[start : self._used]
        self._view[_AREA_BYTES] = 1
        self._clear(start, self._used)
        self._view[_AREA_BYTES] = 0
        self._settled, self._given, self._used = 0, self._given - start, self._used - start

    def _clear(self, start: int, end: int) -> None:
        self._view[start:end] = bytes(end - start)

    def _end(self) -> int:
        """The end of the bytes that an earlier ground station has left here."""
        if self._view[_AREA_BYTES]:
            self._clear(self._map.find(b"\0"), _AREA_BYTES)
            self._view[_AREA_BYTES] = 0
        found = bytes(self._view).rstrip(b"\0")
        last = found[found.rfind(b"\0") + 1 :]
        return len(found) + (bool(last) and len(found) < _AREA_BYTES and _is_frame(last))


def _is_frame(stuffed: bytes) -> bool:
    try:
        frames.parse(cobs.decode(stuffed))
    except FrameError:
        return False
    return True

"""Where a line's bytes arrive: in a file's pages, so that the death of the ground station loses none of them.

The kernel copies what a board has said straight into a shared mapping of a file (readv(2), mmap(2) with MAP_SHARED).
From there it is framed and recorded, and only then forgotten. A ground station that is killed between the read and the
record leaves the bytes in the file, and the next one begins with them. The file lives in the page cache: it survives
the process, not the machine.

Rules
- What has been dealt with is overwritten with zeros. 0x00 is the delimiter of frames, so zeros in front of a frame say
  nothing. A frame of which only a part has arrived stays until the rest is there.
- No length is stored: one would be wrong if the process died between the read and the note. What is there ends with the
  last byte that is not zero. If that byte completes a frame, its delimiter follows; else the line goes on behind it.
- A frame that is not whole is moved to the front when the file fills up. The last byte of the file says that the copy
  is there and what stands behind it is void: one byte is written whole or not at all.
"""

import mmap
import os
from pathlib import Path

from amu.core import limits
from amu.core.errors import FrameError
from amu.wire import cobs, frames

INTAKE_BYTES = 256 * 1024
_AREA_BYTES = INTAKE_BYTES - 1  # the last byte: only the front counts
ROOM_BYTES = 4096  # a pseudo-terminal gives as much in a read


class Intake:
    """The bytes of one line. Without a path they die with this process, as those of a test may. Raises OSError."""

    def __init__(self, path: Path | None = None) -> None:
        if path is None:
            self._map = mmap.mmap(-1, INTAKE_BYTES)
        else:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                # The disk's space is taken now: a page that cannot be had later is a signal, not an error.
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
        """Has all that arrived been taken?"""
        return self._given == self._used

    @property
    def has_room(self) -> bool:
        """Is there room for another read? Before there is, `settle`."""
        return _AREA_BYTES - self._used >= ROOM_BYTES

    def receive(self, descriptor: int) -> int:
        """Read once from `descriptor`; the number of bytes, 0 at its end. Raises OSError as read(2) does."""
        count = os.readv(descriptor, [self._view[self._used : _AREA_BYTES]])
        self._used += count
        return count

    def take(self) -> bytes:
        """Everything that has arrived and was not taken yet."""
        data = bytes(self._view[self._given : self._used])
        self._given = self._used
        return data

    def settle(self) -> None:
        """What was taken has been dealt with, but for a frame that is not whole yet: forget it."""
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
        """What stands from `start` on to the front, where there are zeros only."""
        self._view[: self._used - start] = self._view[start : self._used]
        self._view[_AREA_BYTES] = 1
        self._clear(start, self._used)
        self._view[_AREA_BYTES] = 0
        self._settled, self._given, self._used = 0, self._given - start, self._used - start

    def _clear(self, start: int, end: int) -> None:
        self._view[start:end] = bytes(end - start)

    def _end(self) -> int:
        """Where what an earlier ground station has left here ends."""
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

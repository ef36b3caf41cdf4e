"""Finds frames in a byte stream: push bytes, pull frames (in the manner of h11).

The stream is cut at zero bytes. What lies between two of them is a frame, or text that a board printed, or garbage.
Garbage costs nothing but itself: every frame brings a delimiter in front of it and one behind it. The cuts depend on
the bytes alone, never on how they were grouped into pushes: the same stream gives the same frames, text and counts.

A damaged frame is not taken for text as long as its version byte is whole: 2 is not printable. A stretch
longer than any frame is given up: printable, it comes out as text in pieces; else it is counted once as "too long" and
dropped up to the next delimiter. So at most one frame's length is held back between pushes.
"""

from amu.core import limits
from amu.core.errors import BusyError, FrameError
from amu.wire import frames

if "":  # for the type checker; see amu.core.types
    from amu.wire.frames import Frame

_STUFFED_BYTES_MAX = limits.WIRE_BYTES_MAX - 2  # a frame between its delimiters
_BUFFER_BYTES = _STUFFED_BYTES_MAX + 1 + limits.READ_BYTES_MAX  # what a board's port gives, behind what is held back


class _NeedBytes:
    def __repr__(self) -> str:
        return "NEED_BYTES"


# What `next` returns when the bytes so far hold nothing more; None to the type checker, which understands `is None`.
NEED_BYTES: None = _NeedBytes()  # type: ignore[assignment]


class Text:
    """Printable bytes between frames: a board's own prints and tracebacks. `data` is bytes."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    def __repr__(self) -> str:
        return "Text(%r)" % self.data


def _is_printable(data: bytes) -> bool:
    """ASCII with tab, line feed, carriage return and escape (a console's colours)."""
    for byte in data:
        if byte > 0x7E or (byte < 0x20 and byte not in b"\t\n\r\x1b"):
            return False
    return True


class Framer:
    """Cuts one stream. `errors` counts what was dropped: one entry for each of `frames.REASONS`."""

    def __init__(self) -> None:
        self.errors = {reason: 0 for reason in frames.REASONS}
        self._bytes = bytearray(_BUFFER_BYTES)  # made once: later the heap may have no room for it
        self._start = 0  # offset of the first byte that has not been cut off yet
        self._end = 0  # and behind the last one
        self._searched = 0  # no delimiter before this offset, from _start on
        self._cut_start = self._cut_end = 0  # of what was cut out last
        self._skipping = False  # inside a stretch that was given up

    def push(self, data: bytes) -> None:
        """Take all of `data`. Call `next` until it says NEED_BYTES before pushing more.

        Raises BusyError, taking nothing, when RING_BYTES or more are waiting already.
        """
        waiting = self._end - self._start
        if waiting >= limits.RING_BYTES:
            raise BusyError("framer holds %d bytes: call next() first" % waiting)
        if self._start:  # forget what has been cut off
            if waiting:
                self._bytes[:waiting] = self._bytes[self._start : self._end]
            self._searched -= self._start
            self._start = 0
        self._end = waiting + len(data)
        if self._end > len(self._bytes):  # on the ground
            self._bytes.extend(bytes(self._end - len(self._bytes)))
        self._bytes[waiting : self._end] = data

    def only(self, data: bytes) -> "Frame | None":
        """The frame that `data` consists of, delimiters included: the short way, where ports read frame by frame.

        None, and nothing is taken: it is something else, or bytes are held back. Then push it.
        """
        if (
            self._start < self._end
            or self._skipping
            or not 1 < len(data) <= limits.WIRE_BYTES_MAX
            or data[0]
            or data.find(b"\x00", 1) < len(data) - 1
        ):
            return None
        try:
            return frames.unpack(data, 1, len(data) - 1)
        except FrameError:
            return None

    def waiting(self) -> int:
        """Bytes that are held back."""
        return self._end - self._start

    def next(self) -> "Frame | Text | None":
        """The next Frame or Text, or NEED_BYTES."""
        while self._cut():
            if self._cut_start < self._cut_end:
                item = self._classify()
                if item is not None:
                    return item
        return NEED_BYTES

    def flush(self) -> Text | None:
        """Text that still waits for a delimiter, or NEED_BYTES. For a link that has gone quiet or closed."""
        rest = bytes(self._bytes[self._start : self._end])
        if not rest or self._skipping or not _is_printable(rest):
            return NEED_BYTES
        self._start = self._searched = self._end
        return Text(rest)

    def _cut(self) -> bool:
        """Find the next stretch between delimiters, perhaps empty, or a piece of one that is too long."""
        while True:
            end = self._bytes.find(b"\x00", self._searched, self._end)
            if self._skipping:
                if end < 0:
                    self._start = self._searched = self._end
                    return False
                self._skipping = False
                self._start = self._searched = end + 1
                continue
            if (self._end if end < 0 else end) - self._start > _STUFFED_BYTES_MAX:
                self._cut_start = self._start
                self._cut_end = self._start = self._searched = self._start + _STUFFED_BYTES_MAX
                if _is_printable(self._piece()):
                    return True
                self.errors[frames.TOO_LONG] += 1
                self._skipping = True
                continue
            if end < 0:
                self._searched = self._end
                return False
            self._cut_start = self._start
            self._cut_end = end
            self._start = self._searched = end + 1
            return True

    def _piece(self) -> bytes:
        """What was cut out last."""
        return bytes(memoryview(self._bytes)[self._cut_start : self._cut_end])

    def _classify(self) -> "Frame | Text | None":
        """Frame or Text in what was cut out, or None for garbage, which is counted."""
        try:
            return frames.unpack(self._bytes, self._cut_start, self._cut_end)
        except FrameError as error:
            piece = self._piece()
            if _is_printable(piece):
                return Text(piece)
            self.errors[error.args[0]] += 1
            return None

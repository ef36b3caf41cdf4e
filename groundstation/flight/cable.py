"""One board's cable for the mission loop: whole frames and text come out, bytes go in, and a loss is counted.

A board that is off, or whose line is gone, sends and receives nothing: as on a real cable, bytes written to it then
are lost. The caller gets the reason and counts them.
"""

from collections.abc import Iterator

from amu.wire.framer import NEED_BYTES, Framer, Text
from amu.wire.frames import FLIGHT, Frame
from groundstation.boards.base import Board
from groundstation.flight.line_noise import LineNoise
from groundstation.links.base import Link, LinkBusy, LinkLost

READS_MAX = 8  # of one board per turn: a pseudo-terminal gives 4 KB per read, and the other boards wait meanwhile
LAST_READS_MAX = 1 << 16
PIECE_BYTES = 2048  # pushed into the framer at a time, below the bound of its ring


class FlightFrame(Frame):
    """A flight frame with its bytes on the cable, `wire`: the ether carries the bytes as sent."""

    def __init__(self, frame: Frame, wire: bytes) -> None:
        super().__init__(frame.traffic, frame.source, frame.destination, frame.tag, frame.payload)
        self.wire = wire


class _GroundFramer(Framer):
    """Returns flight frames as `FlightFrame`s."""

    def _classify(self) -> Frame | Text | None:
        item = super()._classify()
        if isinstance(item, Frame) and item.traffic == FLIGHT:
            return FlightFrame(item, b"\x00" + self._piece() + b"\x00")
        return item


class Cable:
    """Whole frames and text of one board, and bytes for it.

    noise: on the line at present, if any. is_unread: what arrives waits there. bytes_read, frames_read: in all.
    """

    def __init__(self, board: Board) -> None:
        self.board = board
        self.link: Link | None = None
        self.noise: LineNoise | None = None
        self.is_unread = False
        self.bytes_read = 0
        self.frames_read = 0
        self._damaged = 0  # by framers of earlier lives of the board
        self._framer = _GroundFramer()

    @property
    def damaged(self) -> int:
        """How many stretches of bytes from the board made no frame."""
        return self._damaged + sum(self._framer.errors.values())

    def open(self) -> Link | None:
        """The link, reopened if it was lost. None if it cannot be opened."""
        if self.link is None:
            try:
                self.link = self.board.link()
            except LinkLost:
                return None
        return self.link

    def frames(self, reads_max: int = READS_MAX) -> Iterator[Frame | Text]:
        """What has arrived, in order: `FlightFrame`, `Frame` and `Text` objects, from at most `reads_max` reads."""
        for _ in range(reads_max):
            data = self._read()
            if not data:
                return
            for start in range(0, len(data), PIECE_BYTES):
                self._framer.push(data[start : start + PIECE_BYTES])
                while (item := self._framer.next()) is not NEED_BYTES:
                    self.frames_read += isinstance(item, Frame)
                    yield item

    def last_frames(self) -> Iterator[Frame | Text]:
        """All that a dead board has sent. The line returns it in pieces; a rest left there would be a gap in the trace.

        An unfinished frame is dropped, so it cannot merge with the first frame of the next boot.
        """
        self.is_unread = False
        yield from self.frames(LAST_READS_MAX)
        last = self._framer.flush()
        self._damaged = self.damaged
        self._framer = _GroundFramer()
        if last is not NEED_BYTES:
            yield last

    def _read(self) -> bytes:
        if self.link is None or self.is_unread:
            return b""
        try:
            data = self.link.read()
        except LinkLost:
            self._lose()
            return b""
        self.bytes_read += len(data)
        return data if self.noise is None else self.noise.to_ground.spoil(data)

    def settle(self) -> None:
        """Everything returned so far is on record."""
        if self.link is not None:
            self.link.settle()

    def write(self, data: bytes) -> str | None:
        """Send; None, or why it could not be sent."""
        if self.link is None:
            return "link lost"
        if self.noise is not None:
            data = self.noise.to_board.spoil(data)
        try:
            self.link.write(data)
        except LinkBusy:
            return "link busy"
        except LinkLost:
            self._lose()
            return "link lost"
        return None

    def pump(self) -> None:
        """Send as much as the line takes now."""
        if self.link is None:
            return
        try:
            self.link.pump()
        except LinkLost:
            self._lose()

    def _lose(self) -> None:
        self.link = None

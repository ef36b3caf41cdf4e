"""One board's cable as the mission loop sees it: whole frames and text come out, bytes go in, and a loss costs a count.

A board that is off, or whose line is gone, is silent and deaf: what is written to it then is lost, as on a real cable,
and reported to the caller, who counts it.
"""

from collections.abc import Iterator

from amu.wire import messages
from amu.wire.framer import NEED_BYTES, Framer, Text
from amu.wire.frames import Frame
from groundstation.boards.base import Board
from groundstation.links.base import Link, LinkBusy, LinkLost

READS_MAX = 8  # of one board in a turn: a pseudo-terminal gives 4 KB a read, and the other boards wait meanwhile
LAST_READS_MAX = 1 << 16
PIECE_BYTES = 2048  # pushed into the framer at a time, below the bound of its ring


class FlightFrame(Frame):
    """A flight frame and its bytes on the cable, `wire`: the ether carries what was sent, not what was understood."""

    def __init__(self, frame: Frame, wire: bytes) -> None:
        super().__init__(frame.kind, frame.source, frame.destination, frame.tag, frame.payload)
        self.wire = wire


class _GroundFramer(Framer):
    """Gives out flight frames as `FlightFrame`s."""

    def _classify(self, segment: bytes) -> Frame | Text | None:
        item = super()._classify(segment)
        if isinstance(item, Frame) and messages.is_flight(item.kind):
            return FlightFrame(item, b"\x00" + segment + b"\x00")
        return item


class Cable:
    """Whole frames and text of one board, and bytes for it."""

    def __init__(self, board: Board) -> None:
        self.board = board
        self.link: Link | None = None
        self._framer = _GroundFramer()

    def open(self) -> Link | None:
        """The link, opened again if it was lost; None while there is none."""
        if self.link is None:
            try:
                self.link = self.board.link()
            except LinkLost:
                return None
        return self.link

    def frames(self, reads_max: int = READS_MAX) -> Iterator[Frame | Text]:
        """What has arrived, in order: `FlightFrame`, `Frame` and `Text` objects. Of a talkative board only so many
        reads' worth.
        """
        for _ in range(reads_max):
            data = self._read()
            if not data:
                return
            for start in range(0, len(data), PIECE_BYTES):
                self._framer.push(data[start : start + PIECE_BYTES])
                while (item := self._framer.next()) is not NEED_BYTES:
                    yield item

    def last_frames(self) -> Iterator[Frame | Text]:
        """All that a dead board has said: a line gives it out in pieces, and what is left there is a gap in the trace.

        What it had not finished cannot run into its next boot's first frame.
        """
        yield from self.frames(LAST_READS_MAX)
        last = self._framer.flush()
        self._framer = _GroundFramer()
        if last is not NEED_BYTES:
            yield last

    def _read(self) -> bytes:
        if self.link is None:
            return b""
        try:
            return self.link.read()
        except LinkLost:
            self._lose()
            return b""

    def settle(self) -> None:
        """What has come out so far is on record."""
        if self.link is not None:
            self.link.settle()

    def write(self, data: bytes) -> str | None:
        """Send; None, or why it could not be sent."""
        if self.link is None:
            return "link lost"
        try:
            self.link.write(data)
        except LinkBusy:
            return "link busy"
        except LinkLost:
            self._lose()
            return "link lost"
        return None

    def pump(self) -> None:
        """Give the line what it takes now."""
        if self.link is None:
            return
        try:
            self.link.pump()
        except LinkLost:
            self._lose()

    def _lose(self) -> None:
        self.link = None

"""One board's cable as the mission loop sees it: whole frames and text come out, bytes go in, and a loss costs a count.

A board that is off, or whose line is gone, is silent and deaf: what is written to it then is lost, as on a real cable,
and reported to the caller, who counts it.
"""

from collections.abc import Iterator
from typing import Any

from amu.wire.framer import NEED_BYTES, Framer, Text
from groundstation.boards import Board
from groundstation.links.base import Link, LinkBusy, LinkLost

PIECE_BYTES = 2048  # pushed into the framer at a time, below the bound of its ring


class Downlink:
    """Frames of one board. `lost` counts how often its line went away."""

    def __init__(self, board: Board) -> None:
        self.board = board
        self.link: Link | None = None
        self.lost = 0
        self.is_congested = False  # bytes wait that the line did not take yet
        self._framer = Framer()

    def open(self) -> Link | None:
        """The link, opened anew if it was lost; None while there is none."""
        if self.link is None:
            try:
                self.link = self.board.link()
            except LinkLost:
                return None
        return self.link

    def frames(self) -> Iterator[Any]:
        """Everything that has arrived: `Frame` and `Text` objects, in order."""
        if self.link is None:
            return
        try:
            data = self.link.read()
        except LinkLost:
            self._lose()
            data = b""
        for start in range(0, len(data), PIECE_BYTES):
            self._framer.push(data[start : start + PIECE_BYTES])
            while (item := self._framer.next()) is not NEED_BYTES:
                yield item

    def end_of_boot(self) -> Iterator[Text]:
        """The board is off: its last unfinished line, and nothing of it may run into the next boot's first frame."""
        last = self._framer.flush()
        self._framer = Framer()
        if last is not NEED_BYTES:
            yield last

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
            self.is_congested = self.link.pump() > 0
        except LinkLost:
            self._lose()

    def _lose(self) -> None:
        self.link = None
        self.lost += 1
        self.is_congested = False

"""A line without a cable: two byte queues in this process, for emulated boards and for tests.

`MemoryLine` is the cable, `MemoryLink` the ground station's end of it. The board's end takes bytes at its own pace:

    line = MemoryLine("emulated-0")
    line.take(64)        at most 64 bytes that the ground has sent
    line.give(b"...")    bytes from the board
    line.pull()          pull the cable
"""

from groundstation.links.base import WRITE_QUEUE_BYTES_MAX, Link, LinkBusy, LinkLost


class MemoryLine:
    """The cable: bytes in transit in both directions. Those from the board are not bounded, because the ground station
    reads at every step; those to the board are bounded by the link.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.is_pulled = False
        self.to_board = bytearray()
        self.to_ground = bytearray()

    def take(self, most: int) -> bytes:
        """Up to `most` bytes that the ground has sent, oldest first."""
        data = bytes(self.to_board[:most])
        del self.to_board[:most]
        return data

    def give(self, data: bytes) -> None:
        """The board sends `data`."""
        self.to_ground += data

    def pull(self) -> None:
        """Cut the line. Bytes that have reached the ground can still be read."""
        self.is_pulled = True


class MemoryLink(Link):
    """The ground station's end of a MemoryLine."""

    def __init__(self, line: MemoryLine) -> None:
        self._line = line
        self._is_closed = False

    @property
    def device(self) -> str:
        return self._line.name

    def read(self) -> bytes:
        if self._is_closed or not self._line.to_ground:
            self._check()
        data = bytes(self._line.to_ground)
        self._line.to_ground.clear()
        return data

    def settle(self) -> None:
        """Nothing to do: both ends die with this process."""

    def write(self, data: bytes) -> None:
        self._check()
        if len(self._line.to_board) + len(data) > WRITE_QUEUE_BYTES_MAX:
            raise LinkBusy(f"{self.device}: {len(self._line.to_board)} bytes wait, no room for {len(data)} more")
        self._line.to_board += data

    def pump(self) -> int:
        self._check()
        return len(self._line.to_board)

    def fileno(self) -> int | None:
        return None

    def drop_unsent(self) -> int:
        count = len(self._line.to_board)
        self._line.to_board.clear()
        return count

    def close(self) -> None:
        self._is_closed = True

    def _check(self) -> None:
        if self._is_closed:
            raise LinkLost(f"{self.device}: the link was closed on this side; open it again")
        if self._line.is_pulled:
            raise LinkLost(f"{self.device}: the line was pulled; is its board still running?")

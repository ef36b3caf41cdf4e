"""A line with no cable: two byte queues in this process, for emulated boards and for tests.

`MemoryLine` is the cable, `MemoryLink` the ground station's end of it. The board's end takes bytes at its own pace:

    line = MemoryLine("emulated-0")
    line.take(64)        what the ground has sent, at most 64 bytes of it
    line.give(b"...")    what the board says
    line.pull()          the cable is gone
"""

from groundstation.links.base import WRITE_QUEUE_BYTES_MAX, Link, LinkBusy, LinkLost


class MemoryLine:
    """The cable: bytes under way in both directions. Bytes from the board wait without bound for a ground station that
    reads at every step; bytes to the board are bounded by the link."""

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
        """The board has said `data`."""
        self.to_ground += data

    def pull(self) -> None:
        """Cut the line. What has reached the ground already can still be read."""
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
        """Both ends die with this process: there is nothing to keep."""

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
            raise LinkLost(f"{self.device}: the link was closed on this side; open it anew")
        if self._line.is_pulled:
            raise LinkLost(f"{self.device}: the line was pulled; is its board still running?")

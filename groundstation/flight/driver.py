"""Drivers make mission time pass: by the wall clock, or by stepping emulated boards.

The mission loop asks a driver for the time and lets it wait. Nothing else in the loop depends on whether seconds are
real, so the same loop flies boards on a cable and boards that are stepped in virtual time.
"""

import selectors
import time
from collections.abc import Iterable, Mapping
from typing import Protocol

from groundstation.boards.base import Board
from groundstation.links.base import Link

# A board is stepped by this much of its own time before its frames are read.
QUANTUM_SECONDS = 0.002
PACED_SECONDS_MAX = 0.02  # of one sleep, so that orders are taken soon
STEP_SECONDS_MAX = 0.1  # of a board in virtual time beside real-time ones


class Driver(Protocol):
    """Mission time in seconds, and waiting. `start`: when it begins; not 0 in a resumed run."""

    def now(self) -> float:
        """Mission seconds. Never decreases."""
        ...

    def wait(self, boards: Mapping[int, Board], until: float) -> Iterable[int]:
        """Wait until a link has bytes or until mission time `until`. Returns the nodes whose links to read."""
        ...

    def watch(self, node: int, link: Link | None) -> None:
        """Reach `node` by `link` from now on. None: it cannot be reached."""
        ...

    def close(self) -> None:
        """Release the driver's resources. The links stay open."""
        ...


class WallClock:
    """Real-time boards: `speed` mission seconds pass per second of wall time.

    Boards in virtual time that fly beside them are stepped as wall time passes. One that cannot keep up falls behind.
    """

    def __init__(self, speed: float, start: float = 0.0) -> None:
        self.speed = speed
        self._start = time.monotonic() - start / speed
        self._selector = selectors.DefaultSelector()
        self._descriptors: dict[int, int] = {}
        self._stepped_until = time.monotonic()

    def now(self) -> float:
        return (time.monotonic() - self._start) * self.speed

    def watch(self, node: int, link: Link | None) -> None:
        old = self._descriptors.pop(node, None)
        if old is not None:
            self._selector.unregister(old)
        descriptor = None if link is None else link.fileno()
        if descriptor is not None:
            self._selector.register(descriptor, selectors.EVENT_READ, node)
            self._descriptors[node] = descriptor

    def wait(self, boards: Mapping[int, Board], until: float) -> Iterable[int]:
        wall_seconds = max(0.0, (until - self.now()) / self.speed)
        stepped = [node for node, board in sorted(boards.items()) if not board.is_real_time]
        if stepped:
            wall_seconds = min(wall_seconds, QUANTUM_SECONDS)
        ready = [key.data for key, _ in self._selector.select(wall_seconds)]
        if stepped:
            before, self._stepped_until = self._stepped_until, time.monotonic()
            for node in stepped:
                boards[node].advance(min(self._stepped_until - before, STEP_SECONDS_MAX))
        return ready + stepped

    def close(self) -> None:
        self._selector.close()


class SteppedClock:
    """Emulated boards: time passes only as they are stepped, so a slow host does not change a run."""

    def __init__(self, speed: float, start: float = 0.0) -> None:
        self.speed = speed
        self._now = start

    def now(self) -> float:
        return self._now

    def watch(self, node: int, link: Link | None) -> None:
        """Nothing to do: every board is stepped and every link is read, always."""

    def wait(self, boards: Mapping[int, Board], until: float) -> Iterable[int]:
        # Not below a tenth: events that are due at once are handled after every step anyway.
        quantum = min(QUANTUM_SECONDS, max((until - self._now) / self.speed, QUANTUM_SECONDS / 10))
        for node in sorted(boards):
            boards[node].advance(quantum)
        self._now += quantum * self.speed
        return sorted(boards)

    def close(self) -> None:
        """Nothing to release."""


class PacedClock(SteppedClock):
    """As SteppedClock, for flights that people command: mission time never runs ahead of `speed`.

    Boards that a slow host cannot step as fast fall behind, and nothing else changes.
    """

    def __init__(self, speed: float, start: float = 0.0) -> None:
        super().__init__(speed, start)
        self._began = time.monotonic() - start / speed

    def wait(self, boards: Mapping[int, Board], until: float) -> Iterable[int]:
        nodes = super().wait(boards, until)
        ahead = self._now / self.speed - (time.monotonic() - self._began)
        if ahead > 0:
            time.sleep(min(ahead, PACED_SECONDS_MAX))
        return nodes

"""Who makes mission time pass: the wall clock, or the emulated boards themselves.

The mission loop asks a driver for the time and lets it wait. Nothing else in the loop knows whether seconds are real,
so that the same loop flies boards on a cable and boards that are stepped in virtual time.
"""

import selectors
import time
from collections.abc import Iterable, Mapping
from typing import Protocol

from groundstation.boards.base import Board
from groundstation.links.base import Link

# A board is stepped by so much of its own time before the frames that it sent are looked at.
QUANTUM_SECONDS = 0.002


class Driver(Protocol):
    """Mission time in seconds, and waiting. `start` is when it begins: not 0 in a run that goes on."""

    def now(self) -> float:
        """Mission seconds. Never decreases."""
        ...

    def wait(self, boards: Mapping[int, Board], until: float) -> Iterable[int]:
        """Wait until a link has bytes or mission time `until` has come; nodes whose links are worth reading."""
        ...

    def watch(self, node: int, link: Link | None) -> None:
        """From now on `link` is how `node` is reached; None: it cannot be reached."""
        ...

    def close(self) -> None:
        """Let go of what the driver holds. The links stay open."""
        ...


class WallClock:
    """Real-time boards: `speed` mission seconds pass in a second of wall time."""

    def __init__(self, speed: float, start: float = 0.0) -> None:
        self.speed = speed
        self._start = time.monotonic() - start / speed
        self._selector = selectors.DefaultSelector()
        self._descriptors: dict[int, int] = {}

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
        return [key.data for key, _ in self._selector.select(wall_seconds)]

    def close(self) -> None:
        self._selector.close()


class SteppedClock:
    """Emulated boards: time passes only as they are stepped, so a slow host changes nothing in a run."""

    def __init__(self, speed: float, start: float = 0.0) -> None:
        self.speed = speed
        self._now = start

    def now(self) -> float:
        return self._now

    def watch(self, node: int, link: Link | None) -> None:
        """Every board is stepped and every link is looked at, always: nothing to note."""

    def wait(self, boards: Mapping[int, Board], until: float) -> Iterable[int]:
        # Not below a tenth: what is due at once is looked at after every step anyway.
        quantum = min(QUANTUM_SECONDS, max((until - self._now) / self.speed, QUANTUM_SECONDS / 10))
        for node in sorted(boards):
            boards[node].advance(quantum)
        self._now += quantum * self.speed
        return sorted(boards)

    def close(self) -> None:
        """Nothing is held."""

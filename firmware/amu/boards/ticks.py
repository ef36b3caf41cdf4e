"""The Ticks seam on MicroPython's millisecond counter, which wraps (at 2**30 on a Pico)."""

import time


class MillisecondTicks:
    """Board ticks of `tick_ms` milliseconds each. Read it at least once per wrap, that is every few days."""

    def __init__(self, tick_ms: int) -> None:
        self._tick_ms = tick_ms
        self._ticks = 0
        self._since = time.ticks_ms()  # type: ignore[attr-defined]  # when the current tick began

    def now(self) -> int:
        """Ticks since this object was made."""
        whole = time.ticks_diff(time.ticks_ms(), self._since) // self._tick_ms  # type: ignore[attr-defined]
        if whole > 0:
            self._ticks += whole
            self._since = time.ticks_add(self._since, whole * self._tick_ms)  # type: ignore[attr-defined]
        return self._ticks

    def left_ms(self) -> int:
        """Milliseconds until the next tick, 0 if it is due."""
        return max(0, self._tick_ms - time.ticks_diff(time.ticks_ms(), self._since))  # type: ignore[attr-defined, no-any-return]

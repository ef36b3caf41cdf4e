"""Board ticks on a counter of milliseconds that wraps, as a Pico's does at 2**30."""

from typing import Any

import pytest

from amu.boards import ticks as module
from amu.boards.ticks import MillisecondTicks

PICO_WRAP, UNIX_WRAP = 1 << 30, 1 << 62


class Milliseconds:
    """MicroPython's `time`, as extmod/modtime.c computes it."""

    def __init__(self, wrap: int, now: int) -> None:
        self.wrap = wrap
        self.now = now

    def ticks_ms(self) -> int:
        return self.now % self.wrap

    def ticks_diff(self, end: int, start: int) -> int:
        return (end - start + self.wrap // 2) % self.wrap - self.wrap // 2

    def ticks_add(self, ticks: int, delta: int) -> int:
        return (ticks + delta) % self.wrap


@pytest.fixture(params=[PICO_WRAP, UNIX_WRAP])
def wrap(request: pytest.FixtureRequest) -> Any:
    return request.param


def clock(monkeypatch: pytest.MonkeyPatch, wrap: int, before: int) -> Milliseconds:
    """A clock that wraps `before` milliseconds from now."""
    found = Milliseconds(wrap, wrap - before)
    monkeypatch.setattr(module, "time", found)
    return found


@pytest.mark.parametrize("step", [1, 7, 50, 1_000, 86_400_000])
def test_ticks_count_on_over_a_wrap(wrap: int, step: int, monkeypatch: pytest.MonkeyPatch) -> None:
    time = clock(monkeypatch, wrap, before=20 * step + 3)
    ticks = MillisecondTicks(50)
    for passed in range(step, 41 * step, step):
        time.now += step
        assert ticks.now() == passed // 50
        assert ticks.left_ms() == 50 - passed % 50
    assert time.now > wrap


def test_many_wraps_lose_no_tick(monkeypatch: pytest.MonkeyPatch) -> None:
    time = clock(monkeypatch, PICO_WRAP, before=1)
    ticks = MillisecondTicks(20)
    day = 86_400_000 + 13
    for days in range(1, 100):
        time.now += day
        assert ticks.now() == days * day // 20
    assert time.now > 8 * PICO_WRAP


def test_a_tick_that_is_overdue_is_due_now(monkeypatch: pytest.MonkeyPatch) -> None:
    time = clock(monkeypatch, PICO_WRAP, before=30)
    ticks = MillisecondTicks(20)
    time.now += 70
    assert ticks.left_ms() == 0
    assert ticks.now() == 3
    assert ticks.left_ms() == 10

"""The clocks of boards, from a trace: round trips, lives, wraps, jumps, drift, stalls, Resume, bounds of memory."""

from collections.abc import Iterator
from typing import Any

import pytest

from amu.core.limits import GROUND, TICKS_WRAP
from groundstation.clocks import clocks as module
from groundstation.clocks.clocks import BACKWARD, BEHIND, FORWARD, Clocks, Estimate
from specs.checking.trace import Event

TICK = 0.02
BEGIN = 5.0  # mission second of tick 0
NODE = 2
REQUEST = 0x21


class Board:
    """A board in a trace that takes an operation every `period` ticks, `late` seconds after it left the ground."""

    def __init__(self, tick: float = TICK, nominal: float | None = TICK, late: float = 0.03, begin: float = BEGIN):
        self.clocks = Clocks()
        self.tick, self.late, self.begin = tick, late, begin
        self.boot = 0
        self.seq: dict[int, int] = {}
        self.offset = 0  # added to what the counter shows
        self._number = 0
        self._lamport = 0
        about: dict[str, Any] = {} if nominal is None else {"tick_seconds": nominal}
        self.ground("RunStart", 0.0, **about)

    def ground(self, name: str, at: float, **fields: Any) -> None:
        self._lamport += 1
        self.clocks.feed(Event(0, GROUND, 0, self._lamport, self._lamport, name, fields, 0, None, at))

    def says(self, ticks: int, name: str, delay: float, at: float | None = None, **fields: Any) -> Event:
        seq = self.seq.get(self.boot, 0)
        self.seq[self.boot] = seq + 1
        received = (self.second(ticks) if at is None else at) + delay
        event = Event(0, NODE, self.boot, seq, 1, name, fields, (ticks + self.offset) % TICKS_WRAP, None, received)
        self.clocks.feed(event)
        return event

    def second(self, ticks: int) -> float:
        return self.begin + self.tick * ticks

    def operation(self, ticks: int, delay: float = 0.001) -> Event:
        """Leaves the ground so that the board applies it after `ticks`, and before the next tick."""
        self._number += 1
        about = {"client": 7, "operation": self._number}
        self.ground("Telecommand", self.second(ticks) - self.late, stage="queued", **about)
        self.ground("Telecommand", self.second(ticks) - self.late, stage="uplinked", board=NODE, attempt=1, **about)
        return self.says(ticks, "Operation", delay, slot=1, command=[], result=[], **about)

    def fly(self, begin: int, end: int, period: int = 10, delay: float = 0.001) -> Event:
        """Each tick says something. Returns the last event."""
        for ticks in range(begin, end):
            if ticks % period == 0:
                last = self.operation(ticks, delay)
            else:
                last = self.says(ticks, "Wish", delay, slot=1, view=0)
        return last

    @property
    def life(self) -> module.Life:
        return self.clocks.lives()[-1]

    def estimate(self, event: Event) -> Estimate:
        found = self.clocks.at(event)
        assert found is not None, event
        return found


@pytest.mark.parametrize(("late", "delay"), [(0.03, 0.001), (0.3, 0.001), (0.001, 0.3)])
def test_a_round_trip_gives_offset_drift_and_the_time_of_each_event(late: float, delay: float) -> None:
    board = Board(late=late)
    last = board.fly(1, 500, delay=delay)
    found = board.estimate(last)
    assert abs(found.seconds - board.second(499)) <= found.error <= (late + delay + 3 * TICK) / 2 + 0.02
    offset, drift = board.life.offset, board.life.drift
    assert offset is not None
    assert drift is not None
    assert abs(offset.seconds - BEGIN) <= offset.error
    assert abs(drift.ppm) <= drift.error < 40_000
    assert board.life.troubles() == []
    assert board.life.wraps == 0


@pytest.mark.parametrize("ppm", [-40_000, -3_000, 3_000, 40_000])
def test_the_sign_of_a_drift_says_fast_or_slow(ppm: int) -> None:
    board = Board(tick=TICK / (1 + ppm / 1e6))
    board.fly(0, 8000)
    drift = board.life.drift
    assert drift is not None
    assert abs(drift.ppm - ppm) <= drift.error < 1_000
    (told,) = board.life.troubles()
    assert ("too fast" if ppm > 0 else "too slow") in told


def test_a_drift_within_its_error_is_no_trouble() -> None:
    board = Board(tick=TICK * 1.002)
    board.fly(0, 100)
    drift = board.life.drift
    assert drift is not None
    assert drift.error > 2_000
    assert board.life.troubles() == []


def test_a_board_that_was_asked_nothing_has_no_estimate() -> None:
    board = Board()
    event = board.says(5, "Wish", 0.001, slot=1, view=0)
    assert board.clocks.at(event) is None
    assert board.life.offset is None
    assert board.life.drift is None
    assert board.life.error is None


def test_a_receipt_of_the_ground_s_own_message_bounds_too() -> None:
    board = Board()
    for ticks in range(1, 300):
        fields: dict[str, Any] = {"from": 1, "sent": 1, "kind": 0x11}
        delay = 0.001
        if ticks % 10 == 0:
            board.ground("Fault", board.second(ticks) - 0.004, counts={})
            board._lamport += 1
            fields = {"from": GROUND, "sent": board._lamport, "kind": REQUEST}
            if ticks % 20 == 0:  # its line arrives after the ground station has done something else
                delay = 8 * TICK
                board.ground("Fault", board.second(ticks) + 7 * TICK, counts={})
        last = board.says(ticks, "Receive", delay, **fields)
    found = board.estimate(last)
    assert abs(found.seconds - board.second(299)) <= found.error <= (0.005 + 3 * TICK) / 2 + 0.01
    assert board.life.troubles() == []


def test_what_follows_a_receipt_came_after_the_request() -> None:
    board = Board()
    for ticks in range(1, 300):
        if ticks % 10 == 0:
            about = {"client": 7, "operation": ticks, "board": NODE}
            board.ground("Telecommand", board.second(ticks) - 0.004, stage="uplinked", attempt=1, **about)
            if ticks % 20 == 0:  # the line is slow: the request is sent again before the receipt of the first is there
                board.ground("Telecommand", board.second(ticks + 6), stage="uplinked", attempt=2, **about)
            board.ground("Telecommand", board.second(ticks + 6) + 0.002, stage="received", status="queued", **about)
        last = board.says(ticks, "Wish", 7 * TICK if ticks % 20 < 9 else 0.001, slot=1, view=0)
    assert board.life.troubles() == []
    found = board.estimate(last)
    assert abs(found.seconds - board.second(299)) <= found.error <= (0.005 + 3 * TICK) / 2 + 0.01


def test_a_receipt_of_another_board_or_of_another_life_says_nothing() -> None:
    board = Board()
    board.says(5, "Wish", 0.001, slot=1, view=0)
    for node in (NODE + 1, NODE):
        about = {"client": 7, "operation": 1, "board": node}
        if node != NODE:
            board.ground("Telecommand", board.second(9), stage="uplinked", attempt=1, **about)
        board.ground("Telecommand", board.second(9), stage="received", status="queued", **about)
    last = board.says(30, "Wish", 0.001, slot=1, view=0)
    board.says(60, "Wish", 0.001, slot=1, view=0)
    assert board.clocks.at(last) is None


def test_an_operation_left_when_it_was_sent_first() -> None:
    board = Board()
    board.fly(1, 200)
    about = {"client": 7, "operation": 9999}
    board.ground("Telecommand", board.second(200), stage="queued", **about)
    board.ground("Telecommand", board.second(200), stage="uplinked", board=NODE, attempt=1, **about)
    board.ground("Telecommand", board.second(230), stage="uplinked", board=3, attempt=1, **about)
    board.says(201, "Operation", 0.001, at=board.second(231), slot=1, command=[], result=[], **about)
    last = board.fly(202, 300)
    assert board.life.troubles() == []
    found = board.estimate(last)
    assert abs(found.seconds - board.second(299)) <= found.error


def test_a_busy_board_s_old_tick_bounds_nothing_too_early() -> None:
    """It begins a turn at tick 200, takes in it what left the ground later, and performs that tick at the end."""
    board = Board()
    board.fly(1, 200)
    about = {"client": 7, "operation": 9999}
    late = board.second(199) + 30 * TICK
    board.ground("Telecommand", late, stage="queued", **about)
    busy = board.says(199, "Operation", 0.001, at=late, slot=1, command=[], result=[], **about)
    board.says(200, "Wish", 0.001, at=late, slot=1, view=0)
    last = board.fly(231, 400)
    assert board.life.troubles() == []
    for event, ticks in ((busy, 199), (last, 399)):
        found = board.estimate(event)
        assert abs(found.seconds - board.second(ticks)) <= found.error
    assert 29 * TICK < board.life.stalled_seconds < 31 * TICK


def test_a_board_whose_ticks_do_not_move_is_told() -> None:
    board = Board()
    board.fly(1, 50)
    for number in range(1, 4):
        about = {"client": 8, "operation": number}
        at = board.second(49) + number * 60 * TICK
        board.ground("Telecommand", at, stage="queued", **about)
        board.says(49, "Operation", 0.001, at=at, slot=1, command=[], result=[], **about)
    (told,) = board.life.troubles()
    assert told.startswith("it performed no tick for 3.5")


def test_each_boot_is_a_life_with_ticks_of_its_own() -> None:
    board = Board()
    first = board.fly(1, 200)
    board.boot, board.begin = 1, BEGIN + 77.0
    second = board.fly(1, 200)
    assert [life.boot for life in board.clocks.lives()] == [0, 1]
    assert [life.troubles() for life in board.clocks.lives()] == [[], []]
    assert abs(board.estimate(first).seconds + 77.0 - board.estimate(second).seconds) < 0.01


def test_a_wrap_of_the_counter_is_told_from_a_clock_that_runs_backward() -> None:
    board = Board()
    board.offset = TICKS_WRAP - 250
    begin = board.says(1, "Wish", 0.001, slot=1, view=0)
    last = board.fly(2, 500)
    assert last.ticks == 249
    assert board.life.wraps == 1
    assert board.life.troubles() == []
    assert board.life.ticks == TICKS_WRAP + 249
    for event, ticks in ((begin, 1), (last, 499)):
        found = board.estimate(event)
        assert abs(found.seconds - board.second(ticks)) <= found.error < 0.2


@pytest.mark.parametrize(("jump", "why"), [(400, FORWARD), (-60, BACKWARD)])
def test_a_jump_of_the_counter_begins_new_bounds(jump: int, why: str) -> None:
    board = Board()
    before = board.fly(1, 200)
    board.offset = jump
    after = board.fly(200, 400)
    assert [each.why for each in board.life.breaks] == [why]
    assert any(why in told for told in board.life.troubles())
    for event, ticks in ((before, 199), (after, 399)):
        found = board.estimate(event)
        assert abs(found.seconds - board.second(ticks)) <= found.error < 0.1


def test_a_counter_that_stood_still_begins_new_bounds() -> None:
    board = Board()
    board.fly(1, 200)
    board.begin += 100 * TICK
    after = board.fly(200, 400)
    assert [each.why for each in board.life.breaks] == [BEHIND]
    found = board.estimate(after)
    assert abs(found.seconds - board.second(399)) <= found.error < 0.1


def test_mission_time_that_stood_still_at_a_resume_is_no_jump() -> None:
    board = Board()
    before = board.fly(1, 200)
    board.ground("Resume", board.second(200), resumed="before")
    board.begin -= 50.0  # ticks went on, mission time did not
    after = board.fly(2700, 2900)
    assert board.life.troubles() == []
    found = board.estimate(after)
    assert abs(found.seconds - board.second(2899)) <= found.error < 0.1
    assert abs(board.estimate(before).seconds - (BEGIN + 199 * TICK)) < 0.1


def test_an_operation_of_before_a_resume_bounds_nothing_after_it() -> None:
    board = Board()
    board.fly(1, 100)
    about = {"client": 7, "operation": 5000}
    board.ground("Telecommand", board.second(100), stage="queued", **about)
    board.ground("Resume", board.second(100), resumed="before")
    board.begin -= 50.0
    board.says(2600, "Operation", 0.001, slot=1, command=[], result=[], **about)
    after = board.fly(2601, 2800)
    found = board.estimate(after)
    assert abs(found.seconds - board.second(2799)) <= found.error


def test_without_the_nominal_tick_the_time_is_known_and_the_drift_is_not() -> None:
    board = Board(nominal=None)
    last = board.fly(1, 300)
    found = board.estimate(last)
    assert abs(found.seconds - board.second(299)) <= found.error < 0.1
    assert board.life.drift is None


@pytest.mark.parametrize("told", ["a second", -1.0, 0, None, 1e300])
def test_a_nominal_tick_that_is_no_duration_counts_as_not_told(told: object) -> None:
    clocks = Clocks()
    clocks.feed(Event(1, GROUND, 0, 0, 1, "RunStart", {"tick_seconds": told}, 0, None, 0.0))
    clocks.feed(Event(2, NODE, 0, 0, 1, "Wish", {"slot": 1, "view": 0}, 4, None, 0.1))
    assert clocks.lives()[0].nominal is None


def test_a_clock_gone_wild_costs_a_bounded_number_of_stretches() -> None:
    board = Board()
    for turn in range(2 * module.STRETCHES_MAX):
        board.offset = 50 if turn % 2 else 0
        last = board.fly(20 * turn + 1, 20 * turn + 20, period=2)
    assert len(board.life.stretches) == module.STRETCHES_MAX + 1
    assert board.life.is_lost
    assert board.clocks.at(last) is None
    assert board.life.drift is not None


def test_lives_operations_and_ground_events_that_are_remembered_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LIVES_MAX", "OPERATIONS_MAX"):
        monkeypatch.setattr(module, name, 3)
    board = Board()
    for boot in range(9):
        board.boot = boot
        board.fly(1, 20, period=1)
    assert [life.boot for life in board.clocks.lives()] == [6, 7, 8]
    assert len(board.clocks._left) == 3
    assert len(board.clocks._ground) <= module.GROUND_EVENTS_MAX


def test_lines_without_ticks_or_receipt_are_passed_over() -> None:
    board = Board()

    def lines() -> Iterator[Event]:
        yield Event(1, NODE, 0, 0, 1, "Wish", {"slot": 1, "view": 0}, None, None, 1.0)
        yield Event(2, NODE, 0, 1, 1, "Wish", {"slot": 1, "view": 0}, 3, None, None)

    for event in lines():
        board.clocks.feed(event)
        assert board.clocks.at(event) is None
    assert board.clocks.lives() == []


@pytest.mark.parametrize("board", [[], {}, "1", True])
def test_a_telecommand_of_no_board_bounds_no_clock(board: object) -> None:
    fields: dict[str, object] = {"client": 0, "operation": 1, "stage": "uplinked", "board": board}
    clocks = Clocks()
    clocks.feed(Event(1, GROUND, 0, 0, 1, "Telecommand", fields, 0, "sim", 1.0))
    assert clocks.lives() == []

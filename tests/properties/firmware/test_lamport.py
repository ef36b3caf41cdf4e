"""The clock condition of Lamport 1978: what can have caused an event has a smaller time; and the order is total."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from amu.core.lamport import LamportClock, order_key

NODES = 4
# (node, None): a local event or a send; (node, k): receipt of the k-th event so far, if another node's.
STEPS = st.lists(st.tuples(st.integers(0, NODES - 1), st.none() | st.integers(0, 40)), max_size=40)


class Event:
    """One event: its node, its Lamport time, and all events that can have caused it, itself included."""

    def __init__(self, number: int, node: int, time: int, causes: set[int]) -> None:
        self.number, self.node, self.time, self.causes = number, node, time, causes | {number}


def history(steps: list[tuple[int, int | None]], clock_class: Callable[[], LamportClock]) -> list[Event]:
    clocks = [clock_class() for _ in range(NODES)]
    past: list[set[int]] = [set() for _ in range(NODES)]
    events: list[Event] = []
    for node, sent in steps:
        causes = set(past[node])
        if sent is not None and sent < len(events) and events[sent].node != node:
            causes |= events[sent].causes
            time = clocks[node].witness(events[sent].time)
        else:
            time = clocks[node].tick()
        events.append(Event(len(events), node, time, causes))
        past[node] = events[-1].causes
    return events


def check_clock_condition(events: list[Event]) -> None:
    for event in events:
        for cause in event.causes - {event.number}:
            assert events[cause].time < event.time
    keys = [order_key(event.time, event.node) for event in events]
    assert len(set(keys)) == len(keys)


@settings(max_examples=200)
@given(STEPS)
def test_clock_condition(steps: list[tuple[int, int | None]]) -> None:
    check_clock_condition(history(steps, LamportClock))


class ForgetsMaximum(LamportClock):
    """Planted: a receipt counts as a local event."""

    def witness(self, received: int) -> int:
        return int(self.tick())


def test_the_check_can_fail() -> None:
    steps: list[tuple[int, int | None]] = [(0, None), (0, None), (1, 1)]
    check_clock_condition(history(steps, LamportClock))
    with pytest.raises(AssertionError):
        check_clock_condition(history(steps, ForgetsMaximum))

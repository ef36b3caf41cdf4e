"""Channels under any schedule of loss, doubling, reordering and reboots: LNK-1 to LNK-8 of specs/link/properties.md."""

import contextlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from amu.core import limits
from amu.core.errors import BusyError, CodecError
from amu.services.channel import Channel
from amu.wire import codec, frames, messages
from amu.wire.messages import Segment
from tests.support.simulator import wire_strategies

SIDES = (0, 1)
# (what, side, which): `which` picks a segment that is under way, or the next boot number.
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["give", "give", "tick", "ticks", "arrive", "arrive", "arrive", "double", "lose", "reboot"]),
        st.sampled_from(SIDES),
        st.integers(0, 30),
    ),
    max_size=120,
)


class Path:
    """Two channels, the segments in transit between them, and what their callers have seen."""

    def __init__(self, channel: type[Channel] = Channel) -> None:
        self.channel = channel
        self.ends = [channel(1 - side, 0) for side in SIDES]
        self.boots: list[list[int]] = [[0], [0]]
        self.coming: list[list[Segment]] = [[], []]
        self.count = 0
        self.given: dict[int, list[bytes]] = {0: [], 1: []}  # in the present connection, or for the first one
        self.sent: dict[tuple[int, int, int], list[bytes]] = {}  # side, its boot, the other's: given there
        self.got: dict[tuple[int, int, int], list[bytes]] = {}  # the same key, as far as the other got it

    def say(self, side: int) -> None:
        self.coming[1 - side] += self.ends[side].take_segments()

    def step(self, what: str, side: int, which: int) -> None:
        end, coming = self.ends[side], self.coming[side]
        if what == "give":
            self.give(side)
        elif what in ("tick", "ticks"):
            for _ in range(1 if what == "tick" else limits.CHANNEL_RETRANSMIT_TICKS):
                end.tick()
        elif what == "reboot":
            unused = [boot for boot in range(100) if boot not in self.boots[side]]
            self.boots[side].append(unused[(which * 7) % len(unused)])
            self.ends[side] = self.channel(1 - side, self.boots[side][-1])
            self.given[side] = []
        elif coming:
            segment = coming[which % len(coming)]
            if what != "double":
                coming.remove(segment)
            if what != "lose":
                self.arrive(side, segment)
        self.say(side)
        assert len(self.ends[side]._queue) <= limits.CHANNEL_QUEUE_ITEMS_MAX
        assert self.ends[side]._highest - self.ends[side]._acknowledged <= limits.CHANNEL_WINDOW_ITEMS

    def give(self, side: int) -> None:
        end = self.ends[side]
        self.count += 1
        item = b"%d" % self.count
        try:
            number = end.send(item)
        except BusyError:
            return
        self.given[side].append(item)
        assert number == len(self.given[side])

    def arrive(self, side: int, segment: Segment) -> None:
        end = self.ends[side]
        before = end.peer_boot
        items = end.receive(segment)
        restart = end.take_restart()
        if restart is not None:
            self.adopted(side, before, *restart)
        key = (1 - side, end.peer_boot, end.boot)
        self.got.setdefault(key, []).extend(items)
        assert end.delivered == len(self.got[key])
        if end.peer_boot is not None:
            self.sent[side, end.boot, end.peer_boot] = self.given[side]
            assert end._acknowledged <= len(self.got.get((side, end.boot, end.peer_boot), [])), "acknowledged too much"

    def adopted(self, side: int, before: int | None, boot: int, undelivered: list[bytes]) -> None:
        order = self.boots[1 - side]
        if before is None:
            assert undelivered == []
            return
        assert order.index(boot) > order.index(before), "went back to a former incarnation"
        assert self.ends[side].restarts > 0
        arrived = len(self.got.get((side, self.ends[side].boot, before), []))
        assert undelivered == self.given[side][len(self.given[side]) - len(undelivered) :]
        assert len(self.given[side]) - len(undelivered) <= arrived, "an item is neither delivered nor handed back"
        self.given[side] = []

    def check(self) -> None:
        """Every connection delivered a prefix of what was given to it."""
        for side in SIDES:
            end = self.ends[side]
            if end.peer_boot is not None:
                self.sent[side, end.boot, end.peer_boot] = self.given[side]
        for key, items in self.got.items():
            if items:
                assert items == self.sent.get(key, items)[: len(items)]
                assert [int(item) for item in items] == sorted({int(item) for item in items})
                assert key in self.sent, "delivered to an incarnation that its sender never knew"

    def calm(self) -> None:
        """No board reboots and the path is good: segments in transit are delivered, then all items that were given."""
        most = limits.CHANNEL_RETRANSMIT_TICKS << limits.CHANNEL_RETRANSMIT_DOUBLINGS_MAX
        for _ in range(3 * most):
            for side in SIDES:
                self.step("tick", side, 0)
                while self.coming[side]:
                    self.step("arrive", side, 0)
        for side in SIDES:
            assert self.ends[side].peer_boot == self.ends[1 - side].boot
            assert self.ends[side].unacknowledged() == 0
            assert self.got.get((side, self.ends[side].boot, self.ends[1 - side].boot), []) == self.given[side]
            assert not self.ends[side].take_segments()


def run(steps: list[tuple[str, int, int]], channel: type[Channel] = Channel) -> None:
    path = Path(channel)
    for step in steps:
        path.step(*step)
    path.check()
    path.calm()
    path.check()


@settings(max_examples=120, deadline=None)
@given(STEPS)
def test_items_arrive_once_in_order_and_in_their_connection(steps: list[tuple[str, int, int]]) -> None:
    run(steps)


class TakesTwice(Channel):
    """Planted: a doubled segment is delivered again."""

    def _take_items(self, first: int, items: list[bytes]) -> list[bytes]:
        got: list[bytes] = super()._take_items(first, items)
        return got or items


class DropsQueue(Channel):
    """Planted: unacknowledged items are forgotten with the old incarnation."""

    def take_restart(self) -> Any:
        restart = super().take_restart()
        return restart and (restart[0], [])


@pytest.mark.parametrize("planted", [TakesTwice, DropsQueue])
def test_the_check_can_fail(planted: type[Channel]) -> None:
    steps = [("give", 0, 0), *[("tick", side, 0) for side in SIDES for _ in range(2)]]
    steps += [("arrive", side, 0) for _ in range(6) for side in SIDES]
    steps += [("give", 0, 0), ("double", 1, 0), ("arrive", 1, 0), ("give", 0, 0), ("reboot", 1, 3)]
    run(steps)
    with pytest.raises(AssertionError):
        run(steps, planted)


SEGMENTS = st.tuples(
    wire_strategies.uints(4),
    st.none() | wire_strategies.uints(3),
    wire_strategies.uints(3),
    wire_strategies.uints(3),
    wire_strategies.uints(limits.CHANNEL_SEQUENCE_MAX) | st.integers(0, 9),
    wire_strategies.uints(limits.CHANNEL_SEQUENCE_MAX) | st.integers(0, 9),
    st.lists(st.binary(max_size=3), max_size=limits.CHANNEL_WINDOW_ITEMS),
)


@settings(max_examples=100, deadline=None)
@given(st.lists(SEGMENTS, max_size=60))
def test_a_liar_costs_bounded_memory_and_bounded_segments(lies: list[tuple[Any, ...]]) -> None:
    end = Channel(1, 0)
    said = 0
    for lie in lies:
        with contextlib.suppress(BusyError):
            end.send(b"item")
        items = end.receive(Segment(*lie))
        end.take_restart()
        assert len(items) <= limits.CHANNEL_WINDOW_ITEMS
        segments = end.take_segments()
        said += len(segments)
        for segment in segments:
            assert codec.decode(frames.FLIGHT, codec.encode(0, segment)) == [(0, segment)]
        assert end.unacknowledged() <= limits.CHANNEL_QUEUE_ITEMS_MAX
    assert said <= limits.CHANNEL_SEGMENTS_PER_TICK_MAX


def test_the_wire_refuses_what_a_channel_could_not_bound() -> None:
    fields = [0, None, 0, 0, 1, 0, [b""] * (limits.CHANNEL_WINDOW_ITEMS + 1)]
    with pytest.raises(CodecError, match=r"Segment\.items"):
        messages.make(Segment.KIND, fields)
    fields[6] = [bytes(limits.CHANNEL_ITEM_BYTES_MAX + 1)]
    with pytest.raises(CodecError, match=r"Segment\.items"):
        messages.make(Segment.KIND, fields)

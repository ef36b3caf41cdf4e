"""Behaviours sampled from link.tla drive two real channels, which must reproduce every state and every segment."""

from collections.abc import Iterator
from typing import Any

import pytest

from amu.core import limits
from amu.services.channel import Channel
from amu.wire.messages import Segment
from specs.tla.language.language import State
from tests import ROOT
from tests.support.modules.walks import Walker

LINK = ROOT / "specs" / "link" / "link.tla"
SIDES = (0, 1)
CONSTANTS = {
    "Side": frozenset(SIDES),
    "Talkers": frozenset(SIDES),
    "Rebooters": frozenset(SIDES),
    "BootMax": 6,
    "NumberMax": 40,
    "Window": limits.CHANNEL_WINDOW_ITEMS,
    "QueueMax": limits.CHANNEL_QUEUE_ITEMS_MAX,
    "FlightMax": 6,
}
# A segment is received by the step of its kind; the states tell which segment it was (see `arrived`).
ARRIVALS = ("Receive", "Adopt", "Challenge")
DEFINITIONS = "\n".join(f"Any{name}(s) == \\E m \\in Coming(s) : {name}(s, m)" for name in ARRIVALS)
STEPS = [
    (name, (side,))
    for side in SIDES
    for name, weight in (("Give", 4), ("Timeout", 2), ("Reboot", 1), *((f"Any{name}", 8) for name in ARRIVALS))
    for _ in range(weight)
]


def item(given: tuple[int, int, int]) -> bytes:
    """A stand-in for an item of the module. Its addressee is left out: the real one does not change when adopted."""
    return b"%d/%d" % (given[0], given[2])


def segment(message: Any) -> Segment:
    """The real segment for a message of the module, whose boot numbers start at 1 and whose 0 is nobody."""
    return Segment(
        message["boot"],
        message["peer"] or None,
        message["challenge"],
        message["echo"],
        message["first"],
        message["acknowledged"],
        [item(given) for given in message["items"]],
    )


class Pair:
    """Two real channels beside a behaviour of the module."""

    def __init__(self, channel: type[Channel] = Channel) -> None:
        self.channel = channel
        self.ends = [self.new(side, 1) for side in SIDES]

    def new(self, side: int, boot: int) -> Channel:
        """A channel whose first segment is lost: in the module it is sent when the timer runs out."""
        end = self.channel(1 - side, boot)
        assert len(end.take_segments()) == 1
        return end

    def step(self, name: str, side: int, message: Any, before: State, after: State) -> list[Segment]:
        """Do the same. Returns what the real channel sends."""
        end = self.ends[side]
        if name == "Give":
            end.tick()
            end.send(item((end.boot, 0, end._acknowledged + end.unacknowledged() + 1)))
        elif name == "Timeout":
            count = end.retransmissions
            while end.retransmissions == count:
                end.tick()
        elif name == "Reboot":
            self.ends[side] = self.new(side, after["side"][side]["boot"])
            return []
        else:
            end._budget = limits.CHANNEL_SEGMENTS_PER_TICK_MAX  # the module knows no ticks
            got = end.receive(segment(message))
            restart = end.take_restart()
            queue = before["side"][side]["queue"]
            if name == "AnyAdopt" and before["side"][side]["peer"] != 0:
                assert restart == (message["boot"], [item(given) for given in queue])
            elif name == "AnyAdopt":
                assert restart == (message["boot"], [])
            else:
                assert restart is None
            assert got == [item(given) for given in self.news(side, before, after)]
        return [*end.take_segments()]

    def news(self, side: int, before: State, after: State) -> list[tuple[int, int, int]]:
        """Items that the module delivers to `side` in this step."""
        boot = after["side"][side]["boot"] - 1
        found = []
        for old, new in zip(before["log"][side][boot], after["log"][side][boot], strict=True):
            found += list(new[len(old) :])
        return found

    def compare(self, state: State) -> None:
        for side, end in enumerate(self.ends):
            want = state["side"][side]
            have = {
                "boot": end.boot,
                "peer": end.peer_boot or 0,
                "known": end._is_known,
                "challenge": end._challenge,
                "echo": end._echo,
                "queue": [*end._queue],
                "acknowledged": end._acknowledged,
                "sent": end._sent,
                "highest": end._highest,
                "delivered": end.delivered,
            }
            assert have == {
                **{name: want[name] for name in have},
                "known": bool(want["known"]),
                "queue": [item(given) for given in want["queue"]],
            }


def arrived(walker: Walker, name: str, side: int, before: State, after: State) -> Any:
    """The message whose arrival leads from one state to the other."""
    if not name.startswith("Any"):
        return None
    coming = [sent[1] for sent in before["flight"] if sent[0] == side]
    return next(m for m in coming if walker.module.is_step(name[3:], (side, m), before, after))


def walk(walker: Walker, seed: int, length: int, channel: type[Channel] = Channel) -> Iterator[str]:
    """Names of the steps of one behaviour, all reproduced by real channels."""
    pair = Pair(channel)
    for name, (side,), before, after in walker.walk(seed, length):
        sent = pair.step(name, side, arrived(walker, name, side, before, after), before, after)
        pair.compare(after)
        put = [segment(message) for to, message in after["flight"] - before["flight"] if to != side]
        known = [segment(message) for to, message in before["flight"] if to != side]
        assert put == [said for said in sent if said not in known]
        yield name


@pytest.fixture(scope="module")
def walker() -> Walker:
    return Walker(LINK, CONSTANTS, "Init", STEPS, DEFINITIONS)


def test_channels_do_what_the_module_does(walker: Walker) -> None:
    taken: set[str] = set()
    for seed in range(10):
        taken.update(walk(walker, seed, 150))
    assert taken == {name for name, _ in STEPS}


class AcksEarly(Channel):
    """Planted: acknowledges an item that it did not take."""

    def _take_items(self, first: int, items: list[bytes]) -> list[bytes]:
        got: list[bytes] = super()._take_items(first, items)
        self.delivered = max(self.delivered, first + len(items) - 1)
        return got


class Believes(Channel):
    """Planted: adopts every incarnation that speaks, without a handshake."""

    def _meet(self, segment: Segment) -> bool:
        self._adopt(segment.boot)
        return True


class KeepsItems(Channel):
    """Planted: sends to the new incarnation the items that were meant for the old one."""

    def _adopt(self, boot: int) -> None:
        queue = self._queue
        super()._adopt(boot)
        self._queue = queue


@pytest.mark.parametrize("planted", [AcksEarly, Believes, KeepsItems])
def test_a_channel_that_does_otherwise_is_found(walker: Walker, planted: type[Channel]) -> None:
    with pytest.raises(AssertionError):
        _ = [list(walk(walker, seed, 150, planted)) for seed in range(10)]

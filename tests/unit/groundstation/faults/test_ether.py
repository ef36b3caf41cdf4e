"""The ether: routing, order of delivery, bounds, refusals, and a count for every fate."""

import pytest

from amu.wire import codec, frames
from amu.wire.messages import Fetch, Vote
from groundstation.faults import ether as ether_module
from groundstation.faults.ether import Ether
from groundstation.faults.plan import FaultPlan


def frame_of(
    source: int, destination: int, payload: bytes = b"vote", traffic: int = frames.FLIGHT
) -> tuple[bytes, frames.Frame]:
    """Wire bytes and the header that a framer would find in them."""
    wire = frames.build(traffic, source, destination, bytes(16), payload)
    return wire, frames.Frame(traffic, source, destination, bytes(16), payload)


def accept(ether: Ether, now: float, source: int, destination: int, payload: bytes = b"vote") -> int:
    return ether.accept(now, source, *frame_of(source, destination, payload))


def plan(*rules: dict) -> FaultPlan:
    return FaultPlan.model_validate({"seed": 3, "rules": list(rules)})


def test_clean_ether_carries_the_bytes_unchanged() -> None:
    ether = Ether(FaultPlan(), range(4))
    wire, header = frame_of(0, 2)
    assert ether.accept(1.5, 0, wire, header) == 1
    assert ether.next_due == 1.5
    (delivery,) = ether.due(1.5)
    assert (delivery.at, delivery.source, delivery.destination, delivery.frame) == (1.5, 0, 2, wire)
    assert ether.next_due is None
    assert ether.totals() == {"accepted": 1, "delivered": 1}


def test_order_of_delivery_is_time_then_link_then_index() -> None:
    ether = Ether(plan({"fault": "delay", "seconds": 1, "source": [3]}), range(4))
    for now, source, destination in [(0, 3, 0), (1, 2, 1), (1, 2, 0), (1, 0, 1), (1, 0, 1), (0.5, 1, 0)]:
        accept(ether, now, source, destination)
    order = [(d.at, d.source, d.destination, d.frame_index) for d in ether.due(1.0)]
    assert order == [(0.5, 1, 0, 0), (1, 0, 1, 0), (1, 0, 1, 1), (1, 2, 0, 0), (1, 2, 1, 0), (1, 3, 0, 0)]


def test_nothing_comes_out_early() -> None:
    ether = Ether(plan({"fault": "light_time", "seconds": 240}), range(4))
    accept(ether, 0, 0, 1)
    assert ether.due(239.9) == []
    assert ether.next_due == 240
    assert len(ether.due(240)) == 1


def test_full_ether_drops_and_counts() -> None:
    ether = Ether(plan({"fault": "delay", "seconds": 1}), range(4), frames_max=2)
    assert [accept(ether, 0, 0, 1) for _ in range(5)] == [1, 1, 0, 0, 0]
    assert ether.in_flight == 2
    assert ether.counts["ether full", 0, 1] == 3
    ether.due(1)
    assert accept(ether, 1, 0, 1) == 1


def test_forged_source_is_refused_and_counted_against_the_cable() -> None:
    ether = Ether(FaultPlan(), range(4))
    assert ether.accept(0, 2, *frame_of(1, 3)) == 0
    assert ether.totals() == {"source forged": 1}
    assert ether.counts["source forged", 2, 3] == 1


@pytest.mark.parametrize("destination", [4, 254, 255, 1])
def test_unknown_destination_is_refused(destination: int) -> None:
    ether = Ether(FaultPlan(), range(4))
    assert accept(ether, 0, 1, destination) == 0
    assert ether.totals() == {"destination unknown": 1}


def test_frames_that_are_not_flight_are_the_callers_mistake() -> None:
    with pytest.raises(ValueError, match="a frame of class 2; the ether carries class 1"):
        Ether(FaultPlan(), range(4)).accept(0, 0, *frame_of(0, 1, traffic=frames.TELECOMMAND))


def test_timeline_counts_by_mission_second() -> None:
    ether = Ether(plan({"fault": "drop", "probability": 1, "start": 2, "end": 3}), range(4))
    for now in (1.9, 2.0, 2.9, 3.0):
        accept(ether, now, 0, 1)
    ether.due(10)
    assert {second: dict(count) for second, count in ether.timeline.items()} == {
        1: {"accepted": 1, "delivered": 1},
        2: {"accepted": 2, "drop": 2},
        3: {"accepted": 1, "delivered": 1},
    }


def test_timeline_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ether_module, "TIMELINE_SECONDS_MAX", 10)
    ether = Ether(FaultPlan(), range(4))
    for now in range(0, 1000, 5):
        ether.count(now, "link busy", 0, 1)
    assert sorted(ether.timeline) == [0, 5, 9]
    assert ether.timeline[9]["link busy"] == 198


def test_copies_are_counted() -> None:
    ether = Ether(plan({"fault": "duplicate", "probability": 1, "copies": 3}), range(4))
    assert accept(ether, 0, 0, 1) == 4
    assert ether.totals() == {"accepted": 1, "duplicate": 3}


def test_a_stateful_rule_keeps_links_apart() -> None:
    rule = {"fault": "contact_window", "passes": [{"aos": 5, "los": 6}], "outside": "hold", "store_frames_max": 1}
    ether = Ether(plan(rule), range(4))
    assert [accept(ether, 0, 0, 1), accept(ether, 0, 0, 2), accept(ether, 0, 0, 1)] == [1, 1, 0]


VOTE = codec.encode(7, Vote(1, 0, 1, bytes(32)))
FETCH = codec.encode(8, Fetch(3))


@pytest.mark.parametrize(
    ("payload", "is_lost"),
    [
        (FETCH, True),
        (VOTE + FETCH, True),
        (FETCH + VOTE, True),
        (VOTE + VOTE, False),
        (FETCH + b"\xff", False),  # no receiver reads it either
        (b"", False),
    ],
)
def test_a_rule_for_a_kind_applies_to_frames_that_hold_it(payload: bytes, is_lost: bool) -> None:
    ether = Ether(plan({"fault": "drop", "probability": 1, "kinds": ["Fetch", "Probe"]}), range(4))
    assert accept(ether, 0, 0, 1, payload) == int(not is_lost)
    assert ether.totals() == {"accepted": 1, **({"drop": 1} if is_lost else {})}


def test_messages_are_read_only_if_a_rule_names_kinds(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(traffic: int, payload: bytes) -> None:
        raise AssertionError("read")

    monkeypatch.setattr(codec, "decode", refuse)
    assert accept(Ether(plan({"fault": "delay", "seconds": 1}), range(4)), 0, 0, 1, VOTE) == 1
    with pytest.raises(AssertionError, match="read"):
        accept(Ether(plan({"fault": "delay", "seconds": 1, "kinds": ["Vote"]}), range(4)), 0, 0, 1, VOTE)

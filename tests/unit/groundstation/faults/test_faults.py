"""Each fault of the vocabulary, one at a time, and the errors of bad plans."""

from typing import get_args

import pytest
from pydantic import ValidationError

from amu.wire import frames
from amu.wire.framer import NEED_BYTES, Framer
from amu.wire.messages import Proposal, Vote
from groundstation.faults.plan import Fates, FaultPlan
from groundstation.faults.rule import DAMAGED, DELAYED, DOUBLED, FLIGHT_KINDS, LOST, Draws, Rule

VOTE = (Vote.KIND,)
FRAME = frames.build(frames.FLIGHT, 0, 1, bytes(16), bytes(range(60)))
NEXT_FRAME = frames.build(frames.FLIGHT, 0, 1, bytes(16), b"the frame behind it")


def plan(*rules: dict, seed: int = 7) -> FaultPlan:
    return FaultPlan.model_validate({"seed": seed, "rules": list(rules)})


def fly(
    faults: FaultPlan, times: list[float], source: int = 0, destination: int = 1, frame: bytes = FRAME
) -> list[Fates]:
    """Fates of one frame after another on one link."""
    state = {}
    fates = []
    for index, now in enumerate(times):
        fates.append(faults.fates(now, source, destination, index, frame, VOTE, state))
        state = fates[-1].state
    return fates


def delays(fates: list[Fates], times: list[float]) -> list[float | None]:
    return [each.deliveries[0][0] - now if each.deliveries else None for each, now in zip(fates, times)]


def frames_heard(data: bytes) -> list[bytes]:
    """Payloads that a board's framer finds in the bytes."""
    framer = Framer()
    framer.push(data)
    heard = []
    while (item := framer.next()) is not NEED_BYTES:
        if isinstance(item, frames.Frame):
            heard.append(item.payload)
    return heard


def test_clean_ether_delivers_at_once() -> None:
    assert FaultPlan().fates(3.0, 0, 1, 0, FRAME, VOTE, {}) == Fates([(3.0, FRAME)], [], {})


def test_drop_rate_is_the_probability() -> None:
    lost = sum(not each.deliveries for each in fly(plan({"fault": "drop", "probability": 0.3}), [0.0] * 2000))
    assert 540 <= lost <= 660  # 600 expected, standard deviation 20


@pytest.mark.parametrize(("probability", "delivered"), [(0, 50), (1, 0)])
def test_drop_extremes(probability: float, delivered: int) -> None:
    fates = fly(plan({"fault": "drop", "probability": probability}), [0.0] * 50)
    assert sum(len(each.deliveries) for each in fates) == delivered


def test_duplicate_copies() -> None:
    (fates,) = fly(plan({"fault": "duplicate", "probability": 1, "copies": 3}), [1.0])
    assert fates.deliveries == [(1.0, FRAME)] * 4
    assert fates.effects == [("duplicate", 3)]


def test_copies_of_a_frame_are_bounded_and_the_surplus_is_counted() -> None:
    (fates,) = fly(plan(*[{"fault": "duplicate", "probability": 1, "copies": 8}] * 2), [0.0])
    assert len(fates.deliveries) == 64
    assert fates.effects[-1] == ("too many copies", -17)


def test_copies_meet_their_own_fates() -> None:
    rules = [{"fault": "duplicate", "probability": 1}, {"fault": "drop", "probability": 0.5}]
    survivors = [len(each.deliveries) for each in fly(plan(*rules), [0.0] * 100)]
    assert set(survivors) == {0, 1, 2}


def test_reorder_lets_later_frames_overtake() -> None:
    times = [0.1 * n for n in range(100)]
    held = delays(fly(plan({"fault": "reorder", "probability": 0.2, "hold_seconds": 5}), times), times)
    assert {round(delay, 6) for delay in held} == {0.0, 5.0}


def test_delay_and_jitter() -> None:
    times = [0.0] * 200
    assert set(delays(fly(plan({"fault": "delay", "seconds": 2.5}), times), times)) == {2.5}
    drawn = delays(fly(plan({"fault": "jitter", "seconds_min": 1, "seconds_max": 3}), times), times)
    assert 1 <= min(drawn) < 1.1 < 2.9 < max(drawn) < 3


def test_light_time_by_pair_either_way() -> None:
    faults = plan({"fault": "light_time", "seconds": 10, "pairs": [{"nodes": [2, 0], "seconds": 240}]})
    assert [fly(faults, [0.0], *link)[0].deliveries[0][0] for link in [(0, 1), (0, 2), (2, 0)]] == [10, 240, 240]


@pytest.mark.parametrize("bits", [1, 3, 64])
def test_corrupt_frame_is_refused_and_costs_no_neighbour(bits: int) -> None:
    for each in fly(plan({"fault": "corrupt", "probability": 1, "bits": bits}), [0.0] * 100):
        damaged = each.deliveries[0][1]
        flipped = sum((one ^ other).bit_count() for one, other in zip(damaged, FRAME))
        assert flipped == bits
        assert frames_heard(FRAME + damaged + NEXT_FRAME) == [bytes(range(60)), b"the frame behind it"]


def test_truncated_frame_is_refused_and_costs_no_neighbour() -> None:
    lengths = set()
    for each in fly(plan({"fault": "truncate", "probability": 1}), [0.0] * 300):
        kept = each.deliveries[0][1]
        lengths.add(len(kept))
        assert FRAME.startswith(kept)
        assert frames_heard(kept + NEXT_FRAME) == [b"the frame behind it"]
    assert min(lengths) == 1
    assert max(lengths) == len(FRAME) - 2


def test_burst_loss_comes_in_bursts() -> None:
    faults = plan({"fault": "burst_loss", "good_to_bad": 0.02, "bad_to_good": 0.2})
    lost = [not each.deliveries for each in fly(faults, [0.0] * 4000)]
    bursts = sum(1 for before, now in zip([False, *lost], lost) if now and not before)
    assert 240 <= sum(lost) <= 500  # stationary share of the bad state: 0.02 / 0.22 of 4000 = 364
    assert 3.5 <= sum(lost) / bursts <= 6.5  # mean burst 1 / 0.2 = 5 frames; independent losses would give 1.1


def test_burst_loss_needs_no_history() -> None:
    """The state found by looking back equals the one reached by going forward from good."""
    rule = plan({"fault": "burst_loss", "good_to_bad": 0.9, "bad_to_good": 0.7}).rules[0]  # the draw may turn it round
    draws = Draws(7, "burst_loss", 0, 1)
    bad = False
    for index in range(500):
        bad = draws.uniform(index) < (1 - 0.7 if bad else 0.9)
        assert rule.is_bad(index, draws) == bad


def test_partition_cuts_between_groups_both_ways() -> None:
    faults = plan({"fault": "partition", "groups": [[0, 1], [2]]})  # 3 and 4 form the rest
    heard = {(s, d) for s in range(5) for d in range(5) if s != d and fly(faults, [0.0], s, d)[0].deliveries}
    assert heard == {(0, 1), (1, 0), (3, 4), (4, 3)}


def test_one_way_partition_cuts_one_way() -> None:
    faults = plan({"fault": "one_way_partition", "source": [0], "destination": [1, 2]})
    heard = {(s, d) for s in range(3) for d in range(3) if s != d and fly(faults, [0.0], s, d)[0].deliveries}
    assert heard == {(1, 0), (2, 0), (1, 2), (2, 1)}


CONTACT = {"fault": "contact_window", "passes": [{"aos": 10, "los": 20}, {"aos": 50, "los": 60}]}


def test_contact_window_holds_until_the_next_pass() -> None:
    times = [0.0, 10.0, 19.9, 20.0, 55.0, 60.0]
    fates = fly(plan({**CONTACT, "outside": "hold"}), times)
    assert [each.deliveries[0][0] if each.deliveries else None for each in fates] == [10, 10, 19.9, 50, 55, None]
    assert [e.name for each in fates for e in each.effects] == [
        "contact_window: held",
        "contact_window: held",
        "contact_window: no pass left",
    ]


def test_contact_window_store_is_bounded_and_empties_at_the_pass() -> None:
    fates = fly(plan({**CONTACT, "outside": "hold", "store_frames_max": 2}), [0.0, 1.0, 2.0, 15.0, 21.0, 22.0, 23.0])
    assert [len(each.deliveries) for each in fates] == [1, 1, 0, 1, 1, 1, 0]
    assert fates[2].effects == [("contact_window: store full", -1)]


def test_contact_window_drops_and_repeats() -> None:
    rule = {"fault": "contact_window", "passes": [{"aos": 0, "los": 2}], "period_seconds": 10, "outside": "drop"}
    times = [0.0, 1.9, 2.0, 9.9, 10.0, 101.0, 103.0]
    assert [len(each.deliveries) for each in fly(plan(rule), times)] == [1, 1, 0, 0, 1, 1, 0]


def test_bandwidth_queues_then_overflows() -> None:
    rate = len(FRAME)  # one frame per second
    faults = plan({"fault": "bandwidth", "bytes_per_second": rate, "queue_bytes_max": 20 * len(FRAME)})
    fates = fly(faults, [0.0] * 25)
    assert [each.deliveries[0][0] for each in fates[:20]] == [float(n) for n in range(1, 21)]
    assert [each.effects[0] for each in fates[20:]] == [("bandwidth: queue full", -1)] * 5
    later = faults.fates(5.0, 0, 1, 25, FRAME, VOTE, fates[-1].state)
    assert later.deliveries[0][0] == 21.0  # five frames have left the queue since


def arrivals(fates: list[Fates]) -> list[float | None]:
    return [each.deliveries[0][0] if each.deliveries else None for each in fates]


def test_clog_holds_all_that_enter_until_it_ends() -> None:
    times = [0.1 * n for n in range(400)]
    fates = fly(plan({"fault": "clog", "probability": 0.02, "seconds": 2}), times)
    ends = sorted({end for now, end in zip(times, arrivals(fates)) if end != now})
    assert 3 <= len(ends) <= 9
    for end in ends:
        held = [now for now, arrival in zip(times, arrivals(fates)) if arrival == end != now]
        # The first one begins it, and nobody who enters before its end is spared.
        assert end - held[0] == 2
        assert held == [now for now in times if held[0] <= now < end]
    assert {effect for each in fates for effect in each.effects} == {("clog", 0)}


def test_capacity_counts_what_is_in_flight_and_loses_the_surplus() -> None:
    rules = [{"fault": "delay", "seconds": 10}, {"fault": "capacity", "frames_max": 3}]
    fates = fly(plan(*rules), [0.0, 1.0, 2.0, 3.0, 9.9, 10.0, 10.5, 11.0])
    assert arrivals(fates) == [10, 11, 12, None, None, 20, None, 21]
    assert fates[3].effects == [("delay", 0), ("capacity: path full", -1)]
    assert fates[-1].state == {"capacity": (12.0, 20.0, 21.0)}


def test_capacity_is_each_links_own() -> None:
    faults = plan({"fault": "delay", "seconds": 10}, {"fault": "capacity", "frames_max": 1})
    assert arrivals(fly(faults, [0.0, 1.0])) == [10, None]
    assert arrivals(fly(faults, [0.0, 1.0], 1, 0)) == [10, None]


STATIONS = ["earth", "moon", "earth-moon-l2", "sun-earth-l1"]


def test_orbits_give_the_light_time_between_stations() -> None:
    faults = plan({"fault": "orbits", "stations": STATIONS})
    assert 1.2 < fly(faults, [0.0])[0].deliveries[0][0] < 1.3
    assert 4.9 < fly(faults, [0.0], 0, 3)[0].deliveries[0][0] < 5.1
    # The places of a whole second hold for all of it.
    assert delays(fly(faults, [7.0, 7.25]), [7.0, 7.25])[0] == pytest.approx(delays(fly(faults, [7.75]), [7.75])[0])


def test_orbits_lose_what_a_disc_hides_if_asked_to() -> None:
    rule = {"fault": "orbits", "stations": STATIONS}
    (hidden,) = fly(plan({**rule, "occultation": "drop"}), [0.0], 0, 2)
    assert hidden == Fates([], [("orbits: occulted", -1)], {})
    assert fly(plan(rule), [0.0], 0, 2)[0].deliveries[0][0] > 1.4
    assert fly(plan({**rule, "occultation": "drop"}), [0.0], 0, 1)[0].deliveries[0][0] > 1.2


def test_orbits_want_a_station_for_each_replica() -> None:
    faults = plan({"fault": "orbits", "stations": STATIONS})
    faults.require_nodes(4)
    with pytest.raises(ValueError, match="fault rule 'orbits' has 4 stations for 7 replicas; want one each"):
        faults.require_nodes(7)


def test_healed_core_has_clean_links_from_then_on() -> None:
    document = {"rules": [{"fault": "drop", "probability": 1}], "heal": {"core": [0, 1, 2], "at": 5}}
    faults = FaultPlan.model_validate(document)
    assert arrivals(fly(faults, [4.999, 5.0, 6.0])) == [None, 5.0, 6.0]
    assert arrivals(fly(faults, [6.0], 0, 3)) == arrivals(fly(faults, [6.0], 3, 0)) == [None]


class LazyFrame:
    """A frame that counts how often it is made."""

    def __init__(self) -> None:
        self.made = 0

    def __bytes__(self) -> bytes:
        self.made += 1
        return FRAME

    def __len__(self) -> int:
        return len(bytes(self))

    def __getitem__(self, place: slice) -> bytes:
        return bytes(self)[place]


@pytest.mark.parametrize(
    ("rule", "is_asked"),
    [
        ({"fault": "corrupt", "probability": 0}, False),
        ({"fault": "truncate", "probability": 1e-9}, False),
        ({"fault": "corrupt", "probability": 1}, True),
        ({"fault": "truncate", "probability": 1}, True),
        ({"fault": "duplicate", "probability": 1}, False),
        ({"fault": "bandwidth", "bytes_per_second": 1000}, True),
    ],
)
def test_frame_is_made_when_a_rule_needs_it_and_fares_as_bytes_do(rule: dict, is_asked: bool) -> None:
    lazy = LazyFrame()
    (fates,) = fly(plan(rule), [0.0], frame=lazy)
    assert (lazy.made > 0) == is_asked
    made = [(at, bytes(frame)) for at, frame in fates.deliveries]
    assert made == fly(plan(rule), [0.0])[0].deliveries


def test_order_of_calls_changes_no_fate() -> None:
    rule = {"fault": "burst_loss", "good_to_bad": 0.3, "bad_to_good": 0.3, "loss": 0.7}
    forward = [each.deliveries for each in fly(plan(rule), [0.0] * 60)]
    faults = plan(rule)
    order = [*range(59, -1, -1), *range(60)]
    fates = [(index, faults.fates(0.0, 0, 1, index, FRAME, VOTE, {}).deliveries) for index in order]
    assert all(found == forward[index] for index, found in fates)


def test_window_is_half_open_and_selector_is_conjunctive() -> None:
    rule = {
        "fault": "drop",
        "probability": 1,
        "start": 5,
        "end": 6,
        "source": [0],
        "destination": [1],
        "kinds": ["Vote"],
    }
    faults = plan(rule)

    def passes(now: float, source: int, destination: int, kinds: tuple[int, ...]) -> bool:
        return bool(faults.fates(now, source, destination, 0, FRAME, kinds, {}).deliveries)

    assert not passes(5.0, 0, 1, VOTE)
    assert passes(4.999, 0, 1, VOTE)
    assert passes(6.0, 0, 1, VOTE)
    assert passes(5.5, 2, 1, VOTE)
    assert passes(5.5, 0, 2, VOTE)
    assert passes(5.5, 0, 1, (Proposal.KIND,))


def test_rules_apply_in_order() -> None:
    """A contact window behind a light time sees the frame when it gets there."""
    contact = {**CONTACT, "outside": "hold"}
    light = {"fault": "light_time", "seconds": 12}
    assert fly(plan(light, contact), [0.0])[0].deliveries[0][0] == 12
    assert fly(plan(contact, light), [0.0])[0].deliveries[0][0] == 22


def test_links_draw_independently() -> None:
    faults = plan({"fault": "drop", "probability": 0.5})
    patterns = {
        tuple(bool(each.deliveries) for each in fly(faults, [0.0] * 64, s, d))
        for s, d in [(0, 1), (1, 0), (0, 2), (2, 0)]
    }
    assert len(patterns) == 4


def test_faults_of_frames_are_sorted_by_their_effect() -> None:
    """Told by the counts of copies, which the rules themselves keep right: they decide how many arrive."""
    always = {"probability": 1.0}
    kinds: list[dict] = [
        {"fault": "drop", **always},
        {"fault": "duplicate", **always},
        {"fault": "reorder", "hold_seconds": 1.0, **always},
        {"fault": "delay", "seconds": 1.0},
        {"fault": "jitter", "seconds_max": 1.0},
        {"fault": "light_time", "seconds": 1.0},
        {"fault": "orbits", "stations": ["earth", "moon", "mars", "leo"], "occultation": "drop"},
        {"fault": "corrupt", **always},
        {"fault": "truncate", **always},
        {"fault": "burst_loss", "good_to_bad": 0.9, "bad_to_good": 0.1},
        {"fault": "partition", "groups": [[0], [1]]},
        {"fault": "one_way_partition", "source": [0], "destination": [1]},
        {**CONTACT, "outside": "hold", "store_frames_max": 1},
        {**CONTACT, "outside": "drop"},
        {"fault": "bandwidth", "bytes_per_second": 10.0, "queue_bytes_max": 1100},
        {"fault": "capacity", "frames_max": 1},
        {"fault": "clog", "seconds": 1.0, **always},
    ]
    told = {get_args(rule.model_fields["fault"].annotation)[0] for rule in Rule.__subclasses__()}
    assert {rule["fault"] for rule in kinds} == told
    for rule in kinds:
        faults = plan(rule)
        seen: dict[str, set[str]] = {}
        times = [0.25 * index for index in range(240)]
        for link in ((0, 1), (1, 2), (2, 3)):
            for fates in fly(faults, times, *link):
                is_whole = all(copy == FRAME for _, copy in fates.deliveries)
                for effect in fates.effects:
                    did = LOST if effect.copies < 0 else DOUBLED if effect.copies else DELAYED if is_whole else DAMAGED
                    seen.setdefault(effect.name, set()).add(did)
        assert seen or rule["fault"] == "capacity", rule  # nothing is late that it could be full of
        for name, did in seen.items():
            assert {kind for kind, fates in faults.by_kind({name: 7}).items() if fates == {name: 7}} == did, (
                rule,
                name,
            )
    assert plan().by_kind({"board off": 3})[LOST] == {"board off": 3}


def test_rule_names() -> None:
    drop = {"fault": "drop", "probability": 0.1}
    assert plan(drop, {**drop, "name": "solar storm"}, drop).rule_names() == ["drop", "solar storm", "drop-2"]


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ({"fault": "drop", "probability": 1.5}, ["probability", "less than or equal to 1"]),
        ({"fault": "drop"}, ["probability", "required"]),
        ({"fault": "dorp", "probability": 1}, ["dorp", "'drop'"]),
        ({"fault": "drop", "probability": 1, "end": 0}, ["end must come after start"]),
        ({"fault": "drop", "probability": 1, "source": [13]}, ["source", "less than 13"]),
        ({"fault": "drop", "probability": 1, "kinds": ["Request"]}, ["'Request'", *FLIGHT_KINDS]),
        ({"fault": "drop", "probability": 1, "chance": 1}, ["chance", "not permitted"]),
        ({"fault": "jitter", "seconds_min": 2, "seconds_max": 1}, ["seconds_max must be at least seconds_min = 2"]),
        ({"fault": "light_time"}, ["want seconds > 0, or pairs"]),
        ({"fault": "light_time", "pairs": [{"nodes": [1, 1], "seconds": 1}]}, ["two different nodes"]),
        (
            {"fault": "light_time", "pairs": [{"nodes": [0, 1], "seconds": 1}, {"nodes": [1, 0], "seconds": 2}]},
            ["[0, 1] twice"],
        ),
        ({"fault": "burst_loss", "good_to_bad": 0, "bad_to_good": 0}, ["good_to_bad + bad_to_good"]),
        ({"fault": "partition", "groups": [[0, 1], [1, 2]]}, ["1 is named twice"]),
        ({"fault": "one_way_partition", "source": [0]}, ["want source and destination"]),
        ({**CONTACT}, ["outside", "required"]),
        ({"fault": "contact_window", "outside": "hold", "passes": []}, ["passes", "at least 1"]),
        ({**CONTACT, "outside": "hold", "period_seconds": 55}, ["within one period of 55 s"]),
        (
            {**CONTACT, "outside": "hold", "passes": [{"aos": 5, "los": 9}, {"aos": 8, "los": 12}]},
            ["must not overlap", "pass 2"],
        ),
        ({"fault": "clog", "probability": 0.1, "seconds": 0}, ["seconds", "greater than 0"]),
        ({"fault": "capacity", "frames_max": 0}, ["frames_max", "greater than or equal to 1"]),
        ({"fault": "orbits", "stations": ["earth", "pluto"]}, ["no place 'pluto'", "earth-moon-l5"]),
        ({"fault": "orbits", "stations": ["sun"], "occultation": "hold"}, ["occultation", "'drop' or 'none'"]),
        ({"fault": "bandwidth", "bytes_per_second": 0}, ["bytes_per_second", "greater than 0"]),
        ({"fault": "bandwidth", "bytes_per_second": 9, "queue_bytes_max": 10}, ["queue_bytes_max", "greater than"]),
    ],
)
def test_bad_rule_is_refused_by_name(rule: dict, words: list[str]) -> None:
    with pytest.raises(ValidationError) as refusal:
        plan(rule)
    for word in words:
        assert word in str(refusal.value)


def test_plan_refuses_equal_names_and_unknown_replicas() -> None:
    drop = {"fault": "drop", "probability": 0.1}
    with pytest.raises(ValidationError, match="two fault rules are called 'drop'"):
        plan(drop, {**drop, "name": "drop"})
    with pytest.raises(ValueError, match="'partition' names replica 6, but the replicas are 0 to 3"):
        plan({"fault": "partition", "groups": [[0, 6]]}).require_nodes(4)


def test_plan_survives_json() -> None:
    faults = plan(
        {**CONTACT, "outside": "hold"}, {"fault": "drop", "probability": 0.25, "source": [1], "kinds": ["Vote"]}
    )
    assert FaultPlan.model_validate_json(faults.model_dump_json()) == faults

"""Properties that every fault plan has: purity, independence of the rules' draws, no loss without a cause."""

from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st

from amu.wire.messages import Proposal, Vote
from groundstation.faults.plan import Fates, FaultPlan
from groundstation.faults.rule import Copy, Draws
from tests.support.simulator import plain_faults

probability = st.sampled_from([0.0, 0.1, 0.5, 0.9, 1.0])
seconds = st.sampled_from([0.0, 0.5, 3.0, 40.0])
PASSES = [{"aos": 2, "los": 4}, {"aos": 7, "los": 9}]

rules = st.one_of(
    st.fixed_dictionaries({"fault": st.just("drop"), "probability": probability}),
    st.fixed_dictionaries({"fault": st.just("duplicate"), "probability": probability, "copies": st.integers(1, 8)}),
    st.fixed_dictionaries({"fault": st.just("reorder"), "probability": probability, "hold_seconds": seconds}),
    st.fixed_dictionaries({"fault": st.just("delay"), "seconds": seconds}),
    st.fixed_dictionaries({"fault": st.just("jitter"), "seconds_max": seconds}),
    st.fixed_dictionaries({"fault": st.just("light_time"), "seconds": st.just(3.0)}),
    st.fixed_dictionaries({"fault": st.just("corrupt"), "probability": probability, "bits": st.integers(1, 64)}),
    st.fixed_dictionaries({"fault": st.just("truncate"), "probability": probability}),
    st.fixed_dictionaries(
        {"fault": st.just("burst_loss"), "good_to_bad": probability, "bad_to_good": st.just(0.4), "loss": probability}
    ),
    st.fixed_dictionaries({"fault": st.just("partition"), "groups": st.just([[0, 1]])}),
    st.fixed_dictionaries({"fault": st.just("one_way_partition"), "source": st.just([0]), "destination": st.just([1])}),
    st.fixed_dictionaries(
        {
            "fault": st.just("contact_window"),
            "passes": st.just(PASSES),
            "outside": st.sampled_from(["hold", "drop"]),
            "store_frames_max": st.integers(1, 5),
            "period_seconds": st.sampled_from([None, 10]),
        }
    ),
    st.fixed_dictionaries({"fault": st.just("bandwidth"), "bytes_per_second": st.sampled_from([10, 1000])}),
    st.fixed_dictionaries({"fault": st.just("capacity"), "frames_max": st.integers(1, 6)}),
    st.fixed_dictionaries(
        {"fault": st.just("clog"), "probability": probability, "seconds": st.sampled_from([0.5, 2.0, 40.0])}
    ),
    st.fixed_dictionaries(
        {
            "fault": st.just("orbits"),
            "stations": st.just(["leo", "geo"]),
            "occultation": st.sampled_from(["drop", "none"]),
        }
    ),
)
windows = st.fixed_dictionaries(
    {},
    optional={
        "start": st.sampled_from([0.0, 0.7, 3.0]),
        "end": st.sampled_from([3.5, 7.0]),
        "source": st.sampled_from([[0], [1]]),
        "destination": st.sampled_from([[0, 1], [0]]),
        "kinds": st.sampled_from([["Vote"], ["Proposal"]]),
    },
)
heals = st.one_of(
    st.none(),
    st.fixed_dictionaries({"core": st.sampled_from([[0, 1], [1, 2]]), "at": st.sampled_from([0.0, 2.1, 9.0])}),
)
named_rules = st.lists(rules, max_size=5).map(lambda listed: [{**r, "name": f"rule {i}"} for i, r in enumerate(listed)])
frame_list = st.lists(st.binary(min_size=1, max_size=40), min_size=1, max_size=20)


def fly(plan: FaultPlan, frames: list[bytes], fates: Callable[..., Fates] = FaultPlan.fates) -> list[Fates]:
    state = {}
    result = []
    for index, frame in enumerate(frames):
        before = dict(state)
        kinds = (Proposal.KIND, Vote.KIND)[index % 2 :]  # every other frame holds a proposal and a vote
        result.append(fates(plan, 0.7 * index, 0, 1, index, frame, kinds, state))
        assert state == before
        state = result[-1].state
    return result


@given(st.integers(0, 2**64 - 1), st.lists(st.tuples(rules, windows), max_size=6), heals, frame_list)
@settings(max_examples=300)
def test_fates_are_those_of_the_plain_rules(
    seed: int, listed: list[tuple[dict, dict]], heal: dict | None, frames: list[bytes]
) -> None:
    named = [{**rule, **window, "name": f"rule {i}"} for i, (rule, window) in enumerate(listed)]
    # One that cuts one way keeps its own ends.
    named = [
        {**rule, "source": [0], "destination": [1]} if rule["fault"] == "one_way_partition" else rule for rule in named
    ]
    plan = FaultPlan.model_validate({"seed": seed, "rules": named, "heal": heal})
    assert fly(plan, frames) == fly(plan, frames, plain_faults.fates)


@given(st.integers(0, 2**64 - 1), st.floats(0, 1), st.integers(0, 1000))
def test_a_chance_is_the_comparison_of_its_number(seed: int, probability: float, index: int) -> None:
    draws = Draws(seed, "rule", 0, 1)
    copy = Copy(0.0, 0.0, b"", index, b"")
    for limit in (probability, draws.first(copy), 0.0, 1.0):
        fresh, least = draws.chance(limit)
        draw = fresh()
        draw.update(copy.key)
        assert (draw.digest() < least) == (draws.first(copy) < limit)


def test_plain_rules_would_notice_another_draw() -> None:
    rule = {"fault": "jitter", "seconds_max": 3.0}
    plan, other = (FaultPlan.model_validate({"rules": [{**rule, "name": name}]}) for name in ("a", "b"))
    frames = [b"frame"] * 3
    assert fly(plan, frames) != fly(other, frames, plain_faults.fates)


@given(st.integers(0, 2**64 - 1), named_rules, frame_list)
def test_same_arguments_same_fates(seed: int, listed: list[dict], frames: list[bytes]) -> None:
    document = {"seed": seed, "rules": listed}
    first = fly(FaultPlan.model_validate(document), frames)
    assert fly(FaultPlan.model_validate(document), frames) == first


@given(named_rules, frame_list)
def test_no_copy_comes_or_goes_without_a_counted_effect(listed: list[dict], frames: list[bytes]) -> None:
    for fates in fly(FaultPlan.model_validate({"rules": listed}), frames):
        assert 1 + sum(effect.copies for effect in fates.effects) == len(fates.deliveries)


@given(named_rules, frame_list)
def test_nothing_arrives_before_it_was_sent(listed: list[dict], frames: list[bytes]) -> None:
    for index, fates in enumerate(fly(FaultPlan.model_validate({"rules": listed}), frames)):
        assert all(at >= 0.7 * index for at, _ in fates.deliveries)


@given(named_rules, st.integers(0, 4), frame_list)
@settings(max_examples=60)
def test_a_new_rule_never_shifts_the_draws_of_another(listed: list[dict], place: int, frames: list[bytes]) -> None:
    """A drop rule's victims stay the same whatever neutral rule is put before or behind it."""
    drop = {"fault": "drop", "probability": 0.5, "name": "watched"}
    neutral = {"fault": "drop", "probability": 0, "name": "new"}
    before = [*listed, drop]
    place = min(place, len(before))
    after = [*before[:place], neutral, *before[place:]]
    expected = fly(FaultPlan.model_validate({"rules": before}), frames)
    assert fly(FaultPlan.model_validate({"rules": after}), frames) == expected

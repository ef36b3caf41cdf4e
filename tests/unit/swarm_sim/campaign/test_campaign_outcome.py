"""Outcomes and their summary: which verdict outranks which, and what is not a pass."""

import json
from contextlib import closing

import pytest

from swarm_sim import outcome as outcomes
from swarm_sim.campaign.store import IN_MEMORY, Store
from swarm_sim.campaign.summary import Summary, of_store
from swarm_sim.campaign.task import RUN_SEED, Finished, Task, replay
from swarm_sim.outcome import CRASH, EXIT_CODES, INCOMPLETE, NO_PROGRESS, PASS, VIOLATION, WORST_FIRST, Outcome
from tests.support.simulator import campaign_seeds

TASK = Task(RUN_SEED, nodes=7, slots=12, seconds_max=300.0, fingerprint="ab" * 32)


def test_an_outcome_survives_json() -> None:
    told = Outcome(3, VIOLATION, "CON-4", "two values", "in slot 5", {"steps": 2, "deliveries": 1}, ("b", "a"))
    text = json.dumps(told.as_dict())
    assert outcomes.from_dict(json.loads(text)) == told
    assert text.index("deliveries") < text.index("steps")


def test_no_other_verdict() -> None:
    with pytest.raises(ValueError, match="seed 3: no verdict 'fine'"):
        Outcome(3, "fine")


def test_no_other_counts_and_marks() -> None:
    with pytest.raises(TypeError, match="seed 3: counts are integers"):
        Outcome(3, PASS, counts={"deliveries": 1.5})  # type: ignore[dict-item]
    with pytest.raises(TypeError, match="seed 3: marks are texts"):
        Outcome(3, PASS, marks=(1,))  # type: ignore[arg-type]


def test_every_verdict_has_a_rank_and_an_exit_code() -> None:
    assert [EXIT_CODES[verdict] for verdict in WORST_FIRST] == [1, 3, 4, 5, 0]
    assert set(WORST_FIRST) == set(EXIT_CODES)


def summary_of(*verdicts: str, wanted: int | None = None) -> Summary:
    with closing(Store(IN_MEMORY)) as store:
        for seed, verdict in enumerate(verdicts):
            store.put(Finished(Outcome(seed, verdict, cause="" if verdict == PASS else "planted"), 1.0))
        return of_store(store, TASK, range(100), wanted)


@pytest.mark.parametrize(
    ("verdicts", "worst"),
    [
        ([PASS, PASS], PASS),
        ([PASS, INCOMPLETE], INCOMPLETE),
        ([INCOMPLETE, NO_PROGRESS, PASS], NO_PROGRESS),
        ([NO_PROGRESS, VIOLATION, INCOMPLETE], VIOLATION),
        ([VIOLATION, CRASH, NO_PROGRESS], CRASH),
    ],
)
def test_the_worst_seed_is_the_verdict(verdicts: list[str], worst: str) -> None:
    summary = summary_of(*verdicts)
    assert summary.verdict == worst
    assert summary.exit_code == EXIT_CODES[worst]


def test_seeds_that_did_not_run_do_not_pass() -> None:
    assert summary_of(PASS, PASS, wanted=2).verdict == PASS
    assert summary_of(PASS, PASS, wanted=3).verdict == INCOMPLETE
    assert summary_of(PASS, VIOLATION, wanted=3).verdict == VIOLATION
    assert summary_of().verdict == INCOMPLETE


def test_failures_are_counted_by_cause_with_the_smallest_seed() -> None:
    with closing(Store(IN_MEMORY)) as store:
        for seed in range(19, -1, -1):
            store.put(Finished(campaign_seeds.mixed(seed, 7, 12), 1.0))
        store.put(Finished(Outcome(30, VIOLATION, "CON-4", "two values in one slot"), 1.0))
        causes = of_store(store, TASK, range(100)).causes
    assert [(cause.verdict, cause.count, cause.smallest_seed) for cause in causes] == [
        (VIOLATION, 5, 1),
        (NO_PROGRESS, 4, 2),
        (INCOMPLETE, 4, 3),
        (CRASH, 4, 4),
    ]
    assert causes[0].replay == "amu sim 1 --nodes 7 --slots 12"


def test_a_seed_is_replayed_by_the_function_that_ran_it() -> None:
    task = Task("mine:run", nodes=4, slots=5, seconds_max=1.0, fingerprint="")
    assert replay(task, 9) == "amu campaign --seeds 9:10 --nodes 4 --slots 5 --function mine:run"

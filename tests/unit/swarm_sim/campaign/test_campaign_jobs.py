"""Seeds that fail, crash, kill their process, hang: each gets its outcome, and no other seed notices."""

import os
import signal
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from swarm_sim.campaign import jobs, worker
from swarm_sim.campaign.keeper import Keeper, WorkerError
from swarm_sim.campaign.task import Finished, Task, TaskError, code_of, fingerprint
from swarm_sim.outcome import CRASH, INCOMPLETE, NO_ANSWER, PASS, Outcome, unanswered
from tests.style.tree_rules import ROOT
from tests.support.simulator import campaign_seeds
from tests.support.simulator.campaigns import task_of, wait_until, wait_until_gone


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(campaign_seeds.FOLDER, str(tmp_path))
    return tmp_path


def run(name: str, seeds: range, count: int = 2) -> list[Outcome]:
    """Outcomes by seed, after a look that each seed was finished once."""
    with closing(jobs.run(task_of(name), seeds, count)) as finished:
        outcomes = sorted((one.outcome for one in finished), key=lambda outcome: outcome.seed)
    assert [outcome.seed for outcome in outcomes] == list(seeds)
    return outcomes


def passing(seeds: range) -> list[Outcome]:
    return [campaign_seeds.passes(seed, 4, 7) for seed in seeds]


def test_outcomes_do_not_depend_on_the_number_of_jobs() -> None:
    expected = [campaign_seeds.mixed(seed, 4, 7) for seed in range(20)]
    assert run("mixed", range(20), 1) == expected
    assert run("mixed", range(20), 3) == expected


def test_an_exception_of_the_function_is_a_crash_with_its_place_as_cause() -> None:
    outcomes = run("raises_at_3", range(15))
    crashes = [outcome for outcome in outcomes if outcome.verdict == CRASH]
    assert [outcome.seed for outcome in crashes] == [3, 13]
    assert crashes[0].cause == crashes[1].cause
    assert crashes[0].cause.startswith("RuntimeError at campaign_seeds.py:")
    assert "planted in seed 3" in crashes[0].detail


def test_leaving_the_interpreter_is_a_crash() -> None:
    outcome = run("exits_at_3", range(5))[3]
    assert outcome.cause.startswith("SystemExit at campaign_seeds.py:")


def test_an_answer_for_another_seed_is_a_crash() -> None:
    (outcome,) = run("answers_for_another", range(1))
    assert outcome.verdict == CRASH
    assert "did not return an outcome of seed 0" in outcome.detail


def test_a_seed_that_kills_its_worker_twice_is_a_crash_and_costs_no_other_seed() -> None:
    outcomes = run("aborts_at_3", range(10))
    assert outcomes[3] == Outcome(3, CRASH, "worker", "worker died", "ended by SIGABRT, 2 times")
    assert outcomes[:3] + outcomes[4:] == passing(range(3)) + passing(range(4, 10))


def test_a_seed_whose_workers_are_killed_has_no_answer_and_costs_no_other_seed() -> None:
    outcomes = run("kills_at_3", range(10))
    assert outcomes[3] == unanswered(3, "worker died", "ended by SIGKILL, 2 times")
    assert outcomes[:3] + outcomes[4:] == passing(range(3)) + passing(range(4, 10))


def test_a_worker_that_is_killed_once_costs_no_seed(folder: Path) -> None:
    assert run("kills_once_at_3", range(10)) == passing(range(10))
    assert campaign_seeds.mark_of(folder, 3, visit=2).exists()


def test_a_seed_that_does_not_end_has_no_answer_and_its_worker_is_replaced() -> None:
    with keeper_of(task_of("hangs_at_3", seconds_max=0.2)) as keeper:
        hung = keeper.run(3)
        assert hung == Finished(unanswered(3, "no end after 0.2 s", "ended by force"), 0.2)
        keeper.task = replace(keeper.task, seconds_max=600.0)
        assert keeper.run(4).outcome.verdict == PASS


def test_a_worker_that_dies_between_two_seeds_is_not_the_fault_of_a_seed() -> None:
    with keeper_of(task_of("passes")) as keeper:
        keeper.run(1)
        for seed in range(2, 6):
            process = keeper._process
            assert process is not None
            process.kill()
            process.wait()
            assert keeper.run(seed).outcome == campaign_seeds.passes(seed, 4, 7)


def test_a_death_between_two_seeds_does_not_count_for_the_next(folder: Path) -> None:
    with keeper_of(task_of("kills_once_at_3")) as keeper:
        keeper.run(2)
        process = keeper._process
        assert process is not None
        process.kill()
        process.wait()
        assert keeper.run(3).outcome == campaign_seeds.passes(3, 4, 7)  # although it kills a worker, once


def test_seeds_under_way_are_bounded() -> None:
    taken: list[int] = []

    def seeds() -> Iterator[int]:
        for seed in range(30):
            taken.append(seed)
            yield seed

    done = 0
    with closing(jobs.run(task_of("passes"), seeds(), 3)) as finished:
        for _ in finished:
            done += 1
            assert len(taken) - done <= 3
    assert done == 30


def test_closing_ends_workers_in_mid_seed(folder: Path) -> None:
    finished = jobs.run(task_of("hangs_once_at_5"), range(2, 20), 2)
    seen = [next(finished).outcome.seed for _ in range(5)]
    assert sorted(seen) == [2, 3, 4, 6, 7]  # one of two workers hangs, the other goes on
    worker = _worker_at_5(folder)
    finished.close()
    wait_until_gone(worker)


def test_other_code_is_refused() -> None:
    task = replace(task_of("passes"), fingerprint="0" * 64)
    with closing(jobs.run(task, range(3), 2)) as finished, pytest.raises(WorkerError, match="is not the campaign's"):
        list(finished)


def test_a_function_that_cannot_be_loaded_is_refused() -> None:
    with pytest.raises(TaskError, match="no function 'nowhere:run'"):
        fingerprint("nowhere:run")
    with pytest.raises(TaskError, match="write it as module:name"):
        fingerprint("tests.support.simulator.campaign_seeds")
    task = replace(task_of("passes"), function="nowhere:run")
    with (
        closing(jobs.run(task, range(3), 2)) as finished,
        pytest.raises(WorkerError, match="no function 'nowhere:run'"),
    ):
        list(finished)


def test_workers_that_never_start_end_the_campaign(monkeypatch: pytest.MonkeyPatch) -> None:
    task = task_of("passes")
    monkeypatch.setenv("PYTHONHASHSEED", "certainly no number")  # the interpreter gives up at once
    with closing(jobs.run(task, range(3), 2)) as finished, pytest.raises(WorkerError, match="do not start: ended with"):
        list(finished)


def test_a_fault_of_a_keepers_thread_is_heard_of(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(keeper: Keeper, seed: int) -> Finished:
        raise MemoryError("planted")

    monkeypatch.setattr(Keeper, "run", broken)
    with closing(jobs.run(task_of("passes"), range(3), 2)) as finished, pytest.raises(MemoryError, match="planted"):
        list(finished)


def test_running_out_of_memory_is_not_an_outcome_of_a_seed() -> None:
    def starved(seed: int, nodes: int, slots: int) -> Outcome:
        raise MemoryError

    outcome = worker.finish(starved, task_of("passes"), 3).outcome
    assert (outcome.verdict, outcome.oracle) == (INCOMPLETE, NO_ANSWER)


def test_the_fingerprint_is_of_all_that_decides_an_outcome() -> None:
    files = code_of("swarm_sim.outcome:worst")
    for name, path in {
        "amu/node/node.py": "firmware/amu/node/node.py",
        "swarm_sim/outcome.py": "swarm_sim/outcome.py",
        "swarm_sim/adversary/lie.py": "swarm_sim/adversary/lie.py",
        "specs/checking/check.py": "specs/checking/check.py",
        "specs/tetrabft/tetrabft.tla": "specs/tetrabft/tetrabft.tla",
        "groundstation/faults/plan.py": "groundstation/faults/plan.py",
    }.items():
        assert files[name] == ROOT / path
    assert len(set(files.values())) == len(files)


def test_the_fingerprint_is_of_the_functions_own_file_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    path = tmp_path / "planted_seeds.py"
    path.write_text("CODE = ()\ndef run(seed, nodes, slots): ...\n")
    before = fingerprint("planted_seeds:run")
    assert fingerprint("planted_seeds:run") == before
    path.write_text("CODE = ()\ndef run(seed, nodes, slots): return None\n")
    assert fingerprint("planted_seeds:run") != before


def keeper_of(task: Task) -> closing[Keeper]:
    return closing(Keeper(task))


def test_killing_a_worker_in_mid_seed_costs_no_seed(folder: Path) -> None:
    with closing(jobs.run(task_of("hangs_once_at_5"), _seeds_then_a_kill(folder), 1)) as finished:
        assert [one.outcome for one in finished] == passing(range(3, 6))
    assert campaign_seeds.mark_of(folder, 5, visit=2).exists()


def _seeds_then_a_kill(folder: Path) -> Iterator[int]:
    yield from range(3, 6)
    os.kill(_worker_at_5(folder), signal.SIGKILL)


def _worker_at_5(folder: Path) -> int:
    """The process that hangs at seed 5, as soon as it does."""
    mark = campaign_seeds.mark_of(folder, 5)
    wait_until(mark.exists, "nothing hangs at seed 5")
    worker, parent = map(int, mark.read_text().split())
    assert parent == os.getpid()
    return worker

"""What a cluster may do to a seed besides finishing it, with a scripted client."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from swarm_sim.campaign import dask_cluster as cluster
from swarm_sim.campaign.dask_cluster import _Coordinator
from swarm_sim.campaign.keeper import WorkerError
from swarm_sim.campaign.task import Finished
from swarm_sim.outcome import unanswered
from tests.support.simulator import campaign_seeds
from tests.support.simulator.campaigns import task_of

distributed = pytest.importorskip("distributed")


class ScriptedFuture:
    """Goes through its statuses, one each time that it is waited for; then gives its result or raises it."""

    def __init__(self, key: str, statuses: list[str], result: Finished | Exception) -> None:
        self.key = key
        self.status = "pending"
        self._statuses = statuses
        self._result = result

    def go_on(self) -> None:
        if self._statuses:
            self.status = self._statuses.pop(0)

    def result(self) -> Finished:
        assert self.status in ("finished", "error"), "asked for before it had ended"
        if isinstance(self._result, Exception):
            raise self._result
        return self._result


class ScriptedClient:
    """Two threads; `script` gives the fate of each key's future."""

    id = "client"

    def __init__(self, script: Callable[[str, int], ScriptedFuture]) -> None:
        self._script = script
        self.sent: list[str] = []

    def nthreads(self) -> dict[str, int]:
        return {"tcp://a": 1, "tcp://b": 1}

    def submit(self, function: object, task: object, seed: int, *, key: str, pure: bool) -> ScriptedFuture:
        assert not pure
        self.sent.append(key)
        return self._script(key, seed)


@pytest.fixture(autouse=True)
def scripted_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """Dask's `wait`: what is no longer pending counts as done, lost results too."""

    def wait(futures: list[ScriptedFuture], return_when: str) -> Any:
        assert return_when == "FIRST_COMPLETED"
        for future in futures:
            future.go_on()
        return SimpleNamespace(done={future for future in futures if future.status != "pending"})

    monkeypatch.setattr(distributed, "wait", wait)


def finished(seed: int) -> Finished:
    return Finished(campaign_seeds.passes(seed, 4, 7), 0.1)


def ended(key: str, seed: int) -> ScriptedFuture:
    return ScriptedFuture(key, ["finished"], finished(seed))


def killed_worker() -> Exception:
    error: Exception = distributed.KilledWorker("seed", SimpleNamespace(address="tcp://a"), 3)
    return error


def run(client: ScriptedClient, seeds: range) -> list[Finished]:
    done = list(_Coordinator(client, task_of("passes")).run(iter(seeds)))  # type: ignore[arg-type]
    assert sorted(one.outcome.seed for one in done) == list(seeds)
    return sorted(done, key=lambda one: one.outcome.seed)


def test_a_result_that_was_lost_with_its_worker_is_waited_for() -> None:
    statuses = ["lost", "pending", "finished"]
    client = ScriptedClient(lambda key, seed: ScriptedFuture(key, statuses[:], finished(seed)))
    assert run(client, range(10)) == [finished(seed) for seed in range(10)]
    assert len(client.sent) == 10


def test_a_seed_that_dask_gave_up_is_sent_again_under_another_key() -> None:
    def script(key: str, seed: int) -> ScriptedFuture:
        is_given_up = seed == 3 and key.startswith("seed-3-1-")
        return ScriptedFuture(
            key, ["error" if is_given_up else "finished"], killed_worker() if is_given_up else finished(seed)
        )

    client = ScriptedClient(script)
    assert run(client, range(10)) == [finished(seed) for seed in range(10)]
    assert [key for key in client.sent if key.startswith("seed-3-")] == ["seed-3-1-client", "seed-3-2-client"]


def test_seeds_that_waited_where_workers_died_again_and_again_are_judged_in_the_end() -> None:
    """Dask gives up all seeds of a worker that died, including those that only waited there."""

    def script(key: str, seed: int) -> ScriptedFuture:
        attempt = int(key.split("-")[2])
        return ScriptedFuture(key, ["error"], killed_worker()) if attempt < cluster.ATTEMPTS_MAX else ended(key, seed)

    assert run(ScriptedClient(script), range(10)) == [finished(seed) for seed in range(10)]


def test_a_seed_that_dask_gives_up_each_time_has_no_answer() -> None:
    client = ScriptedClient(lambda key, seed: ScriptedFuture(key, ["error"], killed_worker()))
    told = unanswered(0, "Dask workers died", f"{cluster.ATTEMPTS_MAX} times")
    assert [one.outcome for one in run(client, range(1))] == [told]
    assert len(client.sent) == cluster.ATTEMPTS_MAX


def test_a_cluster_that_cannot_run_the_code_ends_the_campaign() -> None:
    error = ModuleNotFoundError("No module named 'swarm_sim'")
    client = ScriptedClient(lambda key, seed: ScriptedFuture(key, ["error"], error))
    with pytest.raises(WorkerError, match="on the cluster: ModuleNotFoundError: No module named 'swarm_sim'"):
        run(client, range(3))


def test_a_dask_worker_keeps_a_process_for_the_next_seed_of_the_same_task() -> None:
    passes, mixed = task_of("passes"), task_of("mixed")
    try:
        assert cluster.run_here(passes, 1).outcome == campaign_seeds.passes(1, 4, 7)
        (first,) = cluster._idle
        cluster.run_here(passes, 2)
        assert cluster._idle == [first]
        assert cluster.run_here(mixed, 3).outcome == campaign_seeds.mixed(3, 4, 7)
        assert [keeper.task for keeper in cluster._idle] == [mixed]
        assert first._process is None
    finally:
        cluster.release()
    assert cluster._idle == []


def test_seeds_under_way_are_bounded() -> None:
    under_way: list[int] = []

    def script(key: str, seed: int) -> ScriptedFuture:
        under_way.append(len(coordinator._under_way) + 1)
        return ScriptedFuture(key, ["pending", "finished"], finished(seed))

    coordinator = _Coordinator(ScriptedClient(script), task_of("passes"))  # type: ignore[arg-type]
    assert len(list(coordinator.run(iter(range(50))))) == 50
    assert max(under_way) == 2 * cluster.SEEDS_PER_THREAD

"""A campaign on a Dask cluster of processes, some of which are killed in mid-seed: no seed lost, none counted twice.

Scheduler, workers and campaign are processes of their own, as on a real cluster; only the machine is the same.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from swarm_sim.outcome import Outcome
from tests.style.tree_rules import ROOT
from tests.support.simulator import campaign_seeds
from tests.support.simulator.campaigns import outcomes_of, start_campaign, wait_for, wait_until

COUNT = 40
SIZE = ("--seeds", f"0:{COUNT}", "--nodes", "4", "--slots", "7")


@contextmanager
def process_of(
    command: str, *arguments: str, environment: dict[str, str], log: Path
) -> Iterator[subprocess.Popen[str]]:
    with log.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", f"distributed.cli.{command}", *arguments],
            cwd=ROOT,
            env={**os.environ, **environment},
            stdout=output,
            stderr=subprocess.STDOUT,
            text=True,
        )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


@contextmanager
def cluster(folder: Path, workers: int, **settings: str) -> Iterator[str]:
    """The address of a scheduler with so many one-threaded workers, each a process that is not restarted."""
    environment = {campaign_seeds.FOLDER: str(folder), **settings}
    file = folder / "scheduler.json"
    with ExitStack() as stack:
        options = ("--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", str(file))
        log = folder / "scheduler.log"
        scheduler = stack.enter_context(process_of("dask_scheduler", *options, environment=environment, log=log))
        wait_until(lambda: wait_for(file, scheduler).endswith("}"), "the scheduler does not say where it is")
        address = json.loads(file.read_text())["address"]
        options = (address, "--no-nanny", "--nthreads", "1", "--no-dashboard", "--local-directory", str(folder))
        logs = [folder / f"worker-{number}.log" for number in range(workers)]
        for log in logs:
            stack.enter_context(process_of("dask_worker", *options, environment=environment, log=log))
        for log in logs:
            wait_until(lambda log=log: "Registered to" in log.read_text(), f"{log} tells of no worker")
        yield address


def kill_dask_worker(folder: Path, visit: int, campaign: subprocess.Popen[str]) -> int:
    """Kill the Dask worker whose worker process hangs at seed 5; return its number."""
    _, dask_worker = map(int, wait_for(campaign_seeds.mark_of(folder, 5, visit), campaign).split())
    os.kill(dask_worker, signal.SIGKILL)
    return dask_worker


def on_one_machine(function: str, folder: Path) -> list[Outcome]:
    store = folder / "one_machine.sqlite"
    environment = {campaign_seeds.FOLDER: str(folder)}  # with the marks of the cluster's visits: nothing hangs
    process = start_campaign(function, *SIZE, "--jobs", "2", "--store", str(store), environment=environment)
    process.communicate()
    return outcomes_of(store)


# Dask moves a seed from a dead worker to another by itself, or with 0 allowed failures leaves that to the campaign.
@pytest.mark.parametrize("allowed_failures", [3, 0])
def test_a_dask_worker_that_is_killed_costs_no_seed(tmp_path: Path, allowed_failures: int) -> None:
    store = tmp_path / "cluster.sqlite"
    settings = {"DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": str(allowed_failures)}
    with cluster(tmp_path, 2, **settings) as address:
        process = start_campaign("hangs_once_at_5", *SIZE, "--cluster", address, "--store", str(store), "--json")
        first = kill_dask_worker(tmp_path, 1, process)
        output, errors = process.communicate()
        assert process.returncode == 0, errors
    _, second = map(int, campaign_seeds.mark_of(tmp_path, 5, visit=2).read_text().split())
    assert second != first
    told = json.loads(output)
    assert told["done"] == COUNT
    assert told["counts"]["slots"] == 7 * COUNT  # none lost, none twice
    assert outcomes_of(store) == on_one_machine("hangs_once_at_5", tmp_path)


def test_dask_workers_that_are_killed_blame_no_seed(tmp_path: Path) -> None:
    """With no failure allowed Dask gives up all seeds of a dead worker, whether they ran or waited."""
    store = tmp_path / "cluster.sqlite"
    with cluster(tmp_path, 3, DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES="0") as address:
        process = start_campaign("hangs_twice_at_5", *SIZE, "--cluster", address, "--store", str(store))
        killed = [kill_dask_worker(tmp_path, visit, process) for visit in (1, 2)]
        _, errors = process.communicate()
        assert process.returncode == 0, errors
    assert len(set(killed)) == 2
    assert outcomes_of(store) == [campaign_seeds.passes(seed, 4, 7) for seed in range(COUNT)]


def test_a_seed_that_kills_its_process_costs_the_cluster_nothing(tmp_path: Path) -> None:
    store = tmp_path / "cluster.sqlite"
    with cluster(tmp_path, 1) as address:
        process = start_campaign("aborts_at_3", *SIZE, "--cluster", address, "--store", str(store))
        _, errors = process.communicate()
        assert process.returncode == 1, errors
        assert "seed 3  crash  worker  worker died" in errors
        process = start_campaign("aborts_at_3", *SIZE, "--cluster", address, "--store", str(store))
        process.communicate()  # the same Dask worker, nothing to do
        process = start_campaign("passes", *SIZE, "--cluster", address)
        output, errors = process.communicate()
        assert process.returncode == 0, errors  # the same Dask worker, another function
    assert f"seeds     {COUNT} of {COUNT}" in output
    assert outcomes_of(store) == on_one_machine("aborts_at_3", tmp_path)


def test_a_cluster_that_is_not_there_or_has_no_worker_is_an_error(tmp_path: Path) -> None:
    process = start_campaign("passes", *SIZE, "--cluster", "nonsense://127.0.0.1:1")
    _, errors = process.communicate()
    assert process.returncode == 2
    assert "no cluster at nonsense://127.0.0.1:1" in errors
    with cluster(tmp_path, 0) as address:
        process = start_campaign("passes", *SIZE, "--cluster", address)
        _, errors = process.communicate()
    assert process.returncode == 2
    assert "the cluster has no worker" in errors

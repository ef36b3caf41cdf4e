"""Each trace module, with its configuration, takes a recorded run: `amu check RUN --spec MODULE --cfg FILE`."""

from pathlib import Path

import pytest

from specs.checking import any_trace as observation_check
from swarm_sim.testing.cluster import Cluster, Links
from tests import ROOT

CONFIGURATIONS = {
    "failure_detector": ("trace_failure_detector.tla", "trace_four_boards.cfg", "Suspicion"),
    "lamport_clock": ("trace_lamport_clock.tla", "trace_lamport_clock.cfg", "Receive"),
    "lamport_mutex": ("trace_lamport_mutex.tla", "trace_lamport_mutex.cfg", "MutexEnter"),
    "link": ("trace_link.tla", "trace_link.cfg", "ChannelDeliver"),
    "replicated_log": ("trace_replicated_log.tla", "trace_four_boards.cfg", "Apply"),
    "snapshot": ("trace_snapshot.tla", "trace_snapshot.cfg", "SnapshotDone"),
}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four boards that decide, take turns and snapshots; one is down for a while."""
    cluster = Cluster(4, 3, Links(drop=0.05, delay_max=4), turn_ticks=15, snapshot_ticks=90)
    cluster.start()
    operations = [cluster.request(["noop"]) for _ in range(3)]
    cluster.run(150)
    cluster.kill(2)
    cluster.run(120)
    cluster.start(2)
    assert cluster.run(400, lambda: all(map(cluster.confirmed, operations)))
    cluster.run(200)
    return cluster.finish(tmp_path_factory.mktemp("run") / "trace.ndjson")


@pytest.mark.parametrize("feature", CONFIGURATIONS)
def test_a_recorded_run_is_accepted(feature: str, run: Path) -> None:
    module, configuration, event = CONFIGURATIONS[feature]
    folder = ROOT / "specs" / feature
    result = observation_check.check(run, folder / module, folder / configuration).result
    assert result.bad is None, result.bad
    assert result.steps[event] > 0, result.steps


@pytest.mark.parametrize("feature", CONFIGURATIONS)
def test_a_run_with_a_line_taken_out_is_not(feature: str, run: Path, tmp_path: Path) -> None:
    """The first step of the event is missing, or reported twice: one of the two must be noticed."""
    module, configuration, event = CONFIGURATIONS[feature]
    folder = ROOT / "specs" / feature
    lines = run.read_text().splitlines(keepends=True)
    place = next(number for number, line in enumerate(lines) if f'"event":"{event}"' in line)
    verdicts = []
    for changed in (lines[:place] + lines[place + 1 :], lines[: place + 1] + lines[place:]):
        path = tmp_path / "changed.ndjson"
        path.write_text("".join(changed))
        verdicts.append(observation_check.check(path, folder / module, folder / configuration).result.accepted)
    assert not all(verdicts)


def test_every_trace_configuration_is_tried() -> None:
    tried = {(feature, configuration) for feature, (_, configuration, _) in CONFIGURATIONS.items()}
    there = {(path.parent.name, path.name) for path in (ROOT / "specs").glob("*/trace_*.cfg")}
    # The chain does not fly: tests/conformance/language/test_chain_traces.py has its traces. The others are runs of a
    # plan.
    elsewhere = {("chain", "trace_chain.cfg"), ("failure_detector", "trace_failure_detector.cfg")}
    assert there - elsewhere - {("replicated_log", "trace_walks.cfg")} == tried

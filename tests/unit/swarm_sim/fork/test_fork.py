"""A branch is its parent up to the change, and from then on the flight of the changed scenario, to the byte."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from groundstation.scenario.model import Scenario
from swarm_sim.draw.draw import draw
from swarm_sim.fork import compare, fork, origin
from swarm_sim.fork.branch import fly
from swarm_sim.fork.change import Change, ForkError, work_out
from swarm_sim.simulation import simulate
from swarm_sim.world.world import World
from tests.support.command import app
from tests.support.simulator.simulations import scenario

NOISY = {"faults": [{"fault": "drop", "probability": 0.1}, {"fault": "drop", "probability": 0.05, "source": [1]}]}
SPAN = {"mission": {"slots": 12}, "workload": {"operations": 30}}
KILL_AT = 0.201
RUNNER = CliRunner()


def lines_of(flown: Scenario, path: Path) -> list[str]:
    simulate(flown, path)
    return path.read_text("ascii").splitlines()


def branch_of(flown: Scenario, path: Path, *changes: Change) -> list[str]:
    fly(flown, changes, path)
    return path.read_text("ascii").splitlines()


@pytest.mark.parametrize(("seed", "share"), [(7, 0.3), (12, 0.6), (31, 0.9)])
def test_no_change_gives_the_same_run_to_the_byte(tmp_path: Path, seed: int, share: float) -> None:
    _same_to_the_byte(tmp_path, draw(seed, 4, 4), [share])


@pytest.mark.long
@pytest.mark.parametrize("seed", range(10))
def test_ten_moments_of_ten_runs_give_the_same_run_to_the_byte(tmp_path: Path, seed: int) -> None:
    _same_to_the_byte(tmp_path, draw(seed), [moment / 10 for moment in range(10)])


def _same_to_the_byte(folder: Path, flown: Scenario, shares: list[float]) -> None:
    trace = folder / "trace.ndjson"
    outcome = simulate(flown, trace)
    last = json.loads(trace.read_bytes().splitlines()[-1])["received"]
    found = origin.Origin(trace, flown, [], trace, True)
    for share in shares:
        branch = fork.fork(found, Change(share * last), folder / f"at {share}")
        assert branch.divergence is None
        assert branch.branch.outcome == outcome
        assert branch.branch.trace.read_bytes() == trace.read_bytes()


# --- the branch is the flight of the changed scenario -------------------------------------------


def changed(**tables: Any) -> Scenario:
    return scenario(**{**SPAN, **tables})


def test_a_rule_that_is_removed_ends_and_shifts_no_draw_of_another(tmp_path: Path) -> None:
    ended = [NOISY["faults"][0] | {"end": 0.2, "name": "drop"}, NOISY["faults"][1] | {"name": "drop-2"}]
    branch = branch_of(changed(**NOISY), tmp_path / "branch", Change(0.2, remove="drop"))
    assert branch == lines_of(changed(faults=ended), tmp_path / "flown")
    assert branch != lines_of(changed(**NOISY), tmp_path / "parent")


def test_a_rule_that_is_set_begins_then_even_where_no_rule_was(tmp_path: Path) -> None:
    late = [{"fault": "drop", "probability": 0.3, "start": 0.2}]
    branch = branch_of(changed(), tmp_path / "branch", Change(0.2, set="drop, probability=0.3"))
    assert branch == lines_of(changed(faults=late), tmp_path / "flown")


def killed_as_planned(folder: Path) -> bool:
    """Whether a kill that a fork sets is the kill of a scenario that has it, to the byte."""
    planned = changed(board_faults=[{"at": KILL_AT, "node": 2, "kind": "kill", "restart_after": 0.3}])
    branch = branch_of(changed(), folder / "branch", Change(KILL_AT, set="kill, node=2, restart_after=0.3"))
    return branch == lines_of(planned, folder / "flown")


def test_a_board_fault_that_is_set_is_that_of_a_scenario(tmp_path: Path) -> None:
    assert killed_as_planned(tmp_path)


def test_a_change_one_event_late_is_caught(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The planted bug: the moment's next event comes first."""
    at_first = World.first_at

    def late(world: World, when: float, action: Callable[[], None]) -> None:
        at_first(world, when, lambda: world.at(world._heap[0][0], action))

    monkeypatch.setattr(World, "first_at", late)
    assert not killed_as_planned(tmp_path)


def test_a_change_too_early_is_caught(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    at_first = World.first_at
    monkeypatch.setattr(World, "first_at", lambda world, when, action: at_first(world, when - 0.15, action))
    trace = tmp_path / "trace.ndjson"
    simulate(changed(), trace)
    found = origin.Origin(trace, changed(), [], trace, True)
    with pytest.raises(fork.EarlyDivergence, match="leaves the run at line"):
        fork.fork(found, Change(0.3, set="silence, node=3"), tmp_path / "out")
    assert not list((tmp_path / "out").iterdir())


def test_a_fault_that_was_to_come_does_not_come(tmp_path: Path) -> None:
    faults = [
        {"at": 0.3, "node": 1, "kind": "kill", "restart_after": 0.2},
        {"at": 0.4, "node": 2, "kind": "pause", "seconds": 0.1},
    ]
    branch = branch_of(changed(board_faults=faults), tmp_path / "branch", Change(0.25, remove="kill:1"))
    assert branch == lines_of(changed(board_faults=faults[1:]), tmp_path / "flown")


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("pause", {}),
        ("slow", {"step_ms": 5.0}),
        ("clock_drift", {"factor": 3.0}),
        ("clock_stop", {}),
    ],
)
def test_a_fault_that_lasts_ends(tmp_path: Path, kind: str, fields: dict[str, float]) -> None:
    lasting = changed(board_faults=[{"at": 0.1, "node": 1, "kind": kind, "seconds": 5.0, **fields}])
    found = branch_of(lasting, tmp_path / "branch", Change(0.3, remove=kind))
    shorter = changed(board_faults=[{"at": 0.1, "node": 1, "kind": kind, "seconds": 0.2, **fields}])
    told = [line for line in lines_of(shorter, tmp_path / "flown") if '"event":"BoardFault"' not in line]
    # The record of the fault's beginning says how long it was to last.
    assert [line for line in found if '"event":"BoardFault"' not in line] == told


def test_an_armed_fault_is_disarmed_and_one_that_has_struck_stays(tmp_path: Path) -> None:
    cut = {"at": 0.1, "node": 1, "kind": "power_cut", "after_operations": 30, "restart_after": 0.1}
    armed = changed(board_faults=[cut])
    assert any('"event":"PowerCut"' in line for line in lines_of(armed, tmp_path / "parent"))
    disarmed = branch_of(armed, tmp_path / "branch", Change(0.12, remove="power_cut"))
    assert not any('"event":"PowerCut"' in line for line in disarmed)
    killed = changed(board_faults=[{"at": 0.1, "node": 1, "kind": "kill", "restart_after": 0.5}])
    with pytest.raises(ForkError, match="what has happened stays; want --at"):
        fly(killed, [Change(0.2, remove="kill:1")], tmp_path / "stays")


def test_a_liar_is_converted_and_a_board_made_to_lie(tmp_path: Path) -> None:
    liar = changed(byzantine=[{"node": 3, "adversary": "silence", "parameters": {}}])
    parent, branch = tmp_path / "parent", tmp_path / "branch"
    simulate(liar, parent)
    assert fly(liar, [Change(0.2, remove="liar:3")], branch).outcome.verdict == "pass"
    found = compare.diverge(parent, branch)
    assert found is not None
    assert found.run == compare.BRANCH
    assert found.branch is not None
    assert (found.branch.name, found.branch.fields["from"]) == ("Receive", 3)
    simulate(changed(), parent)
    assert fly(changed(), [Change(0.2, set="silence, node=3")], branch).outcome.verdict == "pass"
    found = compare.diverge(parent, branch)
    assert found is not None
    assert found.run == compare.PARENT
    assert found.parent is not None
    assert found.parent.fields["from"] == 3


def test_a_healed_link_loses_nothing_more(tmp_path: Path) -> None:
    cut = changed(faults=[{"fault": "one_way_partition", "source": [0], "destination": [1, 2]}])
    branch = tmp_path / "branch"
    fly(cut, [Change(0.2, remove="link:0>1")], branch)
    heard = [json.loads(line) for line in branch.read_bytes().splitlines() if b'"event":"Receive"' in line]
    from_0 = {(event["node"], event["received"] >= 0.2) for event in heard if event["from"] == 0}
    assert from_0 == {(1, True), (3, False), (3, True)}


# --- what a person asks for, and is refused -----------------------------------------------------


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (Change(0.1, remove="jam"), "names no fault of the scenario"),
        (Change(0.1, remove="pause"), "names 2 faults"),
        (Change(0.1, remove="link:0-4"), "no link between boards 0 and 4"),
        (Change(0.1, set="dropp"), "did you mean 'drop'"),
        (Change(0.1, set="drop, probability"), "want a kind and its fields"),
        (Change(0.1, set="kill, node=1, at=0.05"), "what has happened stays"),
        (Change(0.1, set="brown_out, node=1"), "no lines and no chips"),
        (Change(2.0, set="drop, probability=1.0, source=[0], destination=[1]"), "no fault applies to them"),
        (Change(1.0, remove="early"), "it ended at 0.5 s"),
    ],
)
def test_what_cannot_be_changed_is_refused(change: Change, why: str) -> None:
    pauses = [{"at": 1.2, "node": node, "kind": "pause", "seconds": 0.1} for node in (1, 2)]
    flown = changed(
        board_faults=pauses,
        faults=[{"fault": "drop", "name": "early", "probability": 0.1, "end": 0.5}],
        liveness={"core": [0, 1, 2], "at": 1.5, "bound_seconds": 100.0},
    )
    with pytest.raises(ForkError, match=why):
        work_out(flown, change)


# --- the command --------------------------------------------------------------------------------


def test_the_command_writes_a_run_that_others_open_and_fork_again(tmp_path: Path) -> None:
    trace, out, again = tmp_path / "trace.ndjson", tmp_path / "out", tmp_path / "again"
    simulate(draw(7, 4, 4), trace)
    done = RUNNER.invoke(
        app, ["fork", str(trace), "--slots", "4", "--at", "0.9", "--remove", "slow", "--out", str(out)]
    )
    assert done.exit_code == 0, done.output
    assert "first divergent event, in the branch: 0.9" in done.output
    diff = json.loads((out / "diff.json").read_text())
    assert diff["first_divergent_event"]["first"] == "branch"
    assert diff["first_divergent_event"]["at"] >= 0.9
    assert diff["outcomes"]["branch"]["verdict"] == "pass"
    assert "<svg" in (out / "diff.html").read_text()
    for command in ("check", "report"):
        assert RUNNER.invoke(app, [command, str(out)]).exit_code == 0
    done = RUNNER.invoke(app, ["fork", str(out), "--at", "1.0", "--out", str(again), "--json"])
    assert json.loads(done.output)["same"] is True
    assert (again / "trace.ndjson").read_bytes() == (out / "trace.ndjson").read_bytes()


def test_the_command_refuses_what_is_not_the_recorded_run(tmp_path: Path) -> None:
    trace, out = tmp_path / "trace.ndjson", tmp_path / "out"
    simulate(draw(7, 4, 4), trace)
    lines = trace.read_bytes().splitlines(keepends=True)
    number = next(number for number, line in enumerate(lines) if number > 20 and b'"event":"Receive"' in line)
    trace.write_bytes(b"".join([*lines[:number], *lines[number + 1 :]]))
    done = RUNNER.invoke(app, ["fork", str(trace), "--slots", "4", "--at", "0.9", "--out", str(out)])
    assert done.exit_code == 2
    assert f"line {number + 1}: this version does not repeat the recorded run" in done.output
    done = RUNNER.invoke(app, ["fork", str(tmp_path / "none"), "--at", "0.9", "--out", str(out)])
    assert done.exit_code == 2
    assert "there is no such file or folder" in done.output


def test_a_figure_that_differs_is_told_in_a_line() -> None:
    assert compare.Row("slots", 22, 20).told() == "slots: 22 -> 20"
    marks = compare.Row("marks", ["view change", "checkpoint"], ["checkpoint", "turn taken"])
    assert marks.told() == "marks of the parent only: view change; of the branch only: turn taken"
    assert compare.Row("marks", [], ["x"]).told() == "marks of the parent only: none; of the branch only: x"

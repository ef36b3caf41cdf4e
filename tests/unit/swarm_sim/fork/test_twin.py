"""A run on boards beside its simulation: what is compared, and the first step that differs with both reasons."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from groundstation.scenario.model import Scenario
from swarm_sim.fork import folder, twin
from swarm_sim.fork.branch import fly
from tests.support.command import app
from tests.support.simulator.simulations import scenario

RUNNER = CliRunner()


def trace_of(flown: Scenario, path: Path) -> Path:
    fly(flown, [], path)
    return path


def edited(trace: Path, out: Path, change: Callable[[dict[str, Any]], dict[str, Any] | None]) -> Path:
    lines = [change(json.loads(line)) for line in trace.read_text().splitlines()]
    out.write_text("".join(json.dumps(line) + "\n" for line in lines if line is not None))
    return out


def test_equal_runs_have_no_divergence_whatever_their_seconds(tmp_path: Path) -> None:
    trace = trace_of(scenario(), tmp_path / "trace")
    later = edited(trace, tmp_path / "later", lambda line: line | {"received": line["received"] * 3})
    found = twin.compare(later, trace)
    assert found.parting is None
    assert found.slots == found.values_equal >= 6
    assert found.steps >= 6 * 4 * 5  # four votes and a decision of four boards in each slot
    assert "no compared step differs" in found.told()


def test_a_planted_step_is_found_with_both_reasons(tmp_path: Path) -> None:
    trace = trace_of(scenario(), tmp_path / "trace")

    def wish(line: dict[str, Any]) -> dict[str, Any]:
        is_it = line["event"] == "Vote3" and (line["node"], line["slot"]) == (2, 3)
        return line | {"event": "Wish", "view": 1} if is_it else line

    parting = twin.compare(edited(trace, tmp_path / "boards", wish), trace).parting
    assert parting is not None
    assert (parting.slot, parting.board) == (3, 2)
    boards, simulation = (side.told(2, 3) for side in parting.sides)
    assert boards.startswith("on boards: board 2 took Wish in view 1 of slot 3 at ")
    assert simulation.startswith("in simulation: board 2 took Vote3 in view 0 of slot 3 at ")
    assert "vote 2 of view 0 from boards" in simulation


def test_a_step_that_one_run_lacks_is_said_to_be_missing(tmp_path: Path) -> None:
    trace = trace_of(scenario(), tmp_path / "trace")

    def cut(line: dict[str, Any]) -> dict[str, Any] | None:
        is_it = line["event"] == "Decide" and (line["node"], line["slot"]) == (1, 2)
        return None if is_it else line

    parting = twin.compare(edited(trace, tmp_path / "boards", cut), trace).parting
    assert parting is not None
    assert (parting.slot, parting.board, parting.boards.step) == (2, 1, None)
    assert "took no further step in slot 2" in parting.boards.told(1, 2)


def test_liars_are_not_compared(tmp_path: Path) -> None:
    liar = scenario(byzantine=[{"node": 3, "adversary": "silence", "parameters": {}}])
    trace = trace_of(liar, tmp_path / "trace")

    def lie(line: dict[str, Any]) -> dict[str, Any]:
        return line | {"event": "Wish", "view": 1} if (line["event"], line["node"]) == ("Vote1", 3) else line

    assert twin.compare(edited(trace, tmp_path / "boards", lie), trace).parting is None


def test_the_command_compares_a_run_of_boards_and_refuses_a_simulation(tmp_path: Path) -> None:
    path = tmp_path / "scenario.toml"
    path.write_text(folder.scenario_text(scenario()))
    out = tmp_path / "runs"
    assert RUNNER.invoke(app, ["rehearse", str(path), "--kind", "host", "--out", str(out)]).exit_code == 0
    done = RUNNER.invoke(app, ["twin", str(out), "--json"])
    assert done.exit_code == 0, done.output
    assert json.loads(done.output)["slots_compared"] >= 6
    (page,) = out.glob("*/twin.html")
    assert "What was compared" in page.read_text()
    done = RUNNER.invoke(app, ["fork", str(out), "--at", "0.1", "--out", str(tmp_path / "branch")])
    assert "which cannot be rewound" in done.output
    assert (tmp_path / "branch" / "parent.ndjson").exists()
    done = RUNNER.invoke(app, ["twin", str(tmp_path / "branch")])
    assert done.exit_code == 2
    assert "is itself a simulation" in done.output

"""`amu check --spec` and `amu states`: exit codes, JSON and error messages."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from tests.support.command import app
from tests.support.modules.tla_models import FOLDER

RUNNER = CliRunner()
PARCELS = FOLDER / "Parcels.tla"
CONFIG = "INIT Init NEXT Next CONSTANTS Depot = {1, 2} WeightMax = 1 INVARIANT NotFull"


def run(*arguments: object) -> Any:
    return RUNNER.invoke(app, [str(argument) for argument in arguments])


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "Parcels.cfg"
    path.write_text(CONFIG)
    return path


def trace(tmp_path: Path, *lines: dict[str, Any]) -> Path:
    path = tmp_path / "trace.ndjson"
    path.write_text("".join([json.dumps(line) + "\n" for line in lines]))
    return path


SEND = {"event": "Send", "from": 1, "weight": 1}
RECEIVE = {"event": "Receive", "at": 2, "from": 1, "weight": 1}


# --- amu check --spec -----------------------------------------------------------------------------


def test_a_trace_that_the_module_allows_passes(tmp_path: Path, config: Path) -> None:
    result = run("check", trace(tmp_path, SEND, {"event": "Boot"}, RECEIVE), "--spec", PARCELS, "--cfg", config)
    assert result.exit_code == 0
    assert "Receive 1, Send 1" in result.output
    assert "Boot: 1 events are outside module Parcels" in result.output
    assert "PASS" in result.output


def test_the_first_bad_step_is_reported_with_the_modules_line(tmp_path: Path, config: Path) -> None:
    path = trace(tmp_path, SEND, RECEIVE, RECEIVE)
    result = run("check", path, "--spec", PARCELS, "--cfg", config)
    assert result.exit_code == 3
    assert "Parcels.tla:17: <<from, weight>> \\in road is false" in result.output
    found = json.loads(run("check", path, "--spec", PARCELS, "--cfg", config, "--json").output)
    assert (found["verdict"], found["exit_code"], found["module"]) == ("violation", 3, "Parcels")
    assert found["steps"] == {"Receive": 1, "Send": 1}
    bad = found["bad_step"]
    assert (bad["line"], bad["module_line"], bad["guard"]) == (3, 17, "<<from, weight>> \\in road")
    assert bad["state"] == "/\\ stock = <<0, 1>> /\\ road = {}"


def test_a_trace_that_is_cut_off_is_incomplete(tmp_path: Path, config: Path) -> None:
    path = trace(tmp_path, SEND)
    path.write_text(path.read_text() + '{"event": "Rec')
    assert run("check", path, "--spec", PARCELS, "--cfg", config).exit_code == 5


@pytest.mark.parametrize(
    ("lines", "arguments", "said"),
    [
        ('{"event": "Send", "from": 1, "weight": 0.5}\n', [], "line 1: weight: 0.5 is not a TLA"),
        ('{"event": "NotFull"}\n', [], "line 1: Parcels.tla:"),
        ("nothing", [], "neither lines that name an event nor a trace in ITF"),
        ('{"event": "Lose"}\n', ["--silent", "Gain"], "no definition 'Gain'"),
    ],
)
def test_bad_input_is_reported_in_one_line(
    tmp_path: Path, config: Path, lines: str, arguments: list[str], said: str
) -> None:
    path = tmp_path / "trace.ndjson"
    path.write_text(lines)
    result = run("check", path, "--spec", PARCELS, "--cfg", config, *arguments)
    assert result.exit_code == 2
    assert said in result.output
    assert "Traceback" not in result.output


def test_spec_cfg_and_silent_go_together(tmp_path: Path, config: Path) -> None:
    path = trace(tmp_path, SEND)
    for arguments in (["--spec", PARCELS], ["--cfg", config], ["--silent", "Lose"]):
        result = run("check", path, *arguments)
        assert result.exit_code == 2
        assert "--spec and --cfg need each other" in " ".join(result.output.replace("│", " ").split())


# --- amu states -----------------------------------------------------------------------------------


def test_states_are_counted_and_a_counterexample_is_printed(config: Path) -> None:
    result = run("states", PARCELS, "--cfg", config, "--limit", 2000)
    assert result.exit_code == 3
    assert "NotFull violated" in result.output
    assert "1. initial state" in result.output
    assert "2. Send" in result.output
    assert "stock = <<0, 5>>" in result.output or "stock = <<5, 0>>" in result.output
    found = json.loads(run("states", PARCELS, "--cfg", config, "--json", "--limit", 100).output)
    assert (found["distinct_states"], found["complete"]) == (100, False)


def test_json_has_every_verdict(tmp_path: Path) -> None:
    path = tmp_path / "Commit.cfg"
    path.write_text("INIT Init NEXT Next CONSTANT Manager = {m1, m2, m3} INVARIANTS TypeOK Agree NeverCommits")
    result = run("states", FOLDER / "Commit.tla", "--cfg", path, "--json")
    found = json.loads(result.output)
    assert result.exit_code == found["exit_code"] == 3
    assert (found["module"], found["distinct_states"], found["depth"], found["complete"]) == ("Commit", 288, 11, True)
    assert found["invariants"] == {"TypeOK": "holds", "Agree": "holds", "NeverCommits": "violated"}
    assert found["counterexamples"]["NeverCommits"][0]["action"] == "initial state"


def test_a_search_that_stops_at_the_limit_is_incomplete(tmp_path: Path) -> None:
    path = tmp_path / "Commit.cfg"
    path.write_text("INIT Init NEXT Next CONSTANT Manager = {m1, m2, m3} INVARIANT Agree")
    result = run("states", FOLDER / "Commit.tla", "--cfg", path, "--limit", 50)
    assert result.exit_code == 5
    assert "stopped at the limit" in result.output


def test_a_deadlock_is_a_violation_where_the_configuration_forbids_it(tmp_path: Path) -> None:
    module, path = tmp_path / "Down.tla", tmp_path / "Down.cfg"
    module.write_text(
        "---- MODULE Down ----\nEXTENDS Integers\nVARIABLE x\nInit == x = 2\nNext == x > 0 /\\ x' = x - 1\n====\n"
    )
    for text, code in (("", 0), (" CHECK_DEADLOCK FALSE", 0), (" CHECK_DEADLOCK TRUE", 3)):
        path.write_text("INIT Init NEXT Next" + text)
        result = run("states", module, "--cfg", path, "--json")
        assert (result.exit_code, json.loads(result.output)["deadlock"]) == (code, 1)


@pytest.mark.parametrize(
    ("body", "config", "said"),
    [
        ("Init == x = 0\nNext == x' = x /\\ \\A y : y = x", "INIT Init NEXT Next", "M.tla:5: unbounded quantification"),
        ("Init == x = 0\nNext == x' = x", "INIT Init NEXT Step", "no definition Step"),
        ('Init == x = 0\nNext == x\' = "a" + 1', "INIT Init NEXT Next", "no value"),
        ("Init == x = 0\nNext == x' = x", "INIT Init", "INIT and NEXT go together"),
        ("Init == x = \nNext == x' = x", "INIT Init NEXT Next", "syntax error"),
        ("Init == x = 0\nNext == x' = x", "INIT Init NEXT Next CONSTANT N = 1", "no CONSTANT and no definition N"),
    ],
)
def test_a_model_that_cannot_be_explored_is_reported_in_one_line(
    tmp_path: Path, body: str, config: str, said: str
) -> None:
    (tmp_path / "M.tla").write_text(f"---- MODULE M ----\nEXTENDS Integers\nVARIABLE x\n{body}\n====\n")
    (tmp_path / "M.cfg").write_text(config)
    result = run("states", tmp_path / "M.tla", "--cfg", tmp_path / "M.cfg")
    assert result.exit_code == 2
    assert said in result.output
    assert "Traceback" not in result.output

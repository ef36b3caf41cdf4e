"""`amu check` of a run folder whose files are broken: bad input, never a crash."""

import json
import os
from pathlib import Path

import pytest
from typer.testing import CliRunner

from groundstation.boards.claim import Claim
from tests.support.command import app
from tests.support.records.traces import Script


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        "7",
        "null",
        "{}",
        '{"mission": 7}',
        '{"mission": {}}',
        '{"mission": {"slots": []}}',
        '{"a": 1, "a": 1}',
    ],
)
def test_a_broken_verdict_is_bad_input(content: str, tmp_path: Path) -> None:
    script = Script()
    script.good_slot(1)
    script.end().write(tmp_path / "trace.ndjson")
    assert CliRunner().invoke(app, ["check", str(tmp_path)]).exit_code == 0
    (tmp_path / "verdict.json").write_text(content)
    result = CliRunner().invoke(app, ["check", str(tmp_path)])
    assert result.exit_code == 2, result.output
    assert "verdict.json: " in result.output


def test_a_run_whose_ground_station_died_says_how_to_continue(tmp_path: Path) -> None:
    run = tmp_path / "run"
    claim = Claim(run / "boards")
    script = Script()
    script.good_slot(1)
    script.write(run / "trace.ndjson")
    (run / "run.json").write_text('{"run": "run", "boards": "boards"}')

    def told() -> str | None:
        result = CliRunner().invoke(app, ["check", str(run), "--json"])
        assert result.exit_code == 5, result.output
        command = json.loads(result.stdout)["resume"]
        assert command is None or isinstance(command, str)
        return command

    assert told() is None, "nobody has flown these boards"
    claim.take(run)
    assert told() is None, "their ground station lives"
    claim.close()
    assert told() == f"amu rehearse --resume {run}"
    shown = CliRunner().invoke(app, ["check", str(run)]).stdout
    assert f"resume   amu rehearse --resume {run}" in shown
    later = Claim(run / "boards")
    later.take(tmp_path / "later")
    later.close()
    assert told() is None, "a later run has them"


@pytest.mark.parametrize("name", ["none", "x" * 300, "/dev/zero", "/dev/null", "pipe"])
def test_a_file_that_is_not_a_trace_is_bad_input(name: str, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    result = CliRunner().invoke(app, ["check", str(tmp_path / name)])
    assert result.exit_code == 2, result.output

"""`amu check` of a run folder whose files are broken: bad input, never a crash."""

import os
from pathlib import Path

import pytest
from typer.testing import CliRunner

from groundstation import cli
from tests.support.traces import Script


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
    assert CliRunner().invoke(cli.app, ["check", str(tmp_path)]).exit_code == 0
    (tmp_path / "verdict.json").write_text(content)
    result = CliRunner().invoke(cli.app, ["check", str(tmp_path)])
    assert result.exit_code == 2, result.output
    assert "verdict.json: " in result.output


@pytest.mark.parametrize("name", ["none", "x" * 300, "/dev/zero", "/dev/null", "pipe"])
def test_what_is_no_trace_is_bad_input(name: str, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    result = CliRunner().invoke(cli.app, ["check", str(tmp_path / name)])
    assert result.exit_code == 2, result.output

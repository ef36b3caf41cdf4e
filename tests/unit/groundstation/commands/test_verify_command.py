"""`amu verify`: output, saved files and exit codes."""

import io
import json
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner

from groundstation.commands import verify
from groundstation.commands.verify_display import LineDisplay, display, print_report
from specs.verification import verification
from specs.verification.result import EXIT_CODES
from specs.verification.verification import Options
from tests.support.command import app
from tests.support.modules.verification import run, write_feature


def test_an_unknown_feature_is_bad_input() -> None:
    result = CliRunner().invoke(app, ["verify", "tetrabtf"])
    assert result.exit_code == 2
    assert "no feature 'tetrabtf'; there are " in result.stderr
    assert "tetrabft" in result.stderr


def test_a_violation_is_shown_and_saved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AMU_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    write_feature(tmp_path, "Small == x < 3", "INVARIANT Small", run(name="As far as it goes"))
    log, page = io.StringIO(), io.StringIO()
    watcher = display(Console(file=log))
    assert isinstance(watcher, LineDisplay)  # no terminal
    report = verification.verify(["counter"], Options(specs=tmp_path), watcher)
    assert EXIT_CODES[report.status] == 3
    assert log.getvalue().splitlines()[0] == "parsed    counter"
    saved = verify.save_counterexamples(report)
    path = saved["counter", "As far as it goes"]
    assert path == Path("runs/counterexamples/counter-as-far-as-it-goes.ndjson")
    events = [json.loads(line) for line in path.read_text().splitlines()]
    assert [event["event"] for event in events[1:]] == ["Up", "Up", "Up"]
    print_report(report, saved, Console(file=page, width=200))
    told = page.getvalue()
    assert "counter: As far as it goes: expected ok, found Small is violated" in told
    assert "x = 3" in told
    assert str(path) in told
    [feature] = json.loads(json.dumps(verify.as_dict(report, saved)))["features"]
    assert (feature["status"], feature["runs"][0]["violated"]) == ("fail", "Small")
    assert feature["runs"][0]["counterexample"] == str(path)

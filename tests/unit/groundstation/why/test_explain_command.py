"""amu explain answers about a trace, and refuses anything else."""

import json
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from tests.support.command import app
from tests.unit.groundstation.why.stalls import answer, kills


def _run(*arguments: str) -> Any:
    return CliRunner().invoke(app, ["explain", *arguments])


def test_the_command_answers_in_words_and_in_json(tmp_path: Path) -> None:
    answer(tmp_path, {"board_faults": kills(0, 1)})
    trace = str(tmp_path / "trace.ndjson")
    said = _run(trace, "--at", "6")
    assert said.exit_code == 0
    assert "boards 0 and 1 unheard exceed f = 1" in said.output
    told = json.loads(_run(trace, "--at", "6", "--json").stdout)
    assert (told["state"], told["cause"]) == ("impossible under the present faults", "crash")
    assert [board["node"] for board in told["boards"] if board["kind"] == "crash"] == [0, 1]
    assert isinstance(told["links"], list)
    before = json.loads(_run(trace, "--at", "1.5", "--json").stdout)
    assert (before["state"], before["at"]) == ("moving", 1.5)
    done = json.loads(_run(trace, "--at", "6", "--slot", "1", "--json").stdout)
    assert (done["state"], done["slot"]) == ("moving", 1)


def test_what_is_no_trace_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.ndjson"
    for text in ("", "hello\n"):
        path.write_text(text)
        assert _run(str(path)).exit_code == 2
    assert _run(str(tmp_path / "nowhere")).exit_code == 2
    path.write_text("")
    assert _run(str(path), "--at", "-1").exit_code == 2

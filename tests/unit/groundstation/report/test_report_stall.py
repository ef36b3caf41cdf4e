"""A report says why its run stands still, in the words of amu explain, and nothing of a run that moves."""

import json
from pathlib import Path

from groundstation.report.report import write_trace
from groundstation.report.stall import stall
from specs.checking.trace import Reader
from tests.unit.groundstation.why.stalls import answer, cut, kills

SHORT = {"mission": {"limit_seconds": 4.5}}


def test_the_report_of_a_stall_has_the_sentence_the_boards_and_the_links(tmp_path: Path) -> None:
    found = answer(tmp_path, {**SHORT, "board_faults": kills(0), "faults": [cut([3])]}, 4.5)
    page = write_trace(tmp_path / "trace.ndjson").read_text()
    assert "Why it does not move" in page
    assert found.sentence in page
    assert "Boards, in slot" in page
    assert "<th>1 to 3</th><td>partition</td>" in page


def test_nothing_is_said_of_a_run_that_moves_or_of_a_trace_without_a_begin(tmp_path: Path) -> None:
    answer(tmp_path, SHORT, 4.5)
    trace = tmp_path / "trace.ndjson"
    assert stall(Reader(trace)) == []
    answer(tmp_path, {**SHORT, "board_faults": kills(0, 1)}, 4.5)
    assert len(stall(Reader(trace))) == 1
    lines = [line for line in trace.read_text().splitlines() if json.loads(line)["event"] != "RunStart"]
    trace.write_text("\n".join(lines) + "\n")
    assert stall(Reader(trace)) == []

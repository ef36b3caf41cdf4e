"""The report's section on clocks: offset, drift and error in words, and what was odd."""

import io
import json
import re
from typing import Any

import pytest

from groundstation.clocks.clocks import Clocks, Drift, of_events
from groundstation.report import clocks as report_clocks
from groundstation.report import report
from specs.checking.trace import parse
from swarm_sim.simulation import Simulation
from tests.support.simulator.simulations import scenario


def flown(**tables: Any) -> str:
    text = io.StringIO()
    Simulation(scenario(**tables), text, is_encoded=False, is_checked=False).fly()
    return text.getvalue()


def rows(html: str) -> list[list[str]]:
    return [re.findall(r"<t[hd][^>]*>([^<]*)</t[hd]>", row) for row in re.findall(r"<tr.*?</tr>", html, re.DOTALL)]


def test_each_boot_of_each_board_has_a_row_in_plain_words() -> None:
    fast = {"at": 0.0, "node": 1, "kind": "clock_drift", "seconds": 1000.0, "factor": 1.2}
    text = flown(board_faults=[fast], mission={"slots": 20}, workload={"operations": 20})
    clocks = of_events(parse(line, number) for number, line in enumerate(text.splitlines(keepends=True), 1))
    head, *told = rows(report_clocks.table(clocks))
    assert tuple(head) == report_clocks.HEADINGS
    assert [row[0] for row in told] == ["0", "1", "2", "3"]
    assert re.fullmatch(r"right, within \d+ ppm", told[0][4])
    assert re.fullmatch(r"\d+ ± \d+ ppm too fast", told[1][4])
    assert re.fullmatch(r"-?\d+\.\d{3} s ± \d+\.\d ms", told[0][3])
    assert re.fullmatch(r"\d+\.\d ms", told[0][5])
    assert "board 1, boot 0: its ticks are too fast" in report_clocks.table(clocks)


@pytest.mark.parametrize(
    ("drift", "words"),
    [
        (None, "not known"),
        (Drift(0.0, 1e6), "not known"),
        (Drift(12.0, 40.0), "right, within 52 ppm"),
        (Drift(-212.0, 40.0), "212 ± 40 ppm too slow"),
    ],
)
def test_a_drift_is_told_without_a_sign(drift: Drift | None, words: str) -> None:
    assert report_clocks.drift(drift) == words


def test_a_board_of_which_nothing_is_known_is_shown_as_such(tmp_path: Any) -> None:
    lines = [
        line for line in flown().splitlines(keepends=True) if '"Telecommand"' not in line and '"from":255' not in line
    ]
    trace = tmp_path / "trace.ndjson"
    trace.write_text("".join(lines))
    told = rows(report.write_trace(trace).read_text())
    assert ["0", "0", "not known", "not known", "not known"] in [[*row[:2], *row[3:]] for row in told if len(row) == 6]


def test_many_boots_are_cut_off_and_counted() -> None:
    clocks = Clocks()
    for boot in range(report_clocks.LIVES_MAX + 3):
        line = {"node": 1, "boot": boot, "seq": 0, "lamport": 1, "event": "Wish", "slot": 1, "view": 0}
        clocks.feed(parse(json.dumps(line | {"ticks": 4, "received": 1.0}), 1))
    html = report_clocks.table(clocks)
    assert len(rows(html)) == 1 + report_clocks.LIVES_MAX
    assert "3 further boots are omitted" in html

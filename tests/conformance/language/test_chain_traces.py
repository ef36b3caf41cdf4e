"""The example traces of a chain against specs/chain: the good one is accepted, each bad one at its first bad line.

A user checks a trace against a module in the same way: `amu check TRACE --spec --cfg --silent`.
"""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from specs.checking import any_trace as observation_check
from specs.verdict import EXIT_CODES, PASS, VIOLATION
from tests import ROOT
from tests.support.command import app

TRACES = ROOT / "tests" / "data" / "chain"
MODULE = ROOT / "specs" / "chain" / "trace_chain.tla"
CONFIG = MODULE.with_suffix(".cfg")
SILENT = ("Receive", "Acknowledge", "Answer")

# Trace, and the line at which no behaviour of a chain explains it any more.
BAD = {
    "dirty_read": 2,  # the head returns what the tail has not committed
    "stale_read": 4,  # a node with a dirty version answers without asking the tail
    "lost_write": 5,  # a committed write is gone with the tail
    "promoted_without_commit": 6,  # a new tail names an earlier version than the old one had committed
}


def check(trace: Path, **options: bool) -> observation_check.Checked:
    return observation_check.check(trace, MODULE, CONFIG, silent=SILENT, **options)


def test_the_good_trace_is_accepted() -> None:
    checked = check(TRACES / "good.ndjson")
    assert checked.verdict.verdict == PASS, checked.verdict.violations
    lines = (TRACES / "good.ndjson").read_text(encoding="utf-8").splitlines()
    assert sum(checked.result.steps.values()) == len(lines)
    assert not checked.result.outside
    assert {json.loads(line)["event"] for line in lines} == set(checked.result.steps)


@pytest.mark.parametrize("name", BAD)
def test_a_bad_trace_is_refused_at_its_bad_line(name: str) -> None:
    checked = check(TRACES / f"{name}.ndjson")
    assert checked.verdict.verdict == VIOLATION
    assert checked.result.bad is not None
    assert checked.result.bad.line == BAD[name]


def test_there_are_no_other_traces() -> None:
    assert {path.stem for path in TRACES.glob("*.ndjson")} == {"good", *BAD}


def test_actions_that_are_not_logged_must_be_named() -> None:
    """Without the silent steps the tail has nothing to commit."""
    checked = observation_check.check(TRACES / "good.ndjson", MODULE, CONFIG)
    assert checked.result.bad is not None
    assert checked.result.bad.line == 3


@pytest.mark.parametrize(("name", "verdict"), [("good", PASS), ("stale_read", VIOLATION)])
def test_as_a_command(name: str, verdict: str) -> None:
    silent = [word for action in SILENT for word in ("--silent", action)]
    arguments = [
        "check",
        str(TRACES / f"{name}.ndjson"),
        "--spec",
        str(MODULE),
        "--cfg",
        str(CONFIG),
        *silent,
        "--json",
    ]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == EXIT_CODES[verdict], result.output
    assert json.loads(result.stdout)["verdict"] == verdict

"""The shipped procedures fly by themselves: what they show a crew happens, and each ends with a PASS."""

import json
from pathlib import Path
from typing import Any

import pytest

from groundstation.flight import rehearsal
from groundstation.flight.progress import SilentDisplay
from groundstation.flight.rehearsal import Plan
from groundstation.record import run_directory
from groundstation.scenario import model
from groundstation.verdict.verdict import judge
from specs.checking.check import check_trace
from specs.verdict import PASS


def _fly(name: str, folder: Path) -> list[dict[str, Any]]:
    """The trace of a shipped mission, flown in virtual time."""
    flight = rehearsal.fly(Plan(model.load(name), "host", folder), SilentDisplay())
    trace = flight.directory / run_directory.TRACE
    verdict = judge(check_trace(trace), flight.summary, flight.directory)
    assert verdict.verdict == PASS, verdict.as_dict()
    return [json.loads(text) for text in trace.read_text().splitlines()]


def _of(lines: list[dict[str, Any]], event: str, *names: str) -> list[tuple[Any, ...]]:
    return [tuple(line[name] for name in names) for line in lines if line["event"] == event]


@pytest.mark.parametrize("name", ["first-procedure", "lunar-handover"])
def test_every_step_is_done_and_every_inject_with_a_time_or_a_step_is_played(name: str, tmp_path: Path) -> None:
    scenario = model.load(name)
    lines = _fly(name, tmp_path)
    assert scenario.procedure is not None
    done = [step for step, status in _of(lines, "Procedure", "step", "status") if status == "done"]
    assert done == [step.name for step in scenario.procedure.steps]
    due = {inject.name for inject in scenario.injects if inject.at is not None or inject.step is not None}
    assert {inject for inject, status in _of(lines, "Inject", "inject", "status") if status == "begun"} == due
    assert "refused" not in {status for (status,) in _of(lines, "Inject", "status")}


def test_the_handover_waits_for_a_quorum_and_for_the_light(tmp_path: Path) -> None:
    lines = _fly("lunar-handover", tmp_path)
    polls = [
        answer
        for step, role, answer in _of(lines, "Poll", "step", "role", "answer")
        if (step, role) == ("go for the handover", "quorum")
    ]
    assert polls[:1] == ["no-go"]
    assert polls[-1:] == ["go"]
    (begun,) = [
        at
        for step, status, at in _of(lines, "Procedure", "step", "status", "received")
        if (step, status) == ("lease the relay", "delaying")
    ]
    (answered,) = [
        line["received"]
        for line in lines
        if line["event"] == "Telecommand" and line["stage"] == "confirmed" and line["operation"] == _lease(lines)
    ]
    assert begun >= answered + 1.2  # the Moon's word needs 1.3 s
    assert {name for (counts,) in _of(lines, "Fault", "counts") for name in counts} >= {
        "light",
        "lander: held",
        "relay up: no contact",
        "solar noise",
    }


def _lease(lines: list[dict[str, Any]]) -> int:
    """The telecommand of the first lease."""
    return next(
        int(line["operation"])
        for line in lines
        if line["event"] == "Order" and line["told"].get("fields", {}).get("resource") == "relay/1"
    )

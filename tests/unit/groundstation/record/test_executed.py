"""The check of confirmed operations against the log fails on planted errors."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.executed import confirmed_but_not_executed_once

QUEUED = {"node": 255, "event": "Telecommand", "client": 0, "operation": 7, "stage": "queued", "command": ["noop"]}
CONFIRMED = QUEUED | {"stage": "confirmed", "slot": 4, "result": ["ok"]}
APPLIED = {"node": 1, "event": "Operation", "client": 0, "operation": 7, "command": ["noop"], "slot": 4}
APPLIED |= {"result": ["ok"]}
START = {"node": 255, "event": "RunStart", "byzantine": [3]}
GOOD = [START, QUEUED, APPLIED, {**APPLIED, "node": 2}, CONFIRMED]


def _complaints(tmp_path: Path, events: list[dict[str, Any]]) -> list[str]:
    trace = tmp_path / "trace.ndjson"
    trace.write_text("".join(json.dumps(event) + "\n" for event in events))
    return confirmed_but_not_executed_once(trace)


def test_an_operation_that_was_applied_as_confirmed_is_good(tmp_path: Path) -> None:
    repeated = {**APPLIED, "slot": 6}
    liar = {**APPLIED, "node": 3, "result": ["refused", "no"]}
    assert _complaints(tmp_path, [*GOOD, repeated, liar]) == []


@pytest.mark.parametrize(
    "events",
    [
        [START, QUEUED, CONFIRMED],  # never applied
        [*GOOD, QUEUED],  # a number twice
        [*GOOD, {**CONFIRMED, "slot": 5}],
        [*GOOD, {**APPLIED, "slot": 3}],  # it had been applied before
        [*GOOD, {**APPLIED, "slot": 6, "result": ["refused", "again"]}],  # it took effect again
        [START, {**QUEUED, "command": ["job-cancel", 1]}, APPLIED, CONFIRMED],  # another command under its number
        [START, QUEUED, {**APPLIED, "result": ["refused", "no"]}, CONFIRMED],
    ],
)
def test_every_mismatch_is_reported(tmp_path: Path, events: list[dict[str, Any]]) -> None:
    assert _complaints(tmp_path, events)

"""A violated property, opened: over HTTP, beside a trace with a planted violation."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from groundstation.record import run_directory
from groundstation.web import violations
from groundstation.web.flights import Flight
from groundstation.web.violations import Violations
from specs import FOLDER
from tests.support.host_flight import fly
from tests.support.records.planted import with_another_decision
from tests.support.served import GIVE_UP_SECONDS, Served


@pytest.fixture(scope="module")
def bad(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs")
    flight = fly(folder, mission={"slots": 3}, workload={"operations": 3})
    path = folder / "bad.ndjson"
    path.write_bytes(with_another_decision((flight.directory / run_directory.TRACE).read_bytes()))
    return path


@pytest.fixture(scope="module")
def served(bad: Path) -> Iterator[Served]:
    served = Served(Flight(trace=bad), None)
    yield served
    served.close()


def _until(served: Served, identifier: str, status: int, state: str = "") -> dict[str, Any]:
    """Ask until the answer has a status, and a state."""
    give_up = time.monotonic() + GIVE_UP_SECONDS
    while True:
        found, answer = served.ask("GET", f"/api/violation?property={identifier}")
        if found == status and answer.get("state", "") == state:
            return answer
        assert time.monotonic() < give_up, answer
        time.sleep(0.05)


def test_a_red_property_has_its_first_part_and_the_lines_of_its_module(served: Served, bad: Path) -> None:
    answer = _until(served, "CON-4", 200, "found")
    lines = bad.read_bytes().splitlines()
    assert answer["property"] == "CON-4"
    assert answer["events"][-1]["number"] == answer["lines"] < len(lines)
    marked = [event for event in answer["events"] if event["is_bad"]]
    assert marked[-1] == answer["events"][-1]
    assert len({event["value"] for event in marked}) == 2  # that two boards decided
    ((statement),) = [one for one in answer["statements"] if one["module"] == "tetrabft/tetrabft.tla"]
    assert statement["text"][0][0] == statement["line"]
    source = (FOLDER / statement["module"]).read_text().split("\n")
    assert all(source[number - 1] == text for number, text in statement["text"])
    assert statement["text"][0][1].startswith("Agreement ==")
    assert _until(served, "CON-1", 200, "found")["lines"] <= answer["lines"]


def test_a_property_that_is_not_violated_has_nothing_to_open(served: Served) -> None:
    _until(served, "CON-4", 200, "found")
    for identifier in ("CON-5", "none", ""):
        status, answer = served.ask("GET", f"/api/violation?property={identifier}")
        assert (status, answer["outcome"]) == (404, "refused")


def _row(identifier: str) -> dict[str, Any]:
    return {"id": identifier, "sentence": "s", "places": []}


def _wait(found: Violations, trace: Path, identifier: str) -> dict[str, Any]:
    give_up = time.monotonic() + GIVE_UP_SECONDS
    while (answer := found.answer(trace, _row(identifier)))["state"] == "searching":
        assert time.monotonic() < give_up
        time.sleep(0.05)
    return answer


def test_one_search_at_a_time_and_each_is_answered(bad: Path, tmp_path: Path) -> None:
    found = Violations()
    try:
        assert found.answer(bad, _row("CON-4"))["state"] == "searching"
        assert found.answer(bad, _row("LDG-1"))["state"] == "searching"
        assert _wait(found, bad, "LDG-1")["reason"] == violations.NOT_FOUND
        assert _wait(found, bad, "CON-4")["state"] == "found"
        assert "cannot be read" in _wait(found, tmp_path / "none", "CON-4")["reason"]
    finally:
        found.close()


def test_a_search_that_takes_too_long_is_ended(bad: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(violations, "SEARCH_SECONDS_MAX", 0.0)
    found = Violations()
    answer = found.answer(bad, _row("CON-4"))
    process = found._search.process if found._search else None
    while answer["state"] == "searching":
        answer = found.answer(bad, _row("CON-4"))
    assert process is not None
    assert (answer["state"], process.returncode) == ("not found", -9)
    assert found._search is None


def test_closing_ends_the_search(bad: Path) -> None:
    found = Violations()
    found.answer(bad, _row("CON-4"))
    assert found._search is not None
    process = found._search.process
    found.close()
    assert process.returncode is not None

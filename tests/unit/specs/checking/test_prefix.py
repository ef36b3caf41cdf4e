"""The shortest first part of a trace that shows a violation, compared with the verdicts on the parts around it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from groundstation.record import run_directory
from specs.checking import prefix
from specs.checking.check import check_trace
from specs.checking.prefix import Prefix, named_lines, shortest
from tests.support.host_flight import fly
from tests.support.records.planted import with_another_decision


@pytest.fixture(scope="module")
def bad(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A trace whose last decision is another one."""
    flight = fly(tmp_path_factory.mktemp("runs"), mission={"slots": 3}, workload={"operations": 3})
    return with_another_decision((flight.directory / run_directory.TRACE).read_bytes())


def _is_violated(text: bytes, lines: int, identifier: str, tmp_path: Path) -> bool:
    path = tmp_path / "part.ndjson"
    path.write_bytes(b"".join(text.splitlines(keepends=True)[:lines]))
    return any(told.startswith(f"{identifier}: ") for told in check_trace(path).violations)


@pytest.mark.parametrize("identifier", ["CON-1", "CON-4", "LOG-2"])
def test_it_shows_the_violation_and_a_line_less_does_not(bad: bytes, tmp_path: Path, identifier: str) -> None:
    found = shortest(bad, identifier)
    assert found is not None
    assert _is_violated(bad, found.lines, identifier, tmp_path)
    assert not _is_violated(bad, found.lines - 1, identifier, tmp_path)
    assert found.violations
    assert all(told.startswith(f"{identifier}: ") for told in found.violations)


def test_it_shows_the_last_lines_and_those_that_are_named(bad: bytes) -> None:
    found = shortest(bad, "CON-4")
    assert found is not None
    numbers = [number for number, _, _ in found.shown]
    assert numbers == sorted(numbers)
    assert set(range(found.lines - prefix.BEFORE, found.lines + 1)) <= set(numbers)
    named = {number for told in found.violations for number in named_lines(told)}
    assert len(named) == 2  # one decision contradicts another
    assert {number for number, _, is_named in found.shown if is_named} == named | {found.lines}
    lines = bad.splitlines()
    for number, offset, _ in found.shown:
        assert bad[offset:].split(b"\n")[0] == lines[number - 1]


def test_what_is_not_violated_has_none(bad: bytes) -> None:
    assert shortest(bad, "LDG-1") is None


def test_lines_after_one_that_is_no_event_are_not_looked_at(bad: bytes) -> None:
    found = shortest(bad, "CON-4")
    assert found is not None
    assert shortest(bad + b"nonsense\n", "CON-4") == found
    lines = bad.splitlines(keepends=True)
    before = found.lines - 1
    assert shortest(b"".join([*lines[:before], b"nonsense\n", *lines[before:]]), "CON-4") is None


def test_lines_of_modules_are_not_lines_of_the_trace() -> None:
    told = (
        "CON-1: slot 31: line 4250: node 0: Decide is not allowed by tetrabft.tla, line 42; contradicts line 7: node 1"
    )
    assert named_lines(told) == [4250, 7]


def _run(trace: Path, identifier: str) -> "subprocess.CompletedProcess[str]":
    words = (sys.executable, "-m", "specs.checking.prefix", str(trace), identifier)
    return subprocess.run(words, capture_output=True, text=True, check=False)


def test_as_a_command_it_says_what_is_wrong_with_the_trace(bad: bytes, tmp_path: Path) -> None:
    trace = tmp_path / "trace.ndjson"
    trace.write_bytes(bad)
    told = _run(trace, "CON-4")
    found = shortest(bad, "CON-4")
    assert found is not None
    shown = [list(one) for one in found.shown]
    assert json.loads(told.stdout) == {"lines": found.lines, "violations": found.violations, "shown": shown}
    missing = _run(tmp_path / "none", "CON-4")
    assert missing.returncode == 1
    assert "none: cannot be read: No such file or directory" in missing.stderr
    assert Prefix(**json.loads(told.stdout)).lines == found.lines

"""A long check says how far it is; a short one says nothing."""

import io
from pathlib import Path

import pytest
from rich.console import Console

from groundstation.flight import progress
from specs.checking import check
from specs.checking.check import check_trace
from tests.support.records.traces import Script


def test_a_check_reports_bytes_and_slots(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check, "EVENTS_TOGETHER", 2)
    script = Script()
    for slot in (1, 2, 3):
        script.good_slot(slot)
    path = tmp_path / "trace.ndjson"
    script.end().write(path)
    told: list[tuple[str, int, int]] = []
    verdict = check_trace(path, tell=lambda *words: told.append(words))
    assert vars(verdict) == vars(check_trace(path))
    read = [(done, total) for what, done, total in told if what == "bytes of the trace"]
    assert len(read) > 3
    assert read == sorted(read)
    assert {total for _, total in read} == {path.stat().st_size}
    assert read[-1][0] <= path.stat().st_size
    assert [(done, total) for what, done, total in told if what == "slots"] == [(0, 3), (1, 3), (2, 3)]


@pytest.mark.parametrize("is_terminal", [True, False])
def test_long_work_shows_progress(is_terminal: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter((0.0, 1.9, 2.1, 2.1, 4.2, 4.2))
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(clock))
    file = io.StringIO()
    with progress.checking(Console(file=file, force_terminal=is_terminal, width=80)) as tell:
        tell("slots", 0, 9)
        assert file.getvalue() == ""
        tell("slots", 1, 9)
        tell("slots", 2000, 9000)
    assert "checked 1 of 9 slots" in file.getvalue()
    assert "checked 2,000 of 9,000 slots" in file.getvalue()
    assert file.getvalue().count("\n") == 2 or is_terminal

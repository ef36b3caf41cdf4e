"""The debrief as PDF, by programs that stand for Chromium; and bad input to the command."""

import errno
import os
from pathlib import Path

import pytest
from typer.testing import CliRunner

from groundstation.record import run_directory
from tests.support.command import app
from tests.unit.groundstation.debrief.made_up import Trace

pytestmark = pytest.mark.usefixtures("no_pictures")

PRINTS = """for each in "$@"; do
case "$each" in --print-to-pdf=*) out="${each#*=}";; file://*) page="${each#file://}";; esac
done
grep -q "Injects, detection" "$page" || exit 9
"""
GOOD = PRINTS + "printf '%%PDF-1.7 a page %%%%EOF\\n' >\"$out\"\n"
HALF = PRINTS + "printf '%%PDF-1.7 a pa' >\"$out\"\n"
FAILS = "echo 'no display' >&2; exit 3\n"


def _invoke(*arguments: object) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["debrief", *map(str, arguments)])
    return result.exit_code, " ".join(result.output.split())


@pytest.fixture
def trace(tmp_path: Path) -> Path:
    return Trace().save(tmp_path / "trace.ndjson")


def _browser(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: str) -> None:
    program = tmp_path / "browser"
    program.write_text(f"#!/bin/sh\n{body}")
    program.chmod(0o755)
    monkeypatch.setenv("AMU_CHROMIUM", str(program))


def test_chromium_prints_the_page_to_its_place(trace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _browser(tmp_path, monkeypatch, GOOD)
    assert _invoke(trace, "--pdf")[0] == 0
    assert (tmp_path / "trace.pdf").read_bytes() == b"%PDF-1.7 a page %%EOF\n"
    assert sorted(each.name for each in tmp_path.iterdir()) == ["browser", "trace.ndjson", "trace.pdf"]


@pytest.mark.parametrize(
    ("body", "told"), [(HALF, "printed no PDF (exit code 0)"), (FAILS, "printed no PDF (exit code 3): no display")]
)
def test_half_a_page_never_takes_the_place_of_a_whole_one(
    trace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: str, told: str
) -> None:
    _browser(tmp_path, monkeypatch, body)
    out = tmp_path / "out.pdf"
    out.write_text("before")
    code, said = _invoke(trace, "--pdf", "--out", out)
    assert code == 2
    assert told in said
    assert out.read_text() == "before"


def test_without_chromium_the_error_names_what_to_install(trace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AMU_CHROMIUM", raising=False)
    monkeypatch.setenv("PATH", str(trace.parent))
    code, said = _invoke(trace, "--pdf")
    assert code == 2
    assert "install it (apt install chromium), or name it in AMU_CHROMIUM" in said


def test_a_named_program_that_is_not_there_is_named(trace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AMU_CHROMIUM", "/nowhere/chromium")
    code, said = _invoke(trace, "--pdf")
    assert code == 2
    assert "/nowhere/chromium is not a program" in said


def test_a_full_disk_is_told_and_leaves_nothing_behind(
    trace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    _browser(tmp_path, monkeypatch, GOOD)
    monkeypatch.setattr(run_directory.os, "replace", full)
    for options in ((), ("--pdf",)):
        code, said = _invoke(trace, *options, "--out", tmp_path / "out")
        assert code == 2
        assert "No space left on device" in said
        assert sorted(each.name for each in tmp_path.iterdir()) == ["browser", "trace.ndjson"]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "holds no event"),
        (b"{\n", "line 1: not JSON"),
        (b"\x1f\x8b\x08\n", "line 1: compressed with gzip"),
        (b'{"node": 1}\n', "line 1: every event needs a field"),
    ],
)
def test_what_is_not_a_trace_is_refused(tmp_path: Path, content: bytes, told: str) -> None:
    path = tmp_path / "trace.ndjson"
    path.write_bytes(content)
    code, said = _invoke(path)
    assert code == 2
    assert told in said
    assert [each.name for each in tmp_path.iterdir()] == ["trace.ndjson"]


def test_places_that_do_not_fit_are_refused(trace: Path, tmp_path: Path) -> None:
    assert _invoke(tmp_path / "nowhere")[0] == 2
    assert _invoke(trace, "--out", tmp_path / "no" / "folder.html")[0] == 2
    assert _invoke(trace, "--out", tmp_path)[0] == 2
    code, said = _invoke(trace, "--out", trace)
    assert code == 2
    assert "is the input file" in said
    (tmp_path / "empty").mkdir()
    code, said = _invoke(tmp_path / "empty")
    assert code == 2
    assert "no run here" in said

"""Run folders damaged by people or by a full disk: each command names the file, the fault and what it wants."""

import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from groundstation.boards import bench
from groundstation.commands.rehearse import judge_flight
from groundstation.flight import rehearsal, resumption
from groundstation.flight.progress import SilentDisplay
from groundstation.flight.rehearsal import Plan, PlanError
from groundstation.record import run_directory, shape
from groundstation.record.contents import Mission, Summary
from groundstation.report import canvas as report_canvas
from groundstation.scenario.model import parse
from specs.checking import check as checker
from swarm_sim.testing.host_board import HostBoard
from tests.support.command import app

DOCUMENT: dict[str, Any] = {
    "name": "small",
    "description": "A small mission for a test.",
    "mission": {"slots": 3, "limit_seconds": 60.0, "settle_seconds": 0.5},
    "workload": {"operations": 3},
}
JSON_FILES = (run_directory.RUN, run_directory.VERDICT, run_directory.VERSIONS)
WRONG = (None, "x", -1, 1e308, True, [], {}, [[]], {"x": {}}, "\u2028\x1b")


@pytest.fixture(scope="module")
def flown(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run as a rehearsal leaves it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bench, "board_kind", lambda name: HostBoard)
        out = tmp_path_factory.mktemp("flown")
        flight = rehearsal.fly(Plan(parse(DOCUMENT, "test"), "host", out), SilentDisplay())
        patch.setattr(report_canvas, "_render", drawn)
        judge_flight(flight, tlc=False)
    return flight.directory


def drawn(*arguments: Any, **_: Any) -> None:
    """Pictures take seconds, and show nothing that matters here."""
    arguments[2].write("<svg/>")


@pytest.fixture
def folder(flown: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of it. Nothing is flown, and its trace is judged as it was."""
    verdict = checker.check_trace(flown / run_directory.TRACE)
    monkeypatch.setattr(checker, "check_trace", lambda *_, **__: verdict)

    def not_flown(*_: object) -> None:
        raise PlanError("not flown in this test")

    monkeypatch.setattr(rehearsal, "fly", not_flown)
    monkeypatch.setattr(report_canvas, "_render", drawn)
    copy = tmp_path / "run"
    shutil.copytree(flown, copy)
    return copy


def amu(*arguments: object) -> Any:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def require_sensible(done: Any) -> None:
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    assert done.exit_code in (0, 2, 3, 4, 5), done.output
    assert done.exit_code != 2 or done.stderr.startswith("amu ")
    assert "\x1b" not in done.output


def mangled(text: str) -> Iterator[str | bytes]:
    """Texts that are not a JSON object, or not one of ours."""
    yield from ("", " ", "null", "3", '"x"', "[]", "{}", "[{}]", text[: len(text) // 2], text + "x", text + text)
    yield from (text.replace("{", "{" + '"run": 1, "run": 2, "mission": NaN, ', 1), "[" * 100_000, '{"a":' * 100_000)
    yield from (text.encode() + b"\xff", b"\xff\xfe" + text.encode("utf-16-le"), b"\x00")


def changed(found: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Callable[[Any], None]]]:
    """For each member of an object, down to the third level: without it, and with each wrong value in its place."""
    members = found.items() if isinstance(found, dict) else enumerate(found) if isinstance(found, list) else ()
    for key, value in members:

        def without(owner: Any, key: Any = key) -> None:
            del owner[key]

        yield (*path, key), without
        for wrong in WRONG:

            def put(owner: Any, key: Any = key, wrong: Any = wrong) -> None:
                owner[key] = wrong

            yield (*path, key), put
        if len(path) < 2:
            yield from changed(value, (*path, key))


def with_change(text: str, path: tuple[Any, ...], change: Callable[[Any], None]) -> str:
    document = json.loads(text)
    owner = document
    for key in path[:-1]:
        owner = owner[key]
    change(owner)
    return json.dumps(document)


def put(path: Path, content: str | bytes) -> None:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())


def test_the_mission_writes_what_the_judgement_reads(flown: Path) -> None:
    mission = json.loads((flown / run_directory.VERDICT).read_text())["mission"]
    assert shape.fault(mission, Summary) is None
    assert mission.keys() == Summary.__annotations__.keys()
    for key in mission:
        without = {name: value for name, value in mission.items() if name != key}
        assert (shape.fault(without, Summary) is None) == (key in Summary.__optional_keys__)


def test_a_verdict_that_is_not_json_is_refused(folder: Path) -> None:
    path = folder / run_directory.VERDICT
    for content in mangled(path.read_text()):
        put(path, content)
        done = amu("check", folder)
        assert done.exit_code == 2, content[:80]
        assert done.stderr.startswith(f"amu check: {path}: ")
        require_sensible(done)


def fault_of(verdict: Path) -> str:
    """Why the mission's own summary cannot be read; empty if it can."""
    try:
        run_directory.read_as(verdict, Mission)
    except run_directory.RunDirectoryError as error:
        return str(error)
    return ""


def test_a_verdict_in_another_shape_is_refused_or_read(folder: Path) -> None:
    """Each change is read; the command judges one in ten, and all of those that are read although they are wrong."""
    path = folder / run_directory.VERDICT
    text = path.read_text()
    refused = 0
    for number, (place, change) in enumerate(changed(json.loads(text)["mission"], ("mission",))):
        put(path, with_change(text, place, change))
        said = fault_of(path)
        refused += bool(said)
        assert not said or said.startswith(f"{path}: mission")
        if not said or number % 10 == 0:
            require_sensible(amu("check", folder))
    assert refused > 150


@pytest.mark.parametrize("name", [run_directory.RUN, run_directory.SCENARIO])
def test_a_replay_refuses_broken_files_in_words(folder: Path, name: str) -> None:
    path = folder / name
    for content in mangled(path.read_text()):
        put(path, content)
        done = amu("rehearse", "--replay", folder)
        require_sensible(done)
        assert (name in done.stderr) != ("not flown" in done.stderr)
    text = (folder / run_directory.RUN).read_text()
    if name == run_directory.RUN:
        put(path, with_change(text.replace(text, '{"kind": 3}'), ("kind",), lambda owner: owner.update(kind=3)))
        assert f"{path}: kind: want a text" in amu("rehearse", "--replay", folder).stderr


@pytest.mark.parametrize("name", JSON_FILES)
def test_a_report_refuses_broken_files_in_words(folder: Path, name: str) -> None:
    path = folder / name
    for content in list(mangled(path.read_text()))[:9]:
        put(path, content)
        done = amu("report", folder)
        require_sensible(done)
        assert done.exit_code == 0 or f"{path}: " in done.stderr


@pytest.mark.parametrize("name", [*JSON_FILES, run_directory.SCENARIO, run_directory.TRACE, run_directory.LOG])
@pytest.mark.parametrize("what", ["folder", "pipe", "nothing", "dangling", "loop"])
def test_a_path_that_is_not_a_file_is_refused(folder: Path, name: str, what: str) -> None:
    path = folder / name
    path.unlink()
    if what == "folder":
        path.mkdir()
    elif what == "pipe":
        os.mkfifo(path)
    elif what in ("dangling", "loop"):
        path.symlink_to("nowhere" if what == "dangling" else name)
    export = ("export", folder, "--format", "perfetto", "--out", folder / "out")
    for arguments in (("check", folder), ("report", folder), export, ("rehearse", "--replay", folder)):
        require_sensible(amu(*arguments))


@pytest.mark.parametrize("content", ["", "00" * 16, "00" * 33, "x", "\xff"])
def test_a_malformed_secret_is_refused(tmp_path: Path, content: str) -> None:
    put(tmp_path / run_directory.SECRET, content)
    with pytest.raises(run_directory.RunDirectoryError, match="secret: cannot be read"):
        resumption.secret(tmp_path)


def test_a_pipe_is_not_replaced_by_what_is_written(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(OSError, match="it is not a regular file, and is not replaced"):
        run_directory.write_text(pipe, "text")
    assert pipe.is_fifo()
    assert os.listdir(tmp_path) == ["pipe"]

"""Every file of tests/on_board runs under CPython and under MicroPython, and the same tests pass in both."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

from tests import ROOT
from tests.support.flight import interpreters

FOLDER = ROOT / "tests" / "on_board"
FILES = sorted(FOLDER.glob("test_*.py"))


def load(path: Path) -> ModuleType:
    """The module in `path` under a name of its own: pytest knows other modules by the same name."""
    spec = importlib.util.spec_from_file_location(f"on_board_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


RUNNER = load(FOLDER / "run.py")


@pytest.fixture
def on_board_imports(monkeypatch: pytest.MonkeyPatch) -> None:
    """The files import shared modules by their bare names, as on a board."""
    monkeypatch.syspath_prepend(str(FOLDER))
    monkeypatch.delitem(sys.modules, "expect", raising=False)


def test_there_are_tests() -> None:
    assert len(FILES) >= 7


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
@pytest.mark.usefixtures("on_board_imports")
def test_same_tests_pass_in_both_interpreters(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    passed, failed = RUNNER.run_module(path.stem, load(path))
    here = capsys.readouterr().out
    assert passed > 0, f"{path} holds no tests"
    assert failed == 0, here
    there = interpreters.run_micropython(FOLDER / "run.py", path.stem, folders=(FOLDER,))
    assert there.returncode == 0, there.stdout
    assert [line for line in there.stdout.splitlines() if line.startswith("ok ")] == here.splitlines()


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("def test_planted():\n    assert 1 + 1 == 3\n", "FAIL test_planted.test_planted"),
        ("import no_such_module\n", "FAIL test_planted: cannot be imported"),
        ("helper = 1\n", "FAIL test_planted: holds no tests"),
    ],
)
def test_a_failure_is_a_failure_in_micropython(tmp_path: Path, source: str, says: str) -> None:
    (tmp_path / "test_planted.py").write_text(source)
    ran = interpreters.run_micropython(FOLDER / "run.py", "test_planted", folders=(tmp_path,))
    assert ran.returncode == 1
    assert says in ran.stdout


def test_a_failure_is_a_failure_in_cpython(capsys: pytest.CaptureFixture[str]) -> None:
    module = ModuleType("test_planted")

    def planted() -> None:
        raise AssertionError("planted")

    module.test_planted = planted  # type: ignore[attr-defined]
    assert RUNNER.run_module("test_planted", module) == (0, 1)
    assert "FAIL test_planted.test_planted" in capsys.readouterr().out


def test_runner_finds_the_files_by_itself() -> None:
    ran = interpreters.run_micropython(FOLDER / "run.py", folders=(FOLDER,))
    assert ran.returncode == 0, ran.stdout
    assert {line.split()[1].split(".")[0] for line in ran.stdout.splitlines() if line.startswith("ok ")} == {
        path.stem for path in FILES
    }


def test_missing_interpreter_is_an_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("AMU_MICROPYTHON", str(tmp_path / "absent"))
    with pytest.raises(FileNotFoundError, match="AMU_MICROPYTHON="):
        interpreters.micropython()
    monkeypatch.delenv("AMU_MICROPYTHON")
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(FileNotFoundError, match="set AMU_MICROPYTHON"):
        interpreters.micropython()

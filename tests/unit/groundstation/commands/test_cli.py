"""The command line: help, exit codes and error messages."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from groundstation import cli
from groundstation.scenario import model as scenario
from specs.seeds import SEED_MAX
from tests.support.command import app

RUNNER = CliRunner()
COMMANDS = ["rehearse", "check", "report", "export", "scenarios", "states"]


def _run(*arguments: str) -> Any:
    return RUNNER.invoke(app, list(arguments))


def test_help_explains_every_command_with_an_example() -> None:
    words = " ".join(_run("--help").output.replace("│", " ").split())
    for command in COMMANDS:
        assert f"Example: amu {command}" in words


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_a_command_has_an_example(command: str) -> None:
    result = _run(command, "--help")
    assert result.exit_code == 0
    assert f"amu {command}" in result.output


def test_help_imports_nothing_heavy() -> None:
    heavy = {"matplotlib", "numpy", "pydantic", "serial", "tree_sitter", "cbor2"}
    code = f"import sys, groundstation.cli; print(sorted({heavy!r} & set(sys.modules)))"
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert printed.strip() == "[]"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["rehearse", "first-lite"], "did you mean 'first-light'"),
        (["rehearse", "--boards", "3"], "want a whole number from 4 to 13, have '3'"),
        (["rehearse", "--boards", "4.0"], "want a whole number from 4 to 13, have '4.0'"),
        (["rehearse", "--boards", "many"], "want a whole number"),
        (["stop", "nowhere"], "there is no such folder; amu ps lists running boards"),
        (["rehearse", "--kind", "cardboard"], "no board kind 'cardboard'"),
        (["rehearse", "byzantine", "--boards", "4"], "there is no board 5, only 0 to 3"),
        (["rehearse", "--replay", "/nowhere"], "there is no such file or folder"),
        (["rehearse", "first-light", "--replay", "/nowhere"], "give one of"),
        (["rehearse", "--resume", "/nowhere", "--seed", "2"], "--resume keeps the boards"),
        (["rehearse", "--bogus"], "No such option"),
        (["check", "/nowhere"], "there is no such file or folder"),
        (["check"], "Missing argument"),
        (["report", "/nowhere"], "there is no such file or folder"),
        (["scenarios", "first-lite"], "did you mean 'first-light'"),
    ],
)
def test_bad_input_exits_2_and_says_what_to_do(
    arguments: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = _run(*arguments)
    assert result.exit_code == 2
    assert said in " ".join(result.stderr.replace("│", " ").split())


def test_plan_that_cannot_be_flown_leaves_no_run_behind(tmp_path: Path) -> None:
    assert _run("rehearse", "--kind", "cardboard", "--out", str(tmp_path / "runs")).exit_code == 2
    assert not (tmp_path / "runs").exists()


def test_check_refuses_a_file_that_is_not_a_trace(tmp_path: Path) -> None:
    path = tmp_path / "trace.ndjson"
    path.write_text("certainly not\n")
    result = _run("check", str(path))
    assert result.exit_code == 2
    assert "line 1" in result.stderr


def test_out_that_cannot_be_written_exits_2(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    result = _run("rehearse", "--out", str(tmp_path / "file" / "runs"))
    assert result.exit_code == 2
    assert "choose another --out" in result.stderr


def test_scenarios_lists_and_shows() -> None:
    listed = _run("scenarios").output
    assert all(f"\n{name} " in listed for name in scenario.shipped())
    assert 'name = "power-cut"' in _run("scenarios", "power-cut").output


class _Entry:
    def __init__(self, name: str, loaded: Any) -> None:
        self.name, self.value, self._loaded = name, f"module:{name}", loaded

    def load(self) -> Any:
        if isinstance(self._loaded, Exception):
            raise self._loaded
        return self._loaded


def test_commands_of_upper_floors_are_added(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def greet() -> None:
        """Greet."""
        print("hello from above")

    group = typer.Typer()
    group.command("one")(greet)
    group.command("two")(greet)
    entries = [_Entry("greet", greet), _Entry("many", group), _Entry("broken", ImportError("no such module"))]
    monkeypatch.setattr(cli.importlib.metadata, "entry_points", lambda group: entries)
    app = typer.Typer()
    app.command("own")(greet)
    cli.add_entry_points(app)
    for arguments in (["greet"], ["many", "two"]):
        assert "hello from above" in RUNNER.invoke(app, arguments).output
    # A command that cannot be loaded is reported, and harms no other.
    assert "command broken of module:broken cannot be loaded: no such module" in capsys.readouterr().err


def test_crash_exits_1_with_one_line_and_a_log(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(prog_name: str, standalone_mode: bool) -> None:
        raise RuntimeError("a planted bug\nwith a second line")

    monkeypatch.setattr(cli, "app", fail)
    monkeypatch.setattr(cli, "add_entry_points", lambda into: None)
    with pytest.raises(SystemExit) as caught:
        cli.main()
    assert caught.value.code == 1
    said = capsys.readouterr().err
    assert said.startswith("amu: RuntimeError: a planted bug (details: ")
    assert said.count("\n") == 1
    log = Path(said.split("details: ")[1].rstrip(")\n"))
    assert "RuntimeError: a planted bug\nwith a second line" in log.read_text()
    log.unlink()


def test_a_control_c_while_the_command_is_imported_ends_it_quietly() -> None:
    planted = (
        "import builtins; load = builtins.__import__\n"
        "def interrupted(name, *rest, **more):\n"
        "    if name == 'groundstation.cli': raise KeyboardInterrupt\n"
        "    return load(name, *rest, **more)\n"
        "builtins.__import__ = interrupted\n"
        "from groundstation.entry import main; main()"
    )
    done = subprocess.run([sys.executable, "-c", planted], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


@pytest.mark.parametrize(
    "arguments",
    [
        ("audit", "a\nb"),
        ("check", "a\nb"),
        ("report", "a\nb"),
        ("stop", "a\nb"),
        ("rehearse", "--replay", "a\nb"),
        ("rehearse", "a\nb.toml"),
        ("scenarios", "/etc\n.toml"),
        ("states", "x", "--cfg", "a\nb"),
        ("export", "a\nb", "--format", "shiviz", "--out", "x"),
    ],
)
def test_a_line_break_in_a_name_is_escaped(arguments: tuple[str, ...]) -> None:
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 2
    assert len(done.stderr.strip().split("\n")) == 1
    assert "\\n" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        (("sim", "--scenario", "{file}", "--out", "{file}"), "is the input file, and would be overwritten"),
        (("sim", "--scenario", "{file}", "--out", "{link}"), "is the input file, and would be overwritten"),
        (("shrink", "{file}", "--out", "{file}"), "is the input file, and would be overwritten"),
        (("export", "{file}", "--format", "shiviz", "--out", "{file}"), "is the input file"),
        (("shrink", "1", "--out", "{folder}"), "is a directory; want a file in it"),
        (("byzzfuzz", "--out", "{folder}/no/x"), "{folder}/no; create it, or choose another"),
        (("twins", "--out", "{folder}/no/x"), "{folder}/no; create it, or choose another"),
        (("twins", "--no-search", "--sample", "0"), "leaves nothing to check"),
        (("byzzfuzz", "--seed", str(SEED_MAX), "--runs", "2"), "leaves no seeds for 2 runs"),
        (("campaign", "--seeds", "0:1", "--seed-seconds-max", "1e10"), "--seed-seconds-max"),
        (("campaign", "--seeds", "0:1", "--function", "..:x"), "no function '..:x'"),
    ],
)
def test_options_that_would_lose_or_show_nothing_are_refused_at_once(
    arguments: tuple[str, ...], wanted: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    names = {"file": tmp_path / "mine.toml", "link": tmp_path / "link.toml", "folder": tmp_path}
    names["file"].write_text("precious")
    names["link"].symlink_to(names["file"])
    monkeypatch.setattr(sys, "argv", ["amu", *[argument.format(**names) for argument in arguments]])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 2
    assert wanted.format(**names) in capsys.readouterr().err
    assert names["file"].read_text() == "precious"


def test_running_out_of_memory_is_not_a_crash(monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    def starved(*_: Any, **__: Any) -> None:
        raise MemoryError

    monkeypatch.setattr(cli, "app", starved)
    monkeypatch.setattr(cli, "add_entry_points", lambda app: None)
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 2
    assert "out of memory; free memory, or allow more" in capsys.readouterr().err

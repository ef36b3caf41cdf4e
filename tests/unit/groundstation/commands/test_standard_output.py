"""Output that cannot be written: a verdict that was reached is the exit code, without a traceback."""

import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

AMU = Path(sysconfig.get_path("scripts")) / "amu"
SHOW = "scenarios first-light"
# What `amu` does around a command, with a command that prints what no narrow encoding has and ends with a verdict.
VERDICT = """
import sys
from groundstation import cli
from groundstation.console import SafeConsole
import typer

def fly():
    SafeConsole().print("\\xfcn\\xef \\u2713 \\u6f22 \\x1b[2J")
    print("plain print \\u2713 \\udcff")
    print("progress \\u2713", file=sys.stderr)
    for _ in range(20_000):
        print("filler")
    raise typer.Exit(4)

cli.app.command("fly")(fly)
sys.argv = ["amu", "fly"]
cli.main()
"""


def fly(tail: str = "", **environment: str) -> "subprocess.CompletedProcess[bytes]":
    env = {**os.environ, **environment}
    command = f'"$0" -c "$1" {tail}'
    return subprocess.run(
        ["bash", "-o", "pipefail", "-c", command, sys.executable, VERDICT], capture_output=True, env=env
    )


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8", "utf-16", "ascii:strict"])
def test_an_encoding_does_not_end_a_flight(encoding: str) -> None:
    done = fly(PYTHONIOENCODING=encoding)
    assert done.returncode == 4, done.stderr
    said = done.stdout.decode(encoding.partition(":")[0])
    assert r"\x1b[2J" in said
    assert r"\udcff" in said
    assert ("ünï" if "ascii" not in encoding else r"\xfcn\xef") in said


@pytest.mark.parametrize("name", ["C", "nowhere"])
def test_a_locale_does_not_end_a_flight(name: str) -> None:
    done = fly(LC_ALL=name, LANG=name, PYTHONUTF8="0", PYTHONCOERCECLOCALE="0")
    assert done.returncode == 4, done.stderr


@pytest.mark.parametrize(
    "tail",
    [
        "| head -1",
        "| true",
        ">&-",
        "2>&-",
        ">&- 2>&-",
        "<&-",
        "<&- >&- 2>&-",
        "2>/dev/full",
        ">/dev/null",
        "2>&1 | true",
    ],
)
def test_an_unread_output_does_not_change_the_verdict(tail: str) -> None:
    done = fly(tail)
    assert done.returncode == 4, done.stderr
    assert b"Traceback" not in done.stderr
    assert b"Exception ignored" not in done.stderr


@pytest.mark.parametrize("tail", [">/dev/full", "2>&1 >/dev/full"])
def test_an_output_without_room_is_reported(tail: str) -> None:
    done = fly(tail)
    assert done.returncode == 2
    said = done.stdout + done.stderr
    assert b"amu: standard output cannot be written (No space left on device); the exit code would have been 4" in said
    assert b"Traceback" not in said


def test_both_outputs_without_room() -> None:
    assert fly(">/dev/full 2>&1").returncode == 2


def test_files_are_never_opened_in_the_place_of_a_closed_output(tmp_path: Path) -> None:
    """The first file that is opened gets the first free descriptor: with 1 closed, output would go into that file."""
    out = tmp_path / "trace.ndjson"
    done = subprocess.run(["bash", "-c", f"{AMU} sim 1 --out {out} >&- 2>&- <&-"], capture_output=True)
    assert done.returncode == 0
    lines = out.read_text(encoding="utf-8").split("\n")
    assert all(line.startswith("{") for line in lines[:-1])
    assert len(lines) > 100


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        ("nope", "amu: No such command 'nope'."),
        ("chekc runs", "amu: No such command 'chekc'. Did you mean 'check'?"),
        ("sim --seeed 4", "amu sim: No such option: --seeed"),
        ("rehearse a b \x1b[2J", "amu rehearse: Got unexpected extra argument"),
        ("sim 1 --nodes 3", "amu sim: Invalid value for '--nodes'"),
        ("check \x1b[2J", "amu check: \\x1b[2J: there is no such file or folder"),
    ],
)
def test_a_misused_command_line_is_two_lines_and_exit_code_2(arguments: str, wanted: str) -> None:
    done = subprocess.run([AMU, *arguments.split()], capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr.startswith(wanted)
    assert "\x1b" not in done.stderr + done.stdout


def test_a_bug_leaves_one_line_and_a_log(tmp_path: Path) -> None:
    script = VERDICT.replace("raise typer.Exit(4)", "raise KeyError('[/b]\\x1b[2J')")
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, env={**os.environ, "TMPDIR": str(tmp_path)}
    )
    assert done.returncode == 1
    (log,) = tmp_path.iterdir()
    assert f"(details: {log})" in done.stderr
    assert "\x1b" not in done.stderr
    assert "KeyError" in log.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("problem", "wanted"),
    [
        ("OSError(28, 'No space left on device', '/x')", "amu: /x: No space left on device; make room on the disk"),
        ("OSError(24, 'Too many open files')", "amu: Too many open files; allow more open files (ulimit -n)"),
        ("PermissionError(13, 'Permission denied', 'runs')", "amu: runs: Permission denied; choose another folder"),
    ],
)
def test_a_refusal_by_the_machine_is_not_our_bug(problem: str, wanted: str) -> None:
    script = VERDICT.replace("raise typer.Exit(4)", f"raise {problem}")
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 2
    assert wanted in done.stderr

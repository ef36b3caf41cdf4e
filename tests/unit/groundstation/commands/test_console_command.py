"""`amu console` refuses what it cannot show before anything is opened: one line that says what, and exit code 2."""

import json
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from groundstation import INTERRUPTED
from groundstation.record import run_directory
from tests.support.command import app
from tests.support.host_flight import fly

# A shell's background jobs, and so tests that run in one, ignore control-C.
HEARS_INTERRUPTS = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
MAIN = "from groundstation.entry import main; main()"
RUN = {"mission": {"slots": 4}, "workload": {"operations": 4}}


def refusal(*arguments: object) -> str:
    """What the command says when it refuses its arguments."""
    result = CliRunner().invoke(app, ["console", "--no-browser", "--port", "0", *map(str, arguments)])
    assert result.exit_code == 2, result.output
    assert "Traceback" not in result.output
    return result.output


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "no event; want a trace"),
        (b"hello\n", "line 1: "),
        (b'{"event": "Boot"}\n', "line 1: "),
        (bytes(range(256)) * 10 + b"\n", "line 1: "),
    ],
)
def test_a_file_without_an_event_is_refused(tmp_path: Path, content: bytes, says: str) -> None:
    trace = tmp_path / "trace.ndjson"
    trace.write_bytes(content)
    assert f"amu console: {trace}: {says}" in refusal(trace)


def test_a_run_without_its_trace_is_refused(tmp_path: Path) -> None:
    (tmp_path / run_directory.RUN).write_text("{}")
    assert f"{tmp_path / run_directory.TRACE}: there is no such file, and nobody flies this run" in refusal(tmp_path)


def test_a_trace_that_is_a_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / run_directory.TRACE).mkdir()
    assert f"{tmp_path / run_directory.TRACE}: " in refusal(tmp_path)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("nosuch",), "no scenario 'nosuch'"),
        (("first-light", "--cfg", "nosuch.cfg"), "--cfg is of a counterexample of TLC"),
        (("--kind", "nosuch"), "no board kind 'nosuch'"),
        (("--env", "nosuch.toml"), "nosuch.toml"),
        (("--env", "nosuch.toml", "--kind", "host"), "--env names the boards: omit --kind"),
        (("byzantine", "--attach"), "omit 'byzantine'"),
        (("--attach", "--out", "nosuch"), "nosuch: there is no such file or folder"),
        (("--role-file", "nosuch"), "nosuch: cannot be read as a role file"),
    ],
)
def test_what_cannot_be_flown_or_read_is_refused(arguments: tuple[str, ...], says: str) -> None:
    assert says in refusal(*arguments)


def test_options_of_a_scenario_are_refused_beside_a_run(tmp_path: Path) -> None:
    run = fly(tmp_path, **RUN).directory
    assert "--kind, --env and --boards are for a scenario" in refusal(run, "--boards", 7)


def test_a_port_that_is_taken_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = CliRunner().invoke(app, ["console", "--no-browser", "--port", str(port)])
    assert result.exit_code == 2
    assert f"127.0.0.1:{port}: cannot listen (Address already in use)" in result.output


def test_the_terminal_wants_a_terminal_and_serves_no_page() -> None:
    result = CliRunner().invoke(app, ["console", "--tui"])
    assert result.exit_code == 2
    assert "--tui draws on a terminal" in result.output
    assert "omit --port, --role-file and --json-log" in refusal("--tui")


@pytest.mark.parametrize(
    ("option", "package", "extra"), [("--tui", "textual", "tui"), ("--attach", "uvicorn", "console")]
)
def test_an_extra_that_is_missing_is_named(option: str, package: str, extra: str) -> None:
    code = f"import sys; sys.modules[{package!r}] = None; {MAIN}"
    told = subprocess.run((sys.executable, "-c", code, "console", option), capture_output=True, text=True)
    assert told.returncode == 2
    assert told.stderr == f"amu console: {package} is not installed: pip install 'amu-swarm[{extra}]'\n"


def test_a_log_for_programs_is_json_line_by_line(tmp_path: Path) -> None:
    trace = fly(tmp_path, **RUN).directory / run_directory.TRACE
    options = ("console", "--no-browser", "--json-log", "--port", "0", str(trace))
    with subprocess.Popen(
        (sys.executable, "-c", HEARS_INTERRUPTS + MAIN, *options), stderr=subprocess.PIPE, text=True
    ) as console:
        assert console.stderr is not None
        lines = []
        for line in console.stderr:
            lines.append(json.loads(line))
            if lines[-1]["text"] == "Application startup complete.":
                console.send_signal(signal.SIGINT)  # now it is taken in order
    assert lines[0]["text"].startswith("http://127.0.0.1:")
    assert all(set(line) == {"at", "level", "text"} for line in lines)
    assert console.returncode == INTERRUPTED

"""The help of `amu`: groups, version, completion, fields, and which numbers its options take."""

import os
import re
import subprocess
import sysconfig
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel
from typer.testing import CliRunner

from groundstation import cli
from groundstation.boards.base import board_kinds
from groundstation.commands import complete, panels
from groundstation.faults import board_fault
from groundstation.faults.rule import Rule
from groundstation.scenario import adversaries
from groundstation.scenario import model as scenario
from groundstation.scenario import reference as scenario_fields
from tests.support.command import app

AMU = Path(sysconfig.get_path("scripts")) / "amu"


def cli_commands() -> dict[str, str]:
    """The docstring of each command, by its name."""
    found = {info.name: info.callback.__doc__ for info in app.registered_commands if info.callback is not None}
    return {str(name): text or "" for name, text in found.items()}


def cli_examples() -> dict[str, str]:
    """The example in each command's summary, as a reader copies it."""
    summaries = {name: text.split("\n\n")[0].partition(cli.EXAMPLE)[2] for name, text in cli_commands().items()}
    return {name: re.sub(r"\[/?cyan\]", "", text) for name, text in summaries.items() if text}


def run(*arguments: str) -> Any:
    return CliRunner().invoke(app, list(arguments))


def test_version() -> None:
    assert run("--version").stdout.startswith("amu-swarm 0.")


def test_every_command_is_in_a_group() -> None:
    told = run("--help").stdout
    places = [told.index(f" {panel} ") for panel in panels.ORDER if panel != panels.OTHERS]
    assert places == sorted(places)
    assert f" {panels.OTHERS} " not in told


@pytest.mark.parametrize("command", ["", *sorted(cli_commands())])
def test_help_is_not_torn_on_a_narrow_terminal(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wrapped text is filled up to the margin, and a command to be copied is on one line."""
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERM", "dumb")
    lines = run(*command.split(), "--help").stdout.split("\n")
    prose = [line.rstrip() for line in lines if line.startswith(" ") and not line.startswith("  ")]
    torn = [
        (line, following)
        for line, following in pairwise(lines)
        if line.rstrip() in prose
        and following.rstrip() in prose
        and len(line.rstrip()) + len(following.split()[0]) < 79
    ]
    assert torn == []
    whole = {" ".join(line.strip("│ ").split()) for line in lines}
    for name, example in cli_examples().items():
        if command in ("", name):
            assert any(line.endswith(example) for line in whole), (command, name)


# --- completion ---------------------------------------------------------------------------------


def completed(words: str, folder: Path) -> list[str]:
    """The completions that bash offers at the end of `words`."""
    environment = {
        **os.environ,
        "_AMU_COMPLETE": "complete_bash",
        "COMP_WORDS": words,
        "COMP_CWORD": str(len(words.split(" ")) - 1),
    }
    done = subprocess.run([AMU], capture_output=True, text=True, env=environment, cwd=folder, check=True)
    return done.stdout.split("\n")[:-1]


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ("amu rehearse first-l", ["first-light"]),
        ("amu rehearse mi", ["mine.toml"]),
        ("amu scenarios byz", ["byzantine"]),
        ("amu rehearse --kind v", ["virtual"]),
        ("amu shrink 7 --for e", ["emulated"]),
        ("amu scenarios --adversary eq", ["equivocate"]),
        ("amu verify tet", ["tetrabft"]),
        ("amu linearizable a --format k", ["kv"]),
        ("amu chec", ["check"]),
        ("amu rehearse --repl", ["--replay"]),
    ],
)
def test_the_shell_completes_what_has_a_name(words: str, wanted: list[str], tmp_path: Path) -> None:
    (tmp_path / "mine.toml").touch()
    (tmp_path / "mine.txt").touch()
    assert completed(words, tmp_path) == wanted


def test_completion_offers_all_names_and_never_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert complete.missions("") == scenario.shipped()
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "b.toml").touch()
    assert complete.missions("a") == ["a/"]
    assert complete.missions("a/") == ["a/b.toml"]
    assert complete.missions(f"{tmp_path}/a/b") == [f"{tmp_path}/a/b.toml"]
    assert complete.missions("nowhere/b") == complete.missions("\0") == []
    assert complete.kinds("") == board_kinds()
    assert complete.adversaries("") == adversaries.names()
    assert "ledger" in complete.features("")


# --- fields -------------------------------------------------------------------------------------


def models(found: type[BaseModel]) -> list[type[BaseModel]]:
    nested = [model for field in found.model_fields.values() for model in scenario_fields._models(field.annotation)]
    return [found, *(inner for model in nested for inner in models(model))]


def test_every_field_of_a_scenario_is_documented_with_its_meaning() -> None:
    told = {field.name for table in scenario_fields.tables() for field in table.fields}
    inner = {"aos", "los", "nodes"}  # told in the line of the field that holds them
    for model in {*models(scenario.Scenario), *Rule.__subclasses__()}:
        tables = {
            "mission",
            "clock",
            "ops",
            "workload",
            "faults",
            "board_faults",
            "byzantine",
            "liveness",
            "alarms",
        } | {
            *("procedure", "steps", "expect", "injects"),
        }
        assert {*model.model_fields} <= told | inner | tables
    silent = [
        (table.header, field.name)
        for table in scenario_fields.tables()
        for field in table.fields
        if not field.meaning and field.name != "fault"
    ]
    assert silent == []


@pytest.mark.parametrize(
    ("header", "line"),
    [
        ("[mission]", ("boards", "integer >= 4 <= 13", "", "4", "number of boards")),
        ("[ops]", ("turn_seconds", "number > 0 <= 1000000000", "s", "left out", "each requests the mutex this often")),
        ("[clock]", ("trace_messages", "true or false", "", "true", "trace each Send and Receive")),
        ("[[faults]] drop", ("probability", "number >= 0 <= 1", "", "needed", "from 0, never, to 1, always")),
        (
            "[[faults]] all",
            (
                "source",
                "list of integer >= 0 < 13",
                "",
                "left out",
                "replicas whose frames it applies to; default: all",
            ),
        ),
        (
            "[[board_faults]] all",
            ("at", "number >= 0 <= 1000000000", "s", "needed", "mission second in which it happens"),
        ),
        (
            "[[board_faults]] power_cut",
            (
                "after_operations",
                "integer >= 1",
                "",
                "1",
                "strikes at this flash operation from then on; 1: at the next",
            ),
        ),
        (
            "[[board_faults]] clock_drift",
            ("factor", "number >= 0.1 <= 10", "", "needed", "ticks come this many times as fast"),
        ),
        (
            "[[byzantine]] flood",
            ("per_tick", "integer >= 1 <= 128", "", "2", "messages that it sends to each board in each tick"),
        ),
    ],
)
def test_a_field_is_shown_with_values_unit_and_default(header: str, line: tuple[str, ...]) -> None:
    (table,) = [table for table in scenario_fields.tables() if table.header == header]
    (found,) = [field for field in table.fields if field.name == line[0]]
    assert (found.name, found.values, found.unit, found.default, found.meaning) == line


def test_each_kind_of_board_fault_and_each_adversary_has_its_table_of_what_it_takes() -> None:
    tables = {table.header: table for table in scenario_fields.tables()}
    for kind, meaning in board_fault.BOARD_FAULT_KINDS.items():
        table = tables[f"[[board_faults]] {kind}"]
        assert table.meaning.startswith(meaning)
        names = {field.name for field in table.fields}
        assert names == {name for name, kinds in board_fault.KINDS_OF_FIELD.items() if kind in kinds}
        assert {field.name for field in table.fields if field.default == "needed"} == names & {
            *board_fault.REQUIRED_FIELDS
        }
    for name in adversaries.names():
        table = tables[f"[[byzantine]] {name}"]
        assert len(table.meaning) > len("Its parameters:") + 20
        assert [field.name for field in table.fields] == [told[0] for told in adversaries.parameters(name)]


def test_fields_and_adversaries_are_printed() -> None:
    told = run("scenarios", "--fields").stdout
    assert told.count("\n[[faults]] ") == 17
    assert "contact_window" in told
    told = run("scenarios", "--adversary", "silence").stdout
    assert "from_tick" in told
    assert "[mission]" not in told
    done = run("scenarios", "--adversary", "silense")
    assert (done.exit_code, "did you mean 'silence'" in done.stderr) == (2, True)
    assert run("scenarios", "first-light", "--fields").exit_code == 2


# --- numbers ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments",
    [
        "rehearse --boards 3",
        "rehearse --boards -1",
        "rehearse --boards 14",
        "rehearse --boards 4.0",
        "rehearse --boards 1_0",
        "rehearse --seed -1",
        "rehearse --seed 18446744073709551616",
        "rehearse --speed nan",
        "rehearse --speed inf",
        "rehearse --speed 0",
        "rehearse --speed -1",
        "rehearse --speed 1e300",
        "rehearse --kind paper",
        "sim -- -1",
        "sim 18446744073709551616",
        "sim 1 --nodes 3",
        "sim 1 --nodes 4.0",
        "sim 1.0",
        "sim 1 --slots 0",
        "sim 1 --slots 2000000000",
        "sim 1 --slots 100000000",
        "sim",
        "shrink 1 --nodes 99 --out x",
        "shrink ² --out x",
        "shrink -- -1 --out x",
        "shrink 999999999999999999999999 --out x",
        "shrink 1 --runs 0 --out x",
        "campaign",
        "campaign --seeds 5:1",
        "campaign --seeds 5:5",
        "campaign --seeds -1:5",
        "campaign --seeds a:b",
        "campaign --seeds ²:³",
        "campaign --seeds 0:99999999999999999999",
        f"campaign --seeds 0:{'9' * 5000}",
        "campaign --seeds 0:1 --jobs 0",
        "campaign --seeds 0:1 --jobs 100000",
        "campaign --seeds 0:1 --nodes 3",
        "campaign --seeds 0:1 --seed-seconds-max nan",
        "campaign --seeds 0:1 --seed-seconds-max 0",
        "campaign --seeds 0:1 --function nowhere:nothing",
        "campaign --seeds 0:1 --function [/b]",
        "campaign --report",
        "byzzfuzz --runs 0",
        "byzzfuzz --c 3:1",
        "byzzfuzz --d ²",
        "byzzfuzz --c 0:99",
        f"byzzfuzz --c {'9' * 5000}",
        "byzzfuzz --seed -1",
        "twins --rounds 0",
        "twins --rounds 1000000",
        "twins --twin 4",
        "twins --sample -1",
        "linearizable a --format csv",
        "linearizable a --format kv --steps-max 0",
        "states a --cfg b --limit 0",
        "verify --jobs 0",
        "verify --jobs 1000000",
        "verify nothing",
        "export runs --format perfetto --out x --since nan",
        "export runs --format csv --out x",
    ],
)
def test_a_number_out_of_range_is_refused(arguments: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    done = run(*arguments.split())
    assert done.exit_code == 2, done.output
    assert done.stderr.strip()
    assert not done.stdout
    assert list(tmp_path.iterdir()) == []  # nothing was begun

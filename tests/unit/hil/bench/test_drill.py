"""The fault drill: each fault that a kind plays passes on sound code, and one that is swallowed makes its row fail."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from typer.testing import CliRunner

from groundstation.boards.base import Board
from groundstation.cli import add_entry_points, app
from groundstation.faults.board_fault import BOARD_FAULT_KINDS, HARDWARE_FAULTS
from groundstation.flight.diagnosis import Diagnosis
from groundstation.flight.line_noise import Noise
from groundstation.flight.progress import SilentDisplay
from groundstation.record.board_events import HARDWARE
from groundstation.verdict.verdict import Judgement
from hil.bench import drill
from hil.bench.drill import Row
from hil.boards.emulated.board import EmulatedBoard
from hil.boards.virtual.board import VirtualBoard
from specs.verdict import VIOLATION


def drilled(kind: str, fault: str, out: Path) -> Row:
    (row,) = drill.drill(drill.subject(kind), [fault], out, 1, SilentDisplay())
    return row


@pytest.mark.parametrize("fault", [fault for fault in drill.all_faults() if fault in VirtualBoard.board_faults])
def test_a_virtual_board_passes(fault: str, tmp_path: Path) -> None:
    row = drilled("virtual", fault, tmp_path)
    assert (row.result, row.problems) == ("pass", [])
    assert row.detected
    assert row.explained
    assert row.recovered
    assert row.lost.startswith("nothing")


@pytest.mark.long
@pytest.mark.parametrize("fault", [fault for fault in drill.all_faults() if fault in EmulatedBoard.board_faults])
def test_an_emulated_board_passes(fault: str, tmp_path: Path, pico_image: Path) -> None:
    row = drilled("emulated", fault, tmp_path)
    assert (row.result, row.problems) == ("pass", [])


def test_what_no_kind_can_play_has_a_reason() -> None:
    for kind in (VirtualBoard, EmulatedBoard):
        missing = set(HARDWARE_FAULTS) - kind.board_faults
        assert set(kind.unplayable) == missing


def test_every_fault_of_hardware_has_a_name_and_an_exercise() -> None:
    assert set(HARDWARE_FAULTS) == set(HARDWARE) <= set(BOARD_FAULT_KINDS)
    assert drill.all_faults() == list(HARDWARE_FAULTS)


def unsaid(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Diagnosis, "_find", lambda self, finding: None)


def untold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Diagnosis, "_find", lambda self, finding: self.findings.append(finding))


def swallowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Noise, "spoil", lambda self, data: data)


def mute(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drill, "VOTES", ())


@pytest.mark.parametrize(
    ("plant", "problem"),
    [
        (swallowed, "nobody noticed it"),
        (unsaid, "nobody noticed it"),
        (untold, "the operator was not told"),
        (mute, "it did not vote again"),
    ],
)
def test_a_fault_that_is_swallowed_fails(
    plant: Any, problem: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(monkeypatch)
    row = drilled("host", "line_noise", tmp_path)
    assert row.result == "FAIL"
    assert problem in row.problems


def test_a_violation_fails_a_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    judged = drill.judge

    def violated(*arguments: Any) -> Judgement:
        return replace(judged(*arguments), verdict=VIOLATION, findings=["CON-4: two values"])

    monkeypatch.setattr(drill, "judge", violated)
    row = drilled("host", "line_noise", tmp_path)
    assert (row.lost, row.problems) == ("?", ["CON-4: two values"])


def test_what_a_kind_cannot_play_is_listed_with_the_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Board, "unplayable", {"slow_host": "nobody waits there"})
    row = drilled("host", "slow_host", tmp_path)
    assert (row.result, row.not_played) == ("not played", "host boards cannot play slow_host: nobody waits there")
    assert list(tmp_path.iterdir()) == []


@pytest.fixture(scope="module", autouse=True)
def commands() -> None:
    add_entry_points(app)


def amu(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["drill", *arguments])
    return done.exit_code, done.output


def test_the_command_prints_and_writes_the_table(tmp_path: Path) -> None:
    xml = tmp_path / "drill.xml"
    kinds = ["--kind", "host", "--fault", "line_noise", "--fault", "slow_host"]
    code, told = amu(*kinds, "--out", str(tmp_path), "--junit", str(xml))
    assert code == 0, told
    assert "1 faults passed, 0 failed, 1 not played by their kind" in told
    (suite,) = ElementTree.parse(xml).getroot()
    assert [(case.get("classname"), case.get("name")) for case in suite] == [
        ("drill.host", "line_noise"),
        ("drill.host", "slow_host"),
    ]
    code, told = amu(*kinds, "--out", str(tmp_path), "--json")
    assert [row["result"] for row in json.loads(told)] == ["pass", "not played"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--fault", "line_nois"], "no fault 'line_nois'; did you mean 'line_noise'?"),
        (["--kind", "virtul"], "no board kind 'virtul'"),
        (["--env", "nowhere.toml"], "nowhere.toml: cannot be read as an environment file"),
    ],
)
def test_bad_input_is_refused(arguments: list[str], said: str, tmp_path: Path) -> None:
    code, told = amu(*arguments, "--out", str(tmp_path))
    assert code == 2
    assert said in told

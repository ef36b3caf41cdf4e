"""A bench from its environment file: keys, flights under one epoch after the other, and what is refused."""

import json
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
from typer.testing import CliRunner

from groundstation.boards import keys
from groundstation.cli import add_entry_points, app
from groundstation.clocks import clocks
from specs.checking.trace import Reader

MISSION = """
name = "calm"
description = "A small mission for a test."

[mission]
slots = 4
limit_seconds = 300
no_progress_seconds = 60

[workload]
operations = 4
in_flight = 2
"""


@pytest.fixture(scope="module", autouse=True)
def _commands() -> None:
    if not app.registered_commands:
        add_entry_points(app)


@pytest.fixture
def bench(tmp_path: Path) -> Path:
    path = tmp_path / "desk.toml"
    path.write_text('name = "desk"\n' + "".join(f'[[boards]]\nnode = {n}\nkind = "virtual"\n' for n in range(4)))
    (tmp_path / "calm.toml").write_text(MISSION)
    return path


def amu(*arguments: object) -> tuple[int, str]:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    return result.exit_code, result.output


def test_each_flight_of_a_bench_is_an_epoch_of_its_own(bench: Path) -> None:
    out = bench.parent / "runs"
    assert amu("keys", "make", bench)[0] == 0
    flown = []
    for _ in range(2):
        code, told = amu("rehearse", bench.parent / "calm.toml", "--env", bench, "--out", out, "--no-tlc")
        assert code == 0, told
    for run in sorted(out.glob("*/run.json")):
        about = json.loads(run.read_text())
        assert about["kinds"] == ["virtual"] * 4
        flown.append((about["epoch"], (run.parent / "secret").read_text()))
    kept = {epoch.epoch: epoch.secret for epoch in keys.load(bench.with_suffix(".keys")).epochs}
    assert sorted(epoch for epoch, _ in flown) == [1, 2]
    assert all(kept[epoch] == secret for epoch, secret in flown)


def test_a_bench_without_keys_does_not_fly(bench: Path) -> None:
    code, told = amu("rehearse", bench.parent / "calm.toml", "--env", bench)
    assert code == 2
    assert "there are no keys; make them with: amu keys make" in told


def test_boards_that_are_missing_are_named(bench: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AMU_SERIAL_LINKS", str(bench.parent / "links"))
    text = bench.read_text().replace('"virtual"', '"pico"\nserial_number = "NOWHERE"', 1)
    bench.write_text(text)
    code, told = amu("boards", bench)
    assert code == 2
    assert "board 0, serial number NOWHERE: is not there" in told
    code, told = amu("deploy", bench)
    assert code == 2
    assert "Pico NOWHERE: is not on the bus; plug it in" in told
    code, told = amu("boards", "--json")
    assert code == 0
    assert "pico" in json.loads(told)["kinds"]


def test_an_adapter_that_is_missing_and_a_pico_that_was_named_wrongly(
    bench: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AMU_SERIAL_LINKS", str(bench.parent / "links"))
    bench.write_text(bench.read_text().replace('"virtual"', '"uart"\nserial_number = "A1"\nbaud = 921600', 1))
    code, told = amu("deploy", bench)
    assert code == 2
    assert "adapter A1: is not on the bus; plug it in" in told
    for option in ("1=E661", "0", "0=", "x=E661"):
        code, told = amu("deploy", bench, "--usb", option)
        assert code == 2
        assert "want NODE=SERIAL_NUMBER of a board of kind uart; such nodes: 0" in told
    code, told = amu("doctor", bench, "--json")
    assert "not on the bus" in [trouble["name"] for trouble in json.loads(told[told.index("[") :])]


@pytest.mark.parametrize("planted", [[], ["board 2, boot 0: its ticks are too fast, by 5000 ppm or more"]])
def test_a_bench_without_hardware_is_made_ready_flown_and_reported(
    bench: Path, monkeypatch: pytest.MonkeyPatch, planted: list[str]
) -> None:
    found = clocks.Clocks.troubles
    monkeypatch.setattr(clocks.Clocks, "troubles", lambda self: planted + found(self))
    xml, out = bench.parent / "bench.xml", bench.parent / "runs"
    mission = bench.parent / "calm.toml"
    code, told = amu("bench", bench, "--mission", mission, "--out", out, "--no-tlc", "--junit", xml)
    assert code == 0, told
    assert "keys made:" in told
    suite = ElementTree.parse(xml).getroot()[0]
    assert [(case.get("classname"), case.get("name")) for case in suite] == [
        *((f"board-{node}", "found") for node in range(4)),
        ("flight", "calm"),
    ]
    assert suite.get("failures") == "0"
    (trace,) = out.glob("*/trace.ndjson")
    odd = clocks.of_events(Reader(trace)).troubles()  # a loaded machine holds up sound boards, too
    assert odd[: len(planted)] == planted
    assert [line.removeprefix("clock  ") for line in told.splitlines() if line.startswith("clock  ")] == odd
    said = "\n".join(element.text or "" for element in suite.iter("system-out"))
    assert [line for line in said.splitlines() if line.startswith("board ")] == odd


def test_a_bench_with_a_missing_board_does_not_fly(bench: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AMU_SERIAL_LINKS", str(bench.parent / "links"))
    bench.write_text(bench.read_text().replace('"virtual"', '"pico"\nserial_number = "NOWHERE"', 1))
    code, told = amu("bench", bench, "--out", bench.parent / "runs", "--json")
    assert code == 2
    answer = json.loads(told[told.index("{") :])
    assert not answer["ready"]
    assert [case["problem"] is None for case in answer["cases"]] == [False, True, True, True]
    assert not (bench.parent / "runs").exists()


@pytest.mark.parametrize("command", ["deploy", "doctor", "bench"])
def test_a_missing_package_is_named_with_how_to_install_it(
    bench: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.setitem(sys.modules, "mpremote", None)
    code, told = amu(command, bench)
    assert code == 2
    assert "the package mpremote is not installed; install it with: pip install 'amu-swarm[bench,emulated]'" in told

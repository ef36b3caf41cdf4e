"""The fault drill on an emulated Pico at a pseudo-terminal, whose faults the bench's own commands play."""

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from groundstation.boards import keys
from groundstation.flight.progress import SilentDisplay
from hil.bench import drill
from hil.boards.emulated.usb import Hub, obey
from hil.boards.pico import ports
from tests.conformance.boards.test_uart_board import deployed

pytestmark = pytest.mark.long
COMMANDS = {
    "unplug": "unplug 0",
    "replug": "plug 0",
    "hang": "hang 0",
    "brown_out": "brown_out 0 {operations}",
    "worn_flash": "worn_flash 0 {operations}",
}
BAUD = 115_200
PLAYED = ["line_noise", "slow_host", "unplug", "brown_out", "hang", "worn_flash"]


@pytest.fixture
def desk(tmp_path: Path, pico_image: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An environment file of one Pico on a hub and three virtual boards."""
    links, orders, path = tmp_path / "by-id", tmp_path / "orders", tmp_path / "desk.toml"
    monkeypatch.setenv(ports.LINKS_VARIABLE, str(links))
    monkeypatch.setenv("AMU_STATE", str(tmp_path / "state"))
    os.mkfifo(orders)
    with Hub(links, pico_image) as hub, os.fdopen(os.open(orders, os.O_RDWR), "r+b", buffering=0) as lines:
        pico = hub.add("AMU-0000")
        pico.plug_in()
        text = 'name = "desk"\n'
        for node in range(4):
            text += f"[[boards]]\nnode = {node}\n"
            text += f'kind = "pico"\nserial_number = "{pico.serial_number}"\n' if node == 1 else 'kind = "virtual"\n'
            for fault, line in COMMANDS.items() if node == 1 else ():
                text += f'fault_commands.{fault} = ["sh", "-c", "echo {line} > {orders}"]\n'
        path.write_text(text)
        keys.make(keys.path_of(path), "desk")
        thread = threading.Thread(target=_serve, args=(hub, lines))
        thread.start()
        yield path
        lines.write(b"end\n")
        thread.join()


def _serve(hub: Hub, lines: object) -> None:
    for line in lines:  # type: ignore[attr-defined]
        if not obey(hub, line.decode()):
            return


@pytest.fixture
def wired(tmp_path: Path, pico_image: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An environment file of one Pico behind a serial adapter and three virtual boards."""
    links, path = tmp_path / "by-id", tmp_path / "wired.toml"
    monkeypatch.setenv(ports.LINKS_VARIABLE, str(links))
    monkeypatch.setenv("AMU_STATE", str(tmp_path / "state"))
    with Hub(links, pico_image) as hub:
        hub.add("AMU-0000", deployed(BAUD), adapter="ADAPTER0").plug_in()
        text = 'name = "wired"\n'
        for node in range(4):
            text += f"[[boards]]\nnode = {node}\n"
            text += f'kind = "uart"\nserial_number = "ADAPTER0"\nbaud = {BAUD}\n' if node == 1 else 'kind = "virtual"\n'
        path.write_text(text)
        keys.make(keys.path_of(path), "wired")
        yield path


@pytest.mark.parametrize("fault", ["line_noise", "baud_mismatch"])
def test_a_pico_behind_an_adapter_passes(fault: str, wired: Path, tmp_path: Path) -> None:
    (found,) = (each for each in drill.subjects(wired) if each.kind == "uart")
    (row,) = drill.drill(found, [fault], tmp_path / "runs", 1, SilentDisplay())
    assert (row.result, row.problems) == ("pass", []), row


@pytest.mark.parametrize("fault", PLAYED)
def test_a_pico_on_a_hub_passes(fault: str, desk: Path, tmp_path: Path) -> None:
    (found,) = (each for each in drill.subjects(desk) if each.kind == "pico")
    (row,) = drill.drill(found, [fault], tmp_path / "runs", 1, SilentDisplay())
    assert (row.result, row.problems) == ("pass", [])

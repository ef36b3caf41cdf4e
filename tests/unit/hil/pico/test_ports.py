"""Boards are found by their serial number, and followed when their line gets another name."""

import os
from pathlib import Path
from types import SimpleNamespace

import pytest
from serial.tools import list_ports

from groundstation.boards.base import BoardError
from hil.boards.pico import ports

LINK = "usb-MicroPython_Board_in_FS_mode_{}-if00"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where links to lines are; nothing else is plugged in."""
    monkeypatch.setattr(list_ports, "comports", list)
    monkeypatch.setattr(ports, "BY_ID", tmp_path / "by-id")
    monkeypatch.setenv(ports.LINKS_VARIABLE, str(tmp_path / "links"))
    (tmp_path / "links").mkdir()
    (tmp_path / "by-id").mkdir()
    return tmp_path / "links"


def test_a_line_is_followed_by_its_link(folder: Path, tmp_path: Path) -> None:
    for name in ("ttyACM0", "ttyACM1"):
        (tmp_path / name).touch()
    link = folder / LINK.format("E661")
    link.symlink_to(tmp_path / "ttyACM0")
    port = ports.find("e661")
    assert port is not None
    assert (port.serial_number, port.product) == ("E661", "MicroPython Board in FS mode")
    assert port.device == tmp_path / "ttyACM0"
    link.unlink()
    assert port.device is None
    link.symlink_to(tmp_path / "ttyACM1")
    assert port.device == tmp_path / "ttyACM1"


def test_an_adapter_is_found_by_a_link_that_names_its_port(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "ttyUSB0").touch()
    (folder / "usb-FTDI_FT232R_USB_UART_A50285BI-if00-port0").symlink_to(tmp_path / "ttyUSB0")
    port = ports.require("A50285BI", 921_600)
    assert (port.name, port.speed, port.product) == ("adapter A50285BI", 921_600, "FTDI FT232R USB UART")
    assert ports.require("A50285BI").speed == 115_200
    with pytest.raises(BoardError, match="adapter A5: is not on the bus"):
        ports.require("A5", 9600)


def test_other_names_and_missing_folders_are_no_boards(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("notes.txt", "usb-Nameless-if00x", ".hidden"):
        (folder / name).touch()
    assert ports.ports() == []
    monkeypatch.setenv(ports.LINKS_VARIABLE, str(folder / "nowhere"))
    assert ports.ports() == []
    assert ports.find("E661") is None


def test_a_line_of_the_kernel_is_known_by_its_link_where_udev_made_one(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = [
        SimpleNamespace(serial_number="E662", product="Pico", description="", vid=0x2E8A, pid=5, device="/dev/ttyACM7"),
        SimpleNamespace(serial_number="E663", product=None, description="n/a", vid=1, pid=2, device="/dev/ttyUSB0"),
        SimpleNamespace(serial_number=None, product="?", description="?", vid=None, pid=None, device="/dev/ttyS0"),
    ]
    monkeypatch.setattr(list_ports, "comports", lambda: lines)
    link = tmp_path / "by-id" / LINK.format("E662")
    os.symlink("/dev/ttyACM7", link)
    assert [(port.serial_number, port.link) for port in ports.ports()] == [
        ("E662", link),
        ("E663", Path("/dev/ttyUSB0")),
    ]
    assert ports.ports()[0].vendor_id == 0x2E8A

"""BOOTSEL on command: asked of a prompt, refused to a flight."""

from pathlib import Path

import pytest

from groundstation.boards.base import BoardError
from hil.boards.emulated.usb import Hub
from hil.boards.pico import bootsel, flights, ports


@pytest.fixture(autouse=True)
def _folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ports.LINKS_VARIABLE, str(tmp_path / "by-id"))
    monkeypatch.setenv(flights.STATE_VARIABLE, str(tmp_path / "state"))


def test_a_board_at_its_prompt_leaves_its_line(tmp_path: Path, pico_image: Path) -> None:
    with Hub(tmp_path / "by-id", pico_image, speed=20.0) as hub:
        pico = hub.add("AMU-0001")
        pico.plug_in()
        before = ports.require(pico.serial_number).line
        bootsel.enter(pico.serial_number.lower())
        after = ports.find(pico.serial_number)
        assert after is None or after.line != before


def test_a_board_that_flies_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "by-id").mkdir()
    (tmp_path / "by-id" / "usb-Board_AB12-if00").symlink_to("/dev/null")
    flight = flights.Flight(
        kind="pico", serial_number="AB12", baud=0, node=2, home="/runs/one/boards/node-2", since=0.0, exit=""
    )
    flights.note(flight)
    with pytest.raises(BoardError, match=r"flies in /runs/one/boards/node-2; end its flight first: amu stop"):
        bootsel.enter("ab12")


def test_notes_of_flights_come_and_go(tmp_path: Path) -> None:
    flight = flights.Flight(kind="pico", serial_number="ab/12", baud=0, node=2, home="/x", since=1.5, exit="00")
    flights.note(flight)
    flights.note(flight)
    (tmp_path / "state" / "flights" / "DAMAGED.json").write_text("{")
    assert flights.noted("pico") == [flight]
    assert flights.noted("uart") == []
    assert all(path.stat().st_mode & 0o077 == 0 for path in (tmp_path / "state" / "flights").glob("AB*"))
    flights.forget("AB/12")
    assert flights.noted("pico") == []


def test_a_board_that_is_not_there() -> None:
    with pytest.raises(BoardError, match="is not on the bus"):
        bootsel.enter("NOWHERE")

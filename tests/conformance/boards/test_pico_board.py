"""The board suite over Picos on USB, played by emulated ones at the ends of pseudo-terminals: real pyserial and mpremote."""

import shutil
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from amu.wire import messages as m
from groundstation.boards import provision
from groundstation.boards.base import Board, BoardError, BoardPlan, Unit
from groundstation.links.base import LinkLost
from hil.boards.emulated.usb import Hub, UsbPico
from hil.boards.pico import deploy, ports, tree
from hil.boards.pico.approach import approach
from hil.boards.pico.board import PicoBoard
from tests.conformance.boards.board_conformance import SWARM, BoardConformance, MakeBoards, Station

NODE = 1


@pytest.fixture
def hub(tmp_path: Path, pico_image: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    folder = tmp_path / "by-id"
    monkeypatch.setenv(ports.LINKS_VARIABLE, str(folder))
    with Hub(folder, pico_image) as hub:
        yield hub


@pytest.fixture
def pico(hub: Hub) -> UsbPico:
    """A bare one, plugged in."""
    pico = hub.add("AMU-0001")
    pico.plug_in()
    return pico


def port_of(pico: UsbPico) -> ports.Port:
    port = ports.find(pico.serial_number)
    assert port is not None
    return port


def make_board(directory: Path, pico: UsbPico) -> PicoBoard:
    unit = Unit(serial_number=pico.serial_number)
    return PicoBoard.create(directory, [BoardPlan(NODE, provision.configuration(SWARM, NODE), unit=unit)])[0]


class TestBriefly:
    """One board, from bare to its second life: what `make test` can wait for."""

    def test_it_is_deployed_once_flies_is_killed_and_flies_again(self, pico: UsbPico, tmp_path: Path) -> None:
        files = tree.flight_files()
        with approach(port_of(pico)) as repl:
            assert deploy.look(repl).digest == ""
            assert deploy.deploy(repl, files)
            assert deploy.look(repl).digest == tree.digest(files)
            assert not deploy.deploy(repl, files)
        board = make_board(tmp_path / "boards", pico)
        station = Station(board)
        board.start()
        assert (station.hello(1).replica, station.hello(2).boot) == (NODE, 0)
        station.propose(1)
        station.until(station.sent_votes, "vote")
        board.kill()
        assert not board.alive()
        with pytest.raises(LinkLost):
            station.send(m.Hello(9))
        board.start()
        assert (station.hello(3).boot, station.hello(4).mode) == (1, "voting")
        assert [slot for slot in station.restored(1)] == [1]
        board.close()

    def test_a_board_that_leaves_the_bus_is_off_and_comes_back_as_itself(self, pico: UsbPico, tmp_path: Path) -> None:
        board = make_board(tmp_path / "boards", pico)
        station = Station(board)
        board.start()
        assert station.hello(1).boot == 0
        device = port_of(pico).device
        pico.unplug()
        assert not board.alive()
        with pytest.raises(BoardError, match="is not on the bus; plug it in"):
            board.start()
        pico.plug_in()
        assert port_of(pico).device != device or device is not None
        board.kill()
        board.start()
        assert station.hello(2).mode == "voting"
        board.close()


@pytest.mark.long
class TestPicoBoard(BoardConformance):
    kind = PicoBoard

    @pytest.fixture
    def make_boards(self, tmp_path: Path, hub: Hub) -> Iterator[MakeBoards]:
        made: list[Board] = []

        def make(nodes: list[int]) -> list[Board]:
            plans = []
            for node in nodes:
                pico = hub.add(f"AMU-{node:04}")
                pico.plug_in()
                unit = Unit(serial_number=pico.serial_number)
                plans.append(BoardPlan(node, provision.configuration(self.swarm, node), unit=unit))
            made.extend(PicoBoard.create(tmp_path / "boards", plans))
            return made

        yield make
        for board in made:
            board.close()

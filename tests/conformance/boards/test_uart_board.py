"""The board suite over UART lines: emulated Picos behind serial adapters at the ends of pseudo-terminals."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from amu.wire import messages as m
from groundstation.boards import provision
from groundstation.boards.base import Board, BoardError, BoardPlan, Unit
from groundstation.links.base import LinkLost
from hil.boards.emulated import pico_files
from hil.boards.emulated.usb import Hub, UsbPico
from hil.boards.pico import deploy, ports, tree
from hil.boards.pico.approach import approach
from hil.boards.uart import prompt
from hil.boards.uart.board import UartBoard
from tests.conformance.boards.board_conformance import SWARM, MakeBoards, Station
from tests.conformance.boards.test_pico_board import TestPicoBoard as PicoSuite

NODE = 1
ADAPTER = "ADAPTER1"
SLOW, FAST = 115_200, 921_600


@pytest.fixture
def hub(tmp_path: Path, pico_image: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    folder = tmp_path / "by-id"
    monkeypatch.setenv(ports.LINKS_VARIABLE, str(folder))
    with Hub(folder, pico_image) as hub:
        yield hub


def unit(pico: UsbPico, baud: int) -> Unit:
    assert pico.adapter is not None
    return Unit(serial_number=pico.adapter.serial_number, baud=baud)


def make_board(directory: Path, pico: UsbPico, baud: int = FAST) -> UartBoard:
    plan = BoardPlan(NODE, provision.configuration(SWARM, NODE), unit=unit(pico, baud))
    return UartBoard.create(directory, [plan])[0]


def deployed(baud: int) -> bytes:
    """Flash of a board that has the flight software, and its prompt on UART0."""
    files = tree.flight_files()
    carried = {f"a/{path}": data for path, data in files.items()}
    carried |= {tree.ACTIVE: f"a {tree.digest(files)}".encode(), tree.LAUNCHER: tree.LAUNCHER_TEXT}
    return pico_files.make({**carried, prompt.FILE: prompt.text(baud).encode()})


class TestBriefly:
    """One board, from bare to its second life: what `make test` can wait for."""

    def test_it_gets_its_prompt_over_usb_and_all_else_over_its_line(self, hub: Hub, tmp_path: Path) -> None:
        pico = hub.add("AMU-0001", adapter=ADAPTER)
        pico.plug_in()
        with pytest.raises(BoardError, match=f"adapter {ADAPTER}: nobody answers at 921600 baud or any other"):
            approach(ports.require(ADAPTER, FAST))
        with approach(ports.require(pico.serial_number)) as repl:
            assert prompt.install(repl, FAST)
            repl.enter()
        with pytest.raises(BoardError, match="a board answers at 921600 baud, not at 115200: put baud = 921600 into"):
            approach(ports.require(ADAPTER, SLOW))
        with approach(ports.require(ADAPTER, FAST)) as repl:
            assert deploy.deploy(repl, tree.flight_files())
            assert not prompt.install(repl, FAST)
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
        assert list(station.restored(1)) == [1]
        board.close()
        with approach(ports.require(pico.serial_number)) as repl:  # it is at its prompt on USB as well
            assert deploy.look(repl).slot in tree.SLOTS


@pytest.mark.long
@pytest.mark.parametrize("baud", [SLOW, FAST])
class TestUartBoard(PicoSuite):
    kind = UartBoard

    @pytest.fixture
    def make_boards(self, tmp_path: Path, hub: Hub, baud: int) -> Iterator[MakeBoards]:
        made: list[Board] = []

        def make(nodes: list[int]) -> list[Board]:
            plans = []
            for node in nodes:
                pico = hub.add(f"AMU-{node:04}", deployed(baud), adapter=f"ADAPTER{node}")
                pico.plug_in()
                plans.append(BoardPlan(node, provision.configuration(self.swarm, node), unit=unit(pico, baud)))
            made.extend(UartBoard.create(tmp_path / "boards", plans))
            return made

        yield make
        for board in made:
            board.close()

"""The board suite over UART lines: emulated Picos behind serial adapters at the ends of pseudo-terminals."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from amu.wire import messages as m
from groundstation.boards import keys, provision
from groundstation.boards.base import Board, BoardError, BoardPlan, Unit
from groundstation.links.base import LinkLost
from hil.bench import doctor
from hil.boards.emulated import pico_files
from hil.boards.emulated.usb import Hub, UsbPico
from hil.boards.pico import deploy, ports, tree
from hil.boards.pico.approach import approach
from hil.boards.uart import prompt
from hil.boards.uart.board import UartBoard
from tests.conformance.boards.board_conformance import SWARM, BoardConformance, MakeBoards, Station
from tests.conformance.boards.test_pico_board import TestPicoBoard as PicoSuite

NODE = 1
ADAPTER = "ADAPTER1"
SLOW, FAST = 115_200, 921_600
RING_BYTES = 4096  # of a flying board: see amu.boards.uart


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

    @pytest.mark.parametrize("operations", [1, 2, 3])
    def test_a_power_cut_in_mid_write_loses_no_vote_that_was_sent(
        self, board: Board, operations: int, hub: Hub
    ) -> None:
        """The line stays, and the board flies again by itself on it as soon as it has power."""
        (pico,) = hub.picos
        station = Station(board)
        board.start()
        station.hello(1)
        pico.cut_power_at(operations)
        for slot in range(1, 5):  # one after the other: together they would share a write
            if pico.has_power:
                station.propose(slot)
                voted = len(station.sent_votes())
                station.until(lambda voted=voted: len(station.sent_votes()) > voted or not pico.has_power, "a vote")
        station.until(lambda: not pico.has_power, "death by power cut")
        assert board.alive()  # nothing tells
        sent = station.sent_votes()
        pico.plug_in()
        identity = station.hello(2)
        assert (identity.mode, identity.boot) == ("voting", 1)
        station.assert_votes_stand(1, sent)

    def test_a_board_that_leaves_the_flight_loop_on_command_stops_flying(self, board: Board) -> None:
        """It flies again by itself, on the same line."""
        BoardConformance.test_a_board_that_leaves_the_flight_loop_on_command_stops_flying(self, board)

    def test_what_comes_too_fast_is_lost_and_told_of_and_nothing_else_is(self, board: Board, baud: int) -> None:
        """A board needs longer to refuse a frame than the fast line to bring one; the slow line brings fewer."""
        station = Station(board)
        board.start()
        station.hello(1)
        frame = provision.exit_frame(b"k" * 32, b"another", 0, NODE)
        for _ in range(8):
            station.write(frame * (RING_BYTES // len(frame)))
            station.until(lambda: board.link().pump() == 0, "end of the frames")
        assert station.hello(2).boot == 0
        assert any("uart: input lost" in text for text in station.texts) == (baud == FAST)


@pytest.mark.long
def test_the_doctor_names_what_is_wrong_with_a_line(hub: Hub, tmp_path: Path) -> None:
    pico = hub.add("AMU-0001", deployed(FAST), adapter=ADAPTER)
    pico.plug_in()
    assert pico.adapter is not None
    path = tmp_path / "desk.toml"
    keys.make(keys.path_of(path), "desk")

    def named(baud: int) -> list[str]:
        others = "".join(f'[[boards]]\nnode = {node}\nkind = "virtual"\n' for node in (1, 2, 3))
        own = f'[[boards]]\nnode = 0\nkind = "uart"\nserial_number = "{ADAPTER}"\nbaud = {baud}\n'
        path.write_text(f'name = "desk"\n{own}{others}')
        return [trouble.name for trouble in doctor.examine(path) if trouble.name != "clock"]  # the host may be busy

    assert named(FAST) == []
    assert named(SLOW) == ["wrong baud"]
    pico.adapter.to_board = lambda data: b""
    assert named(FAST) == ["silent line"]

"""The board suite over Picos on USB: emulated ones at the ends of pseudo-terminals, real pyserial, real mpremote."""

import contextlib
import time
from collections.abc import Iterator
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


def make_board(directory: Path, pico: UsbPico) -> PicoBoard:
    unit = Unit(serial_number=pico.serial_number)
    return PicoBoard.create(directory, [BoardPlan(NODE, provision.configuration(SWARM, NODE), unit=unit)])[0]


class TestBriefly:
    """One board, from bare to its second life: what `make test` can wait for."""

    def test_it_is_deployed_once_flies_is_killed_and_flies_again(self, pico: UsbPico, tmp_path: Path) -> None:
        files = tree.flight_files()
        with approach(ports.require(pico.serial_number)) as repl:
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
        assert list(station.restored(1)) == [1]
        board.close()

    def test_a_board_that_leaves_the_bus_is_off_and_comes_back_as_itself(self, pico: UsbPico, tmp_path: Path) -> None:
        board = make_board(tmp_path / "boards", pico)
        station = Station(board)
        board.start()
        assert station.hello(1).boot == 0
        device = ports.require(pico.serial_number).device
        pico.unplug()
        assert not board.alive()
        with pytest.raises(BoardError, match="is not on the bus; plug it in"):
            board.start()
        pico.plug_in()
        assert ports.require(pico.serial_number).device != device or device is not None
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

    @pytest.mark.parametrize("operations", [1, 2, 3])
    def test_a_power_cut_in_mid_write_loses_no_vote_that_was_sent(
        self, board: Board, operations: int, hub: Hub
    ) -> None:
        """The power fails at the hub: no command of the bench can place it so well."""
        (pico,) = hub.picos
        station = Station(board)
        board.start()
        station.hello(1)
        pico.cut_power_at(operations)
        for slot in range(1, 5):  # one after the other: together they would share a write
            if board.alive():
                with contextlib.suppress(LinkLost):
                    station.propose(slot)
                    voted = len(station.sent_votes())
                    station.until(lambda voted=voted: len(station.sent_votes()) > voted or not board.alive(), "a vote")
        station.until(lambda: not board.alive(), "death by power cut")
        sent = station.sent_votes()
        pico.plug_in()  # it may begin to fly by itself, until the bench starts it
        board.start()
        identity = station.hello(2)
        assert identity.mode == "voting"
        assert identity.boot in (1, 2)
        station.assert_votes_stand(identity.boot, sent)

    def test_a_power_cut_needs_a_running_board_and_a_count(self, board: Board) -> None:
        with pytest.raises(BoardError, match="want 1 or more"):
            board.power_cut(0)
        with pytest.raises(BoardError, match="nobody can cut the power of a real board"):
            board.power_cut(1)

    def test_a_power_cut_that_never_came_does_not_wait_for_the_next_life(self, board: Board) -> None:
        pytest.skip("a bench cannot cut the power of a real board at a flash operation")

    def test_input_of_a_dead_board_is_lost(self, board: Board) -> None:
        """It would go to the prompt, so the link refuses it."""
        station = Station(board)
        board.start()
        station.hello(1)
        board.kill()
        with pytest.raises(LinkLost):
            station.send(m.Hello(2))
        board.start()
        assert station.hello(3).nonce == 3

    def test_a_board_that_leaves_the_flight_loop_on_command_stops_flying(self, board: Board) -> None:
        """It leaves the bus with its line, and flies again by itself; the bench starts it like any other."""
        station = Station(board)
        board.start()
        assert station.hello(1).boot == 0
        station.send(m.Control("reset"))
        give_up = time.monotonic() + 60
        while board.alive():
            assert time.monotonic() < give_up, "the board did not leave the bus"
            time.sleep(0.01)
        board.start()
        assert station.hello(2).boot in (1, 2)

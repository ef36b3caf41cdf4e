"""The board suite over emulated Picos, and what only they promise. A boot costs a second of processor time."""

import os
import signal
from pathlib import Path

import pytest
from littlefs import LittleFSError

from amu.wire.messages import Control, Health
from groundstation.boards import provision
from groundstation.boards.base import Board, BoardError, BoardPlan, board_kind
from hil.boards.emulated import pico_files
from hil.boards.emulated.board import EmulatedBoard
from tests.conformance.boards.board_conformance import SWARM, SWARM_ON_PAGES, BoardConformance, MakeBoards, Station

NODE = 1


def make_board(directory: Path) -> EmulatedBoard:
    return EmulatedBoard.create(directory, [BoardPlan(NODE, provision.configuration(SWARM, NODE))])[0]


@pytest.mark.usefixtures("pico_image")
class TestBriefly:
    """One life after another of one board: what `make test` can wait for."""

    def test_it_boots_remembers_and_forgets(self, tmp_path: Path) -> None:
        board = make_board(tmp_path)
        station = Station(board)
        board.start()
        identity = station.hello(1)
        assert (identity.replica, identity.mode, identity.boot) == (NODE, "voting", 0)
        board.power_cut(1)
        station.propose(1)
        station.until(lambda: not board.alive(), "death by power cut")
        board.start()
        identity = station.hello(2)
        assert (identity.mode, identity.boot) == ("voting", 1)
        board.kill()
        board.erase()
        board.start()
        assert station.hello(3).mode == "rejoining"
        board.close()

    def test_it_remembers_on_pages(self, tmp_path: Path) -> None:
        """The same bytes at the same places of the ring as littlefs finds in its files."""
        board = EmulatedBoard.create(tmp_path, [BoardPlan(NODE, provision.configuration(SWARM_ON_PAGES, NODE))])[0]
        station = Station(board)
        board.start()
        assert station.hello(1).mode == "voting"
        for slot in (1, 2):
            station.propose(slot)
        station.until(lambda: len(station.sent_votes()) >= 2, "votes")
        board.power_cut(1)
        station.propose(3)
        station.until(lambda: not board.alive(), "death by power cut")
        sent = station.sent_votes()
        files = (tmp_path / f"node-{NODE}" / "flash.bin").read_bytes()
        page = pico_files.read(files, "store/ring/0")
        assert page is not None
        assert page[255] == 0
        board.start()
        identity = station.hello(2)
        assert (identity.mode, identity.boot) == ("voting", 1)
        for slot, view, _, value in sent:
            assert station.restored(1)[slot][2] == [view, value]
        board.close()


@pytest.mark.long
@pytest.mark.usefixtures("pico_image")
class TestEmulatedBoard(BoardConformance):
    kind = EmulatedBoard

    # A vote is one page on a Pico, so that four proposals make fewer operations than elsewhere.
    @pytest.mark.parametrize("operations", [1, 2, 3])
    def test_a_power_cut_in_mid_write_loses_no_vote_that_was_sent(self, board: Board, operations: int) -> None:
        super().test_a_power_cut_in_mid_write_loses_no_vote_that_was_sent(board, operations)

    def test_flash_is_on_disk_while_a_board_is_off_and_only_then(self, board: Board, tmp_path: Path) -> None:
        image = tmp_path / "boards/node-1/flash.bin"
        assert image.is_file()
        board.start()
        assert not image.exists()
        board.kill()
        assert image.is_file()

    def test_a_board_whose_ground_station_died_wakes_without_memory(
        self, make_boards: MakeBoards, tmp_path: Path
    ) -> None:
        board = make_boards([0, 1, 2, 3])[NODE]
        board.start()
        Station(board).hello(1)
        # The process that stepped the board is gone: nothing collects its flash.
        found = EmulatedBoard.attach(tmp_path / "boards")[NODE]
        found.start()
        assert Station(found).hello(2).mode == "rejoining"
        found.close()

    def test_a_board_whose_emulator_died_ends_the_flight_and_wakes_without_memory(self, board: Board) -> None:
        assert isinstance(board, EmulatedBoard)
        board.start()
        Station(board).hello(1)
        assert board._chip is not None
        os.kill(board._chip._process.pid, signal.SIGKILL)
        board.advance(0.01)
        with pytest.raises(BoardError, match="board 1: AMU-0001: its emulator ended by signal 9; its flash is lost"):
            board.link().read()
        assert not board.alive()
        board.start()
        assert Station(board).hello(2).mode == "rejoining"

    def test_a_run_is_repeated_to_the_byte(self, tmp_path: Path) -> None:
        runs = []
        for name in ("once", "again"):
            board = make_board(tmp_path / name)
            board.start()
            station = Station(board)
            station.hello(1)
            station.propose(1)
            station.until(station.sent_votes, "vote")
            board.kill()
            flash = (tmp_path / name / "node-1/flash.bin").read_bytes()
            runs.append((station.heard, flash))
        assert [frame.payload for frame, _ in runs[0][0]] == [frame.payload for frame, _ in runs[1][0]]
        assert runs[0][1] == runs[1][1]

    def test_the_exit_telecommand_leads_to_the_prompt(self, board: Board) -> None:
        board.start()
        station = Station(board)
        station.hello(1)
        station.send(Control("exit"))
        for _ in range(100):
            board.advance(0.01)
        board.link().read()
        station.write(b"\r\n")
        for _ in range(10):
            board.advance(0.01)
        assert b">>>" in board.link().read()

    def test_firmware_leaves_room_on_the_heap(self, board: Board) -> None:
        board.start()
        station = Station(board)
        station.hello(1)
        health = station.until(lambda: [m for _, m in station.heard if isinstance(m, Health)], "health report")
        assert health[0].heap_free > 100_000


def test_without_an_image_the_variable_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("AMU_PICO_UF2", raising=False)
    with pytest.raises(BoardError, match="AMU_PICO_UF2 is not set"):
        make_board(tmp_path)
    monkeypatch.setenv("AMU_PICO_UF2", "/no/such/image.uf2")
    with pytest.raises(BoardError, match="no such file"):
        make_board(tmp_path)
    for content in (b"", b"no image", b"UF2\n\x57\x51\x5d\x9e cut off"):
        (tmp_path / "image.uf2").write_bytes(content)
        monkeypatch.setenv("AMU_PICO_UF2", str(tmp_path / "image.uf2"))
        with pytest.raises(BoardError, match="is not a UF2 file"):
            make_board(tmp_path)


def test_attaching_where_nothing_was_made_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(BoardError, match="no emulated board was made here"):
        EmulatedBoard.attach(tmp_path)


def test_the_kind_is_found_by_name() -> None:
    assert board_kind("emulated") is EmulatedBoard


def test_a_file_system_is_read_back() -> None:
    area = pico_files.make({"main.py": b"pass\n", "amu/core/limits.mpy": bytes(range(256)) * 20})
    assert pico_files.read(area, "amu/core/limits.mpy") == bytes(range(256)) * 20
    assert pico_files.read(area, "amu/nothing") is None
    with pytest.raises(LittleFSError):
        pico_files.read(b"\xff" * len(area), "main.py")


def test_a_module_that_does_not_compile_is_named(tmp_path: Path) -> None:
    source = tmp_path / "bad.py"
    source.write_text("match 1:\n    case 1: pass\n")
    with pytest.raises(ValueError, match=r"bad\.py.*mpy-cross refuses it"):
        pico_files.compile_module("amu/bad.py", source)

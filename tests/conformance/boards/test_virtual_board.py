"""The board suite over virtual boards, and what only they promise."""

import errno
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from amu.boards import flash_image
from amu.core.limits import WIRE_BYTES_MAX
from amu.wire import messages as m
from groundstation.boards import provision
from groundstation.boards.base import Board, BoardError, BoardPlan, board_kind, board_kinds
from groundstation.links.base import LinkLost
from hil.boards.virtual import board as virtual
from hil.boards.virtual import zygote
from hil.boards.virtual.board import VirtualBoard
from hil.boards.virtual.zygote import CommandSpawner, ZygoteSpawner
from tests import ROOT
from tests.conformance.boards.board_conformance import SWARM, SWARM_ON_PAGES, BoardConformance, Station
from tests.support.flight.interpreters import micropython
from tests.support.simulator.campaigns import wait_until

# A ground station that starts two boards and is then killed where it stands.
DOOMED_GROUND_STATION = """
import os, signal, sys
from pathlib import Path
from hil.boards.virtual.board import VirtualBoard
from tests.conformance.boards.board_conformance import SWARM, Station
from groundstation.boards import provision
from groundstation.boards.base import BoardPlan

plans = [BoardPlan(node, provision.configuration(SWARM, node)) for node in (1, 2)]
boards = VirtualBoard.create(Path(sys.argv[1]), plans)
for board in boards:
    board.start()
    Station(board).hello(1)
os.kill(os.getpid(), signal.SIGKILL)
"""


# A zygote that is killed when it has forked a board and has not said so yet.
DYING_ZYGOTE = """
import importlib.util, os, signal, socket, sys

class Dying(socket.socket):
    def send(self, data):
        os.kill(os.getpid(), signal.SIGKILL)

spec = importlib.util.spec_from_file_location("zygote", {path!r})
zygote = importlib.util.module_from_spec(spec)
sys.modules["zygote"] = zygote
spec.loader.exec_module(zygote)
zygote.serve(Dying(fileno=int(sys.argv[1])))
"""


class TestVirtualBoard(BoardConformance):
    kind = VirtualBoard

    def test_the_last_output_of_a_dead_board_is_read(self, board: Board, tmp_path: Path) -> None:
        station = Station(board)
        board.start()
        station.hello(1)
        _ask_and_leave_unread(station, 2, tmp_path / "boards")
        board.kill()
        station.until(lambda: 2 in _nonces(station), "last words")

    def test_the_exit_telecommand_ends_the_process(self, board: Board) -> None:
        station = Station(board)
        board.start()
        station.hello(1)
        station.send(m.Control("exit"))
        station.until(lambda: not board.alive(), "end")

    def test_a_bug_is_reported_with_its_traceback(self, board: Board, tmp_path: Path) -> None:
        (tmp_path / "boards/node-1/config.cbor").write_bytes(b"\xff")
        station = Station(board)
        board.start()
        station.until(lambda: not board.alive(), "end")
        station.listen()
        text = "".join(station.texts)
        assert "Traceback" in text
        assert "ConfigError: config: not deterministic CBOR" in text

    def test_the_record_names_the_software_that_flew(self, board: Board, tmp_path: Path) -> None:
        staged = tmp_path / "boards/firmware"
        assert (staged / "main.py").is_file()
        assert (staged / "amu/node/journal.py").is_file()
        assert not {path.name for path in staged.rglob("*.py")} & {"host.py", "seams.py", "types.py"}
        assert not (tmp_path / "boards/byzantine").exists()

    def test_a_byzantine_board_carries_its_adversary(self, tmp_path: Path) -> None:
        plan = BoardPlan(1, provision.configuration(SWARM, 1, ("silence", {})))
        (board,) = VirtualBoard.create(tmp_path, [plan])
        try:
            board.start()
            assert Station(board).hello(1).replica == 1
            assert (tmp_path / "byzantine/adversary/__init__.py").is_file()
        finally:
            board.close()

    def test_an_adversary_that_is_not_known_is_reported(self, tmp_path: Path) -> None:
        plan = BoardPlan(1, provision.configuration(SWARM, 1, ("gremlin", {})))
        (board,) = VirtualBoard.create(tmp_path, [plan])
        try:
            station = Station(board)
            board.start()
            station.until(lambda: not board.alive(), "end")
            station.listen()
            assert "there is no 'gremlin'" in "".join(station.texts)
        finally:
            board.close()

    def test_a_folder_is_not_used_twice(self, board: Board, tmp_path: Path) -> None:
        with pytest.raises(BoardError, match="there is a board already"):
            VirtualBoard.create(tmp_path / "boards", [BoardPlan(1, provision.configuration(SWARM, 1))])

    def test_a_configuration_that_a_board_would_refuse_is_not_staged(self, tmp_path: Path) -> None:
        with pytest.raises(BoardError, match="want a CBOR map"):
            VirtualBoard.create(tmp_path, [BoardPlan(1, b"\x01")])
        assert list(tmp_path.iterdir()) == []

    def test_attaching_where_nothing_was_made_is_an_error(self, tmp_path: Path) -> None:
        with pytest.raises(BoardError, match="no virtual board was made here"):
            VirtualBoard.attach(tmp_path)

    @pytest.mark.parametrize(
        ("name", "wanted"),
        [
            ("config.cbor", "want a regular file"),
            ("flash.img", "want a regular file"),
            ("intake", "want a regular file"),
            ("lock", "want a regular file"),
        ],
    )
    def test_boards_with_malformed_files_are_not_attached_to(self, tmp_path: Path, name: str, wanted: str) -> None:
        folder = tmp_path / "boards"
        VirtualBoard.create(folder, [BoardPlan(1, provision.configuration(SWARM, 1))])[0].close()
        path = folder / "node-1" / name
        path.unlink(missing_ok=True)
        os.mkfifo(path)
        with pytest.raises(BoardError, match=f"{name}: it is a pipe; {wanted}"):
            VirtualBoard.attach(folder)

    @pytest.mark.parametrize("harm", ["changed", "gone", "added", "pipe"])
    def test_boards_whose_flight_software_has_changed_are_not_attached_to(self, tmp_path: Path, harm: str) -> None:
        folder = tmp_path / "boards"
        VirtualBoard.create(folder, [BoardPlan(1, provision.configuration(SWARM, 1))])[0].close()
        VirtualBoard.attach(folder)
        path = folder / "firmware" / "amu" / "node" / "node.py"
        if harm == "changed":
            path.write_text(path.read_text().replace("1", "2", 1))
        elif harm == "added":
            path.with_name("more.py").touch()
        else:
            path.unlink()
            if harm == "pipe":
                os.mkfifo(path)
        with pytest.raises(BoardError, match="flight software"):
            VirtualBoard.attach(folder)

    @pytest.mark.parametrize("size", [0, 20])
    def test_boards_that_would_refuse_their_configuration_are_not_attached_to(self, tmp_path: Path, size: int) -> None:
        folder = tmp_path / "boards"
        VirtualBoard.create(folder, [BoardPlan(1, provision.configuration(SWARM, 1))])[0].close()
        os.truncate(folder / "node-1" / "config.cbor", size)
        with pytest.raises(BoardError, match=r"config.cbor: .*; want the file that the board was made"):
            VirtualBoard.attach(folder)

    def test_a_board_without_room_for_its_flash_is_not_started(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert virtual.FLASH_BYTES == flash_image._BLOCKS * flash_image._BLOCK_BYTES
        board = VirtualBoard.create(tmp_path / "boards", [BoardPlan(1, provision.configuration(SWARM, 1))])[0]

        def full(*_: object) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(os, "fdopen", full)
        with pytest.raises(BoardError, match=r"flash.img: No space left on device; make room on the disk"):
            board.start()
        assert not board.alive()
        assert not list(board.directory.glob("*.part"))

    def test_boards_survive_the_ground_station_and_are_found_by_the_next(self, tmp_path: Path) -> None:
        command = [sys.executable, "-c", DOOMED_GROUND_STATION, str(tmp_path)]
        root = ROOT
        assert subprocess.run(command, cwd=root, check=False).returncode == -signal.SIGKILL
        boards = VirtualBoard.attach(tmp_path)
        try:
            assert [board.node for board in boards] == [1, 2]
            assert all(board.alive() for board in boards)
            stations = [Station(board) for board in boards]
            assert [station.hello(2).boot for station in stations] == [0, 0]
            _ask_and_leave_unread(stations[0], 3, tmp_path)
            boards[0].kill()
            boards[0].start()
            assert stations[0].hello(4).boot == 1
            assert 3 in _nonces(stations[0])
        finally:
            for board in boards:
                board.close()

    def test_a_paused_board_stops_and_its_input_waits(self, board: Board, tmp_path: Path) -> None:
        station = Station(board)
        board.start()
        station.hello(1)
        _pause(board, tmp_path)
        assert board.alive()
        station.send(m.Hello(2))
        for _ in range(50):
            station.listen()
        assert _state(tmp_path) == "T"
        assert 2 not in _nonces(station)
        board.resume()
        station.until(lambda: 2 in _nonces(station), "answer to what was sent while it stood still")
        board.resume()
        assert station.hello(3).boot == 0

    def test_a_paused_board_can_be_killed_and_what_it_said_is_heard(self, board: Board, tmp_path: Path) -> None:
        station = Station(board)
        board.start()
        station.hello(1)
        _ask_and_leave_unread(station, 2, tmp_path / "boards")
        _pause(board, tmp_path)
        board.kill()
        assert not board.alive()
        station.until(lambda: 2 in _nonces(station), "last words")
        with pytest.raises(BoardError, match="is off; start it before pausing"):
            board.pause()
        board.resume()
        board.start()
        assert station.hello(3).boot == 1

    def test_a_paused_board_can_be_attached_to_and_closed(self, board: Board, tmp_path: Path) -> None:
        board.start()
        Station(board).hello(1)
        _pause(board, tmp_path)
        board.link().close()  # its ground station is gone
        (again,) = VirtualBoard.attach(tmp_path / "boards")
        try:
            assert again.alive()
            again.resume()
            assert Station(again).hello(2).boot == 0
            _pause(again, tmp_path)
        finally:
            again.close()
        assert not again.alive()

    def test_what_an_unplugged_board_says_is_lost_and_it_flies_on(self, board: Board) -> None:
        station = Station(board)
        board.start()
        assert station.hello(1).boot == 0
        board.begin("unplug", 1)
        with pytest.raises(LinkLost, match="cable of board 1 is out; put it in"):
            board.link()
        assert board.alive()
        board.end("unplug")
        board.end("unplug")  # does nothing
        assert (station.hello(2).boot, station.hello(3).mode) == (0, "voting")

    def test_a_worn_block_stays_worn(self, board: Board, tmp_path: Path) -> None:
        station = Station(board)
        board.start()
        station.hello(1)
        board.begin("worn_flash", 1)
        station.propose(1)
        worn = tmp_path / "boards" / "node-1" / "worn_blocks"
        station.until(lambda: worn.exists() and worn.read_text(), "a flash operation")
        block = worn.read_text()
        board.kill()
        board.erase()
        assert worn.read_text() == block

    def test_a_fault_that_it_cannot_play_is_refused(self, board: Board) -> None:
        with pytest.raises(BoardError, match="board 1: virtual boards cannot play hang"):
            board.begin("hang", 1)

    def test_a_used_process_id_is_not_taken_for_a_board(self, board: Board, tmp_path: Path) -> None:
        board.start()
        board.kill()
        path = tmp_path / "boards/node-1/board.json"
        path.write_text(json.dumps({**json.loads(path.read_text()), "pid": os.getpid()}))
        assert not board.alive()
        board.kill()


def _pid(boards: Path, node: int = 1) -> int:
    return int(json.loads((boards / f"node-{node}/board.json").read_text())["pid"])


def _bytes_moved(pid: int) -> tuple[int, int]:
    """The bytes that a process has read and written on all its files, from the kernel."""
    lines = dict(line.split(": ") for line in Path(f"/proc/{pid}/io").read_text().splitlines())
    return int(lines["rchar"]), int(lines["wchar"])


class TestVirtualBoardOnPages(BoardConformance):
    """The same with the journal on raw flash."""

    kind = VirtualBoard
    swarm = SWARM_ON_PAGES


def _ask_and_leave_unread(station: Station, nonce: int, boards: Path) -> None:
    """Ask a board who it is, and wait until the whole answer is on the line, without reading it.

    A board handles what it has read, and answers, before it does anything else. So once it has read the question and
    then written as much as the longest frame, the answer is among that, on any machine.
    """
    pid = _pid(boards, station.board.node)
    before, _ = _bytes_moved(pid)
    asked = station.send(m.Hello(nonce))
    wait_until(lambda: _bytes_moved(pid)[0] >= before + asked, "the board does not read")
    _, written = _bytes_moved(pid)
    wait_until(lambda: _bytes_moved(pid)[1] >= written + WIRE_BYTES_MAX, "the board does not write")
    assert nonce not in _nonces(station)


def _state(tmp_path: Path) -> str:
    """What the kernel says of the process of board 1: T is stopped."""
    pid = _pid(tmp_path / "boards")
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def _pause(board: Board, tmp_path: Path) -> None:
    """Pause it, and wait until the signal has got through."""
    board.pause()
    while _state(tmp_path) != "T":
        time.sleep(0.001)


def _nonces(station: Station) -> set[int]:
    return {message.nonce for _, message in station.heard if isinstance(message, m.Identity)}


def test_a_dead_board_does_not_take_the_bytes_of_a_board_that_has_its_path_now(tmp_path: Path) -> None:
    VirtualBoard.create(tmp_path, [BoardPlan(1, provision.configuration(SWARM, 1))])
    master, slave = os.openpty()
    try:
        state = tmp_path / "node-1" / "board.json"
        state.write_text(json.dumps({**json.loads(state.read_text()), "device": os.ttyname(slave)}))
        (dead,) = VirtualBoard.attach(tmp_path)
        os.write(master, b"not for it\n")
        with pytest.raises(LinkLost):
            dead.link()
        dead.close()
        assert os.read(slave, 100) == b"not for it\n"
    finally:
        os.close(master)
        os.close(slave)


class TestVirtualBoardByCommand:
    """Where there is no zygote, a command serves."""

    def test_it_boots_is_killed_and_boots_again(self, tmp_path: Path) -> None:
        VirtualBoard.create(tmp_path, [BoardPlan(1, provision.configuration(SWARM, 1))])
        board = VirtualBoard(tmp_path / "node-1", CommandSpawner(str(micropython())))
        station = Station(board)
        try:
            for boot in range(2):
                board.start()
                assert station.hello(boot).boot == boot
                board.kill()
                assert not board.alive()
        finally:
            board.close()

    def test_a_command_that_is_not_there_is_named(self, tmp_path: Path) -> None:
        VirtualBoard.create(tmp_path, [BoardPlan(1, provision.configuration(SWARM, 1))])
        board = VirtualBoard(tmp_path / "node-1", CommandSpawner("/no/such/micropython"))
        with pytest.raises(BoardError, match=r"/no/such/micropython.*AMU_MICROPYTHON"):
            board.start()


class TestZygote:
    """The process that boards are forked from may die without them, and they without it."""

    @pytest.fixture
    def spawner(self) -> Iterator[ZygoteSpawner]:
        spawner = ZygoteSpawner()
        yield spawner
        spawner.close()

    @pytest.fixture
    def boards(self, tmp_path: Path, spawner: ZygoteSpawner) -> Iterator[list[VirtualBoard]]:
        plans = [BoardPlan(node, provision.configuration(SWARM, node)) for node in (0, 1)]
        VirtualBoard.create(tmp_path, plans)
        boards = [VirtualBoard(tmp_path / f"node-{node}", spawner) for node in (0, 1)]
        yield boards
        for board in boards:
            board.close()

    def test_killed_it_is_replaced_and_boards_start_as_ever(
        self, boards: list[VirtualBoard], spawner: ZygoteSpawner
    ) -> None:
        boards[0].start()
        station = Station(boards[0])
        station.hello(1)
        for life in (1, 2):
            os.kill(spawner.process_id, signal.SIGKILL)
            boards[1].start()
            Station(boards[1]).hello(life)
            station.hello(1 + life)  # the board of the first zygote flies on
            boards[1].kill()

    def test_one_that_cannot_live_is_an_error_that_says_so(
        self, boards: list[VirtualBoard], spawner: ZygoteSpawner, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        os.kill(spawner.process_id, signal.SIGKILL)
        monkeypatch.setattr(sys, "executable", "/bin/false")
        with pytest.raises(
            BoardError, match="board 0: the MicroPython zygote ends before it has started a board, code 1"
        ):
            boards[0].start()
        monkeypatch.setattr(sys, "executable", "/no/such/python")
        with pytest.raises(BoardError, match=r"board 0: cannot start the MicroPython zygote: .*no/such/python"):
            boards[0].start()
        monkeypatch.undo()
        boards[0].start()
        Station(boards[0]).hello(1)

    def test_a_board_that_was_never_reported_does_not_live(
        self, boards: list[VirtualBoard], spawner: ZygoteSpawner, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        """The next zygote starts it again, and two of them would write to one flash."""
        dying = tmp_path / "dying.py"
        dying.write_text(DYING_ZYGOTE.format(path=zygote.__file__))
        monkeypatch.setattr(zygote, "__file__", str(dying))
        os.kill(spawner.process_id, signal.SIGKILL)
        with pytest.raises(BoardError, match="the MicroPython zygote ends before it has started a board, code -9"):
            boards[0].start()
        give_up = time.monotonic() + 240
        while boards[0].alive():
            assert time.monotonic() < give_up, "the board lives"
            time.sleep(0.01)
        monkeypatch.undo()
        boards[0].start()
        Station(boards[0]).hello(1)


def test_board_kinds_are_found_by_name() -> None:
    assert {"emulated", "virtual"} <= set(board_kinds())
    assert board_kind("virtual") is VirtualBoard


def test_an_unknown_kind_is_refused_with_the_known_ones() -> None:
    with pytest.raises(BoardError, match="no board kind 'cubesat'; there are: emulated, host, pico, uart, virtual"):
        board_kind("cubesat")

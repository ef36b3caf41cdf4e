"""The composition root on a board in memory: how a board starts with which flash."""

import gc
import importlib.util
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

import pytest

import amu
from amu.boards.host import MemoryPort, MemoryStore
from amu.consensus import records
from amu.core.limits import FULL_RETRY_TICKS
from amu.node.journal import Journal, Recovered
from amu.node.node import BLANK_BOOT
from amu.wire import codec, frames
from amu.wire import messages as m
from amu.wire.framer import NEED_BYTES, Framer, Text
from groundstation.boards import provision
from groundstation.boards.provision import Swarm
from specs.checking.trace_line import decode_event

SWARM = Swarm(cluster=b"test", replica_count=4, master=b"m" * 32)
TICKS = 200


def live(main: ModuleType, board: "MemoryBoard") -> str:
    return str(main.lives(board, main.configuration.decode(board.config())))


def load_main() -> ModuleType:
    path = Path(amu.__file__).resolve().parents[1] / "main.py"
    spec = importlib.util.spec_from_file_location("board_main", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class MemoryBoard:
    """A board whose time passes whenever it waits. Hello arrives at tick 1, the order to exit at tick TICKS."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store
        self.port = self.line = MemoryPort()
        self.line.wait = self._wait  # type: ignore[attr-defined]
        self._ticks = 0

    def config(self) -> bytes:
        return provision.configuration(SWARM, 1)

    def open_store(self, journal: str) -> MemoryStore:
        return self._store

    def ticks(self, tick_ms: int) -> "MemoryBoard":
        return self

    def now(self) -> int:
        return self._ticks

    def left_ms(self) -> int:
        return 0

    def nonce(self) -> int:
        return 1

    def heap(self) -> tuple[int, int]:
        return 0, 0

    def _wait(self, milliseconds: int) -> bool:
        self._ticks += 1
        if self._ticks % 50 == 1:
            self._command(m.Hello(self._ticks))
        if self._ticks >= TICKS:
            self._command(m.Control("exit"))
        return False

    def _command(self, message: m.Message) -> None:
        payload = codec.encode(0, message)
        tag = provision.ground_keyring(SWARM).seal(frames.traffic_of(message.KIND), 1, payload)
        self.line.feed(frames.build(frames.traffic_of(message.KIND), 255, 1, tag, payload))

    def said(self) -> tuple[list[str], set[str], set[int]]:
        """(texts, modes of the Identity answers, destinations of all frames)."""
        framer = Framer()
        framer.push(self.line.take())
        texts, modes, destinations = [], set(), set()
        while (item := framer.next()) is not NEED_BYTES:
            if isinstance(item, Text):
                texts.append(item.data.decode())
                continue
            destinations.add(item.destination)
            if item.traffic == frames.TELEMETRY:
                for _, message in codec.decode(item.traffic, item.payload):
                    if message.KIND == m.Identity.KIND:
                        modes.add(message.mode)
        return texts, modes, destinations


@pytest.fixture
def main(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    # The calls that main.py makes before anything else: control-C is a byte like others; collect while importing.
    micropython = ModuleType("micropython")
    micropython.kbd_intr = lambda character: None  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "micropython", micropython)
    monkeypatch.setattr(gc, "threshold", lambda size: None, raising=False)
    monkeypatch.setattr(gc, "mem_free", lambda: 0, raising=False)
    return load_main()


def commissioned() -> MemoryStore:
    return MemoryStore(provision.commissioned_files())


def test_a_commissioned_board_votes_and_speaks_to_its_peers(main: ModuleType) -> None:
    board = MemoryBoard(commissioned())
    assert live(main, board) == "exit"
    assert board.said() == ([], {"voting"}, {0, 2, 3, 255})


@pytest.mark.parametrize("is_quiet", [True, False])
def test_garbage_is_collected_while_the_line_is_quiet(
    main: ModuleType, monkeypatch: pytest.MonkeyPatch, is_quiet: bool
) -> None:
    class Board(MemoryBoard):
        def _wait(self, milliseconds: int) -> bool:
            super()._wait(milliseconds)
            return not is_quiet

    board = Board(commissioned())
    collections = []
    monkeypatch.setattr(gc, "collect", lambda: collections.append(board.now()))
    assert live(main, board) == "exit"
    framer = Framer()
    framer.push(board.line.take())
    frames_sent = 0
    while framer.next() is not NEED_BYTES:
        frames_sent += 1
    assert frames_sent > main.LITTER_FRAMES
    assert 0 < len(collections) <= frames_sent // main.LITTER_FRAMES + 1 if is_quiet else not collections


def test_a_flying_board_has_let_go_of_what_it_recovered(main: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    class Board(MemoryBoard):
        def _wait(self, milliseconds: int) -> bool:
            held.append((recovered[0].checkpoint, recovered[0].records))
            return super()._wait(milliseconds)

    recovered: list[Recovered] = []
    held: list[tuple[object, list[object]]] = []
    inner = main.Journal.recover

    def recover(journal: Journal) -> Recovered:
        found: Recovered = inner(journal)
        recovered.append(found)
        assert found.records
        return found

    monkeypatch.setattr(main.Journal, "recover", recover)
    store = commissioned()
    journal = Journal(store)
    inner(journal)
    journal.append([[records.BOOT, 3, 4096]])
    assert live(main, Board(store)) == "exit"
    assert held[0] == (None, [])


def test_a_blank_board_rejoins(main: ModuleType) -> None:
    board = MemoryBoard(MemoryStore())
    live(main, board)
    assert board.said()[1] == {"rejoining"}


def test_a_board_whose_flash_is_damaged_flies_on_in_silence(main: ModuleType) -> None:
    store = commissioned()
    store.files["checkpoint"] = store.files["checkpoint"][:-1] + b"!"
    board = MemoryBoard(store)
    assert live(main, board) == "exit"
    assert board.said() == (["vote state unreadable: the checkpoint is damaged\n"], {"silent"}, {255})


def test_a_board_whose_flash_cannot_be_written_falls_silent(main: ModuleType) -> None:
    class WornOutStore(MemoryStore):
        def append(self, name: str, data: bytes) -> None:
            raise OSError(5)

    board = MemoryBoard(WornOutStore(provision.commissioned_files()))
    assert live(main, board) == "exit"
    texts, modes, destinations = board.said()
    assert texts == ["vote state unreadable: append failed: OSError(5)\n"]
    assert (modes, destinations) == ({"silent"}, {255})


class FullStore(MemoryStore):
    """Flash that another program fills and empties again."""

    is_full = True

    def append(self, name: str, pieces: "Sequence[bytes]") -> None:
        if self.is_full:
            raise OSError(28, "no space left")
        super().append(name, pieces)


def restarts(board: "MemoryBoard") -> list[tuple[int, str]]:
    """(boot, reason) of each Restart that it traced."""
    framer = Framer()
    framer.push(board.line.take())
    found = []
    while (item := framer.next()) is not NEED_BYTES:
        if isinstance(item, Text) or item.traffic != frames.REPORT:
            continue
        for _, message in codec.decode(item.traffic, item.payload):
            if message.KIND == m.Trace.KIND:
                told = [decode_event(event) for event in message.events]
                found += [(message.boot, str(fields["reason"])) for name, _, fields in told if name == "Restart"]
    return found


def test_a_board_whose_flash_was_full_votes_again_once_it_has_room(main: ModuleType) -> None:
    class Board(MemoryBoard):
        def _wait(self, milliseconds: int) -> bool:
            store.is_full = self._ticks < FULL_RETRY_TICKS - 10
            return super()._wait(milliseconds)

    store = FullStore(provision.commissioned_files())
    board = Board(store)
    assert live(main, board) == "exit"
    texts, modes, destinations = board.said()
    assert len(texts) == 1
    assert texts[0].startswith("no room on flash for votes: append failed: OSError(28")
    assert modes == {"silent", "voting"}
    assert destinations == {0, 2, 3, 255}


def test_a_board_whose_flash_stays_full_stays_silent_and_says_why_in_each_life(main: ModuleType) -> None:
    class Board(MemoryBoard):
        """Each life counts its own ticks."""

        def ticks(self, tick_ms: int) -> "MemoryBoard":
            self._began = self._ticks
            return self

        def now(self) -> int:
            return self._ticks - self._began

    board = Board(FullStore(provision.commissioned_files()))
    assert live(main, board) == "exit"
    told = restarts(board)
    assert 1 < len(told) <= TICKS // FULL_RETRY_TICKS + 1
    assert all(boot > BLANK_BOOT and reason.startswith("no room on flash") for boot, reason in told)

"""The contract of every Board: it flies the real flight software and communicates over its link.

A kind passes by subclassing and giving the fixture `make_boards`. The suite plays the ground station and, with the
mission's keys, the other replicas. It never asserts on time: real-time boards are waited for up to a generous limit,
others are stepped.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from amu.boards import config
from amu.consensus import bodies
from amu.core.limits import BROADCAST, GROUND
from amu.wire import auth, codec, frames
from amu.wire import messages as m
from amu.wire.framer import NEED_BYTES, Framer, Text
from groundstation.boards import provision
from groundstation.boards.base import Board, BoardError, BoardPlan
from groundstation.boards.provision import Swarm
from groundstation.links.base import Link, LinkLost

SWARM = Swarm(cluster=b"test", replica_count=4, master=b"m" * 32, tick_ms=20, view_timeout_ticks=50)
SWARM_ON_PAGES = replace(SWARM, journal=config.PAGES)
LEADER = 0  # of view 0 in the first slots
RESTORE = 2  # code of the trace event
BOOT_WITHOUT_MEMORY = 1 << 20  # boot numbers of boards that woke with amnesia start here
PATIENCE_SECONDS = 60.0  # of wall time for real-time boards, of board time for others
STEP_SECONDS = 0.01
HELLO_EVERY_LISTENINGS = 300

MakeBoards = Callable[[list[int]], list[Board]]


class Station:
    """The other end of one board's line: sends sealed messages, keeps what comes back."""

    def __init__(self, board: Board) -> None:
        self.board = board
        self.texts: list[str] = []
        self.heard: list[tuple[frames.Frame, m.Message]] = []
        self._framer = Framer()

    def send(self, message: m.Message, source: int = GROUND, lamport: int = 1) -> int:
        """Send it; returns the number of bytes."""
        node = self.board.node
        payload = codec.encode(lamport, message)
        keys = auth.keyring(SWARM.master, SWARM.cluster, SWARM.epoch, source, SWARM.replica_count)
        tag = keys.seal(frames.traffic_of(message.KIND), node, payload)
        frame = frames.build(frames.traffic_of(message.KIND), source, node, tag, payload)
        self.write(frame)
        return len(frame)

    def write(self, data: bytes) -> None:
        link = self.board.link()
        link.write(data)
        link.pump()

    def listen(self) -> None:
        """Let the board run for a moment and read its output."""
        self.board.advance(STEP_SECONDS)
        link = self.board.link()
        link.pump()
        data = link.read()
        if not data and self.board.is_real_time:
            time.sleep(0.001)
        self._framer.push(data)
        while (item := self._framer.next()) is not NEED_BYTES:
            if isinstance(item, Text):
                self.texts.append(item.data.decode("ascii", "replace"))
            else:
                self.heard += [(item, message) for _, message in codec.decode(item.traffic, item.payload)]

    def until(self, condition: Callable[[], Any], what: str) -> Any:
        """Listen until `condition()` is true; its value."""
        give_up = time.monotonic() + PATIENCE_SECONDS
        steps = 0
        while not (value := condition()):
            patient = time.monotonic() < give_up if self.board.is_real_time else steps * STEP_SECONDS < PATIENCE_SECONDS
            assert patient, f"board {self.board.node}: no {what}; it said {self.texts}, {self.heard[-5:]}"
            steps += 1
            self.listen()
        return value

    def hello(self, nonce: int) -> m.Identity:
        """Ask who is there, repeatedly: a board may still be booting and lose the question."""

        def answer() -> m.Identity | None:
            for _, message in self.heard:
                if isinstance(message, m.Identity) and message.nonce == nonce:
                    return message
            return None

        asked = 0

        def asking() -> m.Identity | None:
            nonlocal asked
            if asked % HELLO_EVERY_LISTENINGS == 0:
                self.send(m.Hello(nonce))
            asked += 1
            return answer()

        identity: m.Identity = self.until(asking, "answer to Hello")
        return identity

    def propose(self, slot: int) -> None:
        """Send what makes the board vote in `slot`, as ground and leader of view 0: a write to flash."""
        self.send(m.Request(7, slot, ["noop"]))
        self.send(m.Proposal(slot, 0, bodies.encode(0, [[7, slot, ["noop"]]])), LEADER)

    def sent_votes(self) -> set[tuple[int, int, int, bytes]]:
        """(slot, view, phase, value) of every vote that left the board."""
        return {
            (message.slot, message.view, message.phase, message.value)
            for _, message in self.heard
            if isinstance(message, m.Vote)
        }

    def restored(self, boot: int) -> dict[int, list[Any]]:
        """Fields of the Restore events of a boot, by slot: slot, view, hi1, second1, hi2, second2, hi3, hi4."""
        found = {}
        for _, message in self.heard:
            if isinstance(message, m.Trace) and message.boot == boot:
                for event in message.events:
                    if event[0] == RESTORE:
                        found[event[2]] = event[2:]
        return found

    def assert_votes_stand(self, boot: int, sent: set[tuple[int, int, int, bytes]]) -> None:
        """Life `boot` remembers each first vote that the life before has sent."""
        restored = self.restored(boot)
        for slot, view, phase, value in sent:
            assert phase == 1
            assert restored[slot][2] == [view, value]


def link_has_bytes(link: Link) -> bool:
    """Read once from a link that is lost or about to be; False when it is."""
    try:
        assert link.read(), "an idle link where a lost one was expected"
    except LinkLost:
        return False
    return True


class BoardConformance:
    """The suite."""

    kind: type[Board]
    swarm = SWARM

    @pytest.fixture
    def make_boards(self, tmp_path: Path) -> Iterator[MakeBoards]:
        made: list[Board] = []

        def make(nodes: list[int]) -> list[Board]:
            plans = [BoardPlan(node, provision.configuration(self.swarm, node)) for node in nodes]
            made.extend(self.kind.create(tmp_path / "boards", plans))
            return made

        yield make
        for board in made:
            board.close()

    @pytest.fixture
    def board(self, make_boards: MakeBoards) -> Board:
        """One board of the swarm, not the leader of view 0, still off."""
        return make_boards([1])[0]

    def test_a_new_board_is_off(self, board: Board) -> None:
        assert not board.alive()

    def test_a_new_board_boots_commissioned_and_says_who_it_is(self, board: Board) -> None:
        board.start()
        assert board.alive()
        identity = Station(board).hello(77)
        assert (identity.nonce, identity.replica, identity.replica_count) == (77, 1, 4)
        assert (identity.mode, identity.boot, identity.applied_slot) == ("voting", 0, 0)

    def test_boards_are_themselves(self, make_boards: MakeBoards) -> None:
        boards = make_boards([2, 3])
        for board in boards:
            board.start()
        assert [Station(board).hello(5).replica for board in boards] == [2, 3]

    def test_a_killed_board_is_off_and_stays_so(self, board: Board) -> None:
        board.start()
        Station(board).hello(1)
        board.kill()
        assert not board.alive()
        board.kill()
        assert not board.alive()

    def test_a_running_board_is_not_started_again(self, board: Board) -> None:
        board.start()
        with pytest.raises(BoardError, match="running"):
            board.start()

    def test_flash_outlives_a_kill(self, board: Board) -> None:
        station = Station(board)
        board.start()
        for boot in range(3):
            identity = station.hello(boot)
            assert (identity.boot, identity.mode) == (boot, "voting")
            board.kill()
            board.start()

    def test_an_erased_board_wakes_without_memory(self, board: Board) -> None:
        station = Station(board)
        board.start()
        station.hello(1)
        board.kill()
        board.erase()
        board.start()
        identity = station.hello(2)
        assert identity.mode == "rejoining"
        assert identity.boot >= BOOT_WITHOUT_MEMORY

    def test_a_board_erased_before_its_first_start_has_no_memory_either(self, board: Board) -> None:
        board.erase()
        board.start()
        assert Station(board).hello(1).mode == "rejoining"

    def test_a_running_board_is_not_erased(self, board: Board) -> None:
        board.start()
        with pytest.raises(BoardError, match="running"):
            board.erase()

    @pytest.mark.parametrize("operations", [1, 2, 3, 4])
    def test_a_power_cut_in_mid_write_loses_no_vote_that_was_sent(self, board: Board, operations: int) -> None:
        station = Station(board)
        board.start()
        station.hello(1)
        board.power_cut(operations)
        for slot in range(1, 5):  # one by one: votes of one turn share a write
            station.propose(slot)
            station.until(
                lambda slot=slot: not board.alive() or slot in {vote[0] for vote in station.sent_votes()},
                "vote, nor death by power cut",
            )
        station.until(lambda: not board.alive(), "death by power cut")
        station.listen()
        sent = station.sent_votes()
        board.start()
        identity = station.hello(2)
        assert (identity.mode, identity.boot) == ("voting", 1)
        station.assert_votes_stand(1, sent)

    def test_a_power_cut_needs_a_running_board_and_a_count(self, board: Board) -> None:
        with pytest.raises(BoardError, match="is off"):
            board.power_cut(1)
        board.start()
        with pytest.raises(BoardError, match="want 1 or more"):
            board.power_cut(0)

    def test_a_power_cut_that_never_came_does_not_wait_for_the_next_life(self, board: Board) -> None:
        station = Station(board)
        board.start()
        station.hello(1)
        board.power_cut(1_000_000)
        board.kill()
        board.start()
        station.hello(2)
        station.propose(1)
        station.until(station.sent_votes, "vote")
        assert board.alive()

    def test_a_vote_goes_to_every_other_replica_after_its_trace(self, board: Board) -> None:
        station = Station(board)
        board.start()
        station.hello(1)
        station.propose(1)
        station.until(lambda: [said.KIND for _, said in station.heard].count(m.Vote.KIND) >= 3, "vote to three peers")
        kinds = [message.KIND for _, message in station.heard]
        votes = [frame.destination for frame, message in station.heard if message.KIND == m.Vote.KIND]
        assert votes[:3] == [0, 2, 3]
        assert BROADCAST not in votes
        first_vote = kinds.index(m.Vote.KIND)
        codes = [e[0] for f, t in station.heard[:first_vote] if isinstance(t, m.Trace) for e in t.events]
        assert 12 in codes  # Vote1

    def test_input_of_a_dead_board_is_lost(self, board: Board) -> None:
        station = Station(board)
        board.start()
        station.hello(1)
        board.kill()
        station.send(m.Hello(2))
        board.start()
        station.hello(3)
        nonces = {message.nonce for _, message in station.heard if isinstance(message, m.Identity)}
        assert nonces == {1, 3}

    def test_garbage_and_text_are_survived(self, board: Board) -> None:
        station = Station(board)
        board.start()
        station.hello(1)
        for _ in range(3):
            station.write(bytes(range(256)) * 4 + b"\x03\x04\x00AT+RESET\r\n")
            station.hello(2)
        assert board.alive()

    def test_a_board_that_leaves_the_flight_loop_on_command_stops_flying(self, board: Board) -> None:
        station = Station(board)
        board.start()
        station.hello(1)
        station.send(m.Control("reset"))
        assert station.hello(2).boot == 1

    def test_a_closed_board_is_off_and_its_line_is_lost(self, board: Board) -> None:
        station = Station(board)
        board.start()
        station.hello(1)
        link = board.link()
        link.read()
        board.close()
        assert not board.alive()
        while link_has_bytes(link):
            pass
        with pytest.raises(LinkLost):
            link.write(b"x")
        board.close()

"""Which votes a node calls surplus. A board of seven: five equal votes are a quorum, so two of a phase are too many."""

import copy
from typing import Any

import pytest

from amu.boards.host import MemoryStore, Settings, wake
from amu.consensus import bodies
from amu.consensus.surplus import is_surplus
from amu.core.limits import GROUND, INSTANCES_MAX, WINDOW_SLOTS
from amu.node.journal import Journal
from amu.node.learner import Learner
from amu.node.node import Node
from amu.wire import messages as m

SIZE, ME, LAST = 7, 1, 6
BODY = bodies.encode(0, [[1, 1, ["noop"]]])
VALUE = bodies.value_of(1, BODY)
OTHER = bytes(32)


class Board:
    """Node ME. Its peers are in the test's hand."""

    def __init__(self) -> None:
        store = MemoryStore()
        Journal(store).commission()
        self.node: Node
        self.node, _ = wake(Settings(ME, SIZE), store, 7)
        self.perform()

    def perform(self) -> None:
        self.node.ready()
        self.node.advance()

    def hear(self, source: int, message: m.Message) -> None:
        self.node.step(source, self.node.lamport + 1, message)
        self.perform()

    def vote(self, *peers: int, phase: int, view: int = 0, slot: int = 1, value: bytes = VALUE) -> None:
        for peer in peers:
            self.hear(peer, m.Vote(slot, view, phase, value))

    def tick(self) -> None:
        self.node.tick()
        self.perform()

    def calls_surplus(self, peer: int, phase: int, view: int = 0, slot: int = 1, value: bytes = VALUE) -> bool:
        return is_surplus(self.node.replica, peer, (0, slot, view, phase), value)

    def voted(self) -> list[bool]:
        """Whether it has voted in view 0 of slot 1, by phase."""
        return [self.node.replica.instance(1).registers.voted(phase, 0) for phase in range(1, 5)]


@pytest.fixture
def board() -> Board:
    board = Board()
    board.hear(GROUND, m.Request(1, 1, ["noop"]))
    board.hear(0, m.Proposal(1, 0, BODY))
    assert board.voted() == [True, False, False, False]
    return board


def phases(board: Board, **about: Any) -> list[int]:
    """Phases in which a vote of LAST, who has not voted, would be surplus."""
    return [phase for phase in range(1, 5) if board.calls_surplus(LAST, phase, **about)]


def test_a_vote_counts_until_the_next_phase_is_voted_for_and_the_last_until_the_decision(board: Board) -> None:
    assert phases(board) == []
    for phase in range(1, 5):
        board.vote(0, 2, 3, phase=phase)
        assert phases(board) == list(range(1, phase))
        board.vote(4, phase=phase)
        assert phases(board) == list(range(1, phase + 1))
        if phase < 4:
            assert board.voted() == [number <= phase + 1 for number in range(1, 5)]
    assert board.node.applied_slot == 1


def test_a_value_is_compared_where_it_stands(board: Board) -> None:
    board.vote(0, 2, 3, 4, phase=1)
    data = b"before" + VALUE + b"behind"
    assert [is_surplus(board.node.replica, LAST, (at, 1, 0, 1), data) for at in (0, 5, 6, 7)] == [
        False,
        False,
        True,
        False,
    ]


def test_what_nobody_has_said_yet_is_never_surplus(board: Board) -> None:
    for phase in range(1, 5):
        board.vote(0, 2, 3, 4, phase=phase)
    assert phases(board) == [1, 2, 3, 4]
    assert phases(board, value=OTHER) == []  # a second decision must be seen
    assert phases(board, view=1) == [4]  # of the value that is decided
    assert phases(board, view=1, value=OTHER) == []


@pytest.mark.parametrize("phase", [1, 2, 3, 4])
def test_a_peers_vote_counts_once_in_a_view_and_phase(board: Board, phase: int) -> None:
    board.vote(LAST, phase=phase, view=2)
    for value in (VALUE, OTHER):
        told = {view: phases(board, view=view, value=value) for view in range(4)}
        assert told == {0: [phase], 1: [phase], 2: [phase], 3: []}
    assert not any(board.calls_surplus(peer, phase, view=2) for peer in (0, 2, 3, 4, 5))


def test_votes_of_a_slot_whose_instance_is_gone_are_surplus(board: Board) -> None:
    replica = board.node.replica
    replica.applied = 9
    first = 9 - WINDOW_SLOTS + 1
    replica.instances = [None] * INSTANCES_MAX
    told = [slot for slot in range(1, first + INSTANCES_MAX + 3) if phases(board, slot=slot) == [1, 2, 3, 4]]
    assert told == list(range(1, first))
    assert [slot for slot in range(first, first + INSTANCES_MAX + 3) if phases(board, slot=slot)] == []


def test_a_decided_slot_still_counts_what_its_own_votes_need(board: Board) -> None:
    for peer in (0, 2, 3):  # f + 1
        board.hear(peer, m.Decided(1, VALUE, BODY))
    assert (board.node.applied_slot, board.voted()) == (1, [True, False, False, False])
    assert phases(board) == [4]
    board.vote(0, 2, 3, 4, phase=1)
    assert board.voted() == [True, True, False, False]  # a peer may lack this vote for its quorum
    assert phases(board) == [1, 4]


def test_after_a_reboot_votes_that_led_to_an_own_vote_are_surplus_and_others_are_not() -> None:
    board = Board()
    registers = board.node.replica.instance(1).registers
    registers.vote(1, 0, VALUE)
    registers.vote(2, 3, VALUE)
    assert {view: phases(board, view=view) for view in range(5)} == {0: [], 1: [], 2: [], 3: [1], 4: []}


def test_a_sender_that_was_not_heard_lately_is_listened_to(board: Board) -> None:
    board.vote(0, 2, 3, 4, phase=1)
    assert phases(board) == [1]
    told = []
    for tick in range(4):
        if tick == 1:
            board.vote(LAST, phase=4)
        told.append([board.node.is_surplus(peer, (0, 1, 0, 1), VALUE) for peer in (0, LAST)])
        board.tick()
    assert told == [[True, False], [True, True], [False, True], [False, False]]


def test_to_ask_changes_nothing(board: Board) -> None:
    board.vote(0, 2, 3, phase=1)
    replica = board.node.replica

    def known() -> Any:
        held = replica.instance(1)
        instances = [instance is None for instance in replica.instances]
        return copy.deepcopy([held._votes, held._heard, replica.export(), instances, board.node.lamport])

    before = known()
    for slot in range(1, 2 * INSTANCES_MAX):
        for phase in range(1, 5):
            for view in range(3):
                for value in (VALUE, OTHER):
                    board.node.is_surplus(LAST, (0, slot, view, phase), value)
    assert known() == before
    assert board.node.ready().empty()


def test_a_learner_refuses_every_vote() -> None:
    assert not Learner(Settings(SIZE, SIZE), 7).is_surplus(0, (0, 1, 0, 1), VALUE)

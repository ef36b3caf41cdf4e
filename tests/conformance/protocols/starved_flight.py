"""The starved voters in the flight code: three real nodes, and a puppet in the place of the liar.

The same schedule as data/starved_voters.txt, with boards' numbers for its replicas (leader of view v in slot 1 is board
v, so the honest leader of view 3 is board 3, and the liar leads view 2):

    schedule   1   2   3 (liar)   4
    board      3   1   2          0

Every message is delivered by hand. The leader of the code proposes a value that some register names, the latest view
first, so the liar names its third value d in the suggest that helps the leader.
"""

from __future__ import annotations

from typing import Any

from amu.boards.host import Decoded, MemoryStore, Settings, wake
from amu.consensus import bodies
from amu.core.limits import GROUND
from amu.node.journal import Journal
from amu.wire.messages import Proof, Proposal, Request, Suggest, ViewChange, Vote
from specs.checking.trace_line import decode_event

SLOT = 1
SIZE = 4
LIAR = 2
HONEST = (0, 1, 3)
COMMAND = ["noop"]
LIES_FROM = 1_000  # Lamport time of the liar's words: any will do
TICKS_MAX = 1_000


class Stage:
    """Three nodes with journals in memory; what they send lies in `flying` until it is delivered."""

    def __init__(self) -> None:
        self.nodes: dict[int, Any] = {}
        self.runtimes: dict[int, Any] = {}
        self.flying: list[tuple[int, int, int, Any]] = []
        self.events: list[tuple[int, str, dict[str, Any]]] = []
        for board in HONEST:
            store = MemoryStore()
            Journal(store).commission()
            self.nodes[board], journal = wake(Settings(board, SIZE), store, 7)
            self.runtimes[board] = Decoded(self.nodes[board], Settings(board, SIZE), journal, self)
            self._perform(board)

    def _perform(self, board: int) -> None:
        self.runtimes[board].perform()

    def trace(self, board: int, boot: int, first_seq: int, ticks: int, events: list[Any]) -> None:
        for event in events:
            name, _, fields = decode_event(event)
            self.events.append((board, name, fields))

    def carry(self, board: int, peer: int, found: list[tuple[int, Any]], is_sound: bool) -> None:
        if peer in HONEST:
            self.flying += [(board, peer, lamport, message) for lamport, message in found]

    def tell(self, board: int, message: Any, sender: int = LIAR) -> None:
        """The liar (or the ground) says something to one board."""
        self.nodes[board].step(sender, LIES_FROM, message)
        self._perform(board)

    def deliver(self, kind: type[Any], view: int, source: int, *boards: int) -> None:
        """What `source` has sent of that kind and view reaches these boards, and stays in flight for others."""
        for flight in list(self.flying):
            sender, board, lamport, message = flight
            if sender == source and board in boards and type(message) is kind and message.view == view:
                self.flying.remove(flight)
                self.nodes[board].step(sender, lamport, message)
                self._perform(board)

    def deliver_votes(self, view: int, phase: int, *boards: int) -> None:
        """All honest votes of a phase reach these boards."""
        for flight in list(self.flying):
            sender, board, lamport, message = flight
            wanted = type(message) is Vote and (message.view, message.phase) == (view, phase)
            if wanted and board in boards:
                self.flying.remove(flight)
                self.nodes[board].step(sender, lamport, message)
                self._perform(board)

    def enter(self, view: int, *boards: int) -> None:
        """These boards enter the view: the first one's timer runs out, the liar wishes with it, the others echo."""
        first = boards[0]
        for _ in range(TICKS_MAX):
            if self.did(first, "Wish", view):
                break
            self.nodes[first].tick()
            self._perform(first)
        for board in boards:
            self.tell(board, ViewChange(SLOT, view))
        for source in boards:
            self.deliver(ViewChange, view, source, *boards)
        assert all(self.did(board, "EnterView", view) for board in boards)

    def did(self, board: int, name: str, view: int) -> bool:
        return any(who == board and what == name and of["view"] == view for who, what, of in self.events)

    def value(self, board: int, name: str, view: int) -> bytes | None:
        """The value of that event of the board in that view, or None."""
        for who, what, of in self.events:
            if who == board and what == name and of["view"] == view:
                return bytes(of["value"])
        return None


def play() -> tuple[Stage, bytes]:
    """Every step up to the proposal of view 3, and the value that it proposes. The liar then says nothing more."""
    stage = Stage()
    for board in HONEST:
        stage.tell(board, Request(1, 1, COMMAND), GROUND)
    a = stage.value(0, "Propose", 0)
    assert a is not None
    # Two further bodies with the same request: d's value must be the greater, for the leader tries greater ones first.
    told = sorted((bodies.value_of(SLOT, body), body) for body in (bodies.encode(v, [[1, 1, COMMAND]]) for v in (1, 2)))
    (c, body_c), (d, body_d) = told

    # View 0: all vote a in phases 1 to 3, board 0 alone also in phase 4.
    stage.deliver(Proposal, 0, 0, 1, 3)
    stage.deliver_votes(0, 1, *HONEST)
    stage.deliver_votes(0, 2, *HONEST)
    stage.deliver_votes(0, 3, 0)
    # View 1, boards 3 and 1: both vote a in phase 1, board 3 also in phase 2.
    stage.enter(1, 3, 1)
    stage.deliver(Suggest, 1, 3, 1)
    stage.tell(1, Suggest(SLOT, 1, None, None, None))
    stage.deliver(Proof, 1, 3, 1)
    stage.deliver(Proof, 1, 1, 3)
    for board in (1, 3):
        stage.tell(board, Proof(SLOT, 1, None, None, None))
    stage.deliver(Proposal, 1, 1, 3)
    stage.deliver_votes(1, 1, 3)
    stage.tell(3, Vote(SLOT, 1, 1, a))
    # View 2, led by the liar: boards 3 and 0 vote c in phase 1, for 3, 1 and the liar never voted in phase 4.
    stage.enter(2, 3, 0, 1)
    for board in (0, 3):
        for source in HONEST:
            stage.deliver(Proof, 2, source, board)
        stage.tell(board, Proof(SLOT, 2, None, None, None))
        stage.tell(board, Proposal(SLOT, 2, body_c))
    stage.deliver_votes(2, 1, 3)
    stage.tell(3, Vote(SLOT, 2, 1, c))
    # View 3, led by board 3: the liar claims d in view 2 and another value in view 1, and shows d's body.
    stage.enter(3, 3, 0, 1)
    stage.tell(3, Proposal(SLOT, 6, body_d))
    stage.tell(3, Suggest(SLOT, 3, (2, d), (1, a), None))
    for source in (0, 1):
        stage.deliver(Suggest, 3, source, 3)
    return stage, d


def votes_of_the_honest(stage: Stage) -> dict[int, bytes | None]:
    """Proposal and proofs of view 3 reach everybody: what each board votes for in phase 1, if at all."""
    for source in HONEST:
        stage.deliver(Proof, 3, source, *HONEST)
        stage.deliver(Proposal, 3, source, *HONEST)
    return {board: stage.value(board, "Vote1", 3) for board in HONEST}


def decisions(stage: Stage) -> dict[int, bytes | None]:
    """Votes of view 3 reach everybody, phase by phase: what each board decides, if at all."""
    for phase in range(1, 5):
        stage.deliver_votes(3, phase, *HONEST)
    return {board: stage.value(board, "Decide", 3) for board in HONEST}

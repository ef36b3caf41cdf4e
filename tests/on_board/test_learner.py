import hashlib

from expect import refused

from amu.boards.host import Settings
from amu.consensus import bodies
from amu.core import limits
from amu.core.errors import ConfigError
from amu.core.lamport import IN_ORDER, OUT_OF_ORDER, LamportClock, Witnesses
from amu.ledger.state import Ledger
from amu.node.events import EVENTS
from amu.node.learner import Learner
from amu.node.node import SILENT
from amu.wire import cbor
from amu.wire.messages import Decided, Fetch, FetchState, Progress, StateChunk, Vote

REPLICAS = 4
ME = 7


def settings(number=ME):
    return Settings(number, REPLICAS, trace_messages=False)


def named(event):
    row = [EVENTS[event[0]][0]]
    row.extend(event[2:])
    return row


class Desk:
    """A learner, and what it has done since it was last asked."""

    def __init__(self):
        self.learner = Learner(settings(), 1)
        self.take()

    def take(self):
        """([event name and fields], [(destination, message)])"""
        ready = self.learner.ready()
        self.learner.advance()
        assert ready.checkpoint is None
        assert not ready.records
        return [named(event) for event in ready.events], [
            (destination, message) for destination, _, message in ready.sends
        ]

    def tell(self, peer, message):
        self.learner.step(peer, 9, message)
        return self.take()

    def wait(self, periods):
        sends = []
        for _ in range(periods * limits.CATCH_UP_PERIOD_TICKS):
            self.learner.tick()
            sends += self.take()[1]
        return sends


def body_of(slot):
    return bodies.encode(0, [[1, slot, ["noop"]]])


def decided(slot, body=None):
    body = body_of(slot) if body is None else body
    return Decided(slot, bodies.value_of(slot, body), body)


def names(events):
    return [event[0] for event in events]


def test_it_asks_f_plus_1_replicas_and_different_ones_the_next_time():
    desk = Desk()
    first, second = desk.wait(1), desk.wait(1)
    assert [message for _, message in first + second] == [Fetch(1)] * 4
    assert sorted([peer for peer, _ in first + second]) == [0, 1, 2, 3]


def test_one_reply_is_not_believed_and_two_equal_ones_are():
    desk = Desk()
    assert desk.tell(2, decided(1)) == ([], [])
    assert desk.tell(2, decided(1)) == ([], [])
    assert desk.tell(3, decided(1, bodies.encode(1, [])))[0] == []
    assert desk.learner.applied_slot == 0
    events, sends = desk.tell(0, decided(1))
    assert names(events) == ["Learn", "Operation", "Apply"]
    assert events[2][1:3] == [1, bodies.value_of(1, body_of(1))]
    ledger = Ledger(REPLICAS)
    ledger.apply(1, [[1, 1, ["noop"]]])
    assert events[2][3] == ledger.digest()
    assert sends == []  # it had not asked


def test_a_complete_answer_is_followed_by_the_next_question():
    desk = Desk()
    desk.wait(1)
    desk.tell(0, decided(1))
    assert [message for _, message in desk.tell(1, decided(1))[1]] == [Fetch(2)] * 2
    for peer in (1, 2):
        desk.tell(peer, Progress(9, 0, bytes(32), 0))
    desk.tell(0, decided(2))
    sends = desk.tell(1, decided(2))[1]
    assert [message.slot for _, message in sends] == [3, 3, 4, 4, 5, 5, 6, 6]


def test_a_body_counts_on_its_digest_alone():
    desk = Desk()
    value = bodies.value_of(1, body_of(1))
    desk.tell(0, Decided(1, value, b""))
    assert names(desk.tell(1, Decided(1, value, bodies.encode(1, [])))[0]) == ["Learn", "Refuse"]
    assert desk.learner.applied_slot == 0
    assert names(desk.tell(2, Decided(1, value, body_of(1)))[0]) == ["Operation", "Apply"]


def test_slots_are_applied_in_order():
    desk = Desk()
    for peer in (0, 1):
        events = desk.tell(peer, decided(2))[0]
    assert names(events) == ["Learn"]
    desk.tell(0, decided(1))
    events = desk.tell(1, decided(1))[0]
    assert names(events) == ["Learn", "Operation", "Apply", "Operation", "Apply"]
    assert [event[1] for event in events if event[0] == "Apply"] == [1, 2]


def test_messages_ahead_of_the_window_are_refused():
    desk = Desk()
    assert names(desk.tell(0, decided(1 + limits.WINDOW_SLOTS))[0]) == ["Refuse"]
    assert desk.tell(0, decided(limits.WINDOW_SLOTS))[0] == []


def test_it_hears_replicas_only_and_what_is_meant_for_learners():
    desk = Desk()
    assert names(desk.tell(REPLICAS, decided(1))[0]) == ["Refuse"]
    assert names(desk.tell(0, Vote(1, 0, 1, bytes(32)))[0]) == ["Refuse"]
    assert names(desk.tell(limits.GROUND, decided(1))[0]) == ["Refuse"]
    assert desk.learner.messages_refused == 3


def test_two_values_of_f_plus_1_silence_it():
    desk = Desk()
    other = decided(1, bodies.encode(1, []))
    for peer in (0, 1):
        desk.tell(peer, Decided(1, bodies.value_of(1, body_of(1)), b""))
    desk.tell(2, other)
    assert names(desk.tell(3, other)[0]) == ["Silent"]
    assert desk.learner.mode == SILENT
    assert desk.wait(3) == []


def state_after(slot):
    ledger = Ledger(REPLICAS)
    for number in range(1, slot + 1):
        ledger.apply(number, [[1, number, ["noop"]]])
    return cbor.encode([slot, [0] * 8, ledger.encoded()])


def far_behind(data):
    """A learner that knows of a checkpoint beyond the log, and what it asked, and whom."""
    desk = Desk()
    digest = hashlib.sha256(data).digest()
    desk.tell(0, Progress(90, 16, digest, 0))
    assert [message for _, message in desk.wait(1)] == [Fetch(1)] * 2
    desk.tell(1, Progress(80, 16, digest, 0))
    sends = desk.wait(1)
    assert [message for _, message in sends] == [FetchState(16, 0)]
    return desk, sends[0][0]


def test_a_state_is_adopted_on_f_plus_1_digests():
    data = state_after(16)
    desk, peer = far_behind(data)
    for at in range(0, len(data), limits.CHUNK_BYTES_MAX):
        events, sends = desk.tell(peer, StateChunk(16, at, len(data), data[at : at + limits.CHUNK_BYTES_MAX]))
    assert events == [["Adopt", 16, hashlib.sha256(data).digest()]]
    assert desk.learner.applied_slot == 16
    assert [message.slot for _, message in sends] == [17, 17, 18, 18, 19, 19, 20, 20]


def state_questions(sends):
    return [destination for destination, message in sends if message.KIND == FetchState.KIND]


def test_patience_for_a_state_starts_over_when_a_slot_is_applied():
    desk, _ = far_behind(state_after(16))
    desk.wait(100)
    assert len(state_questions(desk.wait(20))) <= 2  # tried in vain for long
    for peer in (0, 1):
        desk.tell(peer, decided(1))
    assert desk.learner.applied_slot == 1
    desk.wait(1)  # which sees that it has come on
    assert len(state_questions(desk.wait(2))) == 2


def test_a_state_with_another_digest_is_refused():
    data = state_after(16)
    desk, peer = far_behind(data)
    data = data[:-1] + bytes([data[-1] ^ 1])
    for at in range(0, len(data), limits.CHUNK_BYTES_MAX):
        events, _ = desk.tell(peer, StateChunk(16, at, len(data), data[at : at + limits.CHUNK_BYTES_MAX]))
    assert names(events) == ["Refuse"]
    assert desk.learner.applied_slot == 0


def test_a_number_that_is_not_a_learners_is_refused():
    for number in (REPLICAS - 1, limits.BROADCAST):
        refused(ConfigError, "want a learner's number", Learner, settings(number), 1)


def test_a_stranger_pushes_no_clock_far():
    clock, witnesses = LamportClock(5), Witnesses(REPLICAS, 2)
    assert witnesses.judge_stranger(clock, limits.LAMPORT_LEAD_MAX) == OUT_OF_ORDER
    for peer in (0, 1):
        witnesses.judge(clock, peer, 7)
    assert witnesses.judge_stranger(clock, 7 + limits.LAMPORT_LEAD_MAX) == IN_ORDER
    clock.witness(7 + limits.LAMPORT_LEAD_MAX)
    assert witnesses.judge_stranger(clock, 9 + limits.LAMPORT_LEAD_MAX) == OUT_OF_ORDER
    assert witnesses.judge_stranger(clock, limits.LAMPORT_MAX) == OUT_OF_ORDER

"""Every number of replicas that flight code and ground wait for: one less is not enough, that many are.

Each place that counts replicas has a row. Its probe lets `count` replicas say the same, the board itself
among them where it counts itself, and returns whether the board acts on it. The sizes are written out here, so that a
wrong formula in `limits` fails too.
"""

from collections.abc import Callable
from typing import Any

import pytest

from amu.boards.host import MemoryStore, Settings, wake
from amu.consensus import bodies, rules
from amu.consensus.checkpoints import Checkpoints
from amu.consensus.quorum import Group
from amu.consensus.synchroniser import Synchroniser
from amu.core import limits
from amu.core.limits import WINDOW_SLOTS
from amu.ledger.state import Ledger
from amu.node.journal import Journal
from amu.node.learner import Learner
from amu.wire import messages as m
from groundstation.station.client import Client, Retry
from specs.checking.trace_line import decode_event
from tests.support.flight.effects import performed

SIZES = {4: (1, 3, 2), 7: (2, 5, 3), 10: (3, 7, 4), 13: (4, 9, 5)}  # n: f, n - f, f + 1
BETWEEN = {5: (1, 4, 2), 6: (1, 5, 2), 8: (2, 6, 3), 12: (3, 9, 4)}  # n > 3f + 1
QUORUM, BLOCKING = 1, 2  # columns of SIZES
A, B, C, D = (letter * 32 for letter in (b"a", b"b", b"c", b"d"))
NONCE = 77
LATE = 3 * limits.LAMPORT_LEAD_MAX  # a Lamport time that nobody believes of one peer


def board(replica_count: int, me: int = 0, is_blank: bool = False) -> Any:
    store = MemoryStore()
    if not is_blank:
        Journal(store).commission()
    node, _ = wake(Settings(me, replica_count, trace_messages=False), store, NONCE)
    performed(node)
    return node


def said(node: Any) -> list[tuple[str, dict[str, Any]]]:
    """Name and fields of each trace event since the last call."""
    return [(name, fields) for name, _, fields in map(decode_event, map(list, performed(node).events))]


def names(node: Any) -> list[str]:
    return [name for name, _ in said(node)]


def hears(node: Any, count: int, message: Any, time: int = 1) -> Any:
    """`count` peers say `message`; the highest numbers first, for a leader has a low one."""
    peers = [peer for peer in range(node.group.size) if peer != node.me]
    for peer in peers[::-1][:count]:
        node.step(peer, time, message)
    return node


# --- votes and decisions ---------------------------------------------------------------------------


def next_vote(phase: int) -> Callable[[int, int], bool]:
    return lambda n, count: f"Vote{phase + 1}" in names(hears(board(n), count, m.Vote(1, 0, phase, A)))


def decides(n: int, count: int) -> bool:
    return "Decide" in names(hears(board(n), count, m.Vote(1, 0, 4, A)))


def learns(n: int, count: int) -> bool:
    return "Learn" in names(hears(board(n), count, m.Decided(1, A, b"")))


def votes_for_requests_that_others_vouch_for(n: int, count: int) -> bool:
    node = board(n, me=1)
    body = bodies.encode(0, [[1, 1, ["noop"]]])
    node.step(0, 1, m.Proposal(1, 0, body))
    return "Vote1" in names(hears(node, count, m.Vote(1, 0, 1, bodies.value_of(1, body))))


def is_busy(n: int, count: int) -> bool:
    node = board(n)
    for peer in range(1, count + 1):
        node.step(peer, 1, m.Vote(1, 0, 1, bytes([peer]) * 32))
    return bool(node.replica.find(1).is_busy())


# --- views -----------------------------------------------------------------------------------------


def wished(n: int, count: int) -> Synchroniser:
    synchroniser = Synchroniser(Group(n))
    for replica in range(count):
        synchroniser.note(replica, 1)
    return synchroniser


def echoes_wishes(n: int, count: int) -> bool:
    return wished(n, count).echo_view() == 1


def obeys_wishes(n: int, count: int) -> bool:
    return wished(n, count).enter_view() == 1


def proposes_in_a_later_view(n: int, count: int) -> bool:
    node = hears(board(n, me=1), n - 1, m.ViewChange(1, 1))
    assert "EnterView" in names(node)
    return "Propose" in names(hears(node, count - 1, m.Suggest(1, 1, None, None, None)))


# --- rules 1 to 4 ----------------------------------------------------------------------------------


def any_value_is_free(n: int, count: int) -> bool:
    return rules.is_free([(None, None, None)] * count + [((0, B), None, None)] * (n - count), Group(n))


def silence_makes_a_value_safe(n: int, count: int) -> bool:
    reports: Any = [(None, None, None)] * count + [((1, B), None, None)] * (n - count)
    return rules.safe_at(A, 2, reports, Group(n), False)


def reports_make_a_value_safe(n: int, count: int) -> bool:
    return rules.safe_at(A, 2, [((0, A), None, None)] * count, Group(n), False)


def reports_permit_a_value(n: int, count: int) -> bool:
    reports: Any = [((0, A), None, None)] * count + [((1, B), None, None)] * (n - count)
    return rules.safe_at(A, 2, reports, Group(n), False)


def claims_make_a_value_safe(n: int, count: int) -> bool:
    reports: Any = [((1, A), (1, A), None)] * count + [((1, A), (0, B), None)] * (n - count)
    return rules.safe_at(A, 3, reports, Group(n), False)


def two_values_claimed(n: int, later: int, earlier: int) -> bool:
    """Clause (iii-B) for A, which nobody claims: C claimed at view 2 and D at view 1."""
    reports: Any = [((1, A), (2, C), None)] * later + [((1, A), (1, D), None)] * earlier
    reports += [((1, A), (0, B), None)] * (n - later - earlier)
    return rules.safe_at(A, 4, reports, Group(n), True)


def later_claims_count(n: int, count: int) -> bool:
    return two_values_claimed(n, count, SIZES[n][BLOCKING])


def earlier_claims_count(n: int, count: int) -> bool:
    return two_values_claimed(n, SIZES[n][BLOCKING], count)


# --- checkpoints, catching up, rejoining ------------------------------------------------------------


class NoEffects:
    def trace(self, *event: Any) -> None:
        """Nobody reads it."""


def checkpoints(n: int) -> Checkpoints:
    return Checkpoints(0, Group(n), NoEffects())  # type: ignore[arg-type]


def a_checkpoint_is_stable(n: int, count: int) -> bool:
    desk = checkpoints(n)
    desk.keep(16, b"state")
    for peer in range(1, count):
        desk.report(peer, 16, desk.latest()[1])
    return desk.stable_slot == 16


def a_checkpoint_is_trusted(n: int, count: int) -> bool:
    desk = checkpoints(n)
    for peer in range(1, count + 1):
        desk.report(peer, 16, A)
    return desk.trusted() is not None


def progress_is_believed(n: int, count: int) -> bool:
    desk = checkpoints(n)
    for peer in range(1, count + 1):
        desk.heard(peer, m.Progress(9, 0, bytes(32), 0))
    return desk.target() == 9


def rejoins(n: int, count: int) -> bool:
    return "Rejoin" in names(hears(board(n, is_blank=True), count, m.Progress(9, 0, bytes(32), NONCE)))


# --- learners, clocks, jobs -------------------------------------------------------------------------


def learner(replica_count: int) -> Learner:
    return Learner(Settings(replica_count, replica_count, trace_messages=False), NONCE)


def a_learner_learns(n: int, count: int) -> bool:
    node = learner(n)
    for peer in range(count):
        node.step(peer, 1, m.Decided(1, A, b""))
    return "Learn" in names(node)


def a_time_is_believed(n: int, count: int) -> bool:
    return bool(hears(board(n), count, m.ViewChange(1, 1), LATE).lamport >= LATE)


def a_learner_believes_a_time(n: int, count: int) -> bool:
    node = learner(n)
    for peer in range(count):
        node.step(peer, LATE, m.Progress(1, 0, bytes(32), 0))
    return node.lamport >= LATE


def a_job_has_its_result(n: int, count: int) -> bool:
    ledger = Ledger(n)
    commands: list[list[Any]] = [["job-open", bytes(32), 60]]
    commands += [["job-result", 1, worker, A] for worker in range(count)]
    for slot, command in enumerate(commands, 1):
        (result,) = ledger.apply(slot, [[1, slot, command]])
    return result == ["ok", "accepted"]


def the_ground_confirms(n: int, count: int) -> bool:
    client = Client(7, n, Retry(), lambda *arguments, **fields: None)
    number = client.submit(["noop"], 0.0)
    for node in range(count):
        client.receive(node, m.Reply(7, number, 3, ["ok"]), 1.0)
    return client.counts["confirmed"] == 1


def the_ground_gives_up(n: int, count: int) -> bool:
    client = Client(7, n, Retry(), lambda *arguments, **fields: None)
    number = client.submit(["noop"], 0.0)
    for node in range(count):
        client.receive(node, m.Receipt(7, number, "stale"), 1.0)
    return client.counts["stale"] == 1


TABLE: list[tuple[Callable[[int, int], bool], int]] = [
    *((next_vote(phase), QUORUM) for phase in (1, 2, 3)),
    (decides, QUORUM),
    (learns, BLOCKING),
    (votes_for_requests_that_others_vouch_for, BLOCKING),
    (is_busy, BLOCKING),
    (echoes_wishes, BLOCKING),
    (obeys_wishes, QUORUM),
    (proposes_in_a_later_view, QUORUM),
    (any_value_is_free, QUORUM),
    (silence_makes_a_value_safe, QUORUM),
    (reports_make_a_value_safe, QUORUM),
    (reports_permit_a_value, QUORUM),
    (claims_make_a_value_safe, BLOCKING),
    (later_claims_count, BLOCKING),
    (earlier_claims_count, BLOCKING),
    (a_checkpoint_is_stable, QUORUM),
    (a_checkpoint_is_trusted, BLOCKING),
    (progress_is_believed, BLOCKING),
    (rejoins, QUORUM),
    (a_learner_learns, BLOCKING),
    (a_time_is_believed, BLOCKING),
    (a_learner_believes_a_time, BLOCKING),
    (a_job_has_its_result, BLOCKING),
    (the_ground_confirms, BLOCKING),
    (the_ground_gives_up, BLOCKING),
]
PHASES = iter("123")
NAMES = [f"votes_after_phase_{next(PHASES)}" if probe.__name__ == "<lambda>" else probe.__name__ for probe, _ in TABLE]


@pytest.mark.parametrize("replica_count", SIZES)
@pytest.mark.parametrize(("probe", "column"), TABLE, ids=NAMES)
def test_one_less_is_not_enough(probe: Callable[[int, int], bool], column: int, replica_count: int) -> None:
    needed = SIZES[replica_count][column]
    assert not probe(replica_count, needed - 1)
    assert probe(replica_count, needed)


@pytest.mark.parametrize(("replica_count", "sizes"), {**SIZES, **BETWEEN}.items())
def test_the_sizes_of_a_group(replica_count: int, sizes: tuple[int, int, int]) -> None:
    group = Group(replica_count)
    assert (group.faults, group.quorum, group.blocking) == sizes


@pytest.mark.parametrize("replica_count", SIZES)
def test_the_floor_after_amnesia_is_two_windows_above_the_second_highest_answer(replica_count: int) -> None:
    node = board(replica_count, is_blank=True)
    for peer in range(1, SIZES[replica_count][QUORUM] + 1):
        node.step(peer, 1, m.Progress(10 * peer, 0, bytes(32), NONCE))
    floors = [fields["floor"] for name, fields in said(node) if name == "Rejoin"]
    assert floors == [10 * (SIZES[replica_count][QUORUM] - 1) + 2 * WINDOW_SLOTS]


def asked(node: Any) -> list[int]:
    """Which peers were asked for slot 1, after the board has heard that slot 1 exists."""
    peers: list[int] = []
    for _ in range(2 * limits.CATCH_UP_PERIOD_TICKS):
        node.tick()
        peers += [peer for peer, _, message in performed(node).sends if message == m.Fetch(1)]
        if peers:
            break
    return sorted(peers)


@pytest.mark.parametrize("replica_count", SIZES)
def test_f_plus_1_replicas_are_asked_for_a_slot(replica_count: int) -> None:
    """Fewer could all be liars; more would be answered for nothing."""
    node = hears(board(replica_count), replica_count - 1, m.Progress(1, 0, bytes(32), 0))
    for who in (asked(node), asked(learner(replica_count))):
        assert len(set(who)) == len(who) == SIZES[replica_count][BLOCKING]

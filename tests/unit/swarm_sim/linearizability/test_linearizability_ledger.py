"""Ledger histories: true ones pass, even with lost answers; each planted bug is caught by the rule that it breaks."""

import functools
import itertools
from dataclasses import replace
from typing import Any

import pytest

from swarm_sim.linearizability.history import ILLEGAL, LINEARIZABLE, Result
from swarm_sim.linearizability.ledger import WHOLE, LedgerOperation, check_ledger_history
from tests.support.records.ledger_histories import scripted, stormy

BOARDS = 4
DIGEST, OTHER = b"d" * 32, b"o" * 32
Row = tuple[Any, ...]  # slot (0: no answer), command, result

WORK: list[Row] = [
    (1, ["shard-create", 3, b"a", b"m"], ["ok"]),
    (2, ["lease-acquire", "shard/3", 1, 20], ["ok", 1, 22]),
    (3, ["cursor-advance", 3, 1, b"c", b"x"], ["ok"]),
    (4, ["cursor-advance", 3, 1, b"f", b"y"], ["ok"]),
    (5, ["shard-split", 3, 1, b"h", 4], ["ok", 2, 22]),
    (6, ["shard-handover", 3, 1, 2], ["ok", 3, 22]),
    (7, ["cursor-advance", 3, 1, b"g", b"z"], ["refused", "token is not the lease's"]),
    (8, ["lease-acquire", "dock/1", 1, 5], ["ok", 4, 13]),
    (9, ["lease-renew", "dock/1", 1, 4, 8], ["ok", 4, 17]),
    (10, ["job-open", DIGEST, 30], ["ok", 1, 40]),
    (11, ["job-result", 1, 0, DIGEST], ["ok", "open"]),
    (12, ["job-result", 1, 2, DIGEST], ["ok", "accepted"]),
    (13, ["lease-acquire", "dock/1", 2, 5], ["refused", "resource is held"]),
    (17, ["lease-acquire", "dock/1", 2, 5], ["ok", 5, 22]),
    (18, ["shard-complete", 4, 2], ["ok"]),
    (22, ["cursor-advance", 3, 3, b"g", b"z"], ["refused", "no live lease"]),
]  # fmt: skip


TAKEN: Row = (0, ["lease-acquire", "dock/1", 1, 5], None)


def held(slot: int) -> Row:
    return slot, ["lease-acquire", "dock/1", 2, 5], ["refused", "resource is held"]


def history(rows: list[Row]) -> list[LedgerOperation]:
    """One operation after the other; each has its place in the list as its time."""
    found = []
    for number, (slot, command, result) in enumerate(rows, 1):
        answer = (number + 0.5, slot, result) if slot else ()
        found.append(LedgerOperation(1, number, command, number, *answer))
    return found


def verdict(rows: list[Row]) -> Result:
    return check_ledger_history(history(rows), BOARDS)


@functools.cache
def storm(replica_count: int, seed: int) -> tuple[LedgerOperation, ...]:
    return tuple(stormy(replica_count, seed, 120))


@pytest.mark.parametrize(("replica_count", "seed"), [(4, 1), (4, 2), (7, 3)])
def test_answers_of_a_swarm_in_a_storm_are_linearizable(replica_count: int, seed: int) -> None:
    told = storm(replica_count, seed)
    assert any(one.result is None for one in told)
    assert any(one.result is not None and one.result[0] == "refused" for one in told)
    assert check_ledger_history(told, replica_count).verdict == LINEARIZABLE


@pytest.mark.parametrize("hidden_share", [0.0, 0.05, 0.15])
def test_a_ledger_whose_every_rule_is_asked(hidden_share: float) -> None:
    """Some twenty kinds of refusal, overlapping shards, requests sent twice, answers that nobody saw."""
    for seed in range(8):
        told = scripted(seed, 120, hidden_share)
        assert check_ledger_history(told, BOARDS).verdict == LINEARIZABLE, seed


def test_the_order_of_the_list_does_not_matter() -> None:
    told = history(WORK)
    assert check_ledger_history(told, BOARDS).verdict == LINEARIZABLE
    assert check_ledger_history(told[::-1], BOARDS).verdict == LINEARIZABLE


def without(place: int) -> list[Row]:
    return WORK[:place] + WORK[place + 1 :]


def changed(place: int, *row: Any) -> list[Row]:
    return [*WORK[:place], row, *WORK[place + 1 :]]


@pytest.mark.parametrize(
    ("bug", "rows"),
    [
        ("work on a shard that nobody created", without(0)),
        ("work under a lease that nobody took", without(1)),
        ("the cursor moved back", [*WORK[:5], (6, ["cursor-advance", 3, 1, b"d", b""], ["ok"])]),
        ("the cursor's move was confirmed and is lost", changed(4, 5, ["shard-split", 3, 1, b"e", 4], ["ok", 2, 22])),
        ("the cursor's move was refused and took effect", [
            *WORK[:3], (4, ["cursor-advance", 3, 1, b"f", b"y"], ["refused", "key outside the shard"]),
        ]),
        ("a split was confirmed and is lost", [
            *WORK[:5], (6, ["cursor-advance", 3, 1, b"k", b""], ["ok"]),
        ]),
        ("an old token moves the cursor", changed(6, 7, ["cursor-advance", 3, 1, b"g", b"z"], ["ok"])),
        ("a lease that had expired is accepted", changed(15, 22, ["cursor-advance", 3, 3, b"g", b"z"], ["ok"])),
        ("a lease that is live counts as expired", changed(
            15, 21, ["cursor-advance", 3, 3, b"g", b"z"], ["refused", "no live lease"]
        )),
        ("a renewal is forgotten", [
            *WORK[:12], (13, ["lease-acquire", "dock/1", 2, 5], ["ok", 5, 18]),
        ]),
        ("a lease ends in the wrong slot", changed(7, 8, ["lease-acquire", "dock/1", 1, 5], ["ok", 4, 14])),
        ("two holders at a time", [*WORK[:14], (18, ["lease-acquire", "dock/1", 3, 5], ["ok", 6, 23])]),
        ("a lease out of nothing: acquired once more by a copy", [
            *WORK[:8], (9, ["lease-release", "dock/1", 1, 4], ["ok"]),
            (10, ["lease-acquire", "dock/1", 2, 5], ["refused", "resource is held"]),
        ]),
        ("a creation is answered as if it were the second", changed(
            0, 1, ["shard-create", 3, b"a", b"m"], ["refused", "shard number is taken"]
        )),
        ("a completed shard moves", [*WORK[:15], (19, ["cursor-advance", 4, 2, b"k", b""], ["ok"])]),
        ("overlapping shards", [*WORK[:4], (5, ["shard-create", 9, b"b", b"c"], ["ok"])]),
        ("a job is accepted on one report", changed(10, 11, ["job-result", 1, 0, DIGEST], ["ok", "accepted"])),
        ("a worker reports twice", changed(11, 12, ["job-result", 1, 0, DIGEST], ["ok", "accepted"])),
        ("a job is accepted on reports that differ", changed(11, 12, ["job-result", 1, 2, OTHER], ["ok", "accepted"])),
        ("a job expires before its deadline", changed(11, 12, ["job-expire", 1], ["ok", "expired"])),
        ("a job counts reports after its deadline", [
            *WORK[:11], (40, ["job-result", 1, 2, DIGEST], ["ok", "accepted"]),
        ]),
        ("a report on a job that nobody opened", without(9)),
        ("a bad command is accepted", [(1, ["noop", 1], ["ok"])]),
        ("a good command is called malformed", [(1, ["noop"], ["refused", "malformed: unknown verb"])]),
    ],
)  # fmt: skip
def test_a_planted_bug_is_caught_in_its_part(bug: str, rows: list[Row]) -> None:
    result = verdict(rows)
    assert result.verdict == ILLEGAL, bug
    assert result.partition != WHOLE
    assert result.stuck is not None
    assert "operation" in result.stuck.label


@pytest.mark.parametrize(
    ("reason", "rows"),
    [
        ("answered before it was submitted", changed(3, 2, ["cursor-advance", 3, 1, b"f", b"y"], ["ok"])),
        ("answered before it was submitted", [(5, ["noop"], ["ok"]), (4, ["shard-create", 1, b"a", b"b"], ["ok"])]),
        ("token 4 was given out", changed(13, 17, ["lease-acquire", "dock/1", 2, 5], ["ok", 4, 22])),
        ("token 2 was given out", changed(7, 8, ["lease-acquire", "dock/1", 1, 5], ["ok", 2, 13])),
        ("job number 1 was given out", [*WORK, (23, ["job-open", DIGEST, 30], ["ok", 1, 53])]),
    ],
)
def test_a_planted_bug_in_the_order_is_caught(reason: str, rows: list[Row]) -> None:
    result = verdict(rows)
    assert (result.verdict, result.partition) == (ILLEGAL, WHOLE)
    assert reason in result.reason


def test_an_operation_applied_twice_is_caught() -> None:
    once = LedgerOperation(1, 7, ["shard-create", 1, b"a", b"b"], 1, 2, 1, ["ok"])
    again = replace(once, returned=9, slot=5, result=["refused", "shard number is taken"])
    result = check_ledger_history([once, again], BOARDS)
    assert (result.verdict, result.partition) == (ILLEGAL, WHOLE)
    assert "applied twice" in result.reason
    assert check_ledger_history([once, replace(once, returned=9)], BOARDS).verdict == LINEARIZABLE


@pytest.mark.parametrize(
    ("hidden", "later", "expected"),
    [
        # A lease without an answer holds the dock, under a token that is unknown until it is used.
        (TAKEN, [held(9)], LINEARIZABLE),
        (TAKEN, [(9, ["lease-release", "dock/1", 1, 6], ["ok"])], LINEARIZABLE),
        (TAKEN, [(9, ["lease-release", "dock/1", 2, 6], ["ok"])], ILLEGAL),
        # It lasts five slots from the one in which it was granted, which was slot 9 at the latest.
        (TAKEN, [held(9), held(13)], LINEARIZABLE),
        (TAKEN, [held(9), held(14)], ILLEGAL),
        # It happens once.
        (TAKEN, [held(9), (20, ["lease-release", "dock/1", 1, 6], ["ok"])], ILLEGAL),
        # A job without an answer has the number that its reports show.
        ((0, ["job-open", DIGEST, 9], None), [(9, ["job-cancel", 4], ["ok", "cancelled"])], LINEARIZABLE),
        ((0, ["job-open", DIGEST, 9], None), [(19, ["job-cancel", 4], ["ok", "cancelled"])], LINEARIZABLE),
        ((0, ["noop"], None), [(9, ["job-cancel", 4], ["ok", "cancelled"])], ILLEGAL),
        # What the ledger has forgotten may have happened.
        ((3, TAKEN[1], ["refused", "stale: older than the remembered operations"]), [held(7)], LINEARIZABLE),
        ((3, TAKEN[1], ["refused", "no room for another lease"]), [held(7)], ILLEGAL),
    ],
)  # fmt: skip
def test_operations_without_an_answer(hidden: Row, later: list[Row], expected: str) -> None:
    assert verdict([hidden, *later]).verdict == expected


@pytest.mark.parametrize(
    ("broken", "with_what"),
    [
        ("leases.Lease.is_live", lambda lease, now: now <= lease.expires_slot),
        ("leases.LeaseTable._take_token", lambda table: 7),
        ("cursors.is_monotone", lambda last_key, new_key: True),
        ("cursors.in_bounds", lambda last_key, start, end: True),
        ("shards.ShardTable.overlaps_open", lambda table, start, end: False),
        ("jobs.Job.is_running", lambda job, now: job.status == "open"),
        ("operations.OperationTable.remember", lambda table, client, operation, slot, result: None),
    ],
)
def test_a_broken_ledger_is_caught(monkeypatch: pytest.MonkeyPatch, broken: str, with_what: Any) -> None:
    monkeypatch.setattr(f"amu.ledger.{broken}", with_what)
    verdicts = [check_ledger_history(scripted(seed, 120), BOARDS).verdict for seed in range(4)]
    assert ILLEGAL in verdicts


def test_a_swarm_that_lets_a_cursor_move_back_is_caught() -> None:
    """The history of a storm in which one move of a cursor had asked for a key before the one done: else unchanged."""
    told = list(storm(4, 1))
    moves = [one for one in told if one.command[0] == "cursor-advance" and one.result == ["ok"]]
    moves.sort(key=lambda one: one.slot or 0)
    first, second = next(
        (one, other) for one, other in itertools.combinations(moves, 2) if one.command[1:3] == other.command[1:3]
    )
    before = (int.from_bytes(first.command[3], "big") - 1).to_bytes(4, "big")
    told[told.index(second)] = replace(second, command=[*second.command[:3], before, second.command[4]])
    result = check_ledger_history(told, 4)
    assert result.verdict == ILLEGAL
    assert result.partition.startswith("shards")


def test_an_answer_is_whole_or_none() -> None:
    with pytest.raises(ValueError, match="want all of returned, slot and result"):
        LedgerOperation(1, 1, ["noop"], 1, 2, 3)

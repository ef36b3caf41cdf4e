"""The ledger against its module: real logs are accepted, and every planted bug is rejected."""

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest

from amu.ledger import cursors, jobs, leases, operations, shards, transitions
from amu.ledger.commands import SHAPES
from specs.checking.continuity import Hole
from specs.checking.ledger import tlc as ledger_tlc
from specs.checking.ledger.conformance import IS_STEP, Recorded, check_ledger
from specs.checking.ledger.log import OF_THE_BODY, SAME_RESULTS
from specs.checking.ledger.steps import EXACTLY_ONCE, action_of
from specs.checking.trace import Event
from specs.verdict import Verdict
from tests.support.records import ledger_traces

PAYLOAD, RIGHT, WRONG = bytes(32), bytes([1] * 32), bytes([2] * 32)

# A short life with all the events that the planted bugs need.
COMMANDS: list[list[Any]] = [
    ["shard-create", 3, b"b", b"m"],
    ["lease-acquire", "shard/3", 2, 3],  # token 1, slots 2 to 4
    ["cursor-advance", 3, 1, b"f", b"x"],
    ["cursor-advance", 3, 1, b"e", b"x"],  # refused: back
    ["cursor-advance", 3, 1, b"g", b"x"],  # refused: expired
    ["lease-acquire", "shard/3", 1, 20],  # token 2
    ["cursor-advance", 3, 1, b"g", b"x"],  # refused: stale token
    ["lease-acquire", "shard/3", 0, 20],  # refused: held
    ["cursor-advance", 3, 2, None, b""],  # refused: no key
    ["shard-split", 3, 2, b"c", 4],  # refused: done already
    ["shard-split", 3, 2, b"h", 4],  # token 3
    ["shard-create", 5, b"a", b"c"],  # refused: overlap
    ["shard-handover", 4, 3, 0],  # token 4
    ["lease-renew", "shard/4", 0, 4, 30],
    ["shard-complete", 3, 2],
    ["cursor-advance", 3, 2, b"g", b"x"],  # refused: complete
    ["lease-acquire", "dock/1", 1, 5],  # token 5
    ["lease-release", "dock/1", 1, 5],
    ["reboot"],  # refused: malformed
    ["job-open", PAYLOAD, 8],  # slot 20: job 1, until slot 28
    ["job-result", 1, 2, WRONG],
    ["job-result", 1, 0, RIGHT],
    ["job-result", 1, 2, RIGHT],  # refused: has reported
    ["job-result", 1, 3, RIGHT],  # accepted
    ["job-result", 1, 1, RIGHT],  # refused: accepted
    ["job-open", PAYLOAD, 2],  # slot 26: job 2
    ["job-expire", 2],  # refused: before its deadline
    ["job-result", 2, 0, RIGHT],  # slot 28: refused, past its deadline
    ["job-expire", 2],
    ["job-open", PAYLOAD, 9],  # slot 30: job 3
    ["job-cancel", 3],
    ["job-cancel", 3],  # refused: cancelled
    ["job-result", 4, 0, RIGHT],  # refused: no such job
]


def check(events: list[Event], holes: tuple[Hole, ...] = ()) -> tuple[Verdict, Recorded | None]:
    verdict = Verdict()
    return verdict, check_ledger(events, holes, 4, verdict)


def violated(events: list[Event]) -> set[str]:
    return {name for name, found in check(events)[0].invariants.items() if found == "violated"}


def with_result(slot: int, result: list[Any]) -> list[Event]:
    """The short life, reported with another result in one slot."""
    told = ledger_traces.events(ledger_traces.apply(COMMANDS))
    return [
        dataclasses.replace(event, fields={**event.fields, "result": result})
        if event.name == "Operation" and event.fields["slot"] == slot
        else event
        for event in told
    ]


def test_the_short_life_is_accepted() -> None:
    verdict, recorded = check(ledger_traces.events(ledger_traces.apply(COMMANDS)))
    assert verdict.verdict == "pass", verdict.violations
    assert set(verdict.invariants) == {f"LED-{number}" for number in range(1, 17)}
    assert verdict.steps["Tick"] == len(COMMANDS)
    assert verdict.steps["refused CursorAdvance"] == 5
    for action in map(action_of, SHAPES):
        assert action == "Noop" or verdict.steps[action] > 0, action
    assert recorded is not None
    answer = ledger_tlc.check(recorded)
    assert answer.accepted, answer.what


def test_a_job_without_reports_is_open() -> None:
    """Then no digest is in the whole trace, and still one could win."""
    commands = [["job-open", PAYLOAD, 9], ["job-cancel", 1]]
    verdict, recorded = check(ledger_traces.events(ledger_traces.apply(commands)))
    assert verdict.verdict == "pass", verdict.violations
    assert recorded is not None
    assert ledger_tlc.check(recorded).accepted


@pytest.mark.parametrize("seed", range(4))
def test_random_lives_are_accepted(seed: int) -> None:
    verdict, _ = check(ledger_traces.events(ledger_traces.life(seed, 250)))
    assert verdict.verdict == "pass", verdict.violations
    assert verdict.steps["CursorAdvance"] > 5
    assert verdict.steps["refused CursorAdvance"] > 5
    assert verdict.steps["JobResult"] > 5
    assert verdict.steps["refused JobResult"] > 5


def test_a_life_that_fills_the_tables_is_accepted() -> None:
    told = ledger_traces.events(ledger_traces.life(45, 900, lease_slots=400))
    verdict, _ = check(told)
    assert verdict.verdict == "pass", verdict.violations
    assert verdict.steps["ShardCreate"] + verdict.steps["ShardSplit"] > 32  # completed shards made room


# Each is (slot whose result is changed, what the trace says instead).
PLANTED: dict[str, tuple[int, list[Any]]] = {
    "stale token accepted": (7, ["ok"]),
    "cursor moved back": (4, ["ok"]),
    "expired lease used": (5, ["ok"]),
    "double grant": (8, ["ok", 3, 28]),
    "cursor returns to none": (9, ["ok"]),
    "split behind the cursor": (10, ["ok", 3, 26]),
    "overlapping shard": (12, ["ok"]),
    "completed shard moves": (16, ["ok"]),
    "token granted twice": (6, ["ok", 1, 26]),
    "token skipped": (6, ["ok", 3, 26]),
    "lease a slot too long": (2, ["ok", 1, 6]),
    "handover keeps the token": (13, ["ok", 3, 26]),
    "renewal with a new token": (14, ["ok", 5, 44]),
    "wrongly refused": (3, ["refused", "no live lease"]),
    "no-op with a token": (18, ["ok", 5, 9]),
    "job number used again": (26, ["ok", 1, 28]),
    "job number skipped": (26, ["ok", 3, 28]),
    "job a slot too long": (20, ["ok", 1, 29]),
    "accepted on one report": (22, ["ok", "accepted"]),
    "never accepted": (24, ["ok", "open"]),
    "disputed though it can be won": (22, ["ok", "disputed"]),
    "a worker reports twice": (23, ["ok", "open"]),
    "a report after the end": (25, ["ok", "accepted"]),
    "a report after the deadline": (28, ["ok", "open"]),
    "expired before its deadline": (27, ["ok", "expired"]),
    "expired without a word": (29, ["ok"]),
    "cancelled as expired": (31, ["ok", "expired"]),
    "cancelled twice": (32, ["ok", "cancelled"]),
    "a report to no job": (33, ["ok", "open"]),
    "a grant in words": (6, ["ok", "token", "slot"]),
    "refused without a word": (3, ["refused"]),
    "a report refused without cause": (21, ["refused", "worker has reported"]),
}


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_result_is_not_a_step(name: str) -> None:
    assert IS_STEP in violated(with_result(*PLANTED[name]))


@pytest.mark.parametrize(
    "name",
    [
        "stale token accepted",
        "cursor moved back",
        "expired lease used",
        "double grant",
        "no-op with a token",
        "accepted on one report",
        "a worker reports twice",
        "expired before its deadline",
    ],
)
def test_tlc_rejects_it_too(name: str) -> None:
    slot, result = PLANTED[name]
    _, recorded = check(with_result(slot, result))
    assert recorded is not None
    answer = ledger_tlc.check(recorded)
    assert not answer.accepted
    assert f"slot={slot} " in answer.what  # and names the very operation


def is_always(answer: Any) -> Callable[..., Any]:
    return lambda *arguments: answer


def no_expiry(self: leases.Lease, now: int) -> bool:
    return True


def any_token(tables: Any, now: int, resource: str, token: int) -> tuple[Any, str | None]:
    lease = tables.leases.live(resource, now)
    return (lease, None) if lease is not None else (None, "no live lease")


def same_token(self: leases.LeaseTable) -> int:
    return self.next_token


def two_are_enough(self: jobs.Job, needed: int) -> str:
    return jobs.ACCEPTED if sum(place is not None for place in self.reports) >= needed else jobs.OPEN


def forgets_early(self: operations.ClientOperations, operation: int) -> str:
    return operations.NEW if operation != self.highest else operations.DONE


# Flight code with a bug, and the property that a random life under it breaks.
BUGS: dict[str, tuple[object, str, object, str]] = {
    "leases never expire": (leases.Lease, "is_live", no_expiry, IS_STEP),
    "any token will do": (transitions, "_held", any_token, IS_STEP),
    "tokens are used again": (leases.LeaseTable, "_take_token", same_token, IS_STEP),
    "cursors move back": (cursors, "is_monotone", is_always(True), IS_STEP),
    "cursors leave the shard": (cursors, "in_bounds", is_always(True), IS_STEP),
    "shards overlap": (shards.ShardTable, "overlaps_open", is_always(False), IS_STEP),
    "completed shards are leased": (shards.ShardTable, "is_open", is_always(True), IS_STEP),
    "no place is ever made": (shards.ShardTable, "has_room", is_always(False), IS_STEP),
    "any reports make a result": (jobs.Job, "judged", two_are_enough, IS_STEP),
    "deadlines do not bind": (jobs.Job, "is_running", lambda self, now: self.status == jobs.OPEN, IS_STEP),
    "any job makes room": (jobs.JobTable, "_first_ended", is_always(0), IS_STEP),
    "operations are forgotten at once": (operations.ClientOperations, "status", forgets_early, EXACTLY_ONCE),
}


@pytest.mark.parametrize("name", BUGS)
def test_a_bug_in_flight_code_is_caught(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    owner, attribute, bug, identifier = BUGS[name]
    monkeypatch.setattr(owner, attribute, bug)
    assert identifier in violated(ledger_traces.events(ledger_traces.life(1, 400)))


# --- operation ids --------------------------------------------------------------------------------


def operation_events(*requests: tuple[int, int, list[Any], list[Any]]) -> list[Event]:
    """One slot per request: (client, operation, command, reported result)."""
    return ledger_traces.events([([list(request[:3])], [request[3]]) for request in requests])


GRANT = ["lease-acquire", "dock/1", 0, 9]


def test_a_repeated_operation_is_a_stutter() -> None:
    told = operation_events((1, 1, GRANT, ["ok", 1, 10]), (1, 1, GRANT, ["ok", 1, 10]))
    verdict, _ = check(told)
    assert verdict.verdict == "pass", verdict.violations
    assert verdict.counts["ledger operations that change nothing"] == 1


@pytest.mark.parametrize(
    "requests",
    [
        [(1, 1, GRANT, ["ok", 1, 10]), (1, 1, GRANT, ["ok", 2, 11])],
        [(1, 99, ["noop"], ["ok"]), (1, 1, ["noop"], ["ok"])],
        [(1, 1, ["nope"], ["ok"])],
        [(1, 1, ["noop"], ["refused", "stale: older than the remembered operations"])],
    ],
)  # fmt: skip
def test_tlc_holds_operation_ids_too(requests: list[Any]) -> None:
    _, recorded = check(operation_events(*requests))
    assert recorded is not None
    answer = ledger_tlc.check(recorded)
    assert not answer.accepted
    assert "operation=1 " in answer.what


@pytest.mark.parametrize(
    "requests",
    [
        [(1, 1, GRANT, ["ok", 1, 10]), (1, 1, GRANT, ["refused", "resource is held"])],  # applied again
        [(1, 1, ["noop"], ["refused", "stale: older than the remembered operations"])],  # not stale
        [(1, 1, ["noop"], ["refused", "busy: no room for another client"])],  # not full
        [(1, 1, ["noop"], ["refused", "malformed: noop"])],  # not malformed
        [(1, 1, ["nope"], ["ok"])],  # malformed
        [(1, 99, ["noop"], ["ok"]), (1, 1, ["noop"], ["ok"])],  # stale
        [*[(client, 1, ["noop"], ["ok"]) for client in range(9)]],  # a client too many
    ],
)  # fmt: skip
def test_operation_ids_are_checked(requests: list[Any]) -> None:
    assert EXACTLY_ONCE in violated(operation_events(*requests))


# --- nodes and holes --------------------------------------------------------------------------------


def test_nodes_must_tell_the_same() -> None:
    slots = ledger_traces.apply(COMMANDS)
    told = ledger_traces.events(slots) + ledger_traces.events(slots, node=1)
    assert violated(told) == set()
    assert violated(with_result(7, ["ok"]) + ledger_traces.events(slots, node=1)) == {SAME_RESULTS, IS_STEP}
    fewer = [event for event in ledger_traces.events(slots, node=1) if event.seq != 4]
    assert violated(ledger_traces.events(slots) + fewer) == {SAME_RESULTS}


def test_a_node_is_not_blamed_for_events_lost_in_a_gap() -> None:
    slots = ledger_traces.apply(COMMANDS)
    hole = Hole(1, 1, 4, 4, line=0)
    fewer = [event for event in ledger_traces.events(slots, node=1) if event.seq != 4]
    verdict, _ = check(ledger_traces.events(slots) + fewer, (hole,))
    assert verdict.verdict == "pass", verdict.violations


def test_a_log_with_a_slot_missing_is_incomplete() -> None:
    told = ledger_traces.events(ledger_traces.apply(COMMANDS))
    verdict, _ = check([event for event in told if event.fields["slot"] != 5])
    assert verdict.verdict == "incomplete"
    assert verdict.counts["ledger slots"] == 4
    verdict, recorded = check([event for event in told if event.fields["slot"] > 5])
    assert recorded is None
    assert {name for name, found in verdict.invariants.items() if found == "holds"} == {OF_THE_BODY}

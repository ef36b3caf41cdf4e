"""The checker on histories with known verdicts: by hand, and those in the folder that AMU_HISTORIES names."""

import os
from pathlib import Path

import pytest

from swarm_sim.linearizability.checker import check
from swarm_sim.linearizability.history import ILLEGAL, LINEARIZABLE, STEPS, TIME, UNKNOWN, Operation, Result
from swarm_sim.linearizability.models import MODELS, key_value, register
from swarm_sim.linearizability.readers import READERS

FOLDER = Path(os.environ.get("AMU_HISTORIES", ""))
needs_histories = pytest.mark.skipif(
    not os.environ.get("AMU_HISTORIES"), reason="AMU_HISTORIES names no folder of histories with verdicts.tsv"
)


def op(invoked: int, returned: int | None, *request: object, answer: object = None) -> Operation:
    return Operation(1, request, answer, invoked, returned)


def wrote(invoked: int, returned: int | None, value: int) -> Operation:
    return op(invoked, returned, "write", value, answer=None if returned is None else True)


def read(invoked: int, returned: int, value: int | None) -> Operation:
    return op(invoked, returned, "read", answer=value)


def cas(invoked: int, returned: int, old: int, new: int, is_swapped: bool) -> Operation:
    return op(invoked, returned, "cas", old, new, answer=is_swapped)


@needs_histories
def test_every_recorded_verdict_is_reached() -> None:
    rows = [line.split("\t") for line in (FOLDER / "verdicts.tsv").read_text().splitlines()[1:]]
    wrong = []
    for name, verdict in rows:
        kind = name.partition("/")[0]
        result = check(READERS[kind](FOLDER / name).operations, MODELS[kind])
        if result.verdict != {"true": LINEARIZABLE, "false": ILLEGAL}[verdict]:
            wrong.append((name, verdict, result.verdict))
    assert len(rows) > 50
    assert not wrong


@pytest.mark.parametrize(
    ("history", "verdict"),
    [
        ([], LINEARIZABLE),
        ([read(1, 2, None)], LINEARIZABLE),
        ([read(1, 2, 7)], ILLEGAL),
        ([wrote(1, 2, 7), read(3, 4, None)], ILLEGAL),  # a stale read
        ([wrote(1, 3, 7), read(2, 4, None)], LINEARIZABLE),  # they overlap
        ([wrote(1, 2, 7), read(2, 3, None)], LINEARIZABLE),  # called in the moment of the response: overlap
        ([wrote(1, 2, 1), wrote(3, 9, 2), read(4, 5, 2), read(6, 7, 1)], ILLEGAL),  # back in time
        ([wrote(1, None, 7), read(2, 3, None), read(8, 9, 7)], LINEARIZABLE),  # pending: any time later
        ([wrote(1, None, 7), read(8, 9, None)], LINEARIZABLE),  # pending: never
        ([wrote(5, None, 7), read(1, 2, 7)], ILLEGAL),  # pending: not before its call
        ([wrote(1, None, 7), wrote(2, 3, 1), read(4, 5, 7), read(6, 7, 1)], ILLEGAL),  # pending: at most once
        ([wrote(1, None, 1), wrote(1, None, 2), read(3, 4, 2), read(5, 6, 1)], LINEARIZABLE),  # pending: 2 before 1
        ([wrote(1, 2, 1), cas(3, 4, 1, 2, True), cas(5, 6, 1, 3, True)], ILLEGAL),  # both saw 1
        ([wrote(1, 2, 1), cas(3, 6, 1, 2, True), cas(4, 5, 1, 3, False)], LINEARIZABLE),
        ([wrote(1, 2, 1), cas(3, 4, 1, 2, False)], ILLEGAL),  # it was 1
        ([wrote(1, 2, 1), wrote(3, 9, 1), wrote(3, 9, 2), read(10, 11, 1)], LINEARIZABLE),  # again, after the other
    ],
)
def test_register(history: list[Operation], verdict: str) -> None:
    assert check(history, register).verdict == verdict


@pytest.mark.parametrize(
    ("second", "verdict"), [("ab", LINEARIZABLE), ("ba", LINEARIZABLE), ("b", ILLEGAL), ("aab", ILLEGAL)]
)
def test_appends_that_overlap(second: str, verdict: str) -> None:
    history = [op(1, 4, "append", "k", "a"), op(2, 3, "append", "k", "b"), op(5, 6, "get", "k", answer=second)]
    assert check(history, key_value).verdict == verdict


def test_a_put_makes_unobserved_strings_valid_again() -> None:
    history = [op(1, 2, "append", "k", "unseen"), op(3, 4, "put", "k", "a"), op(5, 6, "get", "k", answer="a")]
    assert check(history, key_value).verdict == LINEARIZABLE


def test_keys_are_apart_and_the_bad_one_is_named() -> None:
    history = [op(1, 2, "put", "a", "x"), op(3, 4, "get", "a", answer="x"), op(3, 4, "get", "b", answer="x")]
    result = check(history, key_value)
    assert (result.verdict, result.partition, result.stuck) == (ILLEGAL, "key b", history[2])


def test_an_illegal_history_is_explained() -> None:
    history = [wrote(1, 2, 1), read(3, 4, 1), wrote(5, None, 2), read(6, 7, 2), read(8, 9, 1), read(10, 11, 5)]
    result = check(history, register)
    assert result.linearized == (history[0], history[1], history[2], history[3])
    assert (result.state, result.stuck) == (2, history[4])


def test_the_bound_gives_unknown_and_only_if_nothing_is_illegal() -> None:
    hard = [op(1, 100, "append", "a", str(n)) for n in range(9)]
    hard.append(op(101, 102, "get", "a", answer="876543210"))
    bad = [op(1, 2, "get", "b", answer="x")]
    assert check(hard, key_value, steps_max=20).verdict == UNKNOWN
    assert check(hard + bad, key_value, steps_max=20).verdict == ILLEGAL
    assert check(hard, key_value).verdict == LINEARIZABLE


def test_many_pending_operations_do_not_slow_the_search() -> None:
    """Thirty writes without a response, then reads that only a longer list of them could explain."""
    history = [wrote(n, None, n % 5) for n in range(30)]
    history += [read(100 + 2 * n, 101 + 2 * n, n % 5) for n in range(30)]
    assert check(history, register).verdict == LINEARIZABLE
    result: Result = check([*history, read(200, 201, 3)], register)
    assert result.verdict == ILLEGAL
    assert result.steps < 1_000


def reads(values: list[int]) -> list[Operation]:
    """One after the other, after everything else."""
    return [read(10_000 + 2 * n, 10_001 + 2 * n, value) for n, value in enumerate(values)]


MANY = 200
TIMED_OUT = [wrote(n, None, n) for n in range(MANY)]
CONCURRENT = [wrote(n, 1_000 + n, n) for n in range(60)]
ODD_FIRST = [*range(1, MANY, 2), *range(0, MANY, 2)]
APPENDS = [op(n, None, "append", "k", f"{n},") for n in range(MANY)]


@pytest.mark.parametrize(
    ("history", "verdict"),
    [
        (TIMED_OUT + reads(ODD_FIRST), LINEARIZABLE),
        (TIMED_OUT + reads([*ODD_FIRST, 7]), ILLEGAL),  # again, although each was written once
        (TIMED_OUT + reads([*ODD_FIRST, MANY]), ILLEGAL),  # a value that no one wrote
        ([*TIMED_OUT, wrote(500, 501, -1), *reads([-1, 3, -1])], ILLEGAL),
        ([*TIMED_OUT, wrote(500, 501, -1), cas(502, 503, 9, 8, True), *reads([8])], LINEARIZABLE),
        (CONCURRENT + reads([59]), LINEARIZABLE),
        (CONCURRENT + reads([0, 0]), LINEARIZABLE),
        (CONCURRENT + reads([3, 4]), ILLEGAL),
        (CONCURRENT + reads([99]), ILLEGAL),
        (CONCURRENT + [read(2 * n + 100, 2 * n + 101, n) for n in range(60)], LINEARIZABLE),
    ],
)
def test_writes_cost_no_search_unless_someone_reads_them(history: list[Operation], verdict: str) -> None:
    """Within a few steps: two to the power of their number would be too many for any computer."""
    assert check(history, register, steps_max=20_000).verdict == verdict


@pytest.mark.parametrize(("seen", "verdict"), [(range(9, 60), LINEARIZABLE), ([5, 3, 5], ILLEGAL)])
def test_appends_cost_no_search_unless_someone_sees_them(seen: list[int], verdict: str) -> None:
    text = "".join(f"{n}," for n in seen)
    history = [*APPENDS, op(10_000, 10_001, "get", "k", answer=text)]
    assert check(history, key_value, steps_max=20_000).verdict == verdict
    puts = [op(n, None, "put", "k", f"{n}") for n in range(MANY)]
    gets = [op(10_000 + 2 * n, 10_001 + 2 * n, "get", "k", answer=f"{value}") for n, value in enumerate(seen)]
    assert check(puts + gets, key_value, steps_max=20_000).verdict == verdict


def test_the_bounds_say_which_of_them_was_reached() -> None:
    hard = [op(1, 100, "append", "a", str(n)) for n in range(9)]
    hard.append(op(101, 102, "get", "a", answer="876543210"))
    assert check(hard, key_value, steps_max=20).bound == STEPS
    many = [op(n, 2_000 + n, "append", "a", f"{n},") for n in range(60)]
    many.append(op(3_000, 3_001, "get", "a", answer="".join(f"{n}," for n in reversed(range(60)))))
    assert check(many, key_value, is_late=lambda: True).bound == TIME


def test_the_orders_of_parts_become_one_order() -> None:
    history = [op(1, 4, "put", "b", "x"), op(2, 3, "put", "a", "y"), op(5, 6, "get", "a", answer="y")]
    assert check(history, key_value).linearized == (history[0], history[1], history[2])

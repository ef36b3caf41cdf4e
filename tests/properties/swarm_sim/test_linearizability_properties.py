"""The search against the definition: on small histories, every subset and every order is tried."""

import itertools
from collections.abc import Sequence
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from swarm_sim.linearizability.checker import check
from swarm_sim.linearizability.history import ILLEGAL, LINEARIZABLE, Operation
from swarm_sim.linearizability.models import key_value, register

OPERATIONS_MAX = 6
TIMES = 8
WRONG = object()


def after(state: Any, operation: Operation) -> Any:
    """The object by its definition: the state after `operation`, or WRONG if it could not have answered so."""
    verb, *values = operation.request
    answer, is_open = operation.response, operation.is_pending
    if verb in ("read", "get"):
        return state if is_open or answer == state else WRONG
    if verb == "cas" and not is_open and answer != (state == values[0]):
        return WRONG
    if verb == "cas":
        return values[1] if state == values[0] else state
    return {"write": values[-1], "put": values[-1], "append": f"{state}{values[-1]}"}[verb]


def brute_force(history: Sequence[Operation], initial: Any) -> str:
    completed = [one for one in history if not one.is_pending]
    pending = [one for one in history if one.is_pending]
    for count in range(len(pending) + 1):
        for happened in itertools.combinations(pending, count):
            for order in itertools.permutations([*completed, *happened]):
                if _is_run(order, initial) and _keeps_time(order):
                    return LINEARIZABLE
    return ILLEGAL


def _keeps_time(order: Sequence[Operation]) -> bool:
    return not any(
        later.returned is not None and later.returned < earlier.invoked
        for earlier, later in itertools.combinations(order, 2)
    )


def _is_run(order: Sequence[Operation], state: Any) -> bool:
    for operation in order:
        state = after(state, operation)
        if state is WRONG:
            return False
    return True


@st.composite
def _timed(draw, request, answers):  # type: ignore[no-untyped-def]
    asked = draw(request)
    invoked = draw(st.integers(0, TIMES))
    if draw(st.integers(0, 3)) == 0:
        return Operation(1, asked, None, invoked, None)
    return Operation(1, asked, draw(answers(asked)), invoked, invoked + draw(st.integers(0, TIMES // 2)))


_VALUES = st.integers(0, 2)
_REGISTER = _timed(  # type: ignore[no-untyped-call]
    st.one_of(
        st.just(("read",)),
        st.tuples(st.just("write"), _VALUES),
        st.tuples(st.just("cas"), _VALUES, _VALUES),
    ),
    lambda asked: {
        "read": st.one_of(st.none(), _VALUES),
        "write": st.just(True),
        "cas": st.booleans(),
    }[asked[0]],
)
_KEYS, _STRINGS = st.sampled_from("kl"), st.sampled_from("ab")
_STORE = _timed(  # type: ignore[no-untyped-call]
    st.one_of(
        st.tuples(st.just("get"), _KEYS),
        st.tuples(st.just("put"), _KEYS, _STRINGS),
        st.tuples(st.just("append"), _KEYS, _STRINGS),
    ),
    lambda asked: st.text("ab", max_size=3) if asked[0] == "get" else st.none(),
)


@settings(max_examples=400, deadline=None, derandomize=True)
@given(st.lists(_REGISTER, max_size=OPERATIONS_MAX))
def test_register_as_by_definition(history: list[Operation]) -> None:
    assert check(history, register).verdict == brute_force(history, None)


@settings(max_examples=400, deadline=None, derandomize=True)
@given(st.lists(_STORE, max_size=OPERATIONS_MAX))
def test_store_as_by_definition(history: list[Operation]) -> None:
    by_key = [brute_force([one for one in history if one.request[1] == key], "") for key in "kl"]
    assert check(history, key_value).verdict == (ILLEGAL if ILLEGAL in by_key else LINEARIZABLE)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.lists(_REGISTER, max_size=OPERATIONS_MAX))
def test_the_explanation_of_an_illegal_history_is_true(history: list[Operation]) -> None:
    """The reported order is valid; with the operation that stuck, no order explains the responses so far."""
    result = check(history, register)
    if result.verdict == LINEARIZABLE:
        return
    assert result.stuck is not None
    assert _keeps_time(result.linearized)
    assert _is_run(result.linearized, None)
    end = result.stuck.returned
    assert end is not None
    assert all(one in result.linearized for one in history if one.returned is not None and one.returned < end)

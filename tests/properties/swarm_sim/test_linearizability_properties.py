"""The search against the definition: on thousands of small histories, every order of every subset is tried.

A history is drawn as clients would record it - an object is called, some answers get lost - and then some of its
answers are forged. Planted bugs show that these histories tell a wrong search from a right one.
"""

import itertools
import random
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, NamedTuple

import pytest

from swarm_sim.linearizability import jepsen_models, models
from swarm_sim.linearizability.checker import check
from swarm_sim.linearizability.history import ILLEGAL, LINEARIZABLE, Model, Nature, Operation
from swarm_sim.linearizability.search import Search

WRONG = object()
HISTORIES = 300  # of each object


def register(state: Any, verb: str, values: Sequence[Any], answer: Any) -> Any:
    """The objects by their definition: (the state after the operation, its answer); `answer` is Ellipsis if unknown."""
    if verb == "cas":
        return (values[1] if state == values[0] else state), state == values[0]
    return (state, state) if verb == "read" else (values[0], True)


def store(state: str, verb: str, values: Sequence[Any], answer: Any) -> Any:
    if verb == "get":
        return state, state
    return (values[1] if verb == "put" else state + values[1]), True


def mutex(state: bool, verb: str, values: Sequence[Any], answer: Any) -> Any:
    return (verb == "acquire", True) if state != (verb == "acquire") else (state, WRONG)


def fifo(state: tuple[str, ...], verb: str, values: Sequence[Any], answer: Any) -> Any:
    if verb == "enqueue":
        return (*state, values[0]), True
    return (state[1:], state[0]) if state else (state, WRONG)


def bag(state: tuple[str, ...], verb: str, values: Sequence[Any], answer: Any) -> Any:
    if verb == "enqueue":
        return tuple(sorted((*state, values[0]))), True
    taken = answer if answer in state else state[0] if state else WRONG
    index = state.index(taken) if state else 0
    return state[:index] + state[index + 1 :], taken


def grown(state: frozenset[str], verb: str, values: Sequence[Any], answer: Any) -> Any:
    return (state, state) if verb == "read" else (state | {values[0]}, True)


class Kind(NamedTuple):
    """An object, its model, and what clients ask it."""

    model: Model
    initial: Any
    definition: Callable[[Any, str, Sequence[Any], Any], Any]
    requests: Callable[[random.Random, int], tuple[Any, ...]]  # of a draw and a number


def _register_request(draw: random.Random, _: int) -> tuple[Any, ...]:
    values = draw.randrange(3), draw.randrange(3)
    return draw.choice([("read",), ("read",), ("write", values[0]), ("write", values[0]), ("cas", *values)])


def _store_request(draw: random.Random, _: int) -> tuple[Any, ...]:
    return draw.choice([("get", "k"), (draw.choice(["put", "append"]), "k", draw.choice("ab"))])


KINDS = {
    "register": Kind(models.register, None, register, _register_request),
    "store": Kind(models.key_value, "", store, _store_request),
    "mutex": Kind(jepsen_models.mutex, False, mutex, lambda draw, _: (draw.choice(["acquire", "release"]),)),
    "fifo": Kind(
        jepsen_models.fifo_queue, (), fifo, lambda draw, n: draw.choice([("enqueue", f"{n}"), ("dequeue",)])
    ),
    "fifo, equal values": Kind(
        jepsen_models.fifo_queue, (), fifo, lambda draw, _: draw.choice([("enqueue", draw.choice("ab")), ("dequeue",)])
    ),
    "bag": Kind(
        jepsen_models.unordered_queue, (), bag,
        lambda draw, _: draw.choice([("enqueue", draw.choice("abc")), ("dequeue",)]),
    ),
    "set": Kind(
        jepsen_models.growing_set, frozenset(), grown,
        lambda draw, _: draw.choice([("add", draw.choice("abcd")), ("read",)]),
    ),
}  # fmt: skip


def explained(history: Sequence[Operation], kind: Kind) -> bool:
    """Whether an order explains it. The search tries everything that the definition allows."""
    completed = sum(1 << index for index, one in enumerate(history) if not one.is_pending)
    seen = set()
    stack = [(0, kind.initial)]
    while stack:
        done, state = stack.pop()
        if done & completed == completed:
            return True
        if (done, state) in seen:
            continue
        seen.add((done, state))
        end = min(one.returned for i, one in enumerate(history) if not done >> i & 1 and one.returned is not None)
        for index, one in enumerate(history):
            if not done >> index & 1 and one.invoked <= end:
                after = after_one(state, one, kind)
                if after is not WRONG:
                    stack.append((done | 1 << index, after))
    return False


def after_one(state: Any, one: Operation, kind: Kind) -> Any:
    """The state after an operation, or WRONG if the object could not have answered so."""
    verb, *values = one.request
    after, answer = kind.definition(state, verb, values, ... if one.is_pending else one.response)
    return after if answer is not WRONG and (one.is_pending or answer == one.response) else WRONG


def drawn(seed: int, kind: Kind) -> list[Operation]:
    """One history of up to nine operations. Of some of them the answer is unknown, a few answers are forged."""
    draw = random.Random(seed)
    count, width = draw.randrange(2, 10), draw.choice([1, 3, 8])
    lost, forged = draw.choice([0, 0.2, 0.5]), draw.choice([0.1, 0.3, 0.6])
    calls = sorted((draw.uniform(0, count), draw.expovariate(1 / width), draw.random()) for _ in range(count))
    state, history, answers = kind.initial, [], []
    for at, length, _ in sorted(calls, key=lambda call: call[0] + call[1] * call[2]):
        request = kind.requests(draw, len(history))
        after, answer = kind.definition(state, request[0], request[1:], ...)
        if answer is WRONG:
            continue
        is_lost = draw.random() < lost
        if not is_lost or draw.random() < 0.5:
            state = after
        is_reading = request[0] in ("read", "get", "dequeue")
        if is_reading:
            answers.append(answer)
        if draw.random() < forged:
            if is_reading:
                answer = draw.choice(answers)
            elif request[0] == "cas":
                answer = not answer
            else:  # a moment that is not the true one
                at, length = draw.uniform(0, count), length / 4
        history.append(Operation(1, request, None if is_lost else answer, at, None if is_lost else at + length))
    draw.shuffle(history)
    return history


@cache
def known(name: str) -> list[tuple[list[Operation], str]]:
    """Histories of an object, with their verdicts by definition."""
    histories = [drawn(seed, KINDS[name]) for seed in range(HISTORIES)]
    return [(each, LINEARIZABLE if explained(each, KINDS[name]) else ILLEGAL) for each in histories]


def keeps_time(order: Sequence[Operation]) -> bool:
    return not any(
        later.returned is not None and later.returned < earlier.invoked
        for earlier, later in itertools.combinations(order, 2)
    )


def is_run(order: Sequence[Operation], kind: Kind) -> bool:
    state = kind.initial
    for one in order:
        state = after_one(state, one, kind)
    return state is not WRONG


def until(history: Sequence[Operation], end: float, is_answered: bool) -> list[Operation]:
    """The history up to the response at `end`, with it or just before it."""
    found = []
    for one in history:
        if one.invoked <= end:
            is_open = one.returned is None or one.returned > end or (one.returned == end and not is_answered)
            found.append(Operation(1, one.request, None, one.invoked, None) if is_open else one)
    return found


@pytest.mark.parametrize("name", KINDS)
def test_verdicts_orders_and_prefixes_are_right(name: str) -> None:
    kind = KINDS[name]
    for history, verdict in known(name):
        result = check(history, kind.model)
        assert result.verdict == verdict, history
        assert keeps_time(result.linearized), history
        if verdict == LINEARIZABLE:
            assert is_run(result.linearized, kind), history
            assert {one for one in history if not one.is_pending} <= set(result.linearized)
            continue
        assert result.stuck is not None
        assert result.stuck.returned is not None
        assert not explained(until(history, result.stuck.returned, True), kind), history
        assert explained(until(history, result.stuck.returned, False), kind), history
    verdicts = [verdict for _, verdict in known(name)]
    assert min(verdicts.count(LINEARIZABLE), verdicts.count(ILLEGAL)) > HISTORIES // 20


def _never_better(self: Search, node: Any, first: int) -> bool:
    key = first, self._done >> first, node.state
    is_new = key not in self._visited
    self._visited.setdefault(key, [])
    return is_new


MUTANTS: dict[str, tuple[str, Any]] = {
    "each visible operation makes the one before it useless": ("_is_overwritten", lambda self, node, kind, index: True),
    "no operation overwrites another": ("_is_replaced", lambda self, node, move, operation: move.kind == 1),
    "no pending operation is wanted": ("_wanted", lambda self, called, frontier: set()),
    "pending operations never happened": ("_pending_moves", lambda self, *arguments: []),
}


def test_a_pair_that_is_visited_only_once_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """The order that comes to it first uses the wrong one of two pending appends."""
    calls = [("append", "a", 3, 4), ("append", "b", 5, 9), ("put", "b", 1, None), ("append", "a", 2, None)]
    calls.append(("append", "b", 6, None))
    history = [Operation(1, (verb, "k", text), end and True, begin, end) for verb, text, begin, end in calls]
    history.append(Operation(1, ("get", "k"), "baa", 7, 8))
    assert explained(history, KINDS["store"])
    assert check(history, models.key_value).verdict == LINEARIZABLE
    monkeypatch.setattr(Search, "_is_better", _never_better)
    assert check(history, models.key_value).verdict == ILLEGAL


@pytest.mark.parametrize("mutant", MUTANTS)
def test_a_planted_bug_is_seen(mutant: str, monkeypatch: pytest.MonkeyPatch) -> None:
    cases = [(known(name), KINDS[name].model) for name in ("register", "store")]
    monkeypatch.setattr(Search, *MUTANTS[mutant])
    assert any_wrong(cases)


def any_wrong(cases: Sequence[tuple[Sequence[tuple[list[Operation], str]], Model]]) -> bool:
    """Whether the checker gets a verdict wrong."""
    return any(check(history, model).verdict != verdict for rows, model in cases for history, verdict in rows)


@pytest.mark.parametrize(
    ("owner", "method", "bug", "name"),
    [
        (models.Register, "nature", lambda self, one: Nature.BLIND | Nature.OVERWRITES, "register"),  # reads, too
        (models.KeyString, "is_dead", lambda self, state: True, "store"),
        (models.KeyString, "wants", lambda self, one: [], "store"),
        (models.KeyString, "_merged", lambda self, text: text if text in self._seen else None, "store"),
        (jepsen_models.Mutex, "step", lambda self, state, one: [one.request[0] == "acquire"], "mutex"),
        (jepsen_models.Fifo, "nature", lambda self, one: Nature.EARLY, "fifo"),
        (jepsen_models.Bag, "nature", lambda self, one: Nature.EARLY, "bag"),
        (jepsen_models.GrowingSet, "nature", lambda self, one: Nature.LATE, "set"),
    ],
)
def test_a_planted_bug_in_a_model_is_seen(
    owner: type, method: str, bug: Any, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = known(name)
    monkeypatch.setattr(owner, method, bug)
    assert any_wrong([(rows, KINDS[name].model)])

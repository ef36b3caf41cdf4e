"""Sequential objects of Jepsen's tests, as in the library Knossos: mutex, queues, set.

Differences are of form only: an answer that the library could not place is not in the history that these models get.
"""

import bisect
from collections.abc import Hashable, Iterable, Sequence
from itertools import accumulate
from typing import Any

from swarm_sim.linearizability.history import Model, Nature, Operation, PlainPart, first_without_cause
from swarm_sim.linearizability.models import READ, register

ACQUIRE, RELEASE = "acquire", "release"
ENQUEUE, DEQUEUE = "enqueue", "dequeue"
ADD = "add"


class Mutex(PlainPart):
    """A lock, initially free. State: whether it is held. Requests: ("acquire",), ("release",) -> True."""

    def __init__(self, operations: Sequence[Operation]) -> None:
        super().__init__("mutex", operations, False)

    def step(self, state: bool, operation: Operation) -> Iterable[Hashable]:
        """Only a free lock is acquired, only a held one released; anyone may release it."""
        is_acquired = operation.request[0] == ACQUIRE
        return [is_acquired] if state != is_acquired else []

    def nature(self, operation: Operation) -> Nature:
        """Two holders cannot be told apart."""
        return Nature.TWINS


class Bag(PlainPart):
    """The copies of one value in a queue without order. State: how many.

    ("enqueue", value) -> True      ("dequeue",) -> value. A dequeue without a response need not have happened.
    """

    def __init__(self, value: str, operations: Sequence[Operation]) -> None:
        super().__init__(f"value {value}", operations, 0)

    def step(self, state: int, operation: Operation) -> Iterable[Hashable]:
        """One more, or one less."""
        if operation.request[0] == ENQUEUE:
            return [state + 1]
        return [state - 1] if state else []

    def nature(self, operation: Operation) -> Nature:
        """No response says that the queue was empty: more copies are never worse."""
        return Nature.EARLY if operation.request[0] == ENQUEUE else Nature.LATE


class Fifo(PlainPart):
    """A queue in order. State: (its values, the values that were ever in it: one bit each).

    ("enqueue", value) -> True      ("dequeue",) -> value. A dequeue without a response may have taken any value.

    If every value is enqueued once, and each dequeue has a response, the responses tell much of the order: a value that
    was dequeued before another dequeue began was enqueued before that one's value. Values that no one dequeued come
    after all others, and their own order does not matter: LAST stands for all of them.
    """

    LAST = "(values that no one dequeued)"

    def __init__(self, operations: Sequence[Operation]) -> None:
        super().__init__("queue", operations, ((), 0))
        enqueued = [one.request[1] for one in operations if one.request[0] == ENQUEUE]
        dequeues = [one for one in operations if one.request[0] == DEQUEUE]
        answered = sorted((one for one in dequeues if not one.is_pending), key=lambda one: one.returned or 0.0)
        dequeued = [one.response for one in answered]
        self._is_plain = len(set(enqueued)) == len(enqueued) and len(set(dequeued)) == len(dequeues)
        self._bits = {value: 1 << index for index, value in enumerate(dequeued)} if self._is_plain else {}
        self._all = (1 << len(self._bits)) - 1
        ends = [one.returned or 0.0 for one in answered]
        before = [0, *accumulate(self._bits.values(), int.__or__)]
        self._first = {  # value -> those that must have been in the queue before it
            one.response: before[bisect.bisect_left(ends, one.invoked)] for one in answered if self._is_plain
        }

    def step(self, state: tuple[tuple[str, ...], int], operation: Operation) -> Iterable[Hashable]:
        """The values after `operation`."""
        values, known = state
        if operation.request[0] == DEQUEUE:
            fits = values and (operation.is_pending or values[0] == operation.response)
            return [(values[1:], known)] if fits else []
        value = operation.request[1]
        if self._is_plain and value not in self._bits:
            if values[-1:] == (self.LAST,):
                return [state]
            return [((*values, self.LAST), known)] if known == self._all else []
        if self._first.get(value, 0) & ~known or values[-1:] == (self.LAST,):
            return []
        return [((*values, value), known | self._bits.get(value, 0))]

    def nature(self, operation: Operation) -> Nature:
        """A value that no one dequeued can be enqueued unseen, behind another one."""
        is_last = self._is_plain and operation.request[0] == ENQUEUE and operation.request[1] not in self._bits
        return Nature.EARLY if is_last else Nature.TWINS

    def impossible(self) -> Operation | None:
        """A dequeue of a value that no one enqueued."""
        made = [(one.invoked, one.request[1]) for one in self.operations if one.request[0] == ENQUEUE]
        dequeues = [one for one in self.operations if one.request[0] == DEQUEUE and not one.is_pending]
        return first_without_cause(made, [(one, [one.response]) for one in dequeues])


class GrowingSet(PlainPart):
    """A set without removal. State: (reads that happened, the elements).

    ("add", element) -> True      ("read",) -> frozenset of elements

    A read sees all elements or none, so it must come before the add of an element that it lacks. An element is added as
    soon as all reads that lack it happened: nothing is gained by waiting.
    """

    def __init__(self, operations: Sequence[Operation]) -> None:
        super().__init__("set", operations, (0, frozenset()))
        reads = [one.response for one in operations if one.request[0] == READ and not one.is_pending]
        self._lacking = {
            element: sum(element not in one for one in reads)
            for element in {one.request[1] for one in operations if one.request[0] == ADD}
        }

    def step(self, state: tuple[int, frozenset[Any]], operation: Operation) -> Iterable[Hashable]:
        """One more read, or one more element."""
        reads, elements = state
        if operation.request[0] == READ:
            return [(reads + 1, elements)] if operation.response == elements else []
        element = operation.request[1]
        return [(reads, elements | {element})] if reads >= self._lacking[element] else []

    def nature(self, operation: Operation) -> Nature:
        """All are best taken as soon as they are possible."""
        return Nature.EARLY


def mutex(history: Sequence[Operation]) -> Iterable[Mutex]:
    """The model of one lock."""
    return [Mutex(history)]


def unordered_queue(history: Sequence[Operation]) -> Iterable[Bag]:
    """The model of a queue without order: each value is an object."""
    parts: dict[str, list[Operation]] = {}
    for one in history:
        if one.request[0] == ENQUEUE:
            parts.setdefault(one.request[1], []).append(one)
        elif not one.is_pending:
            parts.setdefault(one.response, []).append(one)
    return [Bag(value, parts[value]) for value in sorted(parts)]


def fifo_queue(history: Sequence[Operation]) -> Iterable[Fifo]:
    """The model of a queue in order."""
    return [Fifo(history)]


def growing_set(history: Sequence[Operation]) -> Iterable[GrowingSet]:
    """The model of a set."""
    return [GrowingSet(history)]


JEPSEN_MODELS: dict[str, Model] = {
    "register": register,
    "cas-register": register,
    "mutex": mutex,
    "fifo-queue": fifo_queue,
    "unordered-queue": unordered_queue,
    "set": growing_set,
}

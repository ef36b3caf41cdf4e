"""Client histories: operations with the times of their invocation and response, and the verdict on a whole history.

A history is linearizable if each operation can be assigned a moment between its invocation and its response such that
a sequential object, called in the order of these moments, gives the same responses (Herlihy and Wing, TOPLAS 1990).
An operation without a response may take effect at any time after its invocation, or never.
"""

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from enum import Flag, auto
from typing import Any, Protocol

LINEARIZABLE = "linearizable"
ILLEGAL = "illegal"
UNKNOWN = "unknown"  # the search reached a bound
STEPS, TIME = "steps", "time"  # its bounds


class Nature(Flag):
    """What the search may assume of an operation with its response. Without a flag it tries everything."""

    NONE = 0
    EARLY = auto()  # as soon as its response fits, taking it is as good as anything
    LATE = auto()  # taking it in the moment of its response is as good as any earlier moment
    TWINS = auto()  # of two with equal requests and responses, any may be first
    BLIND = auto()  # possible in every state, with this response
    OVERWRITES = auto()  # the state after it does not depend on the state before it


@dataclass(frozen=True)
class Operation:
    """One call. Times in any unit; calls and responses of the same time overlap. Without a response `returned` is None.

    request, response: in the model's terms; requests must be hashable. label: names the operation to people.
    """

    client: int
    request: tuple[Any, ...]
    response: Any
    invoked: float
    returned: float | None
    label: str = ""

    @property
    def is_pending(self) -> bool:
        """Whether it has no response."""
        return self.returned is None


@dataclass(frozen=True)
class Result:
    """The verdict on a history.

    steps: the number of calls of the sequential object. `partition` names the part that decided. LINEARIZABLE:
    `linearized` is an order that explains all responses of the part, `state` the object's state after it. Otherwise
    `linearized` is the order that explains the most responses, `state` the state after it, and `stuck` the first
    operation whose response it does not explain. UNKNOWN: `bound` is the bound that the search reached.
    """

    verdict: str
    steps: int = 0
    partition: str = ""
    linearized: tuple[Operation, ...] = ()
    state: Hashable = None
    stuck: Operation | None = None
    reason: str = ""  # explanation, where a rule says more than `stuck`
    bound: str = ""


class Part(Protocol):
    """The operations on one object, and the sequential object itself."""

    @property
    def name(self) -> str:
        """The name of the object."""

    @property
    def operations(self) -> Sequence[Operation]:
        """In any order."""

    @property
    def initial(self) -> Hashable:
        """The state before the first operation."""

    def step(self, state: Any, operation: Operation) -> Iterable[Hashable]:
        """The states that `operation`, with its response, may lead to from `state`; none if the response is impossible.
        A pending operation may have any response."""

    def nature(self, operation: Operation) -> Nature:
        """What the search may assume of the operation."""

    def wants(self, operation: Operation) -> Iterable[Hashable] | None:
        """The requests that OVERWRITE and may change whether `operation` is possible, or its effect. None: any."""

    def is_dead(self, state: Any) -> bool:
        """Whether only operations that OVERWRITE or are BLIND are possible, and only the former change the state."""

    def impossible(self) -> Operation | None:
        """The first operation whose response no operation could have caused that was called before; None: not known.

        A sound and quick look at single values, which saves a search.
        """


class PlainPart:
    """A part of which the search may assume nothing: a base for others, which add `step`."""

    def __init__(self, name: str, operations: Sequence[Operation], initial: Hashable) -> None:
        self.name, self.operations, self.initial = name, operations, initial

    def nature(self, operation: Operation) -> Nature:
        """Nothing."""
        return Nature.NONE

    def wants(self, operation: Operation) -> Iterable[Hashable] | None:
        """Any."""
        return None

    def is_dead(self, state: Any) -> bool:
        """Never."""
        return False

    def impossible(self) -> Operation | None:
        """Not known."""
        return None


def first_without_cause(
    made: Iterable[tuple[float, Hashable]], revealed: Iterable[tuple[Operation, Iterable[Hashable]]]
) -> Operation | None:
    """The earliest operation that reveals a value made by no call before its response; None if there is no such one.

    made: (time of the call, value). revealed: completed operations, with the values of which one must have been made.
    """
    earliest: dict[Hashable, float] = {}
    for time, value in made:
        earliest[value] = min(time, earliest.get(value, time))
    found = [
        (one.returned, index, one)
        for index, (one, values) in enumerate(revealed)
        if one.returned is not None
        and not any(earliest.get(value, one.returned + 1) <= one.returned for value in values)
    ]
    return min(found, key=lambda row: row[:2])[2] if found else None


# A model: the parts of a history. The history is linearizable if and only if each of its parts is.
Model = Callable[[Sequence[Operation]], Iterable[Part]]

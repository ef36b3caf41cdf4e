"""What clients saw: operations with the times of their invocation and response, and a verdict on a whole history.

A history is linearizable if each operation can be given one moment between its invocation and its response such that
a sequential object, called in the order of these moments, gives the same responses (Herlihy and Wing, TOPLAS 1990).
An operation without a response may have its moment at any time after its invocation, or never.
"""

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

LINEARIZABLE = "linearizable"
ILLEGAL = "illegal"
UNKNOWN = "unknown"  # the search was given up at its bound


@dataclass(frozen=True)
class Operation:
    """One call. Times in any unit; calls and responses of the same time overlap. Without a response `returned` is None.

    request, response: what the model understands; requests must be comparable. label: how people find the operation.
    """

    client: int
    request: Any
    response: Any
    invoked: float
    returned: float | None
    label: str = ""

    @property
    def is_pending(self) -> bool:
        """No response was ever seen."""
        return self.returned is None


@dataclass(frozen=True)
class Result:
    """The verdict on a history.

    steps: calls of the sequential object that the search made. For a history that is not LINEARIZABLE: `partition`
    names the part that decided, `linearized` is the order that came furthest, `state` the object's state after it, and
    `stuck` the operation whose response no order explains; every response before that one can be explained.
    """

    verdict: str
    steps: int = 0
    partition: str = ""
    linearized: tuple[Operation, ...] = ()
    state: Any = None
    stuck: Operation | None = None
    reason: str = ""  # in words, where a rule says more than `stuck`


class Part(Protocol):
    """The operations on one object, and the sequential object itself."""

    @property
    def name(self) -> str:
        """What people call the object."""

    @property
    def operations(self) -> Sequence[Operation]:
        """In any order."""

    @property
    def initial(self) -> Hashable:
        """The state before the first operation."""

    def step(self, state: Any, operation: Operation) -> Iterable[Hashable]:
        """The states that `operation` may lead to from `state` with the response that it had; none if it could not have
        had it. A pending operation fits any response."""

    def only_looks(self, operation: Operation) -> bool:
        """Whether the operation, with the response that it had, changes no state whatever."""


# A model: the parts of a history. The history is linearizable if and only if each of its parts is.
Model = Callable[[Sequence[Operation]], Iterable[Part]]

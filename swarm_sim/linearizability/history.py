"""Client histories: operations with the times of their invocation and response, and the verdict on a whole history.

A history is linearizable if each operation can be assigned a moment between its invocation and its response such that
a sequential object, called in the order of these moments, gives the same responses (Herlihy and Wing, TOPLAS 1990).
An operation without a response may take effect at any time after its invocation, or never.
"""

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

LINEARIZABLE = "linearizable"
ILLEGAL = "illegal"
UNKNOWN = "unknown"  # the search reached its bound


@dataclass(frozen=True)
class Operation:
    """One call. Times in any unit; calls and responses of the same time overlap. Without a response `returned` is None.

    request, response: in the model's terms; requests must be comparable. label: names the operation to people.
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

    steps: the number of calls of the sequential object. For a history that is not LINEARIZABLE: `partition` names the
    part that decided, `linearized` is the order that explains the most responses, `state` the object's state after it,
    and `stuck` the first operation whose response no order explains.
    """

    verdict: str
    steps: int = 0
    partition: str = ""
    linearized: tuple[Operation, ...] = ()
    state: Hashable = None
    stuck: Operation | None = None
    reason: str = ""  # explanation, where a rule says more than `stuck`


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

    def is_read_only(self, operation: Operation) -> bool:
        """Whether the operation, with its response, never changes the state."""


# A model: the parts of a history. The history is linearizable if and only if each of its parts is.
Model = Callable[[Sequence[Operation]], Iterable[Part]]

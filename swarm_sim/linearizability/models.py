"""Sequential objects of public test histories.

A compare-and-set register, as in Jepsen's tests of etcd: a failed compare-and-set means that the value was different.
A store of strings, as in the Raft exercises of MIT 6.824: put, append, get; a missing key reads as the empty string.
"""

import bisect
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass

from swarm_sim.linearizability.history import Model, Operation, Part

READ, WRITE, CAS = "read", "write", "cas"
GET, PUT, APPEND = "get", "put", "append"


@dataclass(frozen=True)
class Register:
    """One register, initially None. Requests and responses:

    ("read",) -> value      ("write", value) -> True      ("cas", old, new) -> True or False
    """

    operations: Sequence[Operation]
    name: str = "register"
    initial: Hashable = None

    def step(self, state: Hashable, operation: Operation) -> Iterable[Hashable]:
        """The value after `operation`."""
        verb, *values = operation.request
        if verb == READ:
            return [state] if operation.is_pending or operation.response == state else []
        if verb == WRITE:
            return [values[0]]
        is_equal = state == values[0]
        if not operation.is_pending and operation.response != is_equal:
            return []
        return [values[1] if is_equal else state]

    def is_read_only(self, operation: Operation) -> bool:
        """Reads, and compare-and-sets that failed."""
        return operation.request[0] == READ or (operation.request[0] == CAS and operation.response is False)


class KeyString:
    """The string under one key, initially empty. Requests and responses:

    ("get", key) -> string      ("put", key, string), ("append", key, string) -> None

    All strings that are not a prefix of a response are one state, None: until the next put, no get with a response can
    follow them. Without this the search would try all orders of appends that no client observed.
    """

    def __init__(self, key: str, operations: Sequence[Operation]) -> None:
        self.name = f"key {key}"
        self.operations = operations
        self._seen = sorted({one.response for one in operations if one.request[0] == GET and not one.is_pending})
        self.initial: Hashable = self._merged("")

    def step(self, state: str | None, operation: Operation) -> Iterable[Hashable]:
        """The string after `operation`."""
        verb, _, *values = operation.request
        if verb == GET:
            return [state] if operation.is_pending or operation.response == state else []
        if verb == PUT:
            return [self._merged(values[0])]
        return [None if state is None else self._merged(state + values[0])]

    def is_read_only(self, operation: Operation) -> bool:
        """Gets."""
        return bool(operation.request[0] == GET)

    def _merged(self, text: str) -> str | None:
        index = bisect.bisect_left(self._seen, text)
        return text if index < len(self._seen) and self._seen[index].startswith(text) else None


def register(history: Sequence[Operation]) -> Iterable[Part]:
    """The model of one register: one object, one part."""
    return [Register(history)]


def key_value(history: Sequence[Operation]) -> Iterable[Part]:
    """The model of a store of strings: each key is an object."""
    parts: dict[str, list[Operation]] = {}
    for operation in history:
        parts.setdefault(operation.request[1], []).append(operation)
    return [KeyString(key, parts[key]) for key in sorted(parts)]


MODELS: dict[str, Model] = {"etcd": register, "kv": key_value}

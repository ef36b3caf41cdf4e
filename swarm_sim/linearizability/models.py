"""Sequential objects of public test histories.

A compare-and-set register, as in Jepsen's tests of etcd: a failed compare-and-set means that the value was different.
A store of strings, as in the Raft exercises of MIT 6.824: put, append, get; a missing key reads as the empty string.
"""

import bisect
from collections.abc import Hashable, Iterable, Sequence

from swarm_sim.linearizability.history import Model, Nature, Operation, Part, first_without_cause

READ, WRITE, CAS = "read", "write", "cas"
GET, PUT, APPEND = "get", "put", "append"
UNSEEN = "(a value that no response reveals)"


class Register:
    """One register, initially None. Requests and responses:

    ("read",) -> value      ("write", value) -> True      ("cas", old, new) -> True or False

    All values that no response reveals are one state, UNSEEN.
    """

    name = "register"

    def __init__(self, operations: Sequence[Operation]) -> None:
        self.operations = operations
        self._seen = {one.request[1] for one in operations if one.request[0] == CAS}
        self._seen |= {one.response for one in operations if one.request[0] == READ and not one.is_pending}
        self.initial: Hashable = self._merged(None)

    def step(self, state: Hashable, operation: Operation) -> Iterable[Hashable]:
        """The value after `operation`."""
        verb, *values = operation.request
        if verb == READ:
            return [state] if operation.is_pending or operation.response == state else []
        if verb == WRITE:
            return [self._merged(values[0])]
        is_equal = state == values[0]
        if not operation.is_pending and operation.response != is_equal:
            return []
        return [self._merged(values[1]) if is_equal else state]

    def nature(self, operation: Operation) -> Nature:
        """Reads and failed compare-and-sets leave the state as it is."""
        verb = operation.request[0]
        if verb == WRITE:
            return Nature.BLIND | Nature.OVERWRITES | Nature.TWINS
        return Nature.EARLY if verb == READ or operation.response is False else Nature.TWINS

    def wants(self, operation: Operation) -> Iterable[Hashable] | None:
        """The write of what was read or compared."""
        verb, *values = operation.request
        if verb == CAS:
            return None if operation.response is False else [(WRITE, values[0])]
        return [] if operation.is_pending else [(WRITE, operation.response)]

    def is_dead(self, state: Hashable) -> bool:
        """Never: a compare-and-set may fail on any value."""
        return False

    def impossible(self) -> Operation | None:
        """A read or compare-and-set of a value that no one wrote."""
        writes = [one for one in self.operations if one.request[0] != READ and one.response is not False]
        made = [(one.invoked, one.request[-1]) for one in writes]
        answered = [one for one in self.operations if not one.is_pending]
        revealed = [(one, [one.response]) for one in answered if one.request[0] == READ]
        revealed += [(one, [one.request[1]]) for one in answered if one.request[0] == CAS and one.response is True]
        return first_without_cause([(float("-inf"), None), *made], revealed)

    def _merged(self, value: Hashable) -> Hashable:
        return value if value in self._seen else UNSEEN


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

    def nature(self, operation: Operation) -> Nature:
        """Only gets depend on the string, only a put does not keep it."""
        return {
            GET: Nature.EARLY,
            PUT: Nature.BLIND | Nature.OVERWRITES | Nature.TWINS,
            APPEND: Nature.BLIND | Nature.TWINS,
        }[operation.request[0]]

    def wants(self, operation: Operation) -> Iterable[Hashable] | None:
        """The puts of all beginnings of what a get returned."""
        verb, key = operation.request[:2]
        if verb == APPEND:
            return None
        text = "" if operation.is_pending else operation.response
        return [(PUT, key, text[:end]) for end in range(len(text) + 1)]

    def is_dead(self, state: str | None) -> bool:
        """Whether no get has this string, or one that begins with it, as its response."""
        return state is None

    def impossible(self) -> Operation | None:
        """A get of a string that does not end with one that was put or appended."""
        made = [(one.invoked, one.request[2]) for one in self.operations if one.request[0] != GET]
        sizes = sorted({len(text) for _, text in made} | {0})
        gets = [one for one in self.operations if one.request[0] == GET and not one.is_pending]
        revealed = [(one, [one.response[max(len(one.response) - size, 0) :] for size in sizes]) for one in gets]
        return first_without_cause([(float("-inf"), ""), *made], revealed)

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

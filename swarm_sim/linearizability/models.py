"""Sequential objects of public test histories.

A compare-and-set register, as in Jepsen's tests of etcd: a failed compare-and-set says that the value was another one.
A store of strings, as in the Raft exercises of MIT 6.824: put, append, get; a missing key reads as the empty string.
"""

from collections.abc import Hashable, Iterable, Sequence

from swarm_sim.linearizability.history import Operation

READ, WRITE, CAS = "read", "write", "cas"
GET, PUT, APPEND = "get", "put", "append"


class Register:
    """One register, first None. Requests and responses:

    ("read",) -> value      ("write", value) -> True      ("cas", old, new) -> True or False
    """

    def partition(self, history: Sequence[Operation]) -> Iterable[tuple[str, Sequence[Operation]]]:
        """One object, one part."""
        return [("register", history)]

    def initial(self) -> Hashable:
        """Nothing written."""
        return None

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


class KeyValue:
    """Strings under string keys, first empty. Requests and responses:

    ("get", key) -> string      ("put", key, string), ("append", key, string) -> None
    """

    def partition(self, history: Sequence[Operation]) -> Iterable[tuple[str, Sequence[Operation]]]:
        """Each key is an object."""
        parts: dict[str, list[Operation]] = {}
        for operation in history:
            parts.setdefault(operation.request[1], []).append(operation)
        return [(f"key {key}", parts[key]) for key in sorted(parts)]

    def initial(self) -> Hashable:
        """No such key yet."""
        return ""

    def step(self, state: str, operation: Operation) -> Iterable[Hashable]:
        """The string after `operation`."""
        verb, _, *values = operation.request
        if verb == GET:
            return [state] if operation.is_pending or operation.response == state else []
        return [values[0] if verb == PUT else state + values[0]]

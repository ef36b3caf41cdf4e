"""Requests that wait to be decided: bounded, first come first served, and never dropped in silence.

A replica only takes a request from the ground station itself: the tag on it is for this replica alone, so a voter
checks a proposal against its own copies (a MAC is not transferable; Castro and Liskov, OSDI 1999, section 4.1).
"""

from amu.consensus import bodies
from amu.core import limits
from amu.core.errors import BusyError, CodecError
from amu.wire import cbor

if "":  # for the type checker; see amu.core.types
    from collections.abc import Callable

    from amu.core.types import Array


class _Entry:
    def __init__(self, request: "Array", size: int) -> None:
        self.request = request  # [client, operation, command]
        self.size = size
        self.slot = 0  # open slot whose proposal carries it, 0 if none
        self.passed_over = 0  # slots decided since it came, without it and without any that came before it


class Pending:
    def __init__(self) -> None:
        self._entries: list[_Entry] = []  # at most PENDING_REQUESTS_MAX

    def __len__(self) -> int:
        return len(self._entries)

    def add(self, client: int, operation: int, command: "Array") -> bool:
        """Queue a request. False if it is there already; BusyError without room, CodecError if no body can carry it."""
        if self.find(client, operation) is not None:
            return False
        if len(self._entries) >= limits.PENDING_REQUESTS_MAX:
            raise BusyError("%d requests wait" % len(self._entries))
        request = [client, operation, command]
        # A request that fits no proposal would stay at the head of the queue and block all behind it forever.
        bodies.decode(bodies.encode(limits.VIEW_MAX, [request]))
        if len(cbor.encode(command)) > limits.COMMAND_BYTES_MAX:
            raise CodecError("command: want at most %d bytes" % limits.COMMAND_BYTES_MAX)
        self._entries.append(_Entry(request, len(cbor.encode(request))))
        return True

    def find(self, client: int, operation: int) -> "Array | None":
        """The request as we hold it, or None."""
        for entry in self._entries:
            held_client, held_operation, _ = entry.request
            if held_client == client and held_operation == operation:
                return entry.request
        return None

    def waiting(self) -> int:
        """How many requests are in no open slot's proposal."""
        count = 0
        for entry in self._entries:
            if entry.slot == 0:
                count += 1
        return count

    def batch(self, slot: int) -> "list[Array]":
        """The oldest requests that no other open slot carries, as many as a body holds."""
        batch: list[Array] = []
        size = 16  # array heads and the origin view
        for entry in self._entries:
            if entry.slot not in (0, slot):
                continue
            if len(batch) == limits.BATCH_REQUESTS_MAX or size + entry.size > limits.BODY_BYTES_MAX:
                break
            batch.append(entry.request)
            size += entry.size
        return batch

    def assign(self, slot: int, requests: "list[Array]") -> None:
        """A proposal for `slot` carries `requests`; what it carried before is free again."""
        for entry in self._entries:
            if entry.request in requests:
                entry.slot = slot
            elif entry.slot == slot:
                entry.slot = 0

    def settle(self, slot: int, requests: "list[Array]") -> bool:
        """`slot` is decided with `requests`. True if some request has now been passed over for too long."""
        kept = []
        is_overlooked = False
        # A backlog is not censorship: a request queued behind one that was served has not been passed over.
        is_queue_served = False
        for entry in self._entries:
            client, operation, _ = entry.request
            is_done = False
            for decided_client, decided_operation, _ in requests:
                if decided_client == client and decided_operation == operation:
                    is_done = True
            if is_done:
                is_queue_served = True
                continue
            if entry.slot == slot:
                entry.slot = 0
            if not is_queue_served:
                entry.passed_over += 1
            if entry.passed_over > limits.OVERLOOKED_SLOTS_MAX:
                is_overlooked = True
            kept.append(entry)
        self._entries = kept
        return is_overlooked

    def forget(self, is_done: "Callable[[int, int], bool]") -> None:
        """Drop each request for which `is_done(client, operation)`, after adopting a checkpoint."""
        self._entries = [entry for entry in self._entries if not is_done(entry.request[0], entry.request[1])]
        for entry in self._entries:
            entry.slot = 0

"""Requests that wait to be decided: bounded, first come first served, and never dropped in silence.

A replica only takes a request from the ground station itself: the tag on it is for this replica alone, so a voter
checks a proposal against its own copies (a MAC is not transferable; Castro and Liskov, OSDI 1999, section 4.1).
"""

from amu.consensus import bodies
from amu.core import limits
from amu.core.errors import BusyError, CodecError
from amu.wire import cbor

if "":  # for the type checker; see amu.core.types
    from collections.abc import Callable, Sequence

    from amu.core.types import Array


_DONE = -1
_HEAD_BYTES_MAX = 16  # of a body before its requests: array heads and the origin view


class Entry:
    """A request that we hold, and its encoding."""

    def __init__(self, request: "Array", data: bytes) -> None:
        self.request = request  # [client, operation, command]
        self.data = data
        self.slot = 0  # open slot whose proposal carries it, 0 if none
        self.passed_over = 0  # slots decided since it came, without it and without any that came before it


def _check_depth(command: "Array") -> None:
    """BODY_DEPTH_MAX ends at the fields of a command."""
    for field in command:
        if type(field) is list or type(field) is dict:
            raise CodecError("command: arrays within it")


class Pending:
    def __init__(self) -> None:
        self._entries: list[Entry] = []  # at most PENDING_REQUESTS_MAX
        self._waiting = 0  # entries in no open slot's proposal,
        self._bytes = 0  # and how long they are together

    def __len__(self) -> int:
        return len(self._entries)

    def add(self, client: int, operation: int, command: "Array") -> bool:
        """Queue a request. False if it is there already; BusyError without room, CodecError if no body can carry it."""
        if self.find(client, operation) is not None:
            return False
        if len(self._entries) >= limits.PENDING_REQUESTS_MAX:
            raise BusyError("%d requests wait" % len(self._entries))
        # A request that fits no proposal would stay at the head of the queue and block all behind it forever.
        _check_depth(command)
        request = [client, operation, command]
        data = cbor.encode(request)
        if len(data) > limits.COMMAND_BYTES_MAX and len(cbor.encode(command)) > limits.COMMAND_BYTES_MAX:
            raise CodecError("command: want at most %d bytes" % limits.COMMAND_BYTES_MAX)
        self._entries.append(Entry(request, data))
        self._waiting += 1
        self._bytes += len(data)
        return True

    def find(self, client: int, operation: int) -> Entry | None:
        """The request of this number as we hold it, or None."""
        for entry in self._entries:
            if entry.request[1] == operation and entry.request[0] == client:
                return entry
        return None

    def read(self, body: bytes) -> "tuple[int, list[Array], list[Entry | None]]":
        """(origin_view, requests, entries) of a body: `bodies.decode`, and the entry of each request that we hold.

        What we hold is not decoded again: a request has one encoding, and no encoding is the beginning of another.
        """
        view, count, at = bodies.head_of(body)
        held = self._entries
        following = 0  # most bodies carry requests in the order in which we hold them
        requests: list[Array] = []
        entries: list[Entry | None] = []
        for _ in range(count):
            found = None
            for _ in range(len(held)):
                entry = held[following]
                following += 1
                if following == len(held):
                    following = 0
                if body.startswith(entry.data, at):
                    found = entry
                    break
            if found is None:
                request, at = bodies.request_at(body, at)
            else:
                request = found.request
                at += len(found.data)
            requests.append(request)
            entries.append(found)
        bodies.check_end(body, at)
        return view, requests, entries

    def waiting(self) -> int:
        """How many requests are in no open slot's proposal."""
        return self._waiting

    def fill_a_body(self) -> bool:
        """Whether those that wait are as many as a body holds, or more."""
        return self._waiting >= limits.BATCH_REQUESTS_MAX or _HEAD_BYTES_MAX + self._bytes > limits.BODY_BYTES_MAX

    def _put(self, entry: Entry, slot: int) -> None:
        """Note that `slot` carries the request: 0, none does."""
        if entry.slot == 0:
            self._waiting -= 1
            self._bytes -= len(entry.data)
        if slot == 0:
            self._waiting += 1
            self._bytes += len(entry.data)
        entry.slot = slot

    def batch(self, slot: int) -> list[Entry]:
        """The oldest requests that no other open slot carries, as many as a body holds."""
        batch: list[Entry] = []
        size = _HEAD_BYTES_MAX
        for entry in self._entries:
            if entry.slot not in (0, slot):
                continue
            size += len(entry.data)
            if len(batch) == limits.BATCH_REQUESTS_MAX or size > limits.BODY_BYTES_MAX:
                break
            batch.append(entry)
        return batch

    def assign(self, slot: int, carried: "Sequence[Entry | None]") -> None:
        """A proposal for `slot` carries these requests; what it carried before is free again."""
        for entry in self._entries:
            if entry.slot == slot:
                self._put(entry, 0)
        for held in carried:
            if held is not None:
                self._put(held, slot)

    def settle(self, slot: int, requests: "list[Array]", entries: "list[Entry | None]") -> bool:
        """`slot` is decided with what `read` gave. True if some request has now been passed over for too long."""
        for i in range(len(requests)):
            done = entries[i]
            if done is None:  # or we hold another command of this number
                client, operation, _ = requests[i]
                done = self.find(client, operation)
            if done is not None:
                self._put(done, _DONE)
        kept = []
        is_overlooked = False
        # A backlog is not censorship: a request queued behind one that was served has not been passed over.
        is_queue_served = False
        for entry in self._entries:
            if entry.slot == _DONE:
                is_queue_served = True
                continue
            if entry.slot == slot:
                self._put(entry, 0)
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
        self._waiting = len(self._entries)
        self._bytes = 0
        for entry in self._entries:
            entry.slot = 0
            self._bytes += len(entry.data)

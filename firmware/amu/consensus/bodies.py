"""Proposal bodies and the values that stand for them.

A body is CBOR `[origin_view, [[client, operation, command], ...]]`, its value the SHA-256 of CBOR `[slot, body]`. The
origin view names the leader that made it, which is how the leader of a later slot follows from a decision (see
replica).
"""

import hashlib

from amu.core import limits
from amu.core.errors import CodecError
from amu.wire import cbor

if "":  # for the type checker; see amu.core.types
    from collections.abc import Callable

    from amu.consensus.quorum import Group
    from amu.core.types import Array


def value_of(slot: int, body: bytes) -> bytes:
    """Digest of `body` (bytes) in `slot`: 32 bytes."""
    return hashlib.sha256(cbor.encode([slot, body])).digest()


def encode(origin_view: int, requests: "list[Array]") -> bytes:
    """Body bytes of `requests`, a list of [client, operation, command]."""
    return cbor.encode([origin_view, requests])


def join(origin_view: int, requests: "list[bytes]") -> bytes:
    """The same of requests that are encoded already."""
    head = cbor.array_head(2) + cbor.encode(origin_view) + cbor.array_head(len(requests))
    return head + b"".join(requests)


def decode(body: bytes) -> "tuple[int, list[Array]]":
    """(origin_view, requests). CodecError if it is not a body within the limits."""
    view, count, at = head_of(body)
    requests = []
    for _ in range(count):
        request, at = request_at(body, at)
        requests.append(request)
    check_end(body, at)
    return view, requests


def head_of(body: bytes) -> tuple[int, int, int]:
    """(origin_view, number of requests, offset of the first one); the first part of `decode`."""
    count, at = cbor.array_at(body, 0)
    if count != 2:
        raise CodecError("body: want [origin_view, requests]")
    view, at = cbor.item_at(body, at, 0)
    if type(view) is not int or view < 0 or view > limits.VIEW_MAX:
        raise CodecError("body: bad origin view")
    count, at = cbor.array_at(body, at)
    if count > limits.BATCH_REQUESTS_MAX:
        raise CodecError("body: too many requests")
    return view, count, at


def request_at(body: bytes, at: int) -> "tuple[Array, int]":
    """(request, offset behind it) of the request at offset `at`."""
    request, end = cbor.item_at(body, at, limits.BODY_DEPTH_MAX - 2)
    if type(request) is not list or len(request) != 3:
        raise CodecError("body: want [client, operation, command]")
    client, operation, command = request
    if type(client) is not int or type(operation) is not int or type(command) is not list:
        raise CodecError("body: want [client, operation, command]")
    return request, end


def check_end(body: bytes, at: int) -> None:
    if at != len(body):
        raise CodecError("body: bytes after the requests")


class BodyShelf:
    """Bodies of one slot, bounded: the latest proposed and fetched of each peer, those voted for, the decided one."""

    def __init__(self, group: "Group") -> None:
        # (value, body) of each peer's latest proposal
        self._proposed: list[tuple[bytes, bytes] | None] = [None] * group.size
        # (value, body) of each peer's latest answer
        self._fetched: list[tuple[bytes, bytes] | None] = [None] * group.size
        # at most BODIES_PER_SLOT_MAX (value, body): own votes and the decision; on flash as well
        self.kept: list[tuple[bytes, bytes]] = []

    def put_proposed(self, replica: int, value: bytes, body: bytes) -> None:
        self._proposed[replica] = (value, body)

    def put_fetched(self, replica: int, value: bytes, body: bytes) -> None:
        self._fetched[replica] = (value, body)

    def keep(self, value: bytes, body: bytes, is_needed: "Callable[[bytes], bool]") -> None:
        """Keep a body. A full shelf evicts one whose value is no longer needed (`is_needed(value)` is False)."""
        for kept, _ in self.kept:
            if kept == value:
                return
        if len(self.kept) >= limits.BODIES_PER_SLOT_MAX:
            self.kept = [pair for pair in self.kept if is_needed(pair[0])]
        assert len(self.kept) < limits.BODIES_PER_SLOT_MAX, "bodies"
        self.kept.append((value, body))

    def get(self, value: bytes) -> bytes | None:
        """Body of `value`, or None if we have not received it."""
        for pairs in (self.kept, self._proposed, self._fetched):
            for pair in pairs:
                if pair is not None and pair[0] == value:
                    return pair[1]
        return None

"""Proposal bodies and the values that stand for them.

A body is CBOR `[origin_view, [[client, operation, command], ...]]`, its value the SHA-256 of CBOR `[slot, body]`. The
origin view names the leader that made it, which is how the leader of a later slot follows from a decision (see
replica).
"""

import hashlib

from amu.core import limits
from amu.core.errors import CodecError
from amu.wire import cbor


def value_of(slot, body):
    """Digest of `body` (bytes) in `slot`: 32 bytes."""
    return hashlib.sha256(cbor.encode([slot, body])).digest()


def encode(origin_view, requests):
    """Body bytes of `requests`, a list of [client, operation, command]."""
    return cbor.encode([origin_view, requests])


def decode(body):
    """(origin_view, requests). CodecError if it is not a body within the limits."""
    item = cbor.decode(body, limits.BODY_DEPTH_MAX)
    if type(item) is not list or len(item) != 2 or type(item[1]) is not list:
        raise CodecError("body: want [origin_view, requests]")
    view, requests = item
    if type(view) is not int or view < 0 or view > limits.VIEW_MAX:
        raise CodecError("body: bad origin view")
    if len(requests) > limits.BATCH_REQUESTS_MAX:
        raise CodecError("body: too many requests")
    for request in requests:
        if type(request) is not list or len(request) != 3:
            raise CodecError("body: want [client, operation, command]")
        client, operation, command = request
        if type(client) is not int or type(operation) is not int or type(command) is not list:
            raise CodecError("body: want [client, operation, command]")
    return view, requests


class BodyShelf:
    """Bodies of one slot, bounded: a place for each peer's latest proposal and answer, a few for what matters to us."""

    def __init__(self, group):
        self._proposed = [None] * group.size  # (value, body) of each peer's latest proposal
        self._fetched = [None] * group.size  # (value, body) that each peer last answered us with
        self._kept = []  # at most BODIES_PER_SLOT_MAX (value, body): own votes and the decision; on flash as well

    def put_proposed(self, replica, value, body):
        self._proposed[replica] = (value, body)

    def put_fetched(self, replica, value, body):
        self._fetched[replica] = (value, body)

    def keep(self, value, body, is_needed):
        """Keep a body for good. When full, one whose value is no longer needed (`is_needed(value)`) makes room."""
        for kept, _ in self._kept:
            if kept == value:
                return
        if len(self._kept) >= limits.BODIES_PER_SLOT_MAX:
            self._kept = [pair for pair in self._kept if is_needed(pair[0])]
        assert len(self._kept) < limits.BODIES_PER_SLOT_MAX, "bodies"
        self._kept.append((value, body))

    def get(self, value):
        """Body of `value`, or None if nobody has shown it to us."""
        for pairs in (self._kept, self._proposed, self._fetched):
            for pair in pairs:
                if pair is not None and pair[0] == value:
                    return pair[1]
        return None

    def kept(self):
        """[(value, body)] in the order in which they were kept."""
        return self._kept

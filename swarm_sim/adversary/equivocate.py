"""Tells one half of the swarm one thing and the other half another.

Every proposal, vote, claimed vote and decision exists in two versions, and each story is consistent: a replica that
gets the other body also gets the votes for it. The other body is a function of the first, so several such boards tell
the same two stories without communicating. Up to f of them can prevent decisions in their own views, but must never
cause two values to be decided.
"""

from amu.consensus import bodies
from amu.core import limits
from amu.core.errors import CodecError
from amu.wire import messages as m

from .base import Behaviour, replicas

if "":  # for the type checker; see amu.core.types
    from amu.core.types import AnyMessage

    from .base import Draws, Parameters

PAIRS_MAX = 16  # (value, other value) remembered


class Equivocate(Behaviour):
    """deceived: replicas that hear the other story, in a text such as "0 2"; empty: half of them, changing by slot."""

    TEXTS = ("deceived",)

    def __init__(self, me: int, replica_count: int, draws: "Draws", parameters: "Parameters") -> None:
        Behaviour.__init__(self, me, replica_count, draws, parameters)
        self._deceived = replicas(parameters, "deceived", replica_count)
        self._pairs: list[tuple[bytes, bytes]] = []

    def overhear(self, source: int, message: "AnyMessage") -> None:
        if message.KIND == m.Proposal.KIND:
            self._other_body(message.slot, message.body)

    def to_peer(self, peer: int, time: int, message: "AnyMessage") -> "list[tuple[int, AnyMessage]]":
        if message.KIND == m.Proposal.KIND:
            # Computed for both halves, so that the votes that follow find the pair.
            other = self._other_body(message.slot, message.body)
            if self._is_deceived(peer, message.slot):
                message = m.Proposal(message.slot, message.view, other)
        elif message.KIND in (m.Vote.KIND, m.Status.KIND, m.Decided.KIND) and self._is_deceived(peer, message.slot):
            message = self._other_message(message)
        return [(time, message)]

    def _is_deceived(self, peer: int, slot: int) -> bool:
        if self._deceived:
            return peer in self._deceived
        return (peer + slot) % 2 == 1

    def _other_message(self, message: "AnyMessage") -> "AnyMessage":
        if message.KIND == m.Vote.KIND:
            return m.Vote(message.slot, message.view, message.phase, self._other_value(message.value))
        if message.KIND == m.Decided.KIND:
            return m.Decided(message.slot, self._other_value(message.value), b"")
        fields = message.fields()
        votes = [None if value is None else self._other_value(value) for value in fields[-4:]]
        return m.Status(*fields[:-4], *votes)

    def _other_value(self, value: bytes) -> bytes:
        for one, other in self._pairs:
            if one == value:
                return other
        return bytes([value[0] ^ 1]) + value[1:]

    def _other_body(self, slot: int, body: bytes) -> bytes:
        other = other_body(body)
        pair = (bodies.value_of(slot, body), bodies.value_of(slot, other))
        if pair not in self._pairs:
            self._pairs.append(pair)
            self._pairs = self._pairs[-PAIRS_MAX:]
        return other


def other_body(body: bytes) -> bytes:
    """Another body that voters have little reason to refuse: the requests in another order, or a lone one twice."""
    try:
        view, requests = bodies.decode(body)
    except CodecError:
        return b""
    changed = requests[1:] + requests[:1] if len(requests) > 1 else requests + requests
    other = bodies.encode(view, changed)
    return b"" if other == body or len(other) > limits.BODY_BYTES_MAX else other

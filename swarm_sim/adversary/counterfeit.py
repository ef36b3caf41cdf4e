"""Counterfeits bodies: of requests that nobody made, other ones than were decided; and withholds right ones.

A value is a digest, and who decides it may not know its body. So a body counts only on its digest, a decided one must
be had from somebody else when one replica keeps it back, and a request is voted for only by who got it from the ground
itself (external validity: Cachin, Kursawe, Petzold, Shoup, CRYPTO 2001).
"""

from amu.consensus import bodies
from amu.core import limits
from amu.core.errors import CodecError
from amu.wire import messages as m

from .base import Behaviour

if "":  # for the type checker; see amu.core.types
    from amu.core.types import AnyMessage, Array

INVENTED_OPERATION = limits.OPERATION_MAX  # far from those of any client


class Counterfeit(Behaviour):
    """As a leader it hides each proposal from f peers, and adds an invented request to one in `invents_one_in`."""

    PARAMETERS = (("invents_one_in", 4, 1, 1000),)
    invents_one_in: int

    def to_peer(self, peer: int, time: int, message: "AnyMessage") -> "list[tuple[int, AnyMessage]]":
        kind = message.KIND
        if kind == m.Proposal.KIND:
            if (message.slot + message.view) % self.invents_one_in == 0:
                message = m.Proposal(message.slot, message.view, _invented(message.view, message.body))
            elif (peer + message.slot) % self.replica_count < limits.faults_max(self.replica_count):
                return []
        elif kind == m.Body.KIND:
            if self.draws.one_in(2):
                return []
            message = m.Body(message.slot, _invented(0, message.body))
        elif kind == m.Decided.KIND and message.body:
            message = m.Decided(
                message.slot, message.value, b"" if self.draws.one_in(2) else _invented(0, message.body)
            )
        return [(time, message)]


def _invented(view: int, body: bytes) -> bytes:
    """`body` with one more request, or that request alone. Voters may know all others, which makes it look sound."""
    invented: Array = [limits.CLIENT_NUMBER_MAX, INVENTED_OPERATION, ["noop"]]
    try:
        origin_view, requests = bodies.decode(body)
    except CodecError:
        origin_view, requests = view, []
    longer = bodies.encode(origin_view, requests + [invented])
    if len(requests) < limits.BATCH_REQUESTS_MAX and len(longer) <= limits.BODY_BYTES_MAX:
        return longer
    return bodies.encode(origin_view, [invented])

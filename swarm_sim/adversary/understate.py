"""Understates how far the log is to a board that lost its memory, and answers questions that were asked before.

Such a board votes again above a floor that it derives from the answers to its question. A low answer, or an old one,
would put the floor below votes that it has forgotten: then it could vote twice (specs/decisions,
rejoin_after_amnesia). Its checkpoint is that of nobody, so who trusts one answer adopts nothing that exists.
"""

from amu.core import limits
from amu.wire import messages as m

from .base import Behaviour

if "":  # for the type checker; see amu.core.types
    from amu.core.types import AnyMessage

    from .base import Draws, Parameters


class Understate(Behaviour):
    """Claims to have applied `slots_back` slots fewer than it has."""

    PARAMETERS = (("slots_back", 1000, 1, limits.SLOT_MAX),)
    slots_back: int

    def __init__(self, me: int, replica_count: int, draws: "Draws", parameters: "Parameters") -> None:
        Behaviour.__init__(self, me, replica_count, draws, parameters)
        self._nonces: list[int] = []  # the last two that differ, latest last

    def overhear(self, source: int, message: "AnyMessage") -> None:
        if message.KIND == m.Probe.KIND and message.nonce not in self._nonces:
            self._nonces = self._nonces[-1:] + [message.nonce]

    def to_peer(self, peer: int, time: int, message: "AnyMessage") -> "list[tuple[int, AnyMessage]]":
        if message.KIND != m.Progress.KIND or not message.nonce:
            return [(time, message)]
        digest = message.checkpoint_digest
        digest = bytes([digest[0] ^ 1]) + digest[1:]
        low = max(0, message.applied_slot - self.slots_back)
        said = []
        for nonce in self._nonces[:-1] + [message.nonce]:
            said.append((time, m.Progress(low, message.checkpoint_slot, digest, nonce)))
        return said

"""Lies: about votes that it never cast, progress that it has not made, results that nobody computed.

The registers in proof, suggest and status decide what a new leader may propose and what voters accept (rules 1 to 4 of
TetraBFT), so false ones are the strongest weapon of a replica that keeps to the form of the protocol. Checkpoints,
chunks of state and bodies are falsified too: this exposes code that believes one replica instead of f+1, or does not
compare a body with its digest. Replies to the ground lie about results.
"""

from amu.core import limits
from amu.core.limits import GROUND
from amu.wire import messages as m

from .base import Behaviour

if "":  # for the type checker; see amu.core.types
    from amu.core.types import AnyMessage, Register

    from .base import Draws, Parameters

VALUES_MAX = 8  # values overheard: a lie about a value that others voted for is worth more than one about nothing

# How registers are falsified.
NOTHING = 0  # never voted
ALL_ONE = 1  # voted for one value, just before the view
BOTH = 2  # voted for two values, which makes every value claimed safe
WAYS = 3


class Lie(Behaviour):
    def __init__(self, me: int, replica_count: int, draws: "Draws", parameters: "Parameters") -> None:
        Behaviour.__init__(self, me, replica_count, draws, parameters)
        self._values: list[bytes] = []

    def overhear(self, source: int, message: "AnyMessage") -> None:
        if source != GROUND and message.KIND == m.Vote.KIND and message.value not in self._values:
            self._values.append(message.value)
            self._values = self._values[-VALUES_MAX:]

    def to_peer(self, peer: int, time: int, message: "AnyMessage") -> "list[tuple[int, AnyMessage]]":
        kind = message.KIND
        if kind in (m.Suggest.KIND, m.Proof.KIND):
            hi, second, last = self._registers(message.view)
            message = type(message)(message.slot, message.view, hi, second, last)
        elif kind == m.Status.KIND:
            message = self._status(message)
        elif kind == m.Progress.KIND:
            digest = self.draws.blob(limits.DIGEST_BYTES)
            message = m.Progress(message.applied_slot + 1000, message.checkpoint_slot + 1000, digest, message.nonce)
        elif kind == m.StateChunk.KIND:
            message = m.StateChunk(message.slot, message.offset, message.total, self._damaged(message.data))
        elif kind == m.Body.KIND:
            message = m.Body(message.slot, self._damaged(message.body))
        elif kind == m.Decided.KIND:
            message = m.Decided(message.slot, self._value(), b"")
        return [(time, message)]

    def to_ground(self, message: "AnyMessage") -> "AnyMessage":
        if message.KIND == m.Reply.KIND:
            return m.Reply(message.client, message.operation, message.slot, ["ok", self.draws.below(1000)])
        return message

    def _status(self, message: m.Status) -> m.Status:
        hi1, second1, hi4 = self._registers(message.view)
        hi2, second2, hi3 = self._registers(message.view)
        votes = [self._value() if self.draws.one_in(2) else None for _ in range(4)]
        wish = min(message.wish + self.draws.below(3), limits.VIEW_MAX)
        return m.Status(message.slot, message.view, wish, hi1, second1, hi2, second2, hi3, hi4, *votes)

    def _registers(self, view: int) -> "tuple[Register, Register, Register]":
        """(highest, second highest of another value, highest of the last phase)."""
        way = self.draws.below(WAYS) if view > 0 else NOTHING
        if way == NOTHING:
            return None, None, None
        claimed = (view - 1, self._value())
        if way == ALL_ONE:
            return claimed, None, claimed
        return claimed, (view - 1, self.draws.blob(limits.DIGEST_BYTES)), None

    def _value(self) -> bytes:
        if self._values and not self.draws.one_in(4):
            return self.draws.pick(self._values)
        return self.draws.blob(limits.DIGEST_BYTES)

    def _damaged(self, data: bytes) -> bytes:
        if not data:
            return data
        at = self.draws.below(len(data))
        return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]

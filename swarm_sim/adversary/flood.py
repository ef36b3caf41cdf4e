"""Floods its peers with authentic nonsense: votes far ahead, views out of reach, junk bodies, questions by the dozen.

All of it is well formed and sealed, so it reaches each receiver's protocol. Memory, work per tick and answers to
questions must be bounded against it. One message in eight carries a Lamport time that nobody may believe.
"""

from amu.core import limits
from amu.wire import messages as m

from .base import Behaviour

if "":  # for the type checker; see amu.core.types
    from collections.abc import Iterator

    from amu.core.types import AnyMessage

    from .base import Draws, Parameters

VIEWS_AHEAD_MAX = 1000
SLOTS_AHEAD_MAX = 2 * limits.INSTANCES_MAX
BODY_BYTES = 64


class Flood(Behaviour):
    """Sends `per_tick` messages to each peer in every tick."""

    PARAMETERS = (("per_tick", 2, 1, limits.PEER_FRAMES_PER_TICK_MAX * 2),)
    per_tick: int

    def __init__(self, me: int, replica_count: int, draws: "Draws", parameters: "Parameters") -> None:
        Behaviour.__init__(self, me, replica_count, draws, parameters)
        self._slot = 1  # of the latest message of a slot

    def overhear(self, source: int, message: "AnyMessage") -> None:
        if message.KIND == m.Vote.KIND:
            self._slot = message.slot

    def inject(self, tick: int, time: int) -> "Iterator[tuple[int, int, AnyMessage]]":
        for peer in self.peers():
            for _ in range(self.per_tick):
                believable = not self.draws.one_in(8)
                yield peer, time if believable else limits.LAMPORT_MAX - 1, self._nonsense()

    def _nonsense(self) -> m.Message:
        draws = self.draws
        # Now and then far beyond any window, mostly where instances might be made.
        reach = 30_000 if draws.one_in(4) else SLOTS_AHEAD_MAX
        slot = min(self._slot + draws.below(reach), limits.SLOT_MAX)
        view = draws.below(VIEWS_AHEAD_MAX)
        value = draws.blob(limits.DIGEST_BYTES)
        kind = draws.below(9)
        if kind == 0:
            return m.Proposal(slot, view, draws.blob(BODY_BYTES))
        if kind == 1:
            return m.Status(slot, view, view, None, None, None, None, None, None, value, None, None, value)
        if kind == 2:
            return m.ViewChange(slot, view)
        if kind == 3:
            return m.Decided(slot, value, b"")
        if kind == 4:
            return m.Proof(slot, view, (view, value), None, None)
        if kind == 5:
            return m.Suggest(slot, view, (view, value), None, (view, value))
        if kind == 6:
            return draws.pick([m.Fetch(self._slot), m.FetchState(slot, 0), m.FetchBody(slot, value), m.Probe(view)])
        return m.Vote(slot, view, 1 + draws.below(4), value)

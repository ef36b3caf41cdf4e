"""Lies about the views that it wishes for: too high, different for each peer, and before any timer has run out.

f + 1 wishes are echoed and n - f obeyed, so f liars alone move nobody; but one of their wishes can join that of the
correct replica whose timer runs out first. No wish, however high, may take a replica to a view that no other enters,
and views must still last. (Bravo, Chockler, Gotsman, "Making Byzantine consensus live", DISC 2020.)
"""

from amu.core import limits
from amu.wire import messages as m

from .base import Behaviour

if "":  # for the type checker; see amu.core.types
    from collections.abc import Iterator

    from amu.core.types import AnyMessage

    from .base import Draws, Parameters

SLOTS_KEPT_MAX = 4
VIEWS_AHEAD_MAX = 1000
PERIOD_TICKS_MAX = 1000


class Hurry(Behaviour):
    """Wishes for views up to `views_ahead` ahead of its node's, and again for each slot every `period_ticks`."""

    PARAMETERS = (("views_ahead", 2, 1, VIEWS_AHEAD_MAX), ("period_ticks", 10, 1, PERIOD_TICKS_MAX))
    views_ahead: int
    period_ticks: int

    def __init__(self, me: int, replica_count: int, draws: "Draws", parameters: "Parameters") -> None:
        Behaviour.__init__(self, me, replica_count, draws, parameters)
        self._latest: list[tuple[int, int]] = []  # (slot, view), at most SLOTS_KEPT_MAX, latest last

    def overhear(self, source: int, message: "AnyMessage") -> None:
        if message.KIND in (m.Proposal.KIND, m.Vote.KIND, m.Proof.KIND):
            self._note(message.slot, message.view)

    def _note(self, slot: int, view: int) -> None:
        for i in range(len(self._latest)):
            known, latest = self._latest[i]
            if known == slot:
                self._latest[i] = (slot, max(latest, view))
                return
        self._latest.append((slot, view))
        self._latest = self._latest[-SLOTS_KEPT_MAX:]

    def to_peer(self, peer: int, time: int, message: "AnyMessage") -> "list[tuple[int, AnyMessage]]":
        if message.KIND == m.ViewChange.KIND:
            return [(time, m.ViewChange(message.slot, self._ahead(message.view)))]
        if message.KIND == m.Status.KIND:
            slot, view, wish, *rest = message.fields()
            return [(time, m.Status(slot, view, self._ahead(wish), *rest))]
        return [(time, message)]

    def _ahead(self, view: int) -> int:
        return min(view + self.draws.below(self.views_ahead + 1), limits.VIEW_MAX)

    def inject(self, tick: int, time: int) -> "Iterator[tuple[int, int, AnyMessage]]":
        if tick % self.period_ticks:
            return
        for slot, view in self._latest:
            for peer in self.peers():
                yield peer, time, m.ViewChange(slot, min(self._ahead(view) + 1, limits.VIEW_MAX))

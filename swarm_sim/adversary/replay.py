"""Sends old messages again, unchanged, with their old Lamport times.

Each is authentic, so no tag gives it away. Votes and statuses are idempotent and carry slot and view, so an old one may
cost a frame, never a second effect.
"""

from .base import Behaviour

if "":  # for the type checker; see amu.core.types
    from amu.core.types import AnyMessage

    from .base import Draws, Parameters

KEPT_MAX = 64  # messages; on a Pico about 10 KB


class Replay(Behaviour):
    """Sends `per_tick` messages again each tick, drawn from the last KEPT_MAX that were kept."""

    PARAMETERS = (("per_tick", 4, 1, 32),)
    per_tick: int

    def __init__(self, me: int, replica_count: int, draws: "Draws", parameters: "Parameters") -> None:
        Behaviour.__init__(self, me, replica_count, draws, parameters)
        self._kept: list[tuple[int, int, AnyMessage]] = []

    def to_peer(self, peer: int, time: int, message: "AnyMessage") -> "list[tuple[int, AnyMessage]]":
        if len(self._kept) < KEPT_MAX:
            self._kept.append((peer, time, message))
        elif self.draws.one_in(4):
            # Rarely, so that what is sent again is old.
            self._kept[self.draws.below(KEPT_MAX)] = (peer, time, message)
        return [(time, message)]

    def inject(self, tick: int, time: int) -> "list[tuple[int, int, AnyMessage]]":
        if not self._kept:
            return []
        return [self.draws.pick(self._kept) for _ in range(self.per_tick)]

"""Falls silent, to all or to some peers, entirely or in part: a fault that looks like a slow link.

Selective silence is worse: some peers see a correct replica, the others a dead one. A replica that leaves out one kind
of message only, such as its proofs or its votes, looks alive to all.
"""

from .base import TICKS_MAX, Behaviour, kinds, replicas

if "":  # for the type checker; see amu.core.types
    from amu.core.types import AnyMessage

    from .base import Draws, Parameters


class Silence(Behaviour):
    """From tick `from_tick` to before `until_tick` no message of `kinds` goes to the replicas in `peers`.

    peers: numbers in a text, such as "0 2"; empty: all of them. kinds: names in a text, such as "Vote Proof"; empty:
    all of them.
    """

    TEXTS = ("peers", "kinds")
    PARAMETERS = (("from_tick", 0, 0, TICKS_MAX), ("until_tick", TICKS_MAX, 0, TICKS_MAX))
    from_tick: int
    until_tick: int

    def __init__(self, me: int, replica_count: int, draws: "Draws", parameters: "Parameters") -> None:
        Behaviour.__init__(self, me, replica_count, draws, parameters)
        self._unheard = replicas(parameters, "peers", replica_count) or self.peers()
        self._kinds = kinds(parameters, "kinds")
        self._tick = 0

    def to_peer(self, peer: int, time: int, message: "AnyMessage") -> "list[tuple[int, AnyMessage]]":
        is_meant = peer in self._unheard and (not self._kinds or message.KIND in self._kinds)
        if self.from_tick <= self._tick < self.until_tick and is_meant:
            return []
        return [(time, message)]

    def inject(self, tick: int, time: int) -> "list[tuple[int, int, AnyMessage]]":
        self._tick = tick
        return []

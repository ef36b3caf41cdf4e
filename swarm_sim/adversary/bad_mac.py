"""Spoils the tags of its frames, of all or of some: a partially valid vector of MACs.

With pairwise keys a message can be sound for one receiver and refused by the next (Castro and Liskov, OSDI 1999), so no
replica may assume that all others got it.
"""

from amu.core.limits import GROUND

from .base import Behaviour, replicas

if "":  # for the type checker; see amu.core.types
    from .base import Draws, Parameters


class BadMac(Behaviour):
    """Spoils one frame of `one_in` to replicas in `peers`. Frames to the ground stay whole.

    peers: numbers in a text, such as "0 2"; empty: all of them.
    """

    TEXTS = ("peers",)
    PARAMETERS = (("one_in", 2, 1, 1000),)
    one_in: int

    def __init__(self, me: int, replica_count: int, draws: "Draws", parameters: "Parameters") -> None:
        Behaviour.__init__(self, me, replica_count, draws, parameters)
        self._deceived = replicas(parameters, "peers", replica_count) or self.peers()

    def spoil_tag(self, destination: int, tag: bytes) -> bytes:
        if destination == GROUND or destination not in self._deceived or not tag or not self.draws.one_in(self.one_in):
            return tag
        at = self.draws.below(len(tag))
        return tag[:at] + bytes([tag[at] ^ 0x40]) + tag[at + 1 :]

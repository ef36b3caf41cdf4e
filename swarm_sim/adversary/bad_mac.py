"""Spoils the tags of its frames, of all or of some: a partially valid vector of MACs.

With pairwise keys a message can be sound for one receiver and refused by the next (Castro and Liskov, OSDI 1999), so no
replica may rest on "everybody must have got it".
"""

from amu.core.limits import GROUND

from .base import Behaviour


class BadMac(Behaviour):
    """One frame in `one_in` to a replica is spoiled. Frames to the ground stay whole."""

    PARAMETERS = (("one_in", 2, 1, 1000),)

    def spoil_tag(self, destination, tag):
        if destination == GROUND or not tag or not self.draws.one_in(self.one_in):
            return tag
        at = self.draws.below(len(tag))
        return tag[:at] + bytes([tag[at] ^ 0x40]) + tag[at + 1 :]

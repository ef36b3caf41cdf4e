"""When to change the view: one integer per peer, the highest view that it wishes for.

f+1 wishes for a higher view are echoed (one is a correct replica's); n-f wishes are obeyed. Wishes only grow, so the
state is its own retransmission. (Bravo, Chockler, Gotsman, "Making Byzantine consensus live", DISC 2020; TetraBFT
section 3.)
"""

from amu.consensus.quorum import kth_largest

if "":  # for the type checker; see amu.core.types
    from amu.consensus.quorum import Group


class Synchroniser:
    """Wishes of all replicas in one slot, own included. Timers are elsewhere: this is counting only."""

    def __init__(self, group: "Group") -> None:
        self._group = group
        self.wishes = [0] * group.size  # the highest view that each replica wishes for

    def note(self, replica: int, view: int) -> bool:
        """Note that `replica` wishes for `view`. False if that is not new."""
        if view <= self.wishes[replica]:
            return False
        self.wishes[replica] = view
        return True

    def echo_view(self) -> int:
        """The highest view that f+1 replicas wish for: we wish for it, too."""
        return kth_largest(self.wishes, self._group.blocking)

    def enter_view(self) -> int:
        """The highest view that n-f replicas wish for: we enter it."""
        return kth_largest(self.wishes, self._group.quorum)

"""A replica's own votes in one slot, on constant storage.

hi[k] is the highest vote of phase k as (view, value), second[k] the highest vote of phase k (1 and 2 only) whose value
differs from hi[k]'s. Votes are cast in views that never decrease, one a view and phase, so six registers say as much as
the whole history (Yu, Losa, Wang, section 3). They survive reboots: the node replays its journal through `vote`.
"""

if "":  # for the type checker; see amu.core.types
    from amu.core.types import Register
    from amu.core.types import Registers as RegisterList


class Registers:
    def __init__(self) -> None:
        self.hi: list[Register] = [None, None, None, None, None]  # by phase; place 0 unused
        self.second: list[Register] = [None, None, None]

    def voted(self, phase: int, view: int) -> bool:
        """A vote of `phase` was cast in `view` or later: no other may follow."""
        hi = self.hi[phase]
        return hi is not None and hi[0] >= view

    def vote(self, phase: int, view: int, value: bytes) -> None:
        """Take note of a vote. At most one vote a view and phase, or safety is gone: ours to ensure."""
        assert not self.voted(phase, view), "second vote"
        hi = self.hi[phase]
        if phase <= 2 and hi is not None and hi[1] != value:
            self.second[phase] = hi
        self.hi[phase] = (view, value)

    def value_in(self, phase: int, view: int) -> bytes | None:
        """The value voted for in exactly this view, or None."""
        hi = self.hi[phase]
        return hi[1] if hi is not None and hi[0] == view else None

    def names(self, value: bytes) -> bool:
        """Is `value` in any register? Its body must then be kept."""
        for register in self.as_list():
            if register is not None and register[1] == value:
                return True
        return False

    def as_list(self) -> "RegisterList":
        """hi1, second1, hi2, second2, hi3, hi4: the order of Status and Restore."""
        return [self.hi[1], self.second[1], self.hi[2], self.second[2], self.hi[3], self.hi[4]]

    def load(self, registers: "RegisterList") -> None:
        """Inverse of as_list."""
        self.hi = [None, registers[0], registers[2], registers[4], registers[5]]
        self.second = [None, registers[1], registers[3]]

"""A replica's own votes in one slot, on constant storage.

hi[k] is the highest vote of phase k as (view, value), second[k] the highest vote of phase k (1 and 2 only) whose value
differs from hi[k]'s. Votes are cast in views that never decrease, one per view and phase, so six registers say as much
as the whole history (Yu, Losa, Wang, section 3). They survive reboots: the node replays its journal through `vote`.
"""

if "":  # for the type checker; see amu.core.types
    from collections.abc import Sequence

    from amu.core.types import Register, RegisterList


class Registers:
    def __init__(self) -> None:
        self.hi: list[Register] = [None, None, None, None, None]  # by phase, index 0 unused
        self.second: list[Register] = [None, None, None]

    def voted(self, phase: int, view: int) -> bool:
        """A vote of `phase` was cast in `view` or later: no other may follow."""
        hi = self.hi[phase]
        if hi is None:
            return False
        hi_view, _ = hi
        return hi_view >= view

    def any(self) -> bool:
        """Whether any vote was cast."""
        for hi in self.hi:
            if hi is not None:
                return True
        return False

    def vote(self, phase: int, view: int, value: bytes) -> None:
        """Record a vote. Safety depends on at most one vote per view and phase, which the caller ensures."""
        assert not self.voted(phase, view), "second vote"
        hi = self.hi[phase]
        if phase <= 2 and hi is not None:
            _, hi_value = hi
            if hi_value != value:
                self.second[phase] = hi
        self.hi[phase] = (view, value)

    def value_in(self, phase: int, view: int) -> bytes | None:
        """The value voted for in exactly this view, or None."""
        hi = self.hi[phase]
        if hi is None:
            return None
        hi_view, hi_value = hi
        return hi_value if hi_view == view else None

    def as_list(self) -> "RegisterList":
        """hi1, second1, hi2, second2, hi3, hi4: the order of Status and Restore."""
        _, hi1, hi2, hi3, hi4 = self.hi
        _, second1, second2 = self.second
        return [hi1, second1, hi2, second2, hi3, hi4]

    def load(self, registers: "RegisterList") -> None:
        """Inverse of as_list."""
        hi1, second1, hi2, second2, hi3, hi4 = registers
        self.hi = [None, hi1, hi2, hi3, hi4]
        self.second = [None, second1, second2]


def names(registers: "Sequence[Register]", value: bytes) -> bool:
    """Is `value` in any of the `registers`? Its body must then be kept."""
    for register in registers:
        if register is not None:
            _, named = register
            if named == value:
                return True
    return False

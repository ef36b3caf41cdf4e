"""Which votes can change nothing any more: asked before their tag is checked, so nothing is changed by asking.

A vote is surplus if its instance is gone; if the peer's vote of this phase is counted, in this view or a later one; or
if a quorum has said the same: our own vote of the next phase is cast in this view for this value, or, in phase 4, the
slot is decided for this value. What else votes are used for: decision record surplus_votes.

One function without calls: a board asks it of most of what it receives.
"""

from amu.core import limits
from amu.core.limits import WINDOW_SLOTS

if "":  # for the type checker; see amu.core.types
    from collections.abc import Sequence

    from amu.consensus.replica import Replica


def is_surplus(replica: "Replica", peer: int, vote: "Sequence[int]", data: bytes) -> bool:
    """Whether a vote of `peer` can change nothing for `replica`, even if it is authentic.

    `vote`: offset of its value in `data`, slot, view and phase.
    """
    index = vote[1] + WINDOW_SLOTS - 1 - replica.applied
    if index < 0:
        return True
    instance = replica.instances[index] if index < limits.INSTANCES_MAX else None
    if instance is None:
        return False
    phase = vote[3]
    cast = instance._votes[phase][peer]
    if cast is not None and cast[0] >= vote[2]:
        return True
    if phase == 4:
        value = instance.decision
        return value is not None and data.startswith(value, vote[0])
    cast = instance.registers.hi[phase + 1]
    return cast is not None and cast[0] == vote[2] and data.startswith(cast[1], vote[0])

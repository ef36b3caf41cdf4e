"""Rounds of TetraBFT: a view and a step of it. A fault applies to a round in every slot.

A view has seven steps: the wish for it, the reports on entering it (suggest and proof), the proposal, votes 1 to 4. A
Status repeats messages of several rounds and belongs to each of them; otherwise its retransmission would undo every
fault within half a view's time. Fetch and its answers (Decided, bodies) belong to no round.
"""

from amu.core.types import AnyMessage
from amu.wire.messages import Proof, Proposal, Status, Suggest, ViewChange, Vote

WISH, REPORTS, PROPOSAL, VOTE1, VOTE2, VOTE3, VOTE4 = range(7)
STEPS = ("wish", "reports", "proposal", "vote 1", "vote 2", "vote 3", "vote 4")
VIEWS = 2  # faults are drawn in views 0 and 1: only faults in these lead to later views

Round = tuple[int, int]  # view, step


def all_rounds() -> list[Round]:
    """The rounds from which faults are drawn. View 0 has no wishes and no reports."""
    return [(view, step) for view in range(VIEWS) for step in range(len(STEPS)) if view > 0 or step >= PROPOSAL]


def shown(at: Round) -> str:
    return f"view {at[0]}, {STEPS[at[1]]}"


def rounds_of(message: AnyMessage) -> list[Round]:
    """The rounds to which `message` belongs. Empty if to none."""
    if isinstance(message, Vote):
        return [(message.view, VOTE1 + message.phase - 1)]
    if isinstance(message, Proposal):
        return [(message.view, PROPOSAL)]
    if isinstance(message, Suggest | Proof):
        return [(message.view, REPORTS)]
    if isinstance(message, ViewChange):
        return [(message.view, WISH)]
    if isinstance(message, Status):
        votes = (message.vote1, message.vote2, message.vote3, message.vote4)
        found = [(message.view, VOTE1 + k) for k, vote in enumerate(votes) if vote is not None]
        if message.view > 0:
            found.append((message.view, REPORTS))
        if max(message.view, message.wish) > 0:
            found.append((max(message.view, message.wish), WISH))
        return found
    return []

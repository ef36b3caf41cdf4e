"""Which votes a slot lacks, from the memory of the boards: what a mission without progress was waiting for."""

from collections.abc import Sequence
from dataclasses import dataclass

from amu.core.limits import quorum_size
from amu.node.node import VOTING
from groundstation.scenario.waits_for import boards


@dataclass(frozen=True)
class Member:
    """A board and its progress in the slot that the mission is waiting for.

    why_off: why it is off. None if it is on. liar: its adversary, or None. vote: view and phase of its latest vote
    there, phase 0 before the first, None if unknown."""

    node: int
    why_off: str | None = None
    liar: str | None = None
    mode: str = VOTING
    applied: int = 0
    has_decided: bool = False
    vote: tuple[int, int] | None = None

    @property
    def obstacle(self) -> str | None:
        """Why its vote cannot be relied on. None if it can."""
        if self.liar is not None:
            return f"Byzantine: {self.liar}"
        if self.why_off is not None:
            return self.why_off
        return None if self.mode == VOTING else self.mode


def slot_texts(slot: int, members: Sequence[Member]) -> list[str]:
    """Which votes the slot lacks, and whether a quorum is possible at all."""
    quorum = quorum_size(len(members))
    able = [member for member in members if member.obstacle is None]
    texts = []
    if len(able) < quorum:
        liars = sum(member.liar is not None and member.why_off is None for member in members)
        possible = "needs Byzantine boards" if len(able) + liars >= quorum else "is impossible"
        others = ", ".join(f"board {member.node} ({member.obstacle})" for member in members if member.obstacle)
        texts.append(
            f"a quorum of {quorum} {possible}: {len(able)} of {len(members)} boards can vote; others: {others}"
        )
    positions: dict[str, list[int]] = {}
    for member in able:
        if member.applied < slot:
            positions.setdefault(_position(member), []).append(member.node)
    said = "; ".join(f"{boards(nodes)} {position}" for position, nodes in positions.items())
    return [*texts, f"slot {slot} (a quorum is {quorum}): {said}"] if said else texts


def _position(member: Member) -> str:
    if member.vote is None:
        return "without a word of it"
    if member.has_decided:
        return "decided and did not apply it"
    view, phase = member.vote
    return f"voted up to phase {phase} of 4 in view {view}" if phase else f"did not vote in view {view}"

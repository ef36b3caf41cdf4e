"""Explains in words what a mission without progress was waiting for: votes of an open slot, frames that do not arrive,
operations that are not confirmed, a machine that is too slow.

All of it is derived from what the ground has seen. It explains a verdict and never decides one.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from amu.core.limits import blocking_size, quorum_size
from groundstation.faults.ether import ACCEPTED, DELIVERED
from groundstation.record.operation import Operation

Carried = Mapping[tuple[str, int, int], int]  # frames by fate, source, destination

OPERATIONS_TOLD = 2
LINKS_TOLD = 4
UNHEARD_SECONDS = 1.0
FULL = ("link busy", "ether full")  # frames lost because a queue was full
NOT_TAKEN = ("board off", "link busy", "link lost")  # after the ether had delivered it
VOTING = "voting"
BUSY_SHARE = 0.9  # of the wall time: a busier ground station falls behind


@dataclass(frozen=True)
class Member:
    """A board and its progress in the slot that the mission is waiting for.

    why_off: why it is off. None if it is on. liar: its adversary, or None. vote: view and phase of its latest vote
    there, phase 0 before the first, None if unknown. silent_seconds: since it was last heard.
    """

    node: int
    why_off: str | None = None
    liar: str | None = None
    mode: str = VOTING
    applied: int = 0
    has_decided: bool = False
    vote: tuple[int, int] | None = None
    silent_seconds: float = 0.0

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
    unheard = f", unheard for {member.silent_seconds:.1f} s" if member.silent_seconds >= UNHEARD_SECONDS else ""
    if member.vote is None:
        return f"told nothing of it{unheard}"
    if member.has_decided:
        return f"decided and did not apply it{unheard}"
    view, phase = member.vote
    return (f"voted up to phase {phase} of 4 in view {view}" if phase else f"did not vote in view {view}") + unheard


def link_texts(before: Carried, now: Carried, on: Collection[int]) -> list[str]:
    """Boards of `on` that no frame reaches, and queues that were full: from the counts `before` and `now`."""
    news = Counter({key: count - before.get(key, 0) for key, count in now.items() if count > before.get(key, 0)})
    sent: Counter[tuple[int, int]] = Counter()
    lost: dict[tuple[int, int], Counter[str]] = {}
    arrived: Counter[tuple[int, int]] = Counter()
    for (fate, source, destination), count in news.items():
        link = source, destination
        if fate in (ACCEPTED, DELIVERED):
            (sent if fate == ACCEPTED else arrived)[link] += count
            continue
        lost.setdefault(link, Counter())[fate] += count
        if fate in NOT_TAKEN:
            arrived[link] -= count
    cut: dict[tuple[int, str], list[int]] = {}
    for source, destination in sorted(lost):
        link = source, destination
        if sent[link] and arrived[link] <= 0 and {source, destination} <= set(on):
            cut.setdefault((source, " and ".join(sorted(lost[link]))), []).append(destination)
    texts = [f"no frame of board {source} reached {boards(ends)}: {why}" for (source, why), ends in cut.items()]
    if len(texts) > LINKS_TOLD:
        texts[LINKS_TOLD:] = [f"likewise {len(texts) - LINKS_TOLD} further boards"]
    full = Counter({fate: sum(counts[fate] for counts in lost.values()) for fate in FULL})
    return texts + [f"{count} frames lost to a full queue: {fate}" for fate, count in sorted(full.items()) if count]


def operation_texts(operations: Sequence[Operation], replica_count: int, now: float) -> list[str]:
    """What each unconfirmed operation lacks."""
    texts = [_operation_text(operation, replica_count, now) for operation in operations[:OPERATIONS_TOLD]]
    if len(operations) > OPERATIONS_TOLD:
        texts.append(f"{len(operations) - OPERATIONS_TOLD} further operations likewise")
    return texts


def _operation_text(operation: Operation, replica_count: int, now: float) -> str:
    answered = [node for node, board in operation.boards.items() if board.answer is not None]
    received: dict[str, list[int]] = {}
    for node, board in operation.boards.items():
        if board.answer is None:
            word = "not sent to" if board.uplinked is None else f"{board.receipt or 'no receipt'} at"
            received.setdefault(word, []).append(node)
    replies = f"answered by {boards(answered)} only" if answered else "no answer"
    rest = "".join(f", {word} {boards(nodes)}" for word, nodes in received.items())
    return (
        f"operation {operation.number} ({operation.command[0]}) wants {blocking_size(replica_count)} equal answers "
        f"since {now - operation.queued:.1f} s: {replies}{rest}"
    )


def machine_texts(speed: float, busy_share: float, late_ticks: Mapping[int, float], timer_ticks: int) -> list[str]:
    """Whether this machine is too slow for the speed. `late_ticks`: how much later than at best each board is heard."""
    texts = []
    late = {node: ticks for node, ticks in late_ticks.items() if 2 * ticks >= timer_ticks}
    if busy_share >= BUSY_SHARE:
        texts.append(f"the ground station was busy {busy_share:.0%} of the time")
    if late:
        worst = max(late, key=lambda node: late[node])
        texts.append(f"board {worst} was heard {late[worst]:.0f} ticks late (the view timer is {timer_ticks} ticks)")
    if texts:
        texts[-1] += f": this machine does not keep up with speed {speed:g}; fly slower (--speed) or with fewer boards"
    return texts


def boards(nodes: Sequence[int]) -> str:
    """board 2; boards 0, 2."""
    return f"board{'s' if len(nodes) > 1 else ''} {', '.join(map(str, nodes))}"

"""Explains in words what a mission without progress was waiting for, beside what `groundstation.why` says of its slot:
operations that are not confirmed, queues that were full, a machine that is too slow.

All of it is derived from what the ground has seen. It explains a verdict and never decides one.
"""

from collections import Counter
from collections.abc import Mapping, Sequence

from amu.core.limits import blocking_size
from groundstation.record.operation import Operation

Carried = Mapping[tuple[str, int, int], int]  # frames by fate, source, destination

OPERATIONS_TOLD = 2
FULL = ("link busy", "ether full")  # frames lost because a queue was full
BUSY_SHARE = 0.9  # of the wall time: a busier ground station falls behind


def queue_texts(before: Carried, now: Carried) -> list[str]:
    """Queues that were full: from the counts `before` and `now`."""
    full = Counter[str]()
    for (fate, source, destination), count in now.items():
        if fate in FULL:
            full[fate] += count - before.get((fate, source, destination), 0)
    return [f"{count} frames lost to a full queue: {fate}" for fate, count in sorted(full.items()) if count > 0]


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

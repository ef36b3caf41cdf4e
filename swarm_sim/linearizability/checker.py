"""Is a history linearizable?

Linearizability is local (Herlihy and Wing, TOPLAS 1990, section 3.3): a history is linearizable if and only if its
part on each object is. Searching the parts separately makes an exponential search small, and one illegal part decides
(Horn and Kroening, "Faster linearizability checking via P-compositionality", FORTE 2015).

Linearizability is prefix-closed (the same, section 3.2), so there is an earliest response at which no order explains
the history any more. It is found by bisection, and the order of the responses before it is the explanation.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from swarm_sim.linearizability.history import ILLEGAL, LINEARIZABLE, UNKNOWN, Model, Operation, Part, Result
from swarm_sim.linearizability.search import Search, never

STEPS_MAX = 2_000_000  # of the model, per part


def check(
    history: Sequence[Operation], model: Model, steps_max: int = STEPS_MAX, is_late: Callable[[], bool] = never
) -> Result:
    """The verdict on `history`: ILLEGAL if one part is; otherwise UNKNOWN if the search of one reached its bound.

    ILLEGAL: `stuck` ends the shortest prefix that no order explains, `linearized` explains all responses before it.
    """
    illegal: list[Part] = []
    result = _decided(model(history), steps_max, is_late, illegal)
    return _shortened(illegal[0], model, result, steps_max, is_late) if illegal else result


def check_parts(parts: Iterable[Part], steps_max: int = STEPS_MAX) -> Result:
    """The same for a history that is already split into parts. ILLEGAL: the prefix need not be the shortest."""
    return _decided(parts, steps_max, never, [])


def _decided(parts: Iterable[Part], steps_max: int, is_late: Callable[[], bool], illegal: list[Part]) -> Result:
    """The verdict on all parts. Puts the part that is illegal into `illegal`."""
    steps = 0
    unknown = None
    done = []
    for part in parts:
        result = Search(part, steps_max, is_late).run()
        steps += result.steps
        if result.verdict == ILLEGAL:
            illegal.append(part)
            return result
        if result.verdict == UNKNOWN and unknown is None:
            unknown = result
        done.append(result)
    if unknown is not None:
        return unknown
    if len(done) == 1:
        return done[0]
    points = [row for number, one in enumerate(done) for row in _points(number, one.linearized)]
    return Result(LINEARIZABLE, steps, linearized=tuple(operation for *_, operation in sorted(points, key=_place)))


def _points(number: int, order: Sequence[Operation]) -> Iterator[tuple[float, int, int, Operation]]:
    """The earliest moments in which the operations of a part may take effect, in this order."""
    now = float("-inf")
    for index, operation in enumerate(order):
        now = max(now, operation.invoked)
        yield now, number, index, operation


def _place(row: tuple[float, int, int, Operation]) -> tuple[float, int, int]:
    return row[:3]


def _shortened(part: Part, model: Model, result: Result, steps_max: int, is_late: Callable[[], bool]) -> Result:
    """The result at the earliest response at which the part is illegal, as far as the bounds allow to find it."""
    responses = sorted(one.returned for one in part.operations if one.returned is not None)
    low, high = 0, len(responses)  # the prefix with `low` responses is explained, the one with `high` is illegal
    witness = Result(LINEARIZABLE, state=part.initial)
    while high - low > 1:
        middle = (low + high) // 2
        prefix = _decided(model(_until(part.operations, responses[middle - 1])), steps_max, is_late, [])
        if prefix.verdict == LINEARIZABLE:
            low, witness = middle, prefix
        elif prefix.verdict == ILLEGAL:
            high = middle
        else:
            return result
    stuck = next(one for one in part.operations if one.returned == responses[high - 1])
    return replace(result, linearized=witness.linearized, state=witness.state, stuck=stuck)


def _until(operations: Sequence[Operation], end: float) -> list[Operation]:
    """The history up to a moment: later calls are not in it, and later responses had not come yet."""
    return [_cut(one, end) for one in operations if one.invoked <= end]


def _cut(operation: Operation, end: float) -> Operation:
    is_open = operation.returned is None or operation.returned <= end
    return operation if is_open else replace(operation, response=None, returned=None)

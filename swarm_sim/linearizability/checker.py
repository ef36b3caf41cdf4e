"""Is a history linearizable?

Linearizability is local (Herlihy and Wing, TOPLAS 1990, section 3.3): a history is linearizable if and only if its
part on each object is. Searching the parts separately makes an exponential search small, and one illegal part decides
(Horn and Kroening, "Faster linearizability checking via P-compositionality", FORTE 2015).
"""

from collections.abc import Iterable, Sequence

from swarm_sim.linearizability.history import ILLEGAL, LINEARIZABLE, UNKNOWN, Model, Operation, Part, Result
from swarm_sim.linearizability.search import Search

STEPS_MAX = 2_000_000  # of the model, per part


def check(history: Sequence[Operation], model: Model, steps_max: int = STEPS_MAX) -> Result:
    """The verdict on `history`: ILLEGAL if one part is; otherwise UNKNOWN if the search of one reached its bound."""
    return check_parts(model(history), steps_max)


def check_parts(parts: Iterable[Part], steps_max: int = STEPS_MAX) -> Result:
    """The same for a history that is already split into parts."""
    steps = 0
    unknown = None
    for part in parts:
        result = Search(part, steps_max).run()
        steps += result.steps
        if result.verdict == ILLEGAL:
            return result
        if result.verdict == UNKNOWN and unknown is None:
            unknown = result
    return unknown or Result(LINEARIZABLE, steps)

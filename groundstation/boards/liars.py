"""What Byzantine boards send the ground: counted under their names, and bounded in what it may cost.

A liar may send anything: events that are none, gaps, boots that never were, floods of any of it. None of that makes a
verdict incomplete, for it is held to nothing; but it must not fill the disk, the log or the operator's page either.

Rules
- Correct boards are bounded by their work, and nothing of what they say is left out: all this is about liars alone.
- A liar's part of the record may come to RECORD_BYTES and twice what the busiest correct board has there. What it tells
  the ground beyond that is counted and not looked into, so that a flood costs little time, too.
- NOTICES_MAX notices of a liar are shown to the operator. Those beyond are counted.
"""

from collections import Counter
from collections.abc import Iterable, Mapping

RECORD_BYTES = 1024 * 1024
RECORD_FACTOR = 2
NOTICES_MAX = 100
NOT_RECORDED = "frames to the ground not recorded"


class Liars:
    """Counts by node. For a correct board every question is answered yes, and nothing is counted."""

    def __init__(self, nodes: Iterable[int]) -> None:
        self.counts: dict[int, Counter[str]] = {node: Counter() for node in sorted(nodes)}
        self._notices: Counter[int] = Counter()

    def count(self, node: int, what: str, number: int = 1) -> None:
        """`number` more of `what` came from `node`."""
        if node in self.counts and number:
            self.counts[node][what] += number

    def may_record(self, node: int, recorded: Mapping[int, int]) -> bool:
        """Is there room for what `node` tells the ground? `recorded`: bytes of the record by node."""
        if node not in self.counts:
            return True
        busiest = max([size for other, size in recorded.items() if other not in self.counts], default=0)
        return recorded.get(node, 0) < RECORD_BYTES + RECORD_FACTOR * busiest

    def may_tell(self, node: int) -> bool:
        """Is a notice about `node` to be shown? Counts it either way."""
        if node not in self.counts:
            return True
        self._notices[node] += 1
        if self._notices[node] <= NOTICES_MAX:
            return True
        self.count(node, "notices not shown")
        return False

    def as_dict(self) -> dict[str, dict[str, int]]:
        """Counts by node and name, for the summary."""
        return {str(node): dict(sorted(counts.items())) for node, counts in self.counts.items()}

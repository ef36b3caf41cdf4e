"""Bounds what Byzantine boards may cost the ground, and counts what they send.

A liar may send anything: malformed events, gaps, boots that never happened, and floods of any of these. None of that
makes a verdict incomplete, because a liar's events are not judged. It must not fill the disk, the log or the
operator's page either.

Rules
- Correct boards are bounded by their work, and nothing that they send is left out: these rules apply to liars alone.
- A liar's part of the record may have RECORD_BYTES plus twice the bytes of the busiest correct board. Events beyond
  that are counted but not decoded, so a flood costs little time too.
- The operator sees NOTICES_MAX notices about a liar. Further ones are counted.
"""

from collections import Counter
from collections.abc import Iterable, Mapping

RECORD_BYTES = 1024 * 1024
RECORD_FACTOR = 2
NOTICES_MAX = 100
NOT_RECORDED = "frames to the ground not recorded"


class Liars:
    """Counts by node. Correct boards may do everything, and nothing about them is counted."""

    def __init__(self, nodes: Iterable[int]) -> None:
        self.counts: dict[int, Counter[str]] = {node: Counter() for node in sorted(nodes)}
        self._notices: Counter[int] = Counter()

    def count(self, node: int, what: str, number: int = 1) -> None:
        """`number` more of `what` came from `node`."""
        if node in self.counts and number:
            self.counts[node][what] += number

    def may_record(self, node: int, recorded: Mapping[int, int]) -> bool:
        """Whether there is room for events of `node`. `recorded`: bytes of the record by node."""
        if node not in self.counts:
            return True
        busiest = max([size for other, size in recorded.items() if other not in self.counts], default=0)
        return recorded.get(node, 0) < RECORD_BYTES + RECORD_FACTOR * busiest

    def may_tell(self, node: int) -> bool:
        """Whether to show a notice about `node`. Counts it either way."""
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

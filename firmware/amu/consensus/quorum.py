"""Sizes of the sets that a decision needs, and two counts that use them. No clocks and no links.

n >= 3f + 1 replicas. A quorum has n - f members: two quorums share a correct replica. A blocking set has f + 1 members:
one of them is correct. (Yu, Losa, Wang, "TetraBFT", PODC 2024, section 2.)
"""

from amu.core import limits
from amu.core.errors import ConfigError

if "":  # for the type checker; see amu.core.types
    from collections.abc import Sequence

    from amu.core.types import Item


class Group:
    """The replicas 0 .. n-1 and the sizes that follow from n."""

    def __init__(self, replica_count: int) -> None:
        if replica_count < limits.REPLICAS_MIN or replica_count > limits.REPLICAS_MAX:
            raise ConfigError(
                "replica_count: want %d to %d, have %d" % (limits.REPLICAS_MIN, limits.REPLICAS_MAX, replica_count)
            )
        self.size = replica_count
        self.faults = limits.faults_max(replica_count)
        self.quorum = limits.quorum_size(replica_count)
        self.blocking = limits.blocking_size(replica_count)


def count_equal(entries: "Sequence[Item]", wanted: "Item") -> int:
    """How many `entries`, some of which may be None, equal `wanted`."""
    count = 0
    for entry in entries:
        if entry == wanted:
            count += 1
    return count


def kth_largest(numbers: list[int], k: int) -> int:
    """The k-th largest of `numbers`: at least k of them are that large or larger."""
    return sorted(numbers)[len(numbers) - k]

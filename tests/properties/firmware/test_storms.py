"""All faults at once, many times. Seeds that found a bug stay here as regressions."""

import pytest

from tests.support.simulator.storm import disagreement, storm

# (n, seed) that once failed, and why.
REGRESSIONS = [
    (4, 45),  # a fetched body was taken for one on flash: the journal reached beyond the window after a reboot
    (4, 23),  # a slot above an empty one was decided; no timer ran for the empty one
    (7, 33),  # a decided replica repeated its view instead of its wish: the others never agreed on the next view
    (7, 34),
]


@pytest.mark.parametrize(
    ("replica_count", "seed"), [(4, s) for s in range(100, 112)] + [(7, 100), (10, 100)] + REGRESSIONS
)
def test_safe_in_the_storm_and_live_in_the_calm(replica_count: int, seed: int) -> None:
    outcome = storm(replica_count, seed)
    assert disagreement(outcome.cluster) is None
    assert outcome.confirmed, "operations were not confirmed"
    assert outcome.level, "a board did not catch up"


def test_the_same_seed_gives_the_same_storm_to_the_byte() -> None:
    assert storm(4, 5, 20).cluster.lines == storm(4, 5, 20).cluster.lines


def test_a_disagreement_would_be_seen() -> None:
    cluster = storm(4, 6, 5).cluster
    next(line for line in cluster.lines if line["event"] == "Apply")["digest"] = "00"
    assert disagreement(cluster) is not None

"""Rules 1-4 of TetraBFT (Yu, Losa, Wang, PODC 2024, section 3), case by case."""

import pytest

from amu.consensus import rules
from amu.consensus.quorum import Group

A, C, D = b"a" * 32, b"c" * 32, b"d" * 32
FOUR = Group(4)


def test_view_0_is_always_safe() -> None:
    assert rules.safe_at(A, 0, [], FOUR, True)


def test_less_than_a_quorum_of_reports_shows_nothing() -> None:
    assert not rules.safe_at(A, 1, [(None, None, None)] * 2, FOUR, True)


def test_a_quorum_that_never_cast_vote_a_makes_any_value_safe() -> None:
    assert rules.safe_at(D, 1, [(None, (0, A), None)] * 3, FOUR, True)


def test_a_locked_value_excludes_others() -> None:
    reports = [((0, A), (0, A), None)] * 3
    assert rules.safe_at(A, 1, reports, FOUR, True)
    assert not rules.safe_at(C, 1, reports, FOUR, True)


def test_a_later_lock_overrides_an_earlier_one_when_a_blocking_set_claims_it() -> None:
    reports = [((0, A), (1, C), (0, A)), (None, (1, C), None), ((0, A), (0, A), None)]
    assert rules.safe_at(C, 2, reports, FOUR, True)
    assert rules.safe_at(A, 2, reports, FOUR, True)


def test_one_replica_alone_cannot_claim_a_value_safe() -> None:
    reports = [((0, A), (0, A), None), ((0, A), (0, A), None), (None, (1, C), None)]
    assert not rules.safe_at(C, 2, reports, FOUR, True)


def test_claims_weaken_with_the_view() -> None:
    assert rules.claims_safe_at(A, 0, None, None)
    assert rules.claims_safe_at(A, 2, (2, A), None)
    assert not rules.claims_safe_at(A, 3, (2, A), None)
    assert not rules.claims_safe_at(C, 1, (2, A), None)
    assert rules.claims_safe_at(C, 1, (2, A), (1, D))
    assert not rules.claims_safe_at(C, 2, (2, A), (1, D))


# "Help the leader, starve the voters": replicas 1, 2, 4 are correct, 3 is Byzantine, view 3 is the good one.
# View 0: 1, 2, 4 vote a in phases 1-3 and 4 in phase 4 too. View 1: 1, 2 vote-1 a, 1 votes-2 a.
# View 2: 1, 4 vote-1 c, 1 votes-2 c.
# Entering view 3, replica 3 pretends to phase 1 and 2 votes for a in view 1 and for c in view 2, then falls silent.
SUGGESTS = [
    ((0, A), (2, C), (1, A)),  # replica 1: hi3, hi2, second2
    ((0, A), (0, A), None),
    (None, (2, C), (1, A)),  # replica 3 lies
    ((0, A), (0, A), None),
]
PROOFS = [
    (None, (2, C), (1, A)),  # replica 1: hi4, hi1, second1
    (None, (1, A), None),
    ((0, A), (2, C), (0, A)),
]


def test_the_starved_voters_are_fed_by_clause_iii_b() -> None:
    assert rules.safe_at(D, 3, SUGGESTS, FOUR, False), "the leader may propose d"
    assert not rules.safe_at(D, 3, PROOFS, FOUR, False), "without clause (iii-B) no voter may ever accept d"
    assert rules.safe_at(D, 3, PROOFS, FOUR, True), "with it they do"


def test_candidates_come_latest_view_first_and_once_each() -> None:
    assert rules.candidate_values(SUGGESTS) == [C, A]


@pytest.mark.parametrize(("n", "quorum", "blocking"), [(4, 3, 2), (7, 5, 3), (10, 7, 4), (13, 9, 5)])
def test_sizes(n: int, quorum: int, blocking: int) -> None:
    group = Group(n)
    assert (group.quorum, group.blocking) == (quorum, blocking)

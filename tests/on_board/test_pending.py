"""Which requests wait, and which of them a proposal carries."""

from amu.consensus.pending import Pending

FIRST, SECOND, THIRD = [1, 1, ["noop"]], [1, 2, ["noop"]], [1, 3, ["noop"]]


def three():
    pending = Pending()
    for request in (FIRST, SECOND, THIRD):
        assert pending.add(*request)
    return pending


def test_a_slot_offers_what_no_other_slot_carries():
    pending = three()
    pending.assign(5, [FIRST, SECOND])
    assert pending.waiting() == 1
    assert pending.batch(6) == [THIRD]
    assert pending.batch(5) == [FIRST, SECOND, THIRD]


def test_what_an_overruled_proposal_carried_is_free_again():
    """A later view of the slot proposes something else: another slot may carry the rest."""
    pending = three()
    pending.assign(5, [FIRST, SECOND])
    pending.assign(5, [THIRD])
    assert pending.waiting() == 2
    assert pending.batch(6) == [FIRST, SECOND]


def test_what_a_slot_was_decided_without_is_free_again():
    pending = three()
    pending.assign(5, [FIRST, SECOND])
    pending.settle(5, [FIRST])
    assert pending.waiting() == len(pending) == 2
    assert pending.batch(6) == [SECOND, THIRD]


def test_after_an_adopted_state_nothing_is_carried():
    pending = three()
    pending.assign(5, [FIRST, SECOND])
    pending.forget(lambda client, operation: operation == 1)
    assert pending.waiting() == 2
    assert pending.batch(6) == [SECOND, THIRD]

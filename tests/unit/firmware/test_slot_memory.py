"""What a replica must still know of a slot: its registers at entry, and the body of what was decided."""

from typing import Any

import pytest

from amu.boards.host import MemoryStore, Settings, wake
from amu.consensus import bodies
from amu.consensus.instance import Instance
from amu.core import limits
from amu.node.journal import Journal
from amu.wire import messages as m
from tests.support.flight.effects import performed

ME = 2
A, B = b"a" * 32, b"b" * 32


def board() -> Any:
    store = MemoryStore()
    Journal(store).commission()
    node, _ = wake(Settings(ME, 4, trace_messages=False), store, 1)
    return node


def hears(node: Any, *messages: Any) -> None:
    for message in messages:
        for peer in (0, 1, 3):
            node.step(peer, 1, message)


# --- registers at entry ----------------------------------------------------------------------------


def voting_after_entry() -> Any:
    """It voted for A in view 0, entered view 1, and voted for B there: its words about view 1 speak of A alone."""
    node = board()
    hears(node, m.Vote(1, 0, 1, A), m.ViewChange(1, 1), m.Vote(1, 1, 1, B), m.Vote(1, 1, 2, B))
    instance = node.replica.find(1)
    assert instance.view == 1
    assert instance.registers.as_list() == [None, None, (1, B), (0, A), (1, B), None]
    return node


AT_ENTRY = [None, None, (0, A), None, None, None]  # hi1, second1, hi2, second2, hi3, hi4


def test_registers_at_entry_stay_what_they_were() -> None:
    assert voting_after_entry().replica.find(1).entry == AT_ENTRY


def test_a_status_tells_the_registers_at_entry_and_the_votes_of_the_view() -> None:
    node = voting_after_entry()
    performed(node)
    node.replica.find(1).send_state(0)
    ((_, _, status),) = performed(node).sends
    assert status == m.Status(1, 1, 1, *AT_ENTRY, None, B, B, None)


@pytest.mark.parametrize("leads", [False, True])
def test_proof_and_suggest_are_repeated_as_they_were_first_sent(leads: bool) -> None:
    node = voting_after_entry()
    words = {message for to, _, message in performed(node).sends if isinstance(message, (m.Proof, m.Suggest))}
    node.replica.find(1).send_words(1 if leads else 0)
    again = {message for _, _, message in performed(node).sends if isinstance(message, (m.Proof, m.Suggest))}
    assert again == {message for message in words if leads or isinstance(message, m.Proof)}
    assert m.Proof(1, 1, None, None, None) in again


def test_a_replica_counts_its_own_words_as_it_sent_them_after_a_reboot_too() -> None:
    before = voting_after_entry()
    again = board()
    again.replica.restore(before.replica.export(), [])
    for instance in (before.replica.find(1), again.replica.find(1)):
        assert instance.entry == AT_ENTRY
        assert instance._proofs[ME] == (1, None, None, None)
    assert again.replica.find(1)._suggests[ME] == (1, (0, A), None, None)


# --- the body of a decision ------------------------------------------------------------------------


def filler(number: int) -> bytes:
    return bodies.encode(0, [[1, number, ["noop"]]])


def fill(instance: Instance) -> None:
    """Keep as many other bodies as fit, and one more."""
    for number in range(2, limits.BODIES_PER_SLOT_MAX + 2):
        body = filler(number)
        instance.bodies.keep(bodies.value_of(instance.slot, body), body, instance._is_needed)


def test_a_full_shelf_keeps_the_body_of_the_decision() -> None:
    """A slot decided ahead of the one before waits for it, whatever else is proposed in it meanwhile."""
    node = board()
    body = filler(1)
    value = bodies.value_of(2, body)
    node.step(0, 1, m.Decided(2, value, b""))
    node.step(3, 1, m.Decided(2, value, body))
    other = filler(99)
    node.step(3, 1, m.Decided(2, bodies.value_of(2, other), other))  # what a peer said before is overwritten
    instance = node.replica.find(2)
    assert instance.decision == value
    fill(instance)
    assert instance.bodies.get(value) == body
    first = filler(1)
    for peer in (0, 3):
        node.step(peer, 1, m.Decided(1, bodies.value_of(1, first), first))
    assert node.applied_slot == 2


def test_a_full_shelf_keeps_the_bodies_of_own_votes_and_of_the_own_proposal() -> None:
    node = board()
    body = filler(1)
    value = bodies.value_of(1, body)
    instance = node.replica.instance(1)
    instance.bodies.keep(value, body, instance._is_needed)
    hears(node, m.Vote(1, 0, 1, value))
    assert instance.registers.value_in(2, 0) == value
    own = filler(98)
    instance._proposals[ME] = (0, bodies.value_of(1, own))
    instance.bodies.keep(bodies.value_of(1, own), own, instance._is_needed)
    fill(instance)
    assert instance.bodies.get(value) == body
    assert instance.bodies.get(bodies.value_of(1, own)) == own

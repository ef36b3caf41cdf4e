"""Which requests wait, and which of them a proposal carries."""

from amu.consensus import bodies
from amu.consensus.pending import Pending
from amu.core import limits
from amu.core.errors import CodecError

FIRST, SECOND, THIRD = [1, 1, ["noop"]], [1, 2, ["noop"]], [1, 3, ["noop"]]


def three():
    pending = Pending()
    for request in (FIRST, SECOND, THIRD):
        assert pending.add(*request)
    return pending


def carry(pending, slot, *requests):
    pending.assign(slot, pending.read(bodies.encode(0, list(requests)))[2])


def decide(pending, slot, *requests):
    _, decided, entries = pending.read(bodies.encode(0, list(requests)))
    return pending.settle(slot, decided, entries)


def batch(pending, slot):
    return [entry.request for entry in pending.batch(slot)]


def refusal(call, *arguments):
    try:
        call(*arguments)
    except CodecError as error:
        return str(error)
    return None


def test_a_slot_offers_what_no_other_slot_carries():
    pending = three()
    carry(pending, 5, FIRST, SECOND)
    assert pending.waiting() == 1
    assert batch(pending, 6) == [THIRD]
    assert batch(pending, 5) == [FIRST, SECOND, THIRD]


def test_what_an_overruled_proposal_carried_is_free_again():
    """A later view of the slot proposes something else: another slot may carry the rest."""
    pending = three()
    carry(pending, 5, FIRST, SECOND)
    carry(pending, 5, THIRD)
    assert pending.waiting() == 2
    assert batch(pending, 6) == [FIRST, SECOND]


def test_what_a_slot_was_decided_without_is_free_again():
    pending = three()
    carry(pending, 5, FIRST, SECOND)
    decide(pending, 5, FIRST)
    assert pending.waiting() == len(pending) == 2
    assert batch(pending, 6) == [SECOND, THIRD]


def test_another_command_of_the_same_number_ends_a_request():
    pending = three()
    decide(pending, 5, [1, 2, ["lease-acquire", "dock/1", 3, 10]], [2, 3, ["noop"]])
    assert batch(pending, 6) == [FIRST, THIRD]


def test_after_an_adopted_state_nothing_is_carried():
    pending = three()
    carry(pending, 5, FIRST, SECOND)
    pending.forget(lambda client, operation: operation == 1)
    assert pending.waiting() == 2
    assert batch(pending, 6) == [SECOND, THIRD]


def test_a_body_is_read_as_it_is_decoded_and_tells_which_requests_are_held():
    pending = three()
    other, renumbered, changed = [2, 2, ["noop"]], [1, 258, ["noop"]], [1, 3, ["noop", 1]]
    for requests in (
        [],
        [FIRST, SECOND, THIRD],
        [THIRD, FIRST],
        [SECOND, SECOND],
        [other, SECOND, changed, renumbered, FIRST],
    ):
        body = bodies.encode(7, requests)
        view, read, entries = pending.read(body)
        assert (view, read) == bodies.decode(body) == (7, requests)
        held = [entry and entry.request for entry in entries]
        assert held == [request if request in (FIRST, SECOND, THIRD) else None for request in requests]
        assert bodies.join(7, [bodies.encode(0, [request])[3:] for request in requests]) == body


def test_what_is_no_body_is_refused_though_its_requests_are_held():
    pending = three()
    sound = bodies.encode(0, [FIRST, SECOND])
    bad = [sound[:-1], sound + b"\x00", b"\x83" + sound[1:], b"", b"\x82\x00", b"\x82\x80\x80", b"\x82\x00\x58\x00"]
    for body in bad:
        assert refusal(pending.read, body) is not None, body
        assert refusal(pending.read, body) == refusal(bodies.decode, body)
    assert refusal(pending.read, sound) is None
    most = [[1, number, ["noop"]] for number in range(limits.BATCH_REQUESTS_MAX + 1)]
    assert "too many" in refusal(pending.read, bodies.encode(0, most))
    assert refusal(pending.read, bodies.encode(0, most[1:])) is None


def test_a_command_that_no_body_can_carry_is_refused():
    pending = Pending()
    assert "arrays" in refusal(pending.add, 1, 1, ["noop", []])
    assert "arrays" in refusal(pending.add, 1, 1, ["noop", {}])
    room = limits.COMMAND_BYTES_MAX - 2
    assert "bytes" in refusal(pending.add, 1, 1, [bytes(room)])
    assert pending.add(255, limits.OPERATION_MAX, [bytes(room - 1)])
    assert refusal(bodies.decode, bodies.encode(limits.VIEW_MAX, batch(pending, 1))) is None

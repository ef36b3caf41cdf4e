from expect import refused

from amu.core import limits
from amu.core.errors import AmuError, CodecError
from amu.core.lamport import LamportClock, Witnesses, order_key


def test_every_event_takes_a_later_time():
    clock = LamportClock()
    assert [clock.tick(), clock.tick(), clock.tick()] == [1, 2, 3]
    assert clock.time == 3


def test_receipt_is_later_than_both_sides():
    clock = LamportClock(10)
    assert clock.witness(4) == 11
    assert clock.witness(11) == 12
    assert clock.witness(40) == 41
    assert clock.time == 41


def test_times_beyond_small_integers():
    clock = LamportClock(limits.LAMPORT_MAX - 3)
    assert clock.tick() == 4611686018427387901
    assert clock.witness(limits.LAMPORT_MAX - 1) == limits.LAMPORT_MAX


def test_a_leap_is_refused_and_leaves_the_clock():
    clock = LamportClock(5)
    refused(CodecError, "too far ahead", clock.witness, 6 + limits.LAMPORT_JUMP_MAX)
    assert clock.time == 5
    assert clock.witness(5 + limits.LAMPORT_JUMP_MAX) == 6 + limits.LAMPORT_JUMP_MAX


def test_a_clock_that_is_used_up_says_so():
    clock = LamportClock(limits.LAMPORT_MAX)
    refused(AmuError, "used up", clock.tick)
    refused(AmuError, "used up", clock.witness, 1)
    assert clock.time == limits.LAMPORT_MAX
    refused(CodecError, "too far ahead", LamportClock(limits.LAMPORT_MAX - 1).witness, limits.LAMPORT_MAX)


def test_total_order_breaks_ties_by_node():
    assert order_key(3, 2) < order_key(3, 4) < order_key(4, 0)


def test_the_common_time_is_what_enough_peers_have_claimed():
    lead = limits.LAMPORT_LEAD_MAX
    for count, blocking in ((4, 2), (5, 2), (7, 3)):
        witnesses = Witnesses(count, blocking)
        clock = LamportClock()
        claims = [-1] * count
        number = 1
        for _ in range(300):
            number = number * 75 % 65537
            peer = number % count
            claimed = number // 7 % 40 + clock.time // 2
            claims[peer] = max(claims[peer], claimed)
            common = sorted(claims)[count - blocking]
            expected = clock.time + lead if common < 0 else max(clock.time, common + lead)
            assert witnesses.believable(clock, peer, claimed) == expected
            assert clock.time >= common

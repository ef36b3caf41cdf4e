from expect import refused

from amu.core import limits
from amu.core.errors import BusyError
from amu.services.channel import Channel
from amu.wire import codec, frames
from amu.wire.messages import Segment


def exchange(one, other, turns=6):
    """Segments of both, each delivered once and in order. Returns what (one, other) were delivered."""
    delivered = ([], [])
    for _ in range(turns):
        one.tick()
        other.tick()
        for segment in one.take_segments():
            delivered[1].extend(other.receive(segment))
            other.take_restart()
        for segment in other.take_segments():
            delivered[0].extend(one.receive(segment))
            one.take_restart()
    return delivered


def connected(boot=0, other_boot=0):
    one, other = Channel(1, boot), Channel(0, other_boot)
    exchange(one, other)
    assert (one.peer_boot, other.peer_boot) == (other_boot, boot)
    return one, other


def test_items_arrive_in_order_both_ways():
    one, other = Channel(1, 0), Channel(0, 7)
    assert [one.send(b"%d" % number) for number in range(20)] == list(range(1, 21))
    other.send(b"back")
    assert exchange(one, other) == ([b"back"], [b"%d" % number for number in range(20)])
    assert one.unacknowledged() == 0
    assert (one.restarts, one.undelivered, other.restarts) == (0, 0, 0)


def test_silence_after_all_is_acknowledged():
    one, other = connected()
    for _ in range(10 * limits.CHANNEL_RETRANSMIT_TICKS):
        one.tick()
        other.tick()
        assert one.take_segments() == []
        assert other.take_segments() == []


def test_a_lost_segment_is_sent_again_from_the_first_missing_item():
    one, other = connected()
    one.send(b"lost")
    assert len(one.take_segments()) == 1
    one.send(b"ahead")
    for segment in one.take_segments():
        assert (segment.first, segment.items) == (2, [b"ahead"])
        assert other.receive(segment) == []
    assert other.gaps == 1
    ticks = 0
    sent = []
    while not sent:
        one.tick()
        ticks += 1
        sent = one.take_segments()
    assert ticks == limits.CHANNEL_RETRANSMIT_TICKS
    assert other.receive(sent[0]) == [b"lost", b"ahead"]
    assert other.receive(sent[0]) == []
    assert other.duplicates == 1


def test_pauses_double_up_to_a_bound():
    one, _ = connected()
    one.send(b"never heard")
    one.take_segments()
    pauses = []
    for _ in range(limits.CHANNEL_RETRANSMIT_DOUBLINGS_MAX + 2):
        pause = 0
        while True:
            one.tick()
            pause += 1
            if one.take_segments():
                break
        pauses.append(pause // limits.CHANNEL_RETRANSMIT_TICKS)
    most = 1 << limits.CHANNEL_RETRANSMIT_DOUBLINGS_MAX
    assert pauses == [1 << n for n in range(limits.CHANNEL_RETRANSMIT_DOUBLINGS_MAX)] + [most, most]


def retransmission(one):
    """Ticks until something is sent again, and what."""
    ticks = 0
    while True:
        one.tick()
        ticks += 1
        segments = one.take_segments()
        if segments:
            return ticks, segments[0]


def test_pauses_start_over_when_the_peer_answers():
    one, other = connected()
    longest = limits.CHANNEL_RETRANSMIT_TICKS << limits.CHANNEL_RETRANSMIT_DOUBLINGS_MAX
    one.send(b"heard late")
    one.take_segments()
    for _ in range(6):
        ticks, segment = retransmission(one)
    assert ticks == longest
    assert other.receive(segment) == [b"heard late"]
    one.receive(other.take_segments()[0])
    one.send(b"lost once")
    one.take_segments()
    assert retransmission(one)[0] == limits.CHANNEL_RETRANSMIT_TICKS


def test_pauses_start_over_when_the_peer_has_adopted_us():
    one, other = Channel(1, 0), Channel(0, 0)
    other.receive(one.take_segments()[0])
    one.receive(other.take_segments()[0])
    assert one.take_restart() == (0, [])
    one.send(b"before it knows us")
    one.take_segments()
    for _ in range(6):
        _, segment = retransmission(one)
    other.receive(segment)
    assert other.take_restart() == (0, [])
    one.receive(Segment(0, 0, 0, 0, 1, 0, []))  # it has adopted us; what it acknowledged is lost
    assert retransmission(one)[0] == limits.CHANNEL_RETRANSMIT_TICKS


def test_window_and_queue_are_bounded():
    one, _ = connected()
    for number in range(limits.CHANNEL_QUEUE_ITEMS_MAX):
        assert one.send(b"") == number + 1
    refused(BusyError, "has not acknowledged", one.send, b"")
    segments = one.take_segments()
    assert len(segments) == 1
    assert len(segments[0].items) == limits.CHANNEL_WINDOW_ITEMS
    assert one.take_segments() == []


def test_segments_are_bounded_between_two_ticks():
    one, _ = connected()
    one.tick()
    said = 0
    for boot in range(50):
        one.receive(Segment(boot + 9, None, 1, 0, 0, 0, []))
        one.receive(Segment(0, 0, 1, 0, 1, 0, []))
        said += len(one.take_segments())
    assert said == limits.CHANNEL_SEGMENTS_PER_TICK_MAX
    one.tick()
    assert 0 < len(one.take_segments()) <= 2


def test_the_largest_segment_fits_a_payload():
    one, other = connected(limits.SLOT_MAX - 1, limits.SLOT_MAX - 2)
    for _ in range(limits.CHANNEL_WINDOW_ITEMS):
        one.send(bytes(limits.CHANNEL_ITEM_BYTES_MAX))
    segment = one.take_segments()[0]
    assert len(segment.items) == limits.CHANNEL_WINDOW_ITEMS
    again = codec.decode(frames.FLIGHT, codec.encode(limits.LAMPORT_MAX, segment))[0][1]
    assert again == segment
    assert len(other.receive(again)) == limits.CHANNEL_WINDOW_ITEMS


def test_a_new_incarnation_gets_nothing_that_was_meant_for_the_old_one():
    one, other = connected(0, 5)
    one.send(b"acknowledged")
    exchange(one, other)
    one.send(b"meant for boot 5")
    one.take_segments()  # lost
    other = Channel(0, 3)  # a lower number: it lost its flash
    restarts = []
    for _ in range(4):
        one.tick()
        for segment in other.take_segments():
            one.receive(segment)
            restart = one.take_restart()
            if restart:
                restarts.append(restart)
        for segment in one.take_segments():
            assert other.receive(segment) == []
            other.take_restart()
    assert restarts == [(3, [b"meant for boot 5"])]
    assert (one.restarts, one.undelivered, one.peer_boot) == (1, 1, 3)
    assert one.send(b"first of this connection") == 1
    assert exchange(one, other) == ([], [b"first of this connection"])


def test_an_old_duplicate_never_flips_a_channel_back():
    one, old = Channel(1, 0), Channel(0, 5)
    recorded = []
    old.send(b"from boot 5")
    for _ in range(4):
        for segment in old.take_segments():
            recorded.append(segment)
            one.receive(segment)
            one.take_restart()
        for segment in one.take_segments():
            old.receive(segment)
            old.take_restart()
    new = Channel(0, 6)
    exchange(one, new)
    assert one.peer_boot == 6
    for segment in recorded + recorded:
        one.tick()
        assert one.receive(segment) == []
        assert one.take_restart() is None
        for answer in one.take_segments():
            new.receive(answer)
            assert new.take_restart() is None
    assert (one.peer_boot, one.restarts) == (6, 1)
    assert one.strangers >= len(recorded)
    one.send(b"still here")
    assert exchange(one, new) == ([], [b"still here"])


def test_both_sides_learn_of_a_reboot_without_anything_to_say():
    one, _ = connected(0, 5)
    other = Channel(0, 6)
    lost = other.take_segments()  # the first word of the new incarnation, and then the third, are lost
    assert len(lost) == 1
    for _ in range(limits.CHANNEL_RETRANSMIT_TICKS):
        other.tick()
    one.receive(other.take_segments()[0])
    for segment in one.take_segments():
        other.receive(segment)
        assert other.take_restart() == (0, [])
    assert len(other.take_segments()) == 1
    assert one.peer_boot == 5
    for _ in range(limits.CHANNEL_RETRANSMIT_TICKS):
        exchange(one, other, 1)
    assert (one.peer_boot, one.restarts) == (6, 1)


def test_lines_of_a_liar_are_bounded_and_counted():
    one, _ = connected()
    one.send(b"item")
    one.take_segments()
    assert one.receive(Segment(0, 0, 0, 0, 1, 2, [])) == []  # acknowledges what was never sent
    assert one.receive(Segment(0, 0, 0, 0, 0, 0, [b"number 0"])) == []
    assert one.receive(Segment(0, 0, 0, 0, limits.CHANNEL_SEQUENCE_MAX, 0, [b"", b""])) == []
    assert one.refused == 3
    assert one.unacknowledged() == 1
    assert one.delivered == 0
    one.receive(Segment(0, 0, 0, 0, 1, 1, []))
    assert one.unacknowledged() == 0


def test_numbers_that_are_used_up_are_an_error_that_says_so():
    one, _ = connected()
    one._acknowledged = one._sent = one._highest = limits.CHANNEL_SEQUENCE_MAX
    refused(BusyError, "used up", one.send, b"")
    one._challenge = limits.CHANNEL_SEQUENCE_MAX
    one.take_segments()
    one.receive(Segment(99, None, 1, 0, 0, 0, []))
    assert one.take_segments() == []
    assert one.peer_boot == 0


def gone_back(items):
    """(channel, its peer): `items` items are queued, a window of them was sent, and all are due to be sent again."""
    one, other = connected()
    for number in range(items):
        one.send(b"%d" % number)
    (segment,) = one.take_segments()
    assert len(segment.items) == limits.CHANNEL_WINDOW_ITEMS
    other.receive(segment)
    for _ in range(limits.CHANNEL_RETRANSMIT_TICKS):
        one.tick()
    return one, other


def test_an_acknowledgement_beyond_what_was_sent_again_counts():
    one, other = gone_back(limits.CHANNEL_WINDOW_ITEMS)
    one.receive(other.take_segments()[0])
    assert (one.unacknowledged(), one.refused) == (0, 0)
    assert [segment.items for segment in one.take_segments()] == [[]]  # nothing is sent again


def test_after_such_an_acknowledgement_the_next_item_is_sent():
    one, other = gone_back(3 * limits.CHANNEL_WINDOW_ITEMS)
    one.receive(other.take_segments()[0])
    (segment,) = one.take_segments()
    assert segment.first == limits.CHANNEL_WINDOW_ITEMS + 1
    assert len(other.receive(segment)) == limits.CHANNEL_WINDOW_ITEMS

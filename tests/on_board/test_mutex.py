from expect import refused

from amu.core import limits
from amu.core.errors import BusyError, CodecError
from amu.services.items import MARKER, RELEASE, REPLY, REQUEST, checked
from amu.services.mutex import Mutex


def greeted(me=0, count=3):
    """A board that has met and heard every other. Its clock stands at 9."""
    mutex = Mutex(me, count)
    for peer in range(count):
        if peer != me:
            mutex.peer_restarted(peer)
            mutex.receive(peer, 9 - count + peer, [REPLY, 0])
    mutex.take_items()
    mutex.take_events()
    return mutex


def holding(me=0):
    mutex = greeted(me)
    mutex.request(10)
    for peer in range(3):
        if peer != me:
            mutex.receive(peer, 11 + peer, [REPLY, 20 + peer])
    assert mutex.is_holding
    mutex.take_items()
    mutex.take_events()
    return mutex


def test_rule_1_a_request_goes_to_everybody():
    mutex = greeted()
    mutex.request(10)
    assert mutex.take_items() == [(1, [REQUEST, 10]), (2, [REQUEST, 10])]
    assert mutex.take_events() == [["MutexRequest", 10]]
    assert mutex.wants
    assert not mutex.is_holding
    assert mutex.take_items() == []


def test_rule_2_a_request_is_answered_with_a_later_time():
    mutex = greeted()
    mutex.receive(2, 15, [REQUEST, 12])
    assert mutex.take_items() == [(2, [REPLY, 15])]
    assert mutex.take_events() == [["MutexReceive", 2, REQUEST, 12, 15]]


def test_rule_3_a_release_goes_to_everybody():
    mutex = holding()
    mutex.release(30)
    assert mutex.take_items() == [(1, [RELEASE, 30]), (2, [RELEASE, 30])]
    assert mutex.take_events() == [["MutexRelease", 30]]
    assert not mutex.wants
    assert not mutex.is_holding


def test_rule_4_a_release_makes_way():
    mutex = greeted(2)
    mutex.receive(0, 10, [REQUEST, 9])
    mutex.request(11)
    mutex.receive(0, 12, [REPLY, 20])
    mutex.receive(1, 13, [REPLY, 21])
    assert not mutex.is_holding, "board 0 asked first"
    mutex.receive(0, 23, [RELEASE, 22])
    assert mutex.is_holding
    assert mutex.take_events()[-1] == ["MutexEnter", 11]


def test_rule_5_every_board_must_have_sent_something_later():
    mutex = greeted()
    mutex.request(10)
    mutex.receive(1, 13, [REPLY, 12])
    mutex.receive(2, 14, [REPLY, 10])
    assert not mutex.is_holding, "10 is not later than 10"
    mutex.receive(2, 15, [REQUEST, 11])
    assert mutex.is_holding, "a later request is something later, too"


def test_rule_5_ties_go_to_the_lower_board():
    for me, expected in ((0, True), (1, False)):
        mutex = greeted(me, 2)
        mutex.request(10)
        mutex.receive(1 - me, 11, [REQUEST, 10])
        mutex.receive(1 - me, 13, [REPLY, 12])
        assert mutex.is_holding == expected


def test_rule_7_a_new_channel_starts_over():
    mutex = greeted(2)
    mutex.receive(0, 10, [REQUEST, 9])
    mutex.request(11)
    mutex.receive(0, 13, [REPLY, 12])
    mutex.take_items()
    mutex.peer_restarted(0)
    assert mutex.take_items() == [(0, [REQUEST, 11])], "what I ask for, with its old time"
    mutex.receive(1, 15, [REPLY, 14])
    assert not mutex.is_holding, "what board 0 said in its former life does not count"
    mutex.receive(0, 17, [REPLY, 16])
    assert mutex.is_holding, "its former request does not either"


def test_rule_7_a_holder_keeps_its_turn():
    mutex = holding()
    mutex.peer_restarted(1)
    assert mutex.is_holding
    assert mutex.take_items() == [(1, [REQUEST, 10])]


def test_rule_7_nothing_taken_for_the_old_channel_is_sent_on_the_new_one():
    mutex = greeted()
    mutex.request(10)
    mutex.peer_restarted(2)
    assert mutex.take_items() == [(1, [REQUEST, 10]), (2, [REQUEST, 10])]
    mutex = greeted()
    mutex.peer_restarted(1)
    assert mutex.take_items() == [(1, [REPLY, 8])]


def test_rule_8_a_board_asks_only_after_it_has_heard_from_all():
    mutex = Mutex(0, 3)
    refused(BusyError, "board 1 has not been heard", mutex.request, 1)
    mutex.receive(1, 2, [REPLY, 0])
    refused(BusyError, "board 2 has not been heard", mutex.request, 3)
    assert not mutex.may_request
    mutex.receive(2, 4, [REPLY, 0])
    assert mutex.may_request
    mutex.peer_restarted(1)
    refused(BusyError, "board 1 has not been heard", mutex.request, 5)
    assert not mutex.wants


def test_rule_8_a_request_is_later_than_all_that_are_known():
    mutex = greeted()
    mutex.receive(1, 10, [REQUEST, 40])
    refused(BusyError, "board 1 asked at 40", mutex.request, 40)
    mutex.request(41)
    assert mutex.requested == 41


def test_one_request_at_a_time():
    mutex = greeted()
    mutex.request(10)
    refused(BusyError, "outstanding since time 10", mutex.request, 11)
    refused(BusyError, "nothing to release", mutex.release, 12)
    mutex = holding()
    refused(BusyError, "outstanding", mutex.request, 40)


def test_bytes_that_are_not_an_item_change_nothing():
    mutex = greeted()
    for item in (None, [], 7, [REPLY], [REPLY, -1], [REPLY, True], [0, 1], [REPLY, 1, 2], [True, 1], ["a", 1], [[], 1]):
        refused(CodecError, "item", mutex.receive, 1, 10, item)
    refused(CodecError, "not for the mutex", mutex.receive, 1, 10, [MARKER, 0, 1])
    refused(CodecError, "integers", checked, [REQUEST, limits.LAMPORT_MAX + 1])
    assert mutex.take_events() == []
    mutex.request(10)


def test_an_alone_board_enters_at_once():
    mutex = Mutex(0, 1)
    mutex.request(1)
    assert mutex.is_holding

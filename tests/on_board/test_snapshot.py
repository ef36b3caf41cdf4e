from expect import refused

from amu.core import limits
from amu.core.errors import BusyError, CodecError
from amu.services.items import MARKER
from amu.services.snapshot import OVERFLOW, OVERTAKEN, RESTARTED, Snapshot

ITEM = [2, 5]


def names(snapshot):
    return [event[0] for event in snapshot.take_events()]


def test_the_initiator_records_and_sends_markers():
    snapshot = Snapshot(1, 3)
    snapshot.sent(0)
    snapshot.receive_item(2, ITEM)
    snapshot.start(7, ["state"])
    assert snapshot.take_markers() == [(0, [MARKER, 1, 7]), (2, [MARKER, 1, 7])]
    assert snapshot.take_events() == [["SnapshotRecord", 1, 7, ["state"], [1, 0, 0], [0, 0, 1]]]
    assert snapshot.take_results() == []


def test_the_first_marker_records_and_closes_its_channel():
    snapshot = Snapshot(1, 3)
    snapshot.receive_marker(0, 0, 7, ["state"])
    assert snapshot.take_markers() == [(0, [MARKER, 0, 7]), (2, [MARKER, 0, 7])]
    assert names(snapshot) == ["SnapshotRecord", "SnapshotMarker"]
    snapshot.receive_item(0, ITEM)
    snapshot.receive_item(2, [3, 6])
    snapshot.receive_marker(2, 0, 7, ["later state"])
    assert snapshot.take_results() == [(0, 7, ["state"], [[], [], [[3, 6]]])]
    assert snapshot.take_events() == [["SnapshotMarker", 2, 0, 7, 1], ["SnapshotDone", 0, 7, [[], [], [[3, 6]]]]]


def test_two_snapshots_at_a_time():
    snapshot = Snapshot(1, 3)
    snapshot.start(4, ["first"])
    snapshot.receive_item(0, ITEM)
    snapshot.receive_marker(0, 0, 9, ["second"])
    snapshot.receive_item(2, ITEM)
    snapshot.receive_marker(2, 0, 9, [])
    snapshot.receive_marker(2, 1, 4, [])
    snapshot.receive_marker(0, 1, 4, [])
    assert snapshot.take_results() == [(0, 9, ["second"], [[], [], [ITEM]]), (1, 4, ["first"], [[ITEM], [], [ITEM]])]


def test_one_snapshot_of_ones_own_at_a_time():
    snapshot = Snapshot(0, 2)
    snapshot.start(1, [])
    assert snapshot.is_busy
    refused(BusyError, "snapshot 1 is in progress", snapshot.start, 2, [])
    assert snapshot.starts_refused == 1
    snapshot.receive_marker(1, 0, 1, [])
    snapshot.start(2, [])


def test_a_peers_reboot_abandons_every_recording_in_progress():
    snapshot = Snapshot(0, 3)
    snapshot.start(1, [])
    snapshot.receive_marker(2, 2, 4, [])
    snapshot.take_events()
    snapshot.peer_restarted(1)
    assert snapshot.take_events() == [["SnapshotAbandoned", 0, 1, RESTARTED], ["SnapshotAbandoned", 2, 4, RESTARTED]]
    assert not snapshot.is_busy
    assert snapshot.take_results() == []
    snapshot.receive_marker(1, 0, 1, [])
    assert snapshot.take_events() == [["SnapshotIgnored", 1, 0, 1]]
    assert snapshot.markers_ignored == 1


def test_a_reboot_after_the_marker_abandons_too_and_the_new_lifes_marker_is_ignored():
    """The new life may record again, with a marker that reaches it late. It does not count as a second marker."""
    snapshot = Snapshot(1, 3)
    snapshot.receive_marker(2, 0, 7, [])
    snapshot.take_events()
    snapshot.peer_restarted(2)
    assert snapshot.take_events() == [["SnapshotAbandoned", 0, 7, RESTARTED]]
    snapshot.receive_marker(2, 0, 7, [])
    snapshot.receive_marker(0, 0, 7, [])
    assert snapshot.take_events() == [["SnapshotIgnored", 2, 0, 7], ["SnapshotIgnored", 0, 0, 7]]
    assert snapshot.take_results() == []


def test_a_part_that_is_done_stays_done_when_a_peer_reboots():
    snapshot = Snapshot(1, 3)
    snapshot.receive_marker(2, 0, 7, [])
    snapshot.receive_marker(0, 0, 7, [])
    assert len(snapshot.take_results()) == 1
    snapshot.take_events()
    snapshot.peer_restarted(2)
    snapshot.receive_marker(2, 0, 7, [])
    assert snapshot.take_events() == [["SnapshotIgnored", 2, 0, 7]]


def test_a_new_channel_counts_from_nought():
    snapshot = Snapshot(0, 2)
    snapshot.sent(1)
    snapshot.receive_item(1, ITEM)
    snapshot.peer_restarted(1)
    snapshot.start(1, [])
    assert snapshot.take_events() == [["SnapshotRecord", 0, 1, [], [0, 0], [0, 0]]]


def test_markers_for_the_old_channel_are_not_sent_on_the_new_one():
    snapshot = Snapshot(0, 2)
    snapshot.start(1, [])
    snapshot.peer_restarted(1)
    assert snapshot.take_markers() == []


def test_a_newer_snapshot_of_the_same_initiator_ends_the_older():
    snapshot = Snapshot(2, 3)
    snapshot.receive_marker(0, 0, 1, ["old"])
    snapshot.take_events()
    snapshot.receive_marker(0, 0, 5, ["new"])
    assert snapshot.take_events()[0] == ["SnapshotAbandoned", 0, 1, OVERTAKEN]
    snapshot.receive_marker(1, 0, 1, [])
    assert snapshot.markers_ignored == 1, "the old one's marker comes late"
    snapshot.receive_marker(1, 0, 5, [])
    assert snapshot.take_results() == [(0, 5, ["new"], [[], [], []])]


def test_an_item_that_does_not_fit_abandons_the_snapshot():
    snapshot = Snapshot(0, 2)
    snapshot.start(1, [])
    for _ in range(limits.SNAPSHOT_ITEMS_MAX):
        snapshot.receive_item(1, ITEM)
    assert names(snapshot) == ["SnapshotRecord"]
    snapshot.receive_item(1, ITEM)
    assert snapshot.take_events() == [["SnapshotAbandoned", 0, 1, OVERFLOW]]
    snapshot.receive_marker(1, 0, 1, [])
    assert snapshot.take_results() == []


def test_markers_that_no_correct_board_sends():
    snapshot = Snapshot(0, 3)
    refused(CodecError, "no such snapshot", snapshot.receive_marker, 1, 3, 1, [])
    refused(CodecError, "no such snapshot", snapshot.receive_marker, 1, 1, limits.LAMPORT_MAX + 1, [])
    snapshot.receive_marker(1, 1, 1, [])
    refused(CodecError, "second marker", snapshot.receive_marker, 1, 1, 1, [])
    snapshot.receive_marker(2, 1, 1, [])
    assert len(snapshot.take_results()) == 1


def test_a_snapshot_in_my_name_that_i_did_not_start():
    snapshot = Snapshot(0, 3)
    snapshot.receive_marker(1, 0, 8, [])
    assert snapshot.take_events() == [["SnapshotIgnored", 1, 0, 8]]
    snapshot.start(3, [])
    snapshot.receive_marker(1, 0, 8, [])
    assert snapshot.markers_ignored == 2
    assert snapshot.is_busy

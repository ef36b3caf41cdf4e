"""The journal on whatever interpreter runs this: cut at every byte, flipped in every bit, on the seam's own terms."""

import expect

from amu.boards.host import MemoryStore, PowerCut
from amu.core.errors import JournalError
from amu.node import journal
from amu.node.journal import Journal
from amu.wire.crc import crc32

VOTE = [3, 1, 0, 1, b"v" * 8]
BATCHES = [[VOTE, [5, 1, b"body"]], [[2, 1, 1]], [[3, 1, 1, 1, b"w" * 8], [8, 4096], VOTE]]


def commissioned(cut_after_bytes=None):
    store = MemoryStore(None, cut_after_bytes)
    Journal(store).commission()
    return store


def reopened(store):
    """(journal, what it recovered) after a reboot with this flash."""
    again = Journal(MemoryStore(store.files))
    return again, again.recover()


def is_cut(call):
    """Does the power go during `call()`?"""
    try:
        call()
    except PowerCut:
        return True
    return False


def test_a_blank_store_is_amnesia():
    _, recovered = reopened(MemoryStore())
    assert recovered.status == journal.BLANK
    assert recovered.checkpoint is None
    assert recovered.records == []


def test_a_commissioned_store_is_fresh_once():
    store = commissioned()
    first, recovered = reopened(store)
    assert recovered.status == journal.FRESH
    first.append([VOTE])
    assert reopened(store)[1].status == journal.OK


def test_commissioning_twice_is_refused():
    store = commissioned()
    expect.refused(JournalError, "commissioned already", Journal(store).commission)


def test_a_blank_board_keeps_records_and_stays_blank_until_a_checkpoint():
    store = MemoryStore()
    first, _ = reopened(store)
    first.append([[1, 7, 4096]])
    second, recovered = reopened(store)
    assert recovered.status == journal.BLANK
    assert recovered.records == [[1, 7, 4096]]
    second.checkpoint([7, 8192, []])
    _, recovered = reopened(store)
    assert recovered.status == journal.OK
    assert recovered.checkpoint == [7, 8192, []]
    assert recovered.records == []


def test_records_come_back_in_order_after_the_checkpoint():
    store = commissioned()
    first, _ = reopened(store)
    first.append(BATCHES[0])
    first.checkpoint([1, b"state"])
    first.append(BATCHES[1])
    first.append(BATCHES[2])
    _, recovered = reopened(store)
    assert recovered.status == journal.OK
    assert recovered.checkpoint == [1, b"state"]
    assert recovered.records == BATCHES[1] + BATCHES[2]


def test_a_checkpoint_empties_the_journal_and_leaves_two_files():
    store = commissioned()
    first, _ = reopened(store)
    for turn in range(5):
        first.append(BATCHES[0])
        assert first.bytes > 0
        first.checkpoint(turn)
        assert first.bytes == 0
        first.append(BATCHES[1])
        assert sorted(store.files) == ["checkpoint", f"journal-{turn + 1}"]


def test_a_cut_anywhere_in_an_append_leaves_whole_batches():
    whole = commissioned()
    first, _ = reopened(whole)
    ends = [0]
    for batch in BATCHES:
        first.append(batch)
        ends.append(first.bytes)
    content = whole.files["journal-0"]
    for cut in range(len(content) + 1):
        store = MemoryStore({"checkpoint": whole.files["checkpoint"], "journal-0": content[:cut]})
        _, recovered = reopened(store)
        kept = 0
        while kept + 1 < len(ends) and ends[kept + 1] <= cut:
            kept += 1
        want = []
        for batch in BATCHES[:kept]:
            want.extend(batch)
        assert recovered.records == want, cut
        if cut in ends:
            assert recovered.status == (journal.OK if cut else journal.FRESH), cut
        else:
            assert recovered.status == journal.TORN, cut


def test_records_after_a_torn_tail_are_recovered():
    store = commissioned()
    first, _ = reopened(store)
    first.append(BATCHES[0])
    store.files["journal-0"] += b"\x00\x09\xff\xf6\x01"
    second, recovered = reopened(store)
    assert recovered.status == journal.TORN
    second.append(BATCHES[1])
    _, recovered = reopened(store)
    assert recovered.status == journal.OK
    assert recovered.records == BATCHES[0] + BATCHES[1]


def test_a_cut_while_a_torn_tail_is_cleared_away_changes_nothing():
    torn = commissioned()
    first, _ = reopened(torn)
    first.append(BATCHES[0])
    torn.files["journal-0"] += b"\x00\x09\xff\xf6\x01"
    uncut = MemoryStore(dict(torn.files))
    Journal(uncut).recover()
    needed = uncut.bytes_written
    for cut in range(needed + 1):
        store = MemoryStore(dict(torn.files), cut)
        assert is_cut(Journal(store).recover) == (cut < needed), cut
        _, recovered = reopened(store)
        assert recovered.records == BATCHES[0], cut


def test_every_flipped_bit_is_damage():
    whole = commissioned()
    first, _ = reopened(whole)
    first.checkpoint([1, b"state"])
    for batch in BATCHES:
        first.append(batch)
    for name in ("checkpoint", "journal-1"):
        content = whole.files[name]
        for bit in range(8 * len(content)):
            damaged = bytearray(content)
            damaged[bit // 8] ^= 1 << (bit % 8)
            store = MemoryStore(dict(whole.files))
            store.files[name] = bytes(damaged)
            expect.refused(JournalError, "", Journal(store).recover)


def test_damage_before_valid_batches_is_not_a_torn_tail():
    store = commissioned()
    first, _ = reopened(store)
    first.append(BATCHES[0])
    middle = first.bytes
    first.append(BATCHES[1])
    content = store.files["journal-0"]
    store.files["journal-0"] = content[: middle - 3] + content[middle:]
    expect.refused(JournalError, "damaged", Journal(store).recover)


def test_erased_and_zeroed_pages_are_damage():
    store = commissioned()
    first, _ = reopened(store)
    first.append(BATCHES[0])
    content = store.files["journal-0"]
    for filler in (b"\xff", b"\x00"):
        store.files["journal-0"] = content + filler * 32
        expect.refused(JournalError, "damaged length", Journal(store).recover)


def test_a_journal_of_another_generation_is_not_believed():
    store = commissioned()
    first, _ = reopened(store)
    first.append(BATCHES[0])
    old = store.files["journal-0"]
    first.checkpoint([1, b"state"])
    store.files["journal-1"] = old
    expect.refused(JournalError, "damaged batch", Journal(store).recover)


def test_batches_that_changed_places_are_not_believed():
    store = commissioned()
    first, _ = reopened(store)
    first.append(BATCHES[0])
    middle = first.bytes
    first.append(BATCHES[1])
    content = store.files["journal-0"]
    store.files["journal-0"] = content[middle:] + content[:middle]
    expect.refused(JournalError, "damaged batch", Journal(store).recover)


def test_a_lost_checkpoint_with_its_journal_there_is_damage():
    store = commissioned()
    first, _ = reopened(store)
    first.append(BATCHES[0])
    del store.files["checkpoint"]
    expect.refused(JournalError, "damaged batch", Journal(store).recover)


class FullStore(MemoryStore):
    """Flash that is full: half of what is appended gets through."""

    def append(self, name, data):
        MemoryStore.append(self, name, data[: len(data) // 2])
        raise OSError(28)


def test_after_a_failed_append_nothing_is_written_behind_the_half_of_it():
    store = FullStore(commissioned().files)
    first = Journal(store)
    first.recover()
    expect.refused(JournalError, "append failed", first.append, [VOTE])
    length = len(store.files["journal-0"])
    expect.refused(JournalError, "not open", first.append, [VOTE])
    expect.refused(JournalError, "not open", first.checkpoint, None)
    assert len(store.files["journal-0"]) == length
    _, recovered = reopened(store)
    assert recovered.status == journal.TORN
    assert recovered.records == []


def test_forced_writes_are_counted():
    store = commissioned()
    first, _ = reopened(store)
    assert first.appends == 0
    first.append(BATCHES[0])
    first.append(BATCHES[1])
    first.checkpoint(None)
    assert first.appends == 3


def test_a_journal_that_outlived_its_checkpoint_is_removed_at_the_next_start():
    """The power failed between the rename of the checkpoint and the removal: else the file would stay forever."""
    store = commissioned()
    first, _ = reopened(store)
    first.append(BATCHES[0])
    old = store.files["journal-0"]
    first.checkpoint([1, b"state"])
    store.files["journal-0"] = old
    _, recovered = reopened(store)
    assert recovered.records == []
    assert sorted(store.files) == ["checkpoint"]


def test_the_check_of_a_batch_covers_generation_and_link():
    """As docs/reference/journal.md has it, byte for byte: a board must read what another version has written."""
    store = commissioned()
    first, _ = reopened(store)
    first.checkpoint([1, b"state"])
    first.append([VOTE])
    first.append([VOTE])
    link = store.files["checkpoint"][8:12]
    content = store.files["journal-1"]
    size = len(content) // 2
    for at in (0, size):
        batch = content[at : at + size]
        want = crc32(b"\x00\x00\x00\x01" + link + batch[:4] + batch[8:])
        link = batch[4:8]
        assert want == int.from_bytes(link, "big")

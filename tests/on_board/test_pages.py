"""The page journal on whatever interpreter runs this: its bytes, its bounds, and what it does with damage.

Power cuts at each flash operation: tests/properties/firmware/test_page_cuts.py.
"""

from hashlib import sha256

import expect
import nor
from nor import Nor

from amu.boards import pages
from amu.boards.host import MemoryStore
from amu.boards.pages import PageStore
from amu.core.errors import JournalError
from amu.node import journal
from amu.node.journal import Journal
from amu.wire.crc import crc32

VOTE = [3, 1, 0, 1, b"v" * 8]
LONG = [5, 1, b"body" * 150]  # three pages
BLOCKS = 4
PAGES = BLOCKS * nor.BLOCK_PAGES


class Board:
    """Flash that outlives the lives of a board, which has been commissioned."""

    def __init__(self, is_commissioned=True):
        self.files = {}
        self.ring = Nor(BLOCKS)
        if is_commissioned:
            Journal(self.store()).commission()

    def store(self):
        return PageStore(MemoryStore(self.files), self.ring)

    def boot(self):
        """(journal, what it recovered)"""
        live = Journal(self.store())
        return live, live.recover()

    def records(self):
        return self.boot()[1].records

    def refuses(self, part):
        expect.refused(JournalError, part, self.boot)


def written(board):
    """Numbers of the pages that are not erased."""
    return [page for page in range(PAGES) if board.ring.page(page) != nor.ERASED_PAGE]


def set_page(board, page, data):
    at = page % nor.BLOCK_PAGES * nor.PAGE_BYTES
    board.ring.data[page // nor.BLOCK_PAGES][at : at + nor.PAGE_BYTES] = data


def test_a_new_board_is_fresh_once_and_an_erased_one_has_no_memory():
    board = Board()
    live, recovered = board.boot()
    assert recovered.status == journal.FRESH
    live.append([VOTE])
    assert board.boot()[1].status == journal.OK
    assert Board(False).boot()[1].status == journal.BLANK


def test_the_checkpoint_is_not_that_of_a_board_without_a_ring():
    board = Board()
    assert list(board.files) == [pages.CHECKPOINT]
    assert Journal(MemoryStore(board.files)).recover().status == journal.BLANK


def test_records_come_back_in_order_over_boots_and_checkpoints():
    board = Board()
    live, _ = board.boot()
    live.append([VOTE, LONG])
    live.append([VOTE])
    live, recovered = board.boot()
    assert recovered.records == [VOTE, LONG, VOTE]
    live.append([[9, 9]])
    assert board.records() == [VOTE, LONG, VOTE, [9, 9]]
    live.checkpoint([1, b"state"])
    _, recovered = board.boot()
    assert recovered.checkpoint == [1, b"state"]
    assert recovered.records == []
    live.append([LONG])
    assert board.records() == [LONG]


def test_a_page_is_laid_out_as_documented():
    """docs/reference/journal.md, byte for byte: a board must read what another version has written."""
    board = Board()
    live, _ = board.boot()
    live.append([[1]])
    live.checkpoint(7)
    live.append([VOTE])
    assert bytes(board.ring.page(1)[:10]) == b"\x00\x00\x00\x01" + b"\x00\x00\x00\x00" + b"\x04\x00"
    page = bytes(board.ring.page(2))
    assert page[:10] == b"\x00\x00\x00\x02" + b"\x00\x00\x00\x01" + b"\x03" + bytes([8 + 15])
    assert page[10:12] == b"\x00\x0f"
    assert page[33:251] == b"\xff" * 218
    assert page[251:255] == crc32(page[:251]).to_bytes(4, "big")
    assert page[255] == 0
    assert board.ring.page(3) == nor.ERASED_PAGE


def test_the_ring_is_the_same_on_every_interpreter():
    board = Board()
    live, _ = board.boot()
    for number in range(60):
        live.append([[number, bytes(number % 7 * 60)], VOTE])
        if number % 9 == 5:
            live.checkpoint([number, b"state"])
        if number % 4 == 1:
            live.rest()
        if number % 23 == 22:
            live, _ = board.boot()
    hasher = sha256()
    for block in board.ring.data:
        hasher.update(block)
    ring = hasher.digest()
    assert ring.hex() == "7dd9ada1d82294b63ba6269389fdf5fe249f1f614d61a84cd70cc742e8c9d351", ring.hex()


def test_the_first_page_behind_those_of_a_former_life_stays_erased():
    board = Board()
    board.boot()[0].append([VOTE])
    board.boot()[0].append([VOTE])
    assert written(board) == [0, 2]
    assert board.records() == [VOTE, VOTE]


def test_blocks_are_erased_in_order_and_equally_often():
    board = Board()
    live, _ = board.boot()
    for number in range(30 * PAGES // 4):
        if number % 4 == 3:
            live.checkpoint(number)
        live.append([LONG, VOTE])
        live.rest()
    assert min(board.ring.erases) >= 20
    assert max(board.ring.erases) - min(board.ring.erases) <= 1
    assert board.ring.misuses == []


def test_idle_moments_erase_ahead_so_that_an_append_need_not():
    board = Board()
    live, _ = board.boot()
    for _ in range(3 * BLOCKS):
        live.rest()
    store = live._store
    assert store.blocks_erased == BLOCKS - 1 < pages.AHEAD_BLOCKS
    for number in range(2 * nor.BLOCK_PAGES):
        live.append([[number]])
    assert store.blocks_erased == BLOCKS - 1


def test_what_is_live_is_never_erased():
    board = Board()
    live, _ = board.boot()
    live.append([VOTE])
    for _ in range(9 * BLOCKS):
        live.rest()
    for number in range(PAGES // 2):
        live.append([[number]])
        live.rest()
    assert board.records() == [VOTE] + [[number] for number in range(PAGES // 2)]


def test_a_full_ring_refuses_before_it_writes_and_a_checkpoint_makes_room():
    board = Board()
    live, _ = board.boot()
    for number in range(PAGES - 2):
        live.append([[number]])
    before = board.ring.programs
    expect.refused(JournalError, "ring is full: 3 pages wanted, 2 free", live.append, [LONG])
    assert board.ring.programs == before
    expect.refused(JournalError, "not open", live.append, [VOTE])
    live, recovered = board.boot()
    assert len(recovered.records) == PAGES - 2
    live.checkpoint([1])
    live.append([LONG])
    _, recovered = board.boot()
    assert (recovered.checkpoint, recovered.records) == ([1], [LONG])


def test_half_a_ring_is_tight_until_a_checkpoint():
    board = Board()
    live, _ = board.boot()
    for number in range(PAGES // 2):
        assert not live.is_tight()
        live.append([[number]])
    live.append([VOTE])
    assert live.is_tight()
    live, _ = board.boot()
    live.append([VOTE])
    assert live.is_tight()
    live.checkpoint([1])
    assert not live.is_tight()
    live.append([VOTE])
    assert not live.is_tight()


def test_every_flipped_bit_of_a_live_page_is_damage():
    board = Board()
    live, _ = board.boot()
    for number in range(nor.BLOCK_PAGES - 2):
        live.append([[number]])
    live.append([LONG])  # over the end of the first block
    assert written(board) == list(range(nor.BLOCK_PAGES + 1))
    for page in (0, 5, nor.BLOCK_PAGES - 1, nor.BLOCK_PAGES):
        sound = bytes(board.ring.page(page))
        for bit in range(0, 8 * nor.PAGE_BYTES, 3):
            flipped = bytearray(sound)
            flipped[bit // 8] ^= 1 << bit % 8
            set_page(board, page, flipped)
            board.refuses("")
        set_page(board, page, sound)
    assert len(board.records()) == nor.BLOCK_PAGES - 1


def test_a_lost_page_is_damage_wherever_others_follow():
    board = Board()
    live, _ = board.boot()
    live.append([VOTE])
    live.append([LONG])
    live.append([VOTE])
    for page in range(4):
        sound = bytes(board.ring.page(page))
        for lost in (nor.ERASED_PAGE, sound[:100] + b"\xff" * 156, bytes(256)):
            set_page(board, page, lost)
            board.refuses("")
        set_page(board, page, sound)
    assert board.records() == [VOTE, LONG, VOTE]


def test_the_last_batch_may_be_torn_and_no_more():
    board = Board()
    live, _ = board.boot()
    live.append([VOTE])
    live.append([LONG])
    for page in (3, 2, 1):
        set_page(board, page, nor.ERASED_PAGE)
        assert board.records() == [VOTE]
    live, _ = board.boot()
    live.append([VOTE])
    assert board.records() == [VOTE, VOTE]


def test_the_last_batch_without_its_middle_is_damage():
    """Its last page was programmed, so the ones before had been: it may have been acted on."""
    board = Board()
    live, _ = board.boot()
    live.append([VOTE])
    live.append([LONG])
    for lost in (nor.ERASED_PAGE, bytes(board.ring.page(2)[:99]) + b"\xff" * 157):
        set_page(board, 2, lost)
        board.refuses("page 3 follows a page that is lost")


def test_pages_that_changed_places_are_not_believed():
    board = Board()
    live, _ = board.boot()
    for number in range(4):
        live.append([[number]])
    first, second = bytes(board.ring.page(1)), bytes(board.ring.page(2))
    set_page(board, 1, second)
    set_page(board, 2, first)
    board.refuses("damaged page")


def test_a_page_of_a_lap_before_is_not_believed():
    board = Board()
    live, _ = board.boot()
    live.append([[0]])
    live.checkpoint([0])
    for number in range(PAGES):
        if number == 20:
            old = bytes(board.ring.page(3))
            live.checkpoint([1])
        live.append([[number]])
        live.rest()
    for number in range(5):
        live.append([[number]])
    assert board.ring.page(3) != old
    set_page(board, 3, old)
    board.refuses("")


def test_a_checkpoint_older_than_the_ring_is_refused():
    board = Board()
    live, _ = board.boot()
    fresh = dict(board.files)
    live.append([VOTE])
    live.checkpoint([1])
    live.append([VOTE])
    board.files = fresh
    board.refuses("the ring holds generation 1, the checkpoint is of 0")
    board.files = {}
    board.refuses("the ring holds generation 1, the checkpoint is of 0")


def test_a_ring_that_was_replaced_by_a_blank_one_is_refused():
    board = Board()
    live, _ = board.boot()
    live.append([VOTE])
    live.checkpoint([1])
    live.append([VOTE])
    board.ring = Nor(BLOCKS)
    board.refuses("the ring is blank, the checkpoint is of generation 1")


def test_the_newest_page_is_never_erased_ahead():
    """Its block is the last one to be reused: a ring in use is never blank."""
    board = Board()
    live, _ = board.boot()
    for number in range(2 * nor.BLOCK_PAGES):
        live.append([[number]])
    live.checkpoint([1])
    for _ in range(9 * BLOCKS):
        live.rest()
    assert (board.boot()[1].checkpoint, board.records()) == ([1], [])


def test_a_board_without_memory_keeps_records_until_it_is_commissioned():
    board = Board(False)
    live, _ = board.boot()
    live.append([[1, 7]])
    live, recovered = board.boot()
    assert (recovered.status, recovered.records) == (journal.BLANK, [[1, 7]])
    Journal(board.store()).commission()
    live, recovered = board.boot()
    assert (recovered.status, recovered.records) == (journal.FRESH, [])
    live.append([VOTE])
    assert board.records() == [VOTE]


def test_generation_0_ends_even_in_a_full_ring():
    board = Board(False)
    live, _ = board.boot()
    for number in range(PAGES):
        live.append([[number]])
    live.checkpoint([1])
    live.append([VOTE])
    assert board.records() == [VOTE]
    live, recovered = board.boot()
    assert (recovered.status, recovered.checkpoint) == (journal.OK, [1])


def test_a_program_that_did_not_take_is_noticed_before_anything_is_sent():
    board = Board()
    live, _ = board.boot()
    board.ring.write = lambda page, data, count: None
    expect.refused(JournalError, "does not hold what was written", live.append, [VOTE])
    expect.refused(JournalError, "not open", live.append, [VOTE])


def test_a_whole_group_with_half_a_batch_is_damage():
    board = Board()
    store = board.store()
    store.append("journal-0", [b"\x00\x09\xff\xf6"])
    board.refuses("the last group of the ring is whole")


def test_reading_goes_back_and_ends_with_the_journal():
    board = Board()
    store = board.store()
    store.append("journal-0", [b"0123456789" * 100])
    store.append("journal-0", [b"ab", b"", b"c"])
    assert store.read("journal-0", 995, 6) == b"56789a"
    assert store.read("journal-0", 238, 5) == b"89012"
    assert store.read("journal-0", 1000) == b"abc"
    assert store.read("journal-0", 1003, 9) == b""
    assert store.read("journal-0") == b"0123456789" * 100 + b"abc"
    assert board.store().read("journal-4", 0, 1) is None


def test_files_beside_the_journals_are_left_to_the_store_behind():
    board = Board()
    store = board.store()
    store.append("other", [b"x"])
    store.replace("other", lambda write: write(b"y"))
    assert store.read("other") == b"y"
    store.remove("other")
    assert store.read("other") is None
    assert written(board) == []

"""The Store seam with the journal on raw flash: whole pages, one after the other, in a ring of erased blocks.

A file system pays for every append with an erase and a commit of its own. Here an append is one program of a page that
was erased long before. The checkpoint stays a file, in the Store behind this one; its name differs from the one that a
board without a ring uses, so neither kind of board ever takes the other's checkpoint for its own.

    page      sequence u32, generation u32, flags u8, length u8, payload (241 bytes), CRC-32 of all that, mark 0x00
    group     the pages of one append: the first and the last are flagged; it counts whole or not at all

Page `sequence` lies at `sequence` modulo the pages of the ring. So the ring is written strictly in order, and every
block is erased once a lap. Live pages are those from the first of the present generation to the last one written. All
other blocks are free: what they hold is never believed and may be garbage, half erased, or left over from an old lap.

Rules
- A free block is erased before it is written to: at an idle moment (`rest`), or else by the append that needs it. After
  a boot a block counts as erased if all of it reads so and the block behind it does too: a power cut may have torn the
  last erase of a row, and bits that are half erased can read as erased. In the first lap no block counts as erased.
- The mark is the last byte of a page, and a program reaches it last. Without it a page is torn: nothing in it was ever
  acted on, and it is passed over. A page with the mark and a wrong CRC, or a group without its middle, is damage.
- A page is read back after it was programmed. Cells that are worn out refuse there, before anything is sent.
- The first page behind the last one of a former life stays unused: a program that left no trace may have begun in it.
- An append that finds no room fails before its first page. Removing a journal, which a checkpoint does, makes room.
  The store says when half of the ring is taken (`is_tight`), and a board that votes then writes a checkpoint.
- Nobody asks for the pages of a removed journal again, with one exception: generation 0, which a board without memory
  has kept and which a commissioning starts again. So a page without content, flagged as void, ends generation 0.

What lies behind the last live page tells nothing, so the loss of the whole last group, mark and all, goes unnoticed;
in the middle the chained CRCs of `amu.node.journal` find it.
"""

from struct import pack_into, unpack_from

from amu.node import journal
from amu.wire.crc import crc32

if "":  # for the type checker; see amu.core.types
    from collections.abc import Callable, Sequence

    from amu.core.seams import Ring, Store
    from amu.core.types import Sink

PAGE_BYTES = 256
BLOCK_PAGES = 16
AHEAD_BLOCKS = 4  # erased at idle moments, before they are needed

_HEADER = ">IIBB"  # sequence, generation, flags, length
_PAYLOAD_AT = 10
_CHECK_AT = PAGE_BYTES - 5
_MARK_AT = PAGE_BYTES - 1
_PAYLOAD_BYTES = _CHECK_AT - _PAYLOAD_AT
_FIRST = 1
_LAST = 2
_VOID = 4
_BLANK_PAGE = b"\xff" * PAGE_BYTES
_BLANK = memoryview(_BLANK_PAGE)

_ERASED = 0  # what a page is
_TORN = 1
_BAD = 2
_VALID = 3

_PREFIX = "journal-"
CHECKPOINT = "checkpoint-pages"  # what a checkpoint is called behind this store
_NO_SPACE = 28  # ENOSPC
_IO = 5  # EIO


class PageStore:
    """Store whose journals are pages of `ring`, and whose other files are in `files`. A new one for each life."""

    def __init__(self, files: "Store", ring: "Ring") -> None:
        self._files = files
        self._ring = ring
        self._pages = ring.blocks * BLOCK_PAGES
        self._page = bytearray(PAGE_BYTES)  # the only buffer
        self._checked = memoryview(self._page)[:_CHECK_AT]
        self._payload = memoryview(self._page)[_PAYLOAD_AT:_CHECK_AT]
        self.is_tight = False
        self._is_open = False
        self._generation = 0  # of the journal that is open
        self._name = ""  # of the journal that was appended to last, in this life
        self._tail = 0  # sequence number of its first page
        self._next = 0  # of the page to be programmed next
        self._ready = 0  # pages from _next up to here are erased; a multiple of BLOCK_PAGES
        self._start = 0  # where reading stands: this byte of the journal is
        self._place = 0  # the first one of this page, or of a later one
        self._group_end = 0  # pages up to here belong to a group that is whole
        self.pages_programmed = 0  # since start
        self.blocks_erased = 0

    # --- Store --------------------------------------------------------------------------------

    def read(self, name: str, offset: int = 0, count: int = -1) -> bytes | None:
        """Up to `count` bytes from `offset` on, all of them if -1; `None` if the file does not exist.

        Raises OSError when it cannot be read, and when the ring is damaged.
        """
        if not name.startswith(_PREFIX):
            return self._files.read(_own(name), offset, count)
        self._open(int(name[len(_PREFIX) :]))
        if offset < self._start:
            self._rewind()
        data = b""
        exists = False
        while count < 0 or len(data) < count:
            length = self._load_counted()
            if length < 0:
                break
            exists = True
            skipped = offset + len(data) - self._start
            if skipped < length:
                end = length if count < 0 else min(length, skipped + count - len(data))
                data += bytes(self._payload[skipped:end])
                if end < length:
                    break
            self._start += length
            self._place += 1
        return data if exists or self._start else None

    def append(self, name: str, pieces: "Sequence[bytes]") -> None:
        """Add the byte strings `pieces` at the end, all of them or, after a power cut, none.

        Raises OSError if there is no room, before anything is written, and if flash fails.
        """
        if name != self._name:
            if not name.startswith(_PREFIX):
                self._files.append(_own(name), pieces)
                return
            self._begin(int(name[len(_PREFIX) :]))
            self._name = name
        self._require_room(pieces)
        page = self._page
        flags = _FIRST
        at = _PAYLOAD_AT
        for piece in pieces:
            start, size = 0, len(piece)
            while size > _CHECK_AT - at:
                taken = _CHECK_AT - at
                page[at:_CHECK_AT] = piece[start : start + taken]
                self._program(flags, _CHECK_AT)
                flags, at = 0, _PAYLOAD_AT
                start += taken
                size -= taken
            page[at : at + size] = piece[start:] if start else piece
            at += size
        self._program(flags | _LAST, at)
        self.is_tight = 2 * (self._next - self._tail) > self._pages

    def replace(self, name: str, fill: "Callable[[Sink], object]") -> None:
        """Replace the whole file by what `fill(write)` writes. After a power cut: old or new, never a mixture."""
        if name.startswith(_PREFIX):
            # A journal is cut short when its last batch is not whole; the groups here are.
            raise OSError(_IO, "the last group of the ring is whole, and the batch in it is not")
        self._files.replace(_own(name), fill)

    def remove(self, name: str) -> None:
        """Delete the file if it exists. The pages of a journal become free."""
        if not name.startswith(_PREFIX):
            self._files.remove(_own(name))
            return
        generation = int(name[len(_PREFIX) :])
        if not generation and not self._is_open and self._head()[1] == 0:
            self._open(0)
        if self._is_open and generation == self._generation:
            is_begun = self._tail < self._next
            self._tail = self._next
            if is_begun and not generation:
                self._program(_VOID, _PAYLOAD_AT)
                self._tail = self._next
            self.is_tight = False
            self._rewind()

    def rest(self) -> None:
        """An idle moment: erase a block, if few are left."""
        wanted = self._next + AHEAD_BLOCKS * BLOCK_PAGES
        # The newest page stays, so that a ring that has been in use is never blank.
        if self._is_open and self._ready < min(wanted, self._limit() - BLOCK_PAGES):
            try:
                self._erase_next()
            except OSError:
                pass  # the append that needs the block will try again, and say so

    # --- writing ------------------------------------------------------------------------------

    def _begin(self, generation: int) -> None:
        """The journal of this generation is open, empty if it is new."""
        if not self._is_open:
            self._open(generation)
        if generation != self._generation:
            assert generation > self._generation, "a journal of the past"
            assert self._tail == self._next, "the journal before was not removed"
            self._generation = generation

    def _require_room(self, pieces: "Sequence[bytes]") -> None:
        """Raise OSError unless the ring has room for an append of these."""
        size = 0
        for piece in pieces:
            size += len(piece)
        count = (size + _PAYLOAD_BYTES - 1) // _PAYLOAD_BYTES
        if self._next + count > self._limit():
            raise OSError(_NO_SPACE, "ring is full: %d pages wanted, %d free" % (count, self._limit() - self._next))

    def _limit(self) -> int:
        """No page from this sequence number on may be written to: its block holds the first live page, a lap before."""
        return self._tail // BLOCK_PAGES * BLOCK_PAGES + self._pages

    def _program(self, flags: int, end: int) -> None:
        """Write the buffer, whose payload ends at `end`, to the next page, and make sure that it is there."""
        page = self._page
        if self._next == self._ready:
            self._erase_next()
        page[end:_CHECK_AT] = _BLANK[end:_CHECK_AT]
        pack_into(_HEADER, page, 0, self._next, self._generation, flags, end - _PAYLOAD_AT)
        check = crc32(self._checked)
        pack_into(">IB", page, _CHECK_AT, check, 0)
        self._ring.program(self._next % self._pages, page)
        self.pages_programmed += 1
        if self._load(self._next) != _VALID or unpack_from(">I", page, _CHECK_AT)[0] != check:
            raise OSError(_IO, "page %d does not hold what was written" % (self._next % self._pages))
        self._next += 1

    def _erase_next(self) -> None:
        self._ring.erase(self._ready % self._pages // BLOCK_PAGES)
        self.blocks_erased += 1
        self._ready += BLOCK_PAGES

    # --- reading ------------------------------------------------------------------------------

    def _load(self, sequence: int) -> int:
        """Read the page where that sequence number belongs. What it is; a valid one may be of another lap."""
        page = self._page
        self._ring.read(sequence % self._pages, page)
        if page == _BLANK_PAGE:
            return _ERASED
        if page[_MARK_AT] == 0xFF:
            return _TORN
        if page[_MARK_AT] or unpack_from(">I", page, _CHECK_AT)[0] != crc32(self._checked):
            return _BAD
        found = unpack_from(">I", page)[0]
        return _VALID if (found - sequence) % self._pages == 0 else _BAD

    def _head(self) -> tuple[int, int]:
        """(sequence number, generation) of the newest page; (-1, -1) if there is none."""
        head, generation = -1, -1
        for place in range(self._pages):
            if self._load(place) == _VALID:
                found = unpack_from(_HEADER, self._page)
                if found[0] > head:
                    head, generation = found[0], found[1]
        return head, generation

    def _open(self, generation: int) -> None:
        """Find the live pages of this generation, and the place to write to. Raises OSError on damage."""
        if self._is_open and generation == self._generation:
            return
        head, newest = self._head()
        if newest > generation:
            raise OSError(_IO, "the ring holds generation %d, the checkpoint is of %d" % (newest, generation))
        if head < 0 and generation:
            raise OSError(_IO, "the ring is blank, the checkpoint is of generation %d" % generation)
        behind = head + 1
        end = (behind + BLOCK_PAGES - 1) // BLOCK_PAGES * BLOCK_PAGES
        last = head
        for sequence in range(behind, end):
            if self._load(sequence) != _ERASED:
                last = sequence
        self._require_free(end)
        self._generation = generation
        self._next = min(last + 2, end)
        first = self._first_live(head) if newest == generation else head + 1
        self._tail = first if first <= head else self._next
        self._ready = end
        if head >= self._pages:
            self._ready += BLOCK_PAGES * max(0, self._erased_blocks(end) - 1)
        self._is_open = True
        self._rewind()

    def _require_free(self, sequence: int) -> None:
        """A block that was never erased, or half, is garbage in more than its first page. Else a page is damaged."""
        if self._load(sequence) == _BAD:
            for place in range(sequence + 1, sequence + BLOCK_PAGES):
                if self._load(place) != _ERASED:
                    return
            raise OSError(_IO, "damaged page %d at the end of the ring" % (sequence % self._pages))

    def _first_live(self, head: int) -> int:
        """Sequence number of the first of the pages that belong to the generation of the page `head`.

        Less than a lap of them are live, so a page of the lap before is of a generation before, too.
        """
        first = head + 1
        for sequence in range(head, max(-1, head - self._pages), -1):
            if self._load(sequence) == _VALID:
                found = unpack_from(_HEADER, self._page)
                if found[1] != self._generation or found[2] & _VOID:
                    break
                first = sequence
        return first

    def _erased_blocks(self, sequence: int) -> int:
        """How many blocks in a row read as erased from that page on, as far as it matters."""
        for count in range(min(AHEAD_BLOCKS + 1, (self._limit() - sequence) // BLOCK_PAGES)):
            for place in range(BLOCK_PAGES):
                if self._load(sequence + count * BLOCK_PAGES + place) != _ERASED:
                    return count
        return min(AHEAD_BLOCKS + 1, (self._limit() - sequence) // BLOCK_PAGES)

    def _rewind(self) -> None:
        self._start, self._place, self._group_end = 0, self._tail, self._tail

    def _load_counted(self) -> int:
        """Read the first page from _place on that counts, and move _place there. Its length, or -1 at the end."""
        while self._place < self._next:
            kind = self._live(self._place)
            if kind == _VALID and self._place < self._group_end:
                return self._page[9]
            if kind == _VALID:
                if not self._page[8] & _FIRST:
                    raise OSError(_IO, "page %d follows a page that is lost" % (self._place % self._pages))
                end = self._end_of_group()
                if end > 0:
                    self._group_end = end
                    continue
                self._place = -end
            else:
                self._place += 1
        return -1

    def _end_of_group(self) -> int:
        """One page behind the group that begins at _place; negative: of what is left of it, because it is not whole."""
        sequence = self._place
        while sequence < self._next and self._live(sequence) == _VALID:
            flags = self._page[8]
            if flags & _FIRST and sequence > self._place:
                break
            sequence += 1
            if flags & _LAST:
                return sequence
        return -sequence

    def _live(self, sequence: int) -> int:
        """Read a page between the first live one and the end. Raises OSError if it is damaged."""
        kind = self._load(sequence)
        if kind == _BAD:
            raise OSError(_IO, "damaged page %d of the ring" % (sequence % self._pages))
        return kind


def _own(name: str) -> str:
    return CHECKPOINT if name == journal.CHECKPOINT else name

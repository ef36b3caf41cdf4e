"""NOR flash in memory, as bad as the real one: a program clears bits, and a power cut leaves whatever it likes.

    Nor(blocks)             a Ring, all of it erased
    .watch                  called before each operation: watch(name, index, data), name "program" or "erase"
    .copy().cut(tear, ...)  what the flash is like if the power is cut in that operation: `tear(nor, name, index, data)`
                            leaves what it likes
    .misuses                programs of a page that was not erased, or whose erase or program a power cut ended

A cut operation makes its page or block unreliable, even if it reads as erased: only a whole erase mends that. One
exception: of a life whose first program ends without a trace the next life can know nothing.
"""

PAGE_BYTES = 256
BLOCK_PAGES = 16
BLOCK_BYTES = BLOCK_PAGES * PAGE_BYTES
ERASED_PAGE = b"\xff" * PAGE_BYTES
ERASED_BLOCK = b"\xff" * BLOCK_BYTES


class Nor:
    """A Ring whose `data` is a bytearray for each block."""

    def __init__(self, blocks):
        self.blocks = blocks
        self.data = [bytearray(ERASED_BLOCK) for _ in range(blocks)]
        self.unreliable = set()
        self.misuses = []
        self.erases = [0] * blocks
        self.programs = 0  # in this life
        self.watch = nobody

    def copy(self):
        other = Nor(self.blocks)
        other.data = [bytearray(block) for block in self.data]
        other.unreliable = set(self.unreliable)
        other.programs = self.programs
        return other

    def read(self, page, buffer):
        buffer[:] = self.page(page)

    def page(self, page):
        at = page % BLOCK_PAGES * PAGE_BYTES
        return self.data[page // BLOCK_PAGES][at : at + PAGE_BYTES]

    def program(self, page, data):
        assert len(data) == PAGE_BYTES
        self.watch("program", page, data)
        if page in self.unreliable or self.page(page) != ERASED_PAGE:
            self.misuses.append(page)
        self.programs += 1
        self.write(page, data, PAGE_BYTES)

    def erase(self, block):
        self.watch("erase", block, ERASED_BLOCK)
        self.unreliable.difference_update(pages_of(block))
        self.data[block] = bytearray(ERASED_BLOCK)
        self.erases[block] += 1

    def write(self, page, data, count):
        """Clear the bits of the first `count` bytes of a page that are clear in `data`."""
        block, at = page // BLOCK_PAGES, page % BLOCK_PAGES * PAGE_BYTES
        for i in range(count):
            self.data[block][at + i] &= data[i]

    def cut(self, tear, name, index, data):
        """The power is cut in that operation."""
        tear(self, name, index, data)
        if name == "erase":
            self.unreliable.update(pages_of(index))
        elif self.programs or self.page(index) != ERASED_PAGE:
            self.unreliable.add(index)


def nobody(name, index, data):
    """Nobody watches."""


def pages_of(block):
    return range(block * BLOCK_PAGES, (block + 1) * BLOCK_PAGES)


def tear_nothing(nor, name, index, data):
    """The operation has not changed anything that a read would show."""


def tear_all(nor, name, index, data):
    """The operation was done when the power went."""
    if name == "program":
        nor.write(index, data, PAGE_BYTES)
    else:
        nor.data[index][:] = ERASED_BLOCK


def _torn(count, erase):
    """A program reached its first `count` bytes; an erase did `erase(block, share)` with as large a share."""

    def tear(nor, name, index, data):
        if name == "program":
            nor.write(index, data, count)
        else:
            erase(nor.data[index], count * BLOCK_PAGES)

    return tear


def torn_after(count):
    """A program reached its first `count` bytes; an erase as large a share of its block."""

    def erase(block, end):
        block[:end] = ERASED_BLOCK[:end]

    return _torn(count, erase)


def torn_before(count):
    """An erase that works from the end had that share left to do; a program is torn as usual."""

    def erase(block, start):
        block[start:] = ERASED_BLOCK[start:]

    return _torn(count, erase)


def zeroed_after(count):
    """An erase first clears all bits, and reached that share; a program is torn as usual."""

    def erase(block, end):
        block[:end] = bytes(end)

    return _torn(count, erase)


def scattered(seed):
    """A program reached some of its bytes, in no order; an erase leaves noise."""

    def tear(nor, name, index, data):
        if name == "erase":
            garbled(seed)(nor, name, index, data)
            return
        state = seed * 69621 + index
        reached = bytearray(data)
        for i in range(PAGE_BYTES):
            state = (state * 1103515245 + 12345) & 0x7FFFFFFF
            if state >> 16 & 1:
                reached[i] = 0xFF
        nor.write(index, reached, PAGE_BYTES)

    return tear


def garbled(seed):
    """An erase leaves noise; a program is torn somewhere."""

    def tear(nor, name, index, data):
        state = seed * 2654435761 + index * 40503 + 1
        if name == "program":
            nor.write(index, data, state % PAGE_BYTES)
            return
        for i in range(BLOCK_BYTES):
            state = (state * 1103515245 + 12345) & 0x7FFFFFFF
            nor.data[index][i] = state >> 16 & 255

    return tear

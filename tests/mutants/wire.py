"""Planted bugs of a Pico's line: reading guided by COBS, functions in machine code, steps without effects."""

from tests.mutants.mutant import Mutant

GUIDED = "firmware/amu/boards/guided.py"
MACHINE = "firmware/amu/wire/machine.py"
ENCODER = "firmware/amu/wire/machine_cbor.py"

MUTANTS = (
    Mutant(
        "a receiver follows code bytes out of a damaged frame",
        GUIDED,
        '            if buffer.find(b"\\x00", at + 1, end) >= 0:\n',
        "            if False:\n",
        ("guided receive",),
    ),
    Mutant(
        "machine code reads a group past the end of its frame",
        MACHINE,
        "        if code == 0 or end > stop:\n",
        "        if code == 0:\n",
        ("machine twins",),
    ),
    Mutant(
        "machine code makes groups of 255 bytes",
        MACHINE,
        "        if code == 255:\n            out[at] = 255\n",
        "        if code == 256:\n            out[at] = 255\n",
        ("machine twins",),
    ),
    Mutant(
        "machine code compares the last byte of a tag",
        MACHINE,
        "        found |= one[i] ^ other[i]\n",
        "        found = one[i] ^ other[i]\n",
        ("machine twins",),
    ),
    Mutant(
        "machine code takes a head longer than need be",
        MACHINE,
        "            if value < 24:\n                return 0\n",
        "            if value < 20:\n                return 0\n",
        ("machine twins",),
    ),
    Mutant(
        "machine code takes bytes behind a vote",
        MACHINE,
        " or count != at + 34:\n",
        ":\n",
        ("machine twins",),
    ),
    Mutant(
        "machine code does not check a CRC",
        MACHINE,
        "    if not _is_word(crc32(view[:last]), plain, last):\n",
        "    if False:\n",
        ("machine twins",),
    ),
    Mutant(
        "a receiver waits behind a delimiter",
        GUIDED,
        "        if not self._has_more():\n            return b",
        "        if False:\n            return b",
        ("guided receive",),
    ),
    Mutant(
        "a receiver takes a group and not the code behind it",
        GUIDED,
        "            at = end\n",
        "            at = end + 1\n",
        ("guided receive",),
    ),
    Mutant(
        "machine code writes the low bits of a long number",
        ENCODER,
        "            if (item >> small_bits) is not zero:\n                return -1\n",
        "",
        ("machine twins",),
    ),
    Mutant(
        "machine code writes text beyond ASCII by its count of characters",
        ENCODER,
        "                if byte > 0x7F and major == 0x60:\n                    return -1\n",
        "",
        ("machine twins",),
    ),
    Mutant(
        "machine code writes bytes past the end of its buffer",
        ENCODER,
        "            if end > _OUT_BYTES:\n                return -1\n",
        "",
        ("machine twins",),
    ),
    Mutant(
        "a clock that f + 1 peers have passed does not follow them",
        "firmware/amu/core/lamport.py",
        "            if before <= common < claimed:  #",
        "            if before < common < claimed:  #",
        ("lamport",),
    ),
    Mutant(
        "a node does not see that it has events to report",
        "firmware/amu/node/effects.py",
        "self._forced or self._tracer.events:",
        "self._forced:",
        ("no effects",),
    ),
    Mutant(
        "a node does not see that it wants a checkpoint",
        "firmware/amu/node/node.py",
        "            and not effects.wants_checkpoint\n",
        "",
        ("no effects",),
    ),
    Mutant(
        "a node does not see that its reserved times run out",
        "firmware/amu/node/node.py",
        "            and self._clock.time + limits.LAMPORT_RESERVE // 2 <= self._reserved\n",
        "",
        ("no effects",),
    ),
)

"""Planted bugs of a Pico's line: reading guided by COBS, functions in machine code, steps without effects."""

from tests.mutants.mutant import Mutant

GUIDED = "firmware/amu/boards/guided.py"
MACHINE = "firmware/amu/wire/machine.py"
HASHES = "firmware/amu/boards/hashes.py"
ENCODER = "firmware/amu/wire/machine_cbor.py"
CODEC = "firmware/amu/wire/codec.py"
RUNTIME = "firmware/amu/boards/runtime.py"
OUTBOX = "firmware/amu/boards/outbox.py"

MUTANTS = (
    Mutant(
        "the short way of a frame overtakes bytes that are held back",
        "firmware/amu/wire/framer.py",
        "            self._start < self._end\n            or self._skipping\n",
        "            self._skipping\n",
        ("framer",),
    ),
    Mutant(
        "a hash goes on from the state before",
        HASHES,
        "    while i < words:\n",
        "    while i < words - 8:\n",
        ("machine twins",),
    ),
    Mutant(
        "both hashes of a tag begin with the first key block",
        HASHES,
        "    _load(begun[1], _address, _words)\n",
        "    _load(begun[0], _address, _words)\n",
        ("machine twins",),
    ),
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
        "machine code takes a vote that ends early",
        MACHINE,
        " or count < at + 34:\n        return 0\n    return at + 2\n\n\n@micropython.viper\ndef peek",
        ":\n        return 0\n    return at + 2\n\n\n@micropython.viper\ndef peek",
        ("machine twins",),
    ),
    Mutant(
        "machine code does not check a CRC",
        MACHINE,
        "    if not _is_word(crc32(_plain_view[:last]), plain, last):\n",
        "    if False:\n",
        ("machine twins",),
    ),
    Mutant(
        "a frame mixes classes",
        CODEC,
        "if type(kind) is not int or frames.traffic_of(kind) != traffic:\n",
        "if type(kind) is not int:\n",
        ("runtime", "codec"),
    ),
    Mutant(
        "a frame holds messages without bound",
        CODEC,
        "        if len(found) == limits.MESSAGES_PER_FRAME_MAX:\n",
        "        if False:\n",
        ("codec",),
    ),
    Mutant(
        "only the first message of a frame counts",
        RUNTIME,
        "        for lamport, message in found:\n",
        "        for lamport, message in found[:1]:\n",
        ("runtime",),
    ),
    Mutant(
        "a malformed message costs only itself",
        CODEC,
        "            found.append(_message(traffic, fields))\n",
        """            try:
                found.append(_message(traffic, fields))
            except CodecError:
                if not found:
                    raise
""",
        ("runtime", "codec"),
    ),
    Mutant(
        "effects are performed after each message",
        RUNTIME,
        "                if self._node.is_full():\n",
        "                if True:\n",
        ("runtime",),
    ),
    Mutant(
        "a turn gathers effects without bound",
        RUNTIME,
        "                if self._node.is_full():\n",
        "                if False:\n",
        ("runtime",),
    ),
    Mutant(
        "a turn takes frames without end",
        RUNTIME,
        "                if taken >= limits.TURN_FRAMES_MAX:\n",
        "                if False:\n",
        ("runtime",),
    ),
    Mutant(
        "a node is never full",
        "firmware/amu/node/effects.py",
        "            len(self._sends) >= limits.TURN_SENDS_MAX\n",
        "            False\n",
        ("no effects",),
    ),
    Mutant(
        "the last message of a frame overflows it",
        OUTBOX,
        "if batch.size + size > limits.PAYLOAD_BYTES_MAX or ",
        "if ",
        ("runtime",),
    ),
    Mutant(
        "a message for one peer goes before broadcasts that were earlier",
        OUTBOX,
        "            batch.parts = list(common.parts)\n",
        "            batch.parts = []\n",
        ("runtime",),
    ),
    Mutant(
        "a broadcast goes to all peers twice once their frames differ",
        OUTBOX,
        "        common.parts = []\n",
        "        pass\n",
        ("runtime",),
    ),
    Mutant(
        "the station counts one request of a frame as sent",
        "groundstation/station/telecommand.py",
        "        for subject in uplink.subjects:\n",
        "        for subject in uplink.subjects[:1]:\n",
        ("requests of the station",),
    ),
    Mutant(
        "the station puts more requests into a frame than it holds",
        "groundstation/station/telecommand.py",
        " or sum(map(len, parts)) + len(part) > limits.PAYLOAD_BYTES_MAX):\n",
        "):\n",
        ("requests of the station",),
    ),
    Mutant(
        "a fault rule sees the first message of a frame only",
        "groundstation/faults/ether.py",
        "        return kinds_of(codec.decode(header.traffic, header.payload))\n",
        "        return kinds_of(codec.decode(header.traffic, header.payload)[:1])\n",
        ("ether",),
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

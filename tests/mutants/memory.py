"""Planted bugs of what a board remembers: answers, registers, bodies, requests, flash, and what is computed once only.

Some of them change little that others see. "CRC chain without the generation" changes nothing that a board does: the
name of a journal names its generation, and the first link of the chain, the checkpoint's CRC, covers it again, so only
two checkpoints with equal CRC-32 would tell. It is caught as a breach of the format on flash.
"""

from tests.mutants.mutant import Mutant

CATCH_UP = "firmware/amu/consensus/catch_up.py"
INSTANCE = "firmware/amu/consensus/instance.py"
PENDING = "firmware/amu/consensus/pending.py"
JOURNAL = "firmware/amu/node/journal.py"
OPERATIONS = "firmware/amu/ledger/operations.py"
CHANNEL = "firmware/amu/services/channel.py"
DETECTOR = "firmware/amu/services/detector.py"

MUTANTS = (
    Mutant(
        "the nonce of a rejoin answer is not compared",
        CATCH_UP,
        "if message.nonce and message.nonce == self._nonce and",
        "if message.nonce and",
        ("past", "rejoin"),
    ),
    Mutant(
        "any report of progress counts as a rejoin answer",
        CATCH_UP,
        "if message.nonce and message.nonce == self._nonce and",
        "if",
        ("past", "rejoin"),
    ),
    Mutant(
        "a board that has only just rejoined answers another",
        CATCH_UP,
        "elif 0 <= self._replica.floor <= self._replica.applied + WINDOW_SLOTS:",
        "elif self._replica.floor >= 0:",
        ("past", "rejoin"),
    ),
    Mutant(
        "a decision's body is evicted from the shelf",
        INSTANCE,
        "return value == self.decision or names(",
        "return names(",
        ("slot memory",),
    ),
    Mutant(
        "the body of an own vote is evicted from the shelf",
        INSTANCE,
        "names(self.registers.as_list() + [self._proposals[self.me]], value)",
        "names([self._proposals[self.me]], value)",
        ("slot memory",),
    ),
    Mutant(
        "the body of the own proposal is evicted from the shelf",
        INSTANCE,
        "names(self.registers.as_list() + [self._proposals[self.me]], value)",
        "names(self.registers.as_list(), value)",
        ("slot memory",),
    ),
    Mutant(
        "a request of an overruled proposal stays assigned",
        PENDING,
        "            if entry.slot == slot:\n                self._put(entry, 0)\n        for held",
        "            pass\n        for held",
        ("pending",),
    ),
    Mutant(
        "a request stays assigned when its slot was decided without it",
        PENDING,
        "            if entry.slot == slot:\n                self._put(entry, 0)\n            if not",
        "            if not",
        ("pending",),
    ),
    Mutant(
        "requests that a proposal carries count as waiting",
        PENDING,
        "            self._waiting -= 1\n",
        "            pass\n",
        ("pending",),
    ),
    Mutant(
        "a request waits on when another command of its number was decided",
        PENDING,
        "                done = self.find(client, operation)\n",
        "                done = None\n",
        ("pending",),
    ),
    Mutant(
        "a request that no body can carry is queued",
        PENDING,
        "        if type(field) is list or type(field) is dict:",
        "        if False:",
        ("pending",),
    ),
    Mutant(
        "a request counts as held although its encoding stands elsewhere in the body",
        PENDING,
        "body.startswith(entry.data, at)",
        "entry.data in body",
        ("pending",),
    ),
    Mutant(
        "what follows the requests of a body is passed over",
        PENDING,
        "        bodies.check_end(body, at)\n",
        "",
        ("pending",),
    ),
    Mutant(
        "a voter forgets that a proposal waits for a request",
        INSTANCE,
        "self.lacks is None or self.lacks == request:",
        "self.lacks is None:",
        ("batches",),
    ),
    Mutant(
        "a voter reads a proposal again with each request",
        INSTANCE,
        "            if request is None or self.lacks is None or self.lacks == request:\n"
        "                self._try_vote1()",
        "            self._try_vote1()",
        ("batches",),
    ),
    Mutant(
        "a request stays assigned when a state was adopted",
        PENDING,
        "            entry.slot = 0\n            self._bytes += len(entry.data)\n",
        "            self._bytes += len(entry.data)\n",
        ("pending",),
    ),
    Mutant(
        "registers at entry are taken from the last vote",
        INSTANCE,
        "        self.registers.vote(phase, view, value)\n        # Persist",
        "        self.registers.vote(phase, view, value)\n        self.entry = self.registers.as_list()\n"
        "        # Persist",
        ("slot memory",),
    ),
    Mutant(
        "a status tells the registers of the last vote",
        INSTANCE,
        "Status(self.slot, view, wish, *self.entry, *votes)",
        "Status(self.slot, view, wish, *registers.as_list(), *votes)",
        ("slot memory",),
    ),
    Mutant(
        "proof and suggest are repeated with the registers of the last vote",
        INSTANCE,
        "        hi1, second1, hi2, second2, hi3, hi4 = self.entry\n        wish",
        "        hi1, second1, hi2, second2, hi3, hi4 = self.registers.as_list()\n        wish",
        ("slot memory",),
    ),
    Mutant(
        "own words are counted with the registers of the last vote after a reboot",
        INSTANCE,
        "            hi1, second1, hi2, second2, hi3, hi4 = self.entry\n            self._proofs",
        "            hi1, second1, hi2, second2, hi3, hi4 = self.registers.as_list()\n            self._proofs",
        ("slot memory",),
    ),
    Mutant(
        "registers at entry are not restored from a checkpoint",
        INSTANCE,
        "            self.entry = [register and tuple(register) for register in registers]",
        "            pass",
        ("slot memory",),
    ),
    Mutant(
        "CRC chain without the generation",
        JOURNAL,
        'return pack(">IIHH", generation, link, size, size ^ 0xFFFF)',
        'return pack(">IHH", link, size, size ^ 0xFFFF)',
        ("journal",),
    ),
    Mutant(
        "CRC chain without the batch before",
        JOURNAL,
        'return pack(">IIHH", generation, link, size, size ^ 0xFFFF)',
        'return pack(">IHH", generation, size, size ^ 0xFFFF)',
        ("journal",),
    ),
    Mutant(
        "an old journal is not cleared at recovery",
        JOURNAL,
        "        if generation:\n",
        "        if False:\n",
        ("journal",),
    ),
    Mutant(
        "a cached digest is kept when a client's operation comes out of order",
        OPERATIONS,
        "        self._held[index] |= 1 << bit\n        self._digest = None\n",
        "        self._held[index] |= 1 << bit\n"
        "        if operation == self.highest:\n            self._digest = None\n",
        ("ledger on board",),
    ),
    Mutant(
        "channel: an acknowledgement beyond what was sent again is refused",
        CHANNEL,
        "        if number > self._highest:\n            self.refused",
        "        if number > self._sent:\n            self.refused",
        ("ops",),
    ),
    Mutant(
        "channel: after an acknowledgement beyond what was sent again the next items are passed over",
        CHANNEL,
        "            if self._sent < number:\n                self._sent = number\n",
        "",
        ("ops",),
    ),
    Mutant(
        "detector: the cached deviation outlives its samples",
        DETECTOR,
        "        self._root[peer] = 0\n",
        "",
        ("detector",),
    ),
    Mutant(
        "operations below the window stay remembered",
        OPERATIONS,
        "        if oldest <= self._lowest:\n            return\n",
        "        return\n",
        ("operations",),
    ),
    Mutant(
        "rows of another state are taken for those of this one",
        OPERATIONS,
        "if self._packed(index) == other._packed(index):",
        "if self._numbers[index] == other._numbers[index]:",
        ("operations",),
    ),
    Mutant(
        "a reason without a place gets that of another",
        OPERATIONS,
        "        if len(self.known) == _REASONS_MAX:\n            return -1\n",
        "        if len(self.known) == _REASONS_MAX:\n            return 0\n",
        ("operations",),
    ),
)

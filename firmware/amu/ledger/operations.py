"""Operation ids: each operation of a client takes effect at most once, however often it is sent.

A client numbers its operations; (client, operation) names one for good. The ledger remembers the result of each until
the number lies OPERATIONS_PER_CLIENT_MAX below the client's highest (RIFL, SOSP 2015: a completion record beside
the state that it speaks of). A repetition gets the remembered result and changes nothing. A number below the
window is *stale*: whether it was ever applied is no longer known, so it is refused rather than risked twice.

The table is part of the state and of its digest: a replica that takes over a checkpoint must not apply an operation
again.
"""

import hashlib
from array import array

from amu.core import limits
from amu.core.chunks import whole
from amu.wire import cbor

if "":  # for the type checker; see amu.core.types
    from collections.abc import Sequence

    from amu.core.seams import Packed
    from amu.core.types import Array

NEW = "new"
DONE = "done"
STALE = "stale"

GROUP = 8  # operations whose rows lie in one byte string
_REASONS_MAX = 128
_REASON_BYTES_MIN = 16  # of an encoded result: shorter ones stay where they are
_BY_REASON = 0xE0  # no head of a byte string
_GROUPS = limits.OPERATIONS_PER_CLIENT_MAX // GROUP + 1  # that hold the window, wherever it begins


class Reasons:
    """Encoded results that many operations have in common: the reasons of refusals, of which there are few."""

    def __init__(self) -> None:
        self.known: list[bytes] = []  # at most _REASONS_MAX

    def find(self, result: bytes) -> int:
        """Index of an encoded result, from now on; negative if it has none."""
        if result in self.known:
            return self.known.index(result)
        if len(self.known) == _REASONS_MAX:
            return -1
        self.known.append(result)
        return len(self.known) - 1


class _Group:
    """Rows of consecutive operations, with indices in place of reasons. Never changed, so a checkpoint may refer to it.

    In `packed` a row is as in the checkpoint, a CBOR byte string, or _BY_REASON, the index, the length of the rest, and
    the rest: the row up to its result.
    """

    def __init__(self, packed: bytes, reasons: Reasons, length: int) -> None:
        self.packed = packed
        self._reasons = reasons
        self._length = length

    def __len__(self) -> int:
        return self._length

    def unpacked(self) -> bytes:
        out = bytearray()
        place = 0
        packed = self.packed
        while place < len(packed):
            end = _end(packed, place)
            if packed[place] == _BY_REASON:
                rest, result = packed[place + 3 : end], self._reasons.known[packed[place + 1]]
                out.extend(cbor.bytes_head(len(rest) + len(result)))
                out.extend(rest)
                out.extend(result)
            else:
                out.extend(packed[place:end])
            place = end
        return bytes(out)


class ClientOperations:
    """The remembered operations of one client.

    Rows lie in groups of GROUP consecutive operation numbers, in a ring that the group's number indexes: an object for
    each row would take as much again.
    """

    def __init__(self, client: int, reasons: Reasons) -> None:
        self.client = client
        self.highest = -1
        self._reasons = reasons
        # CBOR of each [operation, slot, result] as a byte string, one after another
        self._groups: list[bytes | _Group] = [b""] * _GROUPS
        self._numbers = array("I", [0] * _GROUPS)  # of the groups: operation // GROUP
        self._held = bytearray(_GROUPS)  # bit i: the group has its operation i
        self._lowest = 0  # no operation below this is held
        self._digest: bytes | None = None

    def status(self, operation: int) -> str:
        """NEW, DONE or STALE."""
        if operation > self.highest:
            return NEW
        if operation <= self.highest - limits.OPERATIONS_PER_CLIENT_MAX:
            return STALE
        number = operation // GROUP
        index = number % _GROUPS
        is_held = self._numbers[index] == number and self._held[index] >> operation % GROUP & 1
        return DONE if is_held else NEW

    def result(self, operation: int) -> "tuple[int, Array]":
        """(slot, result) of a DONE operation."""
        index = operation // GROUP % _GROUPS
        packed = self._packed(index)
        place = self._place(index, operation % GROUP)
        row = packed[place : _end(packed, place)]
        if row[0] == _BY_REASON:
            _, slot, result = cbor.decode(row[3:] + self._reasons.known[row[1]])
        else:
            _, slot, result = cbor.decode(row, start=_head_bytes(len(row) - 2))
        return slot, result

    def remember(self, operation: int, slot: int, result: "Array") -> None:
        """Remember a NEW operation. Those that fall out of the window are forgotten."""
        self.keep(operation, cbor.encode([operation, slot, result]))

    def keep(self, operation: int, row: bytes) -> None:
        """The same, of the CBOR of [operation, slot, result]."""
        assert self.status(operation) == NEW, "operation applied twice"
        assert len(row) <= limits.OPERATION_ROW_BYTES_MAX, "result too long to remember"
        number, bit = operation // GROUP, operation % GROUP
        index = number % _GROUPS
        if operation > self.highest:
            self.highest = operation
            self._forget(operation - limits.OPERATIONS_PER_CLIENT_MAX + 1)
            place = len(self._packed(index))
        else:
            place = self._place(index, bit)
        self._splice(index, place, place, self._entry(row), _head_bytes(len(row)) + len(row))
        self._numbers[index] = number
        self._held[index] |= 1 << bit
        self._digest = None

    def load(self, operations: "Sequence[int]", rows: list[bytes]) -> None:
        """Keep all rows of a client that has none, in ascending order and within one window."""
        at = 0
        while at < len(rows):
            number, held, first = operations[at] // GROUP, 0, at
            while at < len(rows) and operations[at] // GROUP == number:
                held |= 1 << operations[at] % GROUP
                rows[at] = self._entry(rows[at])
                at += 1
            index = number % _GROUPS
            packed = b"".join(rows[first:at])
            self._groups[index] = b""
            self._splice(index, 0, 0, packed, self._length(packed, 0, len(packed)))
            self._numbers[index] = number
            self._held[index] = held
        self.highest = operations[-1]
        self._digest = None

    def count(self) -> int:
        """How many operations are remembered."""
        count = 0
        for held in self._held:
            while held:
                count += held & 1
                held >>= 1
        return count

    def pieces(self) -> "list[bytes | Packed]":
        """The rows in ascending order, each as a CBOR byte string, some to a piece."""
        found: list[bytes | Packed] = []
        last = self.highest // GROUP
        for number in range(max(0, last - _GROUPS + 1), last + 1):
            index = number % _GROUPS
            if self._numbers[index] == number and self._held[index]:
                found.append(self._groups[index])
        return found

    def digest(self) -> bytes:
        """SHA-256 of the rows. Kept, because only clients that spoke in a slot have to be hashed again."""
        if self._digest is None:
            hasher = hashlib.sha256()
            for piece in self.pieces():
                rows = whole(piece)
                view = memoryview(rows)
                place = 0
                while place < len(rows):
                    end = _end(rows, place)
                    hasher.update(view[place + (1 if rows[place] < 0x58 else 2) : end])
                    place = end
            self._digest = hasher.digest()
        return self._digest

    def share_with(self, other: "ClientOperations") -> None:
        """Let go of each group that `other`, of the same reasons, has, too, and keep the other's."""
        assert self._reasons is other._reasons, "indices of other reasons"
        for index in range(_GROUPS):
            if self._packed(index) == other._packed(index):
                self._groups[index] = other._groups[index]

    def _packed(self, index: int) -> bytes:
        group = self._groups[index]
        return group.packed if isinstance(group, _Group) else group

    def _splice(self, index: int, start: int, end: int, entry: bytes, growth: int) -> None:
        """Replace these bytes of a group. `growth`: of its length in a checkpoint."""
        group, packed = self._groups[index], self._packed(index)
        length = len(group) + growth
        packed = packed[:start] + entry + packed[end:]
        # A row whose reason is elsewhere is shorter than in a checkpoint.
        self._groups[index] = packed if length == len(packed) else _Group(packed, self._reasons, length)

    def _length(self, packed: bytes, place: int, end: int) -> int:
        """Length of these rows in a checkpoint."""
        length = 0
        while place < end:
            following = _end(packed, place)
            if packed[place] == _BY_REASON:
                row = packed[place + 2] + len(self._reasons.known[packed[place + 1]])
                length += _head_bytes(row) + row
            else:
                length += following - place
            place = following
        return length

    def _entry(self, row: bytes) -> bytes:
        """The row as it stands in a group."""
        at = _number_end(row, _number_end(row, 1))
        if len(row) - at >= _REASON_BYTES_MIN:
            reason = self._reasons.find(row[at:])
            if reason >= 0:
                return bytes((_BY_REASON, reason, at)) + row[:at]
        return cbor.bytes_head(len(row)) + row

    def _place(self, index: int, bit: int) -> int:
        """Where the row of that operation of a group begins, or would begin."""
        packed, before = self._packed(index), self._held[index] & (1 << bit) - 1
        place = 0
        while before:
            if before & 1:
                place = _end(packed, place)
            before >>= 1
        return place

    def _forget(self, oldest: int) -> None:
        """Let go of all operations below this one."""
        if oldest <= self._lowest:
            return
        first = max(self._lowest // GROUP, oldest // GROUP - _GROUPS + 1)
        self._lowest = oldest
        for number in range(first, oldest // GROUP + 1):
            index = number % _GROUPS
            if self._held[index] and self._numbers[index] * GROUP < oldest:
                below = min(oldest - self._numbers[index] * GROUP, GROUP)
                place = self._place(index, below)
                self._splice(index, 0, place, b"", -self._length(self._packed(index), 0, place))
                self._held[index] = self._held[index] >> below << below


def _end(packed: bytes, place: int) -> int:
    """Where the row ends that begins there."""
    head = packed[place]
    if head == _BY_REASON:
        return place + 3 + packed[place + 2]
    return place + 2 + packed[place + 1] if head == 0x58 else place + 1 + head - 0x40


def _head_bytes(length: int) -> int:
    """Length of the head of a byte string."""
    return 1 if length < 24 else 2


def _number_end(row: bytes, at: int) -> int:
    """Where the CBOR of an unsigned integer ends that begins there."""
    information = row[at]
    return at + 1 + (0 if information < 24 else 1 << information - 24)


class OperationTable:
    """At most CLIENTS_MAX clients, sorted by number."""

    def __init__(self, reasons: Reasons | None = None) -> None:
        """`reasons`: of the table before, whose groups may be shared."""
        self.reasons = reasons or Reasons()
        self.clients: list[ClientOperations] = []  # at most CLIENTS_MAX

    def find(self, client: int) -> ClientOperations | None:
        """What is remembered of `client`, or None."""
        for entry in self.clients:
            if entry.client == client:
                return entry
        return None

    def status(self, client: int, operation: int) -> str:
        """NEW, DONE or STALE."""
        found = self.find(client)
        return NEW if found is None else found.status(operation)

    def has_room(self, client: int) -> bool:
        """Whether an operation of `client` can be remembered."""
        return len(self.clients) < limits.CLIENTS_MAX or self.find(client) is not None

    def remember(self, client: int, operation: int, slot: int, result: "Array") -> None:
        """Remember a NEW operation. Only when `has_room(client)`."""
        found = self.find(client)
        if found is None:
            found = ClientOperations(client, self.reasons)
            self.add(found)
        found.remember(operation, slot, result)

    def add(self, entry: ClientOperations) -> None:
        assert len(self.clients) < limits.CLIENTS_MAX, "clients"
        index = len(self.clients)
        while index > 0 and self.clients[index - 1].client > entry.client:
            index -= 1
        self.clients.insert(index, entry)

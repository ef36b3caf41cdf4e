"""Remembered operations take little memory and are the same bytes as a plain table of rows."""

import hashlib

from amu.core import limits
from amu.core.chunks import whole
from amu.ledger.operations import DONE, GROUP, NEW, STALE, ClientOperations, OperationTable, Reasons
from amu.ledger.state import Ledger
from amu.wire import cbor

WINDOW = limits.OPERATIONS_PER_CLIENT_MAX
RESULTS = (
    ["ok"], ["ok", 70_000, 9], ["refused", "no live lease"], ["refused", "token is not the lease's"],
    ["refused", "r" * 53], ["ok", "disputed"],
)  # fmt: skip


class Plain:
    """The same table without any thought of memory."""

    def __init__(self):
        self.rows = {}

    def remember(self, operation, slot, result):
        self.rows[operation] = (slot, result)
        oldest = max(self.rows) - WINDOW
        self.rows = {number: row for number, row in self.rows.items() if number > oldest}

    def status(self, operation):
        if operation in self.rows:
            return DONE
        return STALE if self.rows and operation <= max(self.rows) - WINDOW else NEW

    def encoded(self):
        return [cbor.encode([number, self.rows[number][0], self.rows[number][1]]) for number in sorted(self.rows)]


def numbers(seed, count, most_ahead):
    """Operation numbers, mostly ascending, with gaps and stragglers."""
    highest = 0
    found = []
    for _ in range(count):
        seed = (seed * 1_103_515_245 + 12_345) & 0x7FFFFFFF
        draw = seed >> 8
        if draw % 4 and highest:
            number = max(0, highest - draw // 4 % WINDOW)
        else:
            number = highest + draw // 4 % most_ahead
        found.append(number)
        highest = max(highest, number)
    return found


def joined(entry):
    return b"".join([whole(piece) for piece in entry.pieces()])


def test_rows_digests_and_results_are_those_of_a_plain_table():
    for seed, most_ahead in ((1, 2), (2, 3), (3, 9), (4, 100), (5, 400)):
        entry, plain = ClientOperations(1, Reasons()), Plain()
        for number in numbers(seed, 200, most_ahead):
            assert entry.status(number) == plain.status(number)
            if entry.status(number) == NEW:
                result = RESULTS[number % len(RESULTS)]
                entry.remember(number, number + 3, result)
                plain.remember(number, number + 3, result)
            else:
                continue
            rows = plain.encoded()
            assert joined(entry) == b"".join([cbor.encode(row) for row in rows])
            assert entry.count() == len(rows)
            assert entry.digest() == hashlib.sha256(b"".join(rows)).digest()
        for number in range(max(plain.rows) - WINDOW - 2, max(plain.rows) + 2):
            assert entry.status(number) == plain.status(number)
            if entry.status(number) == DONE:
                assert entry.result(number) == plain.rows[number]


def test_loaded_rows_are_the_kept_ones():
    kept, loaded = ClientOperations(1, Reasons()), ClientOperations(1, Reasons())
    chosen = [number for number in range(100, 100 + WINDOW) if number % 5]
    rows = [cbor.encode([number, 7, RESULTS[number % len(RESULTS)]]) for number in chosen]
    for number, row in zip(chosen, rows):
        kept.keep(number, row)
    loaded.load(chosen, list(rows))
    assert joined(loaded) == joined(kept)
    for number in range(100, 100 + WINDOW):
        assert loaded.status(number) == kept.status(number)
    for entry in (kept, loaded):
        entry.remember(100 + WINDOW + 3, 9, ["ok"])
    assert loaded.digest() == kept.digest()


def test_reasons_are_kept_once_and_the_table_of_them_is_bounded():
    entry = ClientOperations(1, Reasons())
    for number in range(WINDOW):
        entry.remember(number, 9, ["refused", "r" * 53])
    held = sum([len(piece if type(piece) is bytes else piece.packed) for piece in entry.pieces()])
    assert held < WINDOW * 10 < len(joined(entry)) // 6
    reasons = Reasons()
    for number in range(3 * WINDOW):
        entry = ClientOperations(1, reasons)
        result = ["refused", "reason number " + str(number)]
        entry.remember(0, 9, result)
        assert entry.result(0) == (9, result)
    assert len(reasons.known) == 2 * WINDOW


def test_pieces_of_a_checkpoint_never_change():
    entry = ClientOperations(1, Reasons())
    for number in range(WINDOW):
        entry.remember(number, 9, RESULTS[number % len(RESULTS)])
    pieces, before = entry.pieces(), joined(entry)
    for number in range(WINDOW, 2 * WINDOW):
        entry.remember(number, 10, ["refused", "no live lease"])
    assert b"".join([whole(piece) for piece in pieces]) == before


def requests(first, count):
    return [[client, first + i, ["lease-release", "dock", client, 1]] for i in range(count) for client in range(4)]


def test_a_state_that_is_restored_beside_another_shares_what_did_not_change():
    older, newer = Ledger(), Ledger()
    for slot in range(1, 33):
        for ledger in (older, newer):
            ledger.apply(slot, requests(2 * slot, 2))
    bytes_of_older = older.encoded()
    for slot in range(33, 37):
        newer.apply(slot, requests(2 * slot, 2))
    bytes_of_newer = newer.encoded()
    one = Ledger.restore(bytes_of_older)
    kept = one.encoded()
    other = Ledger.restore(bytes_of_newer, known=one)
    assert other.encoded() == bytes_of_newer
    assert other.digest() == newer.digest()
    assert kept == bytes_of_older
    common = [piece for piece in other.encoded().pieces if any(piece is each for each in kept.pieces)]
    assert len(common) >= 4 * (WINDOW - 8) // GROUP - 4


def test_a_table_finds_its_clients_in_order():
    table = OperationTable()
    for client in (7, 3, 5):
        table.remember(client, 1, 1, ["ok"])
    assert [entry.client for entry in table.clients] == [3, 5, 7]

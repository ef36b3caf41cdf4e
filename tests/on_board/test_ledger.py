import gc
import hashlib

import ledger_script
from expect import refused, unhex
from ledger_desk import Desk, tables

from amu.consensus.checkpoints import digest_of
from amu.core import limits
from amu.core.chunks import split
from amu.core.errors import CodecError
from amu.ledger.effector import Effector
from amu.ledger.state import Ledger
from amu.wire import cbor

if hasattr(gc, "threshold"):
    gc.threshold(16384)  # as a board does: collect before the heap is in pieces


def _is_malformed(result):
    return result[0] == "refused" and result[1].startswith("malformed: ")


def _leased(slots=100):
    """A desk with shard 3 = [b"b", b"m"), leased to holder 2 under token 1."""
    desk = Desk()
    assert desk.do("shard-create", 3, b"b", b"m") == ["ok"]
    assert desk.do("lease-acquire", "shard/3", 2, slots) == ["ok", 1, 2 + slots]
    return desk


def _shard(desk, number):
    for row in tables(desk.ledger)[1]:
        if row[0] == number:
            return row
    return None


# --- leases -------------------------------------------------------------------------------------


def test_a_lease_of_k_slots_lives_in_k_slots():
    desk = Desk()
    assert desk.do("lease-acquire", "dock/1", 0, 3) == ["ok", 1, 4]  # slots 1, 2, 3
    desk.refused("resource is held", "lease-acquire", "dock/1", 1, 3)
    desk.refused("resource is held", "lease-acquire", "dock/1", 0, 3)
    assert desk.do("lease-acquire", "dock/1", 1, 3) == ["ok", 2, 7]


def test_an_expired_lease_moves_nothing():
    desk = _leased(slots=2)  # slots 2 and 3
    desk.wait(1)
    desk.refused("no live lease", "cursor-advance", 3, 1, b"c", b"")
    desk.refused("no live lease", "lease-renew", "shard/3", 2, 1, 5)
    desk.refused("no live lease", "lease-release", "shard/3", 2, 1)
    desk.refused("no live lease", "shard-split", 3, 1, b"d", 4)
    desk.refused("no live lease", "shard-handover", 3, 1, 1)
    desk.refused("no live lease", "shard-complete", 3, 1)


def test_a_stale_token_moves_nothing():
    desk = _leased(slots=1)
    assert desk.do("lease-acquire", "shard/3", 1, 50) == ["ok", 2, 53]
    reason = "token is not the lease's"
    desk.refused(reason, "cursor-advance", 3, 1, b"c", b"")
    desk.refused(reason, "lease-renew", "shard/3", 2, 1, 5)
    desk.refused(reason, "lease-release", "shard/3", 2, 1)
    desk.refused(reason, "shard-split", 3, 1, b"d", 4)
    desk.refused(reason, "shard-handover", 3, 1, 1)
    desk.refused(reason, "shard-complete", 3, 1)
    desk.refused(reason, "cursor-advance", 3, 3, b"c", b"")  # nor one that was never granted


def test_renew_extends_and_never_shortens():
    desk = Desk()
    assert desk.do("lease-acquire", "dock/1", 0, 10) == ["ok", 1, 11]
    assert desk.do("lease-renew", "dock/1", 0, 1, 20) == ["ok", 1, 22]
    assert desk.do("lease-renew", "dock/1", 0, 1, 1) == ["ok", 1, 22]
    desk.refused("not the holder", "lease-renew", "dock/1", 1, 1, 20)
    desk.refused("not the holder", "lease-release", "dock/1", 1, 1)


def test_a_token_is_never_granted_twice():
    desk = Desk()
    for token in range(1, 6):
        assert desk.do("lease-acquire", "dock/1", token % 2, 5)[1] == token
        assert desk.do("lease-release", "dock/1", token % 2, token) == ["ok"]
    assert Ledger.restore(desk.ledger.encoded()).apply(11, [[1, 99, ["lease-acquire", "dock/2", 0, 1]]]) == [
        ["ok", 6, 12]
    ]


def test_a_full_lease_table_says_so():
    desk = Desk()
    for i in range(limits.LEASES_MAX):
        assert desk.do("lease-acquire", f"dock/{i}", 0, 40)[0] == "ok"
    desk.refused("no room for another lease", "lease-acquire", "arm", 0, 40)
    desk.wait(7)  # the first one has expired
    assert desk.do("lease-acquire", "arm", 0, 40)[0] == "ok"


def test_a_shard_is_leased_only_while_it_is_open():
    desk = _leased()
    desk.refused("no such open shard", "lease-acquire", "shard/4", 0, 1)
    assert desk.do("shard-complete", 3, 1) == ["ok"]
    desk.refused("no such open shard", "lease-acquire", "shard/3", 0, 1)


# --- shards and cursors -------------------------------------------------------------------------


def test_shards_are_half_open_and_disjoint():
    desk = Desk()
    desk.refused("range is empty", "shard-create", 1, b"b", b"b")
    desk.refused("range is empty", "shard-create", 1, b"c", b"b")
    assert desk.do("shard-create", 1, b"b", b"d") == ["ok"]
    assert desk.do("shard-create", 2, b"d", b"") == ["ok"]  # begins where the other one ends
    assert desk.do("shard-create", 3, b"", b"b") == ["ok"]
    desk.refused("range overlaps an open shard", "shard-create", 4, b"c\xff", b"d")
    desk.refused("range overlaps an open shard", "shard-create", 4, b"", b"")
    desk.refused("range overlaps an open shard", "shard-create", 4, b"\xff", b"")
    desk.refused("shard number is taken", "shard-create", 3, b"x", b"y")


def test_a_cursor_stays_in_bounds():
    desk = _leased()
    desk.refused("key outside the shard", "cursor-advance", 3, 1, b"a\xff", b"")
    desk.refused("key outside the shard", "cursor-advance", 3, 1, b"m", b"")
    assert desk.do("cursor-advance", 3, 1, b"b", b"at start") == ["ok"]
    assert desk.do("cursor-advance", 3, 1, b"l\xff\xff", b"") == ["ok"]


def test_a_cursor_never_moves_back_nor_returns_to_none():
    desk = _leased()
    desk.refused("a cursor needs a last key", "cursor-advance", 3, 1, None, b"")
    assert desk.do("cursor-advance", 3, 1, b"f", b"one") == ["ok"]
    desk.refused("cursor would move back", "cursor-advance", 3, 1, b"e\xff", b"")
    desk.refused("a cursor needs a last key", "cursor-advance", 3, 1, None, b"")
    assert desk.do("cursor-advance", 3, 1, b"f", b"two") == ["ok"]  # same key, other opaque token
    assert _shard(desk, 3) == [3, b"b", b"m", b"f", b"two", False]


def test_split_moves_no_done_work():
    desk = _leased()
    assert desk.do("cursor-advance", 3, 1, b"f", b"") == ["ok"]
    desk.refused("split point is not inside the shard", "shard-split", 3, 1, b"b", 4)
    desk.refused("split point is not inside the shard", "shard-split", 3, 1, b"m", 4)
    desk.refused("split point is done already", "shard-split", 3, 1, b"f", 4)
    desk.refused("shard number is taken", "shard-split", 3, 1, b"g", 3)
    assert desk.do("shard-split", 3, 1, b"f\x00", 4) == ["ok", 2, 102]
    assert _shard(desk, 3) == [3, b"b", b"f\x00", b"f", b"", False]
    assert _shard(desk, 4) == [4, b"f\x00", b"m", None, b"", False]
    desk.refused("token is not the lease's", "cursor-advance", 4, 1, b"g", b"")
    assert desk.do("cursor-advance", 4, 2, b"g", b"") == ["ok"]
    assert desk.do("lease-renew", "shard/4", 2, 2, 200)[1] == 2  # the same holder holds both


def test_handover_fences_the_old_holder():
    desk = _leased()
    assert desk.do("shard-handover", 3, 1, 7) == ["ok", 2, 102]
    desk.refused("token is not the lease's", "cursor-advance", 3, 1, b"c", b"")
    desk.refused("not the holder", "lease-renew", "shard/3", 2, 2, 1)
    assert desk.do("cursor-advance", 3, 2, b"c", b"") == ["ok"]


def test_complete_is_terminal():
    desk = _leased()
    assert desk.do("shard-complete", 3, 1) == ["ok"]
    desk.refused("no such open shard", "cursor-advance", 3, 1, b"c", b"")
    desk.refused("no such open shard", "shard-complete", 3, 1)
    desk.refused("shard number is taken", "shard-create", 3, b"x", b"y")
    assert desk.do("shard-create", 4, b"b", b"m") == ["ok"]  # the range is free again


def test_a_full_shard_table_gives_up_completed_shards_only():
    desk = Desk()
    for number in range(limits.SHARDS_MAX):
        assert desk.do("shard-create", number, bytes([number]), bytes([number + 1])) == ["ok"]
    desk.refused("no room for another shard", "shard-create", 99, b"\xf0", b"")
    for number in (9, 5):
        token = desk.do("lease-acquire", f"shard/{number}", 0, 99)[1]
        assert desk.do("shard-complete", number, token) == ["ok"]
    assert desk.do("shard-create", 99, b"\xf0", b"") == ["ok"]
    assert _shard(desk, 5) is None
    assert _shard(desk, 9)[5] is True


ROWS_WITHOUT_NUMBERS = (
    b"\x18\x17\x02\x81\x62ok", b"\x19\x00\xff\x02\x81\x62ok", b"\x1a\x00\x00\xff\xff\x02\x81\x62ok",  # not the shortest
    b"\x01\x18\x17", b"\x1a\x00\x01\x00\x00", b"\x07\x1a\x00\x01\x00", b"\x07\x19\x01", b"\x19\x01\x00\x18",  # cut
    b"\x1b\x00\x00\x00\x01\x00\x00\x00\x00\x02\x81\x62ok", b"\x20\x02\x81\x62ok", b"\x61a\x02\x81\x62ok",  # others
)  # fmt: skip


# --- operation ids ------------------------------------------------------------------------------


def test_an_operation_is_applied_once():
    ledger = Ledger()
    request = [1, 5, ["lease-acquire", "dock/1", 0, 9]]
    assert ledger.status(1, 5) == ("new", None)
    assert ledger.apply(1, [request, request]) == [["ok", 1, 10], ["ok", 1, 10]]
    assert ledger.apply(2, [request, [1, 5, ["noop"]]]) == [["ok", 1, 10], ["ok", 1, 10]]
    assert ledger.status(1, 5) == ("done", (1, ["ok", 1, 10]))
    assert ledger.apply(3, [[2, 5, ["lease-acquire", "dock/2", 0, 9]]]) == [["ok", 2, 12]]


def test_an_operation_below_the_window_is_stale():
    window = limits.OPERATIONS_PER_CLIENT_MAX
    ledger = Ledger()
    ledger.apply(1, [[1, 7, ["noop"]], [1, 7 + window - 1, ["noop"]]])
    assert ledger.status(1, 7) == ("done", (1, ["ok"]))
    assert ledger.status(1, 8) == ("new", None)
    ledger.apply(2, [[1, 7 + window, ["noop"]]])
    assert ledger.status(1, 7) == ("stale", None)
    stale = ["refused", "stale: older than the remembered operations"]
    assert ledger.apply(3, [[1, 7, ["lease-acquire", "dock/1", 0, 9]]]) == [stale]
    assert ledger.apply(4, [[1, 8, ["noop"]]]) == [["ok"]]
    assert tables(ledger)[0] == 1  # no token was granted


def test_one_client_too_many_is_refused():
    ledger = Ledger()
    for client in range(limits.CLIENTS_MAX):
        assert ledger.apply(client + 1, [[client, 1, ["noop"]]]) == [["ok"]]
    busy = ["refused", "busy: no room for another client"]
    assert ledger.apply(limits.CLIENTS_MAX + 1, [[200, 1, ["noop"]]]) == [busy]
    assert ledger.status(200, 1) == ("new", None)


def test_malformed_requests_are_refused_and_remembered():
    ledger = Ledger()
    bad = [[], [1], ["no such verb"], ["noop", 0], ["shard-create", -1, b"", b""], ["shard-create", True, b"", b""]]
    bad += [["shard-create", 1, "a", b"b"], ["shard-create", 1, b"a", bytes(limits.KEY_SPACE_BYTES_MAX + 1)], [b"noop"]]
    bad += [["lease-acquire", "shard/01", 0, 1], ["lease-acquire", "shard/", 0, 1], ["lease-acquire", "", 0, 1]]
    bad += [["lease-acquire", "a b", 0, 1], ["lease-acquire", "d\u00f6ck", 0, 1], ["lease-acquire", "dock/1", 0, 0]]
    bad += [["lease-acquire", "x" * (limits.RESOURCE_BYTES_MAX + 1), 0, 1], ["lease-acquire", "dock/1", 256, 1]]
    bad += [["lease-acquire", "dock/1", 0, limits.LEASE_SLOTS_MAX + 1], ["cursor-advance", 1, 0, b"", b""]]
    bad += [["job-open", bytes(31), 9], ["job-open", bytes(32), 0], ["job-open", bytes(32), limits.JOB_SLOTS_MAX + 1]]
    bad += [["job-result", 0, 1, bytes(32)], ["job-result", 1, limits.REPLICAS_MAX, bytes(32)], ["job-cancel", 0]]
    bad += [["job-result", 1, 1, "0" * 32], ["job-expire", 1, 1], ["job-expire"]]
    bad += [["cursor-advance", 1, 1, b"", bytes(limits.TOKEN_BYTES_MAX + 1)], ["lease-renew", "dock/1", 0, 1]]
    for i in range(len(bad)):
        result = ledger.apply(i + 1, [[1, i, bad[i]]])[0]
        assert _is_malformed(result), (bad[i], result)
        assert ledger.status(1, i) == ("done", (i + 1, result))
    slot = len(bad) + 1
    for request in (None, 7, [], [1, 2], [1, -1, ["noop"]], [256, 1, ["noop"]], [1, 1 << 40, ["noop"]], [1, True, []]):
        result = ledger.apply(slot, [request])[0]
        assert _is_malformed(result), (request, result)
        slot += 1
    assert tables(ledger) == [1, [], [], 1, []]


# --- effector -----------------------------------------------------------------------------------


def test_the_effector_refuses_older_tokens():
    dock = Effector("dock/1")
    assert dock.accept(3)
    assert dock.accept(3)
    assert not dock.accept(2)
    assert dock.accept(5)
    assert not dock.accept(3)
    assert not Effector("dock/1", dock.token).accept(4)
    assert not Effector("dock/2").accept(0)


# --- snapshot -----------------------------------------------------------------------------------


def test_a_restored_ledger_continues_like_the_old_one():
    old = Ledger()
    script = ledger_script.Script(5)
    for _ in ledger_script.run(old, script, 60):
        pass
    new = Ledger.restore(old.encoded())
    for requests, results in ledger_script.run(old, script, 40):
        assert new.apply(new.applied_slot + 1, requests) == results
        assert new.digest() == old.digest()
    assert new.encoded() == old.encoded()


def test_restore_refuses_what_no_ledger_wrote():
    shard = [3, b"b", b"m", b"f", b"", False]
    completed = [3, b"b", b"m", b"f", b"", True]
    lease = ["shard/3", 2, 4, 90]
    row = cbor.encode([7, 2, ["ok"]])
    good = [9, 5, [shard], [lease], 1, [], [[1, [row]]]]
    assert Ledger.restore(cbor.encode(good)).encoded() == split(cbor.encode(good))
    for part, bad in (
        ("seven fields", [9, 5, [], [], 1, []]),
        ("applied slot", [-1, 5, [], [], 1, [], []]),
        ("next token", [9, 0, [], [], 1, [], []]),
        ("shard number", [9, 5, [shard, shard], [], 1, [], []]),
        ("shard range", [9, 5, [[3, b"m", b"m", None, b"", False]], [], 1, [], []]),
        ("shard cursor", [9, 5, [[3, b"b", b"m", b"m", b"", False]], [], 1, [], []]),
        ("shard opaque", [9, 5, [[3, b"b", b"m", None, b"x", False]], [], 1, [], []]),
        ("shard completion", [9, 5, [[3, b"b", b"m", None, b"", 0]], [], 1, [], []]),
        ("open shards overlap", [9, 5, [shard, [4, b"l", b"", None, b"", False]], [], 1, [], []]),
        (
            "shards",
            [9, 5, [[i, b"\x00", b"\x01", None, b"", True] for i in range(limits.SHARDS_MAX + 1)], [], 1, [], []],
        ),
        ("lease resource", [9, 5, [shard], [lease, lease], 1, [], []]),
        ("lease resource", [9, 5, [shard], [["shard/03", 2, 4, 90]], 1, [], []]),
        ("lease token", [9, 4, [shard], [lease], 1, [], []]),
        ("lease token", [9, 9, [shard], [["dock/1", 2, 4, 90], lease], 1, [], []]),
        ("lease on a shard that is not open", [9, 5, [], [lease], 1, [], []]),
        ("lease on a shard that is not open", [9, 5, [completed], [lease], 1, [], []]),
        ("client number", [9, 5, [], [], 1, [], [[1, [row]], [1, [row]]]]),
        ("client without operations", [9, 5, [], [], 1, [], [[1, []]]]),
        ("operation number", [9, 5, [], [], 1, [], [[1, [row, row]]]]),
        ("operation slot", [1, 5, [], [], 1, [], [[1, [row]]]]),
        ("operation result", [9, 5, [], [], 1, [], [[1, [cbor.encode([7, 2, ["maybe"]])]]]]),
        ("operation window", [9, 5, [], [], 1, [], [[1, [row, cbor.encode([71, 2, ["ok"]])]]]]),
        ("operation", [9, 5, [], [], 1, [], [[1, [b"\x00" * 99]]]]),
    ):
        refused(CodecError, part, Ledger.restore, cbor.encode(bad))
    for row in ROWS_WITHOUT_NUMBERS:
        refused(CodecError, "operation", Ledger.restore, cbor.encode([9, 5, [], [], 1, [], [[1, [b"\x83" + row]]]]))
    refused(CodecError, "length", Ledger.restore, bytes(limits.LEDGER_BYTES_MAX + 1))
    refused(CodecError, "CBOR", Ledger.restore, cbor.encode(good)[:-1])


# --- the same bytes on every interpreter ----------------------------------------------------------

# SHA-256 over all results and digests of the script's life, and of the last snapshot.
GOLDEN = (
    (
        1,
        300,
        "3ac06e21a741938d2ef655c74441054dc109292f87bb7902132f3490f93b094b",
        "a12293a9e32f8973f5bd6b210f6c1067aa51a418e1a863650fda81da66ae04e9",
    ),
    (
        2,
        300,
        "1bfdaf3892077c1c402e31338fb63fe709ae8998ee1f9be40a2884d146211476",
        "9e231447b0f8f0f951437ccef1009fded4a3ba248c2bd8c3df6a3b7540b8c3d7",
    ),
    (
        3,
        300,
        "6fc2f45ed2211dadc51766a37ab1f3246ac69a3213b2fb00648b81feb3d9a401",
        "e25a83fcb0178e80430b0840f03968252981e5c41a2b849e8b732b4753d5753f",
    ),
)


def test_golden_lives():
    for seed, slots, life, snapshot in GOLDEN:
        ledger = Ledger()
        hasher = hashlib.sha256()
        for _, results in ledger_script.run(ledger, ledger_script.Script(seed), slots):
            hasher.update(cbor.encode(results))
            hasher.update(ledger.digest())
        found = hasher.digest(), digest_of(ledger.encoded())
        assert found == (unhex(life), unhex(snapshot)), (seed, found[0].hex(), found[1].hex())


def test_the_digest_tells_of_operations_that_come_out_of_order():
    """Two ledgers are given the same slots; only one is asked for its digest before the end."""
    asked, other = Ledger(), Ledger()
    for slot, operation in enumerate((1, 9, 4, 2, 8), 1):
        for one in (asked, other):
            one.apply(slot, [[1, operation, ["noop"]]])
        asked.digest()
    assert asked.digest() == other.digest()

"""The ledger under any input: it never raises, decides the same twice, and continues the same from a snapshot."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from amu.core.chunks import split
from amu.core.errors import CodecError
from amu.ledger.state import Ledger
from amu.wire import cbor, reading
from tests.support.records.ledger_traces import script

SCRIPT = script()

ITEMS = st.recursive(
    st.none() | st.booleans() | st.integers(-(1 << 64), (1 << 64) - 1) | st.binary(max_size=40) | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=5),
    max_leaves=8,
)
VERBS = st.sampled_from(sorted(set(SCRIPT.VERBS) - {"bogus"}))
FIELDS = (
    ITEMS | st.integers(0, 9) | st.sampled_from(["shard/0", "shard/1", "dock/1"]) | st.sampled_from([b"", b"a", b"m"])
)
COMMANDS = ITEMS | st.tuples(VERBS, st.lists(FIELDS, max_size=5)).map(lambda pair: [pair[0], *pair[1]])
REQUESTS = ITEMS | st.tuples(st.integers(0, 3), st.integers(0, 200), COMMANDS).map(list)


def is_result(result: Any) -> bool:
    return result[0] == "ok" or (result[0] == "refused" and isinstance(result[1], str))


@given(st.lists(st.lists(REQUESTS, max_size=8), max_size=12))
def test_any_request_reaches_a_terminal_state(slots: list[list[Any]]) -> None:
    ledger, again = Ledger(), Ledger()
    for slot, requests in enumerate(slots, 1):
        results = ledger.apply(slot, requests)
        assert len(results) == len(requests)
        assert all(is_result(result) for result in results)
        assert again.apply(slot, requests) == results
    assert again.encoded() == ledger.encoded()
    assert Ledger.restore(ledger.encoded()).digest() == ledger.digest()


@settings(max_examples=40)
@given(st.integers(0, 1 << 60), st.integers(0, 60), st.integers(1, 10))
def test_a_snapshot_anywhere_changes_nothing(seed: int, slots: int, more: int) -> None:
    ledger = Ledger()
    life = SCRIPT.Script(seed)
    for _ in SCRIPT.run(ledger, life, slots):
        pass
    restored = Ledger.restore(ledger.encoded())
    for requests, results in SCRIPT.run(ledger, life, more):
        assert restored.apply(restored.applied_slot + 1, requests) == results
    assert restored.encoded() == ledger.encoded()
    assert restored.digest() == ledger.digest()


@settings(max_examples=40)
@given(st.integers(0, 1 << 60))
def test_tokens_only_grow_and_cursors_never_move_back(seed: int) -> None:
    """The rules once more, from the results and the snapshots alone."""
    ledger = Ledger()
    newest, cursors = 0, dict[int, Any]()
    for requests, results in SCRIPT.run(ledger, SCRIPT.Script(seed), 120):
        fresh = {}
        for (client, operation, command), result in zip(requests, results):
            is_first = ledger.status(client, operation)[1] == (ledger.applied_slot, result)
            if result[0] == "ok" and len(result) == 3 and command[0] not in ("lease-renew", "job-open") and is_first:
                fresh[client, operation] = result[1]
        granted = list(fresh.values())
        assert granted == sorted(set(granted))
        assert all(token > newest for token in granted)
        newest = max([newest, *granted])
        rows = reading.read(ledger.encoded().source())[2]
        for number, start, end, last_key, _, _ in rows:
            assert last_key is None or (start <= last_key and (last_key < end or end == b""))
            known_start, known_key = cursors.get(number, (start, None))
            if known_start == start:
                assert known_key is None or last_key >= known_key
        cursors = {row[0]: (row[1], row[3]) for row in rows}


REPORTS = st.lists(st.tuples(st.integers(0, 12), st.integers(0, 3)), max_size=30)


@settings(max_examples=200)
@given(st.integers(4, 13), REPORTS)
def test_a_job_ends_as_its_reports_say(replica_count: int, reports: list[tuple[int, int]]) -> None:
    """The rules once more: the first report of each worker counts, f + 1 equal ones win, an ended job stays ended."""
    ledger = Ledger(replica_count)
    assert ledger.apply(1, [[1, 0, ["job-open", bytes(32), 99]]]) == [["ok", 1, 100]]
    needed = (replica_count - 1) // 3 + 1
    counted: dict[int, int] = {}
    status = "open"
    for place, (worker, digest) in enumerate(reports):
        command = ["job-result", 1, worker, bytes([digest] * 32)]
        result = ledger.apply(ledger.applied_slot + 1, [[1, 1 + place, command]])[0]
        if worker >= replica_count or worker in counted or status != "open":
            assert result[0] == "refused"
            continue
        counted[worker] = digest
        most = max(list(counted.values()).count(found) for found in counted.values())
        silent = replica_count - len(counted)
        status = "accepted" if most >= needed else "open" if most + silent >= needed else "disputed"
        assert result == ["ok", status]
    assert reading.read(ledger.encoded().source())[5][0][3] == status
    assert Ledger.restore(ledger.encoded(), replica_count).digest() == ledger.digest()


@settings(max_examples=100)
@given(st.integers(4, 13), st.data())
def test_liars_up_to_f_never_win(replica_count: int, data: st.DataObject) -> None:
    """In any order, whatever f workers say: the correct ones' digest is accepted, and never another."""
    faulty = (replica_count - 1) // 3
    order = data.draw(st.permutations(range(replica_count)))
    liars = set(data.draw(st.permutations(range(replica_count)))[:faulty])
    ledger = Ledger(replica_count)
    ledger.apply(1, [[1, 0, ["job-open", bytes(32), 99]]])
    right, accepted = bytes(32), None
    for worker in order:
        digest = bytes([data.draw(st.integers(0, 2))] * 32) if worker in liars else right
        result = ledger.apply(ledger.applied_slot + 1, [[1, 1 + worker, ["job-result", 1, worker, digest]]])[0]
        assert result[1] != "disputed"
        if result == ["ok", "accepted"]:
            accepted = digest
    assert accepted == right


@settings(max_examples=40)
@given(st.integers(0, 1 << 60))
def test_jobs_end_once_and_their_numbers_never_come_again(seed: int) -> None:
    ledger = Ledger()
    before: dict[int, Any] = {}
    newest = 0
    for _ in SCRIPT.run(ledger, SCRIPT.Script(seed), 120):
        rows = {row[0]: row for row in reading.read(ledger.encoded().source())[5]}
        for number, row in before.items():
            if row[3] != "open":
                assert rows.get(number, row) == row
            else:
                assert number in rows
        assert all(number > newest for number in rows.keys() - before.keys())
        newest = max([newest, *rows])
        before = rows


@given(st.binary(max_size=200) | ITEMS.map(cbor.encode))
def test_restore_raises_codec_errors_only(data: bytes) -> None:
    try:
        ledger = Ledger.restore(data)
    except CodecError:
        return
    assert ledger.encoded() == split(data)

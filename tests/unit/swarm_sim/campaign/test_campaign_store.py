"""The store keeps each outcome once. A file that is not a store, or another campaign's, is refused and untouched."""

import os
import resource
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from swarm_sim.campaign.store import Store, StoreError, missing
from swarm_sim.campaign.task import Finished, Task, replay
from swarm_sim.outcome import CRASH, PASS, VIOLATION, Outcome, unanswered
from tests.support.simulator.campaigns import ALL, outcomes_of

TASK = Task("tests.support.simulator.campaign_seeds:passes", nodes=4, slots=7, seconds_max=300.0, fingerprint="ab" * 32)

SEEDS = 300


def finished(seed: int, verdict: str = PASS, cause: str = "", **counts: int) -> Finished:
    outcome = Outcome(seed, verdict, "CON-4" if cause else "", cause, "", counts, marks=(f"mark {seed % 2}",))
    return Finished(outcome, seconds=0.5 + seed)


def fill(store: Store) -> None:
    """Some pages of seeds."""
    for seed in range(SEEDS):
        store.put(Finished(Outcome(seed, CRASH, "worker", "planted", "x" * 500), 1.0))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "campaign.sqlite"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    with closing(Store(path, busy_seconds=0)) as store:
        store.identify(TASK)
        yield store


def test_written_values_are_read_back(store: Store, path: Path) -> None:
    written = [
        finished(5, deliveries=3),
        finished(1, VIOLATION, "two values in one slot", deliveries=4, steps=2),
        Finished(Outcome(7, CRASH, "worker", "worker died", "ended\nby SIGKILL", {}, marks=("b", "a", "b")), 9.0),
    ]
    assert all(store.put(one) for one in written)
    expected = [replace(one.outcome, marks=tuple(sorted(set(one.outcome.marks)))) for one in written]
    assert outcomes_of(path) == sorted(expected, key=lambda outcome: outcome.seed)
    assert store.span() == range(1, 8)


def test_a_seed_without_an_answer_is_missing_until_one_comes(store: Store) -> None:
    for cause in ("worker died", "no end after 1 s"):
        assert store.put(Finished(unanswered(3, cause, "x"), 9.0))
        assert list(missing(store, range(2, 5))) == [2, 3, 4]
        assert [row[2] for row in store.causes(ALL)] == [cause]
    assert store.put(finished(3))
    assert list(missing(store, range(2, 5))) == [2, 4]
    assert not store.put(Finished(unanswered(3, "late", "x"), 9.0))
    assert (store.verdicts(ALL), store.seconds(ALL)) == ({PASS: 1}, 3.5)


def test_a_seed_is_counted_once_and_the_first_answer_stays(store: Store) -> None:
    assert store.put(finished(3, deliveries=10))
    assert not store.put(finished(3, VIOLATION, "late", deliveries=99))
    assert store.verdicts(ALL) == {PASS: 1}
    assert store.counts(ALL) == {"deliveries": 10}
    assert store.marks(ALL) == {"mark 1": 1}
    assert store.seconds(ALL) == 3.5


def test_a_seed_is_stored_whole_or_not_at_all(store: Store, path: Path) -> None:
    outcome = Outcome(3, PASS)
    object.__setattr__(outcome, "marks", ("good", object()))  # found out when the outcome itself is written already
    with pytest.raises(StoreError):
        store.put(Finished(outcome, 1.0))
    assert outcomes_of(path) == []
    assert store.put(finished(3))


def test_sums_are_of_the_range_alone(store: Store) -> None:
    for seed in range(10):
        store.put(finished(seed, VIOLATION, "even" if seed % 2 == 0 else "odd", deliveries=seed))
    assert store.causes(range(1, 6)) == [(VIOLATION, "CON-4", "odd", 3, 1), (VIOLATION, "CON-4", "even", 2, 2)]
    assert store.counts(range(1, 6)) == {"deliveries": 15}
    assert store.marks(range(1, 6)) == {"mark 0": 2, "mark 1": 3}
    assert store.slowest(range(1, 6)) == (5, 5.5)
    assert list(missing(store, range(8, 13))) == [10, 11, 12]
    assert store.slowest(range(20, 30)) is None


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"function": "other:function"}, "function tests.support.simulator.campaign_seeds:passes, not other:function"),
        ({"nodes": 7}, "nodes 4, not 7"),
        ({"slots": 8}, "slots 7, not 8"),
        ({"fingerprint": "cd" * 32}, "another version of the code"),
    ],
)
def test_another_campaigns_store_is_refused(store: Store, path: Path, change: dict[str, object], said: str) -> None:
    store.put(finished(1))
    with closing(Store(path)) as again, pytest.raises(StoreError, match=said):
        again.identify(replace(TASK, **change))  # type: ignore[arg-type]
    store.identify(replace(TASK, seconds_max=1.0))  # the time limit of a seed is not part of the identity
    assert store.identity()["nodes"] == "4"
    assert store.verdicts(ALL) == {PASS: 1}


def test_a_full_disk_loses_nothing_that_was_stored(store: Store, path: Path) -> None:
    database = store._database
    (pages,) = database.execute("PRAGMA page_count").fetchone()
    database.execute(f"PRAGMA max_page_count = {pages + 2}")
    with pytest.raises(StoreError, match="full: make room on the disk"):
        fill(store)
    stored = len(outcomes_of(path))
    assert 0 < stored < SEEDS
    database.execute(f"PRAGMA max_page_count = {pages + SEEDS}")
    assert store.put(finished(stored))
    assert [outcome.seed for outcome in outcomes_of(path)] == list(range(stored + 1))


def test_a_file_that_may_not_grow_loses_nothing_that_was_stored(store: Store, path: Path) -> None:
    for seed in range(3):
        store.put(finished(seed))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    size = path.with_name(path.name + "-wal").stat().st_size
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        with pytest.raises(StoreError, match="make room on the disk"):
            store.put(finished(3))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert store.put(finished(4))
    assert [outcome.seed for outcome in outcomes_of(path)] == [0, 1, 2, 4]


def test_a_locked_store_is_an_error_not_an_endless_wait(store: Store, path: Path) -> None:
    store.put(finished(1))
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="another program uses it"):
            store.put(finished(2))
    assert store.put(finished(2))
    assert len(outcomes_of(path)) == 2


def test_a_file_that_is_not_a_database_is_refused_and_untouched(path: Path) -> None:
    path.write_bytes(b"certainly no database " * 100)
    before = path.read_bytes()
    with pytest.raises(StoreError, match=r"damaged, or not of a campaign"):
        Store(path)
    assert path.read_bytes() == before


def test_another_programs_database_is_refused_and_left_alone(path: Path) -> None:
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE outcomes (mine)")
    before = path.read_bytes()
    with pytest.raises(StoreError, match=r"a database, but not of a campaign"):
        Store(path)
    assert path.read_bytes() == before


def test_a_damaged_store_is_noticed(path: Path) -> None:
    with closing(Store(path)) as store:
        store.identify(TASK)
        fill(store)
    data = bytearray(path.read_bytes())
    pages = len(data) // 4096
    for page in range(pages // 2, pages):
        data[page * 4096 : page * 4096 + 64] = b"\xa5" * 64
    path.write_bytes(data)
    with pytest.raises(StoreError, match=r"it is damaged .*; restore a copy") as told:
        Store(path)
    assert str(told.value).startswith(f"{path}: ")
    assert "***" not in str(told.value), "a heading of SQLite's"
    assert path.read_bytes() == data


def test_a_torn_write_ahead_log_costs_its_last_seeds_alone(tmp_path: Path) -> None:
    """The remains of a power cut: a log that ends in the middle of a transaction."""
    path = tmp_path / "live.sqlite"
    with closing(Store(path)) as store:
        store.identify(TASK)
        for seed in range(20):
            store.put(finished(seed))
        copy = tmp_path / "copy.sqlite"
        copy.write_bytes(path.read_bytes())
        log = path.with_name(path.name + "-wal").read_bytes()
        copy.with_name(copy.name + "-wal").write_bytes(log[:-5000])
    seeds = [outcome.seed for outcome in outcomes_of(copy)]
    assert seeds == list(range(len(seeds)))
    assert 10 < len(seeds) < 20


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="the folder must exist"):
        Store(tmp_path / "nowhere" / "campaign.sqlite")


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE outcomes SET verdict = 'splendid'",
        "UPDATE outcomes SET verdict = NULL",
        "UPDATE outcomes SET counts = '{'",
        "UPDATE outcomes SET counts = '[1]'",
        'UPDATE outcomes SET counts = \'{"a": "x"}\'',
        "UPDATE outcomes SET counts = '{\"a\": 1.5}'",
        "UPDATE outcomes SET cause = x'00ff'",
        "UPDATE outcomes SET seed = -5",
        "UPDATE identity SET value = 'four' WHERE key = 'nodes'",
        "UPDATE identity SET value = '' WHERE key = 'slots'",
        "UPDATE identity SET value = '99999999999999' WHERE key = 'slots'",
        "DELETE FROM identity WHERE key = 'nodes'",
        "UPDATE identity SET key = 'other' WHERE key = 'function'",
        "ALTER TABLE outcomes RENAME COLUMN cause TO reason",
        "DROP TABLE identity",
        "DROP TABLE outcomes",
    ],
)
def test_rows_that_no_campaign_writes_are_refused(path: Path, change: str) -> None:
    with closing(Store(path)) as made:
        made.identify(TASK)
        made.put(finished(0))
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA ignore_check_constraints = ON")
        try:
            database.execute(change)
        except sqlite3.IntegrityError:
            assert "NULL" in change  # SQLite refuses it itself
            return
        database.commit()
    with pytest.raises(StoreError, match=rf"^{path}[: ]"):
        Store(path)


@pytest.mark.parametrize("what", ["folder", "pipe", "device", "nothing", "long"])
def test_a_path_that_is_not_a_file_is_refused_at_once(tmp_path: Path, what: str) -> None:
    path = tmp_path / "store"
    if what == "folder":
        path.mkdir()
    elif what == "pipe":
        os.mkfifo(path)
    else:
        path = {"device": Path("/dev/zero"), "nothing": Path(""), "long": tmp_path / ("x" * 300)}[what]
    with pytest.raises(StoreError, match="name another"):
        Store(path)


def test_a_function_with_odd_characters_is_quoted_in_the_replay() -> None:
    odd = replace(TASK, function="os:x; rm -rf \x1b")
    assert replay(odd, 3) == "amu campaign --seeds 3:4 --nodes 4 --slots 7 --function 'os:x; rm -rf \x1b'"

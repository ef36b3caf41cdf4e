"""Stores a campaign's outcomes: an SQLite database with one row per seed.

    identity     key, value: function, nodes, slots, fingerprint of the code
    outcomes     seed (primary key), verdict, oracle, cause, detail, counts as a JSON object
    marks        (seed, mark)
    timings      seed, seconds that the host took: facts about the host are separate from facts about the seed

Theory. The primary key makes writing idempotent: a seed that ran twice has one row, and the first answer stays. An
unanswered seed has a row that says so until an answer comes; `missing` counts it as missing. Each seed is one
transaction in write-ahead-log mode, so if the coordinator is killed, all that it had stored stays valid.

Rules. A store has one identity: another function, node count, slot count or code is rejected, because outcomes of
different code must not be counted together. Every SQLite error becomes a StoreError that says what to do. No answer is
ever deleted.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from swarm_sim.campaign.task import Finished, Task
from swarm_sim.outcome import NO_ANSWER, PASS, WORST_FIRST, Outcome

APPLICATION_ID = 0x414D5543  # "AMUC", in the file's header
BUSY_SECONDS = 10.0
SEED_END_MAX = 2**63 - 1  # SQLite's integers
IN_MEMORY = ":memory:"
RECOVERY = "restore a copy of it, or name another file to start the campaign again"

SCHEMA = f"""
PRAGMA application_id = {APPLICATION_ID};
CREATE TABLE identity (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE outcomes (seed INTEGER PRIMARY KEY, verdict TEXT NOT NULL, oracle TEXT NOT NULL, cause TEXT NOT NULL,
                       detail TEXT NOT NULL, counts TEXT NOT NULL);
CREATE TABLE marks (seed INTEGER NOT NULL, mark TEXT NOT NULL, PRIMARY KEY (seed, mark)) WITHOUT ROWID;
CREATE TABLE timings (seed INTEGER PRIMARY KEY, seconds REAL NOT NULL);
"""
TABLES = "SELECT count(*) FROM sqlite_master"
IN_RANGE = "seed >= ? AND seed < ?"


VERDICTS = ", ".join(f"'{verdict}'" for verdict in WORST_FIRST)
STRANGE_OUTCOMES = f"""SELECT count(*) FROM outcomes WHERE seed < 0 OR verdict NOT IN ({VERDICTS})
    OR typeof(oracle) != 'text' OR typeof(cause) != 'text' OR typeof(detail) != 'text'
    OR NOT json_valid(counts) OR json_type(counts) != 'object'"""
STRANGE_COUNTS = "SELECT count(*) FROM outcomes, json_each(counts) WHERE json_each.type != 'integer'"
# Four keys, two of them numbers; none in a new store.
STRANGE_IDENTITY = """SELECT (SELECT count(*) NOT IN (0, 4) FROM identity) + (SELECT count(*) FROM identity
    WHERE key NOT IN ('function', 'nodes', 'slots', 'fingerprint') OR typeof(value) != 'text'
    OR (key IN ('nodes', 'slots') AND (value GLOB '*[^0-9]*' OR length(value) NOT BETWEEN 1 AND 10)))"""


class StoreError(Exception):
    """The store cannot be used. The message is one line: which, why, what to do."""


class Store:
    """The outcomes in the database at `path`, which is created if missing. IN_MEMORY: without a file."""

    def __init__(self, path: Path | str, busy_seconds: float = BUSY_SECONDS) -> None:
        self.path = str(path)
        if path != IN_MEMORY:
            _require_file(Path(path))
        with self._explained():
            # Transactions are explicit: the driver begins none.
            self._database = sqlite3.connect(self.path, timeout=busy_seconds, isolation_level=None)
        try:
            with self._explained():
                self._open()
        except StoreError:
            self._database.close()
            raise

    def _open(self) -> None:
        (tables,) = self._row(TABLES)
        (application,) = self._row("PRAGMA application_id")
        if tables and application != APPLICATION_ID:
            raise StoreError(f"{self.path} is a database, but not of a campaign: name another file")
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = NORMAL")
        with self._transaction():
            if self._row(TABLES) == (0,):
                for statement in SCHEMA.strip().split(";\n"):
                    self._database.execute(statement)
        (health,) = self._row("PRAGMA quick_check(1)")
        if health != "ok":
            raise StoreError(f"{self.path}: it is damaged ({_first_fault(str(health))}); {RECOVERY}")
        self._require_sense()

    def _require_sense(self) -> None:
        """Raise StoreError for rows that no campaign writes: they would be counted as outcomes."""
        for query in (STRANGE_OUTCOMES, STRANGE_COUNTS, STRANGE_IDENTITY):
            (strange,) = self._row(query)
            if strange:
                raise StoreError(f"{self.path} holds {strange} rows that no campaign writes: name another file")

    def close(self) -> None:
        self._database.close()

    def identify(self, task: Task) -> None:
        """Give a new store its identity. Raises StoreError if it already has another."""
        wanted = {
            "function": task.function,
            "nodes": str(task.nodes),
            "slots": str(task.slots),
            "fingerprint": task.fingerprint,
        }
        with self._explained(), self._transaction():
            self._database.executemany("INSERT OR IGNORE INTO identity VALUES (?, ?)", wanted.items())
            found = self.identity()
        for key, value in wanted.items():
            if found[key] != value:
                what = "another version of the code" if key == "fingerprint" else f"{key} {found[key]}, not {value}"
                raise StoreError(f"{self.path} was made with {what}: name another file, or go back to what made it")

    def identity(self) -> dict[str, str]:
        """function, nodes, slots and fingerprint; empty before `identify`."""
        with self._explained():
            return dict(self._database.execute("SELECT key, value FROM identity"))

    def put(self, finished: Finished) -> bool:
        """Store an outcome. Returns False if its seed already has an answer, which stays."""
        outcome = finished.outcome
        row = (outcome.seed, outcome.verdict, outcome.oracle, outcome.cause, outcome.detail, _json(outcome.counts))
        with self._explained(), self._transaction():
            for table in ("timings", "outcomes"):
                unanswered = f"SELECT seed FROM outcomes WHERE seed = ? AND oracle = '{NO_ANSWER}'"
                self._database.execute(f"DELETE FROM {table} WHERE seed IN ({unanswered})", (outcome.seed,))
            cursor = self._database.execute("INSERT OR IGNORE INTO outcomes VALUES (?, ?, ?, ?, ?, ?)", row)
            if not cursor.rowcount:
                return False
            marks = [(outcome.seed, mark) for mark in outcome.marks]
            self._database.executemany("INSERT OR IGNORE INTO marks VALUES (?, ?)", marks)
            self._database.execute("INSERT INTO timings VALUES (?, ?)", (outcome.seed, finished.seconds))
        return True

    def stored(self, seeds: range) -> set[int]:
        """Those of `seeds` that have an answer."""
        query = f"SELECT seed FROM outcomes WHERE {IN_RANGE} AND oracle != '{NO_ANSWER}'"
        return {seed for (seed,) in self.rows(query, seeds)}

    def outcomes(self, seeds: range) -> Iterator[Outcome]:
        """The outcomes of `seeds`, sorted by seed, with sorted marks."""
        query = f"SELECT seed, verdict, oracle, cause, detail, counts FROM outcomes WHERE {IN_RANGE} ORDER BY seed"
        for seed, verdict, oracle, cause, detail, counts in self.rows(query, seeds):
            marks = self.rows(
                "SELECT mark FROM marks WHERE seed >= ? AND seed < ? ORDER BY mark", range(seed, seed + 1)
            )
            yield Outcome(
                seed, verdict, oracle, cause, detail, json.loads(counts), marks=tuple(mark for (mark,) in marks)
            )

    def span(self) -> range:
        """The half-open range of stored seeds. Empty if there is none."""
        with self._explained():
            low, high = self._row("SELECT min(seed), max(seed) FROM outcomes")
        return range(0) if low is None else range(low, high + 1)

    def verdicts(self, seeds: range) -> dict[str, int]:
        """The number of `seeds` with each verdict."""
        return dict(self.rows(f"SELECT verdict, count(*) FROM outcomes WHERE {IN_RANGE} GROUP BY verdict", seeds))

    def causes(self, seeds: range) -> list[tuple[str, str, str, int, int]]:
        """(verdict, oracle, cause, count, smallest seed) of seeds that did not pass, the most frequent first."""
        query = f"""SELECT verdict, oracle, cause, count(*), min(seed) FROM outcomes WHERE {IN_RANGE}
            AND verdict != '{PASS}' GROUP BY verdict, oracle, cause ORDER BY count(*) DESC, min(seed)"""
        return self.rows(query, seeds)

    def marks(self, seeds: range) -> dict[str, int]:
        """The number of `seeds` that reached each mark."""
        return dict(self.rows(f"SELECT mark, count(*) FROM marks WHERE {IN_RANGE} GROUP BY mark ORDER BY mark", seeds))

    def counts(self, seeds: range) -> dict[str, int]:
        """The counts summed over `seeds`."""
        query = f"""SELECT key, sum(value) FROM outcomes, json_each(counts) WHERE {IN_RANGE}
            GROUP BY key ORDER BY key"""
        return dict(self.rows(query, seeds))

    def seconds(self, seeds: range) -> float:
        """Seconds that workers spent on `seeds`."""
        ((seconds,),) = self.rows(f"SELECT total(seconds) FROM timings WHERE {IN_RANGE}", seeds)
        return float(seconds)

    def slowest(self, seeds: range) -> tuple[int, float] | None:
        """(seed, seconds) of the slowest seed. None if there is none."""
        query = f"SELECT seed, seconds FROM timings WHERE {IN_RANGE} ORDER BY seconds DESC, seed LIMIT 1"
        found = self.rows(query, seeds)
        return found[0] if found else None

    def rows(self, query: str, seeds: range) -> list[Any]:
        """Rows of a query whose two parameters are the ends of `seeds`."""
        with self._explained():
            return self._database.execute(query, (seeds.start, seeds.stop)).fetchall()

    def _row(self, query: str) -> Any:
        return self._database.execute(query).fetchone()

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._database.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._database.execute("COMMIT")
        except BaseException:
            if self._database.in_transaction:  # SQLite ends some of them itself, when the disk is full
                self._database.execute("ROLLBACK")
            raise

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OverflowError) as error:
            raise StoreError(f"{self.path}: {error}: {_advice(str(error))}") from error


def _require_file(path: Path) -> None:
    """Raise StoreError for a path that SQLite cannot open, or would block on: a folder, a pipe, a device."""
    try:
        if str(path) in ("", ".") or (path.exists() and not path.is_file()):
            raise StoreError(f"{path}: is not a file; name another")
    except OSError as error:
        raise StoreError(f"{path}: {error.strerror}; name another file") from error


def _advice(message: str) -> str:
    if "locked" in message:
        return "another program uses it; wait until that ends, or name another file"
    if "full" in message or "I/O" in message:
        return "make room on the disk; stored outcomes are kept, and the same command continues"
    if "unable to open" in message or "readonly" in message:
        return "the folder must exist, and the file must be writable"
    return f"it is damaged, or not of a campaign; {RECOVERY}"


def _first_fault(health: str) -> str:
    """The first fault in SQLite's report, after headings such as "*** in database main ***"."""
    return next(
        (line for line in health.split("\n") if line and not line.startswith("***")), "SQLite does not say where"
    )


def _json(counts: dict[str, int]) -> str:
    return json.dumps(counts, sort_keys=True)


def missing(store: Store, seeds: range) -> Iterable[int]:
    """Those of `seeds` without an answer, in order."""
    stored = store.stored(seeds)
    return (seed for seed in seeds if seed not in stored)

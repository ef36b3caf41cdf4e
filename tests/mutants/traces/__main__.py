"""Changes sound traces in one place at a time, and shows which changes the checker refuses, and by which property.

    python -m tests.mutants.traces [--each N] [--seed N] [--jobs N] [--runs N] [--accepted] [NAME ...] [TRACE ...]

NAME: only events, or fields written as Event.field, of that name. TRACE, a file .ndjson: judge it instead of the
simulated runs. `--each`: how many events of each name are changed in each run. One row for each field and kind of
change: changes, how many were refused, and by what. `--accepted` prints an example of each kind that was not.
"""

import argparse
import random
from collections import Counter, defaultdict
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import NamedTuple

from amu.core.limits import GROUND
from specs.checking.schema import FLIGHT_EVENTS, GROUND_EVENTS
from tests.mutants.traces import runs
from tests.mutants.traces.changes import ENVELOPE, WHOLE_EVENT, Change, of_event, of_field
from tests.mutants.traces.judge import ACCEPTED, DOUBT, Judge, Said

Row = tuple[str, str, str]  # event, field, kind of change


class Source(NamedTuple):
    """A run of the simulator, or a trace on disk."""

    seed: int = 0
    boards: int = 0
    path: Path | None = None

    def __str__(self) -> str:
        return str(self.path) if self.path else f"seed {self.seed} with {self.boards} boards"

    def lines(self) -> list[runs.Line]:
        return runs.read(self.path) if self.path else runs.fly(self.seed, self.boards)


def drawn(lines: list[runs.Line], each: int, seed: int, names: list[str]) -> list[Change]:
    """The changes of a trace: `each` events of each name, every field in every way."""
    liars = lines[0]["byzantine"]
    places = defaultdict(list)
    for place, line in enumerate(lines):
        if line["node"] not in liars and line.get("board") not in liars:
            places[line["event"]].append(place)
    changes: list[Change] = []
    for event, found in sorted(places.items()):
        table = GROUND_EVENTS if lines[found[0]]["node"] == GROUND else FLIGHT_EVENTS
        fields = [*(name for name, _ in table[event]), *ENVELOPE]
        for field in (*fields, WHOLE_EVENT):
            if names and event not in names and f"{event}.{field}" not in names:
                continue
            draws = random.Random(f"{seed} {event}.{field}")
            for place in draws.sample(found, min(each, len(found))):
                if field == WHOLE_EVENT:
                    changes += of_event(lines, place)
                else:
                    changes += of_field(lines, found, place, field, draws)
    return changes


def look(source: Source, each: int, seed: int, names: list[str]) -> list[tuple[Change, Said]]:
    """Every change of one trace, and what the checker says. Only the changed lines are kept."""
    lines = source.lines()
    judge = Judge(lines)
    return [(change, judge.ask(change)) for change in drawn(lines, each, seed, names)]


def table(found: list[tuple[Change, Said]]) -> list[str]:
    """Rows of the table, by event and field in the order of the schema."""
    asked: Counter[Row] = Counter()
    refused: Counter[Row] = Counter()
    by: defaultdict[Row, Counter[str]] = defaultdict(Counter)
    for change, said in found:
        row = change.event, change.field, change.kind
        asked[row] += 1
        refused[row] += said.is_refused
        by[row].update(said.by if said.is_refused and said.by else [said.outcome])
    return [
        f"{f'{event}.{field}':32} {kind:9} {asked[row]:5} {refused[row]:5}  "
        + ", ".join(f"{name} {count}" for name, count in by[row].most_common(6))
        for row in asked
        for event, field, kind in [row]
    ]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.mutants.traces", description=__doc__)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--each", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--runs", type=int, default=len(runs.RUNS))
    parser.add_argument("--accepted", action="store_true")
    told = parser.parse_args()
    paths = [Source(path=Path(name)) for name in told.names if name.endswith(".ndjson")]
    names = [name for name in told.names if not name.endswith(".ndjson")]
    sources = paths or [Source(seed, boards) for seed, boards in runs.RUNS[: told.runs]]
    found: list[tuple[Change, Said]] = []
    with ProcessPoolExecutor(told.jobs) as pool:
        jobs = [pool.submit(look, source, told.each, told.seed, names) for source in sources]
        for source, job in zip(sources, jobs, strict=True):
            found += job.result()
            print(f"{source}: {len(found)} changes so far", flush=True)
    print(*table(found), sep="\n")
    if told.accepted:
        shown = {}
        for change, said in found:
            if said.outcome in (ACCEPTED, DOUBT):
                shown.setdefault((change.event, change.field, change.kind), f"{said.outcome}: {change}")
        print(*shown.values(), sep="\n")
    refused = sum(said.is_refused for _, said in found)
    print(f"{len(found)} changes of {len(sources)} traces: {refused} refused ({refused / max(1, len(found)):.1%})")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

"""Changes sound traces in one place at a time, and shows which changes the checker refuses, and by which property.

    python -m tests.mutants.traces [--each N] [--seed N] [--jobs N] [--runs N] [--accepted] [--write] [NAME | TRACE ...]

NAME: only events, or fields written as Event.field, of that name. TRACE, a file .ndjson: judge it instead of the
simulated runs. `--each`: how many events of each name are changed in each run. One row for each field and kind of
change: changes, how many were refused, and by what. `--accepted` prints an example of each kind that was not.
`--write` notes in docs/generated/fields.json which properties hold which field.
"""

import argparse
import json
import random
from collections import Counter, defaultdict
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from amu.core.limits import GROUND
from docs.generated import fields
from docs.generated.fields import ANY_EVENT, WHOLE_EVENT
from specs import properties
from specs.verdict import VIOLATION
from tests.mutants.traces import runs
from tests.mutants.traces.changes import Change, of_event, of_field
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
    """The changes of a trace: `each` events of each name, every field in every way; and of any flight events what each
    line has.
    """
    changes: list[Change] = []
    for event, places in sorted(by_name(lines).items()):
        for field in fields.fields_of(event):
            if names and event not in names and f"{event}.{field}" not in names:
                continue
            draws = random.Random(f"{seed} {event}.{field}")
            for place in draws.sample(places, min(each, len(places))):
                if field == WHOLE_EVENT:
                    changes += of_event(lines, place)
                else:
                    found = of_field(lines, places, place, field, draws)
                    changes += [replace(change, event=event) for change in found]
    return changes


def by_name(lines: list[runs.Line]) -> dict[str, list[int]]:
    """Name of an event -> where it stands; liars' events are left out."""
    liars = lines[0]["byzantine"]
    places = defaultdict(list)
    for place, line in enumerate(lines):
        if line["node"] not in liars and line.get("board") not in liars:
            places[line["event"]].append(place)
            if line["node"] != GROUND:
                places[ANY_EVENT].append(place)
    return places


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


def write(found: list[tuple[Change, Said]]) -> None:
    """Note for each field by which properties its changes were refused."""
    held: defaultdict[str, defaultdict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for change, said in found:
        if said.is_refused:
            held[change.event][change.field].update(said.by if said.outcome == VIOLATION else [said.outcome])
    text = json.dumps(
        {
            event: {
                field: sorted(held[event][field], key=properties.order)
                for field in fields.fields_of(event)
                if held[event][field]
            }
            for event in sorted(held)
        },
        indent=1,
    )
    fields.FILE.write_text(text + "\n", encoding="utf-8")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.mutants.traces", description=__doc__)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--each", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--runs", type=int, default=len(runs.RUNS))
    parser.add_argument("--accepted", action="store_true")
    parser.add_argument("--write", action="store_true")
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
    if told.write:
        write(found)
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

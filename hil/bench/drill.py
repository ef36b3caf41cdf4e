"""A fault drill: each fault that only hardware has, on each kind of board that plays it, one short flight each.

A fault passes if it was

    detected     the diagnosis named it, on the right board, and found nothing else
    explained    that is on the console and in the verdict, with what to do
    recovered    the board voted again after the fault's end and caught up; or it says that it is silent, and why
    lost nothing the trace shows no violation, and each operation was confirmed and is in the log

Nothing of that looks at what the scenario plays: a fault that is swallowed anywhere makes its row fail.
"""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from groundstation.boards import environment
from groundstation.boards.base import Unit, board_kind
from groundstation.boards.bench import Bench, of_environment
from groundstation.faults.board_fault import HARDWARE_FAULTS
from groundstation.flight import diagnosis, rehearsal
from groundstation.flight.progress import Display, SilentDisplay
from groundstation.flight.rehearsal import Flight
from groundstation.record import run_directory
from groundstation.record.contents import Diagnosed
from groundstation.scenario.mission_end import COMPLETE
from groundstation.scenario.model import Scenario, parse
from groundstation.verdict.verdict import Judgement, judge
from hil.bench.junit import Case
from specs.checking.check import check_trace
from specs.verdict import VIOLATION

BEGINS_AT = (0.8, 5.0, 20.0)  # the next one if the board did not vote yet: a machine under load boots slowly
QUICK = ("virtual", "host")  # kinds that vote within a second
AGAIN_SECONDS = 0.1
VICTIM = 1
VOTES = ("Vote1", "Vote2", "Vote3", "Vote4")


@dataclass(frozen=True)
class Exercise:
    """How a fault is drilled: fields of its table, what the diagnosis must call it, fields of the mission.

    wait: seconds for its return. times: it strikes. stays_silent: it cannot recover. beside: may be found, too.
    """

    fields: dict[str, Any]
    named: str
    mission: dict[str, Any] = field(default_factory=dict)
    wait: float = 1.5
    times: int = 1
    stays_silent: bool = False
    beside: tuple[str, ...] = ()


EXERCISES = {
    "line_noise": Exercise({"seconds": 1.5, "probability": 0.003}, diagnosis.DAMAGED),
    "baud_mismatch": Exercise({"seconds": 3.0}, diagnosis.BAUD, wait=4.0, beside=(diagnosis.DAMAGED,)),
    "slow_host": Exercise({"seconds": 2.0}, diagnosis.LATE),
    "unplug": Exercise({"seconds": 1.0}, diagnosis.GONE, wait=4.0, beside=(diagnosis.POWER,)),
    "brown_out": Exercise({}, diagnosis.POWER, wait=5.0, beside=(diagnosis.GONE,)),
    "hang": Exercise({}, diagnosis.HUNG, wait=14.0, beside=(diagnosis.GONE,)),  # its watchdog waits for 8 s
    "heap_exhaustion": Exercise({}, diagnosis.MEMORY),
    "full_flash": Exercise({"seconds": 5.0}, diagnosis.FULL, wait=3.0),  # to fill it takes up to a second or two
    # Several blocks: a file system avoids one that is worn, a ring of pages cannot.
    "worn_flash": Exercise({}, diagnosis.WORN, {"journal": "pages"}, times=8, stays_silent=True),
}


@dataclass(frozen=True)
class Pace:
    """How fast a kind of board flies with ease. slots: most in a second, so that the mission outlasts the fault.

    patience: how many times as long a board may take to come back; in real time, on a machine under load, longer.
    """

    workload: dict[str, Any]
    slots: float
    tick_ms: int
    settle_seconds: float
    patience: float = 1.0


FAST = Pace({"operations": 1, "in_flight": 2, "pause_seconds": 0.15}, 13.3, 10, 1.0, patience=0.5)
SLOW = Pace({"operations": 1, "in_flight": 1, "pause_seconds": 0.4}, 2.4, 50, 4.0)
REAL = Pace({"operations": 1, "in_flight": 1, "pause_seconds": 0.4}, 2.4, 50, 10.0, patience=3.0)
BESIDE = (diagnosis.LATE,)  # may be found on any board of a machine that is busy


@dataclass
class Row:
    """One fault on one kind of board. `not_played`: why this kind cannot play it; the rest is empty then."""

    fault: str
    kind: str
    not_played: str = ""
    detected: str = ""
    explained: str = ""
    recovered: str = ""
    lost: str = ""
    seconds: float = 0.0
    run: str = ""
    problems: list[str] = field(default_factory=list)

    @property
    def result(self) -> str:
        """In a word."""
        return "not played" if self.not_played else "FAIL" if self.problems else "pass"

    def as_dict(self) -> dict[str, object]:
        """For --json."""
        return {**self.__dict__, "result": self.result}


@dataclass(frozen=True)
class Subject:
    """A board to drill: which of a bench."""

    kind: str
    node: int
    unit: Unit
    bench: Callable[[], Bench]


def subject(kind: str) -> Subject:
    """A board of a kind that makes its boards, in the smallest swarm. Raises BoardError.

    Beside boards in virtual time fly others in virtual time: what they do follows from the seed.
    """
    others = kind if board_kind(kind).is_real_time else "host"
    kinds = tuple(kind if node == VICTIM else others for node in range(4))
    return Subject(kind, VICTIM, Unit(), lambda: Bench(kinds, (Unit(),) * len(kinds)))


def subjects(path: Path) -> list[Subject]:
    """One board of each kind of an environment file. Raises EnvironmentFileError, KeysError."""
    first = {entry.kind: entry for entry in reversed(environment.load(path).entries())}
    return [
        Subject(kind, entry.node, entry.unit(), lambda: of_environment(path)) for kind, entry in sorted(first.items())
    ]


def drill(found: Subject, faults: Sequence[str], out: Path, seed: int, display: Display) -> Iterator[Row]:
    """Fly each fault. Raises PlanError, RunDirectoryError, BoardError, KeysError."""
    kind = board_kind(found.kind)
    for fault in faults:
        if fault not in kind.playable(found.unit):
            yield Row(fault, found.kind, not_played=kind.why_not(fault))
        else:
            yield _fly(found, fault, out, seed, display)


def scenario_of(fault: str, at: float, node: int, boards: int, seed: int, pace: Pace = FAST) -> Scenario:
    """The mission of one fault, which begins at mission second `at`."""
    exercise = EXERCISES[fault]
    document: dict[str, Any] = {
        "name": "drill-" + fault.replace("_", "-"),
        "description": f"Fault drill: {fault} on board {node}.",
        "mission": {
            "boards": boards,
            "slots": int(pace.slots * (at + exercise.fields.get("seconds", 0.0) + pace.patience * exercise.wait)),
            "seed": seed,
            "settle_seconds": pace.settle_seconds,
            "limit_seconds": 300.0,
            "no_progress_seconds": 60.0,
            **exercise.mission,
        },
        "clock": {"tick_ms": pace.tick_ms},
        "workload": pace.workload,
        "board_faults": [
            {"at": at + number * AGAIN_SECONDS, "node": node, "kind": fault, **exercise.fields}
            for number in range(exercise.times)
        ],
    }
    return parse(document, f"drill of {fault}")


def _fly(found: Subject, fault: str, out: Path, seed: int, display: Display) -> Row:
    began = time.monotonic()
    is_quick = found.kind in QUICK
    pace = FAST if is_quick else REAL if board_kind(found.kind).is_real_time else SLOW
    for at in BEGINS_AT if is_quick else BEGINS_AT[1:]:
        bench = found.bench()
        scenario = scenario_of(fault, at, found.node, len(bench.kinds), seed, pace)
        flight = rehearsal.fly(rehearsal.Plan(scenario, found.kind, out, bench=bench), display)
        if any(event["received"] < at and event["event"] in VOTES for event in _own_events(flight, found.node)):
            break
    judgement = judge(check_trace(flight.directory / run_directory.TRACE), flight.summary, flight.directory)
    run_directory.write_json(flight.directory / run_directory.VERDICT, judgement.as_dict())
    row = Row(fault, found.kind, seconds=time.monotonic() - began, run=str(flight.directory))
    assess(row, flight, judgement, found.node)
    return row


def assess(row: Row, flight: Flight, judgement: Judgement, node: int) -> None:
    """Fill in what the flight shows."""
    exercise = EXERCISES[row.fault]
    findings = flight.summary.get("diagnoses", [])
    named = [each for each in findings if each["board"] == node and each["name"] == exercise.named]
    others = [each for each in findings if each not in named and each["name"] not in (*BESIDE, *exercise.beside)]
    if named:
        row.detected = f"{named[0]['name']}, {named[0]['at'] - flight.scenario.board_faults[0].at:.1f} s after it began"
        row.explained = _explained(named[0], flight, judgement, row.problems)
    else:
        row.problems.append("nobody noticed it")
    row.problems += [f"also found: board {each['board']}: {each['name']}" for each in others]
    row.recovered = _recovered(flight, node, exercise, row.problems)
    row.lost = _lost(flight, judgement, row.problems)


def _explained(found: Diagnosed, flight: Flight, judgement: Judgement, problems: list[str]) -> str:
    """The words of a finding, if the operator and the verdict's reader get to see them."""
    log = (flight.directory / run_directory.LOG).read_text()
    shown = [line.detail for line in judgement.lines if line.name == f"board {found['board']}"]
    if found["what"][:60] not in log:
        problems.append("the operator was not told")
    if not any(found["what"] in detail and found["advice"] in detail for detail in shown):
        problems.append("the verdict does not tell it")
    return f"{found['what']}; {found['advice']}"


def _recovered(flight: Flight, node: int, exercise: Exercise, problems: list[str]) -> str:
    """How the board came back, by the trace."""
    own = _own_events(flight, node)
    begun = [at for at, event in enumerate(own) if event["event"] == "BoardFault"]
    if not begun:
        problems.append("the fault was not played")
        return ""
    fault, own = own[begun[0]], own[begun[0] :]
    ended = fault["received"] + fault.get("seconds", 0.0)
    silent = [event for event in own if event["event"] == "Silent"]
    if exercise.stays_silent:
        if silent:
            return f"named as silent: {silent[-1]['reason']}"
        problems.append("the board did not say that it is silent")
        return ""
    votes = [event["received"] for event in own if event["event"] in VOTES and event["received"] > ended]
    slots, applied = flight.summary["slots"], flight.summary["applied"].get(str(node), 0)
    if not votes:
        problems.append("it did not vote again")
    elif applied < slots:
        problems.append(f"it applied {applied} of {slots} slots")
    else:
        return f"voted {votes[0] - ended:.1f} s after the end, applied all {slots} slots"
    return ""


def _own_events(flight: Flight, node: int) -> list[dict[str, Any]]:
    """The events of a board and those about it, as recorded."""
    with (flight.directory / run_directory.TRACE).open(encoding="utf-8") as file:
        events = [json.loads(line) for line in file]
    return [event for event in events if node in (event["node"], event.get("board"))]


def _lost(flight: Flight, judgement: Judgement, problems: list[str]) -> str:
    summary = flight.summary
    before = len(problems)
    if judgement.verdict == VIOLATION:
        problems.extend(judgement.findings[:2])
    if summary["crashed"]:
        problems.append(f"boards {summary['crashed']} crashed")
    if summary["outcome"] != COMPLETE:
        problems.append(f"the mission ended: {summary['outcome']}; {'; '.join(summary['waits_for'][:2])}")
    open_count = summary["operations_issued"] - summary["operations_confirmed"]
    if open_count:
        problems.append(f"{open_count} operations were not confirmed")
    if len(problems) > before:
        return "?"
    gaps = len(judgement.checked["missing"])
    return "nothing" + (f" (gaps in the trace, named: {gaps})" if gaps else "")


def all_faults() -> list[str]:
    """The faults that are drilled, in the order of the scenario's reference."""
    return [fault for fault in HARDWARE_FAULTS if fault in EXERCISES]


def told(row: Row) -> Iterator[str]:
    """A row of the table, as lines."""
    head = f"{row.fault:16} {row.kind:9} {row.result:10}"
    if row.not_played:
        yield f"{head} {row.not_played}"
        return
    yield f"{head} {row.seconds:5.1f} s"
    for name in ("detected", "explained", "recovered", "lost"):
        yield f"    {name:10} {getattr(row, name) or 'NO'}"
    for problem in row.problems:
        yield f"    problem    {problem}"
    if row.problems:
        yield f"    run        {row.run}"


def summed_up(rows: Sequence[Row]) -> str:
    """The last line."""
    counts = {result: sum(row.result == result for row in rows) for result in ("pass", "FAIL", "not played")}
    return f"{counts['pass']} faults passed, {counts['FAIL']} failed, {counts['not played']} not played by their kind"


def case(row: Row) -> Case:
    """A row for JUnit."""
    detail = "\n".join(line.strip() for line in told(row))
    problem = "; ".join(row.problems) or None
    return Case(f"drill.{row.kind}", row.fault, row.seconds, detail, problem, {"run": row.run, "kind": row.kind})


def quiet() -> Display:
    """No display: a drill has lines of its own."""
    return SilentDisplay()

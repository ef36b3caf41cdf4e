"""The verdict on a rehearsal: combines the checker's verdict on the trace with the mission's own summary.

The checker knows only the trace; the summary adds that a board crashed, or that the operator aborted the mission. In
order of precedence: a violation; a crash, if a board crashed; incomplete, if something is missing from the trace or a
board's line was gone at the end; no progress, which only a complete trace can show.

verdict.json is `as_dict()`: verdict, exit_code, lines, steps, invariants, reasons why some were not checked, counts and
the mission's own summary.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from amu.core.limits import faults_max
from groundstation.faults.rule import DELAYED
from groundstation.record.board_events import WORDS, spoken
from groundstation.record.contents import Summary
from groundstation.scenario import mission_end as flown
from groundstation.scenario.waits_for import boards
from groundstation.verdict import not_checked
from specs import properties
from specs.checking.check import TLC
from specs.verdict import (
    ENDED_BY_ITSELF,
    EXIT_CODES,
    HOLDS,
    INCOMPLETE,
    NO_PROGRESS,
    NOT_CHECKED,
    PASS,
    VIOLATED,
    VIOLATION,
    Checked,
    Verdict,
)

CRASH = "crash"
EXIT_CODE_OF = {**EXIT_CODES, CRASH: 1}

# OPEN: unknown or not as wanted, but no violation. NOTE: not a result of this run.
GOOD, BAD, OPEN, NOTE = "good", "bad", "open", "note"

AGREEMENT = "CON-4"
TRAFFIC = ("accepted", "delivered")


@dataclass(frozen=True)
class Line:
    """One line of the verdict table."""

    name: str
    status: str
    detail: str


@dataclass(frozen=True)
class Judgement:
    """The whole verdict on a run. `summary`: the mission's own. None if only a trace was checked."""

    verdict: str
    lines: list[Line]
    checked: Checked
    summary: Summary | None
    directory: Path | None = None
    replay: str | None = None
    resume: str | None = None
    findings: list[str] = field(default_factory=list)

    @property
    def exit_code(self) -> int:
        """The exit code of `amu`."""
        return EXIT_CODE_OF[self.verdict]

    def as_dict(self) -> dict[str, object]:
        """The content of verdict.json, which `--json` prints."""
        return {
            **self.checked,
            "verdict": self.verdict,
            "exit_code": self.exit_code,
            "lines": [{"name": line.name, "status": line.status, "detail": line.detail} for line in self.lines],
            "findings": self.findings,
            "run": None if self.directory is None else str(self.directory),
            "replay": self.replay,
            "resume": self.resume,
            "mission": self.summary,
        }


def judge(
    verdict: Verdict,
    summary: Summary | None,
    directory: Path | None,
    replay: str | None = None,
    resume: str | None = None,
) -> Judgement:
    """Combine the checker's verdict and the mission's summary. `replay`, `resume`: command lines that do so."""
    checked = verdict.as_dict()
    lines = [*_mission_lines(summary), *_checker_lines(checked), *_fault_lines(summary)]
    reasons = [] if summary is None else [summary.get("failure"), summary.get("record_lost")]
    away = [] if summary is None else summary.get("away", [])
    reasons += [_without_line(away)] if away else []
    findings = [*checked["violations"], *checked["missing"], *(reason for reason in reasons if reason)]
    return Judgement(_overall(verdict.verdict, summary), lines, checked, summary, directory, replay, resume, findings)


def _overall(of_trace: str, summary: Summary | None) -> str:
    if summary is None:
        return of_trace
    if of_trace == VIOLATION or summary["contradictions"]:
        return VIOLATION
    if summary["crashed"]:
        return CRASH
    if of_trace == INCOMPLETE or summary["outcome"] == flown.INTERRUPTED or summary.get("away"):
        return INCOMPLETE
    if of_trace == NO_PROGRESS or summary["outcome"] == flown.NO_PROGRESS:
        return NO_PROGRESS
    return PASS


# --- lines ------------------------------------------------------------------------------------


def _mission_lines(summary: Summary | None) -> Iterable[Line]:
    if summary is None:
        return
    enough = summary["slots"] >= summary["slots_wanted"]
    yield Line(
        "decided",
        GOOD if enough else OPEN,
        f"{summary['slots']} slots ({summary['slots_wanted']} wanted) in {summary['mission_seconds']:.1f} s"
        + ("" if summary["outcome"] == flown.COMPLETE else f"; mission ended: {summary['outcome']}"),
    )
    for index, text in enumerate(summary.get("waits_for", ())):
        yield Line("" if index else "waits for", OPEN, text)
    byzantine = summary["byzantine"]
    correct = {node: slot for node, slot in summary["applied"].items() if int(node) not in byzantine}
    behind = [node for node, slot in correct.items() if slot < summary["slots"]]
    applied = "  ".join(f"board {node}: {slot}" for node, slot in correct.items())
    yield Line("applied", OPEN if behind else GOOD, applied + ("; Byzantine boards left out" if byzantine else ""))
    issued, confirmed = summary["operations_issued"], summary["operations_confirmed"]
    refused = sum(count for result, count in summary["results"].items() if result != "ok")
    contradicted = f"; {summary['contradictions']} CONTRADICTED" if summary["contradictions"] else ""
    yield Line(
        "telecommands",
        BAD if summary["contradictions"] else GOOD if confirmed == issued else OPEN,
        f"{confirmed} of {issued} confirmed on f+1 replies; {refused} of them refusals{contradicted}",
    )
    for found in summary.get("diagnoses", []):
        yield Line(f"board {found['board']}", OPEN, f"{found['at']:.1f} s: {found['what']}; {found['advice']}")
    # Byzantine boards count too: an adversary that crashes did not behave as the scenario wanted.
    if summary["crashed"]:
        yield Line("boards", BAD, f"{boards(sorted(set(summary['crashed'])))} crashed; see ground.log")
    if away := summary.get("away"):
        yield Line("lines", OPEN, f"{_without_line(away)}: whether it crashed is not known; see ground.log")


def _without_line(away: list[int]) -> str:
    return f"{boards(away)}: no line at the end of the mission"


SEPARATE = ("TLC-", "RUN-")  # have their own lines: TLC, decided
FAMILIES = (
    ("consensus", "CON-"),
    ("knowledge", "KNW-"),
    ("replicated log", "LOG-"),
    ("ledger rules", "LED-"),
    ("messages", "MSG-"),
    ("Lamport order", "ORD-"),
)
# Listed only if the run had any of it: a mission without turns has no mutual exclusion to check.
OPTIONAL_FAMILIES = (
    ("answers", "TCM-"),
    ("channels", "LNK-"),
    ("mutual exclusion", "MUT-"),
    ("snapshots", "SNP-"),
    ("suspicion", "FDT-"),
    ("procedure", "PRC-"),
)
IN_FAMILIES = tuple(prefix for _, prefix in FAMILIES + OPTIONAL_FAMILIES)
RESUMES_SHOWN = 4  # the latest


def _checker_lines(checked: Checked) -> Iterable[Line]:
    invariants, not_met = checked["invariants"], checked["not_met"]
    agreement = {AGREEMENT: invariants[AGREEMENT]} if AGREEMENT in invariants else {}
    yield _properties("agreement", agreement, checked)
    for name, prefix in FAMILIES:
        yield _properties(name, {key: state for key, state in invariants.items() if key.startswith(prefix)}, checked)
    for name, prefix in OPTIONAL_FAMILIES:
        states = {key: state for key, state in invariants.items() if key.startswith(prefix)}
        if any(key not in not_met for key in states):
            yield _properties(name, states, checked)
    others = {key: state for key, state in invariants.items() if not key.startswith((*IN_FAMILIES, *SEPARATE))}
    if others:
        yield _properties("further properties", others, checked)
    missed = not_checked.by_reason(not_checked.list_of(checked)).items()
    yield Line("not checked here", NOTE, "; ".join(f"{spans(keys)}: {why}" for why, keys in missed))
    steps = checked["steps"]
    actions = ", ".join(f"{spoken(name)}: {count}" for name, count in steps.items())
    status = BAD if checked["first_bad_step"] else GOOD if steps else OPEN
    yield Line("conformance", status, f"{sum(steps.values())} steps checked against the modules: {actions}")
    yield from _stations(checked["resumed"])
    missing = checked["missing"]
    yield Line("trace", OPEN if missing else GOOD, "; ".join(missing[:3]) if missing else "complete, no gaps")
    ended = checked["counts"].get(ENDED_BY_ITSELF, 0)
    if ended:
        yield Line("restarts", OPEN, f"lives that boards ended by themselves, for want of memory or of flash: {ended}")
    tlc = checked["tlc"]
    why = checked["not_checked"].get(TLC)
    yield Line("TLC", {"accepted": GOOD, "rejected": BAD}.get(tlc, OPEN), f"{tlc}: {why}" if why else tlc)


def _properties(name: str, states: Mapping[str, str], checked: Checked) -> Line:
    """The properties that were violated, that hold, and that are open, with reasons. Another line lists those to which
    nothing applied."""
    violated = [key for key in states if states[key] == VIOLATED]
    holding = [key for key in states if states[key] == HOLDS]
    reasons: dict[str, list[str]] = {}
    for key in states:
        if states[key] == NOT_CHECKED and (key not in checked["not_met"] or not holding):
            reasons.setdefault(checked["not_checked"].get(key, "no reason given"), []).append(key)
    parts = [f"VIOLATED: {spans(violated)}"] if violated else []
    if holding:
        parts.append(f"{'holds' if len(holding) == 1 else 'hold'}: {spans(holding)}")
    if reasons:
        parts.append("not checked: " + "; ".join(f"{spans(keys)} ({why})" for why, keys in reasons.items()))
    # A family in which nothing was checked is not green, even if there was nothing to check.
    status = BAD if violated else OPEN if reasons or not holding else GOOD
    return Line(name, status, "; ".join(parts) or "nothing was checked")


def spans(identifiers: Iterable[str]) -> str:
    """The identifiers in order, three or more neighbours as a span: "CON-1, CON-3 to CON-11, CON-13"."""
    runs: list[list[str]] = []
    for identifier in sorted(identifiers, key=properties.order):
        prefix, number = properties.order(identifier)
        if runs and properties.order(runs[-1][-1]) == (prefix, number - 1):
            runs[-1].append(identifier)
        else:
            runs.append([identifier])
    return ", ".join(f"{run[0]} to {run[-1]}" if len(run) > 2 else ", ".join(run) for run in runs)


def _stations(resumed: list[str]) -> Iterable[Line]:
    """How many ground stations flew the run, if more than one."""
    if resumed:
        earlier = ", ".join(resumed[-RESUMES_SHOWN:])
        more = f"{len(resumed) - RESUMES_SHOWN} more, " if len(resumed) > RESUMES_SHOWN else ""
        detail = f"{len(resumed) + 1} flew this run, one after the other; resumed from {more}{earlier}"
        yield Line("ground stations", GOOD, detail)


def _fault_lines(summary: Summary | None) -> Iterable[Line]:
    if summary is None:
        return
    byzantine = summary["adversaries"]
    bound = faults_max(len(summary["applied"]))
    names = ", ".join(f"board {node} ({name})" for node, name in byzantine.items())
    too_many = " (safety is not promised)" if len(byzantine) > bound else ""
    yield Line(
        "Byzantine boards",
        GOOD if len(byzantine) <= bound else OPEN,
        f"{len(byzantine)} of at most {bound} tolerated{too_many}" + (f": {names}" if names else ""),
    )
    for node, counts in summary.get("liars", {}).items():
        if counts:
            sent = ", ".join(f"{name} {count}" for name, count in counts.items())
            yield Line(f"from board {node}", GOOD, f"not checked, the board is Byzantine: {sent}")
    frames = summary["fates"].get("accepted", 0)
    not_begun = ", ".join(summary.get("faults_not_begun", ()))
    late = f"; not begun: {not_begun}" if not_begun else ""
    yield Line("faults", GOOD, f"on {frames} frames: {_injected(summary)}{late}")
    if summary["board_events"]:
        events = summary["board_events"].items()
        yield Line("board faults", GOOD, ", ".join(f"{WORDS.get(name, name)} {count}" for name, count in events))


def _injected(summary: Summary) -> str:
    """Injected faults of frames, grouped by effect: a delay is not a loss. Earlier versions did not group them."""
    by_kind = summary.get("fates_by_kind")
    if by_kind is None:
        by_kind = {"": {name: count for name, count in summary["fates"].items() if name not in TRAFFIC}}
    parts = []
    for kind, fates in by_kind.items():
        names = ", ".join(f"{name} {count}" for name, count in fates.items())
        if fates:
            times = " times" if kind == DELAYED else ""  # several faults may delay one frame
            parts.append(f"{kind} {sum(fates.values())}{times} ({names})" if kind else names)
    return "; ".join(parts) or "none"

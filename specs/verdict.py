"""The verdict on a run: what was checked, what held, and the first violation.

Rules. A violation takes precedence. Otherwise a trace with missing events is *incomplete*, never *pass*. Otherwise a
run that stopped deciding made *no progress*. A property that could not be checked is named, and is not a pass either.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypedDict

from specs import properties

PASS = "pass"
VIOLATION = "violation"
NO_PROGRESS = "no_progress"
INCOMPLETE = "incomplete"

# Exit statuses of the command line; 1 is a crash, 2 bad input or usage.
ENDED_BY_ITSELF = "lives that ended by themselves"  # count of restarts that a board made itself, giving the reason
EXIT_CODES = {PASS: 0, VIOLATION: 3, NO_PROGRESS: 4, INCOMPLETE: 5}
EXIT_BAD_INPUT = 2

HOLDS = "holds"
VIOLATED = "violated"
NOT_CHECKED = "not checked"

NOTES_MAX = 50  # a broken trace may give a note for each of its lines; further notes are counted


Progress = Callable[[str, int, int], None]  # progress: what, done, total


def ignore_progress(what: str, done: int, total: int) -> None:
    """Discards progress."""


class Checked(TypedDict):
    """A verdict as JSON has it."""

    verdict: str
    steps: dict[str, int]
    invariants: dict[str, str]
    not_checked: dict[str, str]
    not_met: list[str]
    counts: dict[str, int]
    first_bad_step: str | None
    tlc: str
    violations: list[str]
    missing: list[str]
    resumed: list[str]
    notes: list[str]
    left_out: dict[str, int]


@dataclass
class Verdict:
    """The checker's result for one trace.

    `steps` counts the steps that were checked against a module, by action. `invariants` maps the identifier of each
    property to "holds", "violated" or "not checked"; `reasons` says why it was not checked. `not_met` lists the
    properties to which nothing in the run applied: the trace is complete, but they were not tested. `first_bad_step`
    describes the event that is not a step, the reason, and the state. `tlc` is TLC's own verdict on the same steps:
    "accepted", "rejected" or "not run". `missing` lists what makes the trace incomplete; `notes` are for the reader.
    `resumed` lists the runs that were resumed by others, in order: each had its own ground station.
    """

    steps: Counter[str] = field(default_factory=Counter)
    invariants: dict[str, str] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)
    not_met: set[str] = field(default_factory=set)
    counts: Counter[str] = field(default_factory=Counter)
    first_bad_step: str | None = None
    tlc: str = "not run"
    notes: list[str] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    resumed: list[str] = field(default_factory=list)
    stalled: bool = False
    notes_left_out: int = 0

    @property
    def verdict(self) -> str:
        if self.violations:
            return VIOLATION
        if self.missing:
            return INCOMPLETE
        return NO_PROGRESS if self.stalled else PASS

    @property
    def exit_code(self) -> int:
        return EXIT_CODES[self.verdict]

    def expect(self, *identifiers: str) -> None:
        """Declare properties that are about to be checked. Each holds until a violation is found."""
        for identifier in identifiers:
            self.invariants.setdefault(identifier, HOLDS)

    def doubt(self, identifier: str, why: str) -> None:
        """Mark the property as not checked, unless it is violated."""
        if self.invariants[identifier] != VIOLATED:
            self.invariants[identifier] = NOT_CHECKED
            self.reasons.setdefault(identifier, why)

    def nothing_held(self, identifier: str, why: str) -> None:
        """Mark the property as not checked because nothing in the run applied to it."""
        if identifier not in self.reasons:
            self.doubt(identifier, why)
            self.not_met.add(identifier)

    def violate(self, identifier: str, what: str) -> None:
        """Mark the property as violated; `what` says where and why."""
        self.invariants[identifier] = VIOLATED
        self.violations.append(f"{identifier}: {what}")
        if self.first_bad_step is None:
            self.first_bad_step = what

    def miss(self, what: str) -> None:
        """Record that the trace lacks something that a full verdict needs."""
        self.missing.append(what)

    def note(self, text: str) -> None:
        if len(self.notes) < NOTES_MAX:
            self.notes.append(text)
        else:
            self.notes_left_out += 1

    def to_json(self) -> str:
        """One JSON object with keys in a fixed order: equal verdicts give equal texts."""
        return json.dumps(self.as_dict(), indent=2)

    def as_dict(self) -> Checked:
        return {
            "verdict": self.verdict,
            "steps": dict(sorted(self.steps.items())),
            "invariants": {key: self.invariants[key] for key in sorted(self.invariants, key=properties.order)},
            "not_checked": {key: self.reasons[key] for key in sorted(self.reasons, key=properties.order)},
            "not_met": sorted(self.not_met, key=properties.order),
            "counts": dict(sorted(self.counts.items())),
            "first_bad_step": self.first_bad_step,
            "tlc": self.tlc,
            "violations": self.violations[:NOTES_MAX],
            "missing": self.missing[:NOTES_MAX],
            "resumed": self.resumed[-NOTES_MAX:],
            "notes": self.notes,
            "left_out": {
                "violations": max(0, len(self.violations) - NOTES_MAX),
                "missing": max(0, len(self.missing) - NOTES_MAX),
                "notes": self.notes_left_out,
            },
        }

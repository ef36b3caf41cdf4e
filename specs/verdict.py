"""The verdict on a run: what was checked, what held, and the first thing that did not.

Rules. A violation outranks everything; then a trace with events missing is *incomplete*, never *pass*; then a run that
stopped deciding made *no progress*. What could not be checked is named, and is not a pass either.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from specs import properties

PASS = "pass"
VIOLATION = "violation"
NO_PROGRESS = "no_progress"
INCOMPLETE = "incomplete"

# Exit statuses of the command line; 1 is a crash, 2 bad input or usage.
ENDED_BY_ITSELF = "lives that ended by themselves"  # count of what a board began anew and said why
EXIT_CODES = {PASS: 0, VIOLATION: 3, NO_PROGRESS: 4, INCOMPLETE: 5}
EXIT_BAD_INPUT = 2

HOLDS = "holds"
VIOLATED = "violated"
NOT_CHECKED = "not checked"

NOTES_MAX = 50  # a broken trace may give a note for each of its lines; the rest are counted


Tell = Callable[[str, int, int], None]  # of what, how many are done, of how many


def untold(what: str, done: int, total: int) -> None:
    """Nobody asks how far the check is."""


@dataclass
class Verdict:
    """What the checker says of a trace.

    `steps` counts the steps that were held against a module, by action. `invariants` maps the identifier of each
    property to "holds", "violated" or "not checked"; `reasons` says why it was not, and `not_met` names those that
    nothing in the run was about: the run lacks nothing, but nothing was held. `first_bad_step` says in words which
    event is no step, why, and in which state. `tlc` is TLC's own verdict on the same steps: "accepted", "rejected" or
    "not run". `missing` says what makes the trace incomplete; `notes` are for the reader. `resumed` names the runs that
    others went on from, in order: each had a ground station of its own.
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
        """These properties are going to be checked: until one is seen violated, it holds."""
        for identifier in identifiers:
            self.invariants.setdefault(identifier, HOLDS)

    def doubt(self, identifier: str, why: str) -> None:
        """It is open whether the property holds, unless it is violated anyway."""
        if self.invariants[identifier] != VIOLATED:
            self.invariants[identifier] = NOT_CHECKED
            self.reasons.setdefault(identifier, why)

    def nothing_held(self, identifier: str, why: str) -> None:
        """Nothing in the run was about the property."""
        if identifier not in self.reasons:
            self.doubt(identifier, why)
            self.not_met.add(identifier)

    def violate(self, identifier: str, what: str) -> None:
        """Property `identifier` does not hold; `what` says where and why."""
        self.invariants[identifier] = VIOLATED
        self.violations.append(f"{identifier}: {what}")
        if self.first_bad_step is None:
            self.first_bad_step = what

    def miss(self, what: str) -> None:
        """Something needed for a full judgement is not in the trace."""
        self.missing.append(what)

    def note(self, text: str) -> None:
        if len(self.notes) < NOTES_MAX:
            self.notes.append(text)
        else:
            self.notes_left_out += 1

    def to_json(self) -> str:
        """One object, keys in a fixed order, so that equal verdicts are equal texts."""
        return json.dumps(self.as_dict(), indent=2)

    def as_dict(self) -> dict[str, Any]:
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

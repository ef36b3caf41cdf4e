"""What is fed to an Observer, and what comes of it: observations, the first bad step, the result."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from specs.escape import SeveralLines
from specs.tla.values.values import Value
from specs.verdict import NOT_CHECKED, Verdict


class ObservationError(SeveralLines):
    """The trace cannot be held against the module: too little is logged, or an observation makes no sense to it."""


@dataclass(frozen=True, slots=True)
class Observation:
    """One step that was seen. `state`: the variables after it, as far as they were logged.

    `name` is None for a step of which only the state is known. Members of `arguments` that are no parameters of the
    operator are not looked at: a trace holds more than a module abstracts.
    `is_outside`: the name is no operator's, even if the module has one of that name.
    """

    line: int
    name: str | None
    arguments: Mapping[str, Value] = field(default_factory=dict)
    state: Mapping[str, Value] = field(default_factory=dict)
    is_outside: bool = False


@dataclass(frozen=True, slots=True)
class BadStep:
    """The first observation that no behaviour of the module explains, or the first state in which something is false.

    `line` is the trace's, `module_line` the module's; `guard` its text; `why` says it in words. `broken` is the
    invariant or property, None if the step itself is not allowed. `candidates` states were possible before; `state` is
    the first of them. `without_value`: the guard cannot be evaluated, TLC would stop with an error.
    """

    line: int
    step: str
    module_file: Path
    module_line: int
    guard: str
    why: str
    state: str
    candidates: int
    broken: str | None = None
    without_value: bool = False

    def __str__(self) -> str:
        others = "" if self.candidates == 1 else f" (one of {self.candidates} that are possible)"
        when = "state" if self.broken else "state before"
        return f"line {self.line}: {self.step}\n  {self.why}\n  {when}{others}: {self.state}"


@dataclass
class Result:
    """What came of a trace. `steps` counts by operator, `outside` by name of the event.

    `invariants` and `properties` map names to "holds" or "violated". `searched` names what was not logged, in words.
    `is_initial_seen`: the initial state was logged, and was one. `not_reached`: observations after the bad step.
    `candidates_most`: the most states that were possible at a time.
    """

    module: str
    steps: Counter[str] = field(default_factory=Counter)
    outside: Counter[str] = field(default_factory=Counter)
    invariants: dict[str, str] = field(default_factory=dict)
    properties: dict[str, str] = field(default_factory=dict)
    searched: list[str] = field(default_factory=list)
    bad: BadStep | None = None
    is_initial_seen: bool = False
    not_reached: int = 0
    candidates_most: int = 0

    @property
    def accepted(self) -> bool:
        return self.bad is None

    def verdict(self) -> Verdict:
        """The same in the form of every other check of a trace."""
        verdict = Verdict(steps=Counter(self.steps), invariants={**self.invariants, **self.properties})
        is_vacuous = self.accepted and not self.steps and not self.is_initial_seen
        verdict.counts["steps"] = sum(self.steps.values())
        verdict.counts["states possible at most"] = self.candidates_most
        for name, count in sorted(self.outside.items()):
            verdict.counts[f"outside the module: {name}"] = count
            verdict.note(f"{name}: {count} events are outside module {self.module}, which has no such operator")
        if is_vacuous:
            verdict.invariants = dict.fromkeys(verdict.invariants, NOT_CHECKED)
            told = (
                f"none of {sum(self.outside.values())} events is a step of it" if self.outside else "the trace is empty"
            )
            verdict.miss(f"nothing was held against module {self.module}: {told}")
        if not self.invariants and self.properties and set(self.properties.values()) == {NOT_CHECKED}:
            names = ", ".join(self.properties)
            verdict.miss(f"{names}: not checked, for it speaks of infinite behaviours; nothing else was to be checked")
        for what in self.searched:
            verdict.note(what)
        if self.not_reached:
            verdict.counts["not checked after the bad step"] = self.not_reached
        if self.bad is not None:
            verdict.violations.append(f"{self.bad.broken or self.module}: {self.bad}")
            verdict.first_bad_step = str(self.bad)
        return verdict

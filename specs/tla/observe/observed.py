"""Input and output of an Observer: observations, the first bad step, the result."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from specs.escape import MultilineError
from specs.tla.values.values import Value
from specs.verdict import NOT_CHECKED, Verdict


class ObservationError(MultilineError):
    """The trace cannot be checked against the module: too little is logged, or an observation does not fit it."""


@dataclass(frozen=True, slots=True)
class Observation:
    """One observed step. `state`: the logged variables after it.

    `name` is None for a step of which only the state is known. Members of `arguments` that are not parameters of the
    operator are ignored: a trace holds more than a module abstracts.
    `is_outside`: the event is not an action of the module, even if an operator has its name.
    """

    line: int
    name: str | None
    arguments: Mapping[str, Value] = field(default_factory=dict)
    state: Mapping[str, Value] = field(default_factory=dict)
    is_outside: bool = False


@dataclass(frozen=True, slots=True)
class BadStep:
    """The first observation that no behaviour of the module explains, or the first violation of a property.

    `line` is in the trace, `module_line` in the module; `guard` is the text there; `why` is the explanation. `broken`
    is the invariant or property, None if the step itself is not allowed. `candidates` states were possible before;
    `state` is the first of them. `without_value`: the guard cannot be evaluated, TLC would stop with an error.
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
    """The result of checking a trace. `steps` counts by operator, `outside` by name of the event.

    `invariants` and `properties` map names to "holds" or "violated". `searched` describes what was not logged.
    `is_initial_seen`: a valid initial state was logged. `not_reached`: the number of observations after the bad step.
    `candidates_most`: the largest number of states possible at one time.
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
        """The result as a Verdict, like that of every other check of a trace."""
        verdict = Verdict(steps=Counter(self.steps), invariants={**self.invariants, **self.properties})
        is_vacuous = self.accepted and not self.steps and not self.is_initial_seen
        verdict.counts["steps"] = sum(self.steps.values())
        verdict.counts["states possible at most"] = self.candidates_most
        for name, count in sorted(self.outside.items()):
            verdict.counts[f"outside the module: {name}"] = count
            verdict.note(f"{name}: {count} events are outside module {self.module}, which has no such operator")
        if is_vacuous:
            verdict.invariants = dict.fromkeys(verdict.invariants, NOT_CHECKED)
            why = (
                f"none of {sum(self.outside.values())} events is a step of it" if self.outside else "the trace is empty"
            )
            verdict.miss(f"nothing was checked against module {self.module}: {why}")
        if not self.invariants and self.properties and set(self.properties.values()) == {NOT_CHECKED}:
            names = ", ".join(self.properties)
            verdict.miss(f"{names}: not checked, being about infinite behaviours; there was nothing else to check")
        for what in self.searched:
            verdict.note(what)
        if self.not_reached:
            verdict.counts["not checked after the bad step"] = self.not_reached
        if self.bad is not None:
            verdict.violations.append(f"{self.bad.broken or self.module}: {self.bad}")
            verdict.first_bad_step = str(self.bad)
        return verdict

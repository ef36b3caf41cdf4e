"""The result of a run, for the table, the summary and the cache."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from typing import Any

from specs.verification.coverage import ActionCount, Part

PASS = "pass"
FAIL = "fail"
NO_ANSWER = "no answer"
EXIT_CODES = {PASS: 0, NO_ANSWER: 2, FAIL: 3}


@dataclass(frozen=True)
class Point:
    """A part of a checked formula that must be evaluated: `what` is a consequent, a body or a premise."""

    formula: str
    what: str
    place: str
    text: str
    reached: bool


@dataclass(frozen=True)
class RunResult:
    """One run. `status` is PASS, FAIL or NO_ANSWER; `findings` say why it is not PASS, one line each.

    `outcome` is TLC's, `violated` the invariant that TLC names, `trace` its counterexample. States and depth are 0
    where TLC does not print them (simulation). `seconds` is the whole run, with random walks and probes.
    """

    feature: str
    run: str
    content: str
    status: str
    findings: tuple[str, ...] = ()
    outcome: str = ""
    violated: str | None = None
    states_generated: int = 0
    states_distinct: int = 0
    depth: int = 0
    seconds: float = 0.0
    check_seconds: float = 0.0
    smoke_states: int = 0
    actions: tuple[ActionCount, ...] = ()
    points: tuple[Point, ...] = ()
    trace: tuple[str, ...] = ()
    tlc: str = ""
    java: str = ""
    cached: bool = field(default=False, compare=False)

    def as_dict(self) -> dict[str, object]:
        return asdict(self)


def of_dict(data: object) -> RunResult | None:
    """The stored result, or None if another version wrote it or it is damaged."""
    if not isinstance(data, dict):
        return None
    try:
        known = {entry.name for entry in fields(RunResult)}
        values = {name: value for name, value in data.items() if name in known}
        values["actions"] = tuple([_action_of(action) for action in values["actions"]])
        values["points"] = tuple([Point(**point) for point in values["points"]])
        for name in ("findings", "trace"):
            values[name] = tuple(values[name])
        return RunResult(**values)
    except (KeyError, TypeError):
        return None


def _action_of(data: dict[str, Any]) -> ActionCount:
    part = data["part"]
    return ActionCount(**{**data, "part": None if part is None else Part(**part)})

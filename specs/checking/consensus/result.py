"""The result of the check of a slot: its steps, the first that is not allowed, the invariants that do not hold."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from specs.checking.trace import Event
from specs.tla.values.values import Value


@dataclass(slots=True)
class Step:
    """One step of the module: `arguments` are the action's, as TLA+ values, and `known` those of its operator
    KnowsFor..., if what the node knew was asked."""

    action: str
    arguments: tuple[Value, ...]
    event: Event
    recovered: bool = False
    known: tuple[Value, ...] = ()


@dataclass(frozen=True)
class BadStep:
    """The first event that is not a step of the module. `identifier` is the property that it breaks."""

    identifier: str
    event: Event
    why: str
    state: str

    def __str__(self) -> str:
        return f"{self.event}\n  {self.why}\n  state before: {self.state}"


@dataclass
class SlotResult:
    """The result for a slot. `steps` ends with the bad one, if any; `leaders[v]` is the leader given to the module."""

    slot: int
    leaders: tuple[int, ...]
    values: dict[str, str]
    max_view: int
    steps: list[Step] = field(default_factory=list)
    again: int = 0
    bad: BadStep | None = None
    is_rejected: bool = False  # the module does not allow the last of `steps`
    has_steps: bool = True  # False: there are wishes and messages only
    violated: dict[str, str] = field(default_factory=dict)  # invariants that do not hold, with identifiers
    decided: str | None = None

    def counts(self) -> Counter[str]:
        """How many good steps there are, by action; recovered ones under "... recovered"."""
        good = self.steps[:-1] if self.is_rejected else self.steps
        return Counter(step.action + (" recovered" if step.recovered else "") for step in good)

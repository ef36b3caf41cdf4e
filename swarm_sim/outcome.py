"""The outcome of one seed: a verdict, the oracle that gave it, and its cause.

Rules. A verdict is one of `WORST_FIRST`; where several apply, the first counts. Each oracle normalises its causes:
equal causes are equal texts, so that seeds can be counted by cause. What differs from seed to seed (slots, values, a
traceback) belongs in the detail. A seed that no worker could finish is not judged: "no answer" is never "failed". An
outcome depends on seed, nodes, slots and code, never on the host: its duration is kept elsewhere
(`swarm_sim.campaign.task.Finished`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from specs import verdict as report
from specs.verdict import INCOMPLETE, NO_PROGRESS, PASS, VIOLATION

__all__ = ["CRASH", "EXIT_CODES", "INCOMPLETE", "NO_PROGRESS", "PASS", "VIOLATION", "WORST_FIRST", "Outcome"]
__all__ += ["NO_ANSWER", "from_dict", "unanswered", "worst"]

CRASH = "crash"
NO_ANSWER = "no answer"  # in the place of the oracle: the seed has not been judged
WORST_FIRST = (CRASH, VIOLATION, NO_PROGRESS, INCOMPLETE, PASS)
EXIT_CODES = {CRASH: 1, **report.EXIT_CODES}


@dataclass(frozen=True)
class Outcome:
    """Verdict on one seed.

    `oracle` identifies what was broken ("CON-4"); oracle, cause and detail are "" when the seed passes. `counts` are
    sums over the run (deliveries, steps, slots, ...). `marks` are the coverage marks that it reached.
    """

    seed: int
    verdict: str
    oracle: str = ""
    cause: str = ""
    detail: str = ""
    counts: dict[str, int] = field(default_factory=dict)
    marks: tuple[str, ...] = ()

    @property
    def is_answer(self) -> bool:
        """Has the seed been judged?"""
        return self.oracle != NO_ANSWER

    def __post_init__(self) -> None:
        if self.verdict not in EXIT_CODES:
            raise ValueError(f"seed {self.seed}: no verdict {self.verdict!r}; one of {', '.join(WORST_FIRST)}")
        if not all(isinstance(count, int) for count in self.counts.values()):
            raise TypeError(f"seed {self.seed}: counts are integers: {self.counts}")
        if not all(isinstance(mark, str) for mark in self.marks):
            raise TypeError(f"seed {self.seed}: marks are texts: {self.marks}")

    def as_dict(self) -> dict[str, object]:
        """The members as JSON has them, keys in a fixed order."""
        return {
            "seed": self.seed,
            "verdict": self.verdict,
            "oracle": self.oracle,
            "cause": self.cause,
            "detail": self.detail,
            "counts": dict(sorted(self.counts.items())),
            "marks": list(self.marks),
        }


def unanswered(seed: int, cause: str, detail: str) -> Outcome:
    """The seed has not been judged, and why."""
    return Outcome(seed, INCOMPLETE, NO_ANSWER, cause, detail)


def from_dict(members: Mapping[str, Any]) -> Outcome:
    """The outcome that `Outcome.as_dict` gave. Raises TypeError on other members, ValueError on another verdict."""
    return Outcome(**{**members, "marks": tuple(members["marks"])})


def worst(verdicts: Iterable[str]) -> str:
    """The verdict that outranks the others. Raises ValueError if there are none."""
    return min(verdicts, key=WORST_FIRST.index)

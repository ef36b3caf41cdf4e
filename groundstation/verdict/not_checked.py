"""What a run was not held against, and why: the one list behind the verdict's row and the report's table.

Properties of the flight code are in it that this run met no case of, and those that no trace is held against. What is
in doubt because something is missing stands in its family's row instead: that is a lack of the run, not of the list.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from specs import properties
from specs.checking.premises import PREMISES
from specs.properties import Property

# Of the modules of the flight code; others, such as the example chain, are about no run of a swarm.
FLOWN = ("CON-", "LOG-", "LED-", "ORD-", "LAM-", "LNK-", "MUT-", "SNP-", "FDT-")


@dataclass(frozen=True, slots=True)
class NotChecked:
    """A property and why nothing was held against it."""

    identifier: str
    why: str
    sentence: str


def list_of(checked: Mapping[str, Any]) -> list[NotChecked]:
    """In the order of the identifiers. `checked` has `invariants`, `not_checked` and `not_met`, as in verdict.json."""
    reasons = {key: checked["not_checked"][key] for key in checked["not_met"]}
    known = properties.read()
    for identifier, entry in known.items():
        if identifier.startswith(FLOWN) and identifier not in checked["invariants"]:
            reasons[identifier] = _why(identifier, entry)
    return [
        NotChecked(key, reasons[key], known[key].sentence if key in known else properties.NO_SENTENCE)
        for key in sorted(reasons, key=properties.order)
    ]


def _why(identifier: str, entry: Property) -> str:
    if identifier in PREMISES:
        return PREMISES[identifier].lack
    if entry.on_traces:
        return f"in part on traces ({entry.on_traces.strip('()')})"
    return f"{'model checker' if entry.by_model else 'tests'} only"


def by_reason(found: Iterable[NotChecked]) -> dict[str, list[str]]:
    """The identifiers, by reason."""
    reasons: dict[str, list[str]] = {}
    for each in found:
        reasons.setdefault(each.why, []).append(each.identifier)
    return reasons

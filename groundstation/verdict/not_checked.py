"""Which properties did a run not test, and why? One list for both the verdict's line and the report's table.

It holds the properties of the flight code to which nothing in this run applied, and those that are not checked on
traces. A property that is not checked because events are missing is in its family's line instead.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from groundstation.record.contents import Judged
from specs import properties
from specs.checking.premises import PREMISES
from specs.properties import Property
from specs.verdict import Checked

# Of the modules of the flight code. Others, such as the example chain, do not apply to a run of a swarm.
FLOWN = ("CON-", "KNW-", "LOG-", "LED-", "TCM-", "MSG-", "ORD-", "LAM-", "LNK-", "MUT-", "SNP-", "FDT-", "PRC-")


@dataclass(frozen=True, slots=True)
class NotChecked:
    """A property, and why it was not checked."""

    identifier: str
    why: str
    sentence: str


def list_of(checked: Checked | Judged) -> list[NotChecked]:
    """Sorted by identifier."""
    reasons = {key: checked.get("not_checked", {})[key] for key in checked.get("not_met", ())}
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
    """The identifiers, grouped by reason."""
    reasons: dict[str, list[str]] = {}
    for each in found:
        reasons.setdefault(each.why, []).append(each.identifier)
    return reasons

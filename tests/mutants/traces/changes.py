"""Small changes of a trace: another value in one field of one event, or one event taken out, repeated or moved.

A change keeps the form of a trace: numbers stay without a gap, fields have their types. So only a rule about what the
trace means can notice it.
"""

import hashlib
import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from docs.generated.fields import WHOLE_EVENT
from tests.mutants.traces.runs import Line

NEAR, OTHER, FAR = "near", "other", "far"
REMOVED, REPEATED, LATER = "removed", "repeated", "later"
FAR_STEP = 1_000
LATER_EVENTS = 5  # how many events of the same board a moved one passes


@dataclass(frozen=True)
class Change:
    """Replace the lines `replaced` (place in the trace -> lines that stand there instead)."""

    event: str
    field: str
    kind: str
    place: int
    replaced: dict[int, list[Line]]

    def __str__(self) -> str:
        line = self.replaced[self.place][:1] or ["removed"]
        return f"{self.event}.{self.field} {self.kind}, line {self.place + 1}: {line[0]}"


def of_field(lines: list[Line], places: list[int], place: int, field: str, draws: random.Random) -> Iterator[Change]:
    """Changes of `field` of the event at `place`; `places`: of which other events it may get the value."""
    line = lines[place]
    others = [lines[other][field] for other in places if lines[other][field] != line[field]]
    values = [(OTHER, draws.choice(others))] if others else []
    values += [(NEAR, near(line[field], draws)), (FAR, far(line[field], draws))]
    for kind, value in values:
        if value is not None and value != line[field]:
            yield Change(line["event"], field, kind, place, {place: [line | {field: value}]})


def near(value: Any, draws: random.Random) -> Any:
    """The next value; of a list, one of its parts changed so. None if there is none."""
    if type(value) is bool or value is None:
        return None
    if type(value) is int:
        return value - 1 if value and draws.random() < 0.5 else value + 1
    if type(value) is list and value:
        place = draws.randrange(len(value))
        part = near(value[place], draws)
        return None if part is None else [*value[:place], part, *value[place + 1 :]]
    return None


def far(value: Any, draws: random.Random) -> Any:
    """A value far away: a fresh digest, a word that nobody uses, a number 1,000 up, a list without its end."""
    if type(value) is int:
        return value + FAR_STEP
    if type(value) is str and len(value) == 64:
        return hashlib.sha256(draws.randbytes(8)).hexdigest()
    if type(value) is str:
        return "anything"
    if type(value) is list and value and not (len(value) == 2 and type(value[1]) is str and len(value[1]) == 64):
        return value[:-1]
    if type(value) is list and value:
        return [value[0], far(value[1], draws)]
    return None


def of_event(lines: list[Line], place: int) -> Iterator[Change]:
    """The event at `place` taken out, told twice, and told five events later than it was."""
    line = lines[place]
    name, own = line["event"], _own(lines, place)
    after = own[own.index(place) + 1 :]
    yield Change(name, WHOLE_EVENT, REMOVED, place, {place: [], **_renumbered(lines, after, -1)})
    again = line | {"seq": line["seq"] + 1}
    yield Change(name, WHOLE_EVENT, REPEATED, place, {place: [line, again], **_renumbered(lines, after, 1)})
    passed = after[:LATER_EVENTS]
    if len(passed) == LATER_EVENTS:
        yield Change(name, WHOLE_EVENT, LATER, place, _rotated(lines, [place, *passed]))


def _own(lines: list[Line], place: int) -> list[int]:
    """Where the events of the same boot of the same board stand."""
    node, boot = lines[place]["node"], lines[place]["boot"]
    return [other for other, line in enumerate(lines) if line["node"] == node and line["boot"] == boot]


def _renumbered(lines: list[Line], places: list[int], by: int) -> dict[int, list[Line]]:
    return {place: [lines[place] | {"seq": lines[place]["seq"] + by}] for place in places}


def _rotated(lines: list[Line], places: list[int]) -> dict[int, list[Line]]:
    """The first event goes behind the others; numbers and Lamport times stay where they are."""
    moved = [*places[1:], places[0]]
    kept = ("seq", "lamport", "ticks", "received")
    return {
        place: [lines[source] | {name: lines[place][name] for name in kept}]
        for place, source in zip(places, moved, strict=True)
    }

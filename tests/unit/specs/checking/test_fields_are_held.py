"""Each field of each event is held by a property, or named as free with the reason.

One event of each name, in the smallest simulated run that has one, is changed in every field and in every way.
"""

import random
from dataclasses import replace
from functools import lru_cache

import pytest

from docs.generated import fields
from docs.generated.fields import FREE, NOT_SIMULATED, PARTLY, WHOLE_EVENT
from specs.checking.schema import FLIGHT_EVENTS, GROUND_EVENTS
from tests.mutants.traces.__main__ import by_name
from tests.mutants.traces.changes import Change, of_event, of_field
from tests.mutants.traces.judge import Judge
from tests.mutants.traces.runs import Line, fly

RUNS = ((10, 4), (1, 4), (44, 4), (186, 4), (108, 4))  # from small to large
SIMULATED = sorted({*FLIGHT_EVENTS, *GROUND_EVENTS, fields.ANY_EVENT} - {*NOT_SIMULATED})
TRIES = 12
LONG = (14, 4)  # a state is adopted in it


@lru_cache(maxsize=8)
def flown(seed: int, boards: int) -> tuple[list[Line], Judge, dict[str, list[int]]]:
    lines = fly(seed, boards)
    return lines, Judge(lines), by_name(lines)


def changes(event: str, field: str, draws: random.Random, turn: int = 0) -> tuple[Judge, list[Change]]:
    """Of one event of that name. `turn`: which of the runs that have one."""
    having = [run for run in RUNS if event in flown(*run)[2]] or [LONG]
    lines, judge, places = flown(*having[turn % len(having)])
    place = draws.choice(places[event])
    found = of_event(lines, place) if field == WHOLE_EVENT else of_field(lines, places[event], place, field, draws)
    return judge, [replace(change, event=event) for change in found]


@pytest.mark.parametrize("event", SIMULATED)
def test_a_change_of_any_field_is_refused_unless_the_field_is_free(event: str) -> None:
    asked, slipped = 0, []
    for field in fields.fields_of(event):
        judge, found = changes(event, field, random.Random(f"{event}.{field}"))
        for change in found:
            if (event, field) not in FREE and (event, field, change.kind) not in PARTLY:
                asked += 1
                said = judge.ask(change)
                if not said.is_refused:
                    slipped.append(f"{change}: {said.outcome}")
    assert not slipped, "\n".join(slipped)
    assert asked or all((event, field) in FREE for field in fields.fields_of(event)) or event == fields.ANY_EVENT


@pytest.mark.parametrize(
    ("event", "field"),
    sorted({(event, field) for event, field, _ in PARTLY if fields.held().get(event, {}).get(field)}),
)
def test_a_field_that_is_partly_free_is_partly_held(event: str, field: str) -> None:
    """Some change of it is refused."""
    draws = random.Random(f"partly {event}.{field}")
    for turn in range(TRIES):
        judge, found = changes(event, field, draws, turn)
        if any(judge.ask(change).is_refused for change in found):
            return
    pytest.fail(f"{TRIES} events {event} were changed in {field}, and none of the changes was refused")


def test_the_table_names_each_field_of_the_schema():
    held = fields.held()
    for event in (*FLIGHT_EVENTS, *GROUND_EVENTS, fields.ANY_EVENT):
        for field in fields.fields_of(event):
            if event in NOT_SIMULATED:
                continue
            partly = any((event, field, kind) in PARTLY for kind in fields.KINDS)
            assert held.get(event, {}).get(field) or (event, field) in FREE or partly, f"{event}.{field}"
    known = {(event, field) for event in (*FLIGHT_EVENTS, *GROUND_EVENTS, "*") for field in fields.fields_of(event)}
    assert {*FREE, *((event, field) for event, field, _ in PARTLY)} <= known

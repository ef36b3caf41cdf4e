"""What a scenario says beforehand, and the words of the forms, compared with what checks and carries them out."""

import json
from typing import Any

import pytest

from groundstation.boards.base import board_kind
from groundstation.faults.board_fault import BOARD_FAULT_KINDS
from groundstation.faults.light import has_light_time
from groundstation.orders.order import OrderError, read
from groundstation.scenario import model
from groundstation.scenario.model import Scenario, parse
from groundstation.web import facts, vocabulary


def _scenario(*faults: dict[str, Any], boards: int = 4) -> Scenario:
    head = {"name": "small", "description": "A test.", "mission": {"boards": boards}}
    return parse({**head, "faults": list(faults)}, "test")


@pytest.mark.parametrize(
    ("fault", "cuts"),
    [
        ({"fault": "partition", "groups": [[0, 1]]}, 8),
        ({"fault": "one_way_partition", "source": [0], "destination": [1, 2]}, 2),
        ({"fault": "drop", "probability": 1.0}, 12),
        ({"fault": "drop", "probability": 1.0, "destination": [3]}, 3),
        ({"fault": "drop", "probability": 1.0, "kinds": ["Vote"]}, 0),
        ({"fault": "drop", "probability": 0.9}, 0),
        ({"fault": "delay", "seconds": 3.0}, 0),
        ({"fault": "contact_window", "passes": [{"aos": 1.0, "los": 2.0}], "outside": "drop", "source": [2]}, 3),
    ],
)
def test_a_fault_names_the_links_that_it_cuts(fault: dict[str, Any], cuts: int) -> None:
    (row,) = facts.link_faults(_scenario(fault))
    assert len(row["cuts"]) == cuts
    assert row["ordered"] is False


def test_the_quorum_is_that_of_the_protocol() -> None:
    row = facts.scenario_row(_scenario(boards=7))
    assert (row["boards"], row["faulty_max"], row["quorum"]) == (7, 2, 5)


def test_light_times_are_those_of_the_rules_that_hold() -> None:
    pair = {"fault": "light_time", "seconds": 2.0, "pairs": [{"nodes": [0, 1], "seconds": 5.0}], "end": 10.0}
    scenario = _scenario(pair)
    assert has_light_time(scenario.faults)
    assert facts.light_times(scenario, 0.0)[0] == [0.0, 5.0, 2.0, 2.0]
    assert facts.light_times(scenario, 10.0)[0] == [0.0] * 4
    assert not has_light_time(_scenario().faults)


def test_places_that_move_have_light_times_and_contacts() -> None:
    scenario = model.load("light-time")
    now = facts.light_times(scenario, 0.0)
    assert all(now[one][other] == now[other][one] for one in range(len(now)) for other in range(len(now)))
    windows = model.load("contact-windows")
    rows = facts.contact_rows(windows, 100.0)
    planned = {row["name"] for row in facts.link_faults(windows)}
    assert {row["name"] for row in rows if " in sight of " not in row["name"]} < planned
    assert all(0 <= aos < los <= 100 for row in rows for aos, los in row["passes"])


@pytest.mark.parametrize("period", [0.1, 0.3, 0.7, 0.8, 1.1, 90.7])
def test_passes_that_come_again_are_found_at_every_rounding(period: float) -> None:
    window = {"fault": "contact_window", "passes": [{"aos": 0.0, "los": period / 2}], "outside": "hold"}
    (row,) = facts.contact_rows(_scenario({**window, "period_seconds": period}), 300 * period)
    assert len(row["passes"]) >= 299
    assert all(los - aos == pytest.approx(period / 2) for aos, los in row["passes"][1:-1])


VALUES = {"groups": [[0]], "boards": [0], "stations": ["leo", "geo", "moon", "earth"], "integer": 1, "number": 0.5}
ROW = {"aos": 0, "los": 0.5, "nodes": [0, 1], "seconds": 1}


def _filled(fields: list[dict[str, Any]]) -> dict[str, Any]:
    """A value for each field, as a page would make it from the form."""
    found: dict[str, Any] = {}
    for field in fields:
        choices = field.get("choices", [])
        rows = [{column["name"]: ROW[column["name"]] for column in field.get("columns", [])}]
        kinds = {"choice": choices[:1], "choices": [choices[:1]], "rows": [rows]}
        value = kinds[field["input"]][0] if field["input"] in kinds else VALUES[field["input"]]
        if isinstance(value, int | float):
            value = max(value, field.get("least", value))
        found[field["name"]] = value
    return found


@pytest.mark.parametrize("fault", vocabulary.tell()["link_faults"])
def test_every_form_of_a_link_fault_makes_an_order(fault: str) -> None:
    rule = {"fault": fault, **_filled(vocabulary.tell()["link_faults"][fault]["fields"])}
    order = {"id": "1", "sender": "a", "order": {"kind": "fault", "name": "x", "seconds": 2.0, "rule": rule}}
    body = read(json.dumps(order)).order
    assert body.bound(0.0).fault == fault  # type: ignore[union-attr]


@pytest.mark.parametrize("kind", BOARD_FAULT_KINDS)
def test_every_form_of_a_board_fault_makes_an_order(kind: str) -> None:
    form = vocabulary.tell()["board_faults"][kind]
    assert form["means"]
    body = {"kind": "board", "board": 1, "action": kind, "fields": _filled(form["fields"])}
    assert read(json.dumps({"id": "1", "sender": "a", "order": body})).order.fault(0.0).kind == kind  # type: ignore[union-attr]
    for field in form["fields"]:
        if field["required"]:
            fields = {name: value for name, value in body["fields"].items() if name != field["name"]}
            short = read(json.dumps({"id": "1", "sender": "a", "order": {**body, "fields": fields}})).order
            with pytest.raises(OrderError):
                short.fault(0.0)  # type: ignore[union-attr]


def test_the_words_name_what_each_kind_of_board_can_play() -> None:
    kinds = vocabulary.tell()["kinds"]
    assert "virtual" in kinds
    for kind, words in kinds.items():
        assert set(words["plays"]) == board_kind(kind).board_faults
        assert set(words["why_not"]) == set(BOARD_FAULT_KINDS) - board_kind(kind).board_faults
    assert kinds["pico"]["why_not"]["baud_mismatch"] == "pico boards cannot play baud_mismatch: USB has no baud"

"""What is typed into a form becomes an order's fields, or is refused with the field and what it wants."""

from typing import Any

import pytest

from groundstation.orders.order import read_body
from groundstation.terminal import fields
from groundstation.terminal.fields import FieldError, values
from groundstation.web import vocabulary


@pytest.mark.parametrize(
    ("kind", "typed", "means"),
    [
        ("integer", " 7 ", 7),
        ("number", "0.5", 0.5),
        ("boards", "0, 2", [0, 2]),
        ("groups", "0 1 / 2 3", [[0, 1], [2, 3]]),
        ("choices", "Vote Body", ["Vote", "Body"]),
        ("rows", '[{"aos": 0, "los": 20}]', [{"aos": 0, "los": 20}]),
        ("text", "dock/9", "dock/9"),
        ("bytes", "00ff", "00ff"),
    ],
)
def test_a_text_is_read_as_its_field_wants(kind: str, typed: str, means: Any) -> None:
    field = {"name": "it", "input": kind, "says": "", "required": True}
    assert values([field], {"it": typed}) == {"it": means}


@pytest.mark.parametrize(
    ("kind", "typed"), [("integer", "1.5"), ("number", "fast"), ("boards", "a"), ("groups", "0 / b"), ("rows", "[")]
)
def test_another_text_is_refused_with_the_field(kind: str, typed: str) -> None:
    field = {"name": "it", "input": kind, "says": "what it is", "required": False}
    with pytest.raises(FieldError, match=r"^it: want what it is"):
        values([field], {"it": typed})


def test_empty_fields_are_left_out_and_missing_ones_named() -> None:
    field = {"name": "it", "input": "integer", "says": "a number", "required": False}
    assert values([field], {"it": " "}) == {}
    with pytest.raises(FieldError, match="it: want a number"):
        values([field | {"required": True}], {"it": ""})


def test_each_form_of_the_console_makes_an_order_that_is_read() -> None:
    """Every verb of the ledger, with values that fit, is read back by the flight's own check."""
    good = {"integer": "1", "text": "dock/1", "bytes": "00"}
    for verb, shape in vocabulary.tell()["verbs"].items():
        own = [fields.of_verb(field) for field in shape]
        given = values(own, {field["name"]: good[field["input"]] for field in own})
        assert read_body({"kind": "telecommand", "verb": verb, "fields": given})
        assert all(fields.hint(field) for field in own)


def test_hints_name_bounds_units_and_choices() -> None:
    rules = vocabulary.tell()["link_faults"]
    told = {field["name"]: fields.hint(field) for field in rules["drop"]["fields"]}
    assert "at most 1" in told["probability"]
    assert "Vote" in told["kinds"]
    assert "numbers of boards" in told["source"]
    assert "B/s" in fields.hint(rules["bandwidth"]["fields"][0])

"""Orders are checked whole before anything is done: the field that is wrong is named, with what was wanted."""

import json
from typing import Any

import pytest

from amu.ledger.commands import SHAPES, parse
from groundstation.orders.order import ORDER_BYTES_MAX, Inject, Order, OrderError, Strike, Telecommand, read, read_body


def _order(**body: Any) -> Order:
    return read(json.dumps({"id": "1", "sender": "alice", "order": body}))


def _telecommand(verb: str, **fields: Any) -> list[Any]:
    body = _order(kind="telecommand", verb=verb, fields=fields).order
    assert isinstance(body, Telecommand)
    return body.command()


ARGUMENTS: dict[str, Any] = {
    "shard": 1,
    "start": "00",
    "end": "ff",
    "resource": "dock/1",
    "holder": 2,
    "slots": 9,
    "token": 3,
    "last_key": "0a",
    "opaque": "",
    "at_key": "0b",
    "new_shard": 4,
    "to_holder": 1,
    "payload": "ab" * 32,
    "job": 1,
    "worker": 0,
    "digest": "cd" * 32,
}


@pytest.mark.parametrize("verb", SHAPES)
def test_every_verb_of_the_ledger_can_be_ordered(verb: str) -> None:
    command = _telecommand(verb, **{name: ARGUMENTS[name] for name, _ in SHAPES[verb]})
    assert parse(command)[0] == verb


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"resource": "dock/1", "holder": 2}, "wants resource, holder, slots"),
        ({"resource": "dock/1", "holder": 2, "slots": 9, "token": 1}, "wants resource, holder, slots"),
        ({"resource": "dock 1", "holder": 2, "slots": 9}, "bad resource"),
        ({"resource": "dock/1", "holder": "2", "slots": 9}, "bad holder"),
        ({"resource": "dock/1", "holder": 2, "slots": 0}, "bad slots"),
    ],
)
def test_a_telecommand_with_wrong_arguments_names_them(fields: dict[str, Any], told: str) -> None:
    with pytest.raises(OrderError, match=told):
        _telecommand("lease-acquire", **fields)


def test_bytes_are_hexadecimal() -> None:
    with pytest.raises(OrderError, match="payload: want bytes in hexadecimal, have 'xyz'"):
        _telecommand("job-open", payload="xyz", slots=9)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{", "JSON"),
        ('{"id": "1"}', "sender: Field required"),
        ('{"id": "1", "sender": "a", "order": {"kind": "explode"}}', "explode"),
        ('{"id": "1", "sender": "a", "order": {"kind": "finish", "at": 3}}', "at"),
        ('{"id": "1", "sender": "a", "order": {"kind": "note", "text": ""}}', "text"),
        ('{"id": "1", "sender": "a", "order": {"kind": "note", "text": " "}}', "text"),
        (json.dumps({"id": "1", "sender": "a", "order": {"kind": "note", "text": "x" * 501}}), "text"),
        ('{"id": "1", "sender": "a", "order": {"kind": "note", "text": "x", "to_crew": 1}}', "to_crew"),
        ('{"id": "1", "sender": "a", "order": {"kind": "board", "board": 99, "action": "kill"}}', "board"),
        ('{"id": "1", "sender": "a", "order": {"kind": "control", "board": 1, "action": "fly"}}', "action"),
        (" " * (ORDER_BYTES_MAX + 1), "want at most"),
    ],
)
def test_a_bad_order_is_refused_with_the_field(text: str, told: str) -> None:
    with pytest.raises(OrderError, match=told):
        read(text)


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("NaN", "NaN is not a JSON number"),
        ("1e999", "the number 1e999 is out of range"),
        ("[" * 150 + "]" * 150, "nested more than 100 deep"),
        ("[" * 8000, "nested more than 100 deep"),
        ('{"a": 1, "a": 2}', '"a" occurs twice in one object'),
        ("9" * 5000, "an integer of 5000 digits"),
        ('"\\ud800"', "half of a surrogate pair"),
    ],
)
def test_what_the_trace_could_not_hold_is_no_order(value: str, told: str) -> None:
    rule = f'{{"fault": "drop", "probability": {value}}}'
    text = f'{{"id": "1", "sender": "s", "order": {{"kind": "fault", "name": "n", "rule": {rule}}}}}'
    for each in (text, text.encode()):
        with pytest.raises(OrderError, match=told):
            read(each)
    with pytest.raises(OrderError, match="utf-8"):
        read(b"\xff{}")


def test_a_board_fault_has_the_fields_of_the_scenario_file() -> None:
    strike = _order(kind="board", board=2, action="pause", fields={"seconds": 3}).order
    assert isinstance(strike, Strike)
    fault = strike.fault(7.5)
    assert fault is not None
    assert (fault.at, fault.node, fault.kind, fault.seconds) == (7.5, 2, "pause", 3)
    for action, fields, told in (
        ("pause", {}, "seconds"),
        ("kill", {"seconds": 3}, "seconds"),
        ("start", {"x": 1}, "none"),
    ):
        body = _order(kind="board", board=2, action=action, fields=fields).order
        assert isinstance(body, Strike)
        with pytest.raises(OrderError, match=told):
            body.fault(7.5)


def test_a_link_fault_begins_now_and_lasts_as_long_as_ordered() -> None:
    body = _order(
        kind="fault", name="storm", seconds=4, rule={"fault": "drop", "probability": 0.5, "source": [1]}
    ).order
    assert isinstance(body, Inject)
    rule = body.bound(10.0)
    assert (rule.name, rule.start, rule.end, rule.source) == ("storm", 10.0, 14.0, (1,))
    for wrong, told in (
        ({"fault": "drop"}, "probability"),
        ({"fault": "rain"}, "rain"),
        ({"fault": "drop", "start": 1}, "start"),
    ):
        body = _order(kind="fault", name="storm", rule=wrong).order
        assert isinstance(body, Inject)
        with pytest.raises(OrderError, match=told):
            body.bound(10.0)


def test_what_is_recorded_can_be_read_again() -> None:
    body = _order(kind="board", board=2, action="kill", fields={"restart_after": 2.5}).order
    assert read_body(body.model_dump(mode="json")) == body
    with pytest.raises(OrderError):
        read_body({"kind": "explode"})


def test_a_word_to_the_procedure_is_told_in_words() -> None:
    told = [read_body({"kind": "procedure", "action": action, "step": "coast"}).words for action in ("step", "skip")]
    assert told == ["begin of step coast", "skip of step coast"]

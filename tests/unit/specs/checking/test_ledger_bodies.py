"""The operations that nodes report are the body of the decided value: LED-15."""

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest

from amu.consensus import bodies
from specs.checking.ledger.body import NOT_BOUND, origin_view
from specs.checking.ledger.conformance import check_ledger
from specs.checking.ledger.log import OF_THE_BODY, Operation
from specs.checking.trace import Event
from specs.checking.trace_line import printable
from specs.verdict import Verdict
from tests.support.records import ledger_traces

Change = Callable[[list[Event]], list[Event]]


def sound() -> list[Event]:
    """Two nodes; slots of several operations, with shards, leases and jobs."""
    slots = ledger_traces.life(3, 40)
    return ledger_traces.events(slots) + ledger_traces.events(slots, node=1)


def check(events: list[Event], **options: Any) -> Verdict:
    verdict = Verdict()
    check_ledger(events, (), 4, verdict, **options)
    return verdict


def crowded(events: list[Event]) -> int:
    """A slot with two operations that differ."""
    counts: dict[int, list[str]] = {}
    for event in events:
        if event.name == "Operation" and event.node == 0:
            counts.setdefault(event.fields["slot"], []).append(str(event.fields))
    return next(slot for slot, told in counts.items() if len(set(told)) > 1)


def on_all(events: list[Event], slot: int, change: Callable[[list[Event]], list[Event]]) -> list[Event]:
    """Change the operations of a slot on all nodes alike."""
    changed: list[Event] = []
    for node in (0, 1):
        mine = [event for event in events if event.node == node]
        of_slot = [event for event in mine if event.name == "Operation" and event.fields["slot"] == slot]
        place = mine.index(of_slot[0])
        rest = [event for event in mine if event not in of_slot]
        changed += rest[:place] + change(of_slot) + rest[place:]
    return changed


def with_fields(event: Event, **fields: Any) -> Event:
    return dataclasses.replace(event, fields={**event.fields, **fields})  # type: ignore[typeddict-item]


def first_with(**fields: Any) -> Change:
    return lambda told: [with_fields(told[0], **fields), *told[1:]]


PLANTED: dict[str, Change] = {
    "left out": lambda told: told[1:],
    "all left out": lambda told: [],
    "repeated": lambda told: [told[0], *told],
    "reordered": lambda told: told[::-1],
    "another client": first_with(client=7),
    "another number": first_with(operation=9999),
    "another command": first_with(command=["noop"]),
    "another verb": first_with(command=["unheard-of"], result=["refused", "malformed: unknown verb"]),
    "another field": first_with(command=["lease-acquire", "dock/99", 1, 1]),
}


def test_sound_bodies_are_bound() -> None:
    verdict = check(sound())
    assert verdict.invariants[OF_THE_BODY] == "holds", verdict.violations
    assert not verdict.counts["bodies not bound to their values"]


@pytest.mark.parametrize("name", PLANTED)
def test_other_operations_on_all_nodes_are_found(name: str) -> None:
    events = sound()
    verdict = check(on_all(events, crowded(events), PLANTED[name]))
    assert verdict.invariants[OF_THE_BODY] == "violated", verdict.invariants


def test_an_operation_of_another_slot_is_found() -> None:
    events = sound()
    for slot in (crowded(events) + 1, 10**6):
        moved = on_all(events, crowded(events), first_with(slot=slot))
        assert any(f"the node applies slot {crowded(events)} next" in text for text in check(moved).violations)


def test_a_value_of_another_slot_is_found() -> None:
    values = {event.fields["slot"]: event.fields["value"] for event in sound() if event.name == "Apply"}
    told = [with_fields(event, value=values[1]) if event.name == "Apply" else event for event in sound()]
    assert check(told).invariants[OF_THE_BODY] == "violated"


def test_a_body_of_a_view_after_the_decision_is_found() -> None:
    def of_view(view: int) -> list[Event]:
        requests = [[1, 1, ["noop"]]]
        value = bodies.value_of(1, bodies.encode(view, requests)).hex()
        return [with_fields(event, value=value) if event.name == "Apply" else event for event in noop]

    noop = ledger_traces.events(ledger_traces.apply([["noop"]]))
    assert check(of_view(2), decided_in={1: 2}).invariants[OF_THE_BODY] == "holds"
    assert check(of_view(2)).invariants[OF_THE_BODY] == "holds"
    assert check(of_view(2), decided_in={1: 1}).invariants[OF_THE_BODY] == "violated"


def test_a_node_that_was_joined_in_mid_slot_is_not_blamed() -> None:
    events = sound()[1:]
    assert check(events).invariants[OF_THE_BODY] == "violated"
    assert check(events, joined=[(0, 1)]).invariants[OF_THE_BODY] == "holds"


def test_a_boot_may_end_between_an_operation_and_its_application() -> None:
    cut = sound()[: next(place for place, event in enumerate(sound()) if event.name == "Operation") + 1]
    again = [dataclasses.replace(event, boot=2) for event in sound() if event.node == 0]
    assert check(cut + again).invariants[OF_THE_BODY] == "holds"


def bound(*commands: list[Any], told: list[Any] | None = None) -> int | None:
    """The origin view found for operations with these commands, told as the trace prints them or as `told`."""
    requests = [[1, number, command] for number, command in enumerate(commands)]
    value = bodies.value_of(5, bodies.encode(3, requests)).hex()
    (event,) = ledger_traces.events([([], [])])
    operations = [
        Operation(5, 1, number, command, ["refused", "malformed: unknown verb"], event)
        for number, command in enumerate(told or printable(commands))  # type: ignore[arg-type]
    ]
    return origin_view(5, value, operations, None)


def test_malformed_commands_are_bound_however_they_are_printed() -> None:
    assert bound(["nope"]) == 3
    assert bound(["nope", b"\x01\x02", "0102", [b"ab", None, True], -7]) == 3
    assert bound(["shard-create", 3, "6162", b"cd"], ["ab", b"", ""]) == 3
    assert bound(["shard-create", 3, "6162", "6364"]) == 3  # text where bytes belong
    assert bound(["nope"], told=[["other"]]) is None


def test_a_body_with_too_many_readings_is_in_doubt() -> None:
    many = ["nope", *[b"ab"] * 12]
    assert bound(many) == NOT_BOUND
    assert bound(["nope", {1: 2}]) == NOT_BOUND
    noops = ledger_traces.events(ledger_traces.apply([many, ["noop"]]))
    verdict = check(noops)
    assert verdict.counts["bodies not bound to their values"] == 1
    assert verdict.invariants[OF_THE_BODY] == "not checked"
    assert verdict.reasons[OF_THE_BODY] == "a malformed command can be read in too many ways"

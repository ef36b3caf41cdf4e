"""order.py against trace_lamport_clock.tla: the same verdict on recorded events, planted bugs included."""

import json
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import pytest

from amu.core.limits import BROADCAST, GROUND
from specs import FOLDER as SPECS
from specs.checking.order import LAMPORT_GROWS, RECEIPT_AFTER_SENDING, RECEIVED_WAS_SENT, WITHOUT_MEMORY, LamportOrder
from specs.checking.run import Run
from specs.checking.swarm import Swarm
from specs.checking.trace import Event, parse
from specs.tla.language import language
from specs.tla.observe.observe import Observation, Observer
from swarm_sim.testing.cluster import Cluster

MODULE = SPECS / "lamport_clock" / "trace_lamport_clock.tla"
COUNT = 4


@pytest.fixture(scope="module")
def recorded() -> list[Event]:
    """A run of four boards, one of which reboots."""
    cluster = Cluster(COUNT)
    cluster.start()
    for number in range(3):
        operation = cluster.request(["noop"])
        assert cluster.run(200, partial(cluster.confirmed, operation))
        if number == 0:
            cluster.kill(2)
            cluster.start(2)
    events = [parse(json.dumps(line), number) for number, line in enumerate(cluster.lines, 1)]
    return [event for event in events if event.node != GROUND]


def by_rules(events: list[Event]) -> set[int]:
    """Lines of the first breach that order.py finds."""
    order = LamportOrder(Run(Swarm(COUNT, frozenset())))
    for event in events:
        order.feed(event)
    order.finish(tlc=False)
    found = [int(what.partition(": line ")[2].partition(":")[0]) for what in order.run.verdict.violations]
    return {min(found)} if found else set()


def by_module(events: list[Event]) -> set[int]:
    """The line of the first event that is not a step of the module."""
    constants = {
        "Node": frozenset(range(COUNT)),
        "Broadcast": BROADCAST,
        "TimeMax": 0,
        "Kind": frozenset(),
    }
    observer = Observer(language.load(MODULE, constants), init="TraceInit", next_action="TraceNext")
    for event in events:
        name = event.name if event.name in ("Send", "Receive") else "Event"
        if event.name == "Boot" and event.fields["journal"] in WITHOUT_MEMORY:
            name = "Amnesia"
        arguments = {"node": event.node, "lamport": event.lamport}
        arguments.update({key: value for key, value in event.fields.items() if type(value) is int})
        observer.feed(Observation(event.line, name, arguments))
    bad = observer.result().bad
    return set() if bad is None else {bad.line}


def changed(events: list[Event], place: int, **fields: int) -> list[Event]:
    event = events[place]
    envelope = {name: fields.pop(name) for name in ("node", "lamport") if name in fields}
    return [*events[:place], replace(event, fields={**event.fields, **fields}, **envelope), *events[place + 1 :]]


def last(events: list[Event], name: str) -> int:
    return max(place for place, event in enumerate(events) if event.name == name and event.fields.get("from") != GROUND)


def stands_still(events: list[Event]) -> list[Event]:
    place = last(events, "Apply")
    before = max(earlier for earlier in range(place) if events[earlier].node == events[place].node)
    return changed(events, place, lamport=events[before].lamport)


def received_too_early(events: list[Event]) -> list[Event]:
    place = last(events, "Receive")
    return changed(events, place, sent=events[place].lamport)


def never_sent(events: list[Event]) -> list[Event]:
    place = last(events, "Receive")
    return changed(events, place, sent=events[place].fields["sent"] - 1, kind=255)


def sent_to_another(events: list[Event]) -> list[Event]:
    receipt = events[last(events, "Receive")]
    sending = (receipt.fields["from"], receipt.fields["sent"])
    place = next(place for place, event in enumerate(events) if (event.node, event.lamport) == sending)
    return changed(events, place, to=(receipt.node + 1) % COUNT)


def clock_starts_anew(events: list[Event]) -> list[Event]:
    place = last(events, "Boot")
    return changed(events, place, lamport=1)


def test_a_recorded_run_is_accepted_by_both(recorded: list[Event]) -> None:
    assert {"Send", "Receive", "Boot"} <= {event.name for event in recorded}
    assert len(recorded) > 300
    assert by_rules(recorded) == by_module(recorded) == set()


@pytest.mark.parametrize(
    ("plant", "rule"),
    [
        (stands_still, LAMPORT_GROWS),
        (clock_starts_anew, LAMPORT_GROWS),
        (received_too_early, RECEIPT_AFTER_SENDING),
        (never_sent, RECEIVED_WAS_SENT),
        (sent_to_another, RECEIVED_WAS_SENT),
    ],
)
def test_both_find_the_same_breach(
    recorded: list[Event], plant: Callable[[list[Event]], list[Event]], rule: str
) -> None:
    spoilt = plant(recorded)
    found = by_rules(spoilt)
    assert len(found) == 1, rule
    assert by_module(spoilt) == found

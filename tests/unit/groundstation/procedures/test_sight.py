"""What a crew sees of each line of a trace, and when it can know of it."""

from typing import Any

import pytest

from amu.core.limits import GROUND
from groundstation.orders.order import Order
from groundstation.procedures import sight
from groundstation.procedures.horizon import FARTHEST, Horizon, told_by
from groundstation.procedures.runner import ORDER_REFUSED
from groundstation.procedures.sight import OTHER, geometry_of, scenario_for_crew, seen_by_crew
from groundstation.scenario.model import parse
from specs.checking.schema import FLIGHT_EVENTS, GROUND_EVENTS
from tests.support.secrets import MISSION

NOBODYS = frozenset[str]()
OF_THE_BENCH = {
    "Attach",
    "BoardStart",
    "BoardKill",
    "PowerCut",
    "BoardCrash",
    "Control",
    "Erase",
    "BoardLine",
    "BoardFault",
    "Scheduled",
    "Inject",
}


def _ground(event: str, **fields: Any) -> dict[str, Any]:
    line = {"run": "r", "node": GROUND, "boot": 0, "seq": 7, "lamport": 9, "ticks": 0, "received": 2.0}
    return {**line, "event": event, "offset": 300, **fields}


def _order(told: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return _ground("Order", order="1", sender="alice", told=told, outcome="accepted", role="operator", **fields)


def test_every_ground_event_is_the_crews_or_the_benchs() -> None:
    assert set(sight.EVENTS) | OF_THE_BENCH == set(GROUND_EVENTS)
    assert not set(sight.EVENTS) & OF_THE_BENCH


@pytest.mark.parametrize("event", sorted(OF_THE_BENCH | {"EventOfALaterVersion"}))
def test_what_only_the_bench_knows_is_hidden(event: str) -> None:
    assert seen_by_crew(_ground(event, board=1, reason="x"), NOBODYS) is None


@pytest.mark.parametrize("event", sorted(FLIGHT_EVENTS))
def test_what_a_board_says_is_seen_whole(event: str) -> None:
    line = {"run": "r", "node": 2, "boot": 0, "seq": 1, "lamport": 3, "ticks": 4, "received": 1.0, "event": event}
    assert seen_by_crew({**line, "slot": 5}, NOBODYS) == {**line, "slot": 5}


def test_the_begin_of_a_run_tells_no_liars() -> None:
    begin = _ground("RunStart", scenario="s", seed=1, versions={}, replica_count=4, byzantine=[2], window_slots=4)
    seen = seen_by_crew({**begin, "fault_plan": ["x"]}, NOBODYS)
    assert seen == {**begin, "byzantine": []}


def test_fields_that_nobody_decided_on_are_hidden() -> None:
    seen = seen_by_crew(_ground("Health", board=1, applied_slot=3, played="pause"), NOBODYS)
    assert seen == _ground("Health", board=1, applied_slot=3)


def test_a_fault_of_links_is_counted_under_no_name() -> None:
    counts = {"accepted": 9, "delivered": 5, "wall": 2, "board off": 1, "sky": 3, "sky: held": 4, "sky: x": 6}
    seen = seen_by_crew(_ground("Fault", counts=counts, links=[[0, 1, 9, 5, 1]]), frozenset({"sky"}))
    assert seen is not None
    assert seen["counts"] == {"accepted": 9, "delivered": 5, OTHER: 9, "sky": 3, "sky: held": 4}
    assert seen["links"] == [[0, 1, 9, 5, 1]]


def test_a_request_that_leaves_for_a_board_is_hidden_since_the_bench_knows_whether_it_is_on() -> None:
    told = {"client": 1, "operation": 3, "board": 2, "sender": "alice"}
    assert seen_by_crew(_ground("Telecommand", stage="uplinked", attempt=1, **told), NOBODYS) is None
    assert seen_by_crew(_ground("Telecommand", stage="received", **told), NOBODYS) is not None


@pytest.mark.parametrize(
    ("told", "is_seen"),
    [
        ({"kind": "telecommand", "verb": "noop", "fields": {}}, True),
        ({"kind": "control", "board": 1, "action": "reset"}, True),
        ({"kind": "procedure", "action": "step", "step": "s"}, True),
        ({"kind": "poll", "step": "s", "answer": "go"}, True),
        ({"kind": "finish"}, True),
        ({"kind": "note", "text": "x"}, True),
        ({"kind": "alarm", "alarm": "a", "action": "acknowledge"}, True),
        ({"kind": "board", "board": 1, "action": "kill", "fields": {}}, False),
        ({"kind": "fault", "name": "wall", "rule": {"fault": "drop", "probability": 1}}, False),
        ({"kind": "end-fault", "name": "wall"}, False),
        ({"kind": "inject", "name": "board 2 fails"}, False),
        ({"kind": "of a later version"}, False),
        ({}, False),
    ],
)
def test_orders_are_told_apart_by_what_they_order(told: dict[str, Any], is_seen: bool) -> None:
    assert (seen_by_crew(_order(told), NOBODYS) is not None) == is_seen
    assert seen_by_crew(_order(told), NOBODYS) in (None, _order(told))


def test_every_kind_of_order_was_decided_on() -> None:
    kinds = {
        each.model_fields["kind"].annotation.__args__[0] for each in Order.model_fields["order"].annotation.__args__
    }  # type: ignore[union-attr]
    hidden = {"board", "fault", "end-fault", "inject"}
    assert {*sight.ORDERS, *sight.BETWEEN_PEOPLE} == kinds - hidden


@pytest.mark.parametrize("kind", ["note", "alarm"])
def test_what_the_director_notes_is_for_the_debrief(kind: str) -> None:
    line = _order({"kind": kind, "text": "they have seen it"})
    assert seen_by_crew(line, NOBODYS) is not None
    assert seen_by_crew({**line, "role": "director"}, NOBODYS) is None
    del line["role"]
    assert seen_by_crew(line, NOBODYS) is None


def test_a_note_to_the_crew_is_seen_by_it() -> None:
    line = {**_order({"kind": "note", "text": "go on", "to_crew": True}), "role": "director"}
    assert seen_by_crew(line, NOBODYS) == line
    for told in ({"kind": "note", "to_crew": "yes"}, {"kind": "alarm", "to_crew": True}):
        assert seen_by_crew({**line, "told": told}, NOBODYS) is None


def test_a_refusal_does_not_say_that_a_board_is_off() -> None:
    line = _order({"kind": "control", "board": 1, "action": "reset"}, reason="board 1 is off")
    seen = seen_by_crew(line, NOBODYS)
    assert seen is not None
    assert "off" not in str(seen["reason"])


def test_a_step_that_failed_names_no_fault() -> None:
    step = {"step": "s", "number": 1, "status": "failed", "sender": "procedure"}
    refused = seen_by_crew(_ground("Procedure", **step, reason=f"{ORDER_REFUSED}: no fault 'wall'"), NOBODYS)
    late = seen_by_crew(_ground("Procedure", **step, reason="within 3 s: board 2 is not heard"), NOBODYS)
    assert refused is not None
    assert refused["reason"] == ORDER_REFUSED
    assert late is not None
    assert late["reason"] == "within 3 s: board 2 is not heard"


def test_an_unreadable_frame_quotes_nothing() -> None:
    seen = seen_by_crew(_ground("TraceError", board=1, reason="of this Byzantine board", data={"x": 1}), NOBODYS)
    assert seen is not None
    assert "Byzantine" not in str(seen)
    assert "data" not in seen


def test_the_crew_knows_the_geometry_of_its_mission_and_no_fault_of_it() -> None:
    liar = [{"node": 3, "adversary": "silence"}]
    scenario = parse({**MISSION, "byzantine": liar, "board_faults": []}, "test")
    known = scenario_for_crew(scenario)
    assert [rule.fault for rule in known.faults] == ["light_time"]
    assert (known.board_faults, known.byzantine, known.injects, known.liveness) == ([], [], [], None)
    assert "crystal-ball" not in str(known)
    assert known.procedure == scenario.procedure
    assert geometry_of(scenario) == {"light_time"}


# --- when -----------------------------------------------------------------------------------------------------


def _moon() -> Horizon:
    pairs = [{"nodes": [0, 1], "seconds": 1.0}, {"nodes": [1, 3], "seconds": 4.0}]
    rule = {"fault": "light_time", "pairs": pairs, "start": 10.0}
    return Horizon(parse({**MISSION, "faults": [rule]}, "test"))


def test_the_word_of_a_board_takes_the_light_time_to_the_ground() -> None:
    horizon = _moon()  # the crew sits beside board 1
    assert [horizon.seconds(node, 20.0) for node in (0, 1, 2, 3, FARTHEST)] == [1.0, 0.0, 0.0, 4.0, 4.0]
    assert horizon.seconds(3, 9.0) == 0.0  # before the rule begins
    assert horizon.seconds(17, 20.0) == 4.0  # a learner
    assert Horizon(None).seconds(3, 20.0) == 0.0


def test_what_rests_on_several_boards_is_known_as_late_as_the_farthest() -> None:
    confirmed = _ground("Telecommand", stage="confirmed", client=1, operation=1)
    assert told_by(confirmed) == FARTHEST
    assert told_by(_ground("Telecommand", stage="applied", board=3)) == 3
    assert told_by(_ground("Telecommand", stage="queued")) is None
    assert told_by(_ground("Fault", links=[])) == FARTHEST
    assert told_by(_ground("Health", board=2)) == 2
    assert told_by(_ground("Poll", step="s", role="quorum")) is None
    assert told_by({**_ground("Vote1"), "node": 2}) == 2
    assert _moon().arrival({**confirmed, "received": 20.0}) == 24.0

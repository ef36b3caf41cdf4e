"""Lamport order: the rules that a trace's clock values must keep."""

import json
from collections.abc import Iterable
from pathlib import Path

import pytest

from amu.core.limits import TICKS_WRAP
from specs.checking.order import LamportOrder, sort_key
from specs.checking.run import Run
from specs.checking.swarm import Swarm
from specs.checking.trace import Event, parse
from tests.support.records.edits import found
from tests.support.records.traces import Script


def event(node: int, boot: int, name: str, lamport: int, **fields: object) -> Event:
    return Event(0, node, boot, 0, lamport, name, fields)


def of_swarm(byzantine: Iterable[int] = ()) -> LamportOrder:
    return LamportOrder(Run(Swarm(4, frozenset(byzantine))))


def found_by(order: LamportOrder) -> list[str]:
    return [violation.partition(":")[0] for violation in order.run.verdict.violations]


def breaches(script: Script, joined: Iterable[int] = ()) -> tuple[list[str], LamportOrder]:
    """`joined`: nodes some of whose events are missing."""
    order = of_swarm(script.byzantine)
    order.run.beginning.past.update(joined)
    for number, line in enumerate(script.lines, 1):
        if line["node"] in script.honest:
            order.feed(parse(json.dumps(line), number))
    order.finish(tlc=False)
    return found_by(order), order


def test_a_good_run_keeps_the_rules() -> None:
    script = Script()
    script.message(0, 1)
    script.reboot(1)
    script.message(1, 0)
    found, order = breaches(script)
    assert found == []
    assert order.receipts == 2
    assert order.receipts_not_checked == 0


def test_time_must_grow_within_a_boot_and_across_boots() -> None:
    script = Script()
    script.message(0, 1)
    script.lines[-1]["lamport"] = 0
    assert "ORD-1" in breaches(script)[0]
    script = Script()
    script.reboot(1)
    script.lines[-1]["lamport"] = 1
    assert breaches(script)[0] == ["ORD-1"]


def test_the_clock_of_a_board_without_memory_restarts() -> None:
    script = Script()
    script.reboot(1, journal="blank", boot=1 << 20)
    script.lines[-1]["lamport"] = 1
    assert breaches(script)[0] == []


def test_a_receipt_needs_its_sending() -> None:
    script = Script()
    script.message(0, 1)
    script.message(0, 1)
    script.lines[-1]["sent"] -= 1
    assert breaches(script)[0] == ["ORD-3"]


def test_the_receiver_is_not_blamed_for_events_that_may_be_missing() -> None:
    script = Script()
    script.message(0, 1)
    script.message(0, 1)
    script.lines[-1]["sent"] -= 1
    found, order = breaches(script, joined=[0])
    assert found == []
    assert order.receipts_not_checked == 1


def test_byzantine_senders_and_the_ground_are_not_looked_up() -> None:
    script = Script(byzantine=(3,))
    for sender in (3, 255):
        script.emit(0, "Receive", **{"from": sender, "sent": 1, "kind": 0x11})
    assert breaches(script)[0] == []


def test_the_total_order_is_time_then_node() -> None:
    script = Script()
    script.vote(1, 0, 1, "a", 2, 1)
    second, first = (parse(json.dumps(line), number) for number, line in enumerate(script.lines[-2:], 1))
    assert sort_key(second) < sort_key(first)
    script.lines[-1]["lamport"] = script.lines[-2]["lamport"]
    second, first = (parse(json.dumps(line), number) for number, line in enumerate(script.lines[-2:], 1))
    assert sort_key(first) < sort_key(second)


def test_a_node_without_memory_may_use_a_time_again_while_its_former_message_is_on_its_way() -> None:
    checker = of_swarm()
    events = [
        event(0, 0, "Send", 7, to=1, kind=0x11, slot=1, view=0),
        event(0, 1 << 20, "Boot", 1, version="", journal="blank", applied_slot=0),
        event(0, 1 << 20, "Send", 7, to=2, kind=0x1B, slot=0, view=0),
        event(1, 0, "Receive", 9, **{"from": 0, "sent": 7, "kind": 0x11}),
        event(2, 0, "Receive", 9, **{"from": 0, "sent": 7, "kind": 0x1B}),
    ]
    for one in events:
        checker.feed(one)
    assert not found_by(checker)
    checker.feed(event(3, 0, "Receive", 9, **{"from": 0, "sent": 7, "kind": 0x12}))
    assert found_by(checker) == ["ORD-3"]


def test_a_life_that_left_nothing_on_flash_does_not_bind_the_next() -> None:
    checker = of_swarm()
    for one in (
        event(0, 0, "Boot", 5, version="", journal="ok", applied_slot=0),
        event(0, 1 << 20, "Boot", 1, version="", journal="unreadable", applied_slot=0),
        event(0, 1 << 20, "Silent", 900, reason=""),
        event(0, 1, "Boot", 6, version="", journal="torn", applied_slot=0),
    ):
        checker.feed(one)
    assert not found_by(checker)
    checker.feed(event(0, 2, "Boot", 6, version="", journal="ok", applied_slot=0))
    assert found_by(checker) == ["ORD-1"]


def test_the_ground_stations_clock_does_not_run_backward() -> None:
    script = Script()
    script.message(0, 1)
    for second, line in enumerate(script.lines):
        line["received"] = float(second)
    assert breaches(script)[0] == []
    script.lines[-1]["received"] = 0.5
    assert breaches(script)[0] == ["ORD-4"]


def test_the_ground_stations_own_events_are_held_to_its_clock(tmp_path: Path) -> None:
    script = Script()
    script.message(0, 1)
    for second, line in enumerate(script.lines):
        line["received"] = float(second)
    script.ground("BoardKill", board=1)
    assert found(script.lines, tmp_path) == ["ORD-4"]


END = TICKS_WRAP - 1


@pytest.mark.parametrize(
    ("ticks", "is_found"),
    [((4, 4, 5), False), ((4, 5, 4), True), ((END, 0, 1), False), ((END, END, END - 1), True), ((0, 1, END), True)],
)
def test_the_ticks_of_a_board_do_not_run_backward(ticks: tuple[int, ...], is_found: bool, tmp_path: Path) -> None:
    script = Script()
    script.message(0, 1)
    own = [line for line in script.lines if line["node"] == 0]
    own.append(script.emit(0, "Wish", slot=1, view=1))
    for line, tick in zip(own[-3:], ticks, strict=True):
        line["ticks"] = tick
    assert ("ORD-4" in found(script.end().lines, tmp_path)) == is_found


def test_a_trace_may_leave_out_when_it_was_received() -> None:
    script = Script()
    for line in script.lines:
        line.pop("received", None)
    found, order = breaches(script)
    assert found == []
    assert "ORD-4" in order.not_held()


def test_a_message_is_not_received_before_it_is_sent() -> None:
    """In the trace, whatever its Lamport times say; be it the first message of its sender or a later one."""
    for earlier in (0, 1):
        script = Script()
        for _ in range(earlier + 1):
            script.message(0, 1)
        script.lines[-2:] = reversed(script.lines[-2:])
        assert breaches(script)[0] == ["ORD-3"], earlier

"""Recorded channels against trace_link.tla: what a run may report, and each breach by its property's identifier."""

from typing import Any

import pytest

from amu.core import limits
from amu.node.tracer import EVENTS
from specs.checking.services import conformance as ops_conformance
from specs.checking.trace import Event
from specs.verdict import HOLDS, VIOLATED, Verdict

FIELDS = dict(EVENTS.values())
OLD, NEW = 7, 3  # two boots of board 1; the later one has the lower number


def event(node: int, boot: int, name: str, *fields: Any) -> tuple[int, int, str, dict[str, Any]]:
    return node, boot, name, dict(zip(FIELDS[name], fields, strict=True))


def boot(node: int, number: int) -> tuple[int, int, str, dict[str, Any]]:
    return event(node, number, "Boot", "1", "ok", 0)


# Board 0 gives two items to board 1, which gets one and reboots; the second is handed back.
RUN = [
    boot(0, 0),
    boot(1, OLD),
    event(0, 0, "ChannelSend", 1, None, 1),
    event(0, 0, "ChannelRestart", 1, OLD, 0),
    event(1, OLD, "ChannelRestart", 0, 0, 0),
    event(0, 0, "ChannelSend", 1, OLD, 2),
    event(1, OLD, "ChannelDeliver", 0, 0, 1),
    boot(1, NEW),
    event(1, NEW, "ChannelRestart", 0, 0, 0),
    event(0, 0, "ChannelRestart", 1, NEW, 1),
    event(0, 0, "ChannelSend", 1, NEW, 1),
    event(1, NEW, "ChannelDeliver", 0, 0, 1),
]


def verdict(run: list[tuple[int, int, str, dict[str, Any]]], byzantine: tuple[int, ...] = ()) -> Verdict:
    found = Verdict()
    events = [
        Event(line, node, number, line, line, name, fields) for line, (node, number, name, fields) in enumerate(run)
    ]
    ops_conformance.check_ops(events, [], 4, byzantine, found)
    return found


def test_a_run_as_it_should_be() -> None:
    found = verdict(RUN)
    assert found.violations == []
    assert {name: found.invariants[name] for name in ("LNK-1", "LNK-5", "LNK-6")} == {
        "LNK-1": HOLDS,
        "LNK-5": HOLDS,
        "LNK-6": HOLDS,
    }
    assert found.steps["ChannelDeliver"] == 2


BREACHES = {
    "delivered twice": [*RUN, event(1, NEW, "ChannelDeliver", 0, 0, 1)],
    "one left out": [*RUN[:6], event(1, OLD, "ChannelDeliver", 0, 0, 2)],
    "delivered what nobody gave": [*RUN, event(1, NEW, "ChannelDeliver", 0, 0, 2)],
    "from an incarnation that is not adopted": [*RUN[:6], event(1, OLD, "ChannelDeliver", 0, 5, 1)],
    "back to a former incarnation": [*RUN, event(0, 0, "ChannelRestart", 1, OLD, 0)],
    "adopted again": [*RUN, event(0, 0, "ChannelRestart", 1, NEW, 0)],
    "more handed back than given": [*RUN[:9], event(0, 0, "ChannelRestart", 1, NEW, 3)],
    "handed back what goes to the first incarnation": [*RUN[:3], event(0, 0, "ChannelRestart", 1, OLD, 1)],
    "a number left out": [*RUN, event(0, 0, "ChannelSend", 1, NEW, 3)],
}


@pytest.mark.parametrize("run", BREACHES.values(), ids=BREACHES.keys())
def test_a_breach_is_found(run: list[tuple[int, int, str, dict[str, Any]]]) -> None:
    assert verdict(run).invariants["LNK-1"] == VIOLATED


def test_a_channel_that_holds_more_than_its_bound_is_found() -> None:
    most = limits.CHANNEL_QUEUE_ITEMS_MAX
    full = [*RUN, *(event(0, 0, "ChannelSend", 1, NEW, number) for number in range(2, most + 2))]
    assert verdict(full).violations == []
    assert verdict([*full, event(0, 0, "ChannelSend", 1, NEW, most + 2)]).invariants["LNK-5"] == VIOLATED


def test_events_of_a_liar_are_not_judged() -> None:
    lies = [step for step in [*RUN, event(0, 0, "ChannelDeliver", 1, 99, 8)] if step[0] == 0]
    assert verdict(lies, byzantine=(1,)).violations == []
    assert verdict(lies).violations != []

"""Recorded channels against trace_link.tla: what a run may report, and each breach by its property's identifier."""

from typing import Any

import pytest

from amu.core import limits
from amu.node.events import EVENTS
from specs.checking.services import conformance as ops_conformance
from specs.checking.trace import Event
from specs.verdict import HOLDS, VIOLATED, Verdict

FIELDS = dict(EVENTS.values())
OLD, NEW = 7, 3  # two boots of board 1; the later one has the lower number


def event(node: int, boot: int, name: str, *fields: Any) -> tuple[int, int, str, dict[str, Any]]:
    return node, boot, name, dict(zip(FIELDS[name], fields, strict=True))


def got(node: int, boot: int, peer: int, peer_boot: int, sequence: int) -> list[tuple[int, int, str, dict[str, Any]]]:
    """An item that is delivered, and taken."""
    return [
        event(node, boot, "ChannelDeliver", peer, peer_boot, sequence),
        event(node, boot, "MutexReceive", peer, 2, 0, 1),
    ]


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
    *got(1, OLD, 0, 0, 1),
    boot(1, NEW),
    event(1, NEW, "ChannelRestart", 0, 0, 0),
    event(0, 0, "ChannelRestart", 1, NEW, 1),
    event(0, 0, "ChannelSend", 1, NEW, 1),
    *got(1, NEW, 0, 0, 1),
]


def verdict(run: list[tuple[int, int, str, dict[str, Any]]], byzantine: tuple[int, ...] = ()) -> Verdict:
    found = Verdict()
    events = [
        Event(line, node, number, line, line, name, fields) for line, (node, number, name, fields) in enumerate(run)
    ]
    ops_conformance.check_ops(events, [], 4, byzantine, found)
    found.violations = [text for text in found.violations if text.startswith("LNK")]  # the items themselves are made up
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
    "not handed back though the peer never got it": [*RUN[:10], event(0, 0, "ChannelRestart", 1, NEW, 0)],
    "given to a boot that is not adopted": [*RUN, event(0, 0, "ChannelSend", 1, OLD, 2)],
    "given to nobody": [*RUN, event(0, 0, "ChannelSend", 1, None, 2)],
    "a boot that the peer never had": [*RUN, event(0, 0, "ChannelRestart", 1, 55, 1)],
    "delivered and not taken": [*RUN[:7], *RUN[6:7]],
    "taken twice": [*RUN, RUN[-1]],
    "a boot that was": [*RUN, boot(1, OLD)],
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


def test_what_a_liar_gives_is_not_judged_but_how_it_is_counted() -> None:
    mine = [step for step in RUN if step[0] == 0]
    lies = [*mine, *got(0, 0, 1, NEW, 1)]
    assert verdict(lies, byzantine=(1,)).violations == []
    assert verdict(lies).violations != []
    for peer_boot, sequence in ((99, 1), (NEW, 2)):
        assert verdict([*mine, *got(0, 0, 1, peer_boot, sequence)], byzantine=(1,)).violations != []
    assert verdict([*mine, event(0, 0, "ChannelSend", 1, NEW, 3)], byzantine=(1,)).violations != []


def test_only_a_liar_sends_what_is_no_item() -> None:
    mine = [step for step in RUN if step[0] == 0]
    lies = [*mine, event(0, 0, "ChannelDeliver", 1, NEW, 1), event(0, 0, "Refuse", 1, 0x1C, "item")]
    assert verdict(lies, byzantine=(1,)).violations == []
    assert verdict([*lies, *got(0, 0, 1, NEW, 2)], byzantine=(1,)).violations == []
    honest = [*RUN[:-1], event(1, NEW, "Refuse", 0, 0x1C, "item")]
    assert verdict(honest).violations != []
    flood = [*RUN, event(1, NEW, "Refuse", 0, 0x1C, "too many questions")]
    assert verdict(flood).violations == []


def test_items_that_a_former_boot_gave_may_come_late() -> None:
    """Board 1 gave an item, rebooted, and its item arrives before board 0 adopts the new boot."""
    run = [
        boot(0, 0),
        boot(1, OLD),
        event(0, 0, "ChannelRestart", 1, OLD, 0),
        event(1, OLD, "ChannelRestart", 0, 0, 0),
        event(1, OLD, "ChannelSend", 0, 0, 1),
        boot(1, NEW),
        *got(0, 0, 1, OLD, 1),
    ]
    assert verdict(run).violations == []
    assert verdict([*run, *got(0, 0, 1, OLD, 2)]).violations != []
    assert verdict([*run[:4], boot(1, NEW), *got(0, 0, 1, OLD, 1)]).violations != []


def test_deliveries_cannot_be_missing() -> None:
    """A user takes only what was delivered, even if the trace has no event of a channel at all."""
    silent = [step for step in RUN if step[2] not in ("ChannelSend", "ChannelDeliver")]
    assert verdict(silent).invariants["LNK-1"] == VIOLATED

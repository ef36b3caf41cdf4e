"""Swarms in calm weather lose nothing by the votes that their boards drop.

No state is repeated, and peers are suspected as seldom as in the same flight without drops. (A few moments of suspicion
are normal: pauses between messages vary.)
"""

import io
import json
from collections import Counter
from dataclasses import dataclass

import pytest

from amu.core.limits import LEVEL_MILLI_PER_PART, MESSAGES_PER_FRAME_MAX
from amu.node.node import Node
from amu.wire import messages
from groundstation.scenario.model import Scenario
from swarm_sim.simulation import Simulation
from swarm_sim.world.board import Board
from tests.support.simulator.simulations import scenario

SECONDS = 4.0
TICK_SECONDS = 0.02


@dataclass
class Flown:
    events: Counter[tuple[str, int | None]]  # by name and kind
    levels: list[int]  # of suspicion, in thousandths: of each pair of boards, in each tick
    dropped: int


def calm(boards: int, in_flight: int, pause_seconds: float) -> Scenario:
    return scenario(
        mission={"boards": boards, "slots": 10**6, "limit_seconds": 1e6, "no_progress_seconds": 1e5},
        clock={"view_timeout_seconds": 2.0, "tick_ms": round(1000 * TICK_SECONDS)},
        workload={"operations": 10**6, "in_flight": in_flight, "pause_seconds": pause_seconds},
        faults=[{"fault": "jitter", "seconds_min": 0.002, "seconds_max": 0.03}],
    )


def levels(board: Board) -> list[int]:
    services = board.flying.services
    peers = [peer for peer in range(services._count) if peer != board.node]
    return [services._detector.level_milli(peer, services._ticks) for peer in peers]


def fly(flown: Scenario) -> Flown:
    trace = io.StringIO()
    world = Simulation(flown, trace, is_encoded=False, is_checked=False).world
    found: list[int] = []

    def look() -> None:
        for board in world.boards:
            found.extend(levels(board))
        world.at(world.now + TICK_SECONDS, look)

    world.begin()
    world.at(1.0, look)
    world.run(SECONDS)
    dropped = sum(board.runtime.frames_surplus for board in world.boards)  # type: ignore[union-attr]
    lines = [json.loads(line) for line in trace.getvalue().splitlines()]
    lines = [line for line in lines if line["event"] not in ("Suspicion", "Heard")]  # their levels are compared
    return Flown(Counter((line["event"], line.get("kind")) for line in lines), found, dropped)


@pytest.mark.parametrize(("boards", "in_flight", "pause_seconds"), [(4, 4, 0.0), (4, 1, 1.0), (7, 4, 0.0)])
def test_nothing_is_repeated_and_nobody_suspected(
    boards: int, in_flight: int, pause_seconds: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    flown = calm(boards, in_flight, pause_seconds)
    drops = fly(flown)
    monkeypatch.setattr(Node, "is_surplus", lambda self, *vote: False)
    takes = fly(flown)
    assert takes.dropped == 0
    votes = takes.events["Receive", messages.Vote.KIND]
    dropped = votes - drops.events["Receive", messages.Vote.KIND]  # a dropped frame holds one vote or more
    assert votes // 10 < drops.dropped <= dropped <= drops.dropped * MESSAGES_PER_FRAME_MAX
    assert drops.events == takes.events - Counter({("Receive", messages.Vote.KIND): dropped})
    assert (drops.events["Send", messages.Status.KIND], drops.events["EnterView", None]) == (0, 0)
    assert drops.events["Apply", None] >= 2 * boards
    often = [sum(level >= LEVEL_MILLI_PER_PART for level in flight.levels) for flight in (drops, takes)]
    assert often[0] <= often[1] + len(takes.levels) // 50

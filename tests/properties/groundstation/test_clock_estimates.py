"""Clocks of simulated boards: virtual time knows when each tick was, so each estimate is compared with the truth."""

import io
import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from amu.core.limits import GROUND
from groundstation.clocks.clocks import Clocks, of_events
from specs.checking.trace import Event, parse
from swarm_sim.simulation import Simulation
from swarm_sim.world.board import Board
from tests.support.simulator.simulations import scenario

SEEDS = range(10)
EPSILON = 1e-6  # of a float and of what the trace rounds

Truth = dict[tuple[int, int], dict[int, float]]  # (node, life) -> tick -> mission second


@contextmanager
def recorded(monkeypatch: pytest.MonkeyPatch) -> Iterator[Truth]:
    """When each tick of each life was."""
    truth: Truth = {}
    tick = Board._tick

    def told(board: Board, life: int) -> None:
        before = board._ticks
        tick(board, life)
        if life == board.life and board._ticks != before:
            truth.setdefault((board.node, life), {}).setdefault(board._ticks, board._time.now)

    with monkeypatch.context() as patch:
        patch.setattr(Board, "_tick", told)
        yield truth


def flown(**tables: Any) -> list[Event]:
    text = io.StringIO()
    Simulation(scenario(**tables), text, is_encoded=False, is_checked=False).fly()
    return [parse(line, number) for number, line in enumerate(text.getvalue().splitlines(keepends=True), 1)]


def drifting(seed: int) -> tuple[list[float], dict[str, Any]]:
    """Drawn drifts in parts per million, and a mission whose clocks have them from their first tick on."""
    draws = random.Random(seed)
    spread = draws.choice((100.0, 3_000.0, 300_000.0))
    drifts = [draws.uniform(-spread, spread) for _ in range(4)]
    tables: dict[str, Any] = {
        "mission": {"seed": seed, "slots": 25},
        "clock": {"trace_messages": seed % 2 == 0},
        "workload": {"operations": 25},
        "faults": [{"fault": "delay", "seconds": draws.uniform(0.0, 0.01)}],
        "board_faults": [
            {"at": 0.0, "node": node, "kind": "clock_drift", "seconds": 1000.0, "factor": 1 + ppm / 1e6}
            for node, ppm in enumerate(drifts)
        ],
    }
    if seed % 3 == 0:
        tables["board_faults"].append({"at": 0.3, "node": 1, "kind": "pause", "seconds": 0.2})
    return drifts, tables


def wrong(events: list[Event], clocks: Clocks, truth: Truth) -> list[str]:
    """Estimates that are further from the truth than their error."""
    found = []
    for event in events:
        estimate = None if event.node == GROUND else clocks.at(event)
        second = None if estimate is None else truth[event.node, 1].get(event.ticks or -1)
        if estimate is not None and second is not None and abs(second - estimate.seconds) > estimate.error + EPSILON:
            found.append(f"{event}: at {second}, by estimate {estimate}")
    return found


@pytest.mark.parametrize("seed", SEEDS)
def test_drawn_drifts_are_estimated_within_the_error(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    drifts, tables = drifting(seed)
    with recorded(monkeypatch) as truth:
        events = flown(**tables)
    clocks = of_events(events)
    assert not wrong(events, clocks, truth)[:3]
    assert len(clocks.lives()) == 4
    for life in clocks.lives():
        drift = life.drift
        assert drift is not None
        assert abs(drift.ppm - drifts[life.node]) <= drift.error
        assert life.breaks == []
        assert life.wraps == 0
    told = [event for event in events if event.node != GROUND]
    assert len(told) > 500
    assert all(clocks.at(event) is not None for event in told)


def test_the_same_trace_gives_the_same_estimates_and_more_of_it_better_ones() -> None:
    events = flown(mission={"slots": 20}, workload={"operations": 20})
    clocks, again = of_events(events), of_events(events)
    half = of_events(events[: len(events) // 2])
    told = [event for event in events[: len(events) // 4] if event.node != GROUND]
    assert [clocks.at(event) for event in told] == [again.at(event) for event in told]
    for event in told:
        early, late = half.at(event), clocks.at(event)
        assert early is not None
        assert late is not None
        assert late.error <= early.error + EPSILON


def test_a_clock_that_jumps_or_stops_in_the_simulator_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    faults = [
        {"at": 1.0, "node": 1, "kind": "clock_jump", "ticks": 1000},
        {"at": 1.0, "node": 2, "kind": "clock_stop", "seconds": 1.0},
    ]
    with recorded(monkeypatch) as truth:
        events = flown(board_faults=faults, mission={"slots": 60}, workload={"operations": 60})
    clocks = of_events(events)
    troubles = {life.node: life.troubles() for life in clocks.lives()}
    assert troubles[0] == troubles[3] == []
    assert any("jumped forward" in told for told in troubles[1])
    assert any("fell behind" in told for told in troubles[2])
    for node in (0, 3):
        assert not wrong([event for event in events if event.node == node], clocks, truth)

"""A board that is behind is not left behind, and no timer stays long: each bug planted here is found by an oracle."""

from typing import Any

import pytest

from amu.consensus.catch_up import CatchUp
from amu.consensus.checkpoints import Checkpoints
from amu.consensus.instance import Instance
from amu.core import limits
from amu.services.channel import Channel
from groundstation.scenario.model import Scenario
from swarm_sim.oracles import laggards, timers
from swarm_sim.outcome import Outcome
from swarm_sim.simulation import Simulation, run_seed
from tests.support.simulator.simulations import scenario

LAGGARD = 3


def cut_off(start: float, end: float) -> dict[str, Any]:
    return {"fault": "partition", "groups": [[LAGGARD]], "start": start, "end": end}


def no_state(start: float, end: float) -> dict[str, Any]:
    """The laggard hears the others and is heard, but no state comes through."""
    return {"fault": "drop", "probability": 1.0, "kinds": ["StateChunk"], "start": start, "end": end}


def flown(faults: list[dict[str, Any]], seconds: float, **tables: Any) -> Scenario:
    """The others decide all the time; board 3 is behind whenever it was cut off."""
    return scenario(
        mission={"slots": 20, "limit_seconds": 120.0, "no_progress_seconds": 60.0},
        workload={"operations": 20, "in_flight": 1, "pause_seconds": 0.01, "mix": {"noop": 1}},
        faults=faults,
        liveness={"core": [0, 1, 2, 3], "at": seconds, "bound_seconds": 60.0},
        **tables,
    )


# Eight states are taken over at the first try; then the ninth is lost for a moment.
OFTEN = flown([*(cut_off(k, k + 0.7) for k in range(8)), cut_off(8.4, 9.0), no_state(9.0, 9.3)], 9.4), ((9.0, 30.0),)
# One state is lost.
ONCE = flown([cut_off(0.0, 0.7), no_state(0.7, 1.0)], 1.1), ((0.7, 30.0),)
# Nothing arrives for long; then a state; and then one more is lost for a moment.
LONG = (
    flown([cut_off(0.0, 0.7), no_state(0.7, 22.0), cut_off(30.0, 30.7), no_state(30.7, 31.2)], 31.3),
    ((0.7, 30.0), (30.7, 60.0)),
)
# No leader is heard for long, then for a moment only.
VIEWS = (
    flown(
        [
            {"fault": "drop", "probability": 1.0, "kinds": ["Proposal"], "start": at, "end": end}
            for at, end in ((0.5, 5.0), (6.5, 7.5))
        ],
        8.0,
    ),
    (),
)
# Half of what goes over the channels is lost.
LOST = {"fault": "drop", "probability": 0.5, "kinds": ["Segment"], "start": 0.0, "end": 7.0}
CHANNELS = flown([LOST], 8.0, ops={"turn_seconds": 0.2}), ((1.0, 7.0),)


# The laggard hears one board only, for long: that is no help, for that board might lie.
HALF_DEAF = (
    flown(
        [
            cut_off(0.0, 0.7),
            *(
                {"fault": "drop", "probability": 1.0, "source": one, "destination": other, "start": 0.7, "end": 12.0}
                for one, other in (([1, 2], [LAGGARD]), ([LAGGARD], [1, 2]))
            ),
        ],
        12.1,
    ),
    ((0.7, 30.0),),
)


def fly(one: tuple[Scenario, tuple[tuple[float, float], ...]]) -> tuple[Simulation, Outcome]:
    """The simulation and its outcome. Operators submit nothing in the quiet times, so the swarm's states stay."""
    flight, quiet = one
    simulation = Simulation(flight, None, False, True)
    world = simulation.world
    ask = world.operators.ask

    def silence(end: float) -> None:
        world.operators.ask = lambda: None  # type: ignore[method-assign]
        world.at(end, resume)

    def resume() -> None:
        world.operators.ask = ask  # type: ignore[method-assign]
        ask()

    for start, end in quiet:
        world.at(start, silence, end)
    return simulation, simulation.fly()


@pytest.mark.parametrize(
    "one",
    [OFTEN, ONCE, LONG, VIEWS, CHANNELS, HALF_DEAF],
    ids=["often", "once", "long", "views", "channels", "half deaf"],
)
def test_sound_code_passes_what_the_planted_bugs_fail(one: Any) -> None:
    simulation, outcome = fly(one)
    assert (outcome.verdict, outcome.oracle) == ("pass", ""), outcome.detail
    if one in (OFTEN, LONG):
        assert simulation.laggards.steps > 0  # there was something to ask
        assert "state taken over" in outcome.marks


def test_patience_that_grows_with_success_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    on_chunk = Checkpoints.on_chunk

    def growing(self: Any, peer: int, message: Any) -> Any:
        whole = on_chunk(self, peer, message)
        if whole is not None:
            self._patience_periods = min(2 * self._patience_periods, self._patience_periods_max)
        return whole

    monkeypatch.setattr(Checkpoints, "progressed", lambda self, applied: None)
    monkeypatch.setattr(Checkpoints, "on_chunk", growing)
    _, outcome = fly(OFTEN)
    assert (outcome.verdict, outcome.oracle) == ("violation", laggards.ORACLE)
    assert "asks" in outcome.detail


def test_patience_that_never_falls_back_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Checkpoints, "progressed", lambda self, applied: None)
    _, outcome = fly(LONG)
    assert (outcome.verdict, outcome.oracle) == ("violation", laggards.ORACLE)


def test_a_laggard_that_asks_once_only_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    pursue = Checkpoints.pursue
    monkeypatch.setattr(Checkpoints, "pursue", lambda self: pursue(self) if self._transfer is None else None)
    _, outcome = fly(ONCE)
    assert (outcome.verdict, outcome.oracle) == ("violation", laggards.ORACLE)


def test_a_laggard_that_never_asks_for_slots_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(CatchUp, "_fetch", lambda self: None)
    _, outcome = fly((flown([cut_off(0.2, 0.4)], 0.5), ((0.4, 30.0),)))
    assert (outcome.verdict, outcome.oracle) == ("violation", laggards.ORACLE)


def test_a_view_timer_that_never_falls_back_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    tick = Instance.tick
    highest: dict[int, int] = {}

    def sticky(self: Any) -> None:
        highest[self.me] = max(highest.get(self.me, 0), self.view)
        view_timeout_ticks = self.log.view_timeout_ticks
        more = min(highest[self.me], limits.VIEW_TIMEOUT_DOUBLINGS_MAX) - min(
            self.view, limits.VIEW_TIMEOUT_DOUBLINGS_MAX
        )
        self.log.view_timeout_ticks = view_timeout_ticks << more
        tick(self)
        self.log.view_timeout_ticks = view_timeout_ticks

    monkeypatch.setattr(Instance, "tick", sticky)
    _, outcome = fly(VIEWS)
    assert (outcome.verdict, outcome.oracle) == ("violation", timers.ORACLE)
    assert outcome.cause == "the timer of a view is overdue"


def test_a_channel_that_repeats_ever_later_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    start_waiting = Channel._start_waiting

    def sticky(self: Any) -> None:
        doublings = getattr(self, "_doublings", 0)
        start_waiting(self)
        self._doublings = doublings

    monkeypatch.setattr(Channel, "_start_waiting", sticky)
    _, outcome = fly(CHANNELS)
    assert (outcome.verdict, outcome.oracle) == ("violation", timers.ORACLE)
    assert outcome.cause == "the timer of a channel is overdue"


@pytest.mark.parametrize("replica_count", [4, 7, 13])
def test_the_bound_is_that_of_the_first_try_and_grows_with_vain_waiting(replica_count: int) -> None:
    at_once = laggards.ticks_max(replica_count, 0, 30)
    assert 200 < at_once < 700
    assert laggards.ticks_max(replica_count, 100, 30) > at_once
    longest = limits.TRANSFER_PATIENCE_PERIODS_MAX * limits.CATCH_UP_PERIOD_TICKS
    most = laggards.ticks_max(replica_count, 100 * longest, 30)
    assert most == laggards.ticks_max(replica_count, 200 * longest, 30)


# 123: a clock runs four times as fast, then slows down; 22: flash fails, and the board flies on with a new node.
@pytest.mark.parametrize("seed", [22, 123])
def test_time_is_that_of_the_node_whose_timers_are_looked_at(seed: int) -> None:
    assert run_seed(seed).verdict == "pass"

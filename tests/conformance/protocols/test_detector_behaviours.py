"""Behaviours of failure_detector.tla drive the detector that flies; each of its answers must be a step of the module.

The module says which action may come next; heartbeats, ticks and reboots are given to real detectors; the level that
they answer goes into the next state. So the walk is the module's and each level is the code's.
"""

import random
from collections import Counter
from typing import Any

import pytest

from amu.core import limits
from amu.services.detector import Detector
from specs.checking.services import detector as detector_conformance
from specs.tla.language import language
from specs.tla.language.language import State

MODULE = detector_conformance.MODULE.with_name("failure_detector.tla")
PAIRS = ((0, 1), (1, 0))
INVARIANTS = ("TypeOK", "WithinEnvelope", "Revocable", "Noninterference", "OneHolder")
STEP_PROPERTIES = ("MonotoneStep", "FallsWhenHeardStep", "UnknownUntilHeardStep")
ENABLED = {
    "Beat": [(0,), (1,)],
    "Deliver": [(pair,) for pair in PAIRS],
    "Elapse": [(pair,) for pair in PAIRS],
    "Lose": [(pair,) for pair in PAIRS],
    "Crash": [(0,), (1,)],
    "Reboot": [(0,), (1,)],
    "Stabilise": [()],
    "Give": list(PAIRS),
}
PARAMETERS = {"Stabilise": "", "Give": "(q, p)"}
# How often each action is drawn: a crash or a reboot is rare, time passes in stretches.
WEIGHTS = {"Beat": 6, "Deliver": 6, "Elapse": 6, "Lose": 2, "Crash": 0.04, "Reboot": 0.2, "Stabilise": 0.05, "Give": 1}


def load() -> language.Module:
    known = detector_conformance.constants(2)
    names = {name: known[name] for name in known if name not in ("PartMilli", "SampleTicks", "TicksMax")}
    lines = [
        f"May{name}{PARAMETERS.get(name, '(x)')} == ENABLED {name}{PARAMETERS.get(name, '(x)')}" for name in ENABLED
    ]
    return language.load(MODULE, names, "\n".join(lines))


class Walk:
    """A behaviour of the module whose levels are those of two detectors, each with a clock of its own."""

    def __init__(self, seed: int) -> None:
        self.module = load()
        self.draw = random.Random(seed)
        self.detectors: list[Any] = [Detector(2), Detector(2)]
        self.ticks = [0, 0]
        self.state = next(iter(self.module.initials("Init")))
        self.steps: Counter[str] = Counter()

    def part(self, pair: tuple[int, int]) -> int:
        """The level as the module counts it."""
        level: int = self.detectors[pair[0]].level_milli(pair[1], self.ticks[pair[0]])
        return level // limits.LEVEL_MILLI_PER_PART

    def take(self, name: str, arguments: tuple[Any, ...]) -> None:
        """One step: performed by the code, then checked against the module."""
        state, detectors = self.state, self.detectors
        if name in ("Deliver", "Elapse"):
            observer, peer = arguments[0]
            if name == "Deliver":
                detectors[observer].heard(peer, self.ticks[observer])
            else:
                self.ticks[observer] += 1
        elif name == "Reboot":
            detectors[arguments[0]], self.ticks[arguments[0]] = Detector(2), 0
        after = self.after(name, arguments)
        told = f"{name}{arguments} from {state!r} to {after!r}"
        assert self.module.is_step(name, arguments, state, after), told
        for invariant in INVARIANTS:
            assert self.module.holds(invariant, after), f"{invariant}: {told}"
        for property_name in STEP_PROPERTIES:
            assert self.module.is_step(property_name, (), state, after), f"{property_name}: {told}"
        self.state = after
        self.steps[name] += 1

    def after(self, name: str, arguments: tuple[Any, ...]) -> State:
        """The next state: what is not the detectors' by the meaning of the action, levels from the code."""
        state = self.state
        flight, silence, holds = state["flight"], state["silence"], state["holds"]
        changes: dict[str, Any] = {"level": language.function({pair: self.part(pair) for pair in PAIRS})}
        if name == "Beat":
            for pair in PAIRS:
                flight = flight.updated(pair, 1) if pair[1] == arguments[0] else flight
        elif name in ("Deliver", "Lose"):
            flight = flight.updated(arguments[0], flight[arguments[0]] - 1)
        if name == "Deliver":
            silence = silence.updated(arguments[0], 0)
        elif name == "Elapse":
            silence = silence.updated(arguments[0], silence[arguments[0]] + 1)
        elif name == "Reboot":
            for pair in PAIRS:
                silence = silence.updated(pair, 0) if pair[0] == arguments[0] else silence
        elif name == "Crash":
            changes["crashed"] = state["crashed"] | {arguments[0]}
        elif name == "Stabilise":
            changes["stable"] = True
        elif name == "Give":
            holds = holds.updated(arguments[0], language.FALSE).updated(arguments[1], language.TRUE)
        return self.module.replace(state, flight=flight, silence=silence, holds=holds, **changes)

    def go(self, steps: int) -> None:
        names = list(ENABLED)
        for _ in range(steps):
            name = self.draw.choices(names, [WEIGHTS[name] for name in names])[0]
            arguments = self.draw.choice(ENABLED[name])
            for _ in range(self.draw.choice((1, 3, 12, 60)) if name == "Elapse" else 1):
                if self.module.value("May" + name, self.state, *arguments):
                    self.take(name, arguments)


def test_behaviours_of_the_module_are_behaviours_of_the_code() -> None:
    taken: Counter[str] = Counter()
    for seed in range(4):
        walk = Walk(seed)
        walk.go(200)
        taken.update(walk.steps)
    assert taken["Elapse"] > 500
    assert all(taken[name] for name in ENABLED), taken


def test_once_stable_a_live_peer_stays_below_the_end_and_a_crashed_one_reaches_it() -> None:
    """FDT-5 and FDT-6 in the code, on the schedule that stability allows at worst."""
    walk = Walk(0)
    level_max = limits.LEVEL_MILLI_MAX // limits.LEVEL_MILLI_PER_PART
    delta = (level_max - 1) // detector_conformance.SLOPE
    for _ in range(3):
        walk.take("Beat", (1,))
        walk.take("Deliver", ((0, 1),))
    walk.take("Stabilise", ())
    highest = 0
    for _ in range(2 * limits.BEAT_SAMPLES):
        for _ in range(delta):
            walk.take("Elapse", ((0, 1),))
            highest = max(highest, walk.part((0, 1)))
        assert not walk.module.value("MayElapse", walk.state, (0, 1))
        walk.take("Beat", (1,))
        walk.take("Deliver", ((0, 1),))
    assert highest <= detector_conformance.SLOPE * delta < level_max
    walk.take("Crash", (1,))
    while walk.part((0, 1)) < level_max:
        walk.take("Elapse", ((0, 1),))
    assert walk.ticks[0] < detector_conformance.PATIENCE_TICKS * level_max
    walk.take("Elapse", ((0, 1),))
    assert walk.part((0, 1)) == level_max


def test_a_detector_with_another_slope_is_not_a_behaviour(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Detector, "_level_milli", lambda self, peer, silent_ticks: 3000 * silent_ticks)
    walk = Walk(0)
    walk.take("Beat", (1,))
    walk.take("Deliver", ((0, 1),))
    with pytest.raises(AssertionError, match="Elapse"):
        walk.take("Elapse", ((0, 1),))

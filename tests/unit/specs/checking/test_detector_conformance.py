"""Suspicions in a trace against the contract: those of the real detector are accepted, planted lies are not."""

import dataclasses
import json
import random
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from amu.core import limits
from amu.services import detector
from amu.services.detector import Detector
from specs.checking import any_trace as observation_check
from specs.checking.continuity import Hole
from specs.checking.services.detector import IDENTIFIERS, IS_STEP, MODULE, check_detector, constants
from specs.checking.trace import Event
from specs.tla.syntax import configuration
from specs.verdict import Verdict

COUNT = 4
FOUR_BOARDS = MODULE.with_name("trace_four_boards.cfg")


class Flight:
    """Boards with real detectors, composed as in the node, and the trace of their events."""

    def __init__(self, sample_ticks: int = limits.DETECTOR_SAMPLE_TICKS) -> None:
        self.events: list[Event] = []
        self.sample_ticks = sample_ticks
        self._seq = [0] * COUNT
        self._boots = [0] * COUNT
        self.tick = 0
        self.detectors: list[Any] = [None] * COUNT
        for node in range(COUNT):
            self.boot(node)

    def tell(self, node: int, name: str, **fields: Any) -> None:
        numbers = len(self.events) + 1, node, self._boots[node], self._seq[node], 1
        self.events.append(Event(*numbers, name, fields, self.tick))  # type: ignore[arg-type]
        self._seq[node] += 1

    def boot(self, node: int) -> None:
        self._boots[node] += 1
        self._seq[node] = 0
        self.detectors[node] = Detector(COUNT)
        self.tell(node, "Boot", version="1", journal="fresh", applied_slot=0)

    def receive(self, node: int, peer: int) -> None:
        self.tell(node, "Receive", **{"from": peer, "sent": 1, "kind": 1})
        silent_ticks = self.detectors[node].heard(peer, self.tick)
        if silent_ticks:
            self.tell(node, "Heard", peer=peer, silent_ticks=silent_ticks)

    def elapse(self) -> None:
        self.tick += 1
        if self.tick % self.sample_ticks == 0:
            for node in range(COUNT):
                for peer, silent_ticks, level_milli in self.detectors[node].sample(self.tick):
                    self.tell(node, "Suspicion", peer=peer, silent_ticks=silent_ticks, level_milli=level_milli)


def life(seed: int, ticks: int = 3_000) -> Flight:
    """Boards that beat each at its own pace, pause, and reboot."""
    draw = random.Random(seed)
    flight = Flight()
    paces = [draw.choice((1, 3, 10, 40)) for _ in range(COUNT)]
    quiet = [0] * COUNT
    for _ in range(ticks):
        flight.elapse()
        for peer in range(COUNT):
            if draw.random() < 0.003:
                quiet[peer] = flight.tick + draw.choice((60, 500, 1_500))
            if flight.tick >= quiet[peer] and draw.random() * paces[peer] < 1:
                for node in range(COUNT):
                    if node != peer and draw.random() < 0.9:
                        flight.receive(node, peer)
        if draw.random() < 0.001:
            flight.boot(draw.randrange(COUNT))
    return flight


def judged(events: Iterable[Event], holes: tuple[Hole, ...] = ()) -> Verdict:
    verdict = Verdict()
    check_detector(events, holes, COUNT, verdict)
    return verdict


@pytest.mark.parametrize("seed", range(4))
def test_events_of_the_detector_are_accepted(seed: int) -> None:
    verdict = judged(life(seed).events)
    assert verdict.verdict == "pass", verdict.violations[:3]
    assert set(verdict.invariants) == set(IDENTIFIERS)
    assert verdict.steps["Suspicion"] > 50
    assert verdict.steps["Heard"] > 20
    assert verdict.steps["Boot"] > COUNT
    assert not verdict.counts["detector events not checked"]


# --- planted in the trace ---------------------------------------------------------------------------


def told(*lines: tuple[Any, ...]) -> list[Event]:
    """Board 0 boots, and reports `lines` about peer 1."""
    events = [Event(1, 0, 0, 0, 1, "Boot", {"version": "1", "journal": "fresh", "applied_slot": 0})]
    fields = {
        "Suspicion": ("silent_ticks", "level_milli"),
        "Heard": ("silent_ticks",),
        "Receive": ("sent",),
        "Boot": (),
    }
    for name, *values in lines:
        event = dict(zip(fields[name], values, strict=True))
        event["from" if name == "Receive" else "peer"] = 1
        events.append(Event(len(events) + 1, 0, 0, len(events), 1, name, event))
    return events


GOOD = (
    ("Suspicion", 20, 1263),
    ("Suspicion", 30, 5469),
    ("Receive", 5),
    ("Heard", 31),
    ("Suspicion", 400, 16_000),
    ("Boot",),
    ("Receive", 6),
    ("Suspicion", 20, 2000),
    ("Heard", 25),
)


def at(ticks: int, *events: Event) -> list[Event]:
    return [dataclasses.replace(event, ticks=ticks) for event in events]


def test_no_silence_is_longer_than_the_boards_own_counter_says() -> None:
    boot, heard, suspicion, again, end = told(
        ("Receive", 5), ("Suspicion", 20, 1263), ("Receive", 6), ("Heard", 25)
    )  # fmt: skip
    sound = [boot, *at(100, heard), *at(120, suspicion), *at(125, again, end)]
    assert judged(sound).verdict == "pass", judged(sound).violations
    skipped = [boot, *at(100, heard), *at(140, suspicion), *at(160, again, end)]  # the board was busy for some ticks
    assert judged(skipped).verdict == "pass", judged(skipped).violations
    untold = [boot, heard, *at(120, suspicion), *at(125, again, end)]
    assert judged(untold).verdict == "pass", judged(untold).violations
    a_moment_ago = [boot, *at(100, heard), *at(119, suspicion), *at(125, again, end)]
    assert judged(a_moment_ago).invariants[IS_STEP] == "violated"
    not_so_long = [boot, *at(100, heard), *at(120, suspicion), *at(124, again, end)]
    assert judged(not_so_long).invariants[IS_STEP] == "violated"
    of_another_boot = [boot, *at(100, heard), *at(5, boot), *at(20, suspicion)]
    assert judged(of_another_boot).verdict == "pass"


def test_a_short_life_is_accepted() -> None:
    verdict = judged(told(*GOOD))
    assert verdict.verdict == "pass", verdict.violations
    assert verdict.steps == {"Boot": 2, "Suspicion": 4, "Heard": 2, "Receive": 2}


PLANTED = {
    "the level falls in silence": ((("Suspicion", 20, 3000), ("Suspicion", 30, 2000)), "FDT-2"),
    "silence shrinks without a heartbeat": ((("Suspicion", 30, 2000), ("Suspicion", 20, 3000)), "FDT-3"),
    "the peer was received and the suspicion stands": (
        (("Suspicion", 20, 2000), ("Receive", 5), ("Suspicion", 30, 3000)),
        "FDT-3",
    ),
    "the level leaps": ((("Suspicion", 7, 15_000),), "FDT-4"),
    "the level does not rise": ((("Suspicion", 3_000, 1263),), "FDT-4"),
    "a level beyond the end": ((("Suspicion", 3_000, 17_000),), "FDT-1"),
    "the same whole part again": ((("Suspicion", 20, 2000), ("Suspicion", 30, 2100)), "FDT-1"),
    "no whole part at all": ((("Suspicion", 20, 999),), "FDT-1"),
    "heard again without having been suspected": ((("Heard", 20),), "FDT-1"),
    "heard after a shorter silence than was reported": ((("Suspicion", 30, 2000), ("Heard", 29)), "FDT-1"),
    "a long silence that was not reported": ((("Suspicion", 20, 1263), ("Heard", 4_000)), "FDT-1"),
    "suspected again without having been silent": (
        (("Suspicion", 20, 2000), ("Heard", 21), ("Suspicion", 0, 1000)),
        "FDT-4",
    ),
}


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_lie_is_found(name: str) -> None:
    lines, identifier = PLANTED[name]
    verdict = judged(told(*lines))
    assert verdict.verdict == "violation"
    found = [known for known, state in verdict.invariants.items() if state == "violated"]
    assert identifier in found, verdict.violations
    assert f"line {len(lines) + 1}: " in verdict.violations[0]


@pytest.mark.parametrize("name", ["nothing", *PLANTED])
def test_the_module_alone_says_the_same(name: str, tmp_path: Path) -> None:
    """As `amu check --spec` does it: the state is searched for, not built from the events."""
    lines = PLANTED[name][0] if name in PLANTED else GOOD
    trace = tmp_path / "trace.ndjson"
    members = [
        {"event": event.name, "node": event.node, "ticks": 1_000 * event.line, **event.fields} for event in told(*lines)
    ]
    trace.write_text("".join(json.dumps(line) + "\n" for line in members), encoding="utf-8")
    bad = observation_check.check(trace, MODULE, FOUR_BOARDS).result.bad
    assert (bad is None) == (name == "nothing"), bad
    assert bad is None or bad.line == len(lines) + 1


def test_the_configuration_for_four_boards_has_the_constants_of_flight() -> None:
    known = constants(COUNT)
    found = configuration.read(FOUR_BOARDS).constants
    assert found["Process"] == known["Process"]
    assert {name: found[name] for name in found if name != "Process"} == {
        name: known[name] for name in known if name not in ("Process", "Pair")
    }


def test_a_board_does_not_watch_itself() -> None:
    events = [*told(), Event(2, 0, 0, 1, 1, "Suspicion", {"peer": 0, "silent_ticks": 20, "level_milli": 2000})]
    assert judged(events).invariants["FDT-1"] == "violated"


# --- planted in the code ------------------------------------------------------------------------------


def _deaf(self: Any, peer: int, tick: int) -> int:
    """Remembers a suspicion over a heartbeat."""
    self._last[peer] = tick
    return 0


def _forgiving(self: Any, peer: int, silent_ticks: int) -> int:
    """Gives up a suspicion after a while."""
    return 2500 if silent_ticks < 700 else 0


def _falling(self: Any, tick: int) -> list[tuple[int, int, int]]:
    """A level that falls every other time."""
    silent_ticks = tick - self._last[1]
    return [(1, silent_ticks, 3000 if tick % 20 else 2000)] if self._last[1] >= 0 and silent_ticks > 40 else []


BUGS = {
    "deaf": ("heard", _deaf, {"FDT-3"}),
    "a level that falls back": ("sample", _falling, {"FDT-2"}),
    "forgiving": ("_level_milli", _forgiving, {"FDT-1"}),
}


@pytest.mark.parametrize("name", BUGS)
def test_a_detector_with_a_bug_is_found(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    method, planted, expected = BUGS[name]
    monkeypatch.setattr(detector.Detector, method, planted)
    found = {known for known, state in judged(life(1).events).invariants.items() if state == "violated"}
    assert expected <= found, found


def test_the_contract_does_not_ask_for_phi(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fixed time-out accrues too, if dully: how the level grows is left to the detector."""

    def cliff(self: Any, peer: int, silent_ticks: int) -> int:
        return limits.LEVEL_MILLI_MAX if silent_ticks > 30 else 0

    monkeypatch.setattr(detector.Detector, "_level_milli", cliff)
    verdict = judged(life(1).events)
    assert verdict.verdict == "pass", verdict.violations[:3]
    assert verdict.steps["Suspicion"] > 20


# --- what is not in the trace ----------------------------------------------------------------------------


def test_events_after_a_hole_are_not_judged_before_the_next_boot() -> None:
    lies = told(("Suspicion", 20, 2000), ("Heard", 5), ("Heard", 5), ("Boot",), ("Heard", 5))
    hole = Hole(0, 0, 1, 1, 3)
    kept = [event for event in lies if event.seq != 1]
    verdict = judged(kept, (hole,))
    assert verdict.counts["detector events not checked"] == 2
    assert len(verdict.violations) == 1
    assert verdict.violations[0].startswith("FDT-1: line 6:")


def test_a_run_that_was_joined_is_judged_from_the_next_boot() -> None:
    verdict = judged(told(("Heard", 5), ("Boot",), ("Suspicion", 20, 2000))[1:])
    assert verdict.verdict == "pass"
    assert verdict.counts["detector events not checked"] == 1
    assert verdict.steps == {"Boot": 1, "Suspicion": 1}

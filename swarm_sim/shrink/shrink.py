"""Shrinks a failing scenario to a smaller one that fails in the same way and that a person can read.

Delta debugging (Zeller and Hildebrandt, "Simplifying and isolating failure-inducing input", IEEE TSE 28(2), 2002):
`ddmin` on the list of all faults, then single simplifications of the rest (`simpler`), repeated until none of them
keeps the failure.

Rules
- A failure is the same if verdict and oracle are. If the oracle is unspecific (no progress, a crash), the cause must be
  the same too.
- Every candidate is a complete scenario and is flown from the beginning. Draws are keyed by rule and link, or come from
  separate streams, so removing a fault changes no other draw. To that end rules keep their names.
- If the result is to be flown on boards, faults that these cannot play are removed first, if possible.
- No simplification may make the run do more. At the end the scenario is set to the number of operations that were done:
  the simulator checks only now and then whether a mission is over, so it may have done more than the scenario wanted.
- At most `runs_max` flights; the smallest scenario found by then is the result.
- No candidate may take much longer than the failure. A lack of progress keeps timers, calm and bound: other values
  would demand more than the protocol promises.
"""

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from groundstation.scenario.model import Scenario, ScenarioError, parse
from groundstation.scenario.toml_text import Document
from swarm_sim.outcome import CRASH, NO_PROGRESS, PASS, Outcome
from swarm_sim.shrink import simpler
from swarm_sim.shrink.simpler import Item
from swarm_sim.simulation import simulate

RUNS_MAX = 600
BOUNDS_SECONDS = (10, 20, 40, 80)
VAGUE = (CRASH, NO_PROGRESS)  # verdicts whose oracle is unspecific

Fly = Callable[[Scenario], Outcome]
Progress = Callable[[int, "Size"], None]


class NothingToShrink(Exception):
    """The scenario does not fail."""


@dataclass(frozen=True)
class Size:
    """The size of a scenario and of its run."""

    boards: int
    faults: int
    board_faults: int
    byzantine: int
    operations: int
    seconds: float
    events: int

    def __str__(self) -> str:
        return (
            f"{self.boards} boards, {self.faults} link faults, {self.board_faults} board faults, "
            f"{self.byzantine} liars, {self.operations} operations, {self.seconds:g} s, {self.events} events"
        )


@dataclass(frozen=True)
class Shrunk:
    """The smallest scenario found, its outcome, the sizes before and after, and the number of flights."""

    scenario: Scenario
    outcome: Outcome
    before: Size
    after: Size
    runs: int


def size(scenario: Scenario, outcome: Outcome) -> Size:
    """The size of a scenario whose run had `outcome`."""
    return Size(
        scenario.mission.boards,
        len(scenario.faults),
        len(scenario.board_faults),
        len(scenario.byzantine),
        scenario.workload.operations,
        outcome.counts.get("milliseconds", 0) / 1000,
        outcome.counts.get("events", 0),
    )


def shrink(
    scenario: Scenario,
    fly: Fly = simulate,
    runs_max: int = RUNS_MAX,
    progress: Progress = lambda runs, size: None,
    playable: frozenset[str] | None = None,
) -> Shrunk:
    """The smallest failing scenario that `runs_max` flights find. Raises NothingToShrink.

    `playable`: kinds of board faults that boards can play, if the result is for boards. None: for the simulator.
    """
    outcome = fly(scenario)
    if outcome.verdict == PASS:
        raise NothingToShrink(f"scenario {scenario.name} passes; there is nothing to shrink")
    search = _Search(scenario, outcome, fly, runs_max, progress)
    search.run(playable)
    return Shrunk(search.best, search.outcome, size(scenario, outcome), size(search.best, search.outcome), search.runs)


def unplayable(scenario: Scenario, playable: frozenset[str]) -> list[str]:
    """Kinds of board faults in `scenario` that are not `playable`, sorted."""
    return sorted({fault.kind for fault in scenario.board_faults} - playable)


class _Search:
    """`best` is the smallest scenario so far; `run` continues from it."""

    def __init__(self, scenario: Scenario, outcome: Outcome, fly: Fly, runs_max: int, progress: Progress) -> None:
        self.best = scenario
        self.outcome = outcome
        self.runs = 1
        self._fly = fly
        self._runs_max = runs_max
        self._progress = progress
        self._document: Document = simpler.complete(scenario)
        self._tried = {repr(self._document)}
        self._time = _time(self._document)

    def run(self, playable: frozenset[str] | None) -> None:
        if playable is not None:
            self._minimise_lists(lambda item: self._is_unplayable(item, playable))
        self._shorten()
        self._minimise_lists()
        while self.runs < self._runs_max:
            before = self._document
            self._take_all(simpler.calm, may_do_more=True)
            for step in simpler.STEPS:
                self._take_all(step)
            self._minimise_lists()
            if self._document == before:
                break
        self._try(simpler.with_operations(self._document, _operations(self.outcome)))

    def _is_unplayable(self, item: Item, playable: frozenset[str]) -> bool:
        name, index = item
        return name == "board_faults" and self._document[name][index]["kind"] not in playable

    def _take_all(self, step: Callable[[Document], Iterator[Document]], may_do_more: bool = False) -> None:
        """Apply a step as long as one of its candidates fails in the same way."""
        while self.runs < self._runs_max:
            if not any(self._try(candidate, may_do_more) for candidate in step(self._document)):
                return

    def _minimise_lists(self, is_meant: Callable[[Item], bool] = lambda item: True) -> None:
        """ddmin on all faults of links and boards together. Keeps those for which `is_meant` is false."""
        meant = list(filter(is_meant, simpler.items(self._document)))
        parts = 1  # first try without any of them
        while meant and self.runs < self._runs_max:
            length = max(1, len(meant) // parts)
            chunks = [meant[start : start + length] for start in range(0, len(meant), length)]
            everything = simpler.items(self._document)
            if any(self._try(self._without(everything, chunk)) for chunk in chunks):
                meant = list(filter(is_meant, simpler.items(self._document)))
                parts = max(2, parts - 1)
            elif length == 1:
                return
            else:
                parts = min(len(meant), 2 * parts)

    def _without(self, everything: list[Item], chunk: list[Item]) -> Document:
        return simpler.only(self._document, [item for item in everything if item not in chunk])

    def _is_fair(self, document: Document) -> bool:
        """Whether a scenario that fails to make progress keeps its timers, its calm and its bound."""
        return self.outcome.verdict != NO_PROGRESS or _time(document) == self._time

    def _shorten(self) -> None:
        """Reduce the bound of the calm: candidates need not fly much longer than the failure takes."""
        calm = self._document.get("liveness")
        if calm is None or self.outcome.verdict == NO_PROGRESS:
            return
        for bound in BOUNDS_SECONDS:
            seconds = bound * self.best.mission.speed
            candidate = copy.deepcopy(self._document)
            candidate["liveness"]["bound_seconds"] = seconds
            if seconds < calm["bound_seconds"] and self._try(candidate):
                return

    def _try(self, document: Document, may_do_more: bool = True) -> bool:
        """Fly a candidate. If it fails in the same way, continue from it."""
        key = repr(document)
        if key in self._tried or self.runs >= self._runs_max or not self._is_fair(document):
            return False
        self._tried.add(key)
        try:
            scenario = parse(document, "candidate")
        except ScenarioError:
            return False  # without the removed part the scenario is invalid
        self.runs += 1
        outcome = self._fly(scenario)
        if not self._is_alike(outcome) or (_operations(outcome) > _operations(self.outcome) and not may_do_more):
            return False
        before = size(self.best, self.outcome)
        self._document, self.best, self.outcome = document, scenario, outcome
        reached = size(scenario, outcome)
        if reached != before:
            self._progress(self.runs, reached)
        return True

    def _is_alike(self, outcome: Outcome) -> bool:
        wanted = self.outcome
        if (outcome.verdict, outcome.oracle) != (wanted.verdict, wanted.oracle):
            return False
        return wanted.verdict not in VAGUE or outcome.cause == wanted.cause


def _operations(outcome: Outcome) -> int:
    return outcome.counts.get("operations", 0)


def _time(document: Document) -> tuple[object, ...]:
    """The time available for progress: timers, speed, and the calm without its beginning."""
    calm = document.get("liveness")
    mission = {name: document["mission"].get(name) for name in ("speed", "limit_seconds", "no_progress_seconds")}
    return document.get("clock"), mission, calm and calm["bound_seconds"]

"""Flies one schedule from the start, unmerged, then heals the network, and checks the trace.

Rules
- The oracle is the complete checker of a run's trace (`specs.checking.check`): each step of an honest board must be a
  step of the modules. The twin is Byzantine in it. Only the first of its copies is in the trace: one board's events are
  numbered once, and nothing is required of a Byzantine board.
- After the schedule all endpoints are in one part. Within HEALED_ROUNDS_MAX rounds every honest replica must have
  decided: after that many views every replica has led twice.
- States are digested after each round, to compare a search that merges states with the unmerged truth.
"""

from dataclasses import dataclass, field
from pathlib import Path

from amu.core.limits import WINDOW_SLOTS
from amu.core.types import TraceEvent
from specs.checking.check import NO_PROGRESS_REASON, TraceChecker
from specs.checking.schema import Fields
from specs.verdict import NO_PROGRESS, VIOLATION
from swarm_sim.twins.round import ENDPOINTS, REPLICAS, SECOND_COPY, Endpoint, Violation, contradiction, play
from swarm_sim.twins.search import PARTITIONS, Facts, Search
from swarm_sim.twins.state import digest
from swarm_sim.world.events import EventLog, open_trace

HEALED_ROUNDS_MAX = 2 * REPLICAS


class MergeError(Exception):
    """A merged state behaves differently from the states it represents: the search covers less than it claims."""


@dataclass
class Outcome:
    """The outcome of one schedule. `digests` and `facts` after each of its rounds; `detail` is "" if it passes."""

    schedule: list[int]
    verdict: str
    detail: str = ""
    healed_rounds: int = 0
    steps: int = 0  # checked against the modules
    digests: list[tuple[bytes, ...]] = field(default_factory=list)
    facts: list[tuple[Facts, ...]] = field(default_factory=list)


def fly(twin: int, schedule: list[int], trace: Path | None = None) -> Outcome:
    """Play `schedule` (a partition's number for each round), heal the network, and judge the trace."""
    checker = TraceChecker()
    file = None if trace is None else open_trace(trace)
    try:
        log = EventLog(lambda: 0.0, [checker.feed], file)
        outcome = _Flier(twin, log).fly(schedule)
        log.ground_time += 1
        reason = NO_PROGRESS_REASON if outcome.verdict == NO_PROGRESS else "complete"
        log.ground("RunEnd", log.ground_time, {"reason": reason})
    finally:
        if file is not None:
            file.close()
    judged = checker.conclude()
    outcome.steps = sum(judged.steps.values())
    if judged.verdict == VIOLATION or outcome.verdict != VIOLATION:
        outcome.detail = "; ".join([*judged.violations[:1], *judged.missing[:1], *filter(None, [outcome.detail])])
        outcome.verdict = outcome.verdict if judged.verdict == "pass" else judged.verdict
    return outcome


class _Flier:
    def __init__(self, twin: int, log: EventLog) -> None:
        self._log = log
        self._endpoints = [Endpoint(number, twin, traces_messages=True) for number in range(ENDPOINTS)]
        self._twin = twin
        self._round = 0

    def fly(self, schedule: list[int]) -> Outcome:
        start: Fields = {"scenario": "twins", "seed": 0, "versions": {}, "replica_count": REPLICAS}
        start |= {"byzantine": [self._twin], "window_slots": WINDOW_SLOTS, "traces_messages": True}
        self._ground("RunStart", start)
        outcome = Outcome(schedule, "pass")
        try:
            for partition in schedule:
                self._play(PARTITIONS[partition])
                outcome.digests.append(tuple([digest(endpoint) for endpoint in self._endpoints]))
                outcome.facts.append(self._facts())
            while not self._is_done() and outcome.healed_rounds < HEALED_ROUNDS_MAX:
                self._play((tuple(range(ENDPOINTS)),))
                outcome.healed_rounds += 1
        except Violation as violation:
            outcome.verdict, outcome.detail = VIOLATION, f"round {self._round}: {violation}"
            return outcome
        if not self._is_done():
            outcome.verdict = NO_PROGRESS
            outcome.detail = f"not all honest replicas have decided {HEALED_ROUNDS_MAX} rounds after the network healed"
        return outcome

    def _play(self, parts: tuple[tuple[int, ...], ...]) -> None:
        self._round += 1
        for part in parts:
            play([self._endpoints[endpoint] for endpoint in part], self._round == 1, self._emit)
        found = contradiction(self._facts())
        if found is not None:
            raise Violation(found)

    def _facts(self) -> tuple[Facts, ...]:
        return tuple([endpoint.record.facts() for endpoint in self._endpoints if endpoint.record is not None])

    def _is_done(self) -> bool:
        return all(endpoint.has_applied for endpoint in self._endpoints if endpoint.record is not None)

    def _emit(self, endpoint: int, first_seq: int, events: list[TraceEvent]) -> None:
        if endpoint != SECOND_COPY:
            self._log.flight(endpoint, 0, first_seq, self._round, events)

    def _ground(self, name: str, fields: Fields) -> None:
        self._log.ground_time += 1
        self._log.ground(name, self._log.ground_time, fields)


def compare(search: Search, outcome: Outcome) -> int:
    """Check that the merged search visits the states of `outcome`. Returns the number of rounds compared.

    Raises MergeError. The search does not continue from settled states.
    """
    state = search.start
    for depth, partition in enumerate(outcome.schedule):
        state = search.successor(state, partition, depth == 0)
        if tuple([search.digests[number] for number in state]) != outcome.digests[depth]:
            raise MergeError(f"schedule {outcome.schedule}: after round {depth + 1} the merged state differs")
        if all(search.has_applied[state[endpoint]] for endpoint in search.honest):
            return depth + 1
    return len(outcome.schedule)


def sampled(count: int, rounds: int) -> list[list[int]]:
    """`count` schedules, evenly spread over all schedules of `rounds` rounds."""
    total = len(PARTITIONS) ** rounds
    schedules = []
    for sample in range(count):
        number = (2 * sample + 1) * total // (2 * count)
        schedules.append([number // len(PARTITIONS) ** place % len(PARTITIONS) for place in reversed(range(rounds))])
    return schedules

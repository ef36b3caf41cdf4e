"""Searches all schedules of a number of rounds, merging equal states.

A global state is the tuple of the five endpoints' states. The two parts of a round do not hear each other, so the
effect of a round on a part depends only on the states of its members: it is played once for each combination of them
and cached. Global states are explored level by level, each with the number of schedules that lead to it, so the sums of
all levels account for every schedule. A schedule is covered in one of three ways:

- walked: its last round was checked, in the global state that its first rounds lead to (merged with equal ones);
- settled: after some round every honest replica had decided slot 1. Decisions are final, so no later round can change
  whether they agree on it;
- idle: walked, but in a part of its last round every honest replica had decided, and that part was not played.

So the result is: in all schedules, honest replicas agree on the slot that all requests contend for, and up to the round
in which all have decided it, no honest replica votes twice or goes back to an earlier view.
"""

import pickle
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from swarm_sim.twins.round import ENDPOINTS, REPLICAS, Endpoint, Violation, contradiction, play
from swarm_sim.twins.state import digest

State = tuple[int, ...]  # the number of each endpoint's local state
Part = tuple[int, ...]  # endpoints
Facts = frozenset[tuple[str, int, bytes]]
PROGRESS_STATES = 500


def partitions() -> list[tuple[Part, Part]]:
    """The 15 partitions of the endpoints into two non-empty parts. The second part has the twin's second copy."""
    ways = []
    for members in range(1, 1 << REPLICAS):
        first = tuple(endpoint for endpoint in range(ENDPOINTS) if members >> endpoint & 1)
        ways.append((first, tuple(endpoint for endpoint in range(ENDPOINTS) if endpoint not in first)))
    return ways


PARTITIONS = partitions()


@dataclass
class Coverage:
    """What a search has covered. `violation`: the violation found; `schedule`: the partitions that lead to it."""

    twin: int
    rounds: int
    settled: int = 0  # schedules
    walked: int = 0  # schedules
    states: list[int] = field(default_factory=list)  # distinct and unsettled, after each round
    prefixes: int = 0  # (global state, partition) checked: as many schedules, executed one by one, show the same
    local_states: int = 0
    parts_played: int = 0
    parts_looked_up: int = 0
    parts_idle: int = 0
    deliveries: int = 0
    seconds: float = 0.0
    processor_seconds: float = 0.0
    violation: str | None = None
    schedule: list[int] = field(default_factory=list)

    @property
    def schedules(self) -> int:
        return int(len(PARTITIONS) ** self.rounds)

    @property
    def covered(self) -> int:
        return self.settled + self.walked


class Search:
    """All schedules of `rounds` rounds with two copies of `twin`. Calls `progress` with the coverage now and then."""

    def __init__(
        self, twin: int, rounds: int, progress: Callable[[Coverage], None] = lambda coverage: None, settles: bool = True
    ) -> None:
        self.coverage = Coverage(twin, rounds)
        self._settles = settles
        self.honest = [endpoint for endpoint in range(REPLICAS) if endpoint != twin]
        self._progress = progress
        self._snapshots: list[bytes] = []  # of local states, by number
        self.digests: list[bytes] = []
        self.facts: list[Facts] = []
        self.has_applied: list[bool] = []
        self._numbers: dict[bytes, int] = {}
        self._played: dict[tuple[Part, State, bool], State] = {}
        self._last_facts: dict[tuple[Part, State], tuple[Facts, ...]] = {}
        self._contradictions: dict[tuple[Facts, ...], str | None] = {}
        self._parents: list[dict[State, tuple[State, int]]] = []
        self.start = tuple(self._number(Endpoint(number, twin)) for number in range(ENDPOINTS))

    def run(self) -> Coverage:
        """Explore until all is covered or a violation is found."""
        coverage = self.coverage
        began, began_processor = time.monotonic(), time.process_time()
        level = {self.start: 1}
        try:
            for depth in range(coverage.rounds - 1):
                level = self._widen(level, depth)
            self._finish(level)
        except Violation as violation:
            coverage.violation = str(violation)
        coverage.seconds = time.monotonic() - began
        coverage.processor_seconds = time.process_time() - began_processor
        return coverage

    def successor(self, state: State, partition: int, is_first: bool) -> State:
        """The global state after one more round. Raises Violation."""
        after = list(state)
        for part in PARTITIONS[partition]:
            members = tuple([state[endpoint] for endpoint in part])
            for endpoint, number in zip(part, self._after(part, members, is_first)):
                after[endpoint] = number
        return tuple(after)

    # --- levels -----------------------------------------------------------------------------

    def _widen(self, level: dict[State, int], depth: int) -> dict[State, int]:
        """The level after round `depth`: state -> number of schedules so far that lead to it."""
        coverage = self.coverage
        wider: dict[State, int] = {}
        parents: dict[State, tuple[State, int]] = {}
        self._parents.append(parents)
        remaining = len(PARTITIONS) ** (coverage.rounds - depth - 1)
        for count, (state, schedules) in enumerate(level.items()):
            for partition in range(len(PARTITIONS)):
                coverage.prefixes += 1
                with _Blame(self, state, partition):
                    after = self.successor(state, partition, depth == 0)
                    self._compare([self.facts[after[endpoint]] for endpoint in self.honest])
                if self._settles and all(self.has_applied[after[endpoint]] for endpoint in self.honest):
                    coverage.settled += schedules * remaining
                    continue
                wider[after] = wider.get(after, 0) + schedules
                parents.setdefault(after, (state, partition))
            if count % PROGRESS_STATES == 0:
                self._progress(coverage)
        coverage.states.append(len(wider))
        return wider

    def _finish(self, level: dict[State, int]) -> None:
        """The last round. Nothing follows it, so only the decisions of honest replicas matter."""
        coverage = self.coverage
        for count, (state, schedules) in enumerate(level.items()):
            for partition in range(len(PARTITIONS)):
                coverage.prefixes += 1
                with _Blame(self, state, partition):
                    self._compare([facts for part in PARTITIONS[partition] for facts in self._last(part, state)])
                coverage.walked += schedules
            if count % PROGRESS_STATES == 0:
                self._progress(coverage)

    def _compare(self, facts: list[Facts]) -> None:
        key = tuple(facts)
        if key not in self._contradictions:
            self._contradictions[key] = contradiction(facts)
        found = self._contradictions[key]
        if found is not None:
            raise Violation(found)

    def schedule_to(self, state: State) -> list[int]:
        """The partitions of the rounds that lead from the start to `state`, which is in the latest level."""
        schedule = []
        for parents in reversed(self._parents):
            if state in parents:  # an unfinished level does not contain the state of the level before
                state, partition = parents[state]
                schedule.append(partition)
        return schedule[::-1]

    # --- parts ------------------------------------------------------------------------------

    def _after(self, part: Part, members: State, is_first: bool) -> State:
        self.coverage.parts_looked_up += 1
        key = (part, members, is_first)
        after = self._played.get(key)
        if after is None:
            endpoints = self._play(members, is_first)
            after = self._played[key] = tuple([self._number(endpoint) for endpoint in endpoints])
        return after

    def _last(self, part: Part, state: State) -> tuple[Facts, ...]:
        """Facts of the honest members of `part` after the last round."""
        coverage = self.coverage
        coverage.parts_looked_up += 1
        honest = [endpoint for endpoint in part if endpoint in self.honest]
        if self._settles and all(self.has_applied[state[endpoint]] for endpoint in honest):
            coverage.parts_idle += 1
            return tuple([self.facts[state[endpoint]] for endpoint in honest])
        members = tuple([state[endpoint] for endpoint in part])
        key = (part, members)
        facts = self._last_facts.get(key)
        if facts is None:
            endpoints = self._play(members, coverage.rounds == 1)
            records = [endpoint.record for endpoint in endpoints if endpoint.record is not None]
            facts = self._last_facts[key] = tuple([record.facts() for record in records])
        return facts

    def _play(self, members: State, is_first: bool) -> list[Endpoint]:
        endpoints: list[Endpoint] = [pickle.loads(self._snapshots[number]) for number in members]
        self.coverage.parts_played += 1
        self.coverage.deliveries += play(endpoints, is_first)
        return endpoints

    def _number(self, endpoint: Endpoint) -> int:
        """The number of the endpoint's state. Stores a new state."""
        key = digest(endpoint)
        number = self._numbers.get(key)
        if number is None:
            number = self._numbers[key] = len(self._snapshots)
            self._snapshots.append(pickle.dumps(endpoint, pickle.HIGHEST_PROTOCOL))
            self.digests.append(key)
            self.facts.append(endpoint.record.facts() if endpoint.record else frozenset())
            self.has_applied.append(endpoint.has_applied)
            self.coverage.local_states += 1
        return number


class _Blame:
    """Adds to a violation the schedule that led to it."""

    def __init__(self, search: Search, state: State, partition: int) -> None:
        self._search, self._state, self._partition = search, state, partition

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        if isinstance(error, Violation):
            search = self._search
            search.coverage.schedule = [*search.schedule_to(self._state), self._partition]

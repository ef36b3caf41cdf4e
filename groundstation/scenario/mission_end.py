"""When is a mission over? One rule for rehearsals and for the simulator. Pure: callers pass in the state of the swarm.

Rules
- Required are the scenario's slots, its operations, its procedure, and that each board fault which is due before the
  limit has happened. Until then operators keep submitting, because a power cut needs a flash write.
- Without a core, the last slot that f + 1 correct boards have applied counts. When all is done and confirmed, boards
  get `settle_seconds` to catch up. A mission has made no progress if there is no new slot for `no_progress_seconds`, or
  if it reaches its limit before the work is done. If only a fault is outstanding at the limit, the mission is aborted:
  the swarm did its part, but the mission was not the one in the scenario.
- Fault rules of the ether are not waited for; the verdict names those that have not begun.
- With a core (`Liveness`), all boards of the core count. Once it is healed, NEW_SLOTS more slots are required, and the
  core must catch up. Until then the swarm may stand still; only the bound limits the time.
"""

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass

from amu.core.limits import blocking_size
from groundstation.scenario.model import Scenario

COMPLETE = "complete"
NO_PROGRESS = "no progress"
INTERRUPTED = "interrupted"

NEW_SLOTS = 8  # decided slots that a healed core must add


@dataclass(frozen=True)
class Standing:
    """The state of a mission at mission second `now`.

    applied: last slot of each correct board, as last known; those in `up` are on. issued, confirmed, open_count:
    operations. faults_due: board faults that are outstanding before the limit, in words. steps_due: what is left of the
    procedure, likewise.
    """

    now: float
    applied: Mapping[int, int]
    up: Set[int]
    issued: int
    confirmed: int
    open_count: int
    faults_due: Callable[[], Sequence[str]]
    steps_due: Sequence[str] = ()


def slots_applied(applied: Mapping[int, int], replica_count: int) -> int:
    """The last slot that f + 1 correct boards have applied, or all of them if there are fewer."""
    latest = sorted(applied.values(), reverse=True)
    rank: int = min(blocking_size(replica_count), len(latest))
    return latest[rank - 1] if latest else 0


def not_begun(scenario: Scenario, ended: float) -> list[str]:
    """Fault rules whose time had not come when the mission ended, in words. They are not waited for."""
    rules = zip(scenario.fault_plan().rule_names(), scenario.faults)
    return [f"{name} (from {rule.start:g} s)" for name, rule in rules if rule.start > ended]


class MissionEnd:
    """Call `look` at intervals."""

    def __init__(self, scenario: Scenario) -> None:
        mission, core = scenario.mission, scenario.liveness
        self.slots = 0
        self.slots_wanted = mission.slots
        self.deadline = scenario.deadline_seconds()
        self._mission = mission
        self._operations = scenario.workload.operations
        self._core = None if core is None else frozenset(core.core)
        self._calm_at = 0.0 if core is None else core.at
        self._is_calm = core is None
        self.progressed_at = 0.0
        self._settle_until: float | None = None
        self._finish_by: float | None = None  # of a mission that was ordered to end

    def begin(self, now: float) -> None:
        """The mission starts now."""
        self.progressed_at = now

    def wants_more(self, standing: Standing) -> bool:
        """Whether operators should submit more operations."""
        return self._settle_until is None and self._finish_by is None and not self._is_enough(standing)

    def finish(self, now: float) -> None:
        """End the mission by order: no further operation is submitted, and the open ones have a bounded time."""
        self._finish_by = now + self._mission.no_progress_seconds

    def look(self, standing: Standing) -> str | None:
        """COMPLETE, NO_PROGRESS or INTERRUPTED. None while the mission continues."""
        now = standing.now
        self._count_slots(standing)
        if self._finish_by is not None:
            if now < self._finish_by and not (standing.open_count == 0 and self._is_level(standing)):
                return None
            return COMPLETE if self._is_enough(standing) and standing.open_count == 0 else INTERRUPTED
        if self._settle_until is not None:
            return COMPLETE if now >= self._settle_until or self._is_level(standing) else None
        if self._is_enough(standing) and standing.open_count == 0:
            if self._is_level(standing):
                return COMPLETE
            if self._core is None:
                self._settle_until = now + self._mission.settle_seconds
                return None
        if self._core is not None:
            return NO_PROGRESS if now > self.deadline else None
        return self._is_too_late(standing)

    def _count_slots(self, standing: Standing) -> None:
        slots = self._slots(standing)
        if slots > self.slots:
            self.progressed_at = standing.now
        # A core's boards may lose applied slots; a slot that f + 1 correct boards have applied stands.
        self.slots = slots if self._core is not None else max(slots, self.slots)
        if not self._is_calm and standing.now >= self._calm_at:
            self._is_calm = True
            self.slots_wanted = max(self.slots_wanted, slots + NEW_SLOTS)

    def _slots(self, standing: Standing) -> int:
        if self._core is None:
            return slots_applied(standing.applied, self._mission.boards)
        return min((standing.applied[node] for node in self._core & standing.up), default=0)

    def _is_enough(self, standing: Standing) -> bool:
        is_done = self._is_calm and self.slots >= self.slots_wanted and standing.issued >= self._operations
        is_done = is_done and not standing.steps_due
        return is_done and (self._core is not None or not standing.faults_due())

    def _is_level(self, standing: Standing) -> bool:
        nodes = standing.up & (standing.applied.keys() if self._core is None else self._core)
        return len({standing.applied[node] for node in nodes}) <= 1

    def _is_too_late(self, standing: Standing) -> str | None:
        now, patience = standing.now, self._mission.no_progress_seconds
        if now > self.deadline:
            if self.slots < self.slots_wanted or standing.confirmed < self._operations or standing.steps_due:
                return NO_PROGRESS
            if standing.faults_due():
                return INTERRUPTED
            # Operations submitted while a fault was outstanding may still be confirmed.
            return NO_PROGRESS if now > max(self.deadline, self.progressed_at) + patience else None
        return NO_PROGRESS if now - self.progressed_at > patience else None

    # --- in words -------------------------------------------------------------------------------

    def is_stuck(self, now: float) -> bool:
        """Whether no slot has been decided for a while."""
        return now - self.progressed_at >= self._mission.no_progress_seconds / 2

    def lacks(self, reason: str, standing: Standing, slot: Callable[[int], Sequence[str]]) -> list[str]:
        """What a mission that ended for `reason` was waiting for, in words. `slot`: why a slot does not get on."""
        if reason == COMPLETE:
            return []
        texts = self.unmet(standing)
        if reason == NO_PROGRESS and not self.is_stuck(standing.now):
            texts.append(f"slots were decided until the end, {self.slots / standing.now:.1f} in a second")
        elif reason == NO_PROGRESS:
            texts += slot(self.slots + 1)
        return texts

    def unmet(self, standing: Standing) -> list[str]:
        """What the mission is waiting for, in words: its bounds first, then the open work."""
        texts = self._bounds_reached(standing.now)
        if not self._is_calm:
            texts.append(f"the core is healed at {self._calm_at:g} s")
        if self.slots < self.slots_wanted:
            texts.append(f"{self.slots} of {self.slots_wanted} slots decided")
        if standing.confirmed < self._operations:
            texts.append(f"{standing.confirmed} of {self._operations} operations confirmed")
        elif standing.open_count and not standing.faults_due():
            texts.append(f"{standing.open_count} operations not confirmed")
        if self._core is not None and not self._is_level(standing):
            texts.append("the boards of the core have not applied the same slots")
        texts += standing.steps_due
        return texts + [f"board fault still to come: {fault}" for fault in standing.faults_due()]

    def _bounds_reached(self, now: float) -> list[str]:
        mission, texts = self._mission, []
        if self._core is not None:
            if now > self.deadline:
                bound = f"{self.deadline - self._calm_at:g} s (liveness.bound_seconds)"
                texts.append(f"the core was healed at {self._calm_at:g} s and had {bound}")
            return texts
        if now > self.deadline:
            texts.append(f"the limit of {self.deadline:g} s was reached (mission.limit_seconds)")
        if now - self.progressed_at > mission.no_progress_seconds:
            patience = f"mission.no_progress_seconds = {mission.no_progress_seconds:g}"
            texts.append(f"no new slot since {self.progressed_at:.1f} s ({patience})")
        return texts

"""Checks the log that honest nodes applied against specs/ledger/ledger.tla, operation by operation, in this process.

Theory. As in specs/checking/consensus/conformance.py, no search is needed: an operation names its action and arguments
and reports its outcome, so the next state is known, and the module says whether that step is allowed. Actions are
functions of state and arguments. A refused operation changes nothing and its action's guard must be false, so a wrong
refusal is caught too.

Rules
- The next state is built from what the result reports (token, expiry), never from what the module would grant.
- The module's properties of states and of steps are evaluated at every step that changes anything.
- Operation ids come first (specs/checking/ledger/operations.py): only a new operation may change anything.
- A log whose beginning is not in the trace cannot be replayed, and is reported as not checked.
"""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from amu.core import limits
from amu.ledger import commands
from specs import FOLDER
from specs.checking.continuity import Hole
from specs.checking.ledger.body import NOT_BOUND, origin_view
from specs.checking.ledger.digests import Digests
from specs.checking.ledger.log import OF_THE_BODY, SAME_RESULTS, Log, Violate, agreed_log
from specs.checking.ledger.operations import OperationIds
from specs.checking.ledger.steps import (
    EXACTLY_ONCE,
    MALFORMED,
    MALFORMED_VERB,
    NO_DIGEST,
    OK,
    TICK,
    Constants,
    Step,
    Steps,
    action_of,
)
from specs.checking.premises import PREMISES
from specs.checking.trace import Event
from specs.tla.language import language
from specs.tla.language.language import Function, State, record
from specs.verdict import Verdict

MODULE = FOLDER / "ledger" / "ledger_proofs.tla"  # it extends ledger.tla

OF_THE_STATE = "LED-16"

# Property identifiers, see specs/ledger/properties.md, and the operators behind them.
IS_STEP = "LED-1"
INVARIANTS = {
    "TypeOK": IS_STEP,
    "JobsTypeOK": IS_STEP,
    "HalfOpen": "LED-2",
    "ShardsDisjoint": "LED-3",
    "CursorInBounds": "LED-4",
    "TokensUnique": "LED-6",
    "LeaseOnOpenShard": "LED-9",
    "TablesBounded": "LED-10",
    "AcceptedByQuorum": "LED-13",
    "DisputedIsHopeless": "LED-13",
    "ExpiredByLedgerTime": "LED-14",
}
PROVED = {"TokensDistinct": "LED-6", "JobNumbersUsed": "LED-14"}  # what the proofs rest on, besides
STEP_PROPERTIES = {
    "CursorMonotoneStep": "LED-5",
    "TokensMonotoneStep": "LED-6",
    "OneHolderStep": "LED-7",
    "NoTakingAwayStep": "LED-7",
    "ExpiredLeaseMovesNothingStep": "LED-8",
    "CompleteIsTerminalStep": "LED-9",
    "ReportStandsStep": "LED-13",
    "JobEndsOnceStep": "LED-14",
    "JobNumbersMonotoneStep": "LED-14",
}
STATE_PREDICATES = {**INVARIANTS, **PROVED}
IDENTIFIERS = (
    *dict.fromkeys((*INVARIANTS.values(), *STEP_PROPERTIES.values())),
    EXACTLY_ONCE,
    SAME_RESULTS,
    OF_THE_BODY,
    OF_THE_STATE,
)
OF_OPERATIONS = tuple(identifier for identifier in IDENTIFIERS if identifier != OF_THE_BODY)  # need the log's beginning

NO_LEASE = record(holder=0, token=0, expires=0)
NO_SHARD = record(status="none", start=0, end=0, lastKey=-1, opaque="")


@dataclass
class Replay:
    """The ledger's state in the module's terms, computed from the results in the log."""

    constants: Constants
    now: int = 0
    next_token: int = 1
    shards: dict[int, Function] = field(init=False)
    leases: dict[tuple[str, int], Function] = field(init=False)
    next_job: int = 1
    jobs: dict[int, Function] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.shards = dict.fromkeys(sorted(self.constants.shards), NO_SHARD)
        resources = [("shard", number) for number in self.shards]
        resources += [(thing, 0) for thing in sorted(self.constants.things)]
        self.leases = dict.fromkeys(resources, NO_LEASE)

    def state(self, module: language.Module) -> State:
        return module.state(
            now=self.now,
            nextToken=self.next_token,
            shards=language.function(self.shards),
            leases=language.function(self.leases),
            nextJob=self.next_job,
            jobs=language.function(self.jobs),
        )

    def take(self, step: Step) -> None:
        """Apply the effect that an accepted `step` reports."""
        getattr(self, "_" + step.verb)(*step.arguments, *step.told)

    def _Tick(self, slot: int) -> None:
        self.now = slot

    def _Noop(self) -> None:
        pass

    def _ShardCreate(self, shard: int, start: int, end: int) -> None:
        self._make_room()
        self.shards[shard] = record(status="open", start=start, end=end, lastKey=-1, opaque="")

    def _LeaseAcquire(self, resource: tuple[str, int], holder: int, slots: int, token: int, expires: int) -> None:
        self.leases[resource] = record(holder=holder, token=token, expires=expires)
        self.next_token = token + 1

    def _LeaseRenew(
        self, resource: tuple[str, int], holder: int, shown: int, slots: int, token: int, expires: int
    ) -> None:
        self.leases[resource] = record(holder=holder, token=token, expires=expires)

    def _LeaseRelease(self, resource: tuple[str, int], holder: int, shown: int) -> None:
        self.leases[resource] = NO_LEASE

    def _CursorAdvance(self, shard: int, shown: int, key: int, opaque: str) -> None:
        self.shards[shard] = self.shards[shard].updated("lastKey", key).updated("opaque", opaque)

    def _ShardSplit(self, shard: int, shown: int, at: int, new: int, token: int, expires: int) -> None:
        old = self.shards[shard]
        self._make_room()
        self.shards[shard] = old.updated("end", at)
        self.shards[new] = record(status="open", start=at, end=old["end"], lastKey=-1, opaque="")
        holder = self.leases["shard", shard]["holder"]
        self._LeaseAcquire(("shard", new), holder, 0, token, expires)

    def _ShardHandover(self, shard: int, shown: int, holder: int, token: int, expires: int) -> None:
        self._LeaseAcquire(("shard", shard), holder, 0, token, expires)

    def _ShardComplete(self, shard: int, shown: int) -> None:
        self.shards[shard] = self.shards[shard].updated("status", "complete")
        self.leases["shard", shard] = NO_LEASE

    def _JobOpen(self, payload: str, slots: int, number: int, deadline: int) -> None:
        ended = [job for job, row in self.jobs.items() if row["status"] != "open"]
        if len(self.jobs) >= limits.JOBS_MAX and ended:
            del self.jobs[min(ended)]
        reports = language.function(dict.fromkeys(range(self.constants.workers), NO_DIGEST))
        self.jobs[number] = record(status="open", payload=payload, deadline=deadline, reports=reports)
        self.next_job = number + 1

    def _JobResult(self, job: int, worker: int, digest: str, status: str) -> None:
        row = self.jobs.get(job)
        if row is not None and worker < self.constants.workers:
            self.jobs[job] = row.updated("status", status).updated("reports", row["reports"].updated(worker, digest))

    def _JobCancel(self, job: int, status: str) -> None:
        if job in self.jobs:
            self.jobs[job] = self.jobs[job].updated("status", status)

    _JobExpire = _JobCancel

    def _make_room(self) -> None:
        taken = [number for number, row in self.shards.items() if row["status"] != "none"]
        completed = [number for number in taken if self.shards[number]["status"] == "complete"]
        if len(taken) >= limits.SHARDS_MAX and completed:
            self.shards[min(completed)] = NO_SHARD


def _told_by_results() -> dict[str, int]:
    """How many items the result of each action has: as many as its effect takes besides the command's fields.

    Two for a number and a slot, one for a job's status.
    """
    fields = {"Tick": 1, **{action_of(verb): len(shape) for verb, shape in commands.SHAPES.items()}}
    return {
        action: len(inspect.signature(getattr(Replay, "_" + action)).parameters) - 1 - count
        for action, count in fields.items()
    }


TOLD_BY_RESULTS = _told_by_results()


class LedgerChecker:
    """Takes steps in log order. `taken` counts them by action, refusals under `refused <action>`."""

    def __init__(
        self, constants: Constants, clients: Iterable[int], violate: Violate, digests: Digests | None = None
    ) -> None:
        self.module = language.load(MODULE, constants.as_dict())
        self.taken: Counter[str] = Counter()
        self.is_stuck = False  # after the first bad step the state is unknown
        self._violate = violate
        self._digests = digests or Digests(constants.workers)
        self._ids = OperationIds(clients, violate)
        self._replay = Replay(constants)
        self._state = self._replay.state(self.module)
        self._invariants = [(name, self.module.predicate(name)) for name in STATE_PREDICATES]
        self._step_properties = [(name, self.module.action(name)) for name in STEP_PROPERTIES]

    def check(self, steps: Iterable[Step]) -> None:
        """Check the steps against the module, up to the first that it does not allow."""
        for step in steps:
            if self.is_stuck:
                return
            if step.outcome == TICK:
                self._digests.end(step.arguments[0] - 1)
                self._done(step)
            elif not self._ids.takes_effect(step):
                self.is_stuck = self._ids.is_stuck
                self.taken["stutter"] += 1
            else:
                self._new(step)

    def _new(self, step: Step) -> None:
        """A step whose operation was not applied before."""
        self._digests.remember(step)
        if step.verb == MALFORMED_VERB or step.outcome == MALFORMED:
            self._malformed(step)
        elif step.outcome == OK:
            self._done(step)
        else:
            self._refused(step)

    def _malformed(self, step: Step) -> None:
        self.taken["stutter"] += 1
        is_malformed = step.verb == MALFORMED_VERB
        if is_malformed != (step.outcome == MALFORMED):
            self.is_stuck = True
            self._violate(EXACTLY_ONCE, f"{step.where}: the command is {'' if is_malformed else 'not '}malformed")

    def _done(self, step: Step) -> None:
        if len(step.told) != TOLD_BY_RESULTS[step.verb]:
            self._bad(step, "its result does not have the form of its verb's")
            return
        self._replay.take(step)
        after = self._replay.state(self.module)
        if not self.module.is_step(step.verb, step.arguments, self._state, after):
            self._bad(step, f"no such step is allowed to {after!r}")
            return
        if after != self._state:
            self._hold_properties(step, after)
        self.taken[step.verb] += 1
        self._state = after
        self._digests.take(step)

    def _refused(self, step: Step) -> None:
        if step.verb == "Noop" or self._is_possible(step):
            self._bad(step, "refused, but the module allows it")
            return
        self.taken["refused " + step.verb] += 1

    def _is_possible(self, step: Step) -> bool:
        """Whether the action's guard holds. The guard's parameters are the first of the action's."""
        guard = "Can" + step.verb
        count = len(self.module.definitions[guard].definition.parameters)
        return bool(self.module.value(guard, self._state, *step.arguments[:count]))

    def _hold_properties(self, step: Step, after: State) -> None:
        for name, holds in self._invariants:
            if not holds(after):
                self._violate(STATE_PREDICATES[name], f"{step.where}: {name} does not hold in {after!r}")
        for name, allows in self._step_properties:
            if not allows(self._state, after):
                self._violate(STEP_PROPERTIES[name], f"{step.where}: {name} does not hold from {self._state!r}")

    def _bad(self, step: Step, why: str) -> None:
        self.is_stuck = True
        told = step.granted or step.status or ""
        text = f"{step.where}: {step.verb}{step.arguments!r} {told}: {why}; state {self._state!r}"
        self._violate(IS_STEP, text)


@dataclass(frozen=True)
class Recorded:
    """A log in the module's terms: what TLC needs to judge it again. `sizes`: bytes of each checkpoint, at least."""

    constants: Constants
    clients: frozenset[int]
    steps: list[Step]
    sizes: Mapping[int, int]


def check_ledger(
    events: Iterable[Event],
    holes: Sequence[Hole],
    replica_count: int,
    verdict: Verdict,
    decided_in: Mapping[int, int] = MappingProxyType({}),
    joined: Collection[tuple[int, int]] = (),
) -> Recorded | None:
    """Check the ledger's part of a trace against the module, and report to `verdict`.

    `events`: Operation, Apply, Checkpoint and Adopt of honest nodes in file order. `replica_count`: boards of the
    swarm. `decided_in`: the last view in which each slot was decided, as far as the trace says. `joined`: see
    `agreed_log`. Returns the steps, for TLC, or None if the trace has none.
    """
    verdict.expect(*IDENTIFIERS)
    return check_log(agreed_log(events, holes, verdict.violate, joined), replica_count, verdict, decided_in)


def check_log(
    log: Log, replica_count: int, verdict: Verdict, decided_in: Mapping[int, int] = MappingProxyType({})
) -> Recorded | None:
    """As `check_ledger`, of a log."""
    origin_views = _bind(log, decided_in, verdict)
    if not log.slots:
        for identifier in OF_OPERATIONS:
            if log.missing is None:
                verdict.nothing_held(identifier, PREMISES[identifier].lack)
            else:
                verdict.doubt(identifier, f"the trace does not tell slot {log.missing}")
        if log.missing is not None:
            verdict.miss(
                f"the rules of the ledger were not checked: the trace does not tell slot {log.missing}, "
                "so the state after it is not known"
            )
        return None
    recorded = _checked(log, replica_count, origin_views, verdict)
    verdict.counts["ledger slots"] = log.last_slot
    if log.missing is not None:
        verdict.miss(f"no honest node's trace tells slot {log.missing}: the ledger is checked up to it only")
    return recorded


def _bind(log: Log, decided_in: Mapping[int, int], verdict: Verdict) -> dict[int, int]:
    """Hold each slot's operations against its value. Returns the origin view of each slot whose body is known."""
    found = {}
    for slot, part in log.told.items():
        value = part.applied.fields["value"]
        view = origin_view(slot, value, part.operations, decided_in.get(slot))
        if view is None:
            told = ", ".join(str(operation.event) for operation in part.operations) or "none"
            verdict.violate(OF_THE_BODY, f"{part.applied}: the value is of a body with other operations; told: {told}")
        elif view == NOT_BOUND:
            verdict.counts["bodies not bound to their values"] += 1
            verdict.doubt(OF_THE_BODY, "a malformed command can be read in too many ways")
        else:
            found[slot] = view
    if log.hashed and not log.told:
        verdict.doubt(OF_THE_BODY, "events of each slot are missing")
    elif not log.told:
        verdict.nothing_held(OF_THE_BODY, PREMISES[OF_THE_BODY].lack)
    return found


def _checked(log: Log, replica_count: int, origin_views: Mapping[int, int], verdict: Verdict) -> Recorded:
    translation = Steps(log.operations(), replica_count)
    steps = list(translation.steps())
    digests = Digests(replica_count, origin_views)
    checker = LedgerChecker(translation.constants, translation.clients, verdict.violate, digests)
    checker.check(steps)
    if not checker.is_stuck:
        digests.end(log.last_slot)
    _compare(log, digests, verdict)
    verdict.steps.update({name: count for name, count in checker.taken.items() if name != "stutter"})
    verdict.counts["ledger operations that change nothing"] = checker.taken["stutter"]
    return Recorded(translation.constants, translation.clients, steps, digests.sizes)


def _compare(log: Log, digests: Digests, verdict: Verdict) -> None:
    """Hold the reported digests against those of the checker's own state."""
    unknown = 0
    for event in log.hashed:
        known = digests.after if event.name == "Apply" else digests.checkpoints
        want = known.get(event.fields["slot"])
        if want is None:
            unknown += 1
        elif want != event.fields["digest"]:
            verdict.violate(OF_THE_STATE, f"{event}: the state that the log makes has digest {want[:8]}..")
    if unknown:
        verdict.counts["digests not compared"] = unknown
        verdict.doubt(OF_THE_STATE, "the state behind some digests is not known")

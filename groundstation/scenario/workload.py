"""The operators' workload: a seeded stream of ledger commands.

Many ledger commands need a fencing token that only an earlier reply has, so most commands of a fixed list would be
refused. The workload therefore keeps the operators' own view of the ledger (shards, cursors and leases from confirmed
replies, nothing else) and draws the next command from what that view allows. At most one command per resource is under
way at a time, because the first is about to change the view from which a second would be drawn. A small share is wrong
on purpose (a stale token, a cursor that moves back): the ledger must refuse it on every board.

Jobs need workers. Until boards compute, the workload stands in for them: a correct worker reports the digest of the
payload, up to f of them lie, and in some jobs each worker reports a different digest, so the ledger must declare them
disputed. Some jobs get a deadline too short for their reports, and are expired once ledger time has reached it.

The draws depend on the seed and on the order of the replies, not on a clock.
"""

import hashlib
import random
from dataclasses import dataclass, field

from amu.core import limits

Command = list[object]
Result = list[object]

DEFAULT_MIX = {
    "noop": 1,
    "shard-create": 2,
    "lease-acquire": 4,
    "lease-renew": 2,
    "lease-release": 2,
    "cursor-advance": 8,
    "shard-split": 1,
    "shard-handover": 1,
    "shard-complete": 1,
    "job-open": 2,
    "job-result": 6,
    "job-cancel": 1,
    "job-expire": 2,
}
KINDS = tuple(DEFAULT_MIX)
# Leave room below the ledger's bound, so a split is refused for a bad token and never because the table is full.
SHARDS_CREATED_MAX = limits.SHARDS_MAX - 4
LEASE_SLOTS = (8, 80)  # shortest and longest lease requested; some expire in use
KEY_BYTES = 4
DOCKS = 3
WRONG_SHARE = 0.05
SEQUENCE_BYTES = 8
JOB_SLOTS = (6, 60)  # shortest and longest job requested; some are overdue before they are decided
DISPUTED_EVERY = 5  # in each job whose number this divides, every worker reports another digest
PAYLOAD_BYTES = 8  # length of the data that the payload's digest is of
NO_LIVE_LEASE = "no live lease"  # the ledger's reason


@dataclass
class Lease:
    """A lease as the operators know it. `expires_slot` is the first slot in which it no longer holds."""

    holder: int
    token: int
    expires_slot: int


@dataclass
class Shard:
    """A shard as the operators know it: half-open range of four-byte keys and the cursor in it."""

    start: int
    end: int
    last_key: int | None = None
    completed: bool = False


@dataclass
class Job:
    """A job as the operators know it: not ended, and these workers have reported."""

    payload: bytes
    deadline_slot: int
    reported: set[int] = field(default_factory=set)


@dataclass
class Workload:
    """Draws commands and learns from their results. Holds no more than the ledger itself may hold."""

    seed: int
    replica_count: int
    mix: dict[str, int] = field(default_factory=lambda: dict(DEFAULT_MIX))
    life: int = 0  # of the ground station; each has its own draws

    def __post_init__(self) -> None:
        life = f"/{self.life}" if self.life else ""
        self._random = random.Random(f"workload/{self.seed}{life}")
        self._shards: dict[int, Shard] = {}
        self._leases: dict[str, Lease] = {}
        self._jobs: dict[int, Job] = {}
        self._jobs_asked_for = 0  # by commands that are under way
        self._liars = _liars(self.seed, self.replica_count)
        self._under_way: set[str] = set()
        self._shards_asked_for = 0
        self._slot = 0
        self._sequence = 0
        self.outcomes: dict[str, int] = {}

    def draw(self) -> Command:
        """The next command. A no-op if the view allows none of the mix."""
        kinds = [kind for kind in KINDS if self.mix.get(kind, 0) > 0]
        while kinds:
            kind = self._random.choices(kinds, [self.mix[k] for k in kinds])[0]
            command = self._try(kind)
            if command is not None:
                self._under_way.add(resource_of(command))
                return command
            kinds.remove(kind)
        return ["noop"]

    def learn(self, command: Command, slot: int, result: Result) -> None:
        """Take in the confirmed `result` of `command`, which was applied in `slot`."""
        self._slot = max(self._slot, slot)
        self._under_way.discard(resource_of(command))
        outcome = "ok" if result[:1] == ["ok"] else ": ".join(str(part) for part in result)
        self.outcomes[outcome] = self.outcomes.get(outcome, 0) + 1
        if str(command[0]).startswith("job-"):
            self._learn_job(command, result)
        elif outcome == "ok":
            self._learn_success(command, result)
        elif result[1:] == [NO_LIVE_LEASE]:
            # It expired while the command was under way. Other refusals are those that we provoked.
            self._leases.pop(resource_of(command), None)

    def recall(self, command: Command) -> None:
        """Take in a command that an earlier ground station drew, as if `draw` had returned it now."""
        self._under_way.add(resource_of(command))
        kind = command[0]
        if kind == "job-open":
            self._jobs_asked_for += 1
        elif kind == "cursor-advance":
            assert isinstance(command[4], bytes)
            self._sequence = max(self._sequence, int.from_bytes(command[4], "big"))
        elif kind in ("shard-create", "shard-split"):
            number = _int(command[1 if kind == "shard-create" else 4])
            self._shards_asked_for = max(self._shards_asked_for, number + 1)

    # --- drawing ------------------------------------------------------------------------------

    def _try(self, kind: str) -> Command | None:
        if kind == "noop":
            return ["noop"]
        if kind == "shard-create":
            return self._create()
        if kind == "lease-acquire":
            return self._acquire()
        if kind == "lease-renew":
            return self._with_lease(kind, self._held("shard/", "dock/"), self._random.randint(*LEASE_SLOTS))
        if kind == "lease-release":
            return self._with_lease(kind, self._held("dock/"))
        return self._on_job(kind) if kind.startswith("job-") else self._on_shard(kind)

    def _create(self) -> Command | None:
        if self._shards_asked_for >= SHARDS_CREATED_MAX:
            return None
        number = self._shards_asked_for
        self._shards_asked_for += 1
        # Ranges do not overlap, so a creation fails only if the ledger has a fault.
        start = number << 16
        return ["shard-create", number, _key(start), _key(start + 0xFFFF)]

    def _acquire(self) -> Command | None:
        shards = [f"shard/{number}" for number in sorted(self._shards) if not self._shards[number].completed]
        free = [name for name in shards + [f"dock/{i}" for i in range(DOCKS)] if self._is_free(name)]
        if not free:
            return None
        holder = self._random.randrange(self.replica_count)
        return ["lease-acquire", self._random.choice(free), holder, self._random.randint(*LEASE_SLOTS)]

    def _with_lease(self, kind: str, names: list[str], *more: object) -> Command | None:
        if not names:
            return None
        name = self._random.choice(names)
        lease = self._leases[name]
        return [kind, name, lease.holder, self._token(lease), *more]

    def _on_shard(self, kind: str) -> Command | None:
        numbers = [int(name.removeprefix("shard/")) for name in self._held("shard/")]
        numbers = [number for number in numbers if not self._shards[number].completed]
        if not numbers:
            return None
        number = self._random.choice(numbers)
        shard, token = self._shards[number], self._token(self._leases[f"shard/{number}"])
        first = shard.start if shard.last_key is None else shard.last_key + 1
        if kind == "cursor-advance":
            return self._advance(number, shard, token, first)
        if kind == "shard-handover":
            return [kind, number, token, self._random.randrange(self.replica_count)]
        if kind == "shard-complete":
            return [kind, number, token]
        if self._shards_asked_for >= SHARDS_CREATED_MAX or first + 1 >= shard.end:
            return None
        self._shards_asked_for += 1
        # The new number follows all creations, so the two never request the same one.
        return ["shard-split", number, token, _key(self._random.randrange(first + 1, shard.end)), self._new_number()]

    def _advance(self, number: int, shard: Shard, token: int, first: int) -> Command | None:
        if first >= shard.end:
            return None
        key = self._random.randrange(first, min(shard.end, first + 0x400))
        if self._random.random() < WRONG_SHARE and shard.last_key is not None and shard.last_key > shard.start:
            key = self._random.randrange(shard.start, shard.last_key)  # backwards: must be refused
        self._sequence += 1
        return ["cursor-advance", number, token, _key(key), self._sequence.to_bytes(SEQUENCE_BYTES, "big")]

    def _on_job(self, kind: str) -> Command | None:
        if kind == "job-open":
            return self._open_job()
        idle = [number for number in sorted(self._jobs) if f"job/{number}" not in self._under_way]
        overdue = [number for number in idle if self._jobs[number].deadline_slot <= self._slot]
        running = [number for number in idle if number not in overdue]
        is_wrong = self._random.random() < WRONG_SHARE
        if kind == "job-expire":
            numbers = running if is_wrong else overdue  # before its deadline: must be refused
            return [kind, self._random.choice(numbers)] if numbers else None
        if not running:
            return None
        number = self._random.choice(running)
        return [kind, number] if kind == "job-cancel" else self._report(number, self._jobs[number], is_wrong)

    def _open_job(self) -> Command | None:
        if len(self._jobs) + self._jobs_asked_for >= limits.JOBS_MAX:
            return None
        self._jobs_asked_for += 1
        payload = hashlib.sha256(self._random.getrandbits(8 * PAYLOAD_BYTES).to_bytes(PAYLOAD_BYTES, "big")).digest()
        return ["job-open", payload, self._random.randint(*JOB_SLOTS)]

    def _report(self, number: int, job: Job, is_wrong: bool) -> Command | None:
        silent = [worker for worker in range(self.replica_count) if worker not in job.reported]
        workers = sorted(job.reported) if is_wrong else silent  # a second report: must be refused
        if not workers:
            return None
        worker = self._random.choice(workers)
        differs = worker in self._liars or number % DISPUTED_EVERY == 0
        computed = job.payload + (bytes([worker]) if differs else b"")
        return ["job-result", number, worker, hashlib.sha256(computed).digest()]

    def _new_number(self) -> int:
        return self._shards_asked_for - 1

    def _token(self, lease: Lease) -> int:
        """The lease's token; now and then a stale one, which must be refused."""
        return lease.token - 1 if lease.token > 1 and self._random.random() < WRONG_SHARE else lease.token

    def _held(self, *prefixes: str) -> list[str]:
        return [
            name
            for name in sorted(self._leases)
            if name.startswith(prefixes)
            and name not in self._under_way
            and self._leases[name].expires_slot > self._slot
        ]

    def _is_free(self, name: str) -> bool:
        lease = self._leases.get(name)
        return name not in self._under_way and (lease is None or lease.expires_slot <= self._slot)

    # --- learning -----------------------------------------------------------------------------

    def _learn_success(self, command: Command, result: Result) -> None:
        kind, name = command[0], resource_of(command)
        if kind == "shard-create":
            self._shards[_int(command[1])] = Shard(_number(command[2]), _number(command[3]))
        elif kind == "lease-acquire":
            self._leases[name] = Lease(_int(command[2]), _int(result[1]), _int(result[2]))
        elif kind == "lease-renew":
            self._leases[name].expires_slot = _int(result[-1])
        elif kind in ("lease-release", "shard-complete"):
            self._leases.pop(name, None)
            if kind == "shard-complete":
                self._shards[_int(command[1])].completed = True
        elif kind == "cursor-advance":
            self._shards[_int(command[1])].last_key = _number(command[3])
        elif kind == "shard-split":
            self._split(command, result)
        elif kind == "shard-handover":
            self._leases[name] = Lease(_int(command[3]), _int(result[1]), _int(result[2]))

    def _learn_job(self, command: Command, result: Result) -> None:
        is_accepted = result[0] == "ok"
        if command[0] == "job-open":
            self._jobs_asked_for -= 1
            if is_accepted:
                assert isinstance(command[1], bytes)
                self._jobs[_int(result[1])] = Job(command[1], _int(result[2]))
        elif is_accepted and result[1] == "open":
            self._jobs[_int(command[1])].reported.add(_int(command[2]))
        elif is_accepted:
            del self._jobs[_int(command[1])]  # it has ended, and this client got the answer

    def _split(self, command: Command, result: Result) -> None:
        old, new = self._shards[_int(command[1])], _int(command[4])
        at = _number(command[3])
        self._shards[new] = Shard(at, old.end)
        old.end = at
        lease = self._leases[resource_of(command)]
        self._leases[f"shard/{new}"] = Lease(lease.holder, _int(result[1]), lease.expires_slot)


def resource_of(command: Command) -> str:
    """The name under which at most one command is under way: the leased resource, the shard or the job. Empty for a
    no-op and for a job without a number.
    """
    if command[0] in ("noop", "job-open"):
        return ""
    if str(command[0]).startswith("job-"):
        return f"job/{command[1]}"
    return command[1] if isinstance(command[1], str) else f"shard/{command[1]}"


def _liars(seed: int, replica_count: int) -> frozenset[int]:
    """As many workers as may be faulty, drawn separately from the commands."""
    return frozenset(random.Random(f"liars/{seed}").sample(range(replica_count), limits.faults_max(replica_count)))


def _key(number: int) -> bytes:
    return number.to_bytes(KEY_BYTES, "big")


def _number(key: object) -> int:
    assert isinstance(key, bytes)
    return int.from_bytes(key, "big")


def _int(item: object) -> int:
    assert isinstance(item, int)
    return item

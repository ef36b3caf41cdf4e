"""One run: draws a plan from a seed, flies it, and checks it. And the grid of runs over c and d.

Rules
- The plan determines the run: the same seed, c and d give the same trace, byte for byte.
- No plan may lead to a violation: one replica in four is Byzantine, and the network may behave arbitrarily.
- A partitioned round drops all its messages between the sides, including repetitions, so the wish for a view could be
  lost permanently, and with it all progress. So the network is whole from FAULTY_TICKS on; by then views 0 and 1 are
  over unless nothing happens at all. From then on every operation must be confirmed in time, whatever the liar sends.
"""

import tempfile
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from amu.core.types import AnyMessage
from specs.checking.check import NO_PROGRESS_REASON, check_trace
from specs.verdict import NO_PROGRESS, PASS, VIOLATION
from swarm_sim.byzzfuzz.lies import ANY_SCOPE, SMALL_SCOPE, ProcessFault, make_liar
from swarm_sim.byzzfuzz.rounds import Round, all_rounds, rounds_of, shown
from swarm_sim.streams import stream
from swarm_sim.testing.cluster import Cluster, Links

REPLICAS = 4
BATCHES = 3  # of requests; each gets a slot or shares one
BATCH_REQUESTS = 2
BATCH_TICKS = 12
FAULTY_TICKS = 400
PROGRESS_TICKS_MAX = 6_000  # the timer of view 6 ends before


@dataclass(frozen=True)
class NetworkFault:
    """In round `at` no message passes between `side` and the other replicas."""

    at: Round
    side: frozenset[int]


@dataclass(frozen=True)
class Plan:
    """The faults of a run."""

    seed: int
    byzantine: int
    network: tuple[NetworkFault, ...]
    process: tuple[ProcessFault, ...]

    def lets_pass(self, source: int, destination: int, message: AnyMessage) -> bool:
        """Whether the network carries `message`."""
        rounds = rounds_of(message)
        return not any(
            fault.at in rounds and (source in fault.side) != (destination in fault.side) for fault in self.network
        )

    def __str__(self) -> str:
        parted = [f"{shown(fault.at)}: {sorted(fault.side)} cut off" for fault in self.network]
        lies = [f"{shown(fault.at)}: {fault.change} to {list(fault.receivers)}" for fault in self.process]
        return f"seed {self.seed}, replica {self.byzantine} Byzantine; " + "; ".join([*parted, *lies])


@dataclass
class Outcome:
    """The outcome of a run."""

    plan: Plan
    verdict: str
    detail: str = ""


@dataclass
class Pair:
    """All runs with c process faults and d network faults. `failed`: the runs that did not pass."""

    c: int
    d: int
    runs: int = 0
    violations: int = 0
    no_progress: int = 0
    failed: list[Outcome] = field(default_factory=list)

    def add(self, outcome: Outcome) -> None:
        self.runs += 1
        self.violations += outcome.verdict not in (PASS, NO_PROGRESS)
        self.no_progress += outcome.verdict == NO_PROGRESS
        if outcome.verdict != PASS:
            self.failed.append(outcome)

    def counts(self) -> dict[str, int]:
        names = ("c", "d", "runs", "violations", "no_progress")
        return {name: getattr(self, name) for name in names}


def draw(seed: int, c: int, d: int, any_scope: bool = False) -> Plan:
    """The plan of a seed. A fault of the network and one of the process may fall into the same round."""
    draws = stream(seed, f"byzzfuzz c={c} d={d}")
    byzantine = draws.randrange(REPLICAS)
    rounds = all_rounds()
    network = []
    for _ in range(d):
        side = frozenset(draws.sample(range(REPLICAS), draws.randint(1, REPLICAS - 1)))
        network.append(NetworkFault(draws.choice(rounds), side))
    process = []
    peers = [peer for peer in range(REPLICAS) if peer != byzantine]
    for _ in range(c):
        receivers = tuple(sorted(draws.sample(peers, draws.randint(1, len(peers)))))
        change = draws.choice(ANY_SCOPE if any_scope else SMALL_SCOPE)
        process.append(ProcessFault(draws.choice(rounds), receivers, change, draws.randrange(1 << 20)))
    return Plan(seed, byzantine, tuple(network), tuple(process))


def fly(plan: Plan, trace: Path | None = None) -> Outcome:
    """Fly a plan and check its trace."""
    cluster = Cluster(REPLICAS, plan.seed, Links(delay_max=1))
    cluster.make_byzantine(plan.byzantine, partial(make_liar, faults=plan.process))
    cluster.lets_pass = plan.lets_pass
    try:
        made_progress = _fly(cluster, plan.byzantine)
    except AssertionError as error:
        return Outcome(plan, VIOLATION, f"flight code asserts: {error}")
    reason = "complete" if made_progress else NO_PROGRESS_REASON
    with tempfile.TemporaryDirectory() as folder:
        verdict = check_trace(cluster.finish(trace or Path(folder) / "trace.ndjson", reason))
    if verdict.verdict == NO_PROGRESS:
        return Outcome(plan, NO_PROGRESS, f"not all operations were confirmed in {PROGRESS_TICKS_MAX} ticks")
    return Outcome(plan, verdict.verdict, "; ".join([*verdict.violations[:1], *verdict.missing[:1]]))


def _fly(cluster: Cluster, byzantine: int) -> bool:
    """Whether every operation was confirmed and all honest replicas have applied the same slots."""
    cluster.start()
    operations = []
    for _ in range(BATCHES):
        operations += [cluster.request(["noop"]) for _ in range(BATCH_REQUESTS)]
        cluster.run(BATCH_TICKS)
    honest = [seat for replica, seat in enumerate(cluster.seats) if replica != byzantine]

    def is_done() -> bool:
        return len({seat.node.applied_slot for seat in honest}) == 1 and all(map(cluster.confirmed, operations))

    if cluster.run(FAULTY_TICKS, is_done):
        return True
    cluster.lets_pass = lambda source, destination, message: True
    return cluster.run(PROGRESS_TICKS_MAX, is_done)


def fuzz(pair: Pair, runs: int, seed: int, any_scope: bool = False) -> Pair:
    """Fly `runs` plans with the pair's c and d, seeds from `seed` on."""
    for number in range(runs):
        pair.add(fly(draw(seed + number, pair.c, pair.d, any_scope)))
    return pair

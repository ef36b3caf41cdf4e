"""Short deterministic flights whose traces are checked against the TLA+ modules; some tempt a wrong replica.

    python -m tests.mutants.flights [NAME ...]

Without names: all of this file. Exit code 0 when every trace passes, else 3, and the last line says which check
refused what.
"""

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from amu.boards.host import PowerCut
from amu.consensus import bodies
from amu.core.limits import BROADCAST
from amu.wire.messages import Decided, Proposal, StateChunk, Status, Vote
from specs.checking.check import check_trace
from swarm_sim.testing.cluster import Cluster, Links
from tests.mutants import past

RIGHT, WRONG = bytes([1] * 32), bytes([2] * 32)

LEDGER_COMMANDS: list[list[Any]] = [
    ["shard-create", 1, b"a", b"m"],
    ["lease-acquire", "shard/1", 7, 6],
    ["cursor-advance", 1, 1, b"c", b"x"],
    ["cursor-advance", 1, 1, b"b", b"back"],
    ["lease-acquire", "shard/1", 8, 6],
    ["shard-handover", 1, 1, 8],
    ["cursor-advance", 1, 1, b"d", b"stale"],
    ["cursor-advance", 1, 2, b"d", b"y"],
    ["lease-acquire", "dock/1", 7, 2],
    ["noop"],
    ["noop"],
    ["lease-acquire", "dock/1", 9, 30],
    ["lease-renew", "dock/1", 7, 3, 5],
    ["noop"],
    ["cursor-advance", 1, 2, b"e", b"expired"],
    ["lease-acquire", "shard/1", 9, 30],
    ["shard-split", 1, 5, b"g", 2],
    ["cursor-advance", 2, 6, b"h", b"z"],
    ["shard-complete", 2, 6],
    ["cursor-advance", 2, 6, b"i", b"done"],
    ["job-open", bytes(32), 60],
    ["job-result", 1, 3, WRONG],
    ["job-result", 1, 3, RIGHT],
    ["job-result", 1, 0, RIGHT],
    ["job-result", 1, 1, RIGHT],
    ["job-cancel", 1],
    ["job-open", bytes(32), 1],
    ["noop"],
    ["job-result", 2, 0, RIGHT],
    ["job-expire", 2],
]


def finish(cluster: Cluster, operations: list[int], ticks: int = 4_000) -> Cluster:
    cluster.run(ticks, lambda: all(map(cluster.confirmed, operations)))
    cluster.run(100)
    return cluster


def ledger() -> Cluster:
    """Every verb, in order, with refusals among them, and one operation that two slots carry."""
    cluster = Cluster(4)
    cluster.start()
    operations = []
    for command in LEDGER_COMMANDS:
        operations.append(cluster.request(command))
        cluster.run(3)
    twice = [seat.node.replica.pending for seat in cluster.seats]
    for pending in twice:
        pending.add(1, 2, LEDGER_COMMANDS[1])
    operations.append(cluster.request(["noop"]))
    return finish(cluster, operations)


def rough() -> Cluster:
    """Loss, delay, duplicates, a dead leader, reboots in the middle of voting."""
    cluster = Cluster(4, 11, Links(0.1, 0.1, 0, 5))
    cluster.start()
    operations = []
    for round_ in range(16):
        operations += [cluster.request(["noop"]) for _ in range(2)]
        cluster.run(7)
        node = round_ % 4
        cluster.kill(node)
        cluster.run(25)
        cluster.start(node)
        cluster.run(9)
    return finish(cluster, operations)


def amnesia() -> Cluster:
    """A replica that has voted loses its flash and comes back before the slot is decided."""
    cluster = Cluster(4)
    cluster.start()
    operations = [cluster.request(["noop"]) for _ in range(3)]
    finish(cluster, operations)
    cluster.lets_pass = lambda s, d, m: not (isinstance(m, Vote) and m.phase > 1) and not isinstance(m, Status)
    operations.append(cluster.request(["noop"]))
    cluster.run(10)
    cluster.kill(1)
    cluster.erase(1)
    cluster.start(1)
    cluster.run(60)
    cluster.lets_pass = lambda s, d, m: True
    operations += [cluster.request(["noop"]) for _ in range(12)]
    return finish(cluster, operations)


def lock(wrap: Callable[[Any], Any] | None) -> Cluster:
    """In view 0 two replicas get as far as vote-4 and nobody hears of it. Then view 1, whose leader is replica 1."""
    cluster = Cluster(4)
    if wrap is not None:
        cluster.make_byzantine(1, wrap)
    cluster.start()
    cluster.lets_pass = lambda s, d, m: (
        not ((isinstance(m, Vote) and (m.phase == 4 or (m.phase == 3 and d not in (2, 3)))) or isinstance(m, Status))
    )
    operations = [cluster.request(["noop"]), cluster.request(["shard-create", 1, b"a", b"b"])]
    cluster.run(20)
    cluster.isolate(2)
    cluster.isolate(3)
    cluster.isolate(0)
    cluster.run(5)
    cluster.lets_pass = lambda s, d, m: not (isinstance(m, (Vote, Status)) and m.view == 0)
    cluster.heal()
    return finish(cluster, operations)


def honest_leader_after_lock() -> Cluster:
    return lock(None)


class UnsafeLeader:
    """Proposes something of its own in every later view, whatever the suggests say."""

    def __init__(self, node: Any) -> None:
        self._node = node

    def __getattr__(self, name: str) -> Any:
        return getattr(self._node, name)

    def ready(self) -> Any:
        ready = self._node.ready()
        for k, (destination, lamport, message) in enumerate(ready.sends):
            if isinstance(message, Proposal) and message.view > 0:
                other = Proposal(message.slot, message.view, bodies.encode(message.view, []))
                ready.sends[k] = (destination, lamport, other)
        return ready


def unsafe_leader_after_lock() -> Cluster:
    return lock(UnsafeLeader)


class FalseHistorian(UnsafeLeader):
    """Tells a replica that is behind of decisions that never were."""

    def ready(self) -> Any:
        ready = self._node.ready()
        time = self._node.lamport
        for slot in range(1, 9):
            body = bodies.encode(1, [])
            ready.sends = [*ready.sends, (BROADCAST, time, Decided(slot, bodies.value_of(slot, body), body))]
        return ready


def false_history() -> Cluster:
    cluster = Cluster(4)
    cluster.make_byzantine(2, FalseHistorian)
    cluster.start()
    operations = [cluster.request(["noop"]) for _ in range(6)]
    return finish(cluster, operations)


def skipped_body() -> Cluster:
    """One replica never sees proposals, so that it decides without knowing what."""
    cluster = Cluster(4)
    cluster.start()
    cluster.lets_pass = lambda s, d, m: not (d == 3 and isinstance(m, Proposal))
    operations = [cluster.request(["noop"]) for _ in range(6)]
    return finish(cluster, operations)


def turns() -> Cluster:
    """Turns and snapshots over channels that lose, double and delay, with a reboot and a loss of memory in between."""
    cluster = Cluster(4, 5, Links(0.1, 0.15, 0, 9), turn_ticks=6, snapshot_ticks=40)
    cluster.start()
    cluster.run(500)
    cluster.kill(1)
    cluster.run(120)
    cluster.start(1)
    cluster.run(300)
    cluster.kill(2)
    cluster.erase(2)
    cluster.start(2)
    operations = [cluster.request(["noop"]) for _ in range(3)]
    cluster.run(500)
    return finish(cluster, operations)


class FalseTeller(UnsafeLeader):
    """Tells learners another value in every other slot, and in the rest another body. Its states are false, too."""

    def ready(self) -> Any:
        ready = self._node.ready()
        for k, (destination, lamport, message) in enumerate(ready.sends):
            if isinstance(message, Decided) and destination >= self._node.group.size:
                body = bodies.encode(1, [])
                value = message.value if message.slot % 2 else bodies.value_of(message.slot, body)
                ready.sends[k] = (destination, lamport, Decided(message.slot, value, body))
            elif isinstance(message, StateChunk):
                data = message.data[:-1] + bytes([message.data[-1] ^ 1])
                ready.sends[k] = (destination, lamport, StateChunk(message.slot, message.offset, message.total, data))
        return ready


def learners() -> Cluster:
    """Six learners on lossy links, one of which comes late; one of the four replicas tells them what is not so."""
    cell = Cluster(4, 3, Links(0.15, 0.1, 0, 4), learners=6)
    cell.make_byzantine(1, FalseTeller)
    cell.start()
    cell.kill(9)
    for _ in range(90):
        cell.request(["noop"])
        cell.run(6)
    cell.start(9)
    cell.run(3_000, cell.has_caught_up)
    return cell


FLIGHTS = (
    *(ledger, rough, amnesia, honest_leader_after_lock, unsafe_leader_after_lock, false_history, skipped_body),
    *(turns, learners),
)


def main(names: list[str]) -> int:
    flights = [flight for flight in (*FLIGHTS, *past.FLIGHTS) if flight.__name__ in names]
    for flight in flights or FLIGHTS:
        with tempfile.TemporaryDirectory() as folder:
            try:
                cluster = flight()
            except (AssertionError, PowerCut) as error:
                print(f"{flight.__name__}: flight code asserts: {error}")
                return 3
            verdict = check_trace(cluster.finish(Path(folder) / "trace.ndjson"))
        if verdict.verdict != "pass":
            broken = [name for name, state in verdict.invariants.items() if state == "violated"]
            words = " ".join(str(verdict.first_bad_step).split())
            print(f"{flight.__name__}: {verdict.verdict}: {', '.join(broken)}: {words}")
            return 3
        print(f"{flight.__name__}: {sum(verdict.steps.values())} steps hold")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""A sound trace of a flight, and changes to single events of it, which a checker must refuse.

    lines = flown()                     a fresh copy of the flight, one dictionary for each line
    at = find(lines, "Vote2", slot=3)   the place of an event
    lines[at]["view"] = 3               a change; `remove` and `insert` renumber the events after it
    found(lines, tmp_path)              the identifiers of the properties that the trace violates

The flight has four replicas and a learner: checkpoints, a view change, a board that restarts in the middle of a slot,
one that adopts a state, and one that lost its memory and rejoins. Lamport times are ROOM apart.
"""

import copy
import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from specs.checking import trace_line
from specs.checking.check import check_trace
from specs.verdict import VIOLATED, Verdict
from swarm_sim.testing.cluster import Cluster

Line = dict[str, Any]
TICKS_MAX = 3000
LAGGARD, RESTARTED, FORGETFUL = 3, 2, 1
LEARNER = 4
ROOM = 8


def flown() -> list[Line]:
    """The flight, to be changed at will."""
    return copy.deepcopy(_flight())


@cache
def _flight() -> list[Line]:
    cluster = Cluster(4, seed=5, learners=1)
    cluster.start()
    _work(cluster, 3)
    cluster.isolate(LAGGARD)
    _work(cluster, 30)
    cluster.heal()
    _work(cluster, 4)
    _settle(cluster)
    leader = next(line["node"] for line in reversed(cluster.lines) if line["event"] == "Propose")
    assert isinstance(leader, int)
    cluster.isolate(leader)
    _work(cluster, 2)
    cluster.heal()
    _settle(cluster)
    cluster.request(["noop"])
    cluster.run(TICKS_MAX, lambda: _has_just_voted(cluster))
    cluster.kill(RESTARTED)
    cluster.start(RESTARTED)
    _work(cluster, 2)
    cluster.kill(FORGETFUL)
    cluster.erase(FORGETFUL)
    cluster.start(FORGETFUL)
    _work(cluster, 14)
    _settle(cluster)
    cluster.ground("RunEnd", reason="complete")
    return [_spaced(json.loads(trace_line.encode(line))) for line in cluster.lines]


def _spaced(line: Line) -> Line:
    """With room between any two Lamport times, for events that a test inserts."""
    return line | {name: line[name] * ROOM for name in ("lamport", "sent", "time") if name in line}


def _work(cluster: Cluster, operations: int) -> None:
    for _ in range(operations):
        number = cluster.request(["noop"])
        assert cluster.run(TICKS_MAX, lambda number=number: cluster.confirmed(number) is not None)  # type: ignore[misc]


def _settle(cluster: Cluster) -> None:
    def has_settled() -> bool:
        replicas = [seat.node for seat in cluster.seats[: cluster.replica_count]]
        return cluster.has_caught_up() and all(node.applied_slot == cluster.decided_slot for node in replicas)

    assert cluster.run(TICKS_MAX, has_settled)


def _has_just_voted(cluster: Cluster) -> bool:
    """Whether the board that is to restart has voted in a slot that it has not decided."""
    last = next(line for line in reversed(cluster.lines) if line["node"] == RESTARTED)
    return last["event"] == "Send" and last["kind"] == 0x11


# --- events ---------------------------------------------------------------------------------


def find(lines: list[Line], event: str, nth: int = 0, **members: Any) -> int:
    """The place of the `nth` event of that name whose members are these. `nth` counts from the end if negative."""
    return places(lines, event, **members)[nth]


def places(lines: list[Line], event: str, **members: Any) -> list[int]:
    return [
        place
        for place, line in enumerate(lines)
        if line["event"] == event and all(line[name] == value for name, value in members.items())
    ]


def remove(lines: list[Line], *gone: int) -> None:
    """Take events out, as if their boards had never reported them."""
    kept = [line for place, line in enumerate(lines) if place not in set(gone)]
    next_seq: dict[tuple[int, int], int] = {}
    for line in kept:
        life = (line["node"], line["boot"])
        line["seq"] = next_seq.get(life, 0)
        next_seq[life] = line["seq"] + 1
    lines[:] = kept


def insert(lines: list[Line], place: int, event: str, node: int, **fields: Any) -> None:
    """Let a board report one event more, right after the one at `place`, which is its own."""
    before = lines[place]
    assert before["node"] == node
    line = {name: before[name] for name in trace_line.ENVELOPE} | fields
    line |= {"event": event, "seq": before["seq"] + 1, "lamport": before["lamport"] + 1}
    _renumber(lines, place + 1, before, 1)
    lines.insert(place + 1, line)


def _renumber(lines: list[Line], place: int, of: Line, by: int) -> None:
    for line in lines[place:]:
        if (line["node"], line["boot"]) == (of["node"], of["boot"]):
            line["seq"] += by


def judged(lines: list[Line], tmp_path: Path, tlc: bool = False) -> Verdict:
    path = tmp_path / "trace.ndjson"
    path.write_text("".join(trace_line.encode(line) + "\n" for line in lines), encoding="utf-8")
    return check_trace(path, tlc)


def found(lines: list[Line], tmp_path: Path) -> list[str]:
    """The identifiers of the properties that the trace violates."""
    return [key for key, state in judged(lines, tmp_path).invariants.items() if state == VIOLATED]


def found_in_flight(plant: Callable[[list[Line]], None], tmp_path: Path) -> list[str]:
    """The identifiers of the properties that the sound flight violates once `plant` has changed its lines."""
    lines = flown()
    plant(lines)
    return found(lines, tmp_path)

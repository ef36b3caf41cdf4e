"""The pieces of an adopted state have all arrived: KNW-3, and LOG-10 of a learner."""

import copy
import json
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from amu.core.limits import CHECKPOINT_SLOTS, JOBS_MAX, REFUSALS_TRACED_PER_TICK_MAX
from amu.wire import messages as m
from specs.checking import trace_line
from specs.checking.messages.refusals import FLOODED
from specs.verdict import HOLDS, NOT_CHECKED, PASS
from swarm_sim.testing.cluster import Cluster
from tests.support.records.edits import Line, find, insert, judged, places, remove

Plant = Callable[[list[Line]], None]
LAGGARD, LEARNER = 3, 4
IDENTIFIER = {LAGGARD: "KNW-3", LEARNER: "LOG-10"}
TICKS_MAX = 3000


@cache
def _flight() -> list[Line]:
    """A replica and a learner are away while the others open jobs, so the state that they adopt has several pieces."""
    cluster = Cluster(4, seed=5, learners=1)
    cluster.start()
    for node in (LAGGARD, LEARNER):
        cluster.isolate(node)
    for number in range(2 * CHECKPOINT_SLOTS):
        _ask(cluster, ["job_open", bytes(64), 1000] if number < JOBS_MAX else ["noop"])
    cluster.heal()
    for _ in range(2):
        _ask(cluster, ["noop"])
    assert cluster.run(TICKS_MAX, lambda: len(places(cluster.lines, "Adopt")) == 2)
    cluster.ground("RunEnd", reason="complete")
    return [json.loads(trace_line.encode(line)) for line in cluster.lines]


def _ask(cluster: Cluster, command: list[object]) -> None:
    number = cluster.request(command)
    assert cluster.run(TICKS_MAX, lambda: cluster.confirmed(number) is not None)


def flown() -> list[Line]:
    return copy.deepcopy(_flight())


def pieces(lines: list[Line], node: int) -> list[int]:
    return places(lines[: find(lines, "Adopt", node=node)], "Receive", node=node, kind=m.StateChunk.KIND)


def one_piece_too_few(lines: list[Line], node: int) -> None:
    remove(lines, pieces(lines, node)[0])


def all_but_the_last_before_another_question(lines: list[Line], node: int) -> None:
    """A question to another node, which drops the pieces so far."""
    arrived = pieces(lines, node)
    given = lines[arrived[0]]["from"]
    other = next(peer for peer in range(4) if peer not in (node, given))
    slot = lines[find(lines, "Adopt", node=node)]["slot"]
    for peer in (given, other):
        insert(lines, arrived[-2], "Send", node, to=peer, kind=m.FetchState.KIND, slot=slot, view=0)


@pytest.mark.parametrize("node", IDENTIFIER)
def test_a_state_of_several_pieces_is_accepted(node: int, tmp_path: Path) -> None:
    lines = flown()
    assert len(pieces(lines, node)) > 1
    verdict = judged(lines, tmp_path)
    assert verdict.verdict == PASS, verdict.first_bad_step
    assert verdict.invariants[IDENTIFIER[node]] == HOLDS


@pytest.mark.parametrize("node", IDENTIFIER)
@pytest.mark.parametrize("plant", [one_piece_too_few, all_but_the_last_before_another_question])
def test_each_breach_is_found_by_name(plant: Callable[[list[Line], int], None], node: int, tmp_path: Path) -> None:
    lines = flown()
    plant(lines, node)
    found = judged(lines, tmp_path).violations
    assert [text for text in found if text.startswith(IDENTIFIER[node]) and "pieces of the state had arrived" in text]


def test_what_a_flood_of_refusals_hides_is_not_judged(tmp_path: Path) -> None:
    lines = flown()
    first = pieces(lines, LAGGARD)[0]
    fields = {"from": 0, "kind": m.Vote.KIND, "reason": "rate"}
    for place in range(first, first + REFUSALS_TRACED_PER_TICK_MAX):
        insert(lines, place, "Refuse", LAGGARD, **fields)
        lines[place + 1]["lamport"] = lines[place]["lamport"]
    remove(lines, first)
    verdict = judged(lines, tmp_path)
    assert not [text for text in verdict.violations if "pieces of the state had arrived" in text]
    assert (verdict.invariants["KNW-3"], verdict.reasons["KNW-3"]) == (NOT_CHECKED, FLOODED)

"""Scripted stalls, each with the causes that the engine must name and the boards behind them, and nothing else."""

from pathlib import Path
from typing import Any

import pytest

from groundstation.why import answer as a
from tests.unit.groundstation.why.stalls import STALL_SECONDS, answer, cut, kills

FOREVER = 30.0


def board(kind: str, *nodes: int, **fields: Any) -> list[dict[str, Any]]:
    return [{"at": STALL_SECONDS, "node": node, "kind": kind, **fields} for node in nodes]


def link(fault: str, **fields: Any) -> dict[str, Any]:
    return {"fault": fault, "start": STALL_SECONDS, **fields}


def liar(node: int, adversary: str, **parameters: Any) -> list[dict[str, Any]]:
    return [{"node": node, "adversary": adversary, "parameters": parameters}]


CLOSED = {"passes": [{"aos": 0.0, "los": 0.5}], "period_seconds": FOREVER}
PATIENT = {"view_timeout_seconds": 20.0}
# name: scenario, state, causes, boards that must be named
STALLS: dict[str, tuple[dict[str, Any], str, set[str], set[int]]] = {
    "crash": ({"board_faults": kills(1, 3)}, a.IMPOSSIBLE, {a.CRASH}, {1, 3}),
    "crash of all": ({"board_faults": kills(0, 1, 2, 3)}, a.IMPOSSIBLE, {a.CRASH}, {0, 1, 2, 3}),
    "power cut": ({"board_faults": board("power_cut", 1, 2)}, a.IMPOSSIBLE, {a.CRASH}, {1, 2}),
    "crash of seven": (
        {"mission": {"boards": 7}, "board_faults": kills(4, 5, 6)},
        a.IMPOSSIBLE,
        {a.CRASH},
        {4, 5, 6},
    ),
    "crash of a leader": ({"board_faults": kills(0), "clock": PATIENT}, a.TIMER, {a.CRASH}, {0}),
    "partition": ({"faults": [cut([0, 1], [2, 3])]}, a.IMPOSSIBLE, {a.CUT}, set()),
    "partition in three": (
        {"mission": {"boards": 7}, "faults": [cut([0, 1], [2, 3], [4, 5, 6])]},
        a.IMPOSSIBLE,
        {a.CUT},
        set(),
    ),
    "one-way partition": (
        {"faults": [link("one_way_partition", source=[0, 1], destination=[2, 3])]},
        a.IMPOSSIBLE,
        {a.CUT},
        set(),
    ),
    "every frame lost": ({"faults": [link("drop", probability=1.0)]}, a.IMPOSSIBLE, {a.CUT}, set()),
    "most frames lost": ({"faults": [link("drop", probability=0.7)]}, a.TIMER, {a.LOSS}, set()),
    "every frame damaged": ({"faults": [link("corrupt", probability=1.0, bits=3)]}, a.IMPOSSIBLE, {a.DAMAGE}, set()),
    "light time": (
        {"faults": [{"fault": "light_time", "seconds": 3.0}], "clock": PATIENT},
        a.LIGHT,
        {a.LIGHT_TIME},
        set(),
    ),
    "long light time": (
        {"faults": [{"fault": "light_time", "seconds": 20.0}], "clock": {"view_timeout_seconds": 90.0}},
        a.LIGHT,
        {a.LIGHT_TIME},
        set(),
    ),
    "contact closed, frames held": (
        {"faults": [link("contact_window", outside="hold", **CLOSED)]},
        a.IMPOSSIBLE,
        {a.HELD},
        set(),
    ),
    "contact closed, frames lost": (
        {"faults": [link("contact_window", outside="drop", **CLOSED)]},
        a.IMPOSSIBLE,
        {a.CUT},
        set(),
    ),
    "pause": ({"board_faults": board("pause", 1, 2, seconds=FOREVER)}, a.IMPOSSIBLE, {a.STOPPED}, {1, 2}),
    "slow processors": (
        {"board_faults": board("slow", 0, 1, 2, 3, seconds=FOREVER, step_ms=1500.0)},
        a.IMPOSSIBLE,
        {a.STOPPED},
        {0, 1, 2, 3},
    ),
    "failed flash": ({"board_faults": board("write_fault", 1, 2)}, a.IMPOSSIBLE, {a.FLASH}, {1, 2}),
    "erased flash and crash": (
        {"board_faults": [*board("amnesia", 1), *kills(0)]},
        a.IMPOSSIBLE,
        {a.FORGOT, a.CRASH},
        {0, 1},
    ),
    "silent liar and crash": (
        {"byzantine": liar(3, "silence"), "board_faults": kills(1)},
        a.IMPOSSIBLE,
        {a.LIAR, a.CRASH},
        {1, 3},
    ),
    "liar falls silent, and crash": (
        {"byzantine": liar(3, "silence", from_tick=200), "board_faults": kills(1)},
        a.IMPOSSIBLE,
        {a.LIAR, a.CRASH},
        {1, 3},
    ),
    "equivocating liar and crash": (
        {"byzantine": liar(3, "equivocate"), "board_faults": kills(1)},
        a.IMPOSSIBLE,
        {a.LIAR, a.CRASH},
        {1, 3},
    ),
    "wrong tags and crash": (
        {"byzantine": liar(3, "bad_mac", one_in=1), "board_faults": kills(1)},
        a.IMPOSSIBLE,
        {a.LIAR, a.CRASH},
        {1, 3},
    ),
    "silent liar and pause": (
        {"byzantine": liar(3, "silence"), "board_faults": board("pause", 2, seconds=FOREVER)},
        a.IMPOSSIBLE,
        {a.LIAR, a.STOPPED},
        {2, 3},
    ),
    "crash and pause": (
        {"board_faults": [*kills(2), *board("pause", 1, seconds=FOREVER)]},
        a.IMPOSSIBLE,
        {a.CRASH, a.STOPPED},
        {1, 2},
    ),
    "crash and failed flash": (
        {"board_faults": [*kills(2), *board("write_fault", 1)]},
        a.IMPOSSIBLE,
        {a.CRASH, a.FLASH},
        {1, 2},
    ),
    "crash and cut board": ({"faults": [cut([3])], "board_faults": kills(0)}, a.IMPOSSIBLE, {a.CRASH, a.CUT}, {0}),
    "pause and partition": (
        {"faults": [cut([3])], "board_faults": board("pause", 0, seconds=FOREVER)},
        a.IMPOSSIBLE,
        {a.STOPPED, a.CUT},
        {0},
    ),
    "light time and crash": (
        {"faults": [{"fault": "light_time", "seconds": 0.5}], "board_faults": kills(0, 1)},
        a.IMPOSSIBLE,
        {a.CRASH},
        {0, 1},
    ),
    "clocks stand still": (
        {
            "board_faults": [*kills(0), *board("clock_stop", 1, 2, 3, seconds=FOREVER)],
            "faults": [link("drop", probability=0.9)],
        },
        a.IMPOSSIBLE,
        {a.CRASH, a.STOPPED},
        {0, 1, 2, 3},
    ),
    "crash of a leader, slow clocks": (
        {
            "clock": PATIENT,
            "board_faults": [*kills(0), *board("clock_drift", 1, 2, 3, seconds=FOREVER, factor=0.1)],
        },
        a.TIMER,
        {a.CRASH, a.CLOCK},
        {0, 1, 2, 3},
    ),
}


@pytest.mark.parametrize("name", STALLS)
def test_a_stall_has_its_causes_and_no_other(name: str, tmp_path: Path) -> None:
    document, state, causes, named = STALLS[name]
    found = answer(tmp_path, document)
    assert (found.state, set(found.causes)) == (state, causes), found.sentence
    assert {each.node for each in found.boards if each.kind != "able"} == named, found.sentence
    for node in named:
        assert str(node) in found.sentence


@pytest.mark.parametrize("seed", range(30))
def test_a_healthy_swarm_is_moving(seed: int, tmp_path: Path) -> None:
    found = answer(tmp_path, {"mission": {"seed": seed, "limit_seconds": 2.0}}, 1.2 + seed / 40)
    assert (found.state, found.causes) == (a.MOVING, ()), found.sentence

"""Small flights in the simulator that stand still for a known reason, and what the engine says of them."""

from pathlib import Path
from typing import Any

from groundstation.scenario.model import parse
from groundstation.why.answer import Answer
from groundstation.why.read import explain
from swarm_sim.simulation import simulate

STALL_SECONDS = 2.0  # when the faults of a stall begin
ASKED_SECONDS = 6.0
LIMIT_SECONDS = 6.5


def answer(folder: Path, document: dict[str, Any], at: float = ASKED_SECONDS) -> Answer:
    """Fly a scenario, unchecked, and ask at mission second `at`."""
    mission = {"slots": 100_000, "limit_seconds": LIMIT_SECONDS, "no_progress_seconds": LIMIT_SECONDS}
    whole = {
        "name": "stall",
        "description": "A stall.",
        **document,
        "mission": {**mission, **document.get("mission", {})},
        "clock": {"view_timeout_seconds": 0.3, **document.get("clock", {})},
        "workload": {"operations": 100_000, "in_flight": 3, "pause_seconds": 0.05, **document.get("workload", {})},
    }
    trace = folder / "trace.ndjson"
    simulate(parse(whole, "a stall"), trace, is_checked=False)
    return explain(trace, at=at)


def kills(*nodes: int, at: float = STALL_SECONDS) -> list[dict[str, Any]]:
    return [{"at": at, "node": node, "kind": "kill"} for node in nodes]


def cut(*groups: list[int]) -> dict[str, Any]:
    return {"fault": "partition", "groups": [*groups], "start": STALL_SECONDS}

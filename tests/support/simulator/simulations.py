"""Scenarios for tests of the simulator."""

from typing import Any

from groundstation.scenario.model import Scenario, parse


def scenario(**tables: Any) -> Scenario:
    """A short mission in calm weather; `tables` replace its own, or are merged into those that are tables."""
    document: dict[str, Any] = {
        "name": "test",
        "description": "a test's own",
        "mission": {"boards": 4, "slots": 6, "limit_seconds": 60.0, "no_progress_seconds": 20.0},
        "clock": {"view_timeout_seconds": 0.3},
        "workload": {"operations": 6, "in_flight": 2, "pause_seconds": 0.05},
    }
    for name, table in tables.items():
        merged = isinstance(table, dict) and isinstance(document.get(name), dict)
        document[name] = {**document[name], **table} if merged else table
    return parse(document, "test")

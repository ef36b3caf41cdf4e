"""The simulator has no crew: it refuses procedures and injects instead of flying without them."""

from typing import Any

import pytest

from groundstation.scenario.model import ScenarioError, parse
from swarm_sim.simulation import simulate

INJECT = {"name": "kill", "order": {"kind": "board", "board": 1, "action": "kill"}}


@pytest.mark.parametrize("part", [{"procedure": {"steps": [{"name": "look"}]}}, {"injects": [INJECT]}])
def test_a_procedure_and_injects_are_refused(part: dict[str, Any]) -> None:
    scenario = parse({"name": "crewed", "description": "A test.", **part}, "test")
    with pytest.raises(ScenarioError, match="crewed: the simulator has no crew"):
        simulate(scenario)

"""Drawn seeds in the simulator: all pass. Seeds that found a bug stay here as regressions."""

import json
import tempfile
from pathlib import Path
from typing import Any

import pytest

from specs.checking.check import check_trace
from swarm_sim.draw.draw import draw
from swarm_sim.simulation import run_seed, simulate

# (nodes, seed, slots, why it once failed). A seed draws something else when the drawing changes: each has a test of
# its own besides.
REGRESSIONS = [
    (4, 11, 20, "a peer rebooted after its marker had come: the parts of a snapshot did not fit together"),
    (4, 28, 20, "the next life's Lamport times were measured by a life that left nothing on flash"),
    (4, 32, 20, "a snapshot continued over the reboot of a peer whose marker had arrived"),
    (4, 48, 20, "the same, between other boards"),
    (4, 130, 20, "the modules took from the wire what a former life had sent and its receiver had yet to take"),
    (4, 5431, 20, "power failed behind a checkpoint, before the decision in it was traced; another learned from it"),
    (4, 664, 40, "a board without memory used a Lamport time again while its former message was on its way"),
    (
        4,
        122,
        20,
        "a board's checkpoint was stable before its own Apply had left it: SIM-REACH counted one holder too few",
    ),
]


@pytest.mark.parametrize(("nodes", "seed"), [(4, seed) for seed in range(900, 912)] + [(7, 900), (10, 900), (13, 900)])
def test_drawn_seeds_pass(nodes: int, seed: int) -> None:
    outcome = run_seed(seed, nodes)
    assert outcome.verdict == "pass", f"{outcome.oracle}: {outcome.cause}\n{outcome.detail}"


@pytest.mark.parametrize(("nodes", "seed", "slots", "why"), REGRESSIONS)
def test_former_failures_pass(nodes: int, seed: int, slots: int, why: str) -> None:
    outcome = run_seed(seed, nodes, slots)
    assert outcome.verdict == "pass", f"{why}\n{outcome.oracle}: {outcome.cause}\n{outcome.detail}"


def boots_ahead(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Boots behind a decision that the board never told: power failed before the trace of it had left."""
    told: set[tuple[int, int]] = set()
    found = []
    for line in lines:
        if line["event"] in ("Apply", "Adopt"):
            told.add((line["node"], line["slot"]))
        elif line["event"] == "Boot" and line["applied_slot"] > 0 and (line["node"], line["applied_slot"]) not in told:
            found.append(line)
    return found


def boots_ahead_of_its_trace(seed: int) -> bool:
    """Finds candidates for the test below, by tests.support.simulator.search. In few of them does the board answer a
    question about the slot later, as the test needs."""
    with tempfile.TemporaryDirectory() as folder:
        trace = Path(folder) / "trace.ndjson"
        simulate(draw(seed), trace)
        return bool(boots_ahead([json.loads(line) for line in trace.read_text().splitlines()]))


def test_a_decision_is_known_from_a_boot_only_if_the_boot_says_so(tmp_path: Path) -> None:
    """A board comes back behind a decision that it never told, but its boot does not say how far it had come."""
    trace = tmp_path / "trace.ndjson"
    assert simulate(draw(5431), trace).verdict == "pass"
    lines = [json.loads(line) for line in trace.read_text().splitlines()]
    boot = boots_ahead(lines)[0]
    slot = boot["applied_slot"]
    boot["applied_slot"] = slot - 1
    trace.write_text("".join(json.dumps(line) + "\n" for line in lines))
    verdict = check_trace(trace)
    assert verdict.invariants["KNW-2"] == "violated"
    assert any(told.startswith(f"KNW-2: slot {slot}") and "SaysDecided" in told for told in verdict.violations)

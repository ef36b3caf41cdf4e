"""Drawn seeds in the simulator: all pass. Seeds that found a bug stay here as regressions."""

import json
from pathlib import Path

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


def test_a_decision_is_known_from_a_boot_only_if_the_boot_says_so(tmp_path: Path) -> None:
    """A board comes back behind a decision that it never told, but its boot does not say how far it had come."""
    trace = tmp_path / "trace.ndjson"
    assert simulate(draw(587), trace).verdict == "pass"
    lines = [json.loads(line) for line in trace.read_text().splitlines()]
    boot = next(line for line in lines if line["event"] == "Boot" and line["applied_slot"] == 16)
    earlier = lines[: lines.index(boot)]
    assert not any(
        line["node"] == boot["node"] and line.get("slot") == 16 for line in earlier if line["event"] == "Apply"
    )
    boot["applied_slot"] = 15
    trace.write_text("".join(json.dumps(line) + "\n" for line in lines))
    verdict = check_trace(trace)
    assert verdict.invariants["KNW-2"] == "violated"
    assert any(told.startswith("KNW-2: slot 16") and "SaysDecided" in told for told in verdict.violations)

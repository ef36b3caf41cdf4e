"""Drawn seeds in the simulator: all pass. What a seed has found stays here as a regression."""

import pytest

from swarm_sim.simulation import run_seed

# (nodes, seed, slots, why it once failed). A seed draws something else when the drawing changes: each has a test of
# its own besides.
REGRESSIONS = [
    (4, 11, 20, "a peer rebooted after its marker had come: the parts of a snapshot did not fit together"),
    (4, 28, 20, "a life that flash knows nothing of was taken as the measure for the next life's Lamport times"),
    (4, 32, 20, "a snapshot went on over the reboot of a peer whose marker was in"),
    (4, 48, 20, "the same, between other boards"),
    (4, 130, 20, "the modules took from the wire what a former life had sent and its receiver had yet to take"),
    (4, 664, 40, "a board without memory used a Lamport time again while its former message was on its way"),
]


@pytest.mark.parametrize(("nodes", "seed"), [(4, seed) for seed in range(900, 912)] + [(7, 900), (10, 900), (13, 900)])
def test_drawn_seeds_pass(nodes: int, seed: int) -> None:
    outcome = run_seed(seed, nodes)
    assert outcome.verdict == "pass", f"{outcome.oracle}: {outcome.cause}\n{outcome.detail}"


@pytest.mark.parametrize(("nodes", "seed", "slots", "why"), REGRESSIONS)
def test_what_once_failed_passes(nodes: int, seed: int, slots: int, why: str) -> None:
    outcome = run_seed(seed, nodes, slots)
    assert outcome.verdict == "pass", f"{why}\n{outcome.oracle}: {outcome.cause}\n{outcome.detail}"

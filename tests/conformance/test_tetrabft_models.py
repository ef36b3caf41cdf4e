"""TLC on the TetraBFT modules: what holds within which bounds, and the changed modules that it catches.

The bounds are in the cfg files; larger ones, and their times, are in specs/tetrabft/properties.md. State counts are
part of the test: a module that lost a behaviour would hold more easily.
"""

from pathlib import Path

import pytest

from specs.checking import tlc
from specs.checking.conformance import INVARIANTS
from specs.checking.instance import MODULE

FOLDER = MODULE.parent


@pytest.mark.parametrize(
    ("module", "config", "states", "idle"),
    [
        ("tetrabft_model", "tetrabft.cfg", 2011, {"EnterView"}),
        ("rounds", "rounds_acceptance.cfg", 1829, set()),
        ("rounds", "rounds.cfg", 56990, None),
    ],
)
def test_model_holds(module: str, config: str, states: int, idle: set[str] | None) -> None:
    """Every action is taken, but for those that need a second view. (Counting them would slow the largest model.)"""
    result = tlc.run(FOLDER / f"{module}.tla", FOLDER / config, coverage=idle is not None)
    assert result.ok, result.message
    assert result.states_distinct == states
    if idle is not None:
        assert {action for action, (_, generated) in result.coverage.items() if generated == 0} == idle


def test_random_walks_hold() -> None:
    """Four views, three values; counting replicas one by one is the rules of the paper word by word."""
    result = tlc.run(FOLDER / "tetrabft_model.tla", FOLDER / "tetrabft_walks.cfg", simulate=12, depth=80)
    assert result.ok, result.message
    assert result.states_generated > 400


def test_every_invariant_of_a_trace_is_model_checked() -> None:
    checked = (FOLDER / "tetrabft.cfg").read_text() + (FOLDER / "tetrabft_walks.cfg").read_text()
    assert all(f"INVARIANT {name}\n" in checked for name in INVARIANTS.values())


# name: (text in the module, what stands there instead, invariant that catches it)
TETRABFT_MUTANTS = {
    "vote 3 on a blocking set": (
        "/\\ Accepted(val, v, 2)\n",
        "/\\ IsBlocking(Byzantine \\cup {q \\in Honest : votes[q][2][v] = val})\n",
        "VoteHasQuorumBefore",
    ),
    "decide on a blocking set": (
        "    /\\ Accepted(val, v, 4)\n    /\\ decided' =",
        "    /\\ IsBlocking(Byzantine \\cup {q \\in Honest : votes[q][4][v] = val})\n    /\\ decided' =",
        "DecisionHasQuorum",
    ),
    "vote twice": ("    /\\ votes[p][k][v] = NoValue\n    /\\ votes' =", "    /\\ votes' =", None),
    "vote for what was not proposed": (
        "    /\\ leader[v] \\in Honest => proposal[v] = val\n",
        "",
        "VoteFollowsProposal",
    ),
    "quorum one short": (
        "QuorumSize == Cardinality(Replica) - FaultsMax",
        "QuorumSize == Cardinality(Replica) - FaultsMax - 1",
        "OneValueChosen",
    ),
    "learn from anybody": (
        "IsBlocking(Byzantine \\cup {q \\in Honest : decided[q] = val})",
        "IsBlocking(Byzantine \\cup Honest)",
        "DecisionHasQuorum",
    ),
}
ROUNDS_MUTANTS = {
    "quorum one short": (
        "QuorumSize == Cardinality(Honest) + Cardinality(Byzantine) - FaultsMax",
        "QuorumSize == Cardinality(Honest) + Cardinality(Byzantine) - FaultsMax - 1",
        "Agreement",
    ),
    "rule 3 skipped": ("Vote({val \\in Value : SafeToVote(val)})", "Vote(Value)", "Agreement"),
    "condition (i) dropped": (
        "\\/ Highest(p, k).view < r\n    \\/ Highest(p, k).view = r /\\ Highest(p, k).value = val",
        "\\/ Highest(p, k).view # r\n    \\/ Highest(p, k).value = val",
        "Agreement",
    ),
    "condition (ii) dropped": (
        "\\/ Highest(p, k).view = r /\\ Highest(p, k).value = val",
        "\\/ Highest(p, k).view = r",
        "Agreement",
    ),
    "lock forgotten": ("NewHighest(old.hi4, pending[p][4])", "NewHighest(NoVote, pending[p][4])", "Agreement"),
    "no blocking set asked": ("/\\ \\/ BlockingClaims(val, r, b, liars)", "/\\ \\/ TRUE", "Agreement"),
}


def mutated(folder: Path, name: str, old: str, new: str) -> Path:
    """A copy of the module with one change."""
    source = (FOLDER / f"{name}.tla").read_text()
    assert source.count(old) == 1, f"{name}.tla has the text {source.count(old)} times: {old}"
    path = folder / f"{name}.tla"
    path.write_text(source.replace(old, new))
    return path


@pytest.mark.parametrize("name", TETRABFT_MUTANTS)
def test_mutant_of_the_module_is_caught(name: str, tmp_path: Path) -> None:
    old, new, invariant = TETRABFT_MUTANTS[name]
    mutated(tmp_path, "tetrabft", old, new)
    model = tmp_path / "tetrabft_model.tla"
    model.write_text((FOLDER / "tetrabft_model.tla").read_text())
    result = tlc.run(model, FOLDER / "tetrabft.cfg")
    assert result.outcome == ("property" if invariant is None else "invariant")
    assert result.violated == invariant


@pytest.mark.parametrize("name", ROUNDS_MUTANTS)
def test_mutant_of_the_rounds_is_caught(name: str, tmp_path: Path) -> None:
    old, new, invariant = ROUNDS_MUTANTS[name]
    result = tlc.run(mutated(tmp_path, "rounds", old, new), FOLDER / "rounds.cfg")
    assert (result.outcome, result.violated) == ("invariant", invariant)

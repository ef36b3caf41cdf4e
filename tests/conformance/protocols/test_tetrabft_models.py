"""TLC on the TetraBFT modules: which properties hold within which bounds. Planted mistakes: tests/spec_mutants.

The bounds are in the cfg files; `amu verify tetrabft` runs these and more. State counts are part of the test: a module
that lost a behaviour would hold more easily.
"""

import pytest

from specs.checking.consensus.conformance import INVARIANTS
from specs.checking.consensus.instance import MODULE
from specs.tlc import runner as tlc

FOLDER = MODULE.parent


@pytest.mark.parametrize(
    ("module", "config", "states", "idle"),
    [
        ("tetrabft_model", "tetrabft.cfg", 2011, {"EnterView"}),
        ("rounds", "rounds_acceptance.cfg", 1829, set()),
        pytest.param("rounds", "rounds.cfg", 56990, None, marks=pytest.mark.long),  # both: make verify, too
        pytest.param("tetrabft_messages_model", "tetrabft_messages.cfg", 9554, None, marks=pytest.mark.long),
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

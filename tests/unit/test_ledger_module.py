"""ledger.tla within bounds: TLC visits every state, takes every action, and finds every weakened guard."""

import re
from pathlib import Path

import pytest

from specs.checking import tlc

SPECS = Path(__file__).resolve().parents[2] / "specs" / "ledger"
ACTIONS = 11  # disjuncts of Next with Tick and Noop, and Init


def test_every_state_within_bounds_is_right() -> None:
    result = tlc.run(SPECS / "ledger_model.tla", SPECS / "ledger.cfg", timeout_seconds=300)
    assert result.ok, result.message
    assert result.states_distinct == 4094  # properties.md says so; another number is another model


def test_every_action_is_taken_where_the_table_is_full() -> None:
    result = tlc.run(SPECS / "ledger_model.tla", SPECS / "full_table.cfg", coverage=True, timeout_seconds=300)
    assert result.ok, result.message
    assert result.states_distinct == 2079
    taken = re.findall(r"^<\w+ line .* of module ledger[^>]*>: \d+:(\d+)$", result.output, re.MULTILINE)
    assert len(taken) == ACTIONS
    assert all(int(count) > 0 for count in taken)


def test_the_effector_has_to_check() -> None:
    with_check = (SPECS / "fencing.cfg").read_text()
    assert tlc.run(SPECS / "fencing.tla", with_check).ok
    without = with_check.replace("Checked = TRUE", "Checked = FALSE")
    assert without != with_check
    assert "NoOlderGrantActs is violated" in tlc.run(SPECS / "fencing.tla", without).output


# What is taken out of ledger.tla, and the property that then does not hold.
WEAKENED = {
    "an expired lease will do": (
        "Holds(r, token) == IsLive(r) /\\ ",
        "Holds(r, token) == ",
        "OneHolder|ExpiredLeaseMovesNothing",
    ),
    "any token will do": (" /\\ leases[r].token = token\n", "\n", "StaleTokenMovesNothing"),
    "a held resource is granted": ("  /\\ ~IsLive(r)\n", "", "NoTakingAway"),
    "the counter stands still": ("nextToken' = nextToken + 1", "nextToken' = nextToken", "TokensUnique"),
    "the cursor moves back": ("  /\\ IsMonotone(s, key)\n", "", "CursorMonotone"),
    "the cursor leaves the shard": ("  /\\ InBounds(s, key)\n", "", "CursorInBounds"),
    "shards overlap": ("  /\\ \\A t \\in Open : ~Overlaps(t, start, end)\n", "", "ShardsDisjoint"),
    "split behind the cursor": ("  /\\ shards[s].lastKey < at\n", "", "CursorInBounds"),
    "empty shards": ("  /\\ start < end\n", "", "HalfOpen"),
    "the lease outlives its shard": (
        '"complete"]\n  /\\ leases\' = [leases EXCEPT ![ResourceOf(s)] = NoLease]',
        '"complete"]\n  /\\ leases\' = leases',
        "LeaseOnOpenShard",
    ),
    "leases without bound": ("  /\\ HasRoomForLease\n", "", "TablesBounded"),
}


@pytest.mark.parametrize("name", WEAKENED)
def test_a_weakened_guard_is_found(name: str, tmp_path: Path) -> None:
    before, after, expected = WEAKENED[name]
    for module in SPECS.glob("*.tla"):
        text = module.read_text()
        if module.name == "ledger.tla":
            assert before in text, f"{name}: the module no longer says {before!r}"
            text = text.replace(before, after)
        (tmp_path / module.name).write_text(text)
    result = tlc.run(tmp_path / "ledger_model.tla", SPECS / "ledger.cfg", timeout_seconds=300)
    assert not result.ok
    assert re.search(rf"({expected}) is violated", result.output), result.message

"""What a board says after a reboot, register by register; and who may apply what it never decided."""

from pathlib import Path
from typing import Any

import pytest

from specs.checking.check import check_trace
from specs.verdict import VIOLATED, Verdict
from tests.support.records.traces import REGISTERS, Script

# All six differ from none: two values in phases 1 and 2, one in phases 3 and 4.
RIGHT: dict[str, Any] = {"hi1": (1, "b"), "second1": (0, "a"), "hi2": (1, "b"), "second2": (0, "a")}
RIGHT |= {"hi3": (1, "b"), "hi4": (1, "b")}


def restored(tmp_path: Path, view: int = 1, **registers: Any) -> Verdict:
    """Board 3 voted for a in view 0 up to phase 2 and for b in view 1; then it came back with these registers."""
    script = Script()
    script.propose(1, 0, "a", 0)
    script.rounds(1, "a", phases=2)
    script.enter(1, 1)
    script.propose(1, 1, "b", 1)
    script.rounds(1, "b", view=1)
    script.reboot(3)
    script.restore(3, 1, view, **registers)
    return check_trace(script.end().write(tmp_path / "trace.ndjson"))


def test_the_right_registers_are_accepted(tmp_path: Path) -> None:
    verdict = restored(tmp_path, **RIGHT)
    assert verdict.violations == []
    assert verdict.invariants["CON-2"] == "holds"


@pytest.mark.parametrize("wrong", [None, (1, "a"), (0, "b")], ids=str)
@pytest.mark.parametrize("name", REGISTERS)
def test_each_register_is_compared(name: str, wrong: Any, tmp_path: Path) -> None:
    verdict = restored(tmp_path, **RIGHT | {name: wrong})
    assert verdict.invariants["CON-2"] == VIOLATED


def test_a_view_that_was_left_is_refused(tmp_path: Path) -> None:
    assert restored(tmp_path, 0, **RIGHT).invariants["CON-2"] == VIOLATED


@pytest.mark.parametrize("others_decide", [False, True])
def test_a_board_that_never_rebooted_applies_nothing_that_it_has_not_decided(
    others_decide: bool, tmp_path: Path
) -> None:
    """A quorum voted, so it might have decided: but then it would have said so."""
    script = Script()
    script.propose(1, 0, "a", 0)
    script.rounds(1, "a")
    if others_decide:
        script.decide(1, 0, "a", 0, 1, 3)
    script.apply(1, "a", 2)
    assert check_trace(script.end().write(tmp_path / "trace.ndjson")).invariants["CON-3"] == VIOLATED

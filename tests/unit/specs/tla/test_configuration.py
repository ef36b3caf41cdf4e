"""Configurations of TLC, read and written."""

from __future__ import annotations

from pathlib import Path

import pytest

from specs.tla.language.language import FALSE, TRUE, ModelValue
from specs.tla.syntax.configuration import ConfigurationError, parse, read

WHOLE = r"""
\* a comment
SPECIFICATION Spec
CONSTANTS
  N = 3   Least = -1, Name = "a \"b\""
  Set = {p1, {1, TRUE}, "x"}  \* nested
  Flag = FALSE
  Op <- MCOp
  Nat <- [Ballots] MCNat
  NoHash = [Nano]NoHashVal
(* a comment (* in a comment *) INVARIANT Not *)
CONSTANT None = None
INVARIANT TypeOK
INVARIANTS
  One Two
PROPERTY Safe
PROPERTIES Live, Lively
CONSTRAINT Few
ACTION_CONSTRAINTS Slow
SYMMETRY Perms VIEW Seen
CHECK_DEADLOCK FALSE
ALIAS Shown
"""


def test_every_statement_is_read() -> None:
    found = parse(WHOLE)
    p1 = ModelValue("p1")
    assert found.constants == {
        "N": 3,
        "Least": -1,
        "Name": 'a "b"',
        "Set": frozenset({p1, frozenset({1, TRUE}), "x"}),
        "Flag": FALSE,
        "None": ModelValue("None"),
    }
    assert found.replacements == {"Op": "MCOp"}
    assert found.module_replacements == {("Ballots", "Nat"): "MCNat"}
    assert found.module_constants == {("Nano", "NoHash"): ModelValue("NoHashVal")}
    assert (found.specification, found.init, found.next) == ("Spec", None, None)
    assert (found.invariants, found.properties) == (["TypeOK", "One", "Two"], ["Safe", "Live", "Lively"])
    assert (found.constraints, found.action_constraints) == (["Few"], ["Slow"])
    assert (found.symmetry, found.view, found.check_deadlock, found.ignored) == ("Perms", "Seen", False, ["Shown"])
    assert found.model_values().keys() == {"p1", "None", "NoHashVal"}


def test_what_is_written_is_read_back() -> None:
    found = parse(WHOLE)
    again = parse(found.as_text())
    found.check_deadlock, found.ignored = None, []  # TLC 2.15 does not know them
    assert again == found


def test_behaviour_is_named_by_init_and_next() -> None:
    found = parse("INIT Start NEXT Step")
    assert (found.init, found.next) == ("Start", "Step")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("42", "configuration:1: 42 is not a statement"),
        ("CONSTANT N = 1\nN = 2", "configuration:2: N is given twice"),
        ("CONSTANT N < 2", "N: want = or <-"),
        ("CONSTANT N 2", "N: want = or <-"),
        ("CONSTANT N = }", "} is not a value"),
        ("CONSTANT N = {1 2}", "want , or } in a set"),
        ("CONSTANT N <- [M Op", "want ]"),
        ("CONSTANT N =", "want a value, have the end"),
        ("CHECK_DEADLOCK maybe", "want TRUE or FALSE"),
        ("SPECIFICATION A SPECIFICATION B", "a second SPECIFICATION"),
        ("SPECIFICATION A INIT B NEXT C", "both SPECIFICATION and INIT"),
        ("INIT A", "INIT and NEXT go together"),
        ("(* open", "a comment that does not end"),
        ("SYMMETRY INVARIANT", "want a name"),
    ],
)
def test_errors_are_named_with_their_lines(text: str, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        parse(text)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot read configuration"):
        read(tmp_path / "none.cfg")

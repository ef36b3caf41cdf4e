"""Statements about sizes of sets: true ones are proved, false ones refuted, however the sets are quantified."""

from pathlib import Path

import pytest

from specs.proof import script, solvers
from specs.proof.translation import counting, modules
from specs.tla.syntax.tree import Unsupported

MODULE = """---- MODULE sizes_proofs ----
EXTENDS Integers, FiniteSets
CONSTANTS Node, Other
LEMMA Claim == {claim}
  BY DEF Cardinality
====
"""
MANY = ", ".join([f"S{at}" for at in range(counting.SETS_MAX)])


def verdict(claim: str, tmp_path: Path) -> str:
    path = tmp_path / "sizes_proofs.tla"
    path.write_text(MODULE.replace("{claim}", claim), encoding="utf-8")
    facts, goal = counting.Counting(modules.read(path)).obligation(script.read(path)[0].sequent)
    return solvers.ask("z3", solvers.text(facts, goal, {})).verdict


@pytest.mark.parametrize(
    ("claim", "wanted"),
    [
        ("\\A Q, R \\in SUBSET Node : Cardinality(Q \\cup R) <= Cardinality(Q) + Cardinality(R)", solvers.PROVED),
        ("\\A Q, R \\in SUBSET Node : Cardinality(Q) <= Cardinality(R)", solvers.REFUTED),
        ("\\A Q \\in SUBSET Node : \\A R \\in SUBSET Q : Cardinality(R) <= Cardinality(Q)", solvers.PROVED),
        ("\\A Q \\in SUBSET Node : \\A R \\in SUBSET Q : Cardinality(Q) <= Cardinality(R)", solvers.REFUTED),
        ("\\A Q \\in SUBSET Node : \\A R \\in SUBSET Other : Q \\subseteq R \\cup Other", solvers.REFUTED),
        ("\\A Q \\in SUBSET Node : \\A R \\in SUBSET Other : Q \\cap R \\subseteq Node \\cap Other", solvers.PROVED),
        ("\\A p \\in Node : Cardinality({p} \\cap Node) = 1", solvers.PROVED),
        ("\\A p, q \\in Node : Cardinality({p, q}) = 2", solvers.REFUTED),
        (
            "\\A Q \\in SUBSET Node, p \\in Node : p \\notin Q => Cardinality(Q \\cup {p}) = Cardinality(Q) + 1",
            solvers.PROVED,
        ),
        ("\\A Q \\in SUBSET Node, p \\in Other : p \\in Q => Cardinality(Q) <= 1", solvers.REFUTED),
        ("\\A Q \\in SUBSET Node, p \\in Node : Cardinality(Q) >= 2 => \\E q \\in Q : q # p", solvers.PROVED),
        ("\\A Q \\in SUBSET Node, p \\in Node : Cardinality(Q) >= 1 => \\E q \\in Q : q # p", solvers.REFUTED),
    ],
)
def test_sizes_are_compared_as_they_are(claim: str, wanted: str, tmp_path: Path) -> None:
    assert verdict(claim, tmp_path) == wanted


def test_too_many_sets_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(Unsupported, match="more than 10 sets"):
        verdict(f"\\A {MANY} \\in SUBSET Node : Cardinality(Node) <= 0", tmp_path)


def test_an_element_that_is_not_quantified_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(Unsupported, match="an element, for Cardinality, that the statement does not quantify"):
        verdict("\\A Q \\in SUBSET Node : Other \\in Q", tmp_path)

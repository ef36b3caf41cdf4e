"""What is chosen from a set, and its size, are those of this set; remainders are those of division."""

from pathlib import Path

import pytest

from specs.proof import solvers
from specs.proof.obligations import Prover
from specs.proof.translation import terms
from specs.proof.translation.choices import REMAINDER
from tests.support.formulas import Space

MODULE = """---- MODULE kinds_proofs ----
EXTENDS Integers, FiniteSets
CONSTANTS Node, Other, First, Last
VARIABLES node, other
ASSUME Kinds == First \\in Node /\\ Last \\in Other
TypeOK == node \\in Node /\\ other \\in Other
Init == node = First /\\ other = Last
Next == UNCHANGED <<node, other>>
Spec == Init /\\ [][Next]_<<node, other>>
LEMMA Claim == {claim}
THEOREM Typed == Spec => []TypeOK
<1> QED
====
"""


@pytest.mark.parametrize(
    ("claim", "proved"),
    [
        ("Cardinality(Node) = Cardinality({n \\in Node : TRUE})", True),
        ("Cardinality(Node) = Cardinality(Other)", False),
        ("(CHOOSE n \\in Node : TRUE) = (CHOOSE m \\in Node : TRUE)", True),
        ("(CHOOSE n \\in Node : TRUE) = First \\/ (CHOOSE n \\in Other : TRUE) = Last", False),
        ("Cardinality({n \\in Node : n = First}) < 2", True),
        ("Cardinality({First, First}) > 1", False),
        ("\\A k \\in Nat : k > 1 => Cardinality({n \\in Node : n = First}) < k", True),
        ("\\A k \\in Nat : k > 1 => Cardinality({n \\in Node : n # First}) < k", False),
        ("Cardinality({n \\in Node : TRUE}) >= 2 => \\E n \\in Node : n # First", True),
        ("Cardinality({n \\in Node : TRUE}) >= 2", False),
    ],
)
def test_each_set_has_its_own(claim: str, proved: bool, tmp_path: Path) -> None:
    assert (said(claim, tmp_path) == solvers.PROVED) is proved


def said(claim: str, tmp_path: Path) -> str:
    path = tmp_path / "kinds_proofs.tla"
    path.write_text(MODULE.replace("{claim}", f"{claim} BY Kinds"), encoding="utf-8")
    prover = Prover(path)
    item = next(one for one in prover.obligations() if one.theorem == "Claim")
    question = solvers.text(item.facts, item.goal, prover.translator.choices.axioms)
    return solvers.ask("z3", question, solvers.PART).verdict


GREATEST = "CHOOSE n \\in S : \\A m \\in S : m <= n"


@pytest.mark.parametrize(("elements", "proved"), [("n <= 9 /\\ n # 9", True), ("n # 9", False)])
def test_a_set_that_is_bounded_above_has_a_greatest_number(elements: str, proved: bool, tmp_path: Path) -> None:
    claim = f"LET S == {{n \\in Int : {elements}}} IN \\A m \\in S : m <= ({GREATEST})"
    assert (said(claim, tmp_path) == solvers.PROVED) is proved


@pytest.mark.parametrize(
    ("claim", "proved"),
    [
        ("\\A a, n \\in Nat : n > 0 => a % n \\in 0..(n - 1)", True),
        ("\\A a, n \\in Int : n > 0 /\\ a \\in 0..(n - 1) => a % n = a", True),
        ("\\A a, b, n \\in Int : n > 0 /\\ a % n = b % n /\\ a - b < n /\\ b - a < n => a = b", True),
        ("\\A a, b, n \\in Int : n > 0 /\\ a % n = b % n /\\ a - b <= n /\\ b - a <= n => a = b", False),
        ("\\A a, n \\in Int : n > 0 /\\ a \\in 0..n => a % n = a", False),
        ("\\A a, n \\in Int : a % n < n", False),
        ("\\A a, n \\in Int : n > 0 /\\ a % n = 0 => (a - n) % n = 0", True),
        ("\\A a, n \\in Int : n > 0 /\\ a % n = 0 => (a - 1) % n = 0", False),
    ],
)
def test_remainders_are_those_of_euclid(claim: str, proved: bool, tmp_path: Path) -> None:
    assert (said(claim, tmp_path) == solvers.PROVED) is proved


def test_what_is_known_of_remainders_is_true_of_numbers(tmp_path: Path) -> None:
    """The axiom, read as a formula, where % is Python's: for a positive divisor that is TLA+'s."""
    path = tmp_path / "kinds_proofs.tla"
    path.write_text(MODULE.replace("{claim}", "5 % 3 = 2 OBVIOUS"), encoding="utf-8")
    prover = Prover(path)
    prover.obligations()
    space = Space({terms.INT: list(range(-7, 8))}, prover.translator.choices, {})
    axiom = space.compiled(prover.translator.choices.axioms[REMAINDER], ())
    space.enter({}, 0)
    assert axiom()
    space.change({REMAINDER: {(7, 3): 2}})
    assert not axiom()

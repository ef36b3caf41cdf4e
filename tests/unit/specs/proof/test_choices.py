"""What is chosen from a set, and its size, are those of this set: two sets without a condition are not one."""

from pathlib import Path

import pytest

from specs.proof import solvers
from specs.proof.obligations import Prover

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
        ("Cardinality({n \\in Node : TRUE}) >= 2 => \\E n \\in Node : n # First", True),
        ("Cardinality({n \\in Node : TRUE}) >= 2", False),
    ],
)
def test_each_set_has_its_own(claim: str, proved: bool, tmp_path: Path) -> None:
    path = tmp_path / "kinds_proofs.tla"
    path.write_text(MODULE.replace("{claim}", f"{claim} BY Kinds"), encoding="utf-8")
    prover = Prover(path)
    item = next(one for one in prover.obligations() if one.theorem == "Claim")
    question = solvers.text(item.facts, item.goal, prover.translator.choices.axioms)
    assert (solvers.ask("z3", question).verdict == solvers.PROVED) is proved


GREATEST = "CHOOSE n \\in S : \\A m \\in S : m <= n"


@pytest.mark.parametrize(("elements", "proved"), [("n <= 9 /\\ n # 9", True), ("n # 9", False)])
def test_a_set_that_is_bounded_above_has_a_greatest_number(elements: str, proved: bool, tmp_path: Path) -> None:
    path = tmp_path / "kinds_proofs.tla"
    claim = f"LET S == {{n \\in Int : {elements}}} IN \\A m \\in S : m <= ({GREATEST})"
    path.write_text(MODULE.replace("{claim}", f"{claim} BY Kinds"), encoding="utf-8")
    prover = Prover(path)
    item = next(one for one in prover.obligations() if one.theorem == "Claim")
    question = solvers.text(item.facts, item.goal, prover.translator.choices.axioms)
    assert (solvers.ask("z3", question).verdict == solvers.PROVED) is proved

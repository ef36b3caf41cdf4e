"""A hidden predicate of sets, such as IsQuorum, ranges over the parts of one constant set: here, of numbers."""

from pathlib import Path

import pytest

from specs.proof import solvers
from specs.proof.obligations import Prover
from specs.tla.syntax.tree import Unsupported

MODULE = """---- MODULE boards_proofs ----
EXTENDS Integers, FiniteSets
CONSTANTS Board, Liar, FaultsMax
VARIABLES heard
ASSUME Numbers ==
    /\\ Board \\subseteq Nat
    /\\ Liar \\subseteq Board
    /\\ FaultsMax \\in Nat
ASSUME Cardinality(Board) > FaultsMax
TypeOK == heard \\in SUBSET Nat
IsBlocking(S) == Cardinality(S) > FaultsMax
HIDE DEF IsBlocking
Init == heard = {}
Next == UNCHANGED heard
Spec == Init /\\ [][Next]_heard
LEMMA Claim == {claim} OBVIOUS
THEOREM Typed == Spec => []TypeOK
<1> QED
====
"""


def claimed(claim: str, folder: Path) -> str:
    path = folder / "boards_proofs.tla"
    path.write_text(MODULE.replace("{claim}", claim), encoding="utf-8")
    prover = Prover(path)
    items = {one.theorem: one for one in prover.obligations()}
    assert "(hidden sets)" in items
    item = items["Claim"]
    return solvers.ask(
        "z3", solvers.text(item.facts, item.goal, prover.translator.choices.axioms), solvers.PART
    ).verdict


@pytest.mark.parametrize(
    ("claim", "proved"),
    [
        ("\\A B \\in SUBSET Board : IsBlocking(B) => \\A b \\in B : b \\in Board", True),
        ("\\A B \\in SUBSET Board : IsBlocking(B) => IsBlocking(Board)", True),
        ("\\A B \\in SUBSET Liar : IsBlocking(B) => \\A b \\in B : b \\in Liar", True),
        ("IsBlocking({b \\in Board : b > 3}) => IsBlocking({b \\in Board : b > 4})", False),
        ("IsBlocking({b \\in Board : b > 4}) => IsBlocking({b \\in Board : b > 3})", True),
        ("IsBlocking(Liar \\cup {b \\in Board \\ Liar : b > 4}) => IsBlocking(Board)", True),
        ("\\A B \\in SUBSET Board : IsBlocking(B) => \\A b \\in B : b \\in Liar", False),
        ("\\E B \\in SUBSET Liar : IsBlocking(B) /\\ B = B", False),
        ("\\E B \\in SUBSET Board : IsBlocking(B) /\\ B = B", True),
    ],
)
def test_its_members_are_the_parts_that_are_quantified(claim: str, proved: bool, tmp_path: Path) -> None:
    assert (claimed(claim, tmp_path) == solvers.PROVED) is proved


@pytest.mark.parametrize(
    ("claim", "complaint"),
    [
        ("IsBlocking({1, 2})", "nothing shows that it is a part of a constant set"),
        ("IsBlocking({n \\in Nat : n < 3})", "nothing shows that it is a part of a constant set"),
        ("IsBlocking(Board \\cup {n \\in Nat : n < 3})", "nothing shows that it is a part of a constant set"),
        ("IsBlocking({<<b, b>> : b \\in Board})", "sets of other elements"),
    ],
)
def test_a_set_that_may_have_other_elements_is_refused(claim: str, complaint: str, tmp_path: Path) -> None:
    with pytest.raises(Unsupported, match=complaint):
        claimed(claim, tmp_path)

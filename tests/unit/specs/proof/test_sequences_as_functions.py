"""A sequence is a function on 1..n: it is an element of a set of such functions if its length is n."""

from pathlib import Path

import pytest

from specs.proof import solvers
from specs.proof.obligations import Prover

MODULE = """---- MODULE lists_proofs ----
EXTENDS Integers, Sequences
CONSTANTS Node, Length, First, Other
VARIABLE list
ASSUME Kinds == Length \\in Nat \\ {0} /\\ First \\in Node /\\ Other \\notin Node
TypeOK == list \\in [1..Length -> Node]
Init == list = [i \\in 1..Length |-> First]
Next == list' = Append(Tail(list), First)
Spec == Init /\\ [][Next]_list
LEMMA Claim == {claim} OBVIOUS
THEOREM Typed == Spec => []TypeOK
<1> QED
====
"""


def proved(folder: Path, theorem: str, before: str = "", after: str = "", claim: str = "TRUE") -> bool:
    path = folder / "lists_proofs.tla"
    path.write_text(MODULE.replace("{claim}", claim).replace(before or after, after), encoding="utf-8")
    prover = Prover(path)
    items = [item for item in prover.obligations() if item.theorem == theorem and not item.is_plain]
    asked = [solvers.text(item.facts, item.goal, prover.translator.choices.axioms) for item in items]
    return all(solvers.ask("z3", question, solvers.PART).verdict == solvers.PROVED for question in asked)


@pytest.mark.parametrize(
    ("claim", "true"),
    [
        ("<<First, First>> \\in [1..2 -> Node]", True),
        ("<<First>> \\in [1..2 -> Node]", False),
        ("<<First, Other>> \\in [1..2 -> Node]", False),
        ("<<>> \\in [1..0 -> Node]", True),
        ("<<>> \\in [1..1 -> Node]", False),
        ("Append(<<First>>, First) \\in [1..2 -> Node]", True),
    ],
)
def test_a_sequence_has_the_length_and_the_elements(claim: str, true: bool, tmp_path: Path) -> None:
    assert proved(tmp_path, "Claim", claim=claim) is true


def test_a_list_keeps_its_length(tmp_path: Path) -> None:
    assert proved(tmp_path, "Typed")
    assert not proved(tmp_path, "Typed", "Append(Tail(list), First)", "Append(list, First)")
    assert not proved(tmp_path, "Typed", "Append(Tail(list), First)", "Append(Tail(list), Other)")

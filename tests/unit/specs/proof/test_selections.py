"""SelectSeq keeps the items that pass the test, all of them, in their order, and no others."""

from pathlib import Path

import pytest

from specs.proof import solvers
from specs.proof.models import small
from specs.proof.obligations import Prover

MODULE = """---- MODULE queues_proofs ----
EXTENDS Integers, Sequences
CONSTANTS Node, First
VARIABLES queue
ASSUME Kinds == First \\in Node
TypeOK == queue \\in [Node -> Seq(Int)]
Init == queue = [n \\in Node |-> <<>>]
IsPositive(x) == x > 0
Kept(n, low) == SelectSeq(queue[n], LAMBDA x : x >= low)
Positive(n) == SelectSeq(queue[n], IsPositive)
Sorted(s) == \\A k, l \\in 1 .. Len(s) : k < l => s[k] < s[l]
Put(n, x) == queue' = [queue EXCEPT ![n] = Append(Positive(n), x)]
Next == \\E n \\in Node, x \\in Nat : Put(n, x)
Spec == Init /\\ [][Next]_queue
LEMMA Claim == \\A n \\in Node : {claim}
  BY TypeOK
THEOREM Typed == Spec => []TypeOK
<1> QED
====
"""


def prover(claim: str, tmp_path: Path) -> Prover:
    path = tmp_path / "queues_proofs.tla"
    path.write_text(MODULE.replace("{claim}\n  BY TypeOK", f"TypeOK => ({claim})\n  OBVIOUS"), encoding="utf-8")
    return Prover(path)


@pytest.mark.parametrize(
    ("claim", "proved"),
    [
        ("\\A k \\in 1 .. Len(Kept(n, 3)) : Kept(n, 3)[k] >= 3", True),
        (
            "\\A k \\in 1 .. Len(queue[n]) : queue[n][k] = 3 => \\E l \\in 1 .. Len(Kept(n, 3)) : Kept(n, 3)[l] = 3",
            True,
        ),
        ("\\A k \\in 1 .. Len(Kept(n, 3)) : \\E l \\in 1 .. Len(queue[n]) : Kept(n, 3)[k] = queue[n][l]", True),
        ("Sorted(queue[n]) => Sorted(Kept(n, 3))", True),
        ("Len(SelectSeq(<<>>, IsPositive)) = 0", True),
        ("Len(SelectSeq(<<1, 0>>, IsPositive)) >= 1", True),
        ("Len(SelectSeq(<<1, 0>>, IsPositive)) >= 2", False),
        ("\\A k \\in 1 .. Len(Kept(n, 3)) : Kept(n, 3)[k] > 3", False),
        ("\\A k \\in 1 .. Len(Kept(n, 3)) : Kept(n, 3)[k] = queue[n][k]", False),
        ("Sorted(Kept(n, 3)) => Sorted(queue[n])", False),
        ("Len(queue[n]) = Len(Kept(n, 3))", False),
        ("\\A low \\in Int : Kept(n, low) = Kept(n, 0)", False),
    ],
)
def test_what_is_known_of_a_selection(claim: str, proved: bool, tmp_path: Path) -> None:
    found = prover(claim, tmp_path)
    item = next(one for one in found.obligations() if one.theorem == "Claim")
    question = solvers.text(item.facts, item.goal, found.translator.choices.axioms)
    assert [solvers.ask(solver, question, solvers.PART).verdict == solvers.PROVED for solver in solvers.SOLVERS] == [
        proved
    ] * 2


def test_a_type_outlives_a_selection_and_a_step_has_a_model(tmp_path: Path) -> None:
    found = prover("TRUE", tmp_path)
    axioms = found.translator.choices.axioms
    items = {(item.theorem, item.name): item for item in found.obligations()}
    kept = items["Typed", "Put: TypeOK"]
    assert solvers.ask("z3", solvers.text(kept.facts, kept.goal, axioms)).verdict == solvers.PROVED
    assert small.find(items["(actions)", "Put"].facts, axioms)

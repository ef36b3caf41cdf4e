"""A value that is a record or one certain other record: which it is, its fields, and what is not known of them."""

from pathlib import Path

import pytest

from specs.proof import solvers
from specs.proof.obligations import Prover

MODULE = """---- MODULE parts_proofs ----
EXTENDS Integers, Sequences
CONSTANTS Node, Here, There
VARIABLES part
ASSUME Kinds == Here \\in Node /\\ There \\in Node
None == [number |-> 0]
Part == [number : Nat, counts : [Node -> Nat], kept : Seq(Nat)]
Types == part \\in [Node -> Part \\cup {None}]
New == [number |-> 1, counts |-> [n \\in Node |-> 2], kept |-> <<>>]
Init == part = [n \\in Node |-> None]
Take(n) == part[n] = None /\\ part' = [part EXCEPT ![n] = New]
Count(n) == part[n] # None /\\ part' = [part EXCEPT ![n].counts[n] = @ + 1, ![n].kept = Append(@, 3)]
Drop(n) == part' = [part EXCEPT ![n] = None]
Next == \\E n \\in Node : Take(n) \\/ Count(n) \\/ Drop(n)
Spec == Init /\\ [][Next]_part
THEOREM Typed == Spec => []Types
<1> QED
Counted == \\A n \\in Node : part[n] # None => part[n].counts[n] = Len(part[n].kept) + 2
THEOREM Keeps == Spec => []Counted
<1> QED BY Typed, Types
LEMMA Claim == {claim} BY Typed
====
"""


def asked(claim: str, tmp_path: Path) -> dict[str, str]:
    path = tmp_path / "parts_proofs.tla"
    path.write_text(MODULE.replace("{claim}", claim), encoding="utf-8")
    prover = Prover(path)
    return {
        f"{item.theorem}: {item.name}": solvers.text(item.facts, item.goal, prover.translator.choices.axioms)
        for item in prover.obligations()
        if not item.is_plain
    }


@pytest.mark.parametrize("solver", solvers.SOLVERS)
def test_invariants_of_such_values_are_proved(solver: str, tmp_path: Path) -> None:
    questions = asked("TRUE", tmp_path)
    assert {solvers.ask(solver, question).verdict for question in questions.values()} == {solvers.PROVED}
    assert len(questions) > 5


@pytest.mark.parametrize(
    ("claim", "verdict"),
    [
        ("part[Here] # None /\\ part[There] = None => part[Here] # part[There]", solvers.PROVED),
        ("part[Here] = None => part[Here].number = 0", solvers.PROVED),
        ("part[Here] = New => part[Here].number = 1 /\\ part[Here].counts[There] = 2", solvers.PROVED),
        ("part[Here] = None => [part[Here] EXCEPT !.kept = <<7>>] = None", solvers.PROVED),
        ("part[Here] # None => [part[Here] EXCEPT !.kept = <<7>>].kept = <<7>>", solvers.PROVED),
        ("(IF part[Here] = None THEN New ELSE part[Here]) # None", solvers.PROVED),
        ("part[Here] # None => part[Here].number > 0", solvers.REFUTED),
        ("part[Here] = None => part[Here].counts[There] = 2", solvers.REFUTED),
        ("[part[Here] EXCEPT !.kept = <<7>>].kept = <<7>>", solvers.REFUTED),
        ("(IF TRUE \\/ part[Here] = None THEN None ELSE New) = New", solvers.REFUTED),
    ],
)
def test_what_is_known_of_such_values(claim: str, verdict: str, tmp_path: Path) -> None:
    question = asked(claim, tmp_path).get("Claim: Claim")
    assert (solvers.PROVED if question is None else solvers.ask("z3", question).verdict) == verdict

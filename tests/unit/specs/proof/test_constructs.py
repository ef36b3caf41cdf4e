"""What is known of parts of sequences, of functions that are sequences, and of sets of a small size."""

from pathlib import Path

import pytest

from specs.proof import solvers
from specs.proof.obligations import ACTIONS, Prover
from specs.tla.syntax.tree import Unsupported

MODULE = """---- MODULE queues_proofs ----
EXTENDS Integers, Sequences, FiniteSets
CONSTANTS Node, Some
VARIABLES queue, sent
ASSUME Kinds == Some \\subseteq Node /\\ Cardinality(Node) = 2
Types == queue \\in Seq(Int) /\\ sent \\in SUBSET (Node \\X [items : Seq(Int)])
Of(n) == {pair[2] : pair \\in {pair \\in sent : pair[1] = n}}
Init == queue = <<>> /\\ sent = {}
Take(n, m, often) == queue' = m.items /\\ IF often THEN UNCHANGED sent ELSE sent' = sent \\ {<<n, m>>}
Next == \\E n \\in Node : \\E m \\in Of(n) : Take(n, m, TRUE) \\/ Take(n, m, FALSE)
Spec == Init /\\ [][Next]_<<queue, sent>>
THEOREM Typed == Spec => []Types
<1> QED BY Types
LEMMA Claim == Types => ({claim})
<1> QED
====
"""


def prover(claim: str, tmp_path: Path) -> Prover:
    path = tmp_path / "queues_proofs.tla"
    path.write_text(MODULE.replace("{claim}", claim), encoding="utf-8")
    return Prover(path)


@pytest.mark.parametrize(
    ("claim", "wanted"),
    [
        ("Len(SubSeq(queue, 2, Len(queue))) = Len(queue) - 1", solvers.REFUTED),  # not if it is empty
        ("queue # <<>> => Len(SubSeq(queue, 2, Len(queue))) = Len(queue) - 1", solvers.PROVED),
        ("\\A i \\in 1..2 : Len(queue) = 3 => SubSeq(queue, 2, 3)[i] = queue[i + 1]", solvers.PROVED),
        ("Len(queue) = 3 => SubSeq(queue, 2, 3)[1] = queue[1]", solvers.REFUTED),
        ("SubSeq(queue, 3, 2) = <<>>", solvers.PROVED),
        ("[i \\in DOMAIN queue |-> queue[i]] = queue", solvers.PROVED),
        ("Len([i \\in 1..sizeLess1 |-> i]) = sizeLess1", solvers.REFUTED),  # not if it is below 0
        ("[i \\in DOMAIN queue |-> i] = queue", solvers.REFUTED),
        ("(IF queue = <<>> THEN <<>> ELSE [i \\in DOMAIN queue |-> i]) \\in Seq(Nat)", solvers.PROVED),
        ("queue # <<>> => Len(Tail(queue)) = Len(queue) - 1", solvers.PROVED),
        ("Len(Tail(queue)) = Len(queue) - 1", solvers.REFUTED),  # of <<>> it is any value
        ("\\A n \\in Node : \\A m \\in Of(n) : <<n, m>> \\in sent", solvers.PROVED),
        ("\\A n, o \\in Node : \\A m \\in Of(n) : <<o, m>> \\in sent", solvers.REFUTED),
        ("\\A n, o, p \\in Node : n = o \\/ o = p \\/ p = n", solvers.PROVED),
        ("\\E n, o \\in Node : n # o", solvers.PROVED),
        ("Cardinality(Node) = 1 \\/ Cardinality(Node) = 3", solvers.REFUTED),
        ("Cardinality(Some) = 0 => \\A n \\in Node : n \\notin Some", solvers.PROVED),
    ],
)
def test_what_is_said_of_sequences_and_small_sets(claim: str, wanted: str, tmp_path: Path) -> None:
    found = prover(claim.replace("sizeLess1", "(Len(queue) - 1)"), tmp_path)
    item = next(one for one in found.obligations() if one.theorem == "Claim")
    if item.is_plain:
        assert wanted == solvers.PROVED
        return
    question = solvers.text(item.facts, item.goal, found.translator.choices.axioms)
    assert solvers.ask("z3", question).verdict == wanted


@pytest.mark.parametrize(
    ("claim", "complaint"),
    [
        ("Len([i \\in {2, 3} |-> i]) = 2", "its domain is not written 1..n"),
        ("Len([i \\in {j \\in 1..3 : j # 2} |-> i]) = 2", "its domain is not written 1..n"),
        ("Head(<<>>) = 1", "an element of <<>>"),
        ("Cardinality(Of(CHOOSE n \\in Node : TRUE)) < 5", "the size of a set of values that contain functions"),
    ],
)
def test_what_has_no_meaning_is_an_error(claim: str, complaint: str, tmp_path: Path) -> None:
    with pytest.raises(Unsupported, match=complaint):
        prover(claim, tmp_path).obligations()


def test_a_branch_that_is_never_taken_is_no_step(tmp_path: Path) -> None:
    """Take(n, m, TRUE) has no step with ELSE, nor Take(n, m, FALSE) one with THEN: each would have no model."""
    found = [one.name for one in prover("queue = queue", tmp_path).obligations() if one.theorem == ACTIONS]
    assert found == ["Take", "Take"]

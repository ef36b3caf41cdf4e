"""Records of different kinds in one set: each kind is a relation, and a field is asked of those that have it."""

from pathlib import Path

import pytest

from specs.proof import solvers
from specs.proof.obligations import Prover
from specs.tla.syntax.tree import Unsupported

MODULE = """---- MODULE letters_proofs ----
EXTENDS Integers
CONSTANTS Node, First
ASSUME Kinds == First \\in Node
VARIABLES letters
Ask == [kind : {"ask"}, from : Node, at : Nat]
Tell == [kind : {"tell"}, from : Node, what : Nat]
Deny == [kind : {"deny"}, from : Node, what : Nat]
TypeOK == letters \\in SUBSET (Ask \\cup Tell \\cup Deny)
Init == letters = {}
AskOf(n, at) == [kind |-> "ask", from |-> n, at |-> at]
TellOf(n, what) == [kind |-> "tell", from |-> n, what |-> what]
Send(n, both) == letters' = letters \\cup (IF both THEN {AskOf(n, 1), TellOf(n, 2)} ELSE {TellOf(n, 3)})
Next == \\E n \\in Node, both \\in BOOLEAN : Send(n, both)
Spec == Init /\\ [][Next]_letters
Asking == {m \\in letters : m.kind = "ask" /\\ m.at > 0}
LEMMA Claim == {claim}
  OBVIOUS
THEOREM Typed == Spec => []TypeOK
<1> QED
THEOREM Positive == Spec => [](\\A m \\in letters : m.kind = "tell" => m.what > {bound})
<1> QED BY Typed
THEOREM Denied == Spec => [](\\A m \\in letters : m.kind # "deny")
<1> QED
====
"""


def verdicts(tmp_path: Path, theorem: str, claim: str = "TRUE", bound: str = "0") -> set[str]:
    path = tmp_path / "letters_proofs.tla"
    path.write_text(MODULE.replace("{claim}", claim).replace("{bound}", bound), encoding="utf-8")
    prover = Prover(path)
    axioms = prover.translator.choices.axioms
    found = [item for item in prover.obligations() if item.theorem == theorem]
    assert found
    return {solvers.ask("z3", solvers.text(item.facts, item.goal, axioms)).verdict for item in found}


@pytest.mark.parametrize(
    ("claim", "proved"),
    [
        ("\\A n \\in Node : AskOf(n, 1) \\in letters => n \\in {m.from : m \\in Asking}", True),
        ("\\A n \\in Node : AskOf(n, 0) \\in letters => n \\in {m.from : m \\in Asking}", False),
        ("\\A n \\in Node : TellOf(n, 1) \\in letters => n \\in {m.from : m \\in Asking}", False),
        ("\\A n \\in Node : TellOf(n, 1) # AskOf(n, 1)", True),
        ("\\A n \\in Node : TellOf(n, 1) \\notin Ask \\cup Deny", True),
        ("\\A n \\in Node : TellOf(n, 1) \\in Ask \\cup Tell", True),
        ("\\A n \\in Node : TellOf(n, -1) \\in Ask \\cup Tell", False),
        ("\\A m \\in Asking : m.at > 0 /\\ m \\in letters", True),
        ('\\A m \\in letters : m.kind = "ask" => m.at > 0', False),
        ('\\A m \\in letters : m.kind \\in {"ask", "tell", "deny"}', True),
        ('\\A m \\in letters : m.kind \\in {"ask", "tell"}', False),
    ],
)
def test_kinds_are_kept_apart(claim: str, proved: bool, tmp_path: Path) -> None:
    assert (verdicts(tmp_path, "Claim", claim) == {solvers.PROVED}) is proved


def test_each_kind_that_a_step_adds_is_seen(tmp_path: Path) -> None:
    assert verdicts(tmp_path, "Typed") == {solvers.PROVED}
    assert verdicts(tmp_path, "Positive") == {solvers.PROVED}
    assert verdicts(tmp_path, "Positive", bound="2") == {solvers.PROVED, solvers.REFUTED}
    assert verdicts(tmp_path, "Denied") == {solvers.PROVED}


def test_a_field_that_one_kind_lacks_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(Unsupported, match=r"that the record does not have: m\.what"):
        verdicts(tmp_path, "Claim", "\\A m \\in letters : m.what > 0")

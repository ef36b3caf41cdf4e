"""Names of an instance mean what the inner module says, with the expressions of WITH in place of its variables."""

from pathlib import Path

import pytest

from specs.proof import solvers
from specs.proof.obligations import Prover
from specs.tla.syntax.tree import ModuleError

INNER = """---- MODULE counter ----
EXTENDS Integers
CONSTANT Most
VARIABLE n
Bounded(k) == k <= Most
Init == n = 0
Step == Bounded(n) /\\ n' = n + 1
Between == \\E x \\in Nat : x < n
====
"""
OUTER = """---- MODULE pairs_proofs ----
EXTENDS Integers
CONSTANT Limit
VARIABLES left, right
ASSUME Kinds == Limit \\in Nat
TypeOK == left \\in Nat /\\ right \\in Nat
Sum == INSTANCE counter WITH n <- left + right, Most <- Limit
Init == left = 0 /\\ right = 0
Next == left < 5 /\\ left' = left + 1 /\\ UNCHANGED right
Spec == Init /\\ [][Next]_<<left, right>>
LEMMA Claim == {claim}
THEOREM Typed == Spec => []TypeOK
<1> QED
THEOREM Steps == Spec => [][{step}]_<<left, right>>
<1> QED BY Typed
====
"""


def prover(tmp_path: Path, claim: str = "TRUE OBVIOUS", step: str = "TRUE", **changed: str) -> Prover:
    (tmp_path / "counter.tla").write_text(changed.get("inner", INNER), encoding="utf-8")
    text = OUTER.replace("{claim}", claim).replace("{step}", step)
    text = text.replace("n <- left + right", changed.get("mapping", "n <- left + right"))
    (tmp_path / "pairs_proofs.tla").write_text(text, encoding="utf-8")
    return Prover(tmp_path / "pairs_proofs.tla")


def verdict(found: Prover, theorem: str) -> str:
    item = next(one for one in found.obligations() if one.theorem == theorem)
    return solvers.ask("z3", solvers.text(item.facts, item.goal, found.translator.choices.axioms)).verdict


@pytest.mark.parametrize(
    ("claim", "proved"),
    [
        ("Sum!Init <=> left + right = 0", True),
        ("Sum!Init <=> left = 0", False),
        ("Sum!Bounded(left) <=> left <= Limit", True),
        ("Sum!Bounded(left) <=> left < Limit", False),
        ("left + right > 0 => Sum!Between", True),
        ("left + right < 9 => Sum!Between", False),
    ],
)
def test_names_of_an_instance(claim: str, proved: bool, tmp_path: Path) -> None:
    assert (verdict(prover(tmp_path, f"{claim} OBVIOUS"), "Claim") == solvers.PROVED) is proved


@pytest.mark.parametrize(
    ("step", "proved"),
    [
        ("Limit >= left + right => Sum!Step", True),
        ("Sum!Step", False),  # the sum may be above the limit
        ("Sum!n' = Sum!n + 1", False),
    ],
)
def test_a_prime_is_one_of_the_mapped_expression(step: str, proved: bool, tmp_path: Path) -> None:
    found = prover(tmp_path, step=step)
    if "!n" in step:
        with pytest.raises(ModuleError, match="operator Sum!n"):
            found.obligations()
    else:
        assert (verdict(found, "Steps") == solvers.PROVED) is proved


@pytest.mark.parametrize(
    ("before", "after", "complaint"),
    [
        ("\\E x \\in Nat : x < n", "\\E left \\in Nat : left < n", "the bound name left"),
        ("CONSTANT Most", "CONSTANTS Most, Least", "nothing stands for Least of counter"),
    ],
)
def test_what_would_catch_a_name_is_an_error(before: str, after: str, complaint: str, tmp_path: Path) -> None:
    with pytest.raises(ModuleError, match=complaint):
        prover(tmp_path, inner=INNER.replace(before, after))


def test_the_mapping_is_read_in_its_own_module(tmp_path: Path) -> None:
    """The inner module defines Half, the outer one does not: the mapping means nothing."""
    inner = INNER.replace("Init ==", "Half == n\nInit ==")
    with pytest.raises(ModuleError, match="operator Half"):
        prover(tmp_path, "Sum!Init OBVIOUS", inner=inner, mapping="n <- Half").obligations()


REFINED = """
Add(x, side) == x \\in 1..2 /\\ left + right < Limit /\\ left' = left + {added} /\\ UNCHANGED right
Swap == left' = right /\\ right' = left
Follow == Add(1, right) \\/ Swap \\/ \\E x \\in 1..2 : Add(x, left)
Goes == Init /\\ [][Follow]_<<left, right>>
THEOREM Kept == Goes => []TypeOK
<1> QED
THEOREM Refines == Goes => Sum!Spec
<1>1. ASSUME NEW x \\in Nat, Add(x, left) PROVE Sum!Next
  <2>1. Sum!Step BY Kept DEF Sum!Step
  <2> QED BY <2>1
<1>2. ASSUME Swap PROVE Sum!Next
  <2> QED
<1> QED BY Kept
====
"""


def refined(tmp_path: Path, added: str = "1", before: str = "", after: str = "") -> dict[str, str]:
    """What z3 says of each obligation of the refinement; an action may occur twice."""
    inner = INNER.replace("Between ==", "Next == Step\nSpec == Init /\\ [][Next]_n\nBetween ==")
    (tmp_path / "counter.tla").write_text(inner, encoding="utf-8")
    text = OUTER.partition("Next ==")[0] + REFINED.replace("{added}", added)
    assert before in text
    (tmp_path / "pairs_proofs.tla").write_text(text.replace(before, after) if before else text, encoding="utf-8")
    found = Prover(tmp_path / "pairs_proofs.tla")
    said: dict[str, str] = {}
    for item in found.obligations():
        if item.theorem == "Refines":
            question = solvers.text(item.facts, item.goal, found.translator.choices.axioms)
            said[f"{len(said)} {item.name}"] = solvers.ask("z3", question).verdict
    return said


def test_each_action_of_a_refinement_is_a_step_or_changes_nothing(tmp_path: Path) -> None:
    said = refined(tmp_path)
    assert set(said.values()) == {solvers.PROVED}
    named = ["Add", "Swap", "Add <2>1", "Add", "Add <2>1", "Add"]
    assert [name.partition(" ")[2] for name in said] == ["Init: n = 0", *named]


@pytest.mark.parametrize(
    ("added", "before", "after", "broken"),
    [
        ("2", "", "", "Add"),
        ("x", "", "", "Add"),  # where x is 2
        ("1", "Swap == left' = right ", "Swap == left' = right + 1 ", "Swap"),
        ("1", "Init == left = 0", "Init == left = 1", "Init: n = 0"),
    ],
)
def test_a_refinement_that_breaks_is_refuted(added: str, before: str, after: str, broken: str, tmp_path: Path) -> None:
    said = refined(tmp_path, added, before, after)
    names = {name.partition(" ")[2].removesuffix(" <2>1") for name, verdict in said.items() if verdict != "proved"}
    assert names == {broken}


@pytest.mark.parametrize(
    ("before", "after", "complaint"),
    [
        ("Add(x, left) PROVE", "Add(x, Limit) PROVE", r"a step for Add\(x, Limit\), no action of Next"),
        ("<1>2. ASSUME Swap", "<1>2. ASSUME NEW x \\in Nat, Swap", "want ASSUME NEW x"),
    ],
)
def test_a_step_for_no_action_is_an_error(before: str, after: str, complaint: str, tmp_path: Path) -> None:
    with pytest.raises(ModuleError, match=complaint):
        refined(tmp_path, "1", before, after)

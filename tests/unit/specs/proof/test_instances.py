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

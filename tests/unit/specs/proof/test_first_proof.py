"""The first proof that the page of proofs shows is one; without a guard it is refuted as the page says."""

from pathlib import Path

from specs.proof import prove, solvers
from tests import ROOT

PAGE = ROOT / "docs" / "reference" / "proofs.md"
GUARD = "voted[g] = Nobody /\\ "


def written(folder: Path, guard: str = GUARD) -> list[Path]:
    """The two modules of the page."""
    section = PAGE.read_text(encoding="utf-8").partition("## A first proof")[2].partition("## A module of proofs")[0]
    module, proofs = [part.partition("```")[0] for part in section.split("```text\n")[1:]]
    assert module.count(GUARD) == 1
    for name, text in (("gate", module.replace(GUARD, guard)), ("gate_proofs", proofs)):
        (folder / f"{name}.tla").write_text(f"---- MODULE {name} ----\n{text}====\n", encoding="utf-8")
    return [folder / "gate_proofs.tla"]


def test_both_solvers_prove_it(tmp_path: Path) -> None:
    report = prove.prove(written(tmp_path), use_cache=False)
    assert report.status == solvers.PROVED
    named = [theorem.name for theorem in report.theorems if not theorem.name.startswith("(")]
    assert named == ["QuorumsMeet", "Typed", "AllAdmitted", "OnlyOne"]
    assert [outcome.name for theorem in report.theorems for outcome in theorem.unmodelled] == []


def test_without_the_guard_a_vote_is_refuted_where_the_page_says(tmp_path: Path) -> None:
    report = prove.prove(written(tmp_path, ""), use_cache=False)
    ((theorem, failed),) = [(theorem.name, outcome) for theorem in report.theorems for outcome in theorem.unproved]
    place = failed.place.rpartition("/")[2]
    assert f"{place}: {theorem}: {failed.name}: z3: refuted" in PAGE.read_text(encoding="utf-8")
    assert failed.status == solvers.REFUTED
    assert any("voted'" in line for line in failed.counterexample)

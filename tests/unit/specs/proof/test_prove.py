"""Theorems are proved by both solvers; planted mistakes in modules and weakened assumptions are not."""

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from groundstation.cli import add_entry_points, app
from specs import FOLDER
from specs.proof import prove, solvers
from specs.proof.obligations import Prover
from specs.tla.syntax.tree import Unsupported
from tests.spec_mutants import tetrabft
from tests.spec_mutants.mutant import SpecMutant

PROOFS = "tetrabft_proofs.tla"
MUTANTS = [mutant for mutant in tetrabft.MUTANTS if mutant.module == "tetrabft.tla"]
WEAKENED = [
    ("three f suffice", "Weight(Replica) >= 3 * FaultsMax + 1", "Weight(Replica) >= 3 * FaultsMax", "QuorumsMeet"),
    ("more liars than f", "Weight(Byzantine) <= FaultsMax", "Weight(Byzantine) <= FaultsMax + 1", "QuorumsMeet"),
    ("f replicas block", "BlockingSize == FaultsMax + 1", "BlockingSize == FaultsMax", "BlockingSetHasHonest"),
]


STEPS = 500_000  # the true modules need fewer: `test_few_steps_suffice`


def planted(folder: Path, module: str, before: str, after: str) -> Path:
    """The proofs beside a copy of the modules with one change."""
    for path in (FOLDER / "tetrabft").glob("*.tla"):
        shutil.copy(path, folder)
    text = (folder / module).read_text(encoding="utf-8")
    assert text.count(before) == 1
    (folder / module).write_text(text.replace(before, after), encoding="utf-8")
    return folder / PROOFS


def first_unproved(path: Path) -> prove.Outcome | None:
    prover = Prover(path)
    for obligation in prover.obligations():
        found = prove.outcome(obligation, prover.translator.choices.axioms, ["z3"])
        if found.status != solvers.PROVED:
            return found
    return None


@pytest.mark.parametrize("feature", prove.features())
def test_each_theorem_is_proved_by_both_solvers(feature: str) -> None:
    report = prove.prove(prove.modules([feature]))
    assert [(theorem.name, outcome.name) for theorem in report.theorems for outcome in theorem.unproved] == []
    assert all(set(outcome.answers) in ({"z3", "cvc5"}, set()) for item in report.theorems for outcome in item.outcomes)
    assert sum(bool(outcome.answers) for theorem in report.theorems for outcome in theorem.outcomes) > 10


def test_few_steps_suffice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(solvers, "Z3_STEPS_MAX", STEPS)
    assert first_unproved(FOLDER / "tetrabft" / PROOFS) is None


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_mutant_of_the_module_is_not_proved(
    mutant: SpecMutant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(solvers, "Z3_STEPS_MAX", STEPS)
    assert first_unproved(planted(tmp_path, mutant.module, mutant.before, mutant.after)) is not None


@pytest.mark.parametrize(("name", "before", "after", "theorem"), WEAKENED, ids=[item[0] for item in WEAKENED])
def test_a_weakened_assumption_is_refuted(name: str, before: str, after: str, theorem: str, tmp_path: Path) -> None:
    report = prove.prove([planted(tmp_path, "tetrabft.tla", before, after)], ["z3"])
    refuted = [item.name for item in report.theorems if item.status == solvers.REFUTED]
    assert theorem in refuted
    assert report.status == solvers.REFUTED


@pytest.mark.parametrize(
    ("before", "after", "complaint"),
    [
        ("NoFutureVote\n", "TLCGet(1) = 0\n", "operator TLCGet"),
        ("NoFutureVote\n", "Cardinality(Honest) > 1\n", "operator Cardinality"),
        ("<2> QED BY BlockingSetHasHonest", "<2> QED BY Agreement", "no lemma, step, invariant or assumption says so"),
        ("<2> QED BY BlockingSetHasHonest", "<2> QED BY <1>7", "there is no step <1>7"),
        ("<2> QED BY BlockingSetHasHonest", "<2> QED OMITTED", "OMITTED"),
        ("Learn(p, val) PROVE", "Lean(p, val) PROVE", "no action of Next"),
    ],
)
def test_what_is_outside_is_an_error(before: str, after: str, complaint: str, tmp_path: Path) -> None:
    with pytest.raises(Unsupported, match=complaint):
        Prover(planted(tmp_path, PROOFS, before, after)).obligations()


def run(*arguments: str) -> tuple[int, str, str]:
    if not app.registered_commands:
        add_entry_points(app)
    result = CliRunner().invoke(app, ["prove", *arguments])
    return result.exit_code, result.stdout, result.stderr


def test_the_command_prints_what_was_proved() -> None:
    code, out, _ = run("tetrabft", "--json", "--solver", "z3")
    report = json.loads(out)
    assert (code, report["status"], list(report["solvers"])) == (0, "proved", ["z3"])
    found = {theorem["theorem"]: theorem for theorem in report["theorems"]}
    assert found["QuorumsMeet"]["status"] == "proved"
    assert found["SimpleInvariants"]["obligations"] > found["SimpleInvariants"]["asked"] > 10


def test_exit_codes_say_refuted_and_unknown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name, before, after, _ = WEAKENED[0]
    path = planted(tmp_path, "tetrabft.tla", before, after)
    monkeypatch.setattr(prove, "modules", lambda wanted: [path])
    code, out, _ = run("--solver", "z3")
    assert (code, "REFUTED" in out) == (3, True), name
    monkeypatch.undo()
    monkeypatch.setattr(solvers, "Z3_STEPS_MAX", 1)
    code, out, _ = run("tetrabft", "--solver", "z3")
    assert (code, "UNKNOWN" in out) == (5, True)


def test_a_feature_without_proofs_is_bad_input() -> None:
    code, _, err = run("chain")
    assert code == 2
    assert "has no proofs" in err


def test_a_missing_solver_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "cvc5", None)
    code, _, err = run("tetrabft")
    assert code == 2
    assert "cvc5 is not installed" in err
    assert "amu-swarm[prove]" in err

"""Theorems are proved by both solvers; planted mistakes in modules and weakened assumptions are not."""

import json
import shutil
from functools import cache
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
RULES = [
    ("rule 3 skipped", "    /\\ SafeToVote(val, v)\n", ""),
    ("condition (i) dropped", "highest.view < r \\/ (highest.view = r", "highest.view # r \\/ (highest.view = r"),
    ("condition (ii) dropped", "(highest.view = r /\\ highest.value = val)", "highest.view = r"),
    ("no blocking set asked", "/\\ \\/ BlockingClaims(val, r, v, b, liars)", "/\\ \\/ TRUE"),
    ("one value claimed", "          /\\ val1 # val2\n", ""),
    ("voters late", "view[p] >= v /\\ HighestVote(p, a, v) = NoVote", "HighestVote(p, a, v) = NoVote"),
    ("quorum may be late", "view[p] >= v /\\ NoneAfter", "NoneAfter"),
    ("claims of one vote", "SecondVote(p, k, v).view >= r", "HighestVote(p, k, v).view >= r"),
    ("first vote, not last", "\\A w \\in S : w <= u", "\\A w \\in S : w >= u"),
    ("vote 4 without vote 3", "    /\\ Accepted(val, v, 3)\n", ""),
    (
        "vote below the view",
        "    /\\ view[p] = v\n    /\\ votes[p][k][v] = NoValue",
        "    /\\ votes[p][k][v] = NoValue",
    ),
    ("view falls", "    /\\ view[p] < v\n", ""),
]
LIVENESS = [
    ("clause (iii-B) dropped", "clauseIIIB /\\ TwoValuesClaimed", "FALSE /\\ TwoValuesClaimed"),
    (
        "a leader asks about phases 4 and 1",
        "SafeAt(val, v, 3, 2, FALSE, Byzantine)",
        "SafeAt(val, v, 4, 1, FALSE, Byzantine)",
    ),
    ("voters hear the liars", "SafeAt(val, v, 4, 1, WithClauseIIIB, {})", "SafeAt(val, v, 4, 1, FALSE, {})"),
]
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


def questions(path: Path) -> dict[str, str]:
    """What is asked about the module of proofs, by theorem and obligation."""
    prover = Prover(path)
    return {
        f"{item.theorem}: {item.name}": solvers.text(item.facts, item.goal, prover.translator.choices.axioms)
        for item in prover.obligations()
        if not item.is_plain
    }


@cache
def true_questions() -> frozenset[str]:
    return frozenset(questions(FOLDER / "tetrabft" / PROOFS).values())


def unproved(path: Path) -> str | None:
    """The first obligation that z3 does not prove. Those of the true modules are proved: `test_few_steps_suffice`."""
    for name, question in questions(path).items():
        if question not in true_questions() and solvers.ask("z3", question).verdict != solvers.PROVED:
            return name
    return None


@pytest.mark.long
@pytest.mark.parametrize("feature", prove.features())
def test_each_theorem_is_proved_by_both_solvers(feature: str) -> None:
    report = prove.prove(prove.modules([feature]))
    assert [(theorem.name, outcome.name) for theorem in report.theorems for outcome in theorem.unproved] == []
    assert all(set(outcome.answers) in ({"z3", "cvc5"}, set()) for item in report.theorems for outcome in item.outcomes)
    assert sum(bool(outcome.answers) for theorem in report.theorems for outcome in theorem.outcomes) > 10


def test_few_steps_suffice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(solvers, "Z3_STEPS_MAX", STEPS)
    answers = {question: solvers.ask("z3", question).verdict for question in true_questions()}
    assert set(answers.values()) == {solvers.PROVED}
    assert len(answers) > 50


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_mutant_of_the_module_is_not_proved(
    mutant: SpecMutant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(solvers, "Z3_STEPS_MAX", STEPS)
    assert unproved(planted(tmp_path, mutant.module, mutant.before, mutant.after)) is not None


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [pytest.param(*rule, id=rule[0], marks=[pytest.mark.long] if at > 2 else []) for at, rule in enumerate(RULES)],
)
def test_a_broken_rule_is_not_proved(
    name: str, before: str, after: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(solvers, "Z3_STEPS_MAX", STEPS)
    assert unproved(planted(tmp_path, "tetrabft.tla", before, after)) is not None, name


@pytest.mark.parametrize(("name", "before", "after"), LIVENESS, ids=[rule[0] for rule in LIVENESS])
def test_agreement_holds_where_acceptance_does_not(
    name: str, before: str, after: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """These serve progress alone: agreement is proved without them, that voters accept a leader's proposal is not."""
    monkeypatch.setattr(solvers, "Z3_STEPS_MAX", STEPS)
    assert unproved(planted(tmp_path, "tetrabft.tla", before, after)) == "Accepting: Accepting", name


@pytest.mark.parametrize(("name", "before", "after", "theorem"), WEAKENED, ids=[item[0] for item in WEAKENED])
def test_a_weakened_assumption_is_refuted(name: str, before: str, after: str, theorem: str, tmp_path: Path) -> None:
    asked = questions(planted(tmp_path, "tetrabft.tla", before, after))
    assert solvers.ask("z3", asked[f"{theorem}: {theorem}"]).verdict == solvers.REFUTED, name


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

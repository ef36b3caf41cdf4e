"""Theorems are proved by both solvers; planted mistakes in modules and weakened assumptions are not."""

import json
import os
import re
import signal
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from docs.generated import proof_mutants
from groundstation.cli import add_entry_points, app
from specs.proof import prove, solvers
from specs.proof.models import counterexample
from specs.proof.obligations import Prover
from specs.proof.translation import terms
from specs.proof.translation.choices import Choices
from specs.proof.translation.meanings import SetValue
from specs.proof.translation.terms import Term
from specs.tla.syntax.tree import Unsupported
from tests.spec_mutants import proofs

PROOFS = "tetrabft_proofs.tla"
ZERO = terms.integer(0)


@pytest.mark.long
@pytest.mark.parametrize("feature", prove.features())
def test_each_theorem_is_proved_by_both_solvers(feature: str) -> None:
    report = prove.prove(prove.modules([feature]))
    assert [(theorem.name, outcome.name) for theorem in report.theorems for outcome in theorem.unproved] == []
    assert all(set(outcome.answers) in ({"z3", "cvc5"}, set()) for item in report.theorems for outcome in item.outcomes)
    assert sum(bool(outcome.answers) for theorem in report.theorems for outcome in theorem.outcomes) > 10
    assert [(theorem.name, outcome.name) for theorem in report.theorems for outcome in theorem.unmodelled] == []


@pytest.mark.long
def test_few_steps_suffice() -> None:
    answers = {question: solvers.ask("z3", question, proofs.PART).verdict for question in proofs.true_questions()}
    assert set(answers.values()) == {solvers.PROVED}
    assert len(answers) > 150


def some(kind: str, every: int) -> list[Any]:
    """All mistakes of a kind; one in so many is tried by `make test`, the others by `make test-long`."""
    found = [mistake for mistake in proofs.mistakes() if mistake.kind == kind]
    marks = [[pytest.mark.long] if at % every else [] for at in range(len(found))]
    return [pytest.param(mistake, id=mistake.name, marks=mark) for mistake, mark in zip(found, marks)]


def test_the_table_of_planted_mistakes_has_them_all() -> None:
    rows = json.loads(proof_mutants.FILE.read_text(encoding="utf-8"))
    wanted = [(mistake.feature, mistake.kind, mistake.name) for mistake in proofs.mistakes()]
    assert [(row["feature"], row["kind"], row["name"]) for row in rows] == wanted, (
        "python -m tests.spec_mutants.proofs --write"
    )
    assert {row["verdict"] for row in rows} <= {solvers.REFUTED, solvers.UNKNOWN}


@pytest.mark.parametrize("mistake", [*some(proofs.MUTANT, 8), *some(proofs.RULE, 6)])
def test_nothing_is_proved_of_a_wrong_module(mistake: proofs.Mistake) -> None:
    assert proofs.failed_of(mistake) is not None


@pytest.mark.parametrize("guard", ["    /\\ s > floor[p]\n", "    /\\ floor[p] # Unknown\n    /\\ s > floor[p]\n"])
def test_a_vote_at_or_below_the_floor_is_not_proved(guard: str, tmp_path: Path) -> None:
    paths = proofs.planted(tmp_path, "rejoin.tla", guard, guard.split("\n")[1] + "\n", "replicated_log")
    failed = proofs.failed(paths)
    assert failed is not None
    assert failed.obligation == "Silent: Vote: SilentWithoutMemory"


@pytest.mark.parametrize(
    ("before", "after", "lemma"),
    [
        ("Cardinality(Liar) <= FaultMax", "Cardinality(Liar) <= FaultMax + 1", "WitnessIsCorrect"),
        ("Cardinality(Board) > 3 * FaultMax", "Cardinality(Board) >= FaultMax", "BoardsHaveWitness"),
    ],
)
def test_with_more_liars_or_too_few_boards_there_need_be_no_witness(
    before: str, after: str, lemma: str, tmp_path: Path
) -> None:
    (path,) = proofs.planted(tmp_path, "witnesses.tla", before, after, "lamport_clock")
    assert solvers.ask("z3", dict(proofs.questions(path))[f"{lemma}: {lemma}"]).verdict == solvers.REFUTED


@pytest.mark.parametrize("mistake", some(proofs.PROGRESS, 3))
def test_agreement_holds_where_acceptance_does_not(mistake: proofs.Mistake) -> None:
    """These serve progress alone: agreement is proved without them, that voters accept a leader's proposal is not."""
    failed = proofs.failed_of(mistake)
    assert failed is not None
    assert failed.obligation == "Accepting: Accepting"


@pytest.mark.long
def test_silence_in_a_view_that_is_not_entered_may_end(tmp_path: Path) -> None:
    """Where a silence counts although its replica has not entered the view, a later vote of phase 4 breaks it."""
    proofs.planted(tmp_path, "tetrabft.tla", "view[p] >= v /\\ NoneAfter", "NoneAfter")
    asked = dict(proofs.questions(tmp_path / PROOFS))
    assert solvers.ask("z3", asked["PermittedStays: Vote4 <2>3"]).verdict != solvers.PROVED


@pytest.mark.parametrize("mistake", some(proofs.ASSUMPTION, 1))
def test_a_weakened_assumption_is_refuted(mistake: proofs.Mistake) -> None:
    who = "Honest" if mistake.feature == proofs.TETRABFT else "Correct"
    quorums = "QuorumsMeet" if mistake.feature == proofs.TETRABFT else "QuorumHasCorrect"
    lemma = {"f replicas block": f"BlockingSetHas{who}", "a third board": "Two"}.get(mistake.name, quorums)
    assert proofs.failed_of(mistake) == proofs.Failed(f"{lemma}: {lemma}", solvers.REFUTED)


@pytest.mark.parametrize(
    ("before", "after", "complaint"),
    [
        ("NoFutureVote\n", "TLCGet(1) = 0\n", "operator TLCGet"),
        ("NoFutureVote\n", "\\E S \\in SUBSET View : S = {}\n", "a quantifier over sets"),
        ("<2> QED BY BlockingSetHasHonest", "<2> QED BY Agreement", "no lemma, step, invariant or assumption says so"),
        ("<2> QED BY BlockingSetHasHonest", "<2> QED BY <1>7", "there is no step <1>7"),
        ("<2> QED BY BlockingSetHasHonest", "<2> QED OMITTED", "OMITTED"),
        ("Learn(p, val) PROVE", "Lean(p, val) PROVE", "no action of Next"),
    ],
)
def test_what_is_outside_is_an_error(before: str, after: str, complaint: str, tmp_path: Path) -> None:
    with pytest.raises(Unsupported, match=complaint):
        Prover(proofs.planted(tmp_path, PROOFS, before, after)[0]).obligations()


TURNS = """---- MODULE turns_proofs ----
EXTENDS Integers
CONSTANTS Node, Nobody
VARIABLE holder
ASSUME Nobody \\notin Node
TypeOK == holder \\in Node \\cup {Nobody}
Init == holder = Nobody
Take(n) == holder = Nobody /\\ holder' = n
Give == holder' = Nobody
Next == Give \\/ \\E n \\in Node : Take(n)
Spec == Init /\\ [][Next]_holder
THEOREM Typed == Spec => []TypeOK
<1> QED
THEOREM NotTaken == Spec => [][\\A n \\in Node : holder = n => holder' \\in {n, Nobody}]_holder
<1> QED BY Typed
====
"""


@pytest.mark.parametrize(
    ("before", "after", "complaint"),
    [
        ("Init /\\ [][Next]_holder", "Init /\\ [][Next]_Nobody", "the subscript of Next lacks variable holder"),
        ("NotTaken == Spec =>", "NotTaken == Loose =>", "NotTaken is about another specification than those above"),
        ("NotTaken == Spec => [][\\A n", "NotTaken == TRUE => [][\\A n", "only specifications Init"),
    ],
)
def test_theorems_are_about_all_variables_of_one_specification(
    before: str, after: str, complaint: str, tmp_path: Path
) -> None:
    path = tmp_path / "turns_proofs.tla"
    text = TURNS.replace("THEOREM Typed", "Loose == holder \\in Node /\\ [][Next]_holder\nTHEOREM Typed")
    assert text.count(before) == 1
    path.write_text(text.replace(before, after), encoding="utf-8")
    with pytest.raises(Unsupported, match=complaint):
        Prover(path).obligations()


def test_a_refuted_step_is_shown_as_states(tmp_path: Path) -> None:
    """The cursor moves back, by the action that is named, from a state that the model of z3 makes."""
    proofs.planted(tmp_path, "ledger.tla", "/\\ IsMonotone(s, key)", "/\\ TRUE", "ledger")
    prover = Prover(tmp_path / "ledger_proofs.tla")
    item = next(one for one in prover.by_theorem() if (one.theorem, one.name) == ("CursorsGrow", "CursorAdvance"))
    question = solvers.text(item.facts, item.goal, prover.translator.choices.axioms)
    shown = counterexample.lines(prover, item, question)
    names = dict(line.split(" = ", 1) for line in shown if not line.startswith(("/", " ")))
    before, after = [
        re.findall(rf"\b{names['s']} :> \[end \|-> \d+, lastKey \|-> (-?\d+)", line)[0]
        for line in shown
        if line.strip().startswith(("/\\ shards =", "shards' ="))
    ]
    assert int(after) == int(names["key"]) < int(before), shown


def run(*arguments: str) -> tuple[int, str, str]:
    if not app.registered_commands:
        add_entry_points(app)
    result = CliRunner().invoke(app, ["prove", *arguments])
    return result.exit_code, result.stdout, result.stderr


@pytest.fixture
def turns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small module of proofs, the only one that the command finds."""
    path = tmp_path / "turns" / "turns_proofs.tla"
    path.parent.mkdir()
    path.write_text(TURNS, encoding="utf-8")
    monkeypatch.setattr(prove, "modules", lambda wanted: [path])
    monkeypatch.setenv("AMU_CACHE", str(tmp_path / "cache"))
    return path


def test_proofs_are_cached_by_what_was_asked(turns: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def cached(*arguments: str) -> bool:
        theorems = json.loads(run("--json", *arguments)[1])["theorems"]
        return next(theorem["cached"] for theorem in theorems if theorem["theorem"] == "NotTaken")

    assert [cached(), cached(), cached("--no-cache")] == [False, True, False]
    turns.write_text(TURNS.replace("holder' \\in {n, Nobody}", "holder' \\in {Nobody, n}"), encoding="utf-8")
    assert [cached(), cached()] == [False, True]
    monkeypatch.setattr(solvers, "Z3_STEPS_MAX", 1)
    turns.write_text(
        TURNS.replace("holder' \\in {n, Nobody}", "n # Nobody /\\ holder' \\in {n, Nobody}"), encoding="utf-8"
    )
    assert run("--solver", "z3")[0] == 5
    assert not cached("--solver", "z3")


def test_the_command_prints_what_was_proved(turns: Path) -> None:
    code, out, _ = run("turns", "--json")
    report = json.loads(out)
    assert (code, report["status"], list(report["solvers"])) == (0, "proved", ["z3", "cvc5"])
    found = {theorem["theorem"]: theorem for theorem in report["theorems"]}
    assert (found["Typed"]["obligations"], found["NotTaken"]["obligations"]) == (3, 2)
    assert found["NotTaken"]["asked"] == 1
    code, out, err = run("turns", "--solver", "cvc5")
    assert (code, "PROVED" in out, "NotTaken" in err) == (0, True, True)


def test_a_killed_process_is_an_error(turns: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(solvers, "ask", lambda *question: os.kill(os.getpid(), signal.SIGKILL))
    code, _, err = run()
    assert (code, "was killed" in err) == (2, True)


def test_facts_that_contradict_each_other_prove_nothing(turns: Path) -> None:
    assert all(theorem["facts"].keys() <= {"model"} for theorem in json.loads(run("--json")[1])["theorems"])
    turns.write_text(TURNS.replace("ASSUME Nobody", "CONSTANT Few\nASSUME Few \\in {1, 2} \\cap {3}\nASSUME Nobody"))
    code, out, _ = run("--solver", "cvc5")
    assert code == 3
    assert "its facts contradict each other" in out


def test_what_has_a_model_has_one_with_fewer_facts(monkeypatch: pytest.MonkeyPatch) -> None:
    """So the solver is asked for one of the most facts, and for those that are a part of them no more."""
    one, other, third = [terms.apply(name, (), terms.BOOL) for name in ("one", "other", "third")]
    asked: list[tuple[Term, ...]] = []

    def said(facts: tuple[Term, ...], *rest: object) -> str:
        asked.append(facts)
        return prove.UNKNOWN if third in facts else prove.MODEL

    monkeypatch.setattr(prove, "_model", said)
    facts = [(one,), (other, one), (), (third, other), (third,), (one, other, third), (one,)]
    found = prove._models(facts, ["?", "?", "?", "?", "?", "?", ""], {}, "z3")
    assert found == ["model", "model", "model", "unknown", "unknown", "unknown", ""]
    assert sorted(map(len, asked)) == [1, 2, 2, 3]


def test_an_axiom_that_contradicts_itself_proves_nothing(turns: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = TURNS.replace("EXTENDS Integers", "EXTENDS Integers, FiniteSets")
    turns.write_text(text.replace("Take(n) ==", "Take(n) == Cardinality(Node) > 2 /\\"), encoding="utf-8")
    assert run("--solver", "z3")[0] == 0
    made = Choices.counted

    def counted(choices: Choices, domain: SetValue) -> Term:
        found = made(choices, domain)
        choices.axioms[found.name] = terms.conjunction([choices.axioms[found.name], terms.order("<", found, ZERO)])
        return found

    monkeypatch.setattr(Choices, "counted", counted)
    code, out, _ = run("--solver", "z3")
    assert (code, "its facts contradict each other" in out) == (3, True)


def test_an_action_that_can_never_happen_is_an_error(turns: Path) -> None:
    actions = next(one for one in json.loads(run("--json")[1])["theorems"] if one["theorem"] == "(actions)")
    assert (actions["facts"], actions["no model found"]) == ({"model": 2}, [])
    turns.write_text(TURNS.replace("Give == holder'", "Give == holder \\notin Node \\cup {Nobody} /\\ holder'"))
    code, out, _ = run("--solver", "z3")
    assert code == 3
    assert "(actions): Give" in out


def test_exit_codes_say_refuted_and_unknown(turns: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    turns.write_text(TURNS.replace("holder = Nobody /\\ holder' = n", "holder' = n"), encoding="utf-8")
    code, out, _ = run("turns")
    assert (code, "REFUTED" in out, "NotTaken: Take" in out) == (3, True, True)
    assert "/\\ holder = node" in out, "the state before"
    assert "holder' = node" in out, "and the state after"
    turns.write_text(TURNS, encoding="utf-8")
    monkeypatch.setattr(solvers, "Z3_STEPS_MAX", 1)
    code, out, _ = run("turns", "--solver", "z3")
    assert (code, "UNKNOWN" in out) == (5, True)


def test_a_feature_without_proofs_is_bad_input() -> None:
    code, _, err = run("chain")
    assert code == 2
    assert "has no proofs" in err


def test_a_missing_solver_is_named_with_its_extra(turns: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cvc5", None)
    code, _, err = run("turns")
    assert code == 2
    assert "cvc5 is not installed" in err
    assert "amu-swarm[prove]" in err

"""Theorems are proved by both solvers; planted mistakes in modules and weakened assumptions are not."""

import json
import os
import re
import shutil
import signal
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from groundstation.cli import add_entry_points, app
from specs import FOLDER
from specs.proof import counterexample, prove, solvers
from specs.proof.obligations import Prover
from specs.tla.syntax.tree import Unsupported
from tests.spec_mutants import lamport_clock, lamport_mutex, ledger, replicated_log, tetrabft
from tests.spec_mutants.mutant import SpecMutant

PROOFS = "tetrabft_proofs.tla"
BOUNDED = {"TablesBounded", "AcceptedIsRight", "AcceptedByQuorum", "DisputedIsHopeless"}  # they count: not proved
BOUNDED |= {
    "ClientsBounded",
    "LogIsBounded",
    "Recoverable",
    "SomebodyGoesOn",
    "FloorCoversForgotten",
    "FloorIsReachable",
    "QueueTruthful",
}  # so do these
OUTSIDE = {lamport_mutex.REBOOTS, lamport_mutex.GRANTED}  # what those runs are about: not proved
MUTANTS = [
    mutant
    for mutant in (
        *tetrabft.MUTANTS,
        *ledger.MUTANTS,
        *lamport_clock.MUTANTS,
        *replicated_log.MUTANTS,
        *lamport_mutex.MUTANTS,
    )
    if (FOLDER / mutant.feature / mutant.module.replace(".tla", "_proofs.tla")).is_file()
    and mutant.caught_by not in BOUNDED
    and mutant.run not in OUTSIDE
]
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


STEPS = 1_000_000  # the true modules need fewer: `test_few_steps_suffice`


def planted(folder: Path, module: str, before: str, after: str, feature: str = "tetrabft") -> Path:
    """The proofs beside a copy of the modules with one change."""
    for path in (FOLDER / feature).glob("*.tla"):
        shutil.copy(path, folder)
    text = (folder / module).read_text(encoding="utf-8")
    assert text.count(before) == 1
    (folder / module).write_text(text.replace(before, after), encoding="utf-8")
    proofs = folder / module.replace(".tla", "_proofs.tla")
    return proofs if proofs.is_file() else folder / module


def questions(path: Path) -> list[tuple[str, str]]:
    """What is asked about the module of proofs, with theorem and obligation: several may have one name."""
    prover = Prover(path)
    return [
        (f"{item.theorem}: {item.name}", solvers.text(item.facts, item.goal, prover.translator.choices.axioms))
        for item in prover.obligations()
        if not item.is_plain
    ]


@cache
def true_questions() -> frozenset[str]:
    return frozenset(question for path in prove.modules([]) for _, question in questions(path))


def unproved(path: Path) -> str | None:
    """The first obligation that z3 does not prove. Those of the true modules are proved: `test_few_steps_suffice`."""
    for name, question in questions(path):
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
    assert len(answers) > 150


def some(cases: list[Any], names: list[str], every: int) -> list[Any]:
    """All cases; one in so many is tried by `make test`, the others by `make test-long`."""
    marks = [[pytest.mark.long] if at % every else [] for at in range(len(cases))]
    return [pytest.param(*case, id=name, marks=mark) for case, name, mark in zip(cases, names, marks)]


@pytest.mark.parametrize("mutant", some([(one,) for one in MUTANTS], [one.name for one in MUTANTS], 4))
def test_a_mutant_of_the_module_is_not_proved(
    mutant: SpecMutant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(solvers, "Z3_STEPS_MAX", STEPS)
    assert unproved(planted(tmp_path, mutant.module, mutant.before, mutant.after, mutant.feature)) is not None


@pytest.mark.parametrize(("name", "before", "after"), some(RULES, [rule[0] for rule in RULES], 6))
def test_a_broken_rule_is_not_proved(
    name: str, before: str, after: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(solvers, "Z3_STEPS_MAX", STEPS)
    assert unproved(planted(tmp_path, "tetrabft.tla", before, after)) is not None, name


@pytest.mark.parametrize("guard", ["    /\\ s > floor[p]\n", "    /\\ floor[p] # Unknown\n    /\\ s > floor[p]\n"])
def test_a_vote_at_or_below_the_floor_is_not_proved(guard: str, tmp_path: Path) -> None:
    path = planted(tmp_path, "rejoin.tla", guard, guard.split("\n")[1] + "\n", "replicated_log")
    assert unproved(path) == "Silent: Vote: SilentWithoutMemory"


@pytest.mark.parametrize(("name", "before", "after"), some(LIVENESS, [rule[0] for rule in LIVENESS], 3))
def test_agreement_holds_where_acceptance_does_not(
    name: str, before: str, after: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """These serve progress alone: agreement is proved without them, that voters accept a leader's proposal is not."""
    monkeypatch.setattr(solvers, "Z3_STEPS_MAX", STEPS)
    assert unproved(planted(tmp_path, "tetrabft.tla", before, after)) == "Accepting: Accepting", name


def test_silence_in_a_view_that_is_not_entered_may_end(tmp_path: Path) -> None:
    """Where a silence counts although its replica has not entered the view, a later vote of phase 4 breaks it."""
    asked = dict(questions(planted(tmp_path, "tetrabft.tla", "view[p] >= v /\\ NoneAfter", "NoneAfter")))
    assert solvers.ask("z3", asked["PermittedStays: Vote4 <2>3"]).verdict != solvers.PROVED


@pytest.mark.parametrize(("name", "before", "after", "theorem"), WEAKENED, ids=[item[0] for item in WEAKENED])
def test_a_weakened_assumption_is_refuted(name: str, before: str, after: str, theorem: str, tmp_path: Path) -> None:
    asked = dict(questions(planted(tmp_path, "tetrabft.tla", before, after)))
    assert solvers.ask("z3", asked[f"{theorem}: {theorem}"]).verdict == solvers.REFUTED, name


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
        Prover(planted(tmp_path, PROOFS, before, after)).obligations()


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
    path = planted(tmp_path, "ledger.tla", "/\\ IsMonotone(s, key)", "/\\ TRUE", "ledger")
    prover = Prover(path)
    item = next(one for one in prover.obligations() if (one.theorem, one.name) == ("CursorsGrow", "CursorAdvance"))
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

"""Where solvers do not know, a small model may refute: it is shown as a state, which the evaluator of TLA+ judges."""

import re
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from groundstation.cli import add_entry_points, app
from specs import FOLDER, tla
from specs.proof import prove, solvers
from specs.proof.models import counterexample, opened
from specs.proof.obligations import Obligation, Prover
from specs.proof.translation import terms
from tests.spec_mutants import proofs

# What an editor may do to the public module: each drops clause (iii-B) for voters.
DROPPED = {
    "false": ("clauseIIIB /\\ TwoValuesClaimed", "FALSE /\\ TwoValuesClaimed"),
    "cut": ("             \\/ clauseIIIB /\\ TwoValuesClaimed(r, v, b, liars)\n", ""),
    "constant": ("WithClauseIIIB, {})", "FALSE, {})"),
}
HOLD = ("TypeOK", "Simple", "Heart", "VotesSafe", "OneValueChosen", "Agreement")


def without_clause(folder: Path, edit: str) -> Path:
    """The proofs up to theorem Accepting, of the module without the clause."""
    proofs.planted(folder, "tetrabft.tla", *DROPPED[edit])
    path = folder / "tetrabft_proofs.tla"
    text = path.read_text(encoding="utf-8")
    end = text.index("\n\n", text.index("THEOREM Accepting"))
    path.write_text(f"{text[:end]}\n====\n", encoding="utf-8")
    return path


def run(*arguments: str) -> tuple[int, str]:
    if not app.registered_commands:
        add_entry_points(app)
    result = CliRunner().invoke(app, ["prove", *arguments])
    return result.exit_code, result.stdout


def value(text: str) -> Any:
    """A value as the counterexample writes it: numbers, elements by their names, sets and functions of these."""
    python = text.replace("{", "[").replace("}", "]").replace("(", "{").replace(")", "}")
    python = python.replace(":>", ":").replace("@@", ",").replace("TRUE", "True").replace("FALSE", "False")
    return eval(re.sub(r"\b(?!True|False)([A-Za-z]\w*)", r"'\1'", python))


def shown(lines: list[str]) -> dict[str, Any]:
    parts = [line.strip().removeprefix("/\\ ").split(" = ", 1) for line in lines if " = " in line]
    return {name: value(text) for name, text in parts}


@pytest.mark.parametrize(
    "edit", [pytest.param(one, marks=[pytest.mark.long] if one != "cut" else []) for one in DROPPED]
)
def test_the_command_refutes_acceptance_without_the_clause(
    edit: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, made = without_clause(tmp_path, edit), Prover.obligations

    def some(prover: Prover) -> list[Obligation]:
        return [item for item in made(prover) if item.theorem in ("Agreed", "Accepting")]

    monkeypatch.setattr(Prover, "obligations", some)
    monkeypatch.setattr(prove, "modules", lambda wanted: [path])
    code, out = run("tetrabft", "--no-cache", "--solver", "z3")
    assert (code, "Accepting: Accepting: z3: unknown, refuted by a small model" in out.replace("\n", " ")) == (3, True)
    assert re.search("Agreed .* proved", out)
    lines = re.split(r"\n {4}", out.partition("refuted by a small model\n")[2])
    assert any("votes = " in line for line in lines), "the state is shown"


@pytest.mark.parametrize(
    "edit", [pytest.param(one, marks=[pytest.mark.long] if one != "cut" else []) for one in DROPPED]
)
def test_the_evaluator_says_the_same_of_the_state(edit: str, tmp_path: Path) -> None:
    """Invariants and agreement hold in the state that is shown, and acceptance does not; with the clause it does."""
    path = without_clause(tmp_path, edit)
    prover = Prover(path)
    item = next(one for one in prover.obligations() if one.theorem == "Accepting")
    found = shown(counterexample.lines(prover, item, ""))
    names = {"Replica", "Byzantine", "Value", "FaultsMax", "MaxView", "WithClauseIIIB"}
    constants = {name: frozenset(one) if isinstance(one, list) else one for name, one in found.items() if name in names}
    constants |= {"NoValue": "NoValue"}
    assert (len(constants["Replica"]), constants["FaultsMax"], len(constants["Byzantine"])) == (4, 1, 1)
    for module, acceptable in ((path, False), (proofs.FOLDER / "tetrabft" / "tetrabft_proofs.tla", True)):
        world = tla.load(module, constants)
        state = world.state(**{name: found[name] for name in prover.names.variables})
        assert {name: world.holds(name, state) for name in HOLD} == dict.fromkeys(HOLD, True)
        assert world.holds("ProposalAcceptable", state) is acceptable


CROWD = """---- MODULE crowd_proofs ----
EXTENDS Integers
CONSTANTS Node, Nobody
VARIABLE awake
ASSUME Nobody \\notin Node
TypeOK == awake \\in [Node -> BOOLEAN]
Init == awake = [n \\in Node |-> FALSE]
Wake == \\E S \\in SUBSET Node : awake' = [n \\in Node |-> awake[n] \\/ n \\in S]
Rest == UNCHANGED awake
Next == Wake \\/ Rest
Spec == Init /\\ [][Next]_awake
Asleep == \\A n \\in Node : ~awake[n]
THEOREM Typed == Spec => []TypeOK
<1> QED
THEOREM Quiet == Spec => []Asleep
<1> QED BY Typed
====
"""


def test_the_set_that_an_action_chose_is_shown(tmp_path: Path) -> None:
    path = tmp_path / "crowd_proofs.tla"
    path.write_text(CROWD, encoding="utf-8")
    prover = Prover(path)
    item = next(one for one in prover.obligations() if (one.theorem, one.name) == ("Quiet", "Wake: Asleep"))
    found = shown(counterexample.lines(prover, item, ""))
    assert not any(found["awake"].values())
    assert {node for node, is_awake in found["awake'"].items() if is_awake} == set(found["S"]) != set()


def test_what_follows_has_no_counterexample(tmp_path: Path) -> None:
    path = tmp_path / "crowd_proofs.tla"
    path.write_text(CROWD.replace("\\/ n \\in S]", "/\\ n \\in S]"), encoding="utf-8")
    prover = Prover(path)
    item = next(one for one in prover.obligations() if (one.theorem, one.name) == ("Quiet", "Wake: Asleep"))
    assert solvers.ask("z3", solvers.text(item.facts, item.goal, {})).verdict == solvers.PROVED
    assert counterexample.lines(prover, item, "") == []
    assert item.goal is not terms.TRUE


def test_a_statement_about_sizes_is_refuted_by_sets_that_break_it(tmp_path: Path) -> None:
    proofs.planted(tmp_path, "tetrabft.tla", ">= 3 * FaultsMax + 1", ">= 3 * FaultsMax")
    prover = Prover(tmp_path / "tetrabft_proofs.tla")
    item = next(item for item in prover.obligations() if item.name == "QuorumsMeet")
    found = shown(counterexample.lines(prover, item, solvers.text(item.facts, item.goal, {})))
    one, other, replicas, liars = [set(found[name]) for name in ("Q1", "Q2", "Replica", "Byzantine")]
    assert len(replicas) == 3 * found["FaultsMax"]
    assert len(liars) <= found["FaultsMax"]
    assert one | other | liars <= replicas
    assert min(len(one), len(other)) >= len(replicas) - found["FaultsMax"]
    assert one & other <= liars


def test_a_definition_that_has_no_meaning_for_each_argument_stays_hidden() -> None:
    """Claimed(kind, ...) asks for fields that only messages of some kinds have."""
    prover = Prover(FOLDER / "tetrabft" / "tetrabft_messages_proofs.tla")
    prover.obligations()
    hidden = {name for _, name in prover.translator.hidden}
    found = opened.definitions(prover.translator, None)
    assert {"Claimed", "IsLast"} <= hidden
    assert "IsLast" in found
    assert "Claimed" not in found

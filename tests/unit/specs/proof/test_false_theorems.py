"""False theorems, each of which some confusion of names, kinds or states would prove."""

import textwrap

import pytest

from specs.proof import prove
from specs.tla.syntax.tree import Unsupported

MODULE = """
---- MODULE false_proofs ----
EXTENDS Integers, Sequences, FiniteSets
CONSTANTS Node, Nobody
{before}
VARIABLES x, f, s, t
ASSUME Nobody \\notin Node
Types == x \\in Int /\\ f \\in [Node -> Int] /\\ s \\in SUBSET [a : Int, b : Int] /\\
  t \\in SUBSET (Int \\X (Int \\X Int))
vars == <<x, f, s, t>>
Init == x = 0 /\\ f = [n \\in Node |-> 0] /\\ s = {{}} /\\ t = {{}}
Inc == x' = x + 1 /\\ UNCHANGED <<f, s, t>>
Set(k) == f' = [f EXCEPT ![k] = 1] /\\ x' = 1 /\\ UNCHANGED <<s, t>>
Some(k) == \\E n \\in Node : Set(n)
All == x = 1 => \\A n \\in Node : f[n] = 1
Next == Inc \\/ \\E n \\in Node : {action}
Spec == Init /\\ [][Next]_vars
THEOREM Typed == Spec => []Types
<1> QED
{text}
====
"""
QED = "\n<1> QED"
UNPROVED = {
    "a name that two quantifiers of an action bind": ("Some(n)", f"THEOREM T == Spec => []All{QED}"),
    "a field of a tuple, and a bound name": (
        "Set(n)",
        "D(y) == \\A p \\in Node : f[p] = f[y[1]]\nLEMMA L == ASSUME NEW p \\in Node \\X Node PROVE D(p)\n  OBVIOUS",
    ),
    "a step that reads almost like the goal": (
        "f' = [f EXCEPT ![n] = 1] /\\ UNCHANGED <<x, s, t>>",
        """Big == x >= 2
        THEOREM T == Spec => [](x = 0 \\/ Big)
        <1>1. ASSUME Inc PROVE (x = 0 \\/ Big)'
          <2>1. x = 0 \\/ Big'
            BY x = 0 \\/ Big
          <2> QED
        <1> QED""",
    ),
}
REFUSED = {
    "the name of what an action chose": (
        "Set(n)",
        """THEOREM T == Spec => []All
        <1>1. ASSUME NEW k \\in Node, Set(k) PROVE All'
          <2>1. ASSUME NEW n \\in Node PROVE f'[n] = 1
            OBVIOUS
          <2> QED BY <2>1
        <1> QED""",
        "the name n is taken",
    ),
    "a prime of an argument": (
        "Set(n)",
        f"Same(a) == a' = a\nTHEOREM T == Spec => [][Same(x)]_vars{QED}",
        "prime of the argument",
    ),
    "a prime of an argument, by way of LET": (
        "Set(n)",
        f"Same(a) == LET y == a IN y' = y\nTHEOREM T == Spec => [][Same(x)]_vars{QED}",
        "prime of the argument",
    ),
    "an argument that does not change": (
        "Set(n)",
        f"Same(a) == UNCHANGED a\nTHEOREM T == Spec => [][Same(x)]_vars{QED}",
        "prime of the argument",
    ),
    "a hidden operator with a prime of its argument": (
        "Set(n)",
        f"Same(a) == a' = a\nHIDE DEF Same\nTHEOREM T == Spec => [][x = 0 => (Same(0) => Same(x))]_vars{QED}",
        "prime of the argument",
    ),
    "a prime of @": (
        "Set(n)",
        f"THEOREM T == Spec => [][\\A n \\in Node : [f EXCEPT ![n] = @'] = f]_vars{QED}",
        "@ outside",
    ),
    "steps that change nothing": ("Set(n)", f"THEOREM T == Spec => []<<x' > x>>_vars{QED}", "write [A]_v"),
    "a tuple for a record": (
        "Set(n)",
        "LEMMA L == [a |-> 1, b |-> 2] \\in s => <<1, 2>> \\in s\n  OBVIOUS",
        "where another kind of value is wanted",
    ),
    "tuples in tuples": (
        "Set(n)",
        "LEMMA L == <<1, <<2, 3>>>> \\in t => <<<<1, 2>>, 3>> \\in t\n  OBVIOUS",
        "where another kind of value is wanted",
    ),
    "records with other fields": (
        "Set(n)",
        "K(r) == r = [a |-> 1]\nHIDE DEF K\nLEMMA L == K([a |-> 1]) => K([b |-> 1])\n  OBVIOUS",
        "of several kinds",
    ),
    "a set of parts of tuples": (
        "Set(n)",
        "LEMMA L == Cardinality({a : <<a, b>> \\in t}) <= 1 => Cardinality(t) <= 1\n  OBVIOUS",
        "a tuple of bound variables",
    ),
    "a number that is a text": ("Set(n)", "LEMMA L == 1 \\in STRING\n  OBVIOUS", "where a text is wanted"),
    "NEW of a set of sets": (
        "Set(n)",
        "LEMMA L == ASSUME NEW S \\in SUBSET Node PROVE S = {}\n  OBVIOUS",
        "outside what is translated",
    ),
    "a step that is not above": ("Set(n)", "LEMMA L == x = 1\n  BY <1>1", "there is no step <1>1 above"),
    "two definitions of one name": ("Set(n)", "All == FALSE\nLEMMA L == ~All\n  OBVIOUS", "second definition of All"),
}


def proved(tmp_path, action, text, before=""):
    path = tmp_path / "false" / "false_proofs.tla"
    path.parent.mkdir()
    path.write_text(MODULE.format(action=action, text=textwrap.dedent(text), before=before).lstrip())
    return prove.prove([path], ["z3"], use_cache=False)


@pytest.mark.parametrize(("action", "text"), UNPROVED.values(), ids=UNPROVED)
def test_a_false_theorem_is_not_proved(tmp_path, action, text):
    report = proved(tmp_path, action, text)
    assert {item.name: item.status for item in report.theorems if item.name in "TL"}.popitem()[1] == "refuted"


@pytest.mark.parametrize(("action", "text", "message"), REFUSED.values(), ids=REFUSED)
def test_what_would_prove_a_false_theorem_is_refused(tmp_path, action, text, message):
    with pytest.raises(Unsupported) as raised:
        proved(tmp_path, action, text)
    assert message in str(raised.value)
    assert "false_proofs.tla:" in str(raised.value)


@pytest.mark.parametrize("name", ["str", "size", "remainder", "tail", "mark"])
def test_names_of_the_translation_are_refused(tmp_path, name):
    """A variable str \\in [a : STRING] would be the text "a"."""
    with pytest.raises(Unsupported) as raised:
        proved(tmp_path, "Set(n)", "", f"VARIABLE {name}")
    assert f"names that begin with {name}" in str(raised.value)


def test_a_sort_of_solvers_is_no_constant(tmp_path):
    with pytest.raises(Unsupported) as raised:
        proved(tmp_path, "Set(n)", "", "CONSTANT Bool")
    assert "Bool" in str(raised.value)


def test_a_bound_name_that_is_also_a_variable_is_refused(tmp_path):
    with pytest.raises(Unsupported) as raised:
        proved(tmp_path, "Set(n)", "LEMMA L == D(1)\n  OBVIOUS", "D(y) == \\A t \\in Nat : y >= t")
    assert "the bound name t" in str(raised.value)


RECORDS = """
---- MODULE false_proofs ----
EXTENDS Integers
VARIABLES r, m
Types == r \\in [a : Int, b : Int] \\cup {[a |-> 0]} /\\ m \\in SUBSET [k : {"a"}, v : Int]
vars == <<r, m>>
Init == r = [a |-> 0] /\\ m = {}
Next == \\E i \\in Int : r' = [a |-> 0, b |-> 2] /\\ m' = m \\cup {[k |-> "a", v |-> i]}
Spec == Init /\\ [][Next]_vars
Short == r = [a |-> 0]
THEOREM Typed == Spec => []Types
<1> QED
THEOREM T == Spec => []Short
<1> QED
====
"""


def test_a_state_after_a_step_is_shown_with_records_of_the_other_kind_and_choices_that_no_fact_names(tmp_path):
    path = tmp_path / "false" / "false_proofs.tla"
    path.parent.mkdir()
    path.write_text(RECORDS.lstrip())
    report = prove.prove([path], ["z3"], use_cache=False)
    (outcome,) = next(item.unproved for item in report.theorems if item.name == "T")
    assert any("r' = [a |-> 0, b |-> 2]" in line for line in outcome.counterexample)

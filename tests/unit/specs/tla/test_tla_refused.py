"""What SANY refuses is refused when a module is loaded, and names file and line. What it takes is taken.

The verdicts were asked of SANY; test_sany_says_the_same asks it again about some.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from specs.tla.language.language import ModuleError, load
from specs.tlc import runner as tlc
from specs.tlc import sany

HEAD = "EXTENDS Naturals, Sequences, FiniteSets\nCONSTANT C\nVARIABLES x, y\n"
OTHERS = {
    "Other": "VARIABLE q\nZ == q\nLOCAL L == 2",
    "Plain": "Z == 1\nLOCAL L == 2",
    "Same": "Z == 2",
    "Counter": "EXTENDS Naturals\nCONSTANT limit\nVARIABLE count\nFull == count >= limit\nKeep(a) == a' = a",
    "Rule": "CONSTANT given, rule(_)\nValue == given\nRuled == rule(given)",
    "Later": "CONSTANT given\nNext == given'",
}

REFUSED = {
    # names twice
    "A == 1\nB == 2\nA == 3": "M.tla:7: A has a meaning already, a definition (M.tla:5)",
    "CONSTANT x": "x has a meaning already, a VARIABLE (M.tla:4)",
    "Len(s) == 1": "Len has a meaning already, an operator of module Sequences",
    "a + b == 1": "+ has a meaning already, an operator of module Naturals",
    "a \\cup b == 1": "\\cup has a meaning already, an operator of TLA+",
    "f[a \\in {1}] == 1\nf == 2": "M.tla:6: f has a meaning already",
    "LOCAL A == 1\nA == 2": "A has a meaning already",
    "a ++ b == 1\nc ++ d == 2": "++ has a meaning already",
    "I == INSTANCE Other WITH q <- x\nI == 1": "I has a meaning already, an INSTANCE",
    "INSTANCE Other WITH q <- x\nZ == 1": "Z has a meaning already",
    "A == 1\nTHEOREM A == TRUE": "A has a meaning already",
    "F == LET a == 1 a == 2 IN a": "a has a meaning already",
    "RECURSIVE R(_)\nRECURSIVE R(_)\nR(a) == 1": "R has a meaning already",
    # names that hide others
    "A == 1\nB == \\A A \\in {1} : TRUE": "M.tla:6: A has a meaning already, a definition (M.tla:5)",
    "B == \\E x \\in {1} : TRUE": "x has a meaning already, a VARIABLE",
    "F(x) == 1": "x has a meaning already, a VARIABLE (M.tla:4): give a parameter another name",
    "A == 1\nF(A) == 1": "A has a meaning already",
    "F(a) == LET a == 1 IN a": "a has a meaning already, a parameter",
    "F == \\A a \\in {1} : \\E a \\in {2} : TRUE": "a has a meaning already, a bound variable",
    "F == [a \\in {1} |-> [a \\in {2} |-> a]]": "a has a meaning already",
    "F(a) == CHOOSE a \\in {2} : TRUE": "a has a meaning already",
    "F(a) == {a \\in {2} : TRUE}": "a has a meaning already",
    "F(a) == {a : a \\in {2}}": "a has a meaning already",
    "G(P(_)) == P(1)\nF(a) == G(LAMBDA a : a)": "a has a meaning already",
    "f[x \\in {1}] == 1": "x has a meaning already",
    "F == LET C == 1 IN C": "C has a meaning already, a CONSTANT",
    "I(x) == INSTANCE Plain": "x has a meaning already",
    # two of one name in a list
    "F(a, a) == 1": "a has a meaning already, a parameter",
    "F == \\A a, a \\in {1} : TRUE": "a has a meaning already",
    "F == {1 : a \\in {1}, a \\in {2}}": "a has a meaning already",
    "F == \\A <<a, a>> \\in {1} : TRUE": "a has a meaning already",
    "F == [a |-> 1, a |-> 2]": "M.tla:5: a record with two fields a",
    "F == [a : {1}, a : {2}]": "a record with two fields a",
    "I == INSTANCE Other WITH q <- x, q <- y": "INSTANCE Other gives q two values",
    # order and existence
    "A == B\nB == 1": "M.tla:5: B is used before its definition (M.tla:6)",
    "ASSUME B = 1\nB == 1": "B is used before its definition",
    "A == A": "A is used before its definition",
    "F == foo": "M.tla:5: foo has no definition",
    "F == LET a == foo IN 1": "foo has no definition",
    "F == 1\nG == [F EXCEPT ![foo] = 1]": "M.tla:6: foo has no definition",
    "F == x!y": "x! where x is not an INSTANCE",
    "F == I!Z": "I has no definition",
    "I == INSTANCE Other WITH q <- x\nF == I!Nope": "Nope has no definition",
    "I == INSTANCE Other WITH q <- x\nF == I!L": "L has no definition",
    "I == INSTANCE Other WITH q <- x\nF == I": "I is an instance, not an operator",
    "I == INSTANCE Other": "INSTANCE Other gives q no value",
    "I == INSTANCE Other WITH q <- x, zz <- 1": "gives a value to zz, which it does not declare",
    "RECURSIVE R(_)": "M.tla:5: R is declared RECURSIVE, but not defined",
    "RECURSIVE R(_)\nR(a, b) == 1": "R has other parameters than its RECURSIVE declaration",
    "F == @": "@ outside an EXCEPT",
    "F == [y EXCEPT ![@] = 1]": "@ outside an EXCEPT",
    # arguments
    "F(a) == a\nG == F": "F takes 1 arguments, not 0",
    "F(a) == a\nG == F(1, 2)": "F takes 1 arguments, not 2",
    "F == 1\nG == F(1)": "F takes 0 arguments, not 1",
    "G == Len(1, 2)": "Len takes 1 arguments, not 2",
    "F == x(1)": "x takes 0 arguments",
    "CONSTANT P(_)\nF == P": "P takes 1 arguments, not 0",
    "F(P(_)) == P(1)\nG == F(1)": "F wants an operator of 1 arguments",
    "F(P(_)) == P(1)\nQ(a, b) == 1\nG == F(Q)": "Q takes 2 arguments; F wants an operator of 1",
    "F(P(_)) == P(1)\nG == F( + )": "+ takes 2 arguments; F wants an operator of 1",
    "F(P(_)) == P(1)\nG == F(LAMBDA a, b : 1)": "a LAMBDA of 2 parameters where F wants an operator of 1",
    "F(a) == 1\nQ(a) == 1\nG == F(Q)": "Q takes 1 arguments, not 0",
    "F(a) == 1\nG == F( + )": "+ takes 2 arguments, not 0",
    "I(a) == INSTANCE Plain\nF == I!Z": "I takes 1 arguments, not 0",
    # operators without an order
    "F == TRUE => FALSE => TRUE": "M.tla:5: => and => have no order of precedence: use parentheses",
    "F == 1 = 1 = TRUE": "= and = have no order of precedence",
    "F == TRUE /\\ FALSE \\/ TRUE": "/\\ and \\/ have no order of precedence",
    "F == TRUE <=> TRUE <=> TRUE": "<=> and <=> have no order of precedence",
    "F == 1 \\in {1} = TRUE": "\\in and = have no order of precedence",
    "F == {1} \\ {2} \\cup {3}": "\\ and \\cup have no order of precedence",
    "F == {1} \\cup {2} \\cap {3}": "\\cup and \\cap have no order of precedence",
    "F == {1} \\ {2} \\ {3}": "\\ and \\ have no order of precedence",
    "F == 2 ^ 2 ^ 2": "^ and ^ have no order of precedence",
    "F == 4 \\div 2 \\div 2": "\\div and \\div have no order of precedence",
    "F == 4 * 2 \\div 2": "* and \\div have no order of precedence",
    "F == 4 % 2 + 1": "% and + have no order of precedence",
    "F == 2 * -1": "* and - have no order of precedence",
    "F == UNCHANGED x = y": "UNCHANGED and = have no order of precedence",
    "F == []x = y": "[] and = have no order of precedence",
    "F == ENABLED x'": "ENABLED and ' have no order of precedence",
    "F == SUBSET {1} \\X {2}": "SUBSET and \\X have no order of precedence",
    # brackets that end the item of a list
    "F ==\n  /\\ (1\n  = 1)\n  /\\ TRUE": "M.tla:",
    "F ==\n    /\\ {1,\n  2} = {}\n    /\\ TRUE": "M.tla:",
    "F ==\n    /\\ [a |-> 1,\n    b |-> 2] = x\n    /\\ TRUE": "M.tla:",
}

# Each on one line. Definitions that they use are in LEVEL_HEAD.
LEVEL_HEAD = """Step(a) == a' # a
Twice(a) == LET b == Step(a) IN b
On(P(_), a) == P(a)
OnNext(P(_)) == P(y')
Watch(limit) == INSTANCE Counter WITH count <- y
a ++ b == UNCHANGED a /\\ b
"""
LEVELS_REFUSED = {
    "A1 == (y')' = 1": "an action where a prime takes at most a state expression: y'",
    "A2 == UNCHANGED <<x, y'>>": "an action where UNCHANGED takes at most a state expression: <<x, y'>>",
    "A3 == Step(y')": "an action where Step takes at most a state expression: y'",
    "A4 == Twice(y')": "an action where Twice takes at most a state expression",
    "A5 == Step(Step(y))": "an action where Step takes at most a state expression: Step(y)",
    "A6 == On(Step, y')": "an operator that takes at most a state expression, where On gives it an action: Step",
    "A7 == OnNext(LAMBDA c : c' = 1)": "where OnNext gives it an action: LAMBDA c : c' = 1",
    "A8 == y' ++ x": "an action where ++ takes at most a state expression",
    "A9 == [x' = 1]_(y')": "an action where the subscript of [A]_v takes at most a state expression",
    "A10 == <>(x' = 1)": "<> is followed by an action that is not of the form <<A>>_v",
    "A11 == []<<x' = 1>>_x": "[] is followed by an action that is not of the form [A]_v",
    "A12 == [](x = 1 /\\ [y' = 1]_y)": "[] is followed by an action that is not of the form [A]_v",
    "A13 == (x = 1) ~> (y' = 1)": "an action beside ~>: y' = 1",
    "A14 == x' = 1 /\\ <>(y = 1)": "a connective of an action and a temporal formula",
    "A15 == \\E i \\in {x'} : <>(y = i)": "a temporal formula, quantified over an action",
    "A16 == {<>(y = 1)}": "a temporal formula where a set takes at most an action",
    "A17 == 1 = [](y = 1)": "a temporal formula where = takes at most an action",
    "A18 == CHOOSE i \\in {1} : <>(y = i)": "a temporal formula where CHOOSE takes at most an action",
    "A19 == ENABLED <>(y = 1)": "a temporal formula where ENABLED takes at most an action",
    "A20 == WF_(y')(x' = 1)": "an action where the subscript of WF takes at most a state expression",
    "A21 == [y' EXCEPT ![1] = @']": "an action where a prime takes at most a state expression: @",
    "A22 == LET b == y' IN (b)'": "an action where a prime takes at most a state expression",
    "RECURSIVE R(_) R(a) == IF a = 0 THEN a' ELSE R(a - 1)": "argument 1 of the recursive operator R is primed",
    "ASSUME y = 1": "ASSUME reads variables, but is evaluated before any state exists",
    "I1 == INSTANCE Counter WITH limit <- x, count <- y": "where WITH limit takes at most a constant",
    "I2 == INSTANCE Counter WITH limit <- 1, count <- y'": "where WITH count takes at most a state expression",
    "I3 == INSTANCE Rule WITH given <- 1, rule <- Step": "an operator that takes at most a state expression",
    "I4 == INSTANCE Later WITH given <- y": "a state expression where WITH given takes at most a constant",
    "A23 == Watch(y)!Full": "a state expression where Watch takes at most a constant",
    "A24 == Watch(1)!Keep(y')": "an action where Keep takes at most a state expression",
    "A25 == LET J == INSTANCE Counter WITH limit <- x, count <- y IN 1": "where WITH limit takes at most a constant",
}

TAKEN = (
    "F(a) == a'\nG == F(x) /\\ F(x + 1) /\\ \\A i \\in {y} : F(i)",
    "F(P(_), a) == P(a)\nG(a) == a = 1\nH == F(G, x')\nI == F(LAMBDA i : i' = 1, x)",
    "F == [][x' = 1 /\\ [y' = 1]_y]_x /\\ <><<y' = 1>>_y /\\ [](ENABLED (x' = 1)) /\\ WF_<<x, y>>(x' = 1)",
    "F == IF x' = 1 THEN [](y = 1) ELSE TRUE\nG == [a |-> <>(y = 1)]\nH == \\A i \\in {y} : <>(x = i)",
    "I == INSTANCE Counter WITH limit <- C, count <- x + y\nF == (I!Full)' /\\ I!Keep(x)",
    "J(a) == INSTANCE Rule WITH given <- a, rule <- LAMBDA i : i = a\nF == J(x')!Value = 1 /\\ J(x)!Ruled",
    "J(a) == INSTANCE Counter WITH limit <- 3, count <- a\nF == J(x)!Full /\\ J(2)!Full",
    "J == INSTANCE Rule WITH given <- x', rule <- LAMBDA i : 1\nF == J!Value = 1",
    "RECURSIVE R(_)\nR(a) == IF a = 0 THEN y ELSE R(a - 1)\nF == R(x') = 1 /\\ (R(x))' = 1",
    "F(A) == 1\nA == 1",
    "F == (\\A a \\in {1} : TRUE) /\\ (\\A a \\in {1} : TRUE)",
    "VARIABLE x",
    "F == C'",
    "F == \\A a \\in {1} : a' = 1",
    "INSTANCE Other WITH q <- x\nF == Z",
    "I(q) == INSTANCE Other\nF == I(x)!Z",
    "F == [a |-> 1].b",
    "F == [x EXCEPT ![1] = [y EXCEPT ![@] = @]]",
    "M == 1",
    "RECURSIVE R(_)\nS(a) == R(a)\nR(a) == S(a)",
    "F(P(_, _), a) == P(a, 2)\nG == F(+, 1)\nH == F(=, 1)\nI == F(\\cup, {})\nJ == F(/\\, TRUE)",
    "F == 1 - 2 - 3 + 4 + 5 = 2 /\\ TRUE",
    "F == {1} \\cup {2} \\cup {3} \\subseteq SUBSET {1}",
    "F == ~ 1 = 2 /\\ 2 * 3 + 1 = 7",
    "F == 1 = 1 <=> 2 = 2",
    "F == x = ~ TRUE /\\ y = SUBSET {1} /\\ 1 + DOMAIN <<>> = 2",
    "F ==\n  /\\ (1\n     = 1)\n  (* left *)\n\\* of the bullet\n  /\\ TRUE",
    "F ==\n  /\\ TRUE\n  /\\ TRUE\n  => TRUE",
    "F == [](x = 1) /\\ <>[](y = 1) ~> (x = 2)",
)


def write(folder: Path, text: str) -> Path:
    for name, body in {**OTHERS, "M": HEAD + text}.items():
        (folder / f"{name}.tla").write_text(f"---- MODULE {name} ----\n{body}\n====\n")
    return folder / "M.tla"


@pytest.mark.parametrize("text", REFUSED)
def test_it_is_refused(text: str, tmp_path: Path) -> None:
    with pytest.raises(ModuleError) as caught:
        load(write(tmp_path, text), {"C": 1})
    assert REFUSED[text] in str(caught.value)
    assert "M.tla:" in str(caught.value)


@pytest.mark.parametrize("text", LEVELS_REFUSED)
def test_a_level_that_is_too_high_is_refused(text: str, tmp_path: Path) -> None:
    with pytest.raises(ModuleError) as caught:
        load(write(tmp_path, LEVEL_HEAD + text), {"C": 1})
    assert LEVELS_REFUSED[text] in str(caught.value)
    assert f"M.tla:{(HEAD + LEVEL_HEAD).count(chr(10)) + 2}:" in str(caught.value)


@pytest.mark.skipif(not tlc.available(), reason="no Java or no tla2tools.jar")
def test_sany_refuses_the_same_levels(tmp_path: Path) -> None:
    """SANY goes on after an error of levels, so one run tells of all."""
    with pytest.raises(ModuleError) as caught:
        sany.check(write(tmp_path, LEVEL_HEAD + "\n".join(LEVELS_REFUSED)))
    first = (HEAD + LEVEL_HEAD).count("\n") + 2
    found = {int(line) for line in re.findall(r"^line (\d+), col .* of module M", str(caught.value), re.MULTILINE)}
    assert found == {*range(first, first + len(LEVELS_REFUSED))}


@pytest.mark.parametrize("text", TAKEN)
def test_it_is_taken(text: str, tmp_path: Path) -> None:
    assert load(write(tmp_path, text), {"C": 1}).name == "M"


def test_modules_that_are_extended_may_define_one_name(tmp_path: Path) -> None:
    (tmp_path / "Plain.tla").write_text(f"---- MODULE Plain ----\n{OTHERS['Plain']}\n====\n")
    (tmp_path / "Same.tla").write_text(f"---- MODULE Same ----\n{OTHERS['Same']}\n====\n")
    (tmp_path / "M.tla").write_text("---- MODULE M ----\nEXTENDS Plain, Same\nE == Z\n====\n")
    assert load(tmp_path / "M.tla").value("E") == 1


@pytest.mark.skipif(not tlc.available(), reason="no Java or no tla2tools.jar")
def test_sany_says_the_same(tmp_path: Path) -> None:
    """Of what is taken, all at once: as definitions of one module they would hide each other's names."""
    for name, body in OTHERS.items():
        (tmp_path / f"{name}.tla").write_text(f"---- MODULE {name} ----\n{body}\n====\n")
    for number, text in enumerate(TAKEN):
        body = HEAD + text.replace("M == 1", f"T{number} == 1")
        (tmp_path / f"T{number}.tla").write_text(f"---- MODULE T{number} ----\n{body}\n====\n")
    lines = [f"I{number} == INSTANCE T{number} WITH C <- 1, x <- 2, y <- 3" for number in range(len(TAKEN))]
    (tmp_path / "All.tla").write_text("\n".join(["---- MODULE All ----", *lines, "====\n"]))
    sany.check(tmp_path / "All.tla")
    (tmp_path / "R.tla").write_text(f"---- MODULE R ----\n{HEAD}F(x) == 1\n====\n")
    with pytest.raises(ModuleError, match="Multiply-defined symbol 'x'"):
        sany.check(tmp_path / "R.tla")

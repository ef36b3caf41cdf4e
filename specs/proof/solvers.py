"""Asks z3 and cvc5 whether a goal follows from facts. Both get the same SMT-LIB text.

Theory. A goal follows from facts if the facts and its negation have no model. A solver that finds none has proved it.
One that finds a model has refuted it. One that gives up has said nothing.

Rules. The limit is one of the solver's own steps, not of time: an answer does not depend on the machine's load. cvc5
counts some long work as few steps, so a question that takes it minutes ends by time, unknown. What a solver does not
know is unproved. The packages z3-solver and cvc5 are imported only here.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from specs.proof.translation import meanings, terms
from specs.proof.translation.terms import Term

PROVED, REFUTED, UNKNOWN = "proved", "refuted", "unknown"
SOLVERS = ("z3", "cvc5")
Z3_STEPS_MAX = 2_000_000
CVC5_STEPS_MAX = 1_000_000
CVC5_SECONDS_MAX = 60  # what is proved takes it a few
PART = 10  # of these steps, one in so many looks for a model of the facts alone


class SolverMissing(Exception):
    """A solver's package is not installed."""


@dataclass(frozen=True)
class Answer:
    verdict: str
    seconds: float
    said: str = ""


def text(facts: Iterable[Term], goal: Term, axioms: dict[str, Term]) -> str:
    """The question in SMT-LIB: declarations, facts, the negated goal. `axioms`: of each symbol, what defines it."""
    asked = with_axioms([*facts, terms.negation(goal)], axioms)
    used = terms.symbols(asked)
    free: dict[Term, None] = {}
    for term in asked:
        free |= dict.fromkeys(sorted(term.free, key=lambda item: item.name))
    lines = ["(set-logic ALL)"]
    sorts = {item.sort for item in terms.parts(asked)} - {terms.BOOL, terms.INT}
    lines += [f"(declare-sort {terms.quoted(sort)} 0)" for sort in sorted(sorts)]
    lines += declarations(used.values())
    lines += [f"(declare-fun {terms.quoted(item.name)} () {terms.quoted(item.sort)})" for item in free]
    lines += _marks({item.sort for term in terms.parts(asked) for item in term.bound}, [*used.values(), *free])
    strings = sorted(name for name, item in used.items() if name.startswith("str.") and item.sort == meanings.STRING)
    if len(strings) > 1:
        lines.append(f"(assert (distinct {' '.join([terms.quoted(name) for name in strings])}))")
    lines += [f"(assert {terms.show(term)})" for term in asked]
    return "\n".join([*lines, ""])


def with_axioms(facts: Iterable[Term], axioms: dict[str, Term]) -> list[Term]:
    """The facts, and what defines the symbols that occur in them."""
    found = dict.fromkeys(facts)
    waiting, seen = list(found), set[str]()
    while waiting:
        for name in terms.symbols([waiting.pop()]):
            if name in axioms and name not in seen:
                seen.add(name)
                found[axioms[name]] = None
                waiting.append(axioms[name])
    return list(found)


def declarations(symbols: Iterable[Term]) -> list[str]:
    """SMT-LIB's declarations of applied symbols, by name."""
    lines = []
    for item in sorted(symbols, key=lambda item: item.name):
        inner = " ".join([terms.quoted(part.sort) for part in item.args])
        lines.append(f"(declare-fun {terms.quoted(item.name)} ({inner}) {terms.quoted(item.sort)})")
    return lines


def _marks(sorts: set[str], symbols: Iterable[Term]) -> list[str]:
    """Marks (`terms.mark`) hold of everything; constants are marked already."""
    constants = {item.name: item.sort for item in symbols if not item.args}
    lines = []
    for sort in sorted(sorts):
        mark, name = terms.mark(sort), terms.quoted(sort)
        lines.append(f"(declare-fun {mark} ({name}) Bool)")
        lines.append(f"(assert (forall ((x {name})) (! ({mark} x) :pattern (({mark} x)))))")
        lines += [f"(assert ({mark} {terms.quoted(item)}))" for item, own in sorted(constants.items()) if own == sort]
    return lines


def ask(solver: str, question: str, part: int = 1) -> Answer:
    """The solver's answer within its steps, or a part of them. Raises SolverMissing."""
    began = time.process_time()
    said = _z3(question, Z3_STEPS_MAX // part)[1] if solver == "z3" else _cvc5(question, CVC5_STEPS_MAX // part)
    verdict = {"unsat": PROVED, "sat": REFUTED}.get(said, UNKNOWN)
    return Answer(verdict, time.process_time() - began, said)


def versions(names: Iterable[str]) -> dict[str, str]:
    """The versions of the solvers. Raises SolverMissing."""
    return {
        name: _package(name).__version__ if name == "cvc5" else _package(name).get_version_string() for name in names
    }


def _package(solver: str) -> Any:
    try:
        if solver == "z3":
            import z3

            return z3
        import cvc5

        return cvc5
    except ImportError as error:
        raise SolverMissing(f"{solver} is not installed; install it with: pip install 'amu-swarm[prove]'") from error


def model(question: str, steps: int | None = None) -> Any:
    """z3's model, such as a counterexample, or None if it finds none."""
    solver, said = _z3(question, steps or Z3_STEPS_MAX)
    return solver.model() if said == "sat" else None


def _z3(question: str, steps: int) -> tuple[Any, str]:
    """The solver, for its model, and what it says."""
    z3 = _package("z3")
    solver = z3.Solver(ctx=z3.Context())
    solver.set("rlimit", steps)
    solver.set("ctrl_c", False)  # an interrupt ends the program, not the search alone
    solver.from_string(question)
    return solver, str(solver.check())


def _cvc5(question: str, steps: int) -> str:
    cvc5 = _package("cvc5")
    manager = cvc5.TermManager()
    solver = cvc5.Solver(manager)
    solver.setOption("rlimit-per", str(steps))
    solver.setOption("tlimit-per", str(CVC5_SECONDS_MAX * 1000))
    solver.setOption("enum-inst", "true")
    parser = cvc5.InputParser(solver)
    parser.setStringInput(cvc5.InputLanguage.SMT_LIB_2_6, question, "obligation")
    while True:
        command = parser.nextCommand()
        if command.isNull():
            break
        command.invoke(solver, parser.getSymbolManager())
    return str(solver.checkSat())

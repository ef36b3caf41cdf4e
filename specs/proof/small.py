"""Looks for a small model of facts: a few elements of each sort, numbers between two bounds.

Theory. Over finite domains a quantifier is a conjunction or a disjunction; without quantifiers a solver is complete.
What it finds is then written out as one definition for each symbol, over all numbers, and the solver is asked whether
the facts as they are hold under these definitions. So bounds only guide the search: a model that is found is one.
Remainders are those of the solver: of a positive divisor they are TLA+'s.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import product
from typing import Any

from specs.proof import meanings, solvers, terms
from specs.proof.choices import REMAINDER
from specs.proof.terms import BOOL, INT, Term

ELEMENTS = 3  # of each sort
LOW, HIGHS = -1, (3, 5)  # numbers that quantifiers range over
STEPS_MAX = 20_000_000  # of z3, for one search
PARTS_MAX = 60_000  # formulas into which quantifiers are taken apart


class TooLarge(Exception):
    """The quantifiers make too many parts."""


def has_model(facts: Iterable[Term], axioms: dict[str, Term]) -> bool:
    """Whether a small model is found; False says nothing."""
    asked = solvers.with_axioms(facts, {name: axiom for name, axiom in axioms.items() if name != REMAINDER})
    try:
        return any(_Small(asked, high, edges).is_found() for high in HIGHS for edges in (True, False))
    except TooLarge:
        return False


class _Small:
    """Numbers up to `high`; `edges`: tables are empty at the bounds, so that beyond them they can go on so."""

    def __init__(self, asked: list[Term], high: int, edges: bool) -> None:
        self.asked, self.high, self.edges = asked, high, edges
        used = list(terms.parts(asked))
        symbols = terms.symbols(asked)
        texts = sorted(name for name, item in symbols.items() if terms.is_literal(item))
        sorts = {item.sort for item in used} | {arg.sort for item in used for arg in item.args}
        sorts |= {item.sort for term in used for item in term.bound}
        most = _most(used)
        self.elements = {
            sort: [terms.apply(f"str.{sort}.{at}", (), sort) for at in range(most.get(sort, ELEMENTS))]
            for sort in sorted(sorts - {BOOL, INT, meanings.STRING})
        }
        self.elements[INT] = [terms.integer(at) for at in range(LOW, self.high + 1)]
        self.elements[BOOL] = [terms.FALSE, terms.TRUE]
        self.elements[meanings.STRING] = [terms.apply(name, (), meanings.STRING) for name in texts or ("str.",)]
        self.symbols = {name: item for name, item in symbols.items() if not terms.is_literal(item)}
        self.free = sorted({item for term in asked for item in term.free}, key=lambda item: item.name)
        self.parts = 0
        self._known: dict[tuple[Term, tuple[Term | None, ...]], Term] = {}

    def is_found(self) -> bool:
        constants = {item: terms.apply(f"free.{item.name}", (), item.sort) for item in self.free}
        ground = [self._expanded(terms.substituted(item, constants), {}) for item in self.asked]
        applied = [item for item in terms.parts(ground) if item.op == "app" and not terms.is_literal(item)]
        names = self._value_names(applied)
        asked = [*ground, *[self._inside(item) for item in applied], *self._edges(applied)]
        asked += [terms.equal(name, item) for item, name in names.items()]
        declared = solvers.declarations(item for item in terms.symbols(asked).values() if not terms.is_literal(item))
        remainders = [line for item in applied if item.name == REMAINDER for line in self._remainder(*item.args)]
        lines = [*self._sorts(False), *declared, *_asserted(asked), *remainders, ""]
        model = solvers.model("\n".join(lines), STEPS_MAX)
        if model is None:
            return False
        elements = [item for sort, items in self.elements.items() if sort not in (BOOL, INT) for item in items]
        return self._confirmed(_read(model, names, elements), applied, constants)

    # --- the search ----------------------------------------------------------------------------------

    def _expanded(self, term: Term, given: Mapping[Term, Term]) -> Term:
        """The term without quantifiers."""
        bound = tuple(sorted((item for item in term.free if item in given), key=lambda item: item.name))
        key = (term, tuple([given[item] for item in bound]))
        if key not in self._known:
            self.parts += 1
            if self.parts > PARTS_MAX:
                raise TooLarge
            self._known[key] = self._taken_apart(term, given)
        return self._known[key]

    def _taken_apart(self, term: Term, given: Mapping[Term, Term]) -> Term:
        if term.op in ("forall", "exists"):
            choices = product(*[self.elements[item.sort] for item in term.bound])
            found = [self._expanded(term.args[0], {**given, **dict(zip(term.bound, one))}) for one in choices]
            return terms.conjunction(found) if term.op == "forall" else terms.disjunction(found)
        if term.op == "var":
            return given[term]
        args = [self._expanded(item, given) for item in term.args]
        return terms.rebuilt(term, args)

    def _inside(self, item: Term) -> Term:
        """An applied symbol is one of the elements, or between the bounds."""
        if item.sort == BOOL:
            return terms.TRUE
        if item.sort == INT:
            low, high = (
                terms.order("<=", terms.integer(LOW), item),
                terms.order("<=", item, terms.integer(self.high - 1)),
            )
            return terms.conjunction([low, high])
        return terms.disjunction([terms.equal(item, one) for one in self.elements[item.sort]])

    def _remainder(self, left: Term, right: Term) -> Iterator[str]:
        """`left % right`, for each number that `right` may be: solvers know remainders of divisions by a literal."""
        one, by, found = [terms.show(item) for item in (left, right, terms.apply(REMAINDER, (left, right), INT))]
        for number in range(1, self.high + 1):
            yield f"(assert (=> (= {by} {number}) (= {found} (mod {one} {number}))))"

    def _edges(self, applied: Iterable[Term]) -> Iterator[Term]:
        for item in applied if self.edges else ():
            numbers = [arg.value for arg in item.args if arg.op == "int"]
            if any(number in (LOW, self.high) for number in numbers) and not item.name.startswith(
                ("choose.", "size.", "select.", REMAINDER)
            ):
                yield terms.equal(item, self._default(item.sort))

    def _default(self, sort: str) -> Term:
        if sort in (BOOL, INT):
            return terms.FALSE if sort == BOOL else terms.integer(0)
        return self.elements[sort][0]

    def _value_names(self, applied: Iterable[Term]) -> dict[Term, Term]:
        """A constant for the value of each applied symbol, and of what it is applied to."""
        wanted = dict.fromkeys([part for item in applied for part in (item, *item.args)])
        return {item: terms.apply(f"value.{at}", (), item.sort) for at, item in enumerate(wanted)}

    # --- the confirmation ----------------------------------------------------------------------------

    def _confirmed(self, values: dict[Term, str], applied: Iterable[Term], constants: dict[Term, Term]) -> bool:
        """Whether the facts as they are hold, if each symbol is what the tables say."""
        tables: dict[str, dict[tuple[str, ...], str]] = {}
        for item in applied:
            tables.setdefault(item.name, {})[tuple([values[arg] for arg in item.args])] = values[item]
        symbols = [*[self.symbols[name] for name in sorted(self.symbols) if name != REMAINDER], *constants.values()]
        lines = [f"(define-fun {REMAINDER} ((x.0 Int) (x.1 Int)) Int (mod x.0 x.1))"]
        lines += [self._definition(item, tables.get(item.name, {})) for item in symbols]
        facts = [terms.substituted(item, constants) for item in self.asked]
        return solvers.model("\n".join([*self._sorts(True), *lines, *_asserted(facts), ""]), STEPS_MAX) is not None

    def _definition(self, item: Term, table: dict[tuple[str, ...], str]) -> str:
        """Outside the bounds a symbol is what it is at the nearest bound."""
        names = [f"x.{at}" for at in range(len(item.args))]
        ours = [f"n.{at}" if arg.sort == INT else name for at, (name, arg) in enumerate(zip(names, item.args))]
        body = terms.show(self._default(item.sort))
        for args, value in table.items():
            same = " ".join([f"(= {name} {arg})" for name, arg in zip(ours, args)])
            body = f"(ite (and {same}) {value} {body})" if args else value
        for name, near, arg in zip(names, ours, item.args):
            if arg.sort == INT:
                low, high = terms.show(terms.integer(LOW)), str(self.high)
                body = f"(let (({near} (ite (< {name} {low}) {low} (ite (< {high} {name}) {high} {name})))) {body})"
        parameters = " ".join([f"({name} {terms.quoted(arg.sort)})" for name, arg in zip(names, item.args)])
        return f"(define-fun {terms.quoted(item.name)} ({parameters}) {terms.quoted(item.sort)} {body})"

    def _sorts(self, whole: bool) -> list[str]:
        """Declares the sorts and their elements; `whole`: there are no others."""
        lines = ["(set-logic ALL)"]
        for sort, items in self.elements.items():
            name, shown = terms.quoted(sort), [terms.show(item) for item in items]
            if sort not in (BOOL, INT) and whole:
                lines.append(f"(declare-datatypes (({name} 0)) (({' '.join([f'({item})' for item in shown])})))")
            elif sort not in (BOOL, INT):
                lines.append(f"(declare-sort {name} 0)")
                lines += [f"(declare-fun {item} () {name})" for item in shown]
                lines += [f"(assert (distinct {' '.join(shown)}))"] if len(shown) > 1 else []
            lines.append(f"(define-fun {terms.mark(sort)} ((x {name})) Bool true)")
        return lines


def _most(used: Iterable[Term]) -> dict[str, int]:
    """Sorts of which a formula says that each element is one of so few."""
    found: dict[str, int] = {}
    for term in used:
        if term.op == "forall" and len(term.bound) == 1:
            (one,), body = term.bound, term.args[0]
            items = body.args if body.op == "or" else (body,)
            if len(items) < ELEMENTS and all(item.op == "=" and one in item.args for item in items):
                found[one.sort] = len(items)
    return found


def _asserted(facts: Iterable[Term]) -> list[str]:
    return [f"(assert {terms.show(item)})" for item in facts]


def _read(model: Any, names: dict[Term, Term], elements: Iterable[Term]) -> dict[Term, str]:
    """The values of terms, as SMT-LIB writes them."""
    found = {item.name(): model[item] for item in model.decls() if item.arity() == 0}
    words = {str(found[item.name]): terms.show(item) for item in elements if item.name in found}
    read: dict[Term, str] = {}
    for term, name in names.items():
        value = found.get(name.name)
        read[term] = words.get(str(value), value.sexpr() if value is not None else "")
    return read

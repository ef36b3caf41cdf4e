"""Looks for a small model of facts: a few elements of each sort, numbers between two bounds.

Theory. Over finite domains a quantifier is a conjunction or a disjunction; without quantifiers a solver is complete.
What an axiom says of a symbol, such as a CHOOSE, is said at the arguments at which the facts apply it. What is found
is a table for each symbol, and what it says at its edges holds beyond them. Whether the facts as they are hold in these
tables, over all numbers, is then worked out (`exact`). Where it cannot be, the choices are made at all arguments, and
the solver is asked. So bounds only guide the search: a model that is found is one. Remainders are those of the solver:
of a positive divisor they are TLA+'s.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

from specs.proof import solvers
from specs.proof.models import exact
from specs.proof.models.ground import Ground, TooLarge
from specs.proof.translation import meanings, terms
from specs.proof.translation.choices import REMAINDER
from specs.proof.translation.terms import BOOL, INT, Term

LOW = -1  # numbers that quantifiers range over are not below
SIZES = ((3, 3), (3, 5))  # elements of each sort, and the highest of those numbers
SPARE_TEXTS = ("str.other", "str.another")  # that the facts do not name
STEPS_MAX = 20_000_000  # of z3, for one search
PARTS_MAX = 60_000  # formulas into which quantifiers are taken apart
WIDE = 6  # arguments: a relation with so many, such as messages that tell registers, has too many quantified cases

_Table = dict[tuple[Term, ...], Term]


@dataclass(frozen=True, eq=False)
class Model:
    """Elements of each sort, and the value of each symbol at some arguments: terms that are literals.

    Beyond the bounds a symbol is what it is at the nearest bound. What no table says is the first element, 0 or FALSE.
    """

    elements: dict[str, list[Term]]
    tables: dict[str, _Table]

    def applied(self, item: Term) -> Term:
        """The value of a symbol that is applied to literals."""
        if terms.is_literal(item) or exact.remainder(item) is not item:
            return exact.remainder(item)
        numbers = self.elements[INT]
        least, most = numbers[0].value, numbers[-1].value
        args = [terms.integer(min(max(arg.value, least), most)) if arg.op == "int" else arg for arg in item.args]
        return self.tables.get(item.name, {}).get(tuple(args), default(self.elements, item.sort))


@dataclass(frozen=True, eq=False)
class Instance:
    """What is known beforehand: elements of some sorts, and values of symbols that are applied to literals.

    `sizes`: how many elements each other sort has, and the highest number that quantifiers range over; one by one.
    """

    elements: dict[str, list[Term]]
    values: dict[Term, Term]
    sizes: tuple[tuple[int, int], ...] = SIZES

    def value(self, item: Term) -> Term:
        return self.values.get(item) or exact.remainder(item)


ANY = Instance({}, {})


def default(elements: Mapping[str, list[Term]], sort: str) -> Term:
    """What stands for a value that does not matter."""
    if sort in (BOOL, INT):
        return terms.FALSE if sort == BOOL else terms.integer(0)
    return elements[sort][0]


def constant(variable: Term) -> Term:
    """What stands for a free variable."""
    return terms.apply(f"free.{variable.name}", (), variable.sort)


def element(sort: str, at: int) -> Term:
    return terms.apply(f"str.{sort}.{at}", (), sort)


def find(facts: Sequence[Term], axioms: dict[str, Term], instance: Instance = ANY) -> Model | None:
    """A small model of the facts, or None, which says nothing. `axioms`: of each symbol, what defines it."""
    axioms = {name: axiom for name, axiom in axioms.items() if name != REMAINDER}
    found = _found(facts, axioms, instance)
    if found is not None or instance is not ANY:
        return found
    known: dict[Term, Term] = {}
    less = [_emptied(item, known) for item in facts]
    if less == list(facts):
        return None
    return _found(less, {name: _emptied(axiom, known) for name, axiom in axioms.items()}, instance)


def _emptied(term: Term, known: dict[Term, Term]) -> Term:
    """The term where wide relations hold of nothing, as they do in a model whose tables do not name them."""
    if term not in known:
        if term.op == "app" and term.sort == BOOL and len(term.args) >= WIDE:
            known[term] = terms.FALSE
        else:
            args = [_emptied(item, known) for item in term.args]
            known[term] = terms.rebuilt(term, args) if term.args else term
    return known[term]


def _found(facts: Sequence[Term], axioms: dict[str, Term], instance: Instance) -> Model | None:
    try:
        for elements, high in instance.sizes:
            for edges in (True, False):
                found = _Search(facts, axioms, elements, high, edges, instance).model()
                if found is not None:
                    return found
    except TooLarge:
        pass
    return None


class _Search:
    """Numbers up to `high`; `edges`: tables are empty at the bounds, so that beyond them they can go on so."""

    def __init__(
        self,
        facts: Sequence[Term],
        axioms: dict[str, Term],
        elements: int,
        high: int,
        edges: bool,
        instance: Instance,
    ) -> None:
        self.instance = instance
        self.facts, self.axioms, self.high, self.edges = list(dict.fromkeys(facts)), axioms, high, edges
        whole = solvers.with_axioms(self.facts, axioms)
        symbols = terms.symbols(whole)
        used = list(terms.parts(whole))
        texts = sorted(name for name, item in symbols.items() if terms.is_literal(item))
        sorts = {item.sort for item in used} | {arg.sort for item in used for arg in item.args}
        sorts |= {item.sort for term in used for item in term.bound}
        most = _most(used, elements)
        self.elements = {
            sort: instance.elements.get(sort) or [element(sort, at) for at in range(most.get(sort, elements))]
            for sort in sorted(sorts - {BOOL, INT, meanings.STRING})
        }
        self.elements[INT] = [terms.integer(at) for at in range(LOW, self.high + 1)]
        self.elements[BOOL] = [terms.FALSE, terms.TRUE]
        self.elements[meanings.STRING] = [terms.apply(name, (), meanings.STRING) for name in (*texts, *SPARE_TEXTS)]
        self.symbols = {name: item for name, item in symbols.items() if not terms.is_literal(item)}
        free = sorted({item for term in whole for item in term.free}, key=lambda item: item.name)
        self.free = {item: constant(item) for item in free}

    def model(self) -> Model | None:
        found = self._solved(self._grounded())
        if found is None:
            return None
        for item, value in self.instance.values.items():
            found.setdefault(item.name, {})[item.args] = value
        model = Model(self.elements, found)
        given = {item: model.applied(constant) for item, constant in self.free.items()}
        world = exact.Exact(model, self.axioms)
        truths = {fact: world.truth(fact, given) for fact in self.facts}
        if terms.FALSE in truths.values():
            return None
        if None not in truths.values():
            return model
        rest = [fact for fact, truth in truths.items() if truth is None or not self._is_plain(fact)]
        return model if self._is_confirmed(rest, model) else None

    def _is_plain(self, fact: Term) -> bool:
        """Whether no axiom says anything of its symbols: then it holds, whatever is chosen."""
        return self.axioms.keys().isdisjoint(terms.symbols([fact]))

    def _solved(self, ground: Sequence[Term]) -> dict[str, _Table] | None:
        """The values of the symbols in formulas without quantifiers."""
        applied = [item for item in terms.parts(ground) if item.op == "app" and not terms.is_literal(item)]
        names = self._value_names(applied)
        asked = [*ground, *[self._inside(item) for item in applied], *self._edges(applied)]
        asked += [*self._firsts(), *[terms.equal(name, item) for item, name in names.items()]]
        declared = solvers.declarations(item for item in terms.symbols(asked).values() if not terms.is_literal(item))
        remainders = [line for item in applied if item.name == REMAINDER for line in self._remainder(*item.args)]
        found = solvers.model("\n".join([*self._sorts(), *declared, *_asserted(asked), *remainders, ""]), STEPS_MAX)
        if found is None:
            return None
        values = self._read(found, names)
        tables: dict[str, _Table] = {}
        for item in applied:
            tables.setdefault(item.name, {})[tuple([values.get(arg, arg) for arg in item.args])] = values[item]
        return tables

    # --- the search ----------------------------------------------------------------------------------

    def _grounded(self) -> list[Term]:
        """The facts without quantifiers, and what defines the symbols in them at the arguments that occur."""
        ground = Ground(self.elements, self.instance.value, PARTS_MAX)
        found = [ground.formula(item, self.free) for item in self.facts]
        done: set[tuple[Term, tuple[Term, ...]]] = set()
        seen: set[Term] = set()
        for item in found:  # grows
            for part in _new_parts(item, seen):
                axiom = self.axioms.get(part.name) if part.op == "app" else None
                if axiom is not None and (axiom, part.args) not in done:
                    done.add((axiom, part.args))
                    found += [ground.formula(body, given) for body, given in exact.instances(axiom, part.args)]
        return found

    def _choices(self, axioms: Iterable[Term], model: Model) -> list[Term]:
        """What is left to say of the symbols that axioms define, at all arguments, where the others are known."""

        def known(item: Term) -> Term:
            is_open = item.name in self.axioms and item.args not in model.tables.get(item.name, {})
            if item.name == REMAINDER:
                return exact.remainder(item)
            return item if is_open or not all(map(terms.is_literal, item.args)) else model.applied(item)

        ground = Ground(self.elements, known)
        left = [ground.formula(item, self.free) for item in axioms]
        for name, symbol in terms.symbols(left).items():
            if not terms.is_literal(symbol) and name != REMAINDER:
                left += [terms.equal(item, model.applied(item)) for item in self._listed(name, symbol, model)]
        return left

    def _listed(self, name: str, symbol: Term, model: Model) -> Iterator[Term]:
        """The symbol at all arguments at which it is known."""
        every: Iterable[tuple[Term, ...]] = product(*[self.elements[arg.sort] for arg in symbol.args])
        for args in model.tables.get(name, {}) if name in self.axioms else every:
            yield terms.apply(name, args, symbol.sort)

    def _inside(self, item: Term) -> Term:
        """An applied symbol is between the bounds."""
        if item.sort != INT:
            return terms.TRUE
        low, high = terms.integer(LOW), terms.integer(self.high - 1)
        return terms.conjunction([terms.order("<=", low, item), terms.order("<=", item, high)])

    def _remainder(self, left: Term, right: Term) -> Iterator[str]:
        """`left % right`, for each number that `right` may be: solvers know remainders of divisions by a literal."""
        one, by, found = [terms.show(item) for item in (left, right, terms.apply(REMAINDER, (left, right), INT))]
        for number in range(1, self.high + 1):
            yield f"(assert (=> (= {by} {number}) (= {found} (mod {one} {number}))))"

    def _firsts(self) -> Iterator[Term]:
        """A constant of each sort, such as NoValue, is its first element: what tables say beyond their bounds."""
        constants = [item for _, item in sorted(self.symbols.items()) if not item.args]
        for sort, items in self.elements.items():
            if sort not in (BOOL, INT, meanings.STRING):
                yield from [terms.equal(item, items[0]) for item in constants if item.sort == sort][:1]

    def _edges(self, applied: Iterable[Term]) -> Iterator[Term]:
        for item in applied if self.edges else ():
            numbers = [arg.value for arg in item.args if arg.op == "int"]
            if any(number in (LOW, self.high) for number in numbers) and item.name not in (*self.axioms, REMAINDER):
                yield terms.equal(item, default(self.elements, item.sort))

    def _value_names(self, applied: Iterable[Term]) -> dict[Term, Term]:
        """A constant for the value of each applied symbol, and of what it is applied to."""
        wanted = dict.fromkeys([part for item in applied for part in (item, *item.args) if not terms.is_literal(part)])
        return {item: terms.apply(f"value.{at}", (), item.sort) for at, item in enumerate(wanted)}

    def _read(self, model: Any, names: Mapping[Term, Term]) -> dict[Term, Term]:
        """The values of terms."""
        literals = {terms.show(item): item for items in self.elements.values() for item in items}
        found = {item.name(): model[item].sexpr() for item in model.decls() if item.arity() == 0}
        return {
            term: literals.get(found.get(name.name, ""), self.elements[term.sort][0]) for term, name in names.items()
        }

    # --- the confirmation ----------------------------------------------------------------------------

    def _is_confirmed(self, facts: list[Term], model: Model) -> bool:
        """Whether the facts hold, if each symbol is what the tables say, as completed for choices."""
        whole = solvers.with_axioms(facts, self.axioms)
        choices = self._solved(self._choices(whole[len(facts) :], model))
        if choices is None:
            return False
        for name, table in choices.items():
            model.tables.setdefault(name, {}).update(table)
        symbols = [*[self.symbols[name] for name in sorted(self.symbols) if name != REMAINDER], *self.free.values()]
        lines = [f"(define-fun {REMAINDER} ((x.0 Int) (x.1 Int)) Int (mod x.0 x.1))"]
        lines += [self._definition(item, model) for item in symbols]
        asked = [terms.substituted(item, self.free) for item in whole]
        return solvers.model("\n".join([*self._sorts(), *lines, *_asserted(asked), ""]), STEPS_MAX) is not None

    def _definition(self, item: Term, model: Model) -> str:
        """Outside the bounds a symbol is what it is at the nearest bound."""
        names = [f"x.{at}" for at in range(len(item.args))]
        ours = [f"n.{at}" if arg.sort == INT else name for at, (name, arg) in enumerate(zip(names, item.args))]
        body = terms.show(default(model.elements, item.sort))
        for args, value in model.tables.get(item.name, {}).items():
            same = " ".join([f"(= {name} {terms.show(arg)})" for name, arg in zip(ours, args)])
            body = f"(ite (and {same}) {terms.show(value)} {body})" if args else terms.show(value)
        for name, near, arg in zip(names, ours, item.args):
            if arg.sort == INT:
                low, high = terms.show(terms.integer(LOW)), str(self.high)
                body = f"(let (({near} (ite (< {name} {low}) {low} (ite (< {high} {name}) {high} {name})))) {body})"
        parameters = " ".join([f"({name} {terms.quoted(arg.sort)})" for name, arg in zip(names, item.args)])
        return f"(define-fun {terms.quoted(item.name)} ({parameters}) {terms.quoted(item.sort)} {body})"

    def _sorts(self) -> list[str]:
        """Declares the sorts with their elements."""
        lines = ["(set-logic ALL)"]
        for sort, items in self.elements.items():
            name, shown = terms.quoted(sort), " ".join([f"({terms.show(item)})" for item in items])
            if sort not in (BOOL, INT):
                lines.append(f"(declare-datatypes (({name} 0)) (({shown})))")
            lines.append(f"(define-fun {terms.mark(sort)} ((x {name})) Bool true)")
        return lines


def _most(used: Iterable[Term], elements: int) -> dict[str, int]:
    """Sorts of which a formula says that each element is one of so few."""
    found: dict[str, int] = {}
    for term in used:
        if term.op == "forall" and len(term.bound) == 1:
            (one,), body = term.bound, term.args[0]
            items = body.args if body.op == "or" else (body,)
            if len(items) < elements and all(item.op == "=" and one in item.args for item in items):
                found[one.sort] = len(items)
    return found


def _asserted(facts: Iterable[Term]) -> list[str]:
    return [f"(assert {terms.show(item)})" for item in facts]


def _new_parts(term: Term, seen: set[Term]) -> Iterator[Term]:
    waiting = [term]
    while waiting:
        item = waiting.pop()
        if item not in seen:
            seen.add(item)
            yield item
            waiting += item.args

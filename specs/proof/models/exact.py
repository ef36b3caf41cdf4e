"""Works out formulas in a model, over all whole numbers.

Theory. Where a formula quantifies a number, it mostly says between which others it lies, or that it is in a set, which
the model has between bounds. Then only so many need to be tried, and the result is that over all numbers. An axiom of a
symbol, such as a CHOOSE, says no more than that there is a function of its arguments with some property: so it holds if
at each argument that matters some value has it.

Rules. A quantifier without such limits is Unlimited: the formula is not decided.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Protocol

from specs.proof.models.ground import Ground
from specs.proof.translation import terms
from specs.proof.translation.choices import REMAINDER
from specs.proof.translation.terms import FALSE, INT, TRUE, Term


class Unlimited(Exception):
    """A quantifier ranges over more numbers than can be tried, or nothing is found to choose."""


class Tables(Protocol):
    """A model: elements of each sort, and the value of each symbol at literals."""

    @property
    def elements(self) -> dict[str, list[Term]]: ...

    def applied(self, item: Term) -> Term: ...


class Exact(Ground):
    """`axioms`: of each symbol that the model need not have at all arguments. `chosen`: its values so far."""

    def __init__(self, model: Tables, axioms: Mapping[str, Term], chosen: Mapping[Term, Term] | None = None) -> None:
        super().__init__(model.elements, self._value)
        self.model, self.axioms, self.chosen = model, axioms, dict(chosen or {})

    def truth(self, term: Term, given: Mapping[Term, Term]) -> Term | None:
        """TRUE or FALSE; None: it is not decided."""
        try:
            return self.formula(term, given)
        except Unlimited:
            return None

    # --- numbers -------------------------------------------------------------------------------------

    def _choices(self, term: Term, given: Mapping[Term, Term]) -> Iterator[Mapping[Term, Term]]:
        guards = list(_guards(term.args[0], term.op == "forall"))
        return self._ranging(term.bound, guards, given, {})

    def _ranging(
        self, left: tuple[Term, ...], guards: list[Term], given: Mapping[Term, Term], found: Mapping[Term, Term]
    ) -> Iterator[Mapping[Term, Term]]:
        if not left:
            yield found
            return
        for variable in left:
            values = self._values(variable, guards, {**given, **found})
            if values is not None:
                rest = tuple([item for item in left if item is not variable])
                for value in values:
                    yield from self._ranging(rest, guards, given, {**found, variable: value})
                return
        raise Unlimited

    def _values(self, variable: Term, guards: Iterable[Term], given: Mapping[Term, Term]) -> Iterable[Term] | None:
        """What a variable may be where the guards hold; None if that has no end."""
        if variable.sort != INT:
            return self.elements[variable.sort]
        lows, highs = list[int](), list[int]()
        for guard in guards:
            if variable in guard.free and guard.free - {variable} <= given.keys():
                low, high = self._limits(variable, guard, given)
                lows += low
                highs += high
        return [terms.integer(at) for at in range(max(lows), min(highs) + 1)] if lows and highs else None

    def _limits(self, variable: Term, guard: Term, given: Mapping[Term, Term]) -> tuple[list[int], list[int]]:
        """Lower and upper limits that a guard gives."""
        if guard.op in ("<", "<=", "="):
            strict, (left, right) = int(guard.op == "<"), guard.args
            if left is variable and variable not in right.free:
                most = self.formula(right, given).value - strict
                return ([most] if guard.op == "=" else []), [most]
            if right is variable and variable not in left.free:
                least = self.formula(left, given).value + strict
                return [least], ([least] if guard.op == "=" else [])
        if guard.op == "app" and variable in guard.args and guard.name not in self.axioms:
            numbers = self.elements[INT]
            edges = [self.formula(guard, {**given, variable: number}) for number in (numbers[0], numbers[-1])]
            if edges == [FALSE, FALSE]:  # and so beyond them
                return [numbers[0].value + 1], [numbers[-1].value - 1]
        return [], []

    # --- symbols -------------------------------------------------------------------------------------

    def _value(self, item: Term) -> Term:
        axiom = self.axioms.get(item.name)
        if axiom is None:
            return self.model.applied(item)
        if item not in self.chosen:
            self._choose(item, axiom)
        return self.chosen[item]

    def _choose(self, item: Term, axiom: Term) -> None:
        """A value for which the axiom holds: what the model has, or another."""
        for value in dict.fromkeys([self.model.applied(item), *self.elements[item.sort]]):
            inner = Exact(self.model, self.axioms, {**self.chosen, item: value})
            if all(inner.truth(body, given) is TRUE for body, given in instances(axiom, item.args)):
                self.chosen = inner.chosen
                return
        raise Unlimited


def instances(axiom: Term, args: Iterable[Term]) -> Iterator[tuple[Term, dict[Term, Term]]]:
    """What an axiom says of a symbol at these arguments: they stand for its variables arg.0, arg.1, ..."""
    given = {terms.variable(f"arg.{at}", arg.sort): arg for at, arg in enumerate(args)}
    for part in terms.conjuncts(axiom):
        rest = [item for item in part.bound if item not in given]
        body = terms.forall(rest, part.args[0]) if part.op == "forall" else part
        yield body, {item: given[item] for item in body.free}


def remainder(item: Term) -> Term:
    """A remainder of literals, by a positive divisor; other terms are as they are."""
    if item.name != REMAINDER or [arg.op for arg in item.args] != ["int", "int"] or item.args[1].value <= 0:
        return item
    return terms.integer(item.args[0].value % item.args[1].value)


def _guards(body: Term, universal: bool) -> Iterator[Term]:
    """Where they do not hold, the quantifier's body is TRUE, or FALSE if it is existential."""
    if universal and body.op in ("=>", "not"):
        yield from _guards(body.args[0], False)
        if body.op == "=>":
            yield from _guards(body.args[1], True)
    elif not universal and body.op == "and":
        for item in body.args:
            yield from _guards(item, False)
    elif not universal:
        yield body

"""Takes quantifiers apart over finite lists of elements, and works formulas out.

Theory. Over finite domains a quantifier is a conjunction or a disjunction. What is known of a symbol stands in its
place at once, so that most of a formula is decided before it is written out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import product

from specs.proof.translation import terms
from specs.proof.translation.terms import FALSE, TRUE, Term


class TooLarge(Exception):
    """The quantifiers make too many parts."""


class Ground:
    """`elements` of each sort; `known`: what is known of an applied symbol, or the application itself."""

    def __init__(
        self, elements: Mapping[str, Sequence[Term]], known: Callable[[Term], Term], parts_max: int | None = None
    ) -> None:
        self.elements, self.known, self.parts_max = elements, known, parts_max
        self._found: dict[tuple[Term, tuple[Term, ...]], Term] = {}

    def formula(self, term: Term, given: Mapping[Term, Term]) -> Term:
        """The term without quantifiers, with what is given in place of its free variables. Raises TooLarge."""
        key = (term, tuple([given[item] for item in sorted(term.free, key=lambda item: item.name)]))
        if key not in self._found:
            if self.parts_max is not None and len(self._found) > self.parts_max:
                raise TooLarge
            self._found[key] = self._taken_apart(term, given)
        return self._found[key]

    def _taken_apart(self, term: Term, given: Mapping[Term, Term]) -> Term:
        if term.op in ("forall", "exists"):
            return self._quantified(term, given)
        if term.op == "var":
            return given[term]
        if term.op in ("and", "or"):
            return self._junction(term.op, (self.formula(item, given) for item in term.args))
        if term.op == "=>" and self.formula(term.args[0], given) is FALSE:
            return TRUE
        if term.op == "ite" and self.formula(term.args[0], given) in (TRUE, FALSE):
            return self.formula(term.args[1 if self.formula(term.args[0], given) is TRUE else 2], given)
        found = terms.rebuilt(term, [self.formula(item, given) for item in term.args])
        return self.known(found) if found.op == "app" else found

    def _quantified(self, term: Term, given: Mapping[Term, Term]) -> Term:
        each = (self.formula(term.args[0], {**given, **one}) for one in self._choices(term, given))
        return self._junction("and" if term.op == "forall" else "or", each)

    def _choices(self, term: Term, given: Mapping[Term, Term]) -> Iterator[Mapping[Term, Term]]:
        """What the bound variables of a quantifier may be."""
        for one in product(*[self.elements[item.sort] for item in term.bound]):
            yield dict(zip(term.bound, one))

    def _junction(self, op: str, items: Iterable[Term]) -> Term:
        absorbing = FALSE if op == "and" else TRUE
        found = []
        for item in items:
            if item is absorbing:
                return absorbing
            found.append(item)
        return terms.conjunction(found) if op == "and" else terms.disjunction(found)

"""Proves statements about sizes of sets, by arithmetic on the parts into which the sets cut each other.

Theory. Sets S1 .. Sk cut their union into 2^k parts (Venn). The size of each union, intersection or difference of them
is a sum of sizes of parts, and a set is included in another if certain parts are empty. So a statement about sizes and
inclusions is one about 2^k natural numbers, which the solvers decide (Kuncak, Nguyen, Rinard, Deciding Boolean Algebra
with Presburger Arithmetic, JAR 2006). All sets are finite: that is what Cardinality presumes.

Rules. Statements `\\A Q, R \\in SUBSET S, p \\in S : premise => conclusion` with Cardinality, \\cup, \\cap, \\,
\\subseteq, comparisons, and `\\E p \\in S : ...`, which says that a set is not empty. A quantified element p is the set
{p}, of size 1: p \\in Q says that Q includes it. Assumptions of the modules about sizes are used. A lemma that is
proved so says BY DEF Cardinality. Sets of one statement are numbered: those that it quantifies, then constants. A
constant without a number gets one, and the statement is read again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from typing import TypeVar

from specs.proof.script import Proof, Sequent
from specs.proof.translation import terms
from specs.proof.translation.context import refused
from specs.proof.translation.modules import Names
from specs.proof.translation.terms import INT, Term
from specs.tla.syntax import tree
from specs.tla.syntax.tree import Expression, Unsupported

CITED = "Cardinality"
SETS_MAX = 10  # of one statement: k sets have 2^k parts
T = TypeVar("T")
Parts = frozenset[int]  # numbers of parts; bit i says whether the part lies in the i-th set


PART = "part."  # and its number: the symbol for the size of a part


def part(at: int) -> str:
    return f"{PART}{at}"


def is_cited(proof: Proof) -> bool:
    """Whether a proof says BY DEF Cardinality."""
    return proof.by is not None and CITED in proof.by.shown


@dataclass(frozen=True, eq=False)
class _Element:
    """A quantified element p: the parts of {p}."""

    alone: Parts


@dataclass(frozen=True, eq=False)
class _Bound:
    """What the parameters of a definition, and quantified names, stand for."""

    names: dict[str, tuple[Expression, _Bound] | Parts | _Element]


class _NewSet(Exception):
    """A set that has no number yet."""


class Counting:
    """Statements about sizes of the sets of one module."""

    def __init__(self, names: Names) -> None:
        self.names = names
        self._sets: list[str] = []  # constants
        self._free: list[str] = []  # quantified by the statement
        self._order: dict[str, tuple[Callable[[Term, Term], Term], bool]] = {
            "<": (lambda left, right: terms.order("<", left, right), False),
            "<=": (lambda left, right: terms.order("<=", left, right), False),
            ">": (lambda left, right: terms.order("<", left, right), True),
            ">=": (lambda left, right: terms.order("<=", left, right), True),
            "=": (terms.equal, False),
        }

    @property
    def sets(self) -> tuple[str, ...]:
        """The sets of the last statement: bit i of a part says whether it lies in the i-th."""
        return (*self._free, *self._sets)

    def monotone(self, definition: tree.Definition, whole: str) -> list[tuple[list[Term], Term]]:
        """That a predicate holds of every set larger than one for which it holds, and of the set `whole`."""
        name = definition.parameters[0].name
        everything = tree.Apply(place=definition.place, name=whole)

        def made() -> list[tuple[list[Term], Term]]:
            facts, part, larger = self._facts(), self._numbered(0), self._numbered(1)
            grows = terms.implication(
                self._formula(definition.body, _Bound({name: part})),
                self._formula(definition.body, _Bound({name: larger})),
            )
            exists = self._formula(definition.body, _Bound({name: (everything, _Bound({}))}))
            return [([*facts, self._is_empty(part - larger)], grows), (facts, exists)]

        return self._with_sets(["S", "T"], made, definition.place)

    def assumed(self) -> tuple[list[str], list[Term]]:
        """What the ASSUMEs say of sizes, and the sets whose parts it is about: bit i of a part is for the i-th set."""

        def made() -> list[Term]:
            facts = [fact for node in self.names.assumptions for fact in self._assumed(node)]
            return [fact for fact in facts if any(name.startswith(PART) for name in terms.symbols([fact]))]

        facts = self._with_sets([], made, self.names.assumptions[0].place) if self.names.assumptions else []
        return list(self._sets), facts

    def predicate(self, definition: tree.Definition) -> tuple[list[str], Term]:
        """A predicate of a set, as one of sizes of parts, and those sets: the argument is the first."""
        name = definition.parameters[0].name
        found = self._with_sets(
            [name], lambda: self._formula(definition.body, _Bound({name: self._numbered(0)})), definition.place
        )
        return [name, *self._sets], found

    def obligation(self, sequent: Sequent) -> tuple[list[Term], Term]:
        """The facts and the goal that say the same of natural numbers."""
        if sequent.new or sequent.assumptions:
            raise Unsupported(f"{sequent.place}: write \\A Q \\in SUBSET S : ... for a proof BY DEF Cardinality")

        def made() -> tuple[list[Term], Term]:
            premises: list[Term] = []
            goal = self._statement(sequent.goal, _Bound({}), premises)
            return [*self._facts(), *premises], goal

        return self._with_sets(_quantified(sequent.goal), made, sequent.place)

    def _with_sets(self, free: list[str], made: Callable[[], T], place: tree.Place) -> T:
        """What is made with a number for each set. Numbers are the same throughout, as they say what a part is."""
        self._sets, self._free = [], free
        while len(self._sets) + len(self._free) <= SETS_MAX:
            try:
                return made()
            except _NewSet as error:
                self._sets.append(str(error))
        raise Unsupported(f"{place}: more than {SETS_MAX} sets in a statement about their sizes")

    def _facts(self) -> list[Term]:
        """What the ASSUMEs say of sizes, and that no size is below 0."""
        facts = [fact for node in self.names.assumptions for fact in self._assumed(node)]
        return [*[terms.order("<=", terms.integer(0), self._part(at)) for at in self._all()], *facts]

    # --- formulas ------------------------------------------------------------------------------------

    def _statement(self, node: Expression, bound: _Bound, premises: list[Term]) -> Term:
        if not (isinstance(node, tree.Quantified) and node.universal):
            return self._formula(node, bound)
        inner = dict(bound.names)
        for name, domain in [(name, item.domain) for item in node.bounds for name in item.names]:
            own = self._numbered(self._free.index(name))
            if isinstance(domain, tree.Apply) and domain.name == "SUBSET":
                inner[name] = own
                premises.append(self._is_empty(own - self._set(domain.arguments[0], bound)))
            else:
                inner[name] = _Element(own)
                premises.append(self._is_empty(own - self._set(domain, bound)))
                premises.append(terms.equal(self._size(own), terms.integer(1)))
        return self._statement(node.body, _Bound(inner), premises)

    def _formula(self, node: Expression, bound: _Bound) -> Term:
        if isinstance(node, tree.Literal) and isinstance(node.value, bool):
            return terms.truth(node.value)
        if isinstance(node, tree.Junction):
            items = [self._formula(item, bound) for item in node.items]
            return terms.conjunction(items) if node.conjunction else terms.disjunction(items)
        if isinstance(node, tree.Quantified) and not node.universal:
            return self._some(node, bound)
        if not isinstance(node, tree.Apply):
            raise refused(node.place, "a formula for Cardinality")
        opened = self._opened(node, bound)
        if opened is not None:
            return self._formula(*opened)
        if node.name == "=>":
            return terms.implication(*[self._formula(item, bound) for item in node.arguments])
        if node.name == "~":
            return terms.negation(self._formula(node.arguments[0], bound))
        if node.name == "\\subseteq":
            right = self._set(node.arguments[1], bound)  # first: a set such as Nat is refused, and S needs no number
            return self._is_empty(self._set(node.arguments[0], bound) - right)
        if node.name == "\\in" and _is_nat(node.arguments[1]):
            return terms.order("<=", terms.integer(0), self._number(node.arguments[0], bound))
        if node.name in ("\\in", "\\notin"):
            outside = self._is_empty(self._element(node.arguments[0], bound) - self._set(node.arguments[1], bound))
            return outside if node.name == "\\in" else terms.negation(outside)
        if node.name in self._order:
            make, turned = self._order[node.name]
            one, other = [self._number(item, bound) for item in node.arguments]
            return make(other, one) if turned else make(one, other)
        raise refused(node.place, f"operator {node.name} for Cardinality")

    def _some(self, node: tree.Quantified, bound: _Bound) -> Term:
        """`\\E p \\in S : p \\in T /\\ p \\notin U`: the part of S in T and outside U is not empty."""
        if len(node.bounds) != 1 or len(node.bounds[0].names) != 1:
            raise refused(node.place, "a quantifier, for Cardinality, over several names")
        name, found = node.bounds[0].names[0], self._set(node.bounds[0].domain, bound)
        for item in node.body.items if isinstance(node.body, tree.Junction) and node.body.conjunction else (node.body,):
            if not (isinstance(item, tree.Apply) and item.name in ("\\in", "\\notin", "#")):
                raise refused(item.place, "anything but membership and #, for Cardinality, below \\E")
            if item.arguments[0].place.text != name:
                raise refused(item.place, "the membership of another name")
            other = item.arguments[1]
            inside = self._element(other, bound) if item.name == "#" else self._set(other, bound)
            found = found & inside if item.name == "\\in" else found - inside
        return terms.negation(self._is_empty(found))

    def _assumed(self, node: Expression) -> list[Term]:
        """What an ASSUME says of sizes; the rest is left out."""
        if isinstance(node, tree.Junction) and node.conjunction:
            return [fact for item in node.items for fact in self._assumed(item)]
        try:
            return [self._formula(node, _Bound({}))]
        except Unsupported:
            return []

    # --- numbers and sets ----------------------------------------------------------------------------

    def _number(self, node: Expression, bound: _Bound) -> Term:
        if isinstance(node, tree.Literal) and isinstance(node.value, int) and not isinstance(node.value, bool):
            return terms.integer(node.value)
        if isinstance(node, tree.Apply):
            opened = self._opened(node, bound)
            if opened is not None:
                return self._number(*opened)
            if node.name in ("+", "-", "*"):
                return terms.arithmetic(node.name, *[self._number(item, bound) for item in node.arguments])
            if node.name == CITED:
                return self._size(self._set(node.arguments[0], bound))
            if node.name in self.names.constants and not node.arguments:
                return terms.apply(node.name, (), INT)
        raise refused(node.place, "a number for Cardinality")

    def _set(self, node: Expression, bound: _Bound) -> Parts:
        if isinstance(node, tree.SetLiteral):
            return frozenset[int]().union(*[self._element(item, bound) for item in node.items])
        if isinstance(node, tree.Apply):
            known = bound.names.get(node.name)
            if isinstance(known, frozenset):
                return known
            opened = self._opened(node, bound)
            if opened is not None:
                return self._set(*opened)
            if node.name in ("\\cup", "\\cap", "\\"):
                left, right = [self._set(item, bound) for item in node.arguments]
                return left | right if node.name == "\\cup" else left & right if node.name == "\\cap" else left - right
            if node.name in self.names.constants and not node.arguments:
                if node.name not in self._sets:
                    raise _NewSet(node.name)
                return self._numbered(len(self._free) + self._sets.index(node.name))
        raise refused(node.place, "a set for Cardinality")

    def _element(self, node: Expression, bound: _Bound) -> Parts:
        """The parts of {p}, of a quantified element p."""
        known = bound.names.get(node.name) if isinstance(node, tree.Apply) and not node.arguments else None
        if isinstance(known, tuple):
            return self._element(*known)
        if not isinstance(known, _Element):
            raise refused(node.place, "an element, for Cardinality, that the statement does not quantify")
        return known.alone

    def _opened(self, node: tree.Apply, bound: _Bound) -> tuple[Expression, _Bound] | None:
        """What a parameter stands for, or the body of a definition."""
        known = bound.names.get(node.name)
        if isinstance(known, tuple):
            return known
        definition = self.names.definitions.get(node.name)
        if known is not None or definition is None or definition.recursive or node.path:
            return None
        given: dict[str, tuple[Expression, _Bound] | Parts | _Element] = {
            parameter.name: (argument, bound) for parameter, argument in zip(definition.parameters, node.arguments)
        }
        return definition.body, _Bound(given)

    def _all(self) -> range:
        return range(1, 2 ** (len(self._sets) + len(self._free)))

    def _numbered(self, place: int) -> Parts:
        return frozenset(at for at in self._all() if at >> place & 1)

    def _part(self, at: int) -> Term:
        return terms.apply(part(at), (), INT)

    def _size(self, parts: Parts) -> Term:
        found = [self._part(at) for at in sorted(parts)]
        return reduce(lambda left, right: terms.arithmetic("+", left, right), found, terms.integer(0))

    def _is_empty(self, parts: Parts) -> Term:
        return terms.conjunction([terms.equal(self._part(at), terms.integer(0)) for at in sorted(parts)])


def _quantified(node: Expression) -> list[str]:
    """The names that a statement quantifies."""
    names: list[str] = []
    while isinstance(node, tree.Quantified) and node.universal:
        names += [name for bound in node.bounds for name in bound.names]
        node = node.body
    return names


def _is_nat(node: Expression) -> bool:
    return isinstance(node, tree.Apply) and node.name == "Nat"

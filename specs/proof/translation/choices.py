"""CHOOSE, Cardinality, SelectSeq: each becomes symbols of what its set and condition depend on, with an axiom.

Theory. Hilbert's choice: if something in the set satisfies the condition, the chosen value does. The same set and
condition give the same symbol. That two different descriptions of one set choose the same is not used. In the same way
Cardinality(S) is a number of which nothing is known but that it is not below 0, that it is the same where S is written
the same; of Cardinality({x \\in S : P}) < k also that it is at most 1 where no two elements are in the set. Of a % b is
known what Euclidean division by a positive b says.

SelectSeq(s, Test) has the items of s at those places of 1 .. Len(s) where Test holds, in order. Two functions of what
Test and Len(s) depend on say so: how many such places there are, and which is the k-th. There are such functions for
each Test and Len(s), since each finite set of numbers can be counted in order.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from specs.proof.translation import meanings, terms
from specs.proof.translation.meanings import Outside, SequenceValue, SetValue, Value
from specs.proof.translation.terms import Term

REMAINDER = "remainder"
_Key: TypeAlias = "tuple[str | Term, ...]"  # with the marks: a condition such as TRUE does not mention them


class Choices:
    """The symbols so far. `axioms`: of each symbol, what is known of it.

    `conditions`: of each symbol its arguments, what is chosen, and the condition that it meets.
    """

    def __init__(self) -> None:
        self.axioms: dict[str, Term] = {}
        self.conditions: dict[str, tuple[list[Term], list[Term], Term]] = {}
        self.counts: dict[str, tuple[list[Term], list[Term], Term]] = {}  # its arguments, an element, that it is in
        self.places: dict[str, tuple[list[Term], Term, Term, Term]] = {}  # arguments, length, a place, that it is kept
        self._known: dict[_Key, str] = {}

    def remainder(self, left: Term, right: Term) -> Term:
        """`left % right`. Of a positive `right` is known that the remainder lies between, and which numbers share one.

        Euclid: a is b * q + a % b, and 0 <= a % b < b. So numbers below b are their own remainders, and two numbers
        with the same remainder differ by a multiple of b: they are equal, or at least b apart. Numbers b apart have it.
        """
        one, other, by = [terms.variable(f"arg.{at}", terms.INT) for at in (0, 2, 1)]
        zero, found = terms.integer(0), terms.apply(REMAINDER, (one, by), terms.INT)
        between = terms.conjunction([terms.order("<=", zero, found), terms.order("<", found, by)])
        own = terms.conjunction([terms.order("<=", zero, one), terms.order("<", one, by)])
        same = terms.equal(found, terms.apply(REMAINDER, (other, by), terms.INT))
        distance = terms.arithmetic("-", other, one)
        apart = terms.order("<=", by, distance)
        positive = terms.order("<", zero, by)
        known = terms.conjunction([between, terms.implication(own, terms.equal(found, one))])
        shared = terms.implication(terms.conjunction([positive, same, terms.order("<", one, other)]), apart)
        next_one = terms.implication(terms.conjunction([positive, terms.equal(distance, by)]), same)
        self.axioms[REMAINDER] = terms.conjunction(
            [
                terms.forall([one, by], terms.implication(positive, known)),
                terms.forall([one, other, by], terms.conjunction([shared, next_one])),
            ]
        )
        return terms.apply(REMAINDER, (left, right), terms.INT)

    def chosen(self, domain: SetValue, body: Callable[[Value], Term], condition: Callable[[Value], Term]) -> Value:
        """`CHOOSE x \\in domain : body`; it exists if some x in the domain meets the condition."""
        if domain.element is None:
            raise Outside("CHOOSE from an empty set")
        marks: list[Term] = []
        with terms.deeper() as depth:  # a CHOOSE in the condition has marks of its own
            mark = meanings.bound(domain.element, f"chosen.{depth}", marks)
            inside = domain.has(mark)
            meets = terms.conjunction([inside, body(mark)])
            possible = terms.conjunction([inside, condition(mark)])
        arguments = [item for item in _in_order([meets, possible]) if item not in marks]
        formal, ours = _named("arg", arguments), _named("one", marks)
        renamed = dict(zip([*arguments, *marks], [*formal, *ours]))
        meets, possible = [terms.substituted(item, renamed) for item in (meets, possible)]
        meets, possible = _canonical(meets), _canonical(terms.exists(ours, possible))
        key: _Key = ("choose", meets, possible, *ours)
        name = self._known.get(key)
        if name is None:
            name = self._known[key] = f"choose.{len(self._known) + 1}"
            value = meanings.symbol(domain.element, name, tuple(formal))
            found = terms.substituted(meets, dict(zip(ours, meanings.flat(value))))
            self.conditions[name] = (formal, ours, meets)
            for item in meanings.flat(value):
                self.axioms[item.name] = terms.forall(formal, terms.implication(possible, found))
        return meanings.symbol(domain.element, name, tuple(arguments))

    def counted(self, domain: SetValue, few: bool = False) -> Term:
        """`Cardinality(domain)`. `few`: it is known, too, that it is at most 1 if the set has no two elements."""
        if domain.element is None:
            return terms.integer(0)
        if domain.listed is not None and domain.listed.image:
            raise Outside("the size of a set of values that contain functions, {e : x \\in S}")
        marks: list[Term] = []
        with terms.deeper() as depth:
            inside = meanings.picked(domain, f"counted.{depth}", marks)[1]
        arguments = [item for item in _in_order([inside]) if item not in marks]
        formal, ours = _named("arg", arguments), _named("one", marks)
        inside = _canonical(terms.substituted(inside, dict(zip([*arguments, *marks], [*formal, *ours]))))
        key: _Key = ("size", inside, *formal, *ours)
        name = self._known.get(key)
        if name is None:
            name = self._known[key] = f"size.{len(self._known) + 1}"
            self.counts[name] = (formal, ours, inside)
            size = terms.apply(name, formal, terms.INT)
            self.axioms[name] = terms.forall(formal, terms.order("<=", terms.integer(0), size))
        if few:
            size = terms.apply(name, formal, terms.INT)
            most = terms.implication(_at_most_one(inside, ours), terms.order("<=", size, terms.integer(1)))
            natural = terms.order("<=", terms.integer(0), size)
            self.axioms[name] = terms.forall(formal, terms.conjunction([natural, most]))
        return terms.apply(name, arguments, terms.INT)

    def selected(self, whole: SequenceValue, test: Callable[[Value], Term]) -> SequenceValue:
        """`SelectSeq(whole, test)`"""
        if whole.element is None:
            return whole
        with terms.deeper() as depth:
            mark = terms.variable(f"selected.{depth}", terms.INT)
            kept = test(whole.at(mark))
        arguments = [item for item in _in_order([whole.length, kept]) if item is not mark]
        formal, at = _named("arg", arguments), terms.variable("at", terms.INT)
        renamed = dict(zip([*arguments, mark], [*formal, at]))
        length, kept = [_canonical(terms.substituted(item, renamed)) for item in (whole.length, kept)]
        key: _Key = ("select", length, kept, *formal)
        name = self._known.get(key)
        if name is None:
            name = self._known[key] = f"select.{len(self._known) + 1}"
            axiom = _selection(name, formal, length, at, kept)
            for part in SELECTION:
                self.axioms[name + part] = axiom
                self.places[name + part] = (formal, length, at, kept)

        def item(index: Term) -> Value:
            return whole.at(terms.apply(f"{name}.place", (*arguments, index), terms.INT))

        return SequenceValue(terms.apply(f"{name}.len", arguments, terms.INT), item, whole.element)


SELECTION = (".len", ".place")


def _selection(name: str, formal: list[Term], length: Term, at: Term, kept: Term) -> Term:
    """Places grow with their rank; each place of a rank is kept, and each that is kept has a rank."""
    first, last = terms.integer(1), terms.apply(f"{name}.len", formal, terms.INT)
    rank, later = terms.variable("rank", terms.INT), terms.variable("later", terms.INT)

    def place(index: Term) -> Term:
        return terms.apply(f"{name}.place", (*formal, index), terms.INT)

    def within(index: Term, end: Term) -> list[Term]:
        return [terms.order("<=", first, index), terms.order("<=", index, end)]

    def always(bound: list[Term], premises: list[Term], conclusions: list[Term]) -> Term:
        body = terms.implication(terms.conjunction(premises), terms.conjunction(conclusions))
        return terms.forall([*formal, *bound], body)

    has_rank = terms.exists([rank], terms.conjunction([*within(rank, last), terms.equal(place(rank), at)]))
    is_kept = terms.substituted(kept, {at: place(rank)})
    in_order = terms.equal(terms.order("<", rank, later), terms.order("<", place(rank), place(later)))
    return terms.conjunction(
        [
            always([], [], [terms.order("<=", terms.integer(0), last)]),
            always([], [terms.order("<=", first, last)], [terms.order("<=", last, length)]),
            always([rank], within(rank, last), [*within(place(rank), length), is_kept]),
            always([rank, later], [*within(rank, last), *within(later, last)], [in_order]),
            always([at], [*within(at, length), kept], [has_rank]),
        ]
    )


def _at_most_one(inside: Term, ours: list[Term]) -> Term:
    """That the set which `inside` describes has no two elements."""
    others = [terms.variable(f"other.{at}", item.sort) for at, item in enumerate(ours)]
    both = terms.conjunction([inside, terms.substituted(inside, dict(zip(ours, others)))])
    same = terms.conjunction([terms.equal(*pair) for pair in zip(ours, others)])
    return terms.forall([*ours, *others], terms.implication(both, same))


def _named(prefix: str, items: list[Term]) -> list[Term]:
    """Variables of the same sorts, by number."""
    return [terms.variable(f"{prefix}.{at}", item.sort) for at, item in enumerate(items)]


def _in_order(found: list[Term]) -> list[Term]:
    """Free variables in the order in which they occur."""
    order: dict[Term, None] = {}

    def walk(term: Term, bound: frozenset[Term]) -> None:
        if term.op == "var" and term not in bound:
            order[term] = None
        if term.free - bound:
            for item in term.args:
                walk(item, bound | frozenset(term.bound))

    for term in found:
        walk(term, frozenset())
    return list(order)


def _canonical(term: Term, depth: int = 0) -> Term:
    """The term with bound variables named by how deep they are bound."""
    if term.op in ("forall", "exists"):
        given = {item: terms.variable(f"b.{depth + at}", item.sort) for at, item in enumerate(term.bound)}
        body = _canonical(terms.substituted(term.args[0], given), depth + len(given))
        make = terms.forall if term.op == "forall" else terms.exists
        return make(given.values(), body)
    if not term.args:
        return term
    return terms.rebuilt(term, [_canonical(item, depth) for item in term.args])

"""Gives sets of which assumptions tell the sizes a small instance: four replicas, one of them a liar, quorums of three.

Theory. A hidden predicate of sets, such as IsQuorum, is for solvers any family of sets with the properties that lemmas
state. A counterexample says more if the family is the true one. In a set of so many elements the definition, which
counts, holds or does not hold of each part.

Rules. Numbers and sets that the assumptions about sizes name are as large as these allow, numbers first. This guides a
search: what a module has besides is left to it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from itertools import combinations, product

from specs.proof.models import small
from specs.proof.models.ground import Ground
from specs.proof.models.small import Instance
from specs.proof.obligations import Prover
from specs.proof.translation import meanings, terms
from specs.proof.translation.counting import PART, Counting
from specs.proof.translation.terms import TRUE, Term

SIZE = 4  # elements of the whole set
SIZES = ((3, 3), (4, 4))  # of other sorts, and of numbers
TRIED_MAX = 1_000
_Sets = dict[str, frozenset[int]]


def instance(prover: Prover) -> Instance:
    """Elements of one set, and the values of its families of parts, and of what they depend on."""
    families = {name: whole for name, whole in prover.translator.families.items() if _is_sort(prover, whole)}
    if len(set(families.values())) != 1:
        return small.ANY
    whole = next(iter(families.values()))
    counting = Counting(prover.names)
    order, facts = counting.assumed()
    predicates = {name: counting.predicate(prover.names.definitions[name]) for name in families}
    used = terms.symbols([*facts, *[formula for _, formula in predicates.values()]])
    numbers = sorted(name for name, item in used.items() if not name.startswith(PART))
    for sizes, sets in _tried(numbers, order, whole):
        if all(_truth(fact, order, sets, sizes) for fact in facts):
            return _instance(whole, sizes, sets, predicates)
    return small.ANY


def _is_sort(prover: Prover, whole: str) -> bool:
    shape = prover.translator.shapes.get(whole)
    return isinstance(shape, meanings.SetShape) and shape.element == meanings.Basic(whole)


def _tried(numbers: list[str], order: list[str], whole: str) -> Iterator[tuple[dict[str, int], _Sets]]:
    """Numbers, and parts of the whole set, from large to small."""
    others = [name for name in order if name != whole]
    if (SIZE + 1) ** (len(numbers) + len(others)) > TRIED_MAX:
        return
    for given in product(range(SIZE, -1, -1), repeat=len(numbers) + len(others)):
        parts = {name: frozenset(range(SIZE - size, SIZE)) for name, size in zip(others, given[len(numbers) :])}
        yield dict(zip(numbers, given)), {whole: frozenset(range(SIZE)), **parts}


def _truth(formula: Term, order: list[str], sets: Mapping[str, frozenset[int]], numbers: Mapping[str, int]) -> bool:
    """Whether a statement about sizes holds of these sets. Part i is in those whose bits are in i."""

    def known(item: Term) -> Term:
        if item.name in numbers:
            return terms.integer(numbers[item.name])
        part = int(item.name.removeprefix(PART))
        inside = [[bit for bit, name in enumerate(order) if at in sets[name]] for at in range(SIZE)]
        return terms.integer(sum(part == sum(1 << bit for bit in bits) for bits in inside))

    return Ground({}, known).formula(formula, {}) is TRUE


def _instance(
    whole: str, numbers: Mapping[str, int], sets: _Sets, predicates: Mapping[str, tuple[list[str], Term]]
) -> Instance:
    replicas = [small.element(whole, at) for at in range(SIZE)]
    elements, values = {whole: replicas}, dict[Term, Term]()
    for name, number in numbers.items():
        values[terms.apply(name, (), terms.INT)] = terms.integer(number)
    for name, members in sets.items():
        if name != whole:
            for at, item in enumerate(replicas):
                values[terms.apply(name, (item,), terms.BOOL)] = terms.truth(at in members)
    for name, (order, formula) in predicates.items():
        parts = _smallest(partial(_holds, formula, order, sets, numbers))
        elements[name] = [small.element(name, at) for at in range(len(parts))]
        for member, part in zip(elements[name], parts):
            for at, item in enumerate(replicas):
                values[terms.apply(f"{name}.has", (member, item), terms.BOOL)] = terms.truth(at in part)
    return Instance(elements, values, SIZES)


def _holds(formula: Term, order: list[str], sets: _Sets, numbers: Mapping[str, int], part: frozenset[int]) -> bool:
    return _truth(formula, order, {**sets, order[0]: part}, numbers)


def _smallest(holds: Callable[[frozenset[int]], bool]) -> list[frozenset[int]]:
    """The parts of the whole set for which a predicate holds, but of no part of them."""
    found: list[frozenset[int]] = []
    for size in range(SIZE + 1):
        for items in combinations(range(SIZE), size):
            part = frozenset(items)
            if not any(smaller <= part for smaller in found) and holds(part):
                found.append(part)
    return found

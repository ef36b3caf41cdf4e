"""Sizes of sets that a few elements decide: `Cardinality(S) <= 1`, `Cardinality(S) = 2`. S is finite.

Other sizes are numbers of which little is known (`choices`), or are decided by arithmetic (`counting`).
"""

from __future__ import annotations

from typing import TypeGuard

from specs.proof.translation import meanings, terms
from specs.proof.translation.meanings import SetValue, Value, equal
from specs.proof.translation.terms import Term
from specs.tla.syntax import tree
from specs.tla.syntax.tree import Expression

SIZE_MAX = 3  # of sets whose size is said by naming their elements


def is_cardinality(node: Expression) -> TypeGuard[tree.Apply]:
    return isinstance(node, tree.Apply) and node.name == "Cardinality"


def is_number(node: Expression, wanted: int) -> bool:
    return isinstance(node, tree.Literal) and type(node.value) is int and node.value == wanted


def is_small(node: Expression) -> TypeGuard[tree.Literal]:
    return isinstance(node, tree.Literal) and type(node.value) is int and node.value <= SIZE_MAX


def at_most_one(found: SetValue) -> Term:
    """`Cardinality(S) <= 1`, where S is finite; its negation is `Cardinality(S) >= 2`."""
    return found.over(True, lambda one: found.over(True, lambda other: equal(one, other), "y"), "x")


def of_size(found: SetValue, size: int) -> Term:
    """`Cardinality(S) = 2`, where S is finite: two elements differ, and each is one of the two."""

    def nest(chosen: tuple[Value, ...]) -> Term:
        if len(chosen) == size:
            return found.over(True, meanings.literal(chosen).has, "y")

        def another(value: Value) -> Term:
            return terms.conjunction([terms.negation(meanings.literal(chosen).has(value)), nest((*chosen, value))])

        return found.over(False, another, "x")

    return nest(())

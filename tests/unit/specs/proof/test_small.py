"""A small model is found where there is one, also where numbers have no end; contradictions have none."""

import pytest

from specs.proof import small, terms
from specs.proof.terms import BOOL, INT

X, ONE = terms.variable("x", INT), terms.integer(1)
NODE, LEFT, RIGHT = [terms.variable(name, "Node") for name in ("n", "left", "right")]
DIFFER = terms.negation(terms.equal(LEFT, RIGHT))
NO_OTHER = terms.forall([NODE], terms.disjunction([terms.equal(NODE, LEFT), terms.equal(NODE, RIGHT)]))


def rank(node: terms.Term) -> terms.Term:
    return terms.apply("rank", [node], INT)


def on(number: terms.Term) -> terms.Term:
    return terms.apply("on", [number], BOOL)


def small_numbers(most: int) -> terms.Term:
    """Numbers up to `most` are on."""
    return terms.forall([X], terms.implication(terms.order("<=", X, terms.integer(most)), on(X)))


@pytest.mark.parametrize(
    ("found", "facts"),
    [
        (True, [terms.forall([NODE], terms.order("<", terms.integer(1), rank(NODE)))]),
        (True, [terms.exists([X], on(X)), terms.forall([X], terms.implication(on(X), terms.order("<", X, ONE)))]),
        (True, [terms.forall([X], on(X))]),
        (False, [terms.exists([NODE], terms.order("<", ONE, terms.arithmetic("-", rank(NODE), rank(NODE))))]),
        (True, [terms.exists([LEFT, RIGHT], terms.conjunction([DIFFER, NO_OTHER]))]),  # there are two, not three
        (False, [terms.exists([X], on(X)), terms.forall([X], terms.negation(on(X)))]),
        (False, [small_numbers(9), terms.negation(on(terms.integer(7)))]),  # true between the bounds alone
    ],
)
def test_models_are_found_and_confirmed(found: bool, facts: list[terms.Term]) -> None:
    assert small.has_model(facts, {}) is found


def test_what_defines_a_symbol_counts() -> None:
    facts = [terms.order("<", terms.integer(0), terms.apply("size", [], INT))]
    assert small.has_model(facts, {"size": terms.TRUE})
    assert not small.has_model(facts, {"size": terms.equal(terms.apply("size", [], INT), terms.integer(0))})

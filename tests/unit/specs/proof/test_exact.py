"""In a model formulas are worked out over all numbers where quantifiers say their limits."""

import pytest

from specs.proof.models import small
from specs.proof.models.exact import Exact
from specs.proof.translation import terms
from specs.proof.translation.terms import BOOL, FALSE, INT, TRUE, Term

X, Y = terms.variable("x", INT), terms.variable("y", INT)
NUMBERS = [terms.integer(at) for at in range(-1, 4)]
MODEL = small.Model(
    {INT: NUMBERS, BOOL: [FALSE, TRUE]},
    {
        "on": {(terms.integer(1),): TRUE, (terms.integer(2),): TRUE},
        "most": {(): terms.integer(9)},
        "up": {(NUMBERS[-1],): TRUE},
    },
)
SAME = terms.order("<=", Y, X)
MOST = terms.apply("most", [], INT)


def on(number: Term) -> Term:
    return terms.apply("on", [number], BOOL)


def up(number: Term) -> Term:
    return terms.apply("up", [number], BOOL)


def within(low: int, number: Term, high: Term) -> Term:
    return terms.conjunction([terms.order("<=", terms.integer(low), number), terms.order("<=", number, high)])


def always(premise: Term, conclusion: Term) -> Term:
    return terms.forall([X], terms.implication(premise, conclusion))


@pytest.mark.parametrize(
    ("truth", "formula"),
    [
        (TRUE, always(on(X), terms.order("<", X, terms.integer(3)))),  # on is false at the edges, and so beyond
        (FALSE, always(on(X), terms.order("<", X, terms.integer(2)))),
        (None, always(up(X), terms.order("<", X, terms.integer(9)))),  # up is true at the edge, and so of 9
        (FALSE, always(within(0, X, MOST), terms.order("<", X, terms.integer(9)))),  # 9 is beyond the bounds
        (TRUE, terms.exists([X], terms.conjunction([within(4, X, MOST), up(X)]))),
        (TRUE, terms.forall([X, Y], terms.implication(within(0, X, MOST), terms.implication(terms.equal(Y, X), SAME)))),
        (TRUE, terms.negation(terms.exists([X], terms.conjunction([on(X), terms.equal(X, MOST)])))),
        (TRUE, always(terms.order("<", MOST, X), terms.negation(on(X)))),
        (FALSE, terms.forall([X], terms.negation(on(X)))),
        (None, always(terms.order("<", MOST, X), up(X))),  # true, but without an upper limit
    ],
)  # fmt: skip
def test_formulas_are_decided_over_all_numbers(truth: Term | None, formula: Term) -> None:
    assert Exact(MODEL, {}).truth(formula, {}) is truth


def test_choices_meet_their_axioms() -> None:
    """What the model has is taken if the axiom holds of it, or else another value; if none does, nothing is decided."""
    chosen, given = terms.apply("first", [terms.integer(1)], INT), terms.variable("arg.0", INT)
    above = terms.order("<=", given, terms.apply("first", [given], INT))
    axiom = terms.forall([given], terms.conjunction([on(terms.apply("first", [given], INT)), above]))
    assert Exact(MODEL, {"first": axiom}).truth(terms.equal(chosen, terms.integer(1)), {}) is TRUE
    better = small.Model(MODEL.elements, {**MODEL.tables, "first": {(terms.integer(1),): terms.integer(2)}})
    assert Exact(better, {"first": axiom}).truth(terms.equal(chosen, terms.integer(2)), {}) is TRUE
    assert Exact(MODEL, {"first": axiom}).truth(on(terms.apply("first", [MOST], INT)), {}) is None

"""A small model is found where there is one, also where numbers have no end; contradictions have none."""

from functools import cache

import pytest

from specs import FOLDER
from specs.proof.models import small
from specs.proof.obligations import Obligation, Prover
from specs.proof.translation import terms
from specs.proof.translation.choices import REMAINDER, Choices
from specs.proof.translation.meanings import STRING
from specs.proof.translation.terms import BOOL, INT

X, ONE = terms.variable("x", INT), terms.integer(1)
NODE, LEFT, RIGHT = [terms.variable(name, "Node") for name in ("n", "left", "right")]
DIFFER = terms.negation(terms.equal(LEFT, RIGHT))
NO_OTHER = terms.forall([NODE], terms.disjunction([terms.equal(NODE, LEFT), terms.equal(NODE, RIGHT)]))


@cache
def consensus() -> tuple[Prover, list[Obligation]]:
    prover = Prover(FOLDER / "tetrabft" / "tetrabft_proofs.tla")
    return prover, prover.obligations()


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
    assert (small.find(facts, {}) is not None) is found


def test_remainders_are_those_of_division() -> None:
    """For all numbers, also beyond the bounds: by 3, say, whatever the constant is."""
    by = terms.apply("by", [], INT)
    remainder = terms.apply(REMAINDER, [X, by], INT)
    known = Choices()
    known.remainder(X, by)
    some_below = terms.exists([X], terms.equal(remainder, terms.integer(2)))
    assert small.find([terms.order("<", ONE, by), some_below], known.axioms)
    all_below = terms.forall([X], terms.negation(terms.equal(remainder, terms.integer(2))))
    assert not small.find([terms.order("<", terms.integer(2), by), all_below], known.axioms)


def test_wide_relations_may_hold_of_nothing() -> None:
    """Nine numbers are too many cases. Where something must be in the relation, no model is found."""
    numbers = [terms.variable(f"x.{at}", INT) for at in range(9)]
    wide = terms.apply("told", numbers, BOOL)
    rare = terms.forall(numbers, terms.implication(wide, on(numbers[0])))
    assert small.find([rare, terms.exists([X], on(X))], {})
    assert not small.find([rare, terms.exists(numbers, wide), terms.exists([X], on(X))], {})


def test_what_defines_a_symbol_counts() -> None:
    facts = [terms.order("<", terms.integer(0), terms.apply("size", [], INT))]
    assert small.find(facts, {"size": terms.TRUE})
    assert not small.find(facts, {"size": terms.equal(terms.apply("size", [], INT), terms.integer(0))})


def test_a_text_may_be_none_of_those_that_the_facts_name() -> None:
    one, other = [terms.apply(name, [], STRING) for name in ("str.a", "word")]
    assert small.find([terms.negation(terms.equal(one, other))], {})
    assert not small.find([terms.negation(terms.equal(other, other)), terms.equal(one, other)], {})


FIRST = terms.apply("first", [terms.variable("arg.0", INT)], INT)  # of the numbers above arg.0 that are on, one


def choice() -> terms.Term:
    above = terms.order("<", terms.variable("arg.0", INT), X)
    one = terms.exists([X], terms.conjunction([above, on(X)]))
    chosen = terms.conjunction([terms.order("<", terms.variable("arg.0", INT), FIRST), on(FIRST)])
    return terms.forall([terms.variable("arg.0", INT)], terms.implication(one, chosen))


def test_a_choice_that_cannot_be_made_leaves_no_model() -> None:
    few = terms.forall([X], terms.implication(on(X), terms.order("<", X, terms.integer(3))))
    asked = terms.apply("first", [terms.integer(0)], INT)
    facts = [few, on(terms.integer(2)), terms.order("<", terms.integer(0), asked)]
    found = small.find(facts, {"first": choice()})
    assert found is not None
    assert found.applied(asked) in (terms.integer(1), terms.integer(2))
    assert not small.find([*facts, terms.order("<", asked, ONE)], {"first": choice()})


@pytest.mark.parametrize("action", ["EnterView", "Learn", "Vote3"])
def test_actions_of_the_consensus_can_happen(action: str) -> None:
    prover, obligations = consensus()
    facts = next(item.facts for item in obligations if (item.theorem, item.name) == ("(actions)", action))
    assert small.find(facts, prover.translator.choices.axioms)

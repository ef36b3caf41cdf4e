"""TLA+ values in Python: equality, order, conversion, source text."""

from __future__ import annotations

import copy
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from specs.tla.language.language import (
    FALSE,
    TRUE,
    EvaluationError,
    Function,
    ModelValue,
    function,
    of_python,
    record,
    to_tla,
)
from specs.tla.values.combined import Union
from specs.tla.values.sets import (
    INTEGERS,
    NATURALS,
    FunctionSet,
    Interval,
    LazyFunction,
    LazySet,
    Powerset,
    Product,
    RecordSet,
    in_order,
    is_in,
    sequences,
)
from specs.tla.values.values import KindError, Value, order_key, ordered

VALUES = st.recursive(
    st.one_of(
        st.booleans(),
        st.integers(-3, 3),
        st.sampled_from(["", "a", 'q"\\', "1"]),
        st.sampled_from("pq").map(ModelValue),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(tuple),
        st.lists(inner.map(of_python), max_size=3).map(frozenset),
        st.lists(st.tuples(inner.map(of_python), inner), max_size=3).map(dict).map(function),
    ),
    max_leaves=8,
).map(of_python)


def test_true_is_not_one() -> None:
    assert TRUE != 1
    assert FALSE != 0
    assert len(frozenset((TRUE, 1, FALSE, 0))) == 4
    assert (TRUE,) != (1,)
    assert record(a=True) != record(a=1)
    assert function({1: 1, 2: 2}) != function({True: 1, 2: 2})
    for numbers in (Interval(0, 1), NATURALS):
        with pytest.raises(KindError, match=r"TRUE .*a Boolean is of another kind than the elements"):
            assert TRUE in numbers


def test_true_equals_the_bool_of_python() -> None:
    for truth in (True, False):
        assert (truth == TRUE) is truth
        assert (truth == FALSE) is not truth
        assert bool(of_python(truth)) is truth
    assert hash(TRUE) == hash(True)


@pytest.mark.parametrize("value", [TRUE, FALSE, ModelValue("p1"), record(a=1)])
def test_copies_are_equal(value: object) -> None:
    assert copy.deepcopy(value) == value
    assert pickle.loads(pickle.dumps(value)) == value
    if not isinstance(value, Function):
        assert pickle.loads(pickle.dumps(value)) is value


def test_model_values_equal_themselves_alone() -> None:
    assert ModelValue("p1") is ModelValue("p1")
    assert ModelValue("p1") != "p1"
    assert ModelValue("p1") != ModelValue("p2")


def test_a_function_on_1_to_n_is_the_sequence() -> None:
    assert function({1: "a", 2: "b"}) == ("a", "b")
    assert function({}) == ()
    assert function({0: "a", 1: "b"}) == Function({0: "a", 1: "b"})
    assert function({2: "a"}) != ("a",)


def test_functions_cannot_be_changed() -> None:
    value = record(a=1)
    for change in (lambda: value.update(a=2), lambda: value.pop("a"), lambda: value.__setitem__("a", 2)):
        with pytest.raises(TypeError, match="immutable"):
            change()
    with pytest.raises(TypeError, match="immutable"):
        TRUE.truth = False
    assert value.updated("a", [2]) == record(a=(2,))
    assert value == record(a=1)
    with pytest.raises(EvaluationError, match=r'"b" is not in the domain of \[a \|-> 1\]'):
        value.updated("b", 2)


def test_conversion_goes_to_any_depth() -> None:
    assert of_python({"a": [True, {1, 2}]}) == Function({"a": (TRUE, frozenset((1, 2)))})
    assert of_python([{"x": [False]}])[0]["x"][0] is FALSE
    with pytest.raises(TypeError, match="not a TLA"):
        of_python([None])
    with pytest.raises(TypeError, match="not a TLA"):
        of_python(1.5)


@pytest.mark.parametrize(
    ("value", "source"),
    [
        (True, "TRUE"),
        (-3, "-3"),
        ('a"b\\c\n', '"a\\"b\\\\c\\n"'),
        (ModelValue("p1"), "p1"),
        ((), "<<>>"),
        ({2, 1, 10}, "{1, 2, 10}"),
        (["b", {True}], '<<"b", {TRUE}>>'),
        ({"b": 1, "a": ()}, "[a |-> <<>>, b |-> 1]"),
        ({-1: 2, 0: 3}, "((-1) :> (2) @@ (0) :> (3))"),
        ({"not a field": 1}, '(("not a field") :> (1))'),
        ({"IF": 1}, '(("IF") :> (1))'),
        ({"1": 1}, '(("1") :> (1))'),
    ],
)
def test_source_text(value: object, source: str) -> None:
    assert to_tla(of_python(value)) == source


@given(VALUES, VALUES)
def test_source_text_and_order_tell_values_apart(left: object, right: object) -> None:
    assert (left == right) == (to_tla(left) == to_tla(right)) == (order_key(left) == order_key(right))
    assert left != right or hash(left) == hash(right)


def test_order_is_that_of_the_values_not_of_the_hashes() -> None:
    mixed = frozenset((3, "b", TRUE, ModelValue("p"), (1,), frozenset((2,)), record(a=1), "a", -1, FALSE, (), (0, 0)))
    assert [to_tla(item) for item in ordered(mixed)] == [
        "FALSE", "TRUE", "-1", "3", '"a"', '"b"', "p", "<<>>", "<<1>>", "<<0, 0>>", "{2}", "[a |-> 1]",
    ]  # fmt: skip


NODES = frozenset((ModelValue("n2"), ModelValue("n1")))
LAZY_SETS: list[LazySet] = [
    Interval(-1, 2),
    Interval(2, 1),
    Powerset(NODES),
    Powerset(frozenset()),
    FunctionSet(NODES, frozenset((2, 1))),
    FunctionSet(frozenset((1, 2)), Interval(0, 2)),
    FunctionSet(frozenset(), frozenset()),
    FunctionSet(NODES, frozenset()),
    RecordSet({"b": frozenset((2, 1)), "a": Interval(0, 1)}),
    Product(NODES, frozenset((3, 1)), frozenset((TRUE, FALSE))),
    Union(Powerset(frozenset((1,))), frozenset((frozenset((5,)),))),
]


@pytest.mark.parametrize("lazy", LAZY_SETS, ids=lambda lazy: to_tla(lazy)[:40])
def test_lazy_sets_are_the_sets_written_out_in_the_same_order(lazy: LazySet) -> None:
    written_out = frozenset(lazy)
    assert lazy == written_out
    assert written_out == lazy
    assert hash(lazy) == hash(written_out)
    assert tuple(in_order(lazy)) == ordered(written_out)
    assert all(element in lazy for element in written_out)
    assert lazy.size_bound() >= len(written_out)
    outsiders = [TRUE, 7, "x", ModelValue("n9"), (), (9, 9), frozenset((9,)), record(a=9, b=9), record(a=0)]
    for item in outsiders:
        assert _is_in(item, lazy) in (_is_in(item, written_out), "no value")  # it knows the kind of its elements


def _is_in(item: Value, collection: Value) -> bool | str:
    try:
        return is_in(item, collection)
    except KindError:
        return "no value"


def test_infinite_sets_know_their_members_only() -> None:
    assert -1 in INTEGERS
    assert -1 not in NATURALS
    assert (1, 2) in sequences(NATURALS)
    assert (1, -2) not in sequences(NATURALS)
    assert -1 in Union(NATURALS, frozenset((-1,)))
    for lazy in (NATURALS, Union(NATURALS, frozenset((-1,))), Powerset(NATURALS), sequences(frozenset((1,)))):
        with pytest.raises(EvaluationError):
            list(lazy)


def test_sets_too_large_to_enumerate_say_so_at_once() -> None:
    huge = Powerset(Product(Interval(1, 100), Interval(1, 100)))
    assert frozenset(((1, 1), (2, 2))) in huge
    with pytest.raises(EvaluationError, match="too many elements"):
        huge.worked_out()


def test_lazy_functions_work_out_each_value_once() -> None:
    calls = []

    def body(itself: LazyFunction, argument: int) -> int:
        calls.append(argument)
        return 1 if argument == 0 else argument * itself.apply(argument - 1)

    factorial = LazyFunction(NATURALS, body)
    assert factorial.apply(5) == 120
    assert factorial.apply(4) == 24
    assert sorted(calls) == [0, 1, 2, 3, 4, 5]
    with pytest.raises(EvaluationError, match="-1 is not in the domain"):
        factorial.apply(-1)
    assert LazyFunction(Interval(1, 3), lambda _, argument: 2 * argument) == (2, 4, 6)

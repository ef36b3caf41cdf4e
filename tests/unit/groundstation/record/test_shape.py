"""Shapes of JSON files: which files fit, and the place of the first part that does not."""

from typing import Any, NotRequired, TypedDict

import pytest

from groundstation.record.shape import Number, fault


class Maybe(TypedDict):
    a: NotRequired[int]


class Inner(TypedDict):
    c: str


class Middle(TypedDict):
    b: list[Inner]


class Deep(TypedDict):
    a: Middle


@pytest.mark.parametrize(
    ("found", "wanted", "said"),
    [
        (3, int, None),
        (True, int, "want an integer"),
        (3.0, int, "want an integer"),
        (3, float, None),
        (2.5, float, None),
        (False, float, "want a number"),
        ("x", str, None),
        (None, str, "want a text"),
        (None, str | None, None),
        (3, str | None, "want a text"),
        ([3], object, None),
        (True, bool, None),
        (0, bool, "want true or false"),
        ([1, "x"], list[int], "[1]: want an integer"),
        ({}, list[int], "want a list"),
        ({"a": 1, "b": None}, dict[str, int], "b: want an integer"),
        ({"0": 1}, dict[Number, int], None),
        ({"x": 1}, dict[Number, int], "x: want numbers for names"),
        ({"²": 1}, dict[Number, int], "²: want numbers for names"),
        ({"a": {"b": [{"c": 3}]}}, Deep, "a.b[0].c: want a text"),
        ({"a": {}}, Deep, "a.b: is missing"),
        ({}, Maybe, None),
        ({"a": "x"}, Maybe, "a: want an integer"),
        ([], Maybe, "want an object"),
        ({"a": 1, "more": None}, Maybe, None),
    ],
)
def test_shapes(found: Any, wanted: Any, said: str | None) -> None:
    assert fault(found, wanted) == said

"""Shapes of JSON files: what fits, and where the first part stands that does not."""

from typing import Any

import pytest

from groundstation.record.shape import fault


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
        (None, (str, type(None)), None),
        (3, (str, type(None)), "want a text"),
        (True, bool, None),
        (0, bool, "want true or false"),
        ([1, "x"], [int], "[1]: want an integer"),
        ({}, [int], "want a list"),
        ({"a": 1, "b": None}, {str: int}, "b: want an integer"),
        ({"0": 1}, {int: int}, None),
        ({"x": 1}, {int: int}, "x: want numbers for names"),
        ({"²": 1}, {int: int}, "²: want numbers for names"),
        ({"a": {"b": [{"c": 3}]}}, {"a": {"b": [{"c": str}]}}, "a.b[0].c: want a text"),
        ({"a": {}}, {"a": {"b": int}}, "a.b: is missing"),
        ({}, {"a?": int}, None),
        ({"a": "x"}, {"a?": int}, "a: want an integer"),
        ([], {"a": int}, "want an object"),
        ({"a": 1, "more": None}, {"a": int}, None),
    ],
)
def test_shapes(found: Any, wanted: Any, said: str | None) -> None:
    assert fault(found, wanted) == said

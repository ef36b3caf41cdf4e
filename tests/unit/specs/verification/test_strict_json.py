"""JSON read strictly: texts that readers interpret differently are refused, with a reason."""

import json
from pathlib import Path

import pytest

from specs import strict_json
from specs.strict_json import DEPTH_MAX, DIGITS_MAX, JsonError


@pytest.mark.parametrize(
    "text", ['{"a": [1, -2.5, 1e3, "\\u00e9", null, true], "b": {"a": {}}}', "[]", '"\\ud83d\\ude00"', " 7 \n"]
)
def test_plain_json_is_what_the_standard_library_reads(text: str) -> None:
    assert strict_json.loads(text) == json.loads(text)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('{"a": 1, "b": {"c": 1, "c": 1}}', '"c" occurs twice in one object'),
        ('{"\\u0061": 1, "a": 2}', '"a" occurs twice'),
        ("[NaN]", "NaN is not a JSON number"),
        ("-Infinity", "-Infinity is not a JSON number"),
        ("1e999", "1e999 is out of range"),
        ("9" * (DIGITS_MAX + 1), f"an integer of {DIGITS_MAX + 1} digits"),
        ('"\\ud800"', "half of a surrogate pair"),
        ('{"\\udc00": 1}', "half of a surrogate pair"),
        ("", "not JSON"),
        ("{'a': 1}", "not JSON"),
        ("[1] 2", "not JSON"),
        ("[" * (DEPTH_MAX + 1) + "]" * (DEPTH_MAX + 1), f"nested more than {DEPTH_MAX} deep"),
        ('{"a":' * 200_000 + "1" + "}" * 200_000, f"nested more than {DEPTH_MAX} deep"),
    ],
)
def test_ambiguous_text_is_refused(text: str, complaint: str) -> None:
    with pytest.raises(JsonError) as caught:
        strict_json.loads(text)
    assert complaint in str(caught.value)


def test_the_deepest_that_is_taken() -> None:
    text = "[" * DEPTH_MAX + "]" * DEPTH_MAX
    assert strict_json.loads(text) == json.loads(text)
    assert strict_json.loads(json.dumps([[]] * 3 * DEPTH_MAX)) == [[]] * 3 * DEPTH_MAX


def test_half_a_surrogate_pair_is_taken_where_it_is_asked_for() -> None:
    assert strict_json.loads('["\\ud800"]', surrogates=True) == ["\ud800"]


def test_a_file_may_begin_with_a_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(b"\xef\xbb\xbf{}\n")
    assert strict_json.load(path) == {}


def test_a_complaint_about_a_file_names_it(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    for content, complaint in ((b"{", "not JSON"), (b"\n\xff", "line 2: not UTF-8 (byte 0xff)")):
        path.write_bytes(content)
        with pytest.raises(JsonError, match=r"a\.json: ") as caught:
            strict_json.load(path)
        assert complaint in str(caught.value)
    with pytest.raises(JsonError, match="it is a directory"):
        strict_json.load(tmp_path)

"""Nothing that a board or a file says can move the cursor, end a line or stop the output."""

import unicodedata

import pytest

from specs.escape import shown, shown_lines


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("plain, \u00e4\u65e5 \U0001f680", "plain, \u00e4\u65e5 \U0001f680"),
        ("\x1b[2J\x1b]0;title\x07", "\\x1b[2J\\x1b]0;title\\x07"),
        ("a\r\nverdict PASS\t\x7f\x9b", "a\\x0d\\x0averdict PASS\\x09\\x7f\\x9b"),
        ("\u202egnp.exe\u2066\u2028", "\\u202egnp.exe\\u2066\\u2028"),
        ("\ud800", "\\ud800"),
    ],
)
def test_what_is_unfit_to_be_printed_is_escaped(text: str, wanted: str) -> None:
    assert shown(text) == wanted
    assert shown(wanted) == wanted


def test_every_control_separator_and_surrogate_is_escaped() -> None:
    unfit = [chr(code) for code in range(0x110000) if unicodedata.category(chr(code)) in ("Cc", "Cs", "Zl", "Zp")]
    assert [character for character in unfit if not shown(character).startswith("\\")] == []
    shown("".join(unfit)).encode("ascii")


def test_line_feeds_stand_where_a_text_has_lines() -> None:
    assert shown_lines("a\x07\nb\n") == "a\\x07\nb\n"

"""Text of boards, files and traces, made fit to be shown: on a terminal, in a log, in an error, in a report.

A control character moves the cursor, clears the screen or ends the line that it stands in; a bidirectional control
turns the text around it; a lone surrogate has no UTF-8. `shown` writes each of them as Python does in a string literal,
so that a reader sees what was there and a terminal does nothing but print.
"""

import re

# C0, DEL, C1; bidirectional controls; line and paragraph separators; surrogates; the byte order mark.
_UNFIT = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff]",
)


def _escaped(found: re.Match[str]) -> str:
    code = ord(found.group())
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def shown(text: str) -> str:
    """`text` on one line, with `\\xNN` and `\\uNNNN` in place of what is unfit to be printed."""
    return _UNFIT.sub(_escaped, text)


def shown_lines(text: str) -> str:
    """The same of a text of several lines: its line feeds stand."""
    return "\n".join([shown(line) for line in text.split("\n")])

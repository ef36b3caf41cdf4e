"""Expands tabs, which move to the next multiple of 8 columns, as in SANY.

Theory. The items of a bulleted list are told apart by their columns, so a tab that counts as one column gives a formula
another meaning. The parser counts characters. So tabs become spaces before it reads a source.

Rules. A tab inside a string is part of its value and stays; spaces after the string make up for its width.
"""

from __future__ import annotations

import re

WIDTH = 8

# What may hold a quotation mark that begins no string, and strings.
_PARTS = re.compile(r'\\\*.*|\(\*|\*\)|"(?:[^"\\]|\\.)*"|\t|.', re.DOTALL)


def expanded(source: bytes) -> bytes:
    """`source` with its tabs as spaces. Line numbers stay."""
    if b"\t" not in source:
        return source
    depth, lines = 0, []
    for line in source.decode("utf-8").split("\n"):
        if "\t" in line:
            line, depth = _line(line, depth)
        else:
            depth = _depth(line, depth)
        lines.append(line)
    return "\n".join(lines).encode("utf-8")


def _line(line: str, depth: int) -> tuple[str, int]:
    """One line, and how deep block comments nest at its end."""
    text, column = "", 0  # `column` is where SANY sees the end of `text`
    for match in _PARTS.finditer(line):
        part = match.group()
        if part == "\t":
            part = " " * (WIDTH - column % WIDTH)
            column += len(part)
        elif part.startswith('"') and depth == 0 and len(part) > 1:
            before = column
            for character in part:
                column += WIDTH - column % WIDTH if character == "\t" else 1
            part += " " * (column - before - len(part))
        elif "\t" in part:  # a comment to the end of the line, or a string inside a comment
            part = part.replace("\t", " ")
            column += len(part)
        else:
            depth = _nested(part, depth)
            column += len(part)
        text += part
    return text, depth


def _depth(line: str, depth: int) -> int:
    if "(*" in line or "*)" in line:
        for match in _PARTS.finditer(line):
            depth = _nested(match.group(), depth)
    return depth


def _nested(part: str, depth: int) -> int:
    return depth + 1 if part == "(*" else max(0, depth - 1) if part == "*)" else depth

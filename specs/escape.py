r"""Makes untrusted text (from boards, files and names) safe to print.

Such text may contain an escape sequence that clears the terminal, a line break that forges a verdict, marks that
reverse the writing direction, or half of a surrogate pair, which no encoding can write. `escaped` replaces each with
Python's escape, ESC with `\x1b`, and keeps printable text of any language. Escaping twice gives the same text.
"""

import re
import unicodedata


class MultilineError(Exception):
    """Base of errors whose message may have several lines. Untrusted text in it is already escaped. The message of any
    other error is printed on one line, with line breaks escaped.
    """


_DOUBTFUL = re.compile(r"[^\x20-\x7e]")


def escaped(what: object, keep: str = "") -> str:
    """The text of `what`, such as a path, as one line of printable characters.

    keep: characters not to escape, such as a wanted line break.
    """
    text = str(what)
    return text if text.isprintable() else _DOUBTFUL.sub(lambda found: _escape_of(found[0], keep), text)


def escaped_lines(text: str, indent: str = "    ") -> str:
    """`text` with its line breaks. Later lines are indented, so that none can be mistaken for a line of ours."""
    return ("\n" + indent).join(escaped(line) for line in text.removesuffix("\n").split("\n"))


def _escape_of(character: str, keep: str) -> str:
    if character.isprintable() or character in keep or unicodedata.category(character) == "Zs":
        return character
    return character.encode("unicode_escape").decode("ascii")

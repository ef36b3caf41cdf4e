r"""Text of boards, files and names, made safe to show.

Such text may hold anything: an escape sequence that clears the terminal, a line break that forges a verdict, marks that
turn the direction of writing around, half of a surrogate pair that no encoding can write. `shown` replaces each of
them by its escape in Python's notation, ESC by `\x1b`, and leaves printable text as it is, in whatever language. What
has been escaped once stays the same when it is escaped again.
"""

import re
import unicodedata


class SeveralLines(Exception):
    """An error whose message may have line breaks of ours; names from outside are escaped in it already. Any other
    error has a message of one line, in which a line break is somebody else's.
    """


_DOUBTFUL = re.compile(r"[^\x20-\x7e]")


def shown(text: str, keep: str = "") -> str:
    """`text` on one line of printable characters.

    keep: characters that stay, such as the line break in text that is meant to have several lines.
    """
    return text if text.isprintable() else _DOUBTFUL.sub(lambda found: _shown(found[0], keep), text)


def shown_lines(text: str, indent: str = "    ") -> str:
    """`text` with its line breaks; lines after the first are indented, so that none can pass for a line of ours."""
    return ("\n" + indent).join(shown(line) for line in text.removesuffix("\n").split("\n"))


def _shown(character: str, keep: str) -> str:
    if character.isprintable() or character in keep or unicodedata.category(character) == "Zs":
        return character
    return character.encode("unicode_escape").decode("ascii")

"""Phrases that read as another language in English words, and what to write in their place.

Prose is what people read: Markdown, comments, docstrings and other texts of the code, comments of modules. Code and
text in backticks are not prose.
"""

import ast
import io
import re
import tokenize
from collections import Counter
from collections.abc import Iterable, Iterator

from tests.style.flight_rules import Finding

_NOT_SLANG = "longer|more|less|fewer|later|earlier|better|worse|need|reason|room|way|point|such|use|evidence"
_NOT_COUNTED = "is|of|in|and|was|has|or|with|for|as|to|that|gives|at|by|into|from|on|such|way|takes|needs|without"
PHRASES: tuple[tuple[str, str], ...] = (
    (rf"(?<!there\s)\b(?:is|are|was|were) no (?!(?:{_NOT_SLANG})\b)\w+", "is not a ..., does not ..."),
    (r"(?<!there\s)\b(?:is|are) (?-i:none)\b", "is not one, does not exist"),
    (r"\bwho(?:so)?ever\b", "anyone who, the one that, each ... that"),
    (r"\banew\b", "again, from the start"),
    (r"\bfor ever\b", "forever, permanently, without end"),
    (r"\bbefell|\bbefalls?\b", "happened to"),
    (r"\b(?:that )?nobody (?:had )?asked for\b", "unrequested, that was not requested"),
    (r"\bnobody had (?:it|them) \w+ed\b", "without being ...ed by the scenario"),
    (
        rf"\bone (?!(?:{_NOT_COUNTED})\b)"
        r"[a-z-]+ an? (?!(?:time|half|few|lot|couple|single|given)\b)[a-z]+",
        "one ... per ..., each ... has one ...",
    ),
    (r"\b(?:die[sd]?|end(?:s|ed)?|stop(?:s|ped)?|restart(?:s|ed)?) of (?:itself|themselves)\b", "crashed, by itself"),
    (r"\b(?:is|are|was|were|be) told\b(?! apart| from)", "is reported, is named, reads"),
    (r"\bcan(?:not)? be had\b", "is (not) available"),
    (r"\bgone on with\b|\bgo on with\b", "continued, resumed"),
    (r"\bcome to that\b|\bcame to that\b", "reached"),
    (r"\bwhat (?:has )?(?:came|comes|become|became|becomes) of\b", "the outcome of, what happens to"),
    (r"\bmeets? no\b", "without any"),
    (r"\bheld against\b|\bholds? (?:it|them|each|every \w+|a trace|traces|any trace) against\b", "checked against"),
    (r"\bknows? nothing of\b", "does not depend on"),
    (r"\bthe like\b", "similar ..."),
    (r"\bno sooner\b|\bhitherto\b|\bthereof\b|\bwherein\b|\bof late\b", "(plain words)"),
    (r"\bif not said\b|\bif nothing is said\b", "default: ..."),
    (r"\b(?:it|that|which) is not to be\b", "must not"),
)
_ANY = re.compile(
    "|".join(f"(?P<p{number}>{phrase})" for number, (phrase, _) in enumerate(PHRASES)).replace(" ", r"\s+"),
    re.IGNORECASE,
)
_CODE = re.compile(r"`[^`\n]*`|\[[^\]\n]*\](?!\()")  # also names of runs, in brackets

# No such phrase may be in these folders, nor in Markdown, except what is generated from the model checker's output.
STRICT = ("docs/", "tests/docs/")
GENERATED = "verification_summary.md"
# How many the others still have, at most. Lower a number when you have rewritten some; never raise one. Of flight code,
# # error texts stay (and tests that quote them): they cost bytes and appear in traces.
LEFT = {"firmware": 2, "specs": 1, "tests": 8}
QUOTED = ("tests/style/",)  # names the phrases
_NAMES = "| Mutant |"  # a row of a decision record that names planted bugs: those are renamed in their own list
TEXTS = (".md", ".tla", ".cfg", ".toml", ".cddl")


def is_prose(path: str) -> bool:
    """Whether the file has prose that is checked."""
    return path.endswith((*TEXTS, ".py")) or path in {"Makefile", ".ci/run"}


def _prose(path: str, source: str) -> Iterator[tuple[int, str]]:
    """(line, text) of what people read."""
    if not path.endswith(".py"):
        yield 1, "\n".join("" if line.startswith(_NAMES) else line for line in source.splitlines())
    else:
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            if token.type == tokenize.COMMENT:
                yield token.start[0], token.string
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value:
                yield node.lineno, node.value


def phrases(path: str, source: str) -> Iterator[Finding]:
    """Each such phrase in the prose of a file."""
    for line, text in _prose(path, source):
        plain = _CODE.sub(lambda code: " " * len(code[0]), text)
        for found in _ANY.finditer(plain):
            number = next(number for number in range(len(PHRASES)) if found[f"p{number}"] is not None)
            at = line + plain.count("\n", 0, found.start())
            phrase = " ".join(found[0].split())
            yield Finding(path, at, "prose", f"{phrase!r}: write {PHRASES[number][1]}")


def is_strict(path: str) -> bool:
    """Whether any such phrase in this file is a breach."""
    return path.startswith(STRICT) or (path.endswith(".md") and not path.endswith(GENERATED))


def room(path: str) -> str:
    """The part of the project that a file belongs to."""
    return path.partition("/")[0]


def breaches(files: Iterable[tuple[str, str]]) -> Iterator[Finding]:
    """Each phrase in a strict room, and each other room that has more than it had."""
    counts: Counter[str] = Counter()
    for path, source in files:
        if path.startswith(QUOTED) or not is_prose(path):
            continue
        found = list(phrases(path, source))
        if is_strict(path):
            yield from found
        else:
            counts[room(path)] += len(found)
    for name in sorted(counts):
        if counts[name] > LEFT.get(name, 0):
            text = f"{counts[name]} phrases, more than {LEFT.get(name, 0)}: python -m tests.style prose {name}"
            yield Finding(name, 1, "prose", text)

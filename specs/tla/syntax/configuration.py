"""Reads a TLC configuration: constants, replacements of definitions, and what to check.

Theory. A .cfg file is a sequence of statements; each is a keyword and the text up to the next keyword (Lamport,
Specifying Systems, section 14.7.1). `Name = value` gives a constant a value; an unquoted name is a model value.
`Name <- Definition` substitutes a definition of the root module for a constant or for another definition.
`Name <- [M] Definition` and `Name = [M] value` apply only within module M.

Rules. An unknown keyword, a malformed value and a name given twice are errors that name file and line. Statements that
do not affect the check (ALIAS, POSTCONDITION) are kept by name so that they can be reported.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from specs import files
from specs.escape import escaped
from specs.tla.syntax.tree import ModuleError
from specs.tla.values.values import FALSE, TRUE, ModelValue, Value, to_tla

_LISTS = {
    "INVARIANT": "invariants", "INVARIANTS": "invariants",
    "PROPERTY": "properties", "PROPERTIES": "properties",
    "CONSTRAINT": "constraints", "CONSTRAINTS": "constraints",
    "ACTION_CONSTRAINT": "action_constraints", "ACTION_CONSTRAINTS": "action_constraints",
    "ALIAS": "ignored", "POSTCONDITION": "ignored", "POSTCONDITIONS": "ignored",
}  # fmt: skip
_SINGLES = {"INIT": "init", "NEXT": "next", "SPECIFICATION": "specification", "SYMMETRY": "symmetry", "VIEW": "view"}
_CONSTANTS = ("CONSTANT", "CONSTANTS")
_BOOLEANS = {"TRUE": TRUE, "FALSE": FALSE}
_CHECK_DEADLOCK = "CHECK_DEADLOCK"
_KEYWORDS = frozenset((*_LISTS, *_SINGLES, *_CONSTANTS, _CHECK_DEADLOCK))

# Operators that have several names, by the one of the syntax tree (grammar.SYMBOLS).
_SYNONYMS = {
    "\\circ": "\\o", "\\leq": "<=", "=<": "<=", "\\geq": ">=", "/=": "#", "\\union": "\\cup", "\\intersect": "\\cap",
    "\\oplus": "(+)", "\\ominus": "(-)", "\\odot": "(.)", "\\oslash": "(/)", "\\otimes": "(\\X)", "\\equiv": "<=>",
    "\\land": "/\\", "\\lor": "\\/", "\\lnot": "~", "\\neg": "~",
}  # fmt: skip

NESTING_MAX = 100  # of sets
DIGITS_MAX = 2_400  # of a number

_TOKEN = re.compile(
    r"""(?P<space>\s+|\\\*[^\n]*)
      | (?P<comment>\(\*)
      | (?P<string>"(?:[^"\\]|\\.)*")
      | (?P<number>-?\d+(?![\w!]))
      | (?P<name>[\w!]+)
      | (?P<symbol><-|[={},\[\]](?![-=+*#/^|&$%?!:.]))
      | (?P<operator>\\[a-zA-Z]+|[-=+*#/^|&$%?!:.@~<>\\]+)""",
    re.VERBOSE,
)


class ConfigurationError(ModuleError):
    """A .cfg file cannot be used. The message names file and line."""


@dataclass
class Configuration:
    """The content of a .cfg file.

    `constants`: values by name. `replacements`: name to the name of a definition in the root module. `module_constants`
    and `module_replacements`: the same by (module, name). `check_deadlock`: None if the file does not set it.
    """

    path: Path | None = None
    constants: dict[str, Value] = field(default_factory=dict)
    replacements: dict[str, str] = field(default_factory=dict)
    module_constants: dict[tuple[str, str], Value] = field(default_factory=dict)
    module_replacements: dict[tuple[str, str], str] = field(default_factory=dict)
    specification: str | None = None
    init: str | None = None
    next: str | None = None
    invariants: list[str] = field(default_factory=list)
    properties: list[str] = field(default_factory=list)
    constraints: list[str] = field(default_factory=list)
    action_constraints: list[str] = field(default_factory=list)
    symmetry: str | None = None
    view: str | None = None
    check_deadlock: bool | None = None
    ignored: list[str] = field(default_factory=list)

    def model_values(self) -> Mapping[str, ModelValue]:
        """The model values that occur in the constants, by name."""
        found: dict[str, ModelValue] = {}
        pending: list[Value] = [*self.constants.values(), *self.module_constants.values()]
        while pending:
            value = pending.pop()
            if isinstance(value, ModelValue):
                found[value.name] = value
            elif isinstance(value, frozenset):
                pending += value
        return found

    def as_text(self) -> str:
        """An equivalent .cfg file for TLC 2.15, which does not know CHECK_DEADLOCK, ALIAS and POSTCONDITION. Leaving
        them out affects no verdict but that on deadlocks.
        """
        lines = [] if self.specification is None else [f"SPECIFICATION {self.specification}"]
        if self.init is not None:
            lines += [f"INIT {self.init}", f"NEXT {self.next}"]
        lines.append("CONSTANTS")
        lines += [f"  {name} = {to_tla(value)}" for name, value in self.constants.items()]
        lines += [f"  {name} = [{module}]{to_tla(value)}" for (module, name), value in self.module_constants.items()]
        lines += [f"  {name} <- {target}" for name, target in self.replacements.items()]
        lines += [f"  {name} <- [{module}]{target}" for (module, name), target in self.module_replacements.items()]
        for keyword, names in (
            ("INVARIANT", self.invariants),
            ("PROPERTY", self.properties),
            ("CONSTRAINT", self.constraints),
            ("ACTION_CONSTRAINT", self.action_constraints),
        ):
            lines += [f"{keyword} {name}" for name in names]
        lines += [f"{keyword} {name}" for keyword, name in (("SYMMETRY", self.symmetry), ("VIEW", self.view)) if name]
        return "\n".join(lines) + "\n"


def read(path: Path | str) -> Configuration:
    """The configuration in file `path`. Raises ConfigurationError."""
    path = Path(path)
    try:
        text = files.read_text(path)
    except files.FileError as error:
        raise ConfigurationError(f"cannot read configuration {escaped(path)}: {error}") from None
    return parse(text, path)


def parse(text: str, path: Path | None = None) -> Configuration:
    """The configuration in `text`. Raises ConfigurationError."""
    return _Parser(text, path).configuration()


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    line: int


class _Parser:
    def __init__(self, text: str, path: Path | None) -> None:
        self.name = path.name if path is not None else "configuration"
        self.result = Configuration(path)
        self.tokens = self._tokens(text)
        self.position = 0

    def _fail(self, line: int, what: str) -> ConfigurationError:
        return ConfigurationError(f"{self.name}:{line}: {what}")

    def _tokens(self, text: str) -> list[_Token]:
        tokens, position, line = [], 0, 1
        while position < len(text):
            match = _TOKEN.match(text, position)
            if match is None:
                if text[position:].startswith("===="):  # as at the end of a module; TLC accepts it too
                    break
                raise self._fail(line, f"cannot read {text[position : position + 20]!r}")
            end = match.end()
            if match.lastgroup == "comment":
                end = self._comment_end(text, position, line)
            elif match.lastgroup != "space":
                assert match.lastgroup is not None
                tokens.append(_Token(match.lastgroup, match.group(), line))
            line += text.count("\n", position, end)
            position = end
        return tokens

    def _comment_end(self, text: str, position: int, line: int) -> int:
        """The end of a comment. Comments nest."""
        depth = 0
        while position < len(text):
            if text.startswith("(*", position):
                depth, position = depth + 1, position + 2
            elif text.startswith("*)", position):
                depth, position = depth - 1, position + 2
                if depth == 0:
                    return position
            else:
                position += 1
        raise self._fail(line, "a comment that does not end")

    # --- statements -------------------------------------------------------------------------------

    def _peek(self) -> _Token | None:
        return self.tokens[self.position] if self.position < len(self.tokens) else None

    def _next(self, wanted: str) -> _Token:
        token = self._peek()
        if token is None:
            raise self._fail(self.tokens[-1].line if self.tokens else 1, f"want {wanted}, have the end of the file")
        self.position += 1
        return token

    def _symbol(self, text: str) -> bool:
        """Take this symbol if it is the next."""
        token = self._peek()
        if token is not None and token.text == text and token.kind == "symbol":
            self.position += 1
            return True
        return False

    def _name(self, what: str) -> str:
        token = self._next(what)
        if token.kind not in ("name", "operator") or token.text in _KEYWORDS:
            raise self._fail(token.line, f"want {what}, have {token.text}")
        return _SYNONYMS.get(token.text, token.text)

    def configuration(self) -> Configuration:
        while (token := self._peek()) is not None:
            self.position += 1
            if token.text in _CONSTANTS:
                while self._at_name():
                    self._assignment()
            elif token.text in _LISTS:
                names: list[str] = getattr(self.result, _LISTS[token.text])
                while self._at_name():
                    names.append(self._name("a name"))
                    self._symbol(",")
            elif token.text in _SINGLES:
                attribute = _SINGLES[token.text]
                if getattr(self.result, attribute) is not None:
                    raise self._fail(token.line, f"a second {token.text}")
                setattr(self.result, attribute, self._name("a name"))
            elif token.text == _CHECK_DEADLOCK:
                answer = self._next("TRUE or FALSE")
                if answer.text not in ("TRUE", "FALSE"):
                    raise self._fail(answer.line, f"CHECK_DEADLOCK: want TRUE or FALSE, have {answer.text}")
                self.result.check_deadlock = answer.text == "TRUE"
            else:
                raise self._fail(token.line, f"{token.text} is not a statement of a configuration")
        self._check()
        return self.result

    def _at_name(self) -> bool:
        token = self._peek()
        return token is not None and token.kind in ("name", "operator") and token.text not in _KEYWORDS

    def _check(self) -> None:
        found = self.result
        if found.specification is not None and (found.init is not None or found.next is not None):
            raise self._fail(1, "both SPECIFICATION and INIT or NEXT")
        if (found.init is None) is not (found.next is None):
            raise self._fail(1, "INIT and NEXT go together")

    def _assignment(self) -> None:
        line = self.tokens[self.position].line
        name = self._name("a constant")
        found = self.result
        known = name in found.constants or name in found.replacements
        before = found.constants.get(name)
        if self._symbol("="):
            module = self._module(line)
            if module is None:
                found.constants[name] = self._value()
            else:
                known = (module, name) in found.module_constants
                found.module_constants[module, name] = self._value()
        elif self._symbol("<-"):
            module = self._module(line)
            if module is None:
                found.replacements[name] = self._name("a definition")
            else:
                known = (module, name) in found.module_replacements
                found.module_replacements[module, name] = self._name("a definition")
        else:
            raise self._fail(line, f"{name}: want = or <-")
        if known and (before is None or before != found.constants.get(name)):
            raise self._fail(line, f"{name} is given twice")
        self._symbol(",")

    def _module(self, line: int) -> str | None:
        """The M of `[M]`, if that is next."""
        if not self._symbol("["):
            return None
        module = self._name("a module")
        if not self._symbol("]"):
            raise self._fail(line, f"[{module}: want ]")
        return module

    def _value(self, depth: int = 0) -> Value:
        token = self._next("a value")
        if depth > NESTING_MAX:
            raise self._fail(token.line, f"a set that nests more than {NESTING_MAX} deep")
        if token.kind == "number":
            if len(token.text) > DIGITS_MAX:
                raise self._fail(token.line, f"a number of {len(token.text)} digits; want at most {DIGITS_MAX}")
            return int(token.text)
        if token.kind == "string":
            return re.sub(r"\\(.)", r"\1", token.text[1:-1])
        if token.kind == "name" and token.text not in _KEYWORDS:
            return _BOOLEANS[token.text] if token.text in _BOOLEANS else ModelValue(token.text)
        if token.text == "{":
            items = []
            while not self._symbol("}"):
                items.append(self._value(depth + 1))
                if not self._symbol(",") and (following := self._peek()) is not None and following.text != "}":
                    raise self._fail(following.line, f"want , or }} in a set, have {following.text}")
            return frozenset(items)
        raise self._fail(token.line, f"{token.text} is not a value: want a number, a string, a name or a set of those")

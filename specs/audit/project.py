"""The project's files, and the names that they define.

An audit reads a checkout: records, modules, flight code, tests and mutants. It parses names from the text, so an
unfinished file is a finding, not a crash. Only the lists of mutants are executed.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Mapping
from functools import cached_property, lru_cache
from pathlib import Path
from types import ModuleType

NEEDED = ("firmware/amu", "specs/decisions", "tests")
_OPERATOR = re.compile(r"^[ \t]*(?:(?:LOCAL|THEOREM|LEMMA)\s+)?(\w+)(?:\([^=\n]*\)|\[[^=\n]*\])?\s*==", re.MULTILINE)


class AuditError(Exception):
    """There is nothing to audit here. The message is one line: what is missing and what to do."""


class Project:
    """Files of a checkout at `root`. `changed` replaces texts (None: deleted), so that tests can plant defects."""

    def __init__(self, root: Path, changed: Mapping[str, str | None] | None = None) -> None:
        self.root = root
        self._changed = dict(changed or {})
        for folder in NEEDED:
            if not (root / folder).is_dir():
                raise AuditError(
                    f"no {folder} in {root}: an audit needs a checkout of the project, not an installation"
                )

    def exists(self, path: str) -> bool:
        if path in self._changed:
            return self._changed[path] is not None
        return (self.root / path).is_file()

    def text(self, path: str) -> str:
        changed = self._changed.get(path)
        return changed if changed is not None else (self.root / path).read_text(encoding="utf-8")

    def glob(self, pattern: str) -> list[str]:
        """Paths of existing files, relative to the root, sorted."""
        found = [path.relative_to(self.root).as_posix() for path in self.root.glob(pattern) if path.is_file()]
        return sorted(path for path in found if self.exists(path))

    def tree(self, path: str) -> ast.Module:
        return parsed(self.text(path), path)

    def line_of(self, path: str, name: str) -> int | None:
        """The line that defines `name` (Class.method, function, CONSTANT, operator or theorem), or None."""
        if not self.exists(path):
            return None
        if path.endswith(".tla"):
            return _operators(self.text(path)).get(name)
        if path.endswith(".py"):
            return _line_in(self.tree(path).body, name.split("."))
        return 1 if name in self.text(path) else None

    @cached_property
    def mutants(self) -> dict[str, str]:
        """Name of each planted bug -> its file. The lists are executed, because functions may build them."""
        found: dict[str, str] = {}
        for path in [*self.glob("tests/mutants/*.py"), *self.glob("tests/spec_mutants/*.py")]:
            text = self.text(path)
            if "\nMUTANTS" in text:
                found |= dict.fromkeys(_mutant_names(self.root, path, text), path)
        return found


@lru_cache(maxsize=512)
def parsed(text: str, path: str) -> ast.Module:
    """The syntax tree of a file with this text."""
    return ast.parse(text, path)


@lru_cache(maxsize=512)
def _operators(text: str) -> dict[str, int]:
    """The line of the first definition of each operator, and of each named theorem, of a module."""
    found: dict[str, int] = {}
    for match in _OPERATOR.finditer(text):
        found.setdefault(match.group(1), text.count("\n", 0, match.start(1)) + 1)
    return found


@lru_cache(maxsize=64)
def _mutant_names(root: Path, path: str, text: str) -> tuple[str, ...]:
    """Names of the mutants of one file, which is executed."""
    module = ModuleType(f"audited_{Path(path).stem}")
    sys.modules[module.__name__] = module  # dataclasses look up their module
    sys.path.insert(0, str(root))
    try:
        exec(compile(text, path, "exec"), module.__dict__)
    except Exception as error:
        raise AuditError(f"{path} cannot be read: {type(error).__name__}: {error}") from error
    finally:
        sys.path.remove(str(root))
        del sys.modules[module.__name__]
    return tuple([mutant.name for mutant in module.__dict__["MUTANTS"]])


def _line_in(body: list[ast.stmt], names: list[str]) -> int | None:
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name == names[0]:
            return node.lineno if len(names) == 1 else _line_in(node.body, names[1:])
        targets = (
            node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        )
        if len(names) == 1 and any(isinstance(target, ast.Name) and target.id == names[0] for target in targets):
            return node.lineno
    return None

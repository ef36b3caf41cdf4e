"""Trace events: what flight code emits, what the table of `amu.node.tracer` says, what the modules call it."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.style.flight_rules import Finding

EMITTERS = {"emit", "trace"}


def emitted(source: str) -> Iterator[tuple[str, int, int | None]]:
    """(event name, line, number of fields after the Lamport time or None where a `*` hides it) of each emit call."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute) or node.func.attr not in EMITTERS:
            continue
        if node.args and isinstance(node.args[0], ast.Constant) and isinstance(node.args[0].value, str):
            starred = any(isinstance(argument, ast.Starred) for argument in node.args)
            yield node.args[0].value, node.lineno, None if starred else len(node.args)


def unknown_events(path: str, source: str, names: set[str]) -> Iterator[Finding]:
    """An event that the table does not know would be an assertion failure in flight."""
    for name, line, _ in emitted(source):
        if name not in names:
            yield Finding(path, line, "trace", f"event {name} is not in amu.node.tracer.EVENTS")


def silent_events(sources: list[str], names: set[str]) -> Iterator[Finding]:
    """An event in the table that no flight code emits: the checker would wait for it for ever."""
    literals = {
        node.value
        for source in sources
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    for name in sorted(names - literals):
        yield Finding("firmware/amu/node/tracer.py", 1, "trace", f"nothing emits {name}")


def actions(module: str) -> set[str]:
    """Names of the actions of a TLA+ module: the operators that its `Next` refers to."""
    module = re.sub(r"\(\*.*?\*\)", "", module, flags=re.DOTALL)
    module = re.sub(r"\\\*.*", "", module)
    defined = set(re.findall(r"^(\w+)(?:\([^)]*\))?\s*==", module, flags=re.MULTILINE))
    found = re.search(
        r"^Next\s*==(.*?)(?=^\w+(?:\([^)]*\))?\s*==|^====|^----|\Z)", module, flags=re.MULTILINE | re.DOTALL
    )
    if not found:
        return set()
    return set(re.findall(r"\b[A-Z]\w*\b", found.group(1))) & defined


def untraced_actions(path: Path, traced: set[str]) -> Iterator[Finding]:
    """An action of a module that no trace event shows could never be held against a run."""
    for name in sorted(actions(path.read_text()) - traced):
        yield Finding(path.as_posix(), 1, "trace", f"action {name} has no trace event")

"""Trace events: what flight code emits, what the table of `amu.node.tracer` says, what the modules call it."""

import ast
import re
from collections.abc import Iterable, Iterator, Mapping

from tests.style.flight_rules import Finding

# Method: how many arguments stand before the event's fields.
EMITTERS = {"trace": 1, "emit": 2}


def emitted(source: str) -> Iterator[tuple[str, int, int | None]]:
    """(event name, line, number of fields or None where a `*` hides it) of each call that emits an event by name."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute) or not node.args:
            continue
        name, before = node.args[0], EMITTERS.get(node.func.attr)
        if before is not None and isinstance(name, ast.Constant) and isinstance(name.value, str):
            starred = any(isinstance(argument, ast.Starred) for argument in node.args)
            yield name.value, node.lineno, None if starred else len(node.args) - before


def unknown_events(path: str, source: str, fields: Mapping[str, int]) -> Iterator[Finding]:
    """An event that the table does not know, or knows with other fields, would be an assertion failure in flight."""
    for name, line, count in emitted(source):
        if name not in fields:
            yield Finding(path, line, "trace", f"event {name} is not in amu.node.events.EVENTS")
        elif count is not None and count != fields[name]:
            yield Finding(path, line, "trace", f"event {name} has {fields[name]} fields, here {count}")


def literals(source: str) -> set[str]:
    """Every string in the source."""
    found = (node.value for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Constant))
    return {value for value in found if isinstance(value, str)}


def silent_events(sources: Iterable[str], names: Iterable[str]) -> Iterator[Finding]:
    """An event in the table that no flight code names: the checker would wait for it forever."""
    spoken = set().union(*(literals(source) for source in sources))
    for name in sorted(set(names) - spoken):
        yield Finding("firmware/amu/node/tracer.py", 1, "trace", f"nothing emits {name}")


DEFINITION = re.compile(
    r"^(\w+)(?:\([^)]*\))?\s*==(.*?)(?=^\w+(?:\([^)]*\))?\s*==|^====|^----|\Z)", re.MULTILINE | re.DOTALL
)


def actions(module: str) -> set[str]:
    """Actions of a TLA+ module: operators in `Next` that speak of the next state, themselves or through others."""
    module = re.sub(r"\(\*.*?\*\)", "", module, flags=re.DOTALL)
    module = re.sub(r"\\\*.*", "", module)
    bodies: dict[str, str] = dict(DEFINITION.findall(module))

    def names(body: str) -> set[str]:
        return set(re.findall(r"\b[A-Z]\w*\b", body)) & set(bodies)

    def is_action(name: str) -> bool:
        body = bodies[name]
        return bool(re.search(r"\w'|\bUNCHANGED\b", body)) or any(map(is_action, names(body) - {name}))

    return {name for name in names(bodies.get("Next", "")) if is_action(name)}


def untraced_actions(path: str, module: str, traced: set[str]) -> Iterator[Finding]:
    """An action of a module that no trace event shows: a run could never be checked against it."""
    found = actions(module)
    if not found:
        yield Finding(path, 1, "trace", "no action found in Next")
    for name in sorted(found - traced):
        yield Finding(path, 1, "trace", f"action {name} has no trace event")


def action_of_command(command: str) -> str:
    """The ledger module's name of a ledger command, which the event Operation carries: `shard-create`, ShardCreate."""
    return "".join(word.capitalize() for word in command.split("-"))

"""The rules, applied to the project's files."""

from collections.abc import Iterator

from amu.node.events import EVENTS
from tests.style import flight_rules, prose_rules, timer_rules, trace_rules, tree_rules
from tests.style.flight_rules import Finding
from tests.style.tree_rules import ROOT

FIELDS = {name: len(fields) for name, fields in EVENTS.values()}
TRACER = "firmware/amu/node/tracer.py"
TEXT = (".py", ".md", ".toml", ".tla", ".cfg", ".cddl", ".yaml", ".yml", ".txt")


def _text(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def _file_breaches(path: str) -> Iterator[Finding]:
    if path.endswith(TEXT) or path in {"Makefile", ".ci/run"}:
        yield from tree_rules.words(path, _text(path))
    if path.endswith(".py"):
        yield from tree_rules.sizes(path, _text(path), tree_rules.FILE_LINES_MAX, tree_rules.FUNCTION_LINES_MAX)
    if tree_rules.is_flight(path):
        yield from flight_rules.check(path, _text(path))
        yield from trace_rules.unknown_events(path, _text(path), FIELDS)


def _traces(paths: list[str]) -> Iterator[Finding]:
    flight = [_text(path) for path in paths if tree_rules.is_flight(path) and path != TRACER]
    yield from trace_rules.silent_events(flight, FIELDS)
    module = "specs/tetrabft/tetrabft.tla"
    yield from trace_rules.untraced_actions(module, _text(module), set(FIELDS))
    ledger = [_text(path) for path in paths if path.startswith("firmware/amu/ledger/") and path.endswith(".py")]
    commands = {trace_rules.action_of_command(word) for source in ledger for word in trace_rules.literals(source)}
    module = "specs/ledger/ledger.tla"
    # Ledger time passes with each Apply.
    yield from trace_rules.untraced_actions(module, _text(module), commands | {"Tick"})


def breaches() -> list[Finding]:
    """Every breach of every rule in the whole project."""
    paths = tree_rules.tracked_files()
    found = [finding for path in paths for finding in _file_breaches(path)]
    found.extend(tree_rules.packages(paths))
    found.extend(_traces(paths))
    found.extend(prose_rules.breaches((path, _text(path)) for path in paths if prose_rules.is_prose(path)))
    sources = {path: _text(path) for path in paths if path.endswith(".py")}
    found.extend(timer_rules.breaches(sources, _text(timer_rules.TABLE)))
    return found

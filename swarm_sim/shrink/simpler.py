"""Simplifies scenarios: each function yields documents that are easier to read than the given one.

Simpler means: fewer boards, faults, liars, operations and kinds of them; fewer fields; certain instead of likely;
shorter; rounder numbers. The result may behave differently or be invalid: the caller must fly it. Steps that remove
most come first.
"""

import copy
from collections.abc import Iterator
from typing import Any

from groundstation.scenario.model import Scenario, ScenarioError, parse
from groundstation.scenario.toml_text import Document

LISTS = ("faults", "board_faults", "byzantine")
OPERATIONS_LEAST = 1
WINDOW_SECONDS_LEAST = 0.02
ROUND_DIGITS = (1, 2)
WINDOW_DIGITS = 2
DISPENSABLE = {
    "mission": ("journal", "ground", "speed", "limit_seconds", "no_progress_seconds", "settle_seconds"),
    "clock": ("tick_ms", "view_timeout_seconds", "trace_messages"),
    "ops": ("turn_seconds", "snapshot_seconds"),
    "workload": ("pause_seconds",),
}
CHANGED = {"mission": ("boards", "slots"), "workload": ("in_flight", "operations")}
NEEDED = ("fault", "kind", "node", "at", "adversary")  # without them an entry of a list is invalid

Item = tuple[str, int]  # an entry of one of LISTS


def items(document: Document) -> list[Item]:
    """All faults of links and boards."""
    return [(name, index) for name in LISTS for index in range(len(document.get(name, [])))]


def complete(scenario: Scenario) -> Document:
    """The document of `scenario` with every table and number that the steps change, even if they are defaults."""
    document = named(scenario.model_dump(mode="json", exclude_unset=True))
    for table, names in CHANGED.items():
        model = getattr(scenario, table)
        document[table] = {name: getattr(model, name) for name in names} | document.get(table, {})
    return document


def named(document: Document) -> Document:
    """The document with explicit names of rules: their draws depend on the names, and removals must not change them."""
    changed = copy.deepcopy(document)
    if changed.get("faults"):
        for rule, name in zip(changed["faults"], parse(document, "names").fault_plan().rule_names()):
            rule["name"] = name
    return changed


def readable(scenario: Scenario) -> Document:
    """The document of `scenario` without fields that have their default values."""
    document = scenario.model_dump(mode="json", exclude_unset=True, exclude_defaults=True)
    names = scenario.fault_plan().rule_names()
    for rule, name in zip(document.get("faults", []), names):
        rule.pop("name", None)
        if not _has_names(document, names):
            rule["name"] = name
    return {key: value for key, value in document.items() if value not in ({}, [])}


def _has_names(document: Document, names: list[str]) -> bool:
    """Whether the rules still have these names. Two rules with one name are invalid."""
    try:
        return parse(document, "names").fault_plan().rule_names() == names
    except ScenarioError:
        return False


def only(document: Document, kept: list[Item]) -> Document:
    """The document with only these entries of its lists."""
    changed = copy.deepcopy(document)
    for name in LISTS:
        changed[name] = [entry for index, entry in enumerate(changed.get(name, [])) if (name, index) in kept]
    return changed


def boards(document: Document) -> Iterator[Document]:
    """One board fewer: without the last one and all references to it."""
    last = document["mission"]["boards"] - 1
    changed = _with(document, "mission", boards=last)
    for name in ("board_faults", "byzantine"):
        changed[name] = [entry for entry in changed.get(name, []) if entry["node"] != last]
    rules = []
    for rule in changed.get("faults", []):
        for side in ("source", "destination"):
            if rule.get(side):
                rule[side] = [node for node in rule[side] if node != last]
        if "groups" in rule:
            rule["groups"] = [left for group in rule["groups"] if (left := [node for node in group if node != last])]
        if "stations" in rule:
            rule["stations"] = rule["stations"][:last]
        if "pairs" in rule:
            rule["pairs"] = [pair for pair in rule["pairs"] if last not in pair["nodes"]]
        if all(rule.get(side, True) != [] for side in ("source", "destination", "groups")):
            rules.append(rule)
    changed["faults"] = rules
    if "liveness" in changed:
        changed["liveness"]["core"] = [node for node in changed["liveness"]["core"] if node != last]
    yield changed


def work(document: Document) -> Iterator[Document]:
    """Operations in sequence, which fixes the order of replies; fewer slots, operations, kinds of them."""
    spec, slots = document["workload"], document["mission"]["slots"]
    for fewer in (1, spec["in_flight"] // 2):
        if 1 <= fewer < spec["in_flight"]:
            yield _with(document, "workload", in_flight=fewer)
    for fewer in sorted({1, slots // 4, slots // 2, slots - 1}):
        if 1 <= fewer < slots:
            yield _with(document, "mission", slots=fewer)
    operations = spec["operations"]
    for fewer in sorted({OPERATIONS_LEAST, operations // 4, operations // 2, operations - 1}):
        if OPERATIONS_LEAST <= fewer < operations:
            yield _with(document, "workload", operations=fewer)
    mix = spec.get("mix", {})
    if mix != {"noop": 1}:
        yield _with(document, "workload", mix={"noop": 1})
    for kind in mix:
        if len(mix) > 1:
            yield _with(document, "workload", mix={name: weight for name, weight in mix.items() if name != kind})


def calm(document: Document) -> Iterator[Document]:
    """No calm: the mission ends when its work is done, even if boards start late, or when the calm would end."""
    if "liveness" in document:
        end = document["liveness"]["at"] + document["liveness"]["bound_seconds"]
        changed = _with(document, "mission", limit_seconds=end, no_progress_seconds=end)
        del changed["liveness"]
        yield changed


def fields(document: Document) -> Iterator[Document]:
    """One field fewer."""
    for table, names in DISPENSABLE.items():
        for name in names:
            if name in document.get(table, {}):
                changed = copy.deepcopy(document)
                del changed[table][name]
                yield changed
    for table, index in items(document):
        for name in document[table][index]:
            if name not in NEEDED:
                changed = copy.deepcopy(document)
                del changed[table][index][name]
                yield changed


def with_operations(document: Document, count: int) -> Document:
    """The document with at least `count` operations."""
    return _with(document, "workload", operations=max(count, document["workload"]["operations"]))


def windows(document: Document) -> Iterator[Document]:
    """An earlier calm, shorter windows."""
    if "liveness" in document:
        at = document["liveness"]["at"]
        for share in (0.25, 0.5, 0.8):
            sooner = round(at * share, WINDOW_DIGITS)
            if 0 < sooner < at:
                yield _with(document, "liveness", at=sooner)
    for index, rule in enumerate(document.get("faults", [])):
        start, end = rule.get("start", 0.0), rule.get("end")
        if end is None or end - start <= WINDOW_SECONDS_LEAST:
            continue
        middle = round((start + end) / 2, WINDOW_DIGITS)
        if start < middle < end:
            yield _changed(document, "faults", index, end=middle)
            yield _changed(document, "faults", index, start=middle)


def rules(document: Document) -> Iterator[Document]:
    """Rules that are certain instead of likely, on fewer links, for fewer kinds of messages."""
    for index, rule in enumerate(document.get("faults", [])):
        if rule.get("probability", 1.0) not in (0.0, 1.0):
            yield _changed(document, "faults", index, probability=1.0)
        for field in ("source", "destination", "kinds"):
            listed = rule.get(field) or ()
            for item in listed if len(listed) > 1 else ():
                yield _changed(document, "faults", index, **{field: [one for one in listed if one != item]})


def liars(document: Document) -> Iterator[Document]:
    """Liars that are silent."""
    for index, entry in enumerate(document.get("byzantine", [])):
        if entry["adversary"] != "silence":
            yield _changed(document, "byzantine", index, adversary="silence", parameters={})


def numbers(document: Document) -> Iterator[Document]:
    """Rounder numbers: all together, then those of one table or entry."""
    for digits in ROUND_DIGITS:
        yield _rounded(document, digits)
        for table in ("mission", "clock", "ops", "workload", "liveness"):
            if table in document:
                yield {**copy.deepcopy(document), table: _rounded(document[table], digits)}
        for table, index in items(document):
            yield _changed(document, table, index, **_rounded(document[table][index], digits))


STEPS = (boards, work, fields, windows, rules, liars, numbers)


def _rounded(value: Any, digits: int) -> Any:
    """The value with floats rounded to `digits`, except those that would become zero."""
    if isinstance(value, float):
        return round(value, digits) or value
    if isinstance(value, dict):
        return {key: _rounded(held, digits) for key, held in value.items()}
    if isinstance(value, list):
        return [_rounded(held, digits) for held in value]
    return value


def _with(document: Document, table: str, **new: object) -> Document:
    changed = copy.deepcopy(document)
    changed.setdefault(table, {}).update(new)
    return changed


def _changed(document: Document, table: str, index: int, **new: object) -> Document:
    changed = copy.deepcopy(document)
    changed[table][index].update(new)
    return changed

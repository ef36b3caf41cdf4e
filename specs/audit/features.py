"""Checks features and their plans: files that a plan names exist, and each checked property is listed.

A feature is a folder of specs/ with a plan.json. Its record, code and tests must exist; its property table must list
every invariant that a model checks; it must have mutants.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from specs import strict_json
from specs.audit import held
from specs.audit.flags import BLOCK, WARN, Flag
from specs.audit.project import Project

MUTANTS_MIN = 5


def check(project: Project) -> Iterator[Flag]:
    plans = project.glob("specs/*/plan.json")
    if not plans:
        yield Flag(BLOCK, "specs", "no feature has a plan.json", "feature")
    seen: dict[str, str] = {}
    for plan_path in plans:
        folder = plan_path.rpartition("/")[0]
        try:
            plan = strict_json.loads(project.text(plan_path))
        except ValueError as error:
            yield Flag(BLOCK, plan_path, str(error), "feature")
            continue
        if not isinstance(plan, dict):
            yield Flag(BLOCK, plan_path, "want a JSON object", "feature")
            continue
        yield from _named(project, plan_path, plan)
        yield from _properties(project, folder, seen)
        yield from _mutants(project, folder)


def _named(project: Project, where: str, plan: dict[str, Any]) -> Iterator[Flag]:
    for path in [plan.get("record", ""), *plan.get("code", []), *plan.get("tests", [])]:
        if not path or not project.exists(path):
            yield Flag(BLOCK, where, f"names {path or 'no record'}, which does not exist", "feature")
    if not plan.get("tests"):
        yield Flag(BLOCK, where, "names no test", "feature")


def _properties(project: Project, folder: str, seen: dict[str, str]) -> Iterator[Flag]:
    path = f"{folder}/properties.md"
    if not project.exists(path):
        yield Flag(BLOCK, path, "missing", "feature")
        return
    text = project.text(path)
    identifiers = held.ROW.findall(text)
    if not identifiers:
        yield Flag(BLOCK, path, "lists no property", "feature")
    for identifier in identifiers:
        if seen.setdefault(identifier, path) != path:
            yield Flag(BLOCK, path, f"{identifier} is a property of {seen[identifier]}, too", "feature")
    yield from _proofs(project, folder, path, text)
    yield from held.check(project, folder)
    modules = project.glob(f"{folder}/*.tla")
    configurations = "\n".join(project.text(config) for config in project.glob(f"{folder}/*.cfg"))
    invariants = set(
        re.findall(r"^\s*(?:INVARIANTS?|PROPERTY|PROPERTIES)\s+((?:\w+\s*)+)", configurations, re.MULTILINE)
    )
    for name in sorted({name for group in invariants for name in group.split()} - {"TypeOK"}):
        if name.isupper() or re.search(rf"\b{name}\b", text):
            continue
        if any(project.line_of(module, name) is not None for module in modules):
            yield Flag(WARN, path, f"does not list {name}, which a model checks", "feature")


def _proofs(project: Project, folder: str, path: str, text: str) -> Iterator[Flag]:
    """Each theorem that a table names in its column Proof is in a module of proofs."""
    modules = "\n".join([project.text(module) for module in project.glob(f"{folder}/*_proofs.tla")])
    for _, cell in held.column(text, "Proof"):
        for name in re.findall(r"\b\w+\b", re.sub(r"\([^)]*\)", "", cell)):
            if not re.search(rf"^(?:THEOREM|LEMMA) {name} ==", modules, re.MULTILINE):
                yield Flag(BLOCK, path, f"names theorem {name}, which no module of proofs states", "feature")


def _mutants(project: Project, folder: str) -> Iterator[Flag]:
    name = folder.rpartition("/")[2]
    path = f"tests/spec_mutants/{name}.py"
    count = sum(where == path for where in project.mutants.values())
    if count < MUTANTS_MIN:
        yield Flag(BLOCK, folder, f"{count} specification mutants in {path}; want {MUTANTS_MIN} at least", "feature")

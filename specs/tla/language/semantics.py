"""Refuses modules that SANY refuses: what is well formed as text, but not as TLA+.

Theory. A name of TLA+ has one meaning at a time. A definition may use what stands before it, and nothing may hide a
name that has a meaning: neither a second definition nor a parameter nor a bound variable. An operator has as many
arguments as parameters, and an operator as argument where an operator is wanted (Lamport, Specifying Systems, sections
17.1-17.5). No expression has a higher level than its place allows: no prime under a prime. An evaluator that looks a
name up in the innermost scope gives such modules a meaning that may not be meant.

Rules. As in SANY, a variable may be declared again, two modules that are extended may define one name (the first
counts), and theorems and proofs are not looked into. The check depends on the modules alone, so its result is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeAlias
from weakref import WeakKeyDictionary

from specs.tla.language import standard
from specs.tla.language.symbols import (
    ACTION,
    BUILT_IN,
    CONSTANT,
    DECLARED,
    STATE,
    Exports,
    Level,
    Symbol,
    of_tla,
    open_symbol,
)
from specs.tla.language.wellformed import Expressions
from specs.tla.syntax import tree
from specs.tla.syntax.tree import Expression, ModuleError, Place

Find: TypeAlias = Callable[[str, str], tree.ModuleTree | None]

_CHECKED: WeakKeyDictionary[tree.ModuleTree, tuple[tuple[str, str, tree.ModuleTree | None], ...]] = WeakKeyDictionary()


def check(root: tree.ModuleTree, find: Find) -> None:
    """Raises ModuleError if `root`, or a module that it needs, is not TLA+. `find(name, where)` gives other modules."""
    known = _CHECKED.get(root)
    if known is not None and all(find(name, where) is found for name, where, found in known):
        return
    needed: list[tuple[str, str, tree.ModuleTree | None]] = []

    def noted(name: str, where: str) -> tree.ModuleTree | None:
        found = find(name, where)
        needed.append((name, where, found))
        return found

    _Modules(noted).exports(root, {}, {})
    _CHECKED[root] = tuple(needed)


class _Modules:
    """The modules that are checked together."""

    def __init__(self, find: Find) -> None:
        self._find = find
        self._done: dict[tree.ModuleTree | str, Exports] = {}
        self._doing: list[tree.ModuleTree] = []

    def named(self, name: str, where: str, inner: dict[str, tree.ModuleTree], around: dict[str, Symbol]) -> Exports:
        """What module `name` exports, where `inner` are the modules that stand inside others and `around` the names."""
        found = inner.get(name)
        if found is not None:
            return self.exports(found, inner, around)
        found = self._find(name, where)
        if found is not None:
            return self.exports(found, {}, {})
        if name not in self._done:
            table = {
                item: of_tla(item, builtin.arities, f"module {name}")
                for item, builtin in standard.MODULES[name].items()
            }
            self._done[name] = Exports(table)
        return self._done[name]

    def exports(self, module: tree.ModuleTree, inner: dict[str, tree.ModuleTree], around: dict[str, Symbol]) -> Exports:
        """Checks `module`, once."""
        done = self._done.get(module)
        if done is None:
            if module in self._doing:
                cycle = " -> ".join([item.name for item in (*self._doing, module)])
                raise ModuleError(f"modules depend on each other in a cycle: {cycle}")
            self._doing.append(module)
            done = self._done[module] = _Module(self, module, inner, around).exports()
            self._doing.pop()
        return done


class _Module(Expressions):
    """Checks one module."""

    def __init__(
        self, modules: _Modules, module: tree.ModuleTree, inner: dict[str, tree.ModuleTree], around: dict[str, Symbol]
    ) -> None:
        super().__init__(module, {**BUILT_IN, **around})
        self.modules = modules
        self.inner = dict(inner)
        self.found = Exports()
        self.pending: dict[str, Symbol] = {}  # declared RECURSIVE and not yet defined

    # --- units --------------------------------------------------------------------------------------

    def exports(self) -> Exports:
        for name in self.module.extends:
            other = self.modules.named(name, self.module.name, self.inner, self.names)
            for item, symbol in other.names.items():
                self.names.setdefault(item, symbol)
                self.found.names.setdefault(item, symbol)
            self.found.declared.update(other.declared)
            self.found.inner.update(other.inner)
            self.inner.update(other.inner)
        for unit in self.module.units:
            self._unit(unit)
        self._require_defined(self.pending)
        return self.found

    def _unit(self, unit: tree.Unit) -> None:
        if isinstance(unit, tree.Declaration):
            self._declaration(unit)
        elif isinstance(unit, tree.ModuleTree):
            self.inner[unit.name] = self.found.inner[unit.name] = unit
            self.modules.exports(unit, self.inner, dict(self.names))
        elif isinstance(unit, tree.Assumption):
            self._assumption(unit.expression)
        elif isinstance(unit, tree.Definition):
            self._define(unit.name, self._definition(unit), unit.local)
        elif unit.name is not None:
            self._define(unit.name, self._instance(unit), unit.local)
        else:
            instance = self._instance(unit).instance
            assert instance is not None
            for name, symbol in instance.names.items():
                self.names.setdefault(name, symbol)
                if not unit.local:
                    self.found.names.setdefault(name, symbol)

    def _assumption(self, node: Expression) -> None:
        if self.expression(node).number > CONSTANT:
            raise ModuleError(f"{node.place}: ASSUME reads variables, but is evaluated before any state exists")

    def _declaration(self, unit: tree.Declaration) -> None:
        for parameter in unit.parameters:
            if unit.kind == "RECURSIVE":
                self._recursive(parameter.name, self.module.units, parameter.arity, unit.place)
                continue
            symbol = open_symbol((0,) * parameter.arity, DECLARED[unit.kind], unit.place)
            if unit.kind == "VARIABLE":
                symbol.level = Level(STATE)
            before = self.names.get(parameter.name)
            if before is None or before.what != symbol.what or before.arities != symbol.arities:
                self.bind(parameter.name, symbol)
            self.found.names[parameter.name] = symbol
            self.found.declared[parameter.name] = parameter

    def _recursive(self, name: str, units: Iterable[object], count: int | None, place: Place) -> None:
        """A RECURSIVE declaration. Which parameters are operators, its definition says."""
        found = next((unit for unit in units if isinstance(unit, tree.Definition) and unit.name == name), None)
        arities = tuple([parameter.arity for parameter in found.parameters]) if found else (0,) * (count or 0)
        if count is not None and found is not None and len(arities) != count:
            raise ModuleError(f"{found.place}: {name} has other parameters than its RECURSIVE declaration")
        symbol = Symbol(arities, DECLARED["RECURSIVE"], place)
        self.bind(name, symbol)
        self.pending[name] = symbol

    def _define(self, name: str, symbol: Symbol, local: bool = False) -> None:
        if self.pending.pop(name, None) is None:
            self.bind(name, symbol)
        for number, parameter in enumerate(symbol.parameters, 1):
            if parameter.most < ACTION and self.names[name].what == DECLARED["RECURSIVE"]:
                raise ModuleError(f"{symbol.place}: argument {number} of the recursive operator {name} is primed")
        self.names[name] = symbol
        if not local:
            self.found.names[name] = symbol

    def _require_defined(self, pending: dict[str, Symbol]) -> None:
        for name, symbol in pending.items():
            raise ModuleError(f"{symbol.place}: {name} is declared RECURSIVE, but not defined")

    def _definition(self, definition: tree.Definition) -> Symbol:
        arities = tuple([parameter.arity for parameter in definition.parameters])
        symbol = Symbol(arities, "a definition", definition.place)
        if definition.function and definition.name not in self.names:
            self.names[definition.name] = symbol  # its body may use it
            symbol.level = self.expression(definition.body)
            del self.names[definition.name]
            return symbol
        symbol.parameters = self.parameters(definition.parameters, definition.place)
        symbol.level = self.expression(definition.body)
        self.release([parameter.name for parameter in definition.parameters])
        return symbol

    def _instance(self, unit: tree.Instance) -> Symbol:
        parameters = self.parameters(unit.parameters, unit.place)
        other = self.modules.named(unit.module, self.module.name, self.inner, self.names)
        given: dict[Symbol, Level] = {}
        seen: set[str] = set()
        for name, expression in unit.substitutions:
            if name in seen:
                raise ModuleError(f"{unit.place}: INSTANCE {unit.module} gives {name} two values")
            seen.add(name)
            if name not in other.declared:
                what = f"INSTANCE {unit.module} gives a value to {name}, which it does not declare"
                raise ModuleError(f"{unit.place}: {what}")
            given[other.names[name]] = self._substituted(name, expression, other)
        for name in other.declared:
            if name in seen:
                continue
            if name not in self.names:
                raise ModuleError(f"{unit.place}: INSTANCE {unit.module} gives {name} no value")
            given[other.names[name]] = self._substituted(name, tree.Apply(place=unit.place, name=name), other)
        self.release([parameter.name for parameter in unit.parameters])
        names = {name: symbol.given(given) for name, symbol in other.names.items() if name not in other.declared}
        arities = tuple([parameter.arity for parameter in unit.parameters])
        return Symbol(arities, "an INSTANCE", unit.place, Exports(names), parameters=parameters)

    def _substituted(self, name: str, expression: Expression, other: Exports) -> Level:
        """The level of what an INSTANCE gives to a declaration of the other module."""
        declared = other.names[name]
        most = STATE if declared.what == DECLARED["VARIABLE"] else declared.most if other.is_constant() else CONSTANT
        return self.argument(expression, other.declared[name].arity, f"WITH {name}", most, declared)

    def _let(self, node: tree.Let) -> Level:
        bound: list[str] = []
        outer, self.pending = self.pending, {}
        exported = dict(self.found.names)
        for name in sorted(node.declared):
            self._recursive(name, node.definitions, None, node.place)
        for unit in node.definitions:
            assert unit.name is not None
            symbol = self._definition(unit) if isinstance(unit, tree.Definition) else self._instance(unit)
            self._define(unit.name, symbol)
            bound.append(unit.name)
        self._require_defined(self.pending)
        self.pending, self.found.names = outer, exported
        level = self.expression(node.body)
        self.release(bound)
        return level

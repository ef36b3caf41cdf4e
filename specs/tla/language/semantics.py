"""Refuses modules that SANY refuses: what is well formed as text, but not as TLA+.

Theory. A name of TLA+ has one meaning at a time. A definition may use what stands before it, and nothing may hide a
name that has a meaning: neither a second definition nor a parameter nor a bound variable. An operator has as many
arguments as parameters, and an operator as argument where an operator is wanted (Lamport, Specifying Systems, sections
17.1-17.5). An evaluator that looks a name up in the innermost scope gives such modules a meaning that may not be meant.

Rules. As in SANY, a variable may be declared again, two modules that are extended may define one name (the first
counts), and theorems and proofs are not looked into. The check depends on the modules alone, so its result is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, TypeAlias
from weakref import WeakKeyDictionary

from specs.tla.language import standard
from specs.tla.syntax import tree
from specs.tla.syntax.tree import Expression, ModuleError, Parameter, Place

Find: TypeAlias = Callable[[str, str], tree.ModuleTree | None]
Arities: TypeAlias = tuple[int, ...]  # one per parameter: 0 for a value, otherwise that of an operator

LOGIC: dict[str, Arities] = {
    "~": (0,), "=>": (0, 0), "<=>": (0, 0), "=": (0, 0), "#": (0, 0), "\\in": (0, 0), "\\notin": (0, 0),
    "/\\": (0, 0), "\\/": (0, 0), "\\X": (0, 0), "'": (0,),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Symbol:
    """What a name means: `what` it is, for messages, and where. `instance`: the names behind `!`."""

    arities: Arities
    what: str
    place: Place | None = None
    instance: Exports | None = None

    def __str__(self) -> str:
        return self.what if self.place is None else f"{self.what} ({self.place})"


@dataclass(slots=True)
class Exports:
    """What a module gives to those that extend or instantiate it."""

    names: dict[str, Symbol] = field(default_factory=dict)
    declared: dict[str, Parameter] = field(default_factory=dict)
    inner: dict[str, tree.ModuleTree] = field(default_factory=dict)


_BUILT_IN = {name: Symbol(arities, "an operator of TLA+") for name, arities in LOGIC.items()} | {
    name: Symbol(item.arities, "an operator of TLA+") for name, item in standard.ALWAYS.items()
}
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
                item: Symbol(builtin.arities, f"an operator of module {name}")
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


class _Module:
    """Checks one module. `names`: all that has a meaning at the point that is looked at."""

    def __init__(
        self, modules: _Modules, module: tree.ModuleTree, inner: dict[str, tree.ModuleTree], around: dict[str, Symbol]
    ) -> None:
        self.modules, self.module = modules, module
        self.inner = dict(inner)
        self.around = around
        self.names: dict[str, Symbol] = {**_BUILT_IN, **around}
        self.found = Exports()
        self.pending: dict[str, Symbol] = {}  # declared RECURSIVE and not yet defined
        self.is_in_except = False

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
            self._expression(unit.expression)
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

    def _declaration(self, unit: tree.Declaration) -> None:
        for parameter in unit.parameters:
            if unit.kind == "RECURSIVE":
                self._recursive(parameter.name, self.module.units, parameter.arity, unit.place)
                continue
            symbol = Symbol((0,) * parameter.arity, _DECLARED[unit.kind], unit.place)
            before = self.names.get(parameter.name)
            if before is None or before.what != symbol.what or before.arities != symbol.arities:
                self._bind(parameter.name, symbol)
            self.found.names[parameter.name] = symbol
            self.found.declared[parameter.name] = parameter

    def _recursive(self, name: str, units: Iterable[object], count: int | None, place: Place) -> None:
        """A RECURSIVE declaration. Which parameters are operators, its definition says."""
        found = next((unit for unit in units if isinstance(unit, tree.Definition) and unit.name == name), None)
        arities = tuple([parameter.arity for parameter in found.parameters]) if found else (0,) * (count or 0)
        if count is not None and found is not None and len(arities) != count:
            raise ModuleError(f"{found.place}: {name} has other parameters than its RECURSIVE declaration")
        symbol = Symbol(arities, _DECLARED["RECURSIVE"], place)
        self._bind(name, symbol)
        self.pending[name] = symbol

    def _define(self, name: str, symbol: Symbol, local: bool = False) -> None:
        if self.pending.pop(name, None) is None:
            self._bind(name, symbol)
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
            self._expression(definition.body)
            del self.names[definition.name]
            return symbol
        bound = self._parameters(definition.parameters, definition.place)
        self._expression(definition.body)
        self._release(bound)
        return symbol

    def _parameters(self, parameters: Iterable[Parameter], place: Place) -> list[str]:
        bound = []
        for parameter in parameters:
            self._bind(parameter.name, Symbol((0,) * parameter.arity, "a parameter", place))
            bound.append(parameter.name)
        return bound

    def _instance(self, unit: tree.Instance) -> Symbol:
        bound = self._parameters(unit.parameters, unit.place)
        other = self.modules.named(unit.module, self.module.name, self.inner, self.names)
        given: set[str] = set()
        for name, expression in unit.substitutions:
            if name in given:
                raise ModuleError(f"{unit.place}: INSTANCE {unit.module} gives {name} two values")
            given.add(name)
            declared = other.declared.get(name)
            if declared is None:
                what = f"INSTANCE {unit.module} gives a value to {name}, which it does not declare"
                raise ModuleError(f"{unit.place}: {what}")
            self._argument(expression, declared.arity, f"WITH {name}")
        for name in other.declared:
            if name not in given and name not in self.names:
                raise ModuleError(f"{unit.place}: INSTANCE {unit.module} gives {name} no value")
        self._release(bound)
        names = {name: symbol for name, symbol in other.names.items() if name not in other.declared}
        arities = tuple([parameter.arity for parameter in unit.parameters])
        return Symbol(arities, "an INSTANCE", unit.place, Exports(names))

    # --- names --------------------------------------------------------------------------------------

    def _bind(self, name: str, symbol: Symbol) -> None:
        before = self.names.get(name)
        if before is not None:
            raise ModuleError(
                f"{symbol.place}: {name} has a meaning already, {before}: give {symbol.what} another name"
            )
        self.names[name] = symbol

    def _release(self, names: Iterable[str]) -> None:
        for name in names:
            del self.names[name]

    def _symbol(self, node: tree.Apply) -> Symbol:
        """The meaning of the name in `node`, through the instances before it."""
        names, instances = self.names, Exports()
        for step in node.path:
            symbol = names.get(step.name)
            if symbol is None:
                raise self._unknown(node, step.name)
            if symbol.instance is None:
                raise tree.Unsupported(f"{node.place}: {step.name}! where {step.name} is not an INSTANCE")
            self._arguments(step.name, symbol, step.arguments, node.place)
            instances = symbol.instance
            names = instances.names
        found = names.get(node.name)
        if found is None:
            raise self._unknown(node, node.name)
        if found.instance is not None:
            raise ModuleError(f"{node.place}: {node.name} is an instance, not an operator")
        return found

    def _unknown(self, node: tree.Apply, name: str) -> ModuleError:
        if not node.path:
            for unit in self.module.units:
                if isinstance(unit, tree.Definition | tree.Instance) and unit.name == name:
                    return ModuleError(f"{node.place}: {name} is used before its definition ({unit.place})")
        return ModuleError(f"{node.place}: {name} has no definition")

    def _arguments(self, name: str, symbol: Symbol, arguments: tuple[Expression, ...], place: Place) -> None:
        if len(arguments) != len(symbol.arities):
            raise ModuleError(f"{place}: {name} takes {len(symbol.arities)} arguments, not {len(arguments)}")
        for argument, arity in zip(arguments, symbol.arities):
            self._argument(argument, arity, name)

    def _argument(self, node: Expression, arity: int, of: str) -> None:
        """An argument, which must be an operator if `arity` is not 0."""
        if not arity:
            self._expression(node)
        elif isinstance(node, tree.Lambda):
            if len(node.parameters) != arity:
                what = f"a LAMBDA of {len(node.parameters)} parameters where {of} wants an operator of {arity}"
                raise ModuleError(f"{node.place}: {what}")
            bound = self._parameters(node.parameters, node.place)
            self._expression(node.body)
            self._release(bound)
        elif isinstance(node, tree.Apply) and not node.arguments:
            symbol = self._symbol(node)
            if symbol.arities != (0,) * arity:
                what = f"{node.name} takes {len(symbol.arities)} arguments; {of} wants an operator of {arity}"
                raise ModuleError(f"{node.place}: {what}")
        else:
            raise ModuleError(f"{node.place}: {of} wants an operator of {arity} arguments: {node.place.text[:200]}")

    # --- expressions --------------------------------------------------------------------------------

    def _expression(self, node: Expression) -> None:
        checked = _CHECKS.get(type(node))
        if checked is not None:
            checked(self, node)

    def _each(self, nodes: Iterable[Expression]) -> None:
        for node in nodes:
            self._expression(node)

    def _apply(self, node: tree.Apply) -> None:
        self._arguments(node.name, self._symbol(node), node.arguments, node.place)

    def _chain(self, node: tree.Chain) -> None:
        self._symbol(tree.Apply(place=node.place, name=node.name))
        self._each(node.items)

    def _bounds(self, bounds: Iterable[tree.Bound], place: Place) -> list[str]:
        """Checks the sets, and gives meanings to the variables. Returns their names."""
        names = []
        for bound in bounds:
            self._expression(bound.domain)
        for bound in bounds:
            for name in bound.names:
                self._bind(name, Symbol((), "a bound variable", place))
                names.append(name)
        return names

    def _quantified(
        self, node: tree.Quantified | tree.SetMap | tree.FunctionLiteral | tree.SetFilter | tree.Choose
    ) -> None:
        bounds = (node.bound,) if isinstance(node, tree.SetFilter | tree.Choose) else node.bounds
        bound = self._bounds(bounds, node.place)
        self._expression(node.body)
        self._release(bound)

    def _fields(self, node: tree.Record | tree.RecordSet) -> None:
        seen: set[str] = set()
        for name, value in node.fields:
            if name in seen:
                raise ModuleError(f"{node.place}: a record with two fields {name}")
            seen.add(name)
            self._expression(value)

    def _except(self, node: tree.Except) -> None:
        self._expression(node.function)
        before = self.is_in_except
        for update in node.updates:
            # @ in an index belongs to the EXCEPT around this one.
            self._each(update.path)
            self.is_in_except = True
            self._expression(update.value)
            self.is_in_except = before

    def _at(self, node: tree.At) -> None:
        if not self.is_in_except:
            raise ModuleError(f"{node.place}: @ outside an EXCEPT")

    def _case(self, node: tree.Case) -> None:
        for condition, result in node.arms:
            self._expression(condition)
            self._expression(result)
        if node.other is not None:
            self._expression(node.other)

    def _let(self, node: tree.Let) -> None:
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
        self._expression(node.body)
        self._release(bound)

    def _lambda(self, node: tree.Lambda) -> None:
        raise ModuleError(f"{node.place}: a LAMBDA where a value is wanted: {node.place.text[:200]}")


_DECLARED = {"CONSTANT": "a CONSTANT", "VARIABLE": "a VARIABLE", "RECURSIVE": "a RECURSIVE declaration"}
_M = _Module
_CHECKS: dict[type[Expression], Callable[[_Module, Any], None]] = {
    tree.Always: lambda self, node: self._expression(node.operand),
    tree.Apply: _M._apply,
    tree.At: _M._at,
    tree.BoxAction: lambda self, node: self._each((node.action, node.subscript)),
    tree.Case: _M._case,
    tree.Chain: _M._chain,
    tree.Choose: _M._quantified,
    tree.Enabled: lambda self, node: self._expression(node.action),
    tree.Eventually: lambda self, node: self._expression(node.operand),
    tree.Except: _M._except,
    tree.Fairness: lambda self, node: self._each((node.action, node.subscript)),
    tree.FunctionLiteral: _M._quantified,
    tree.FunctionSet: lambda self, node: self._each((node.domain, node.codomain)),
    tree.If: lambda self, node: self._each((node.condition, node.then, node.otherwise)),
    tree.Index: lambda self, node: self._each((node.function, node.argument)),
    tree.Junction: lambda self, node: self._each(node.items),
    tree.Lambda: _M._lambda,
    tree.LeadsTo: lambda self, node: self._each((node.left, node.right)),
    tree.Let: _M._let,
    tree.Prime: lambda self, node: self._expression(node.operand),
    tree.Product: lambda self, node: self._each(node.factors),
    tree.Quantified: _M._quantified,
    tree.Record: _M._fields,
    tree.RecordSet: _M._fields,
    tree.SetFilter: _M._quantified,
    tree.SetLiteral: lambda self, node: self._each(node.items),
    tree.SetMap: _M._quantified,
    tree.Tuple: lambda self, node: self._each(node.items),
    tree.Unchanged: lambda self, node: self._expression(node.operand),
}

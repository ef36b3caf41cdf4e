"""Refuses expressions that SANY refuses: names with no meaning or with two, arguments that do not fit, wrong levels.

Theory: specs/tla/language/semantics.py. Levels: specs/tla/language/symbols.py. Each check returns the level of what it
checked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from specs.tla.language.symbols import (
    ACTION,
    CONNECTIVES,
    LEVELS,
    STATE,
    TEMPORAL,
    Exports,
    Level,
    Symbol,
    highest,
    open_symbol,
)
from specs.tla.syntax import tree
from specs.tla.syntax.tree import Expression, ModuleError, Parameter, Place

TEXT_MAX = 200  # characters of the source in a message


class Expressions:
    """Checks expressions of one module. `names`: all that has a meaning at the point that is looked at."""

    def __init__(self, module: tree.ModuleTree, names: dict[str, Symbol]) -> None:
        self.module = module
        self.names = names
        self.at: Level | None = None  # the level of @, inside an EXCEPT

    # --- names --------------------------------------------------------------------------------------

    def bind(self, name: str, symbol: Symbol) -> None:
        before = self.names.get(name)
        if before is not None:
            raise ModuleError(
                f"{symbol.place}: {name} has a meaning already, {before}: give {symbol.what} another name"
            )
        self.names[name] = symbol

    def release(self, names: Iterable[str]) -> None:
        for name in names:
            del self.names[name]

    def parameters(self, parameters: Iterable[Parameter], place: Place) -> tuple[Symbol, ...]:
        """Gives parameters their meanings."""
        bound = []
        for parameter in parameters:
            bound.append(open_symbol((0,) * parameter.arity, "a parameter", place))
            self.bind(parameter.name, bound[-1])
        return tuple(bound)

    def _symbol(self, node: tree.Apply) -> tuple[Symbol, dict[Symbol, Level]]:
        """The meaning of the name in `node`, and the levels of the arguments of the instances before it."""
        names, instances = self.names, Exports()
        given: dict[Symbol, Level] = {}
        for step in node.path:
            symbol = names.get(step.name)
            if symbol is None:
                raise self._unknown(node, step.name)
            if symbol.instance is None:
                raise tree.Unsupported(f"{node.place}: {step.name}! where {step.name} is not an INSTANCE")
            levels = self._arguments(step.name, symbol, step.arguments, node.place)
            given.update(zip(symbol.parameters, levels))
            instances = symbol.instance
            names = instances.names
        found = names.get(node.name)
        if found is None:
            raise self._unknown(node, node.name)
        if found.instance is not None:
            raise ModuleError(f"{node.place}: {node.name} is an instance, not an operator")
        return found, given

    def _unknown(self, node: tree.Apply, name: str) -> ModuleError:
        if not node.path:
            for unit in self.module.units:
                if isinstance(unit, tree.Definition | tree.Instance) and unit.name == name:
                    return ModuleError(f"{node.place}: {name} is used before its definition ({unit.place})")
        return ModuleError(f"{node.place}: {name} has no definition")

    # --- arguments ----------------------------------------------------------------------------------

    def _arguments(self, name: str, symbol: Symbol, arguments: tuple[Expression, ...], place: Place) -> list[Level]:
        if len(arguments) != len(symbol.arities):
            raise ModuleError(f"{place}: {name} takes {len(symbol.arities)} arguments, not {len(arguments)}")
        levels: list[Level] = []
        for number, (argument, arity) in enumerate(zip(arguments, symbol.arities)):
            levels.append(self.argument(argument, arity, name, symbol.bound(number)))
            if symbol in symbol.level.of:
                symbol.wanted[number] = highest((symbol.wanted.get(number, Level()), levels[-1]))
        given = dict(zip(symbol.parameters, levels))
        for parameter, argument in zip(given, arguments):
            if parameter.arities and parameter.wanted:
                self._takes(self._operator(argument, len(parameter.arities), name), parameter, given, argument, name)
        return levels

    def _takes(
        self, operator: Symbol, parameter: Symbol, given: dict[Symbol, Level], node: Expression, of: str
    ) -> None:
        """Requires that `operator`, given for `parameter`, takes arguments of the levels that `of` gives it."""
        for number, wanted in parameter.wanted.items():
            level, most = wanted.given(given).number, operator.bound(number)
            if most < level:
                what = f"an operator that takes at most {LEVELS[most]}, where {of} gives it {LEVELS[level]}"
                raise ModuleError(f"{node.place}: {what}: {node.place.text[:TEXT_MAX]}")

    def argument(self, node: Expression, arity: int, of: str, most: int, parameter: Symbol | None = None) -> Level:
        """The level of an argument, which must be an operator if `arity` is not 0, and at most of level `most`."""
        if not arity:
            return self.at_most(most, node, of)
        operator = self._operator(node, arity, of)
        if parameter is not None:
            self._takes(operator, parameter, {}, node, of)
        level = operator.level.given(dict.fromkeys(operator.parameters, Level()))
        self._within(level, most, node, of)
        return level

    def _operator(self, node: Expression, arity: int, of: str) -> Symbol:
        if isinstance(node, tree.Lambda):
            if len(node.parameters) != arity:
                what = f"a LAMBDA of {len(node.parameters)} parameters where {of} wants an operator of {arity}"
                raise ModuleError(f"{node.place}: {what}")
            bound = self.parameters(node.parameters, node.place)
            level = self.expression(node.body)
            self.release([parameter.name for parameter in node.parameters])
            return Symbol((0,) * arity, "a LAMBDA", node.place, level=level, parameters=bound)
        if isinstance(node, tree.Apply) and not node.arguments:
            symbol, given = self._symbol(node)
            if symbol.arities != (0,) * arity:
                what = f"{node.name} takes {len(symbol.arities)} arguments; {of} wants an operator of {arity}"
                raise ModuleError(f"{node.place}: {what}")
            return symbol.given(given)
        raise ModuleError(f"{node.place}: {of} wants an operator of {arity} arguments: {node.place.text[:TEXT_MAX]}")

    def at_most(self, most: int, node: Expression, of: str) -> Level:
        """The level of `node`, an argument of `of` that may have this level at most."""
        level = self.expression(node)
        self._within(level, most, node, of)
        return level

    def _within(self, level: Level, most: int, node: Expression, of: str) -> None:
        if level.number > most:
            what = f"{LEVELS[level.number]} where {of} takes at most {LEVELS[most]}"
            raise ModuleError(f"{node.place}: {what}: {node.place.text[:TEXT_MAX]}")
        for symbol in level.of:
            symbol.most = min(symbol.most, most)

    # --- expressions --------------------------------------------------------------------------------

    def expression(self, node: Expression) -> Level:
        checked = _CHECKS.get(type(node))
        return Level() if checked is None else checked(self, node)

    def _each(self, nodes: Iterable[Expression]) -> list[Level]:
        return [self.expression(node) for node in nodes]

    def _parts(self, what: str, *nodes: Expression) -> Level:
        """The level of a construct whose parts are at most actions."""
        return highest([self.at_most(ACTION, node, what) for node in nodes])

    def _apply(self, node: tree.Apply) -> Level:
        symbol, given = self._symbol(node)
        levels = self._arguments(node.name, symbol, node.arguments, node.place)
        if node.name in CONNECTIVES:
            self._unmixed(levels, node)
        return symbol.applied(levels).given(given)

    def _chain(self, node: tree.Chain) -> Level:
        symbol, _ = self._symbol(tree.Apply(place=node.place, name=node.name))
        return symbol.applied([highest([self.at_most(symbol.bound(0), item, node.name) for item in node.items])] * 2)

    def _junction(self, node: tree.Junction) -> Level:
        levels = self._each(node.items)
        self._unmixed(levels, node)
        return highest(levels)

    def _unmixed(self, levels: list[Level], node: Expression) -> None:
        if {ACTION, TEMPORAL} <= {level.number for level in levels}:
            what = "a connective of an action and a temporal formula"
            raise ModuleError(f"{node.place}: {what}: {node.place.text[:TEXT_MAX]}")

    def _bounds(self, bounds: Iterable[tree.Bound], place: Place) -> tuple[list[str], Level]:
        """Checks the sets, and gives meanings to the variables. Returns their names, and the level of the sets."""
        level = highest([self.at_most(ACTION, bound.domain, "\\in") for bound in bounds])
        names = [name for bound in bounds for name in bound.names]
        for name in names:
            self.bind(name, Symbol((), "a bound variable", place))
        return names, level

    def _quantified(self, node: tree.Quantified) -> Level:
        names, sets = self._bounds(node.bounds, node.place)
        body = self.expression(node.body)
        self.release(names)
        if sets.number == ACTION and body.number == TEMPORAL:
            what = "a temporal formula, quantified over an action"
            raise ModuleError(f"{node.place}: {what}: {node.place.text[:TEXT_MAX]}")
        return highest((sets, body))

    def _function(self, node: tree.FunctionLiteral) -> Level:
        names, sets = self._bounds(node.bounds, node.place)
        body = self.expression(node.body)
        self.release(names)
        return highest((sets, body))

    def _set(self, node: tree.SetMap | tree.SetFilter | tree.Choose) -> Level:
        bounds = node.bounds if isinstance(node, tree.SetMap) else (node.bound,)
        names, sets = self._bounds(bounds, node.place)
        body = self.at_most(ACTION, node.body, "CHOOSE" if isinstance(node, tree.Choose) else "a set")
        self.release(names)
        return highest((sets, body))

    def _fields(self, node: tree.Record | tree.RecordSet) -> Level:
        seen: set[str] = set()
        levels = []
        for name, value in node.fields:
            if name in seen:
                raise ModuleError(f"{node.place}: a record with two fields {name}")
            seen.add(name)
            most = TEMPORAL if isinstance(node, tree.Record) else ACTION
            levels.append(self.at_most(most, value, "a set of records"))
        return highest(levels)

    def _except(self, node: tree.Except) -> Level:
        function = self.at_most(ACTION, node.function, "EXCEPT")
        levels = [function]
        before = self.at
        for update in node.updates:
            # @ in an index belongs to the EXCEPT around this one.
            levels += [self.at_most(ACTION, index, "EXCEPT") for index in update.path]
            self.at = function
            levels.append(self.at_most(ACTION, update.value, "EXCEPT"))
            self.at = before
        return highest(levels)

    def _at(self, node: tree.At) -> Level:
        if self.at is None:
            raise ModuleError(f"{node.place}: @ outside an EXCEPT")
        return self.at

    def _case(self, node: tree.Case) -> Level:
        levels = self._each([item for arm in node.arms for item in arm])
        if node.other is not None:
            levels.append(self.expression(node.other))
        return highest(levels)

    def _lambda(self, node: tree.Lambda) -> Level:
        raise ModuleError(f"{node.place}: a LAMBDA where a value is wanted: {node.place.text[:TEXT_MAX]}")

    def _let(self, node: tree.Let) -> Level:
        raise NotImplementedError

    # --- actions and temporal formulas ----------------------------------------------------------------

    def _prime(self, node: tree.Prime | tree.Unchanged) -> Level:
        of = "a prime" if isinstance(node, tree.Prime) else "UNCHANGED"
        return self.at_most(STATE, node.operand, of).at_least(ACTION)

    def _enabled(self, node: tree.Enabled) -> Level:
        level = self.at_most(ACTION, node.action, "ENABLED")
        return Level(STATE, level.of)

    def _box_action(self, node: tree.BoxAction) -> Level:
        what = "[A]_v" if node.stutter else "<<A>>_v"
        action = self.at_most(ACTION, node.action, what)
        return highest((action, self.at_most(STATE, node.subscript, f"the subscript of {what}"))).at_least(ACTION)

    def _fairness(self, node: tree.Fairness) -> Level:
        what = "SF" if node.strong else "WF"
        action = self.at_most(ACTION, node.action, what)
        return highest((action, self.at_most(STATE, node.subscript, f"the subscript of {what}"))).at_least(TEMPORAL)

    def _always(self, node: tree.Always | tree.Eventually) -> Level:
        level, operand = self.expression(node.operand), node.operand
        always = isinstance(node, tree.Always)
        if level.number == ACTION and not (isinstance(operand, tree.BoxAction) and operand.stutter == always):
            what = "[] is followed by an action that is not of the form [A]_v"
            if not always:
                what = "<> is followed by an action that is not of the form <<A>>_v"
            raise ModuleError(f"{node.place}: {what}: {node.place.text[:TEXT_MAX]}")
        return level.at_least(TEMPORAL)

    def _leads_to(self, node: tree.LeadsTo) -> Level:
        levels = []
        for side in (node.left, node.right):
            levels.append(self.expression(side))
            if levels[-1].number == ACTION:
                raise ModuleError(f"{side.place}: an action beside ~>: {side.place.text[:TEXT_MAX]}")
        return highest(levels).at_least(TEMPORAL)


_E = Expressions
_CHECKS: dict[type[Expression], Callable[[Any, Any], Level]] = {
    tree.Always: _E._always,
    tree.Apply: _E._apply,
    tree.At: _E._at,
    tree.BoxAction: _E._box_action,
    tree.Case: _E._case,
    tree.Chain: _E._chain,
    tree.Choose: _E._set,
    tree.Enabled: _E._enabled,
    tree.Eventually: _E._always,
    tree.Except: _E._except,
    tree.Fairness: _E._fairness,
    tree.FunctionLiteral: _E._function,
    tree.FunctionSet: lambda self, node: self._parts("a set of functions", node.domain, node.codomain),
    tree.If: lambda self, node: highest(self._each((node.condition, node.then, node.otherwise))),
    tree.Index: lambda self, node: self._parts("a function application", node.function, node.argument),
    tree.Junction: _E._junction,
    tree.Lambda: _E._lambda,
    tree.LeadsTo: _E._leads_to,
    tree.Let: lambda self, node: self._let(node),
    tree.Prime: _E._prime,
    tree.Product: lambda self, node: self._parts("\\X", *node.factors),
    tree.Quantified: _E._quantified,
    tree.Record: _E._fields,
    tree.RecordSet: _E._fields,
    tree.SetFilter: _E._set,
    tree.SetLiteral: lambda self, node: self._parts("a set", *node.items),
    tree.SetMap: _E._set,
    tree.Tuple: lambda self, node: self._parts("a tuple", *node.items),
    tree.Unchanged: _E._prime,
    tree.Unknown: lambda self, node: Level(TEMPORAL if node.temporal else 0),
}

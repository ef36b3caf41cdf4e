"""Explains why a step is not allowed: the first false conjunct, its place in the source, and the values in it.

Theory. A false formula has a smallest false part: the first false conjunct, the body of the operator that it calls, the
branch that an IF takes, the counterexample of a \\A. Descending through these ends at one guard, small enough to read.

Rules. The descent stops at what it cannot split (a disjunction, an \\E over several values, a comparison): that is the
guard. Evaluation errors on the way are part of the explanation.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from pathlib import Path

from specs.tla.language import operators
from specs.tla.language.compiler import Compiler
from specs.tla.language.contexts import Bound, Context, Local, LocalMeaning, Named, forward, local_instance, resolve
from specs.tla.language.located import NO_VALUE, located
from specs.tla.language.meanings import Constant, Operator, Substitution, Variable
from specs.tla.language.successors import UNASSIGNED, Planner
from specs.tla.syntax import tree
from specs.tla.syntax.tree import Expression, ModuleError, Place
from specs.tla.values.operations import Later, shown, tuples
from specs.tla.values.sets import in_order
from specs.tla.values.values import Value

VALUE_CHARACTERS_MAX = 400  # longer values are shortened in the text, not in `values`


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why `action` does not allow a step.

    `guard` is the source text of the false part, in `file` at `line`; `values` maps the names in it to their values,
    `x'` to the value after the step; `called` lists the operators on the way, outermost first. `error` is set if the
    guard has no value at all. `allowed`: the step is allowed, there is nothing to explain.
    """

    action: str
    file: Path
    line: int
    guard: str
    values: Mapping[str, Value]
    called: tuple[str, ...] = ()
    error: str | None = None
    allowed: bool = False

    def __str__(self) -> str:
        if self.allowed:
            return f"{self.action} allows the step"
        return f"{self.action} does not allow the step: {self.reason}"

    @property
    def reason(self) -> str:
        """The guard with its place in the source, and the values in it, one per line."""
        problem = "cannot be evaluated: " + self.error if self.error else "is false"
        way = f" (in {' > '.join(self.called)})" if len(self.called) > 1 else ""
        lines = [f"{self.file.name}:{self.line}{way}: {self.guard} {problem}"]
        lines += [f"  {name} = {cut(shown(value))}" for name, value in self.values.items()]
        return "\n".join(lines)


@dataclass(slots=True)
class _Position:
    """A formula on the way down, with the values of the Python names that are free in it."""

    node: Expression
    context: Context
    environment: dict[str, Value] = field(default_factory=dict)


class Explainer:
    """Explains one step from `state` to `next_state`, or one state if `next_state` is None.

    `next_state` may hold UNASSIGNED for unknown variables: conjuncts assign them in order.
    """

    def __init__(self, compiler: Compiler, state: tuple[Value, ...], next_state: tuple[Value, ...] | None) -> None:
        self.compiler = compiler
        self.state, self.next_state = state, next_state
        self.called: list[str] = []

    def explain(self, operator: Operator, arguments: tuple[Value, ...]) -> Explanation:
        """Why `operator(*arguments)` is false of the two states."""
        return self._explained(operator.name, self._entered(operator, list(arguments)))

    def formula(self, name: str, node: Expression, context: Context) -> Explanation:
        """Why the formula called `name` is false of the two states."""
        return self._explained(name, _Position(node, context))

    def _explained(self, name: str, position: _Position) -> Explanation:
        if not self._false(position):
            place = position.node.place
            return Explanation(name, place.path, place.line, place.text, {}, allowed=True)
        while True:
            inner = self._inner(position)
            if inner is None:
                break
            position = inner
        error = self._error(position)
        place = position.node.place
        return Explanation(
            action=name,
            file=place.path,
            line=place.line,
            guard=cut(place.text),
            values=self._names(position),
            called=tuple(self.called),
            error=error,
        )

    def _value(self, position: _Position, test: bool) -> Value | Exception:
        """The value of a formula, or the exception that evaluating it raises."""
        function, free, _ = self.compiler.closure(position.node, position.context, test)
        try:
            return function(self.state, self.next_state, *[position.environment[name] for name in free])
        except NO_VALUE as error:
            return error

    def _error(self, position: _Position) -> str | None:
        outcome = self._value(position, True)
        return str(located(outcome)) if isinstance(outcome, BaseException) else None

    def _false(self, position: _Position) -> bool:
        """Whether it is false or has no value."""
        if self.next_state is None or not any(value is UNASSIGNED for value in self.next_state):
            return self._value(position, True) is not True
        try:
            plan = Planner(self.compiler, False).plan(position.node, position.context)
            for following in plan(self.state, self.next_state, position.environment):
                self.next_state = following
                return False
        except NO_VALUE:
            pass  # `_error` reports it if this is the smallest part
        return True

    def _inner(self, position: _Position) -> _Position | None:
        """The part of a false formula that makes it false. None if it cannot be split."""
        node = position.node
        parts: list[Expression] = []
        if isinstance(node, tree.Junction) and node.conjunction:
            parts = list(node.items)
        elif isinstance(node, tree.If):
            parts = self._taken(position, ((node.condition, node.then),), node.otherwise)
        elif isinstance(node, tree.Case):
            parts = self._taken(position, node.arms, node.other)
        elif isinstance(node, tree.Unchanged) and isinstance(node.operand, tree.Tuple):
            parts = [tree.Unchanged(place=item.place, operand=item) for item in node.operand.items]
        elif isinstance(node, tree.BoxAction) and node.stutter:
            parts = [node.action]
        elif isinstance(node, tree.Let):
            return self._under_let(node, position)
        elif isinstance(node, tree.Quantified):
            return self._instance(node, position)
        elif isinstance(node, tree.Apply):
            return self._applied(node, position)
        for part in parts:
            inner = _Position(part, position.context, position.environment)
            if self._false(inner):
                return inner
        return None

    def _taken(
        self, position: _Position, arms: tuple[tuple[Expression, Expression], ...], other: Expression | None
    ) -> list[Expression]:
        for condition, result in arms:
            outcome = self._value(_Position(condition, position.context, position.environment), True)
            if outcome is True:
                return [result]
            if outcome is not False:
                return [condition]
        return [] if other is None else [other]

    def _under_let(self, node: tree.Let, position: _Position) -> _Position:
        context, environment = forward(node, position.context), dict(position.environment)
        for definition in node.definitions:
            if isinstance(definition, tree.Instance):
                instance = local_instance(self.compiler, definition, context)
                context = context.binding({definition.name or "": instance})
                continue
            made = operators.let_definition(self.compiler, definition, context)
            reference = None
            if made is not None:
                name = self.compiler.fresh("l_")
                function, free = self.compiler.thunk(made, definition.place)
                reference = operators.let_reference(definition, name, made)
                environment[name] = self._let_value(definition, function, [environment[item] for item in free])
            context = context.binding({definition.name: Local(definition, context, reference)})
        return _Position(node.body, context, environment)

    def _let_value(self, definition: tree.Definition, function: Callable[..., Value], free: list[Value]) -> Value:
        if definition.parameters:
            return function(self.state, self.next_state, *free)
        return Later(lambda: function(self.state, self.next_state, *free))

    def _instance(self, node: tree.Quantified, position: _Position) -> _Position | None:
        """The body at the counterexample of a \\A, or at the only value of an \\E."""
        environment, context = dict(position.environment), position.context
        first, *rest = node.bounds
        inner: Expression = node.body
        names = first.names if first.pattern else first.names[:1]
        if not first.pattern and len(first.names) > 1:
            rest = [tree.Bound(names=first.names[1:], pattern=False, domain=first.domain), *rest]
        if rest:
            inner = tree.Quantified(place=node.place, universal=node.universal, bounds=tuple(rest), body=node.body)
        domain = self._value(_Position(first.domain, position.context, environment), False)
        if isinstance(domain, BaseException):
            return None
        texts = [self.compiler.fresh("b_") for _ in names]
        context = context.binding({name: Bound(text) for name, text in zip(names, texts)})
        candidates = list(tuples(domain, len(names))) if first.pattern else [(item,) for item in in_order(domain)]
        if not node.universal and len(candidates) != 1:
            return None
        for candidate in candidates:
            found = _Position(inner, context, environment | dict(zip(texts, candidate)))
            if self._false(found):
                return found
        return None

    def _applied(self, node: tree.Apply, position: _Position) -> _Position | None:
        if node.name == "=>" and len(node.arguments) == 2 and not node.path:
            return _Position(node.arguments[1], position.context, position.environment)
        meaning = resolve(node, position.context)
        if isinstance(meaning, Operator) and not meaning.hidden and not meaning.definition.function:
            return self._operator(node, meaning, position)
        if isinstance(meaning, Local) and not node.arguments and not meaning.definition.function:
            return _Position(meaning.definition.body, meaning.context, position.environment)
        if isinstance(meaning, Named) and not node.arguments:
            return _Position(meaning.expression, meaning.context.like(position.context), position.environment)
        return None

    def _operator(self, node: tree.Apply, operator: Operator, position: _Position) -> _Position | None:
        parameters = operator.definition.parameters
        if operator.definition.recursive or position.context.primed:
            return None
        if self.compiler.compiled(operator).expanded or any(parameter.arity for parameter in parameters):
            self.called.append(operator.name)
            named = {
                parameter.name: Named(item, position.context) for parameter, item in zip(parameters, node.arguments)
            }
            context = position.context.entering(operator, named)
            return _Position(operator.definition.body, context, position.environment)
        values = [
            self._value(_Position(item, position.context, position.environment), False) for item in node.arguments
        ]
        if any(isinstance(value, BaseException) for value in values):
            return None
        return self._entered(operator, values)

    def _entered(self, operator: Operator, values: list[Value]) -> _Position:
        self.called.append(operator.name)
        texts = [self.compiler.fresh("a_") for _ in operator.definition.parameters]
        bound: dict[str, LocalMeaning] = {
            parameter.name: Bound(text) for parameter, text in zip(operator.definition.parameters, texts)
        }
        context = Context(scope=operator.scope, locals=bound)
        return _Position(operator.definition.body, context, dict(zip(texts, values)))

    # --- the names in a guard --------------------------------------------------------------------

    def _names(self, position: _Position) -> dict[str, Value]:
        found: dict[str, Value] = {}
        for node in _applications(position.node):
            inner = node.operand if isinstance(node, tree.Prime) else node
            if not isinstance(inner, tree.Apply) or inner.arguments or inner.path:
                continue
            meaning = resolve(inner, position.context)
            if not isinstance(meaning, Variable | Constant | Operator | Bound | Local | Named | Substitution):
                continue
            try:
                value = self._value(_Position(node, position.context, position.environment), False)
            except ModuleError:
                continue  # an operator passed as an argument has no value
            if not isinstance(value, BaseException):
                found[inner.name + ("'" if isinstance(node, tree.Prime) else "")] = value
        return found


def cut(text: str) -> str:
    """`text`, shortened for a reader."""
    return text if len(text) <= VALUE_CHARACTERS_MAX else text[:VALUE_CHARACTERS_MAX] + " ..."


def _applications(node: object) -> list[Expression]:
    """Names and primed names in an expression, in source order."""
    if isinstance(node, tree.Prime) and isinstance(node.operand, tree.Apply) and not node.operand.arguments:
        return [node]
    if isinstance(node, tree.Unchanged) and isinstance(node.operand, tree.Apply):
        return [node.operand, tree.Prime(place=node.place, operand=node.operand)]
    found: list[Expression] = [node] if isinstance(node, tree.Apply) and not node.arguments else []
    if isinstance(node, tuple):
        return [inner for item in node for inner in _applications(item)]
    if not is_dataclass(node) or isinstance(node, Place):
        return found
    for item in fields(node):
        found += _applications(getattr(node, item.name))
    return found

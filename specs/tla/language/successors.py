"""Enumerates initial states and successors, as TLC does.

Theory. A conjunction is evaluated from left to right with a partial next state. `x' = e` assigns x if it has no value
yet, and is a test if it has one. `x' \\in S`, a disjunction and \\E branch. Everything else is a test. A formula can be
enumerated this way if every variable is assigned before its primed form is read.

Rules. A variable that is read before it is assigned, or never assigned, is an EvaluationError.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias

from specs.tla.language import operators
from specs.tla.language.compiler import Compiler
from specs.tla.language.contexts import (
    Bound,
    Context,
    Local,
    LocalMeaning,
    Named,
    applied,
    forward,
    local_instance,
    meaning_of,
    qualified,
    resolve,
    variable_named,
)
from specs.tla.language.meanings import Operator, Substitution, Variable
from specs.tla.syntax import tree
from specs.tla.syntax.tree import Expression, ModuleError, Unsupported
from specs.tla.values.operations import Later, tuples
from specs.tla.values.sets import elements, in_order
from specs.tla.values.values import EvaluationError, Value


class _Unassigned:
    def __repr__(self) -> str:
        return "(no value yet)"


UNASSIGNED = _Unassigned()


class ReadTooEarly(EvaluationError):
    """A variable is read before the formula assigns it: the next state cannot be computed in this order."""


States: TypeAlias = tuple[Value, ...]
Environment: TypeAlias = Mapping[str, Value]
Plan: TypeAlias = Callable[[States, States, Environment], Iterator[States]]

_Evaluator: TypeAlias = Callable[[States, States, Environment], Value]


class Planner:
    """Compiles a formula into a plan: a generator of the assignments that satisfy it.

    `initial`: the formula assigns unprimed variables (Init); otherwise primed ones (Next). `own`: further variables,
    which an ENABLED in an instance binds. A plan is called with the
    first state (empty if `initial`), the partial assignment, and the values of its free Python names.
    """

    def __init__(self, compiler: Compiler, initial: bool, own: Iterable[Variable] = ()) -> None:
        self.compiler = compiler
        self.initial = initial
        self.assigned = "s" if initial else "t"  # prefix of reads of the state being assigned
        self.names = [variable.name for variable in (*compiler.loader.variables, *own)]
        self._expanding: list[Operator] = []

    def plan(self, node: Expression, context: Context) -> Plan:
        """The plan for `node`. Raises Unsupported or ModuleError."""
        if not self._assigns(node, context):
            return self._test(node, context)
        if isinstance(node, tree.Junction):
            return (self._conjunction if node.conjunction else self._disjunction)(node, context)
        if isinstance(node, tree.Quantified) and not node.universal:
            return self._exists(node, context)
        if isinstance(node, tree.If):
            return self._branches(((node.condition, node.then),), node.otherwise, context)
        if isinstance(node, tree.Case):
            return self._branches(node.arms, node.other, context)
        if isinstance(node, tree.Let):
            return self._let(node, context)
        if isinstance(node, tree.Unchanged):
            return self._unchanged(node.operand, node, context)
        if isinstance(node, tree.BoxAction):
            return self._box_action(node, context)
        if isinstance(node, tree.Apply):
            return self._apply(node, context)
        if isinstance(node, tree.Index):
            return self._indexed(node, context)
        return self._test(node, context)

    def _indexed(self, node: tree.Index, context: Context) -> Plan:
        """An entry of a function of actions: `Step[n]`, where Step[i \\in S] == ..."""
        meaning = resolve(node.function, context) if isinstance(node.function, tree.Apply) else None
        literal = meaning.definition.body if isinstance(meaning, Operator) else node.function
        if (
            not isinstance(literal, tree.FunctionLiteral)
            or len(literal.bounds) != 1
            or len(literal.bounds[0].names) != 1
        ):
            return self._test(node, context)
        there = context.entering(meaning, {}) if isinstance(meaning, Operator) else context
        (bound,) = literal.bounds
        member = tree.Apply(place=node.place, name="\\in", arguments=(_name(node, bound.names[0]), bound.domain))
        inside = there.binding({bound.names[0]: Named(node.argument, context)})
        return sequence([self._test(member, inside), self.plan(literal.body, inside)])

    def _assigns(self, node: Expression, context: Context) -> bool:
        code = self.compiler.code(node, context)
        return any(read[0] in (self.assigned, "?") for read in code.reads)

    def _evaluator(self, node: Expression, context: Context, test: bool) -> _Evaluator:
        """Evaluates `node`. Raises ReadTooEarly if it reads an unassigned variable."""
        function, free, code = self.compiler.closure(node, context, test)
        needed = [int(read[1:]) for read in code.reads if read[0] == self.assigned]
        initial, names = self.initial, self.names
        primed = [names[int(read[1:])] for read in code.reads if read[0] == "t"] if initial else []
        if primed:
            what = f"{min(primed)}' in an initial predicate, which is about one state"
            raise ModuleError(f"{node.place}: {what}")

        def evaluate(state: States, partial: States, environment: Environment) -> Value:
            for index in needed:
                if partial[index] is UNASSIGNED:
                    raise ReadTooEarly(f"{node.place}: {names[index]} is read before it has a value")
            locals_ = [environment[name] for name in free]
            return function(partial, None, *locals_) if initial else function(state, partial, *locals_)

        return evaluate

    def _test(self, node: Expression, context: Context) -> Plan:
        evaluate = self._evaluator(node, context, True)

        def run(state: States, partial: States, environment: Environment) -> Iterator[States]:
            if evaluate(state, partial, environment):
                yield partial

        return run

    def _conjunction(self, node: tree.Junction, context: Context) -> Plan:
        return sequence([self.plan(item, context) for item in node.items])

    def _disjunction(self, node: tree.Junction, context: Context) -> Plan:
        plans = [self.plan(item, context) for item in node.items]

        def run(state: States, partial: States, environment: Environment) -> Iterator[States]:
            for plan in plans:
                yield from plan(state, partial, environment)

        return run

    def _exists(self, node: tree.Quantified, context: Context) -> Plan:
        domains = [self._evaluator(bound.domain, context, False) for bound in node.bounds]
        texts = [[self.compiler.fresh("b_") for _ in bound.names] for bound in node.bounds]
        bound_names = {
            name: Bound(text) for bound, names in zip(node.bounds, texts) for name, text in zip(bound.names, names)
        }
        body = self.plan(node.body, context.binding(bound_names))

        def choices(number: int, sets: list[Value], environment: dict[str, Value]) -> Iterator[dict[str, Value]]:
            if number == len(sets):
                yield environment
            elif node.bounds[number].pattern:
                for item in tuples(sets[number], len(texts[number])):
                    yield from choices(number + 1, sets, environment | dict(zip(texts[number], item)))
            else:
                for chosen in _tuples_over(sets[number], len(texts[number])):
                    yield from choices(number + 1, sets, environment | dict(zip(texts[number], chosen)))

        def run(state: States, partial: States, environment: Environment) -> Iterator[States]:
            sets = [domain(state, partial, environment) for domain in domains]
            for inner in choices(0, sets, dict(environment)):
                yield from body(state, partial, inner)

        return run

    def _branches(
        self, arms: tuple[tuple[Expression, Expression], ...], other: Expression | None, context: Context
    ) -> Plan:
        conditions = [self._evaluator(condition, context, True) for condition, _ in arms]
        plans = [self.plan(result, context) for _, result in arms]
        otherwise = None if other is None else self.plan(other, context)
        place = arms[0][0].place

        def run(state: States, partial: States, environment: Environment) -> Iterator[States]:
            for condition, plan in zip(conditions, plans):
                if condition(state, partial, environment):
                    yield from plan(state, partial, environment)
                    return
            if otherwise is None:
                raise EvaluationError(f"{place}: CASE: no arm is true")
            yield from otherwise(state, partial, environment)

        return run

    def _let(self, node: tree.Let, context: Context) -> Plan:
        makers: list[tuple[str, tree.Definition, Callable[..., Value], tuple[str, ...]]] = []
        context = forward(node, context)
        for definition in node.definitions:
            if isinstance(definition, tree.Instance):
                instance = local_instance(self.compiler, definition, context)
                context = context.binding({definition.name or "": instance})
                continue
            name = self.compiler.fresh("l_")
            made = operators.let_definition(self.compiler, definition, context)
            if made is None or any(read[0] in (self.assigned, "?") for read in made.reads):
                # It reads the state being assigned: expand it where it is used.
                context = context.binding({definition.name: Local(definition, context, None)})
                continue
            function, free = self.compiler.thunk(made, definition.place)
            reference = operators.let_reference(definition, name, made)
            context = context.binding({definition.name: Local(definition, context, reference)})
            makers.append((name, definition, function, free))
        body = self.plan(node.body, context)

        def run(state: States, partial: States, environment: Environment) -> Iterator[States]:
            inner = dict(environment)
            for name, definition, function, free in makers:
                inner[name] = _let_value(definition, function, state, [inner[item] for item in free])
            yield from body(state, partial, inner)

        return run

    def _box_action(self, node: tree.BoxAction, context: Context) -> Plan:
        same = tree.Unchanged(place=node.place, operand=node.subscript)
        if node.stutter:
            either = tree.Junction(place=node.place, conjunction=False, items=(node.action, same))
            return self._disjunction(either, context)
        changed = tree.Apply(place=node.place, name="~", arguments=(same,))
        return self._conjunction(
            tree.Junction(place=node.place, conjunction=True, items=(node.action, changed)), context
        )

    def _unchanged(self, node: Expression, whole: tree.Unchanged, context: Context) -> Plan:
        if context.own:
            return self._unchanged_in_instance(node, context)
        indexes = self.variables(node, context)
        if indexes is None:
            return self._test(whole, context)

        def run(state: States, partial: States, environment: Environment) -> Iterator[States]:
            values = list(partial)
            for index in indexes:
                if values[index] is UNASSIGNED:
                    values[index] = state[index]
                elif values[index] != state[index]:
                    return
            yield tuple(values)

        return run

    def _unchanged_in_instance(self, node: Expression, context: Context) -> Plan:
        """UNCHANGED where a variable under a prime is not the one without: a conjunction of equations."""
        if isinstance(node, tree.Tuple):
            return sequence([self._unchanged_in_instance(item, context) for item in node.items])
        meaning = resolve(node, context) if isinstance(node, tree.Apply) else None
        if isinstance(meaning, Operator) and isinstance(meaning.definition.body, tree.Tuple):
            return self._unchanged_in_instance(meaning.definition.body, context.entering(meaning, {}))
        sides = (tree.Prime(place=node.place, operand=node), node)
        return self.plan(tree.Apply(place=node.place, name="=", arguments=sides), context)

    def variables(self, node: Expression, context: Context) -> list[int] | None:
        """Indexes of the variables in a tuple of variables, nested or not. None if it contains anything else."""
        if isinstance(node, tree.Tuple):
            parts = [self.variables(item, context) for item in node.items]
            return None if None in parts else [index for item in parts if item is not None for index in item]
        variable = variable_named(node, context)
        if variable is not None:
            return [variable.index]
        if not isinstance(node, tree.Apply):
            return None
        meaning, hidden = meaning_of(node, context)
        if isinstance(meaning, Operator) and not meaning.definition.parameters:
            return self.variables(meaning.definition.body, context.entering(meaning, {}, hidden))
        if isinstance(meaning, Named):
            return self.variables(meaning.expression, meaning.context)
        if isinstance(meaning, Substitution):
            return self.variables(meaning.expression, context.substituting(meaning))
        if isinstance(meaning, Local) and not meaning.definition.parameters:
            return self.variables(meaning.definition.body, meaning.context)
        return None

    def _apply(self, node: tree.Apply, context: Context) -> Plan:
        if node.path:
            found = qualified(node, context)
            if isinstance(found.meaning, Operator):
                return self._operator(found.bare, found.meaning, context, found.arguments)
            return self._test(node, context)
        meaning = resolve(node, context)
        if isinstance(meaning, Operator):
            return self._operator(node, meaning, context, {})
        if isinstance(meaning, Named):
            return self.plan(*applied(node, meaning.expression, meaning.context, context))
        if isinstance(meaning, Substitution) and meaning not in context.own:
            return self.plan(*applied(node, meaning.expression, context.substituting(meaning), context))
        if isinstance(meaning, Local) and not meaning.definition.recursive:
            named = {
                parameter.name: Named(argument, context)
                for parameter, argument in zip(meaning.definition.parameters, node.arguments)
            }
            return self.plan(meaning.definition.body, meaning.context.binding(named))
        if node.name in ("=", "\\in") and meaning is None:
            variable = self.variable_assigned(node.arguments[0], context)
            if variable is not None:
                return self._assignment(node, variable.index, context)
        return self._test(node, context)

    def variable_assigned(self, left: Expression, context: Context) -> Variable | None:
        """The variable that `left = e` assigns, or None. A parameter may stand for x'."""
        while isinstance(left, tree.Apply) and not left.arguments:
            meaning = resolve(left, context)
            if isinstance(meaning, Named):
                left, context = meaning.expression, meaning.context
            elif isinstance(meaning, Local) and not meaning.definition.parameters:
                left, context = meaning.definition.body, meaning.context
            elif isinstance(meaning, Operator) and isinstance(meaning.definition.body, tree.Prime):
                left, context = meaning.definition.body, context.entering(meaning, {})
            else:
                break
        if isinstance(left, tree.Prime) is self.initial:
            return None
        if isinstance(left, tree.Prime):
            return variable_named(left.operand, replace(context, state="t"))
        return variable_named(left, context)

    def _assignment(self, node: tree.Apply, index: int, context: Context) -> Plan:
        right = self._evaluator(node.arguments[1], context, False)
        several = node.name == "\\in"

        def run(state: States, partial: States, environment: Environment) -> Iterator[States]:
            value = right(state, partial, environment)
            if partial[index] is not UNASSIGNED:
                if partial[index] in elements(value) if several else partial[index] == value:
                    yield partial
                return
            for item in in_order(value) if several else (value,):
                yield (*partial[:index], item, *partial[index + 1 :])

        return run

    def _operator(self, node: tree.Apply, operator: Operator, context: Context, hidden: Mapping[str, Named]) -> Plan:
        """The plan of an operator's body. `hidden`: arguments of the instances that lead to it, by Python name."""
        if operator in self._expanding:
            raise Unsupported(f"{node.place}: successors of the recursive action {operator.name}")
        parameters = operator.definition.parameters
        values: list[tuple[str, _Evaluator]] = []
        by_name = self.compiler.compiled(operator).expanded or any(parameter.arity for parameter in parameters)
        by_name = by_name or bool(context.own)
        if self.initial:
            # Init assigns unprimed variables: one that is an argument may be unassigned.
            by_name = by_name or any(variable_named(argument, context) for argument in node.arguments)

        def meaning(argument: Named) -> LocalMeaning:
            if by_name or self._assigns(argument.expression, argument.context):
                return argument
            text = self.compiler.fresh("a_")
            values.append((text, self._evaluator(argument.expression, argument.context, False)))
            return Bound(text)

        instances = {text: meaning(argument) for text, argument in hidden.items()}
        meanings = {
            parameter.name: meaning(Named(argument, context)) for parameter, argument in zip(parameters, node.arguments)
        }
        self._expanding.append(operator)
        body = self.plan(operator.definition.body, context.entering(operator, meanings, instances))
        self._expanding.pop()
        if not values:
            return body

        def run(state: States, partial: States, environment: Environment) -> Iterator[States]:
            inner = dict(environment)
            for text, evaluate in values:
                inner[text] = evaluate(state, partial, environment)
            return body(state, partial, inner)

        return run


def _name(node: Expression, name: str) -> Expression:
    return tree.Apply(place=node.place, name=name)


def sequence(plans: Sequence[Plan]) -> Plan:
    """The assignments that satisfy all of `plans`, evaluated in this order. Iterative: there may be thousands."""
    if not plans:
        return lambda state, partial, environment: iter((partial,))
    if len(plans) == 1:
        return plans[0]
    count = len(plans)

    def run(state: States, partial: States, environment: Environment) -> Iterator[States]:
        pending = [plans[0](state, partial, environment)]
        while pending:
            further = next(pending[-1], None)
            if further is None:
                pending.pop()
            elif len(pending) == count:
                yield further
            else:
                pending.append(plans[len(pending)](state, further, environment))

    return run


def _let_value(definition: tree.Definition, function: Callable[..., Value], state: States, free: list[Value]) -> Value:
    if definition.parameters:
        return function(state, None, *free)
    return Later(lambda: function(state, None, *free))


def _tuples_over(collection: Value, count: int) -> Iterator[tuple[Value, ...]]:
    if count == 1:
        for item in in_order(collection):
            yield (item,)
        return
    for first in in_order(collection):
        for rest in _tuples_over(collection, count - 1):
            yield (first, *rest)

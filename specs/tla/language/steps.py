"""The steps that a named operator allows, given arguments and the known part of the next state.

Theory. The known part of the next state is the initial partial assignment of the enumeration. `x' = e` is then a test
instead of an assignment: an observed step costs one evaluation, and only what was not observed is searched for. An
unlogged argument is searched for where the module quantifies over it: among the disjuncts of the next-state relation
that lead to the operator.

Rules. An operator is an action if it contains a primed variable or UNCHANGED. Disjuncts that do not lead to the
operator are skipped. Guards beside it in the next-state relation apply only when an argument is searched for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass

from specs.tla.language.compiler import Compiler
from specs.tla.language.contexts import Bound, Context, Named, meaning_of
from specs.tla.language.determined import determined
from specs.tla.language.located import NO_VALUE, located
from specs.tla.language.meanings import Operator
from specs.tla.language.successors import UNASSIGNED, Environment, Plan, Planner, ReadTooEarly
from specs.tla.syntax import tree
from specs.tla.syntax.tree import Expression, ModuleError, Place, Unsupported
from specs.tla.values.values import Value

Known = tuple[Value, ...]  # the next state, UNASSIGNED where unknown


class Action:
    """One operator of a module as an action.

    `next_operator`: where missing arguments are searched for. None if there is no next-state relation.
    """

    def __init__(self, compiler: Compiler, operator: Operator, next_operator: Operator | None) -> None:
        self.compiler, self.operator, self.next_operator = compiler, operator, next_operator
        definition = operator.definition
        if operator.hidden or any(parameter.arity for parameter in definition.parameters):
            raise Unsupported(f"{definition.place}: {operator.name} takes operators as arguments: it is not an event")
        self.parameters = tuple([parameter.name for parameter in definition.parameters])
        self.variables = tuple([variable.name for variable in compiler.loader.variables])
        self._texts = {name: compiler.fresh("a_") for name in self.parameters}
        context = Context(scope=operator.scope, locals={name: Bound(text) for name, text in self._texts.items()})
        reads = compiler.resolved(compiler.code(definition.body, context).reads)
        if not any(read[0] == "t" for read in reads):
            raise ModuleError(f"{definition.place}: {operator.name} is not an action: it has no primed variable")
        self._direct = Planner(compiler, False).plan(definition.body, context)
        self._determined = determined(compiler, operator, self._texts)
        self._searching: Plan | None = None

    def after(self, state: Known, arguments: Mapping[str, Value], known: Known) -> Iterator[Known]:
        """The complete next states, with duplicates. Raises EvaluationError, naming the definition.

        Raises ModuleError if neither the module nor the log determines a variable.
        """
        given = all(name in arguments for name in self.parameters)
        if given and self._determined is not None:
            following = self.only(state, [arguments[name] for name in self.parameters])
            if following is not None and all(a == b or a is UNASSIGNED for a, b in zip(known, following)):
                yield following
            return
        if given:
            plan, environment = self._direct, {text: arguments[name] for name, text in self._texts.items()}
        else:
            plan, environment = self._search(), {_given(name): value for name, value in arguments.items()}
        try:
            for found in plan(state, known, environment):
                missing = [name for name, value in zip(self.variables, found) if value is UNASSIGNED]
                if missing:
                    raise ModuleError(f"{self.operator.name} gives no value to {', '.join(missing)}: log it")
                yield found
        except ReadTooEarly as error:
            raise ModuleError(f"{error}: log it") from error
        except NO_VALUE as error:
            raise located(error) from error

    @property
    def is_determined(self) -> bool:
        """Whether state and arguments determine the next state, without a search."""
        return self._determined is not None

    def only(self, state: Known, arguments: Sequence[Value]) -> Known | None:
        """The next state of a determined action. None if the action is not allowed. Raises EvaluationError."""
        assert self._determined is not None
        try:
            return self._determined(state, *arguments)
        except NO_VALUE as error:
            raise located(error) from error

    def _search(self) -> Plan:
        if self._searching is None:
            wanted = ", ".join(self.parameters)
            if self.next_operator is None or not leads_to(self.next_operator, self.operator):
                raise ModuleError(
                    f"{self.operator.definition.place}: {self.operator.name}({wanted}): not all arguments are logged, "
                    "and the next-state relation does not quantify over them: log them"
                )
            self._searching = _Towards(self.compiler, self.operator).plan(
                self.next_operator.definition.body, Context(scope=self.next_operator.scope)
            )
        return self._searching


def _given(parameter: str) -> str:
    return f"given {parameter}"


def leads_to(start: Operator, target: Operator) -> bool:
    """Whether the body of `start` calls `target`, directly or indirectly."""
    return _leads(start.definition.body, Context(scope=start.scope), target, set())


def _leads(node: object, context: Context, target: Operator, seen: set[Operator]) -> bool:
    if isinstance(node, tree.Apply):
        meaning, _ = meaning_of(node, context)
        if meaning is target:
            return True
        if isinstance(meaning, Operator) and meaning not in seen:
            seen.add(meaning)
            if _leads(meaning.definition.body, Context(scope=meaning.scope), target, seen):
                return True
    if isinstance(node, tuple):
        return any(_leads(item, context, target, seen) for item in node)
    if not is_dataclass(node) or isinstance(node, Place | tree.Enabled):
        return False
    return any(_leads(getattr(node, item.name), context, target, seen) for item in fields(node))


class _Towards(Planner):
    """Plans only the disjuncts that lead to one operator. Arguments given in the environment must agree."""

    def __init__(self, compiler: Compiler, target: Operator) -> None:
        super().__init__(compiler, initial=False)
        self.target = target

    def _disjunction(self, node: tree.Junction, context: Context) -> Plan:
        leading = [item for item in node.items if _leads(item, context, self.target, set())]
        chosen = tree.Junction(place=node.place, conjunction=False, items=tuple(leading) or node.items)
        return super()._disjunction(chosen, context)

    def _branches(
        self, arms: tuple[tuple[Expression, Expression], ...], other: Expression | None, context: Context
    ) -> Plan:
        results = [result for _, result in arms] + ([] if other is None else [other])
        if not any(_leads(result, context, self.target, set()) for result in results):
            return super()._branches(arms, other, context)

        def kept(result: Expression) -> Expression:
            if _leads(result, context, self.target, set()):
                return result
            return tree.Literal(place=result.place, value=False)

        return super()._branches(
            tuple([(condition, kept(result)) for condition, result in arms]),
            None if other is None else kept(other),
            context,
        )

    def _operator(self, node: tree.Apply, operator: Operator, context: Context, hidden: Mapping[str, Named]) -> Plan:
        plan = super()._operator(node, operator, context, hidden)
        if operator is not self.target:
            return plan
        parameters = operator.definition.parameters
        checks = [
            (_given(parameter.name), self._evaluator(argument, context, False))
            for parameter, argument in zip(parameters, node.arguments)
        ]

        def run(state: Known, partial: Known, environment: Environment) -> Iterator[Known]:
            for name, evaluate in checks:
                if name in environment and evaluate(state, partial, environment) != environment[name]:
                    return
            yield from plan(state, partial, environment)

        return run

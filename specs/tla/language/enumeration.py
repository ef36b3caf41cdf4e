"""Named formulas with their plans (specs/tla/language/successors.py): initial states, successors, ENABLED."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from specs.tla.language.compiler import Compiler
from specs.tla.language.contexts import Context
from specs.tla.language.meanings import Operator
from specs.tla.language.successors import UNASSIGNED, Environment, Plan, Planner, States, sequence
from specs.tla.syntax.tree import Expression, Unsupported
from specs.tla.values.values import EvaluationError


@dataclass(frozen=True, slots=True)
class Enumeration:
    """A named formula with its plan."""

    plan: Plan
    names: tuple[str, ...]
    operator: str

    def assignments(self, state: States) -> Iterator[States]:
        """The complete assignments, without duplicates. Raises EvaluationError."""
        seen = set()
        for found in self.plan(state, (UNASSIGNED,) * len(self.names), {}):
            missing = [name for name, value in zip(self.names, found) if value is UNASSIGNED]
            if missing:
                raise EvaluationError(f"{self.operator} gives no value to {', '.join(missing)}")
            if found not in seen:
                seen.add(found)
                yield found


def enumeration(compiler: Compiler, operator: Operator, initial: bool) -> Enumeration:
    """`operator` as an initial predicate or as a next-state relation."""
    if operator.definition.parameters or operator.hidden:
        raise Unsupported(f"{operator.definition.place}: {operator.name} has parameters: enumerate one that has none")
    formula = (operator.definition.body, Context(scope=operator.scope))
    return conjunction(compiler, [formula], initial, operator.name)


def conjunction(
    compiler: Compiler, formulas: Sequence[tuple[Expression, Context]], initial: bool, name: str
) -> Enumeration:
    """The conjunction of `formulas` as an initial predicate or a next-state relation called `name`."""
    planner = Planner(compiler, initial)
    plan = sequence([planner.plan(expression, context) for expression, context in formulas])
    return Enumeration(plan, tuple(planner.names), name)


def enabled(compiler: Compiler, action: Expression, context: Context) -> Callable[[States, Environment], bool]:
    """ENABLED `action`: whether there is a successor. The plan is made on first use."""
    plans: list[Plan] = []
    own = tuple(context.own.values())
    count = len(compiler.loader.variables) + len(own)

    def is_enabled(state: States, environment: Environment) -> bool:
        if not plans:
            plans.append(Planner(compiler, False, own).plan(action, context))
        return any(True for _ in plans[0](state, (UNASSIGNED,) * count, environment))

    return is_enabled

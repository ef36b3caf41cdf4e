"""Names the action of each step, so that a counterexample can be read.

Theory. The next-state relation is a disjunction of actions, under quantifiers and through definitions. A step is named
after the outermost definition that is not merely a choice among named actions.
"""

from __future__ import annotations

from specs.tla.language.language import Module
from specs.tla.language.located import NO_VALUE
from specs.tla.language.meanings import Operator
from specs.tla.language.steps import Action
from specs.tla.language.temporal import Formula
from specs.tla.syntax import tree
from specs.tla.syntax.tree import ModuleError
from specs.tla.values.values import Value

UNNAMED = "Next"


class Names:
    """Names steps of the next-state relation `next_formula`."""

    def __init__(self, module: Module, next_formula: Formula) -> None:
        self._actions: list[Action] = []
        whole = _operator(module, next_formula)
        for operator in _leaves(module, next_formula):
            try:
                self._actions.append(Action(module.compiler, operator, whole))
            except ModuleError:
                continue  # it takes operators, or only parts of it are reached: its steps get no name

    def name(self, before: tuple[Value, ...], after: tuple[Value, ...]) -> str:
        """The name of the step."""
        for action in self._actions:
            try:
                if any(True for _ in action.after(before, {}, after)):
                    return action.operator.name
            except (ModuleError, *NO_VALUE):
                continue
        return UNNAMED


def _operator(module: Module, formula: Formula) -> Operator | None:
    node = formula.expression
    if isinstance(node, tree.Apply) and not node.arguments and not node.path:
        return module.definitions.get(node.name)
    return next((item for item in module.definitions.values() if item.definition.body is node), None)


def _leaves(module: Module, formula: Formula) -> list[Operator]:
    found: dict[Operator, None] = {}
    _collect(module, formula.expression, found, set())
    return list(found)


def _collect(module: Module, node: object, found: dict[Operator, None], seen: set[Operator]) -> bool:
    """Add the named actions that `node` chooses among. Returns False if `node` is not such a choice."""
    if isinstance(node, tree.Quantified) and not node.universal:
        return _collect(module, node.body, found, seen)
    if isinstance(node, tree.Junction) and not node.conjunction:
        outcomes = [_collect(module, item, found, seen) for item in node.items]  # no short cut: each call adds actions
        return all(outcomes)
    if isinstance(node, tree.Apply) and not node.path:
        operator = module.definitions.get(node.name)
        if operator is None or operator in seen:
            return operator is not None
        seen.add(operator)
        inner: dict[Operator, None] = {}
        if _collect(module, operator.definition.body, inner, seen):
            found.update(inner)
        else:
            found[operator] = None
        return True
    return False

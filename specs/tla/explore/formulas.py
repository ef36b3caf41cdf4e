"""Temporal formulas in negation normal form, over tests of states and steps.

Theory. Of a behaviour, an infinite sequence of states, a temporal formula is true or false. Negations move inwards
until they stand before tests: ~[]F = <>~F, ~<>F = []~F. F ~> G is [](F => <>G). WF_v(A) says that <<A>>_v is infinitely
often not enabled, or infinitely often taken; SF_v(A) that it is enabled only for a while, or infinitely often taken.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeAlias

from specs.tla.language import temporal
from specs.tla.language.compiler import Compiler
from specs.tla.language.contexts import Context, LocalMeaning
from specs.tla.language.located import NO_VALUE, located
from specs.tla.language.meanings import Fixed
from specs.tla.language.temporal import Formula
from specs.tla.syntax import tree
from specs.tla.syntax.tree import Unsupported
from specs.tla.values.operations import tuples
from specs.tla.values.sets import in_order
from specs.tla.values.values import Value

Values: TypeAlias = tuple[Value, ...]


@dataclass(frozen=True, eq=False, slots=True)
class Test:
    """A predicate on a state, or on a step if `is_step`: `holds(before, after)`."""

    holds: Callable[[Values, Values], bool]
    is_step: bool


@dataclass(frozen=True, slots=True)
class Literal:
    """A test, or its negation."""

    test: Test
    positive: bool


@dataclass(frozen=True, slots=True)
class Every:
    """A conjunction."""

    parts: tuple[Normal, ...]


@dataclass(frozen=True, slots=True)
class Some:
    """A disjunction."""

    parts: tuple[Normal, ...]


@dataclass(frozen=True, slots=True)
class Always:
    inner: Normal


@dataclass(frozen=True, slots=True)
class Eventually:
    inner: Normal


Normal: TypeAlias = Literal | Every | Some | Always | Eventually


@dataclass(frozen=True, slots=True)
class Fair:
    """A fairness condition: tests of ENABLED <<A>>_v and of <<A>>_v."""

    enabled: Test
    taken: Test
    strong: bool


class Normalizer:
    """Brings formulas of one module into normal form. Raises Unsupported for what it does not know."""

    def __init__(self, compiler: Compiler) -> None:
        self._compiler = compiler

    def assumptions(self, formulas: Iterable[Formula]) -> tuple[list[Fair], list[Normal]]:
        """Conjuncts of a specification: its fairness conditions, and what else it says of behaviours."""
        fair: list[Fair] = []
        others: list[Normal] = []
        for formula in formulas:
            self._assume(formula, fair, others)
        return fair, others

    def _assume(self, formula: Formula, fair: list[Fair], others: list[Normal]) -> None:
        node, context = formula.expression, formula.context
        if isinstance(node, tree.Fairness):
            fair.append(self._fair(node, context))
        elif isinstance(node, tree.Junction) and node.conjunction:
            for item in node.items:
                self._assume(Formula(item, context), fair, others)
        elif isinstance(node, tree.Quantified) and node.universal:
            for inside in self._instances(node, context):
                self._assume(Formula(node.body, inside), fair, others)
        else:
            inner = temporal.opened(self._compiler, formula)
            if inner is not None and temporal.is_temporal(self._compiler, node, context):
                self._assume(inner, fair, others)
            else:
                others.append(self.normal(formula, True))

    def normal(self, formula: Formula, positive: bool) -> Normal:
        """The formula, or its negation if not `positive`."""
        node, context = formula.expression, formula.context
        if not temporal.is_temporal(self._compiler, node, context):
            return Literal(self._test(node, context), positive)
        if isinstance(node, tree.Junction):
            parts = tuple([self.normal(Formula(item, context), positive) for item in node.items])
            return Every(parts) if node.conjunction is positive else Some(parts)
        if isinstance(node, tree.Quantified):
            bodies = [Formula(node.body, inside) for inside in self._instances(node, context)]
            parts = tuple([self.normal(body, positive) for body in bodies])
            return Every(parts) if node.universal is positive else Some(parts)
        if isinstance(node, tree.Always | tree.Eventually):
            if not temporal.is_temporal(self._compiler, node.operand, context):
                temporal.require_form(self._compiler, node, context)
            inner = self.normal(Formula(node.operand, context), positive)
            return Always(inner) if isinstance(node, tree.Always) is positive else Eventually(inner)
        if isinstance(node, tree.LeadsTo):
            right = tree.Eventually(place=node.place, operand=node.right)
            implication = tree.Apply(place=node.place, name="=>", arguments=(node.left, right))
            return self.normal(Formula(tree.Always(place=node.place, operand=implication), context), positive)
        if isinstance(node, tree.Fairness):
            return _of_fairness(self._fair(node, context), positive)
        if isinstance(node, tree.If):
            return self._conditional(node, context, positive)
        if isinstance(node, tree.Apply) and node.name in ("~", "=>", "<=>") and not node.path:
            return self._logical(node, context, positive)
        opened = temporal.opened(self._compiler, formula)
        if opened is None:
            raise Unsupported(f"{node.place}: this kind of temporal formula is not checked: {node.place.text}")
        return self.normal(opened, positive)

    def _logical(self, node: tree.Apply, context: Context, positive: bool) -> Normal:
        first = Formula(node.arguments[0], context)
        if node.name == "~":
            return self.normal(first, not positive)
        second = Formula(node.arguments[1], context)
        if node.name == "=>":
            parts = self.normal(first, not positive), self.normal(second, positive)
            return Some(parts) if positive else Every(parts)
        both = Every((self.normal(first, True), self.normal(second, positive)))
        return Some((both, Every((self.normal(first, False), self.normal(second, not positive)))))

    def _conditional(self, node: tree.If, context: Context, positive: bool) -> Normal:
        condition = Formula(node.condition, context)
        then, otherwise = [self.normal(Formula(item, context), positive) for item in (node.then, node.otherwise)]
        return Some((Every((self.normal(condition, True), then)), Every((self.normal(condition, False), otherwise))))

    def _fair(self, node: tree.Fairness, context: Context) -> Fair:
        step = tree.BoxAction(place=node.place, action=node.action, subscript=node.subscript, stutter=False)
        enabled = tree.Enabled(place=node.place, action=step)
        return Fair(self._test(enabled, context), self._test(step, context), node.strong)

    def _instances(self, node: tree.Quantified, context: Context) -> list[Context]:
        """The contexts of the body of a quantifier over constant sets."""
        contexts = [context]
        for bound in node.bounds:
            names = [bound.names] if bound.pattern else [(name,) for name in bound.names]
            for group in names:
                contexts = [
                    inside.binding(_fixed(group, item if bound.pattern else (item,)))
                    for inside in contexts
                    for item in self._elements(bound, context, len(group))
                ]
        return contexts

    def _elements(self, bound: tree.Bound, context: Context, size: int) -> Iterable[Value]:
        function, free, code = self._compiler.closure(bound.domain, context, False)
        if free or code.reads:
            what = "a temporal formula under a quantifier over a set that is not constant"
            raise Unsupported(f"{bound.domain.place}: {what}: {bound.domain.place.text}")
        domain = function(None, None)
        return list(tuples(domain, size)) if bound.pattern else in_order(domain)

    def _test(self, node: tree.Expression, context: Context) -> Test:
        function, free, code = self._compiler.closure(node, context, True)
        assert not free, free

        def holds(before: Values, after: Values) -> bool:
            try:
                return bool(function(before, after))
            except NO_VALUE as error:
                raise located(error, "a temporal formula", node.place) from error

        reads = self._compiler.resolved(code.reads)
        return Test(holds, any(read[0] == "t" for read in reads))


def _fixed(names: Iterable[str], values: Iterable[Value]) -> dict[str, LocalMeaning]:
    return {name: Fixed(value) for name, value in zip(names, values)}


def _of_fairness(fair: Fair, positive: bool) -> Normal:
    taken, enabled = Literal(fair.taken, positive), Literal(fair.enabled, not positive)
    if positive:
        idle = Eventually(Always(enabled)) if fair.strong else Always(Eventually(enabled))
        return Some((idle, Always(Eventually(taken))))
    busy = Always(Eventually(enabled)) if fair.strong else Eventually(Always(enabled))
    return Every((busy, Eventually(Always(taken))))

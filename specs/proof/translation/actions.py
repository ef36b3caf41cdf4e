"""Takes a next-state relation apart: its actions, and what each assigns to the variables.

Theory. `Next` is a disjunction under quantifiers. Each way through it is a conjunction of guards and assignments
`x' = e`. With the assigned values in place of x', the state after the step needs no symbols of its own, and the solver
sees an invariant of it as a formula on the state before.

Rules. A way is named after the first definition with primes that it goes through, of those that are not choices between
actions. Where an action is quantified over a few literals, such as 2..4, there is a way for each. A variable without an
assignment is an error. All of a way's guards are kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from specs.proof.translation import meanings, terms
from specs.proof.translation.context import Closure, Context, State, applications, expressions, refused
from specs.proof.translation.meanings import SetValue, Shape, Value
from specs.proof.translation.terms import Term
from specs.proof.translation.translate import Translator
from specs.tla.syntax import tree
from specs.tla.syntax.tree import Expression, Unsupported


@dataclass(frozen=True, eq=False)
class Way:
    """One way to take a step. `new`: the variables of what it quantifies; `assigned`: the variables' next values.

    `calls`: the definitions that it goes through, each with its arguments.
    """

    name: str = ""
    calls: tuple[tuple[str, tuple[Value, ...]], ...] = ()
    new: dict[str, tuple[Term, ...]] = field(default_factory=dict)
    symbols: dict[str, Shape] = field(default_factory=dict)
    inside: tuple[Term, ...] = ()  # that they are in their sets
    guards: tuple[tuple[Expression, Context], ...] = ()
    assigned: dict[str, tuple[Expression, Context]] = field(default_factory=dict)

    @property
    def variables(self) -> list[Term]:
        return [term for found in self.new.values() for term in found]


class Actions:
    """The ways through a next-state relation."""

    def __init__(self, translator: Translator) -> None:
        self.translator = translator
        self._primed: dict[str, bool] = {}

    def ways(self, node: Expression, context: Context) -> list[Way]:
        return list(self._walk(node, context, Way()))

    def taken(self, way: Way, before: State, hidden: frozenset[str]) -> tuple[State, list[Term]]:
        """The state after the step, and the conditions under which it is taken."""
        names = self.translator.names
        known: dict[str, Value] = {}
        doing: list[str] = []

        def get(name: str) -> Value:
            if name in known:
                return known[name]
            if name not in way.assigned:
                raise Unsupported(f"action {way.name} does not say what {name}' is")
            node, context = way.assigned[name]
            if name in doing:
                raise refused(node.place, f"next values that depend on each other: {', '.join(doing)}")
            doing.append(name)
            same = isinstance(node, tree.Apply) and node.name == name and name in names.variables
            known[name] = before.get(name) if same else self.translator.value(node, self._bound(context, after, hidden))
            doing.pop()
            return known[name]

        after = State(get)
        guards = [self.translator.formula(node, self._bound(context, after, hidden)) for node, context in way.guards]
        return after, [*way.inside, *guards]

    def _bound(self, context: Context, after: State, hidden: frozenset[str]) -> Context:
        return replace(context, after=after, hidden=hidden)

    def is_primed(self, node: Expression) -> bool:
        """Whether an expression speaks of the next state, also through definitions."""
        return any(
            isinstance(item, tree.Prime | tree.Unchanged)
            or (isinstance(item, tree.Apply) and self._is_primed_name(item.name))
            for item in expressions(node)
        )

    def _is_primed_name(self, name: str) -> bool:
        definition = self.translator.names.definitions.get(name)
        if definition is None:
            return False
        if name not in self._primed:
            self._primed[name] = False
            self._primed[name] = self.is_primed(definition.body)
        return self._primed[name]

    def _walk(self, node: Expression, context: Context, way: Way) -> Iterator[Way]:
        if not self.is_primed(node) and not self._calls_primed(node, context):
            yield replace(way, guards=(*way.guards, (node, context)))
        elif isinstance(node, tree.Junction) and node.conjunction:
            ways = [way]
            for item in node.items:
                ways = [found for one in ways for found in self._walk(item, context, one)]
            yield from ways
        elif isinstance(node, tree.Junction):
            for item in node.items:
                yield from self._walk(item, context, way)
        elif isinstance(node, tree.Quantified) and not node.universal:
            yield from self._exists(node, context, way)
        elif isinstance(node, tree.If):
            no = tree.Apply(place=node.place, name="~", arguments=(node.condition,))
            for condition, branch in ((node.condition, node.then), (no, node.otherwise)):
                if self._is_never(condition, context):
                    continue
                yield from self._walk(branch, context, replace(way, guards=(*way.guards, (condition, context))))
        elif isinstance(node, tree.Let):
            yield from self._walk(node.body, self.translator.inside_let(node, context), way)
        elif isinstance(node, tree.Unchanged):
            yield from self._unchanged(node.operand, context, way)
        elif isinstance(node, tree.Apply) and node.name == "=" and self._assignable(node, way):
            prime = node.arguments[0]
            assert isinstance(prime, tree.Prime)
            assert isinstance(prime.operand, tree.Apply)
            yield replace(way, assigned={**way.assigned, prime.operand.name: (node.arguments[1], context)})
        elif isinstance(node, tree.Apply) and self._closure(node, context) is not None:
            yield from self._call(node, context, way)
        else:
            yield replace(way, guards=(*way.guards, (node, context)))

    def _is_never(self, condition: Expression, context: Context) -> bool:
        """Whether a condition is plainly false, with these arguments of the action."""
        if self.is_primed(condition) or self._calls_primed(condition, context):
            return False
        return self.translator.formula(condition, context) is terms.FALSE

    def _calls_primed(self, node: Expression, context: Context) -> bool:
        closures = (context.names.get(apply.name) for apply in applications(node))
        return any(isinstance(item, Closure) and self.is_primed(item.body) for item in closures)

    def _exists(self, node: tree.Quantified, context: Context, way: Way) -> Iterator[Way]:
        names = [(name, bound) for bound in node.bounds for name in bound.names]
        domains = [(name, self._domain(bound, node, context)) for name, bound in names]
        yield from self._choosing(domains, node.body, context, way)

    def _domain(self, bound: tree.Bound, node: tree.Quantified, context: Context) -> SetValue:
        domain = self.translator.set_of(bound.domain, context)
        if bound.pattern or domain.element is None:
            raise refused(node.place, "a quantifier of an action over this set")
        return domain

    def _choosing(
        self, domains: list[tuple[str, SetValue]], body: Expression, context: Context, way: Way
    ) -> Iterator[Way]:
        if not domains:
            yield from self._walk(body, context, way)
            return
        (name, domain), *rest = domains
        assert domain.element is not None
        if domain.items is not None and all(isinstance(item, Term) and item.op == "int" for item in domain.items):
            for item in domain.items:
                yield from self._choosing(rest, body, context.with_names({name: item}), way)
            return
        found: list[Term] = []
        unique = name if name not in way.new else f"{name}'{len(way.new)}"  # a quantifier makes {name}.1
        if isinstance(domain.element, meanings.TupleShape):
            unique += "'"  # so do its parts
        if domain.listed is not None or meanings.is_flat(domain.element):
            value, inside = meanings.picked(domain, unique, found)
        else:
            value = meanings.symbol(domain.element, unique, ())
            inside = domain.has(value)
            way = replace(way, symbols={**way.symbols, unique: domain.element})
        way = replace(way, new={**way.new, unique: tuple(found)}, inside=(*way.inside, inside))
        yield from self._choosing(rest, body, context.with_names({name: value}), way)

    def _unchanged(self, node: Expression, context: Context, way: Way) -> Iterator[Way]:
        names = self.translator.names
        if isinstance(node, tree.Tuple):
            ways = [way]
            for item in node.items:
                ways = [found for one in ways for found in self._unchanged(item, context, one)]
            yield from ways
        elif isinstance(node, tree.Apply) and node.name in names.variables and node.name not in way.assigned:
            yield replace(way, assigned={**way.assigned, node.name: (node, context)})
        elif isinstance(node, tree.Apply) and node.name in names.definitions and not node.arguments:
            yield from self._unchanged(names.definitions[node.name].body, context, way)
        else:
            yield replace(way, guards=(*way.guards, (tree.Unchanged(place=node.place, operand=node), context)))

    def _assignable(self, node: tree.Apply, way: Way) -> bool:
        left = node.arguments[0]
        if not (isinstance(left, tree.Prime) and isinstance(left.operand, tree.Apply)):
            return False
        return left.operand.name in self.translator.names.variables and left.operand.name not in way.assigned

    def _closure(self, node: tree.Apply, context: Context) -> Closure | None:
        named = context.names.get(node.name)
        if named is not None:
            return named if isinstance(named, Closure) else None
        definition = self.translator.names.definitions.get(node.name)
        if definition is None or node.path:
            return None
        return Closure(definition.parameters, definition.body, replace(context, names={}, moving={}))

    def _call(self, node: tree.Apply, context: Context, way: Way) -> Iterator[Way]:
        closure = self._closure(node, context)
        assert closure is not None
        given, moving = self.translator.given(closure.parameters, node.arguments, context)
        values = [item for item in given.values() if not isinstance(item, Closure)]
        if len(values) < len(given):
            raise refused(node.place, "an operator as the argument of an action")
        way = replace(way, calls=(*way.calls, (node.name, tuple(values))))
        if not way.name and not _is_choice(closure.body):
            way = replace(way, name=node.name)
        yield from self._walk(closure.body, closure.context.with_names(given, moving), way)


def _is_choice(node: Expression) -> bool:
    """Whether an action is a choice between others."""
    if isinstance(node, tree.Quantified) and not node.universal:
        return _is_choice(node.body)
    return isinstance(node, tree.Junction) and not node.conjunction

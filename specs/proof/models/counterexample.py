"""Shows a refuted obligation as TLA+ states: a counterexample to induction.

Theory. A model is finite: a list of elements for each sort, a value for each symbol at each argument. So formulas can
be worked out in it, and functions written down as TLA+ writes them. The state need not be reachable: the invariant, or
the facts that the step cites, may be too weak.

Rules. A small model of the facts and of the negated goal comes first, with what is hidden opened, and true sizes: one
in which all invariants hold that are proved above, or any; or else one with anything in place of what is hidden. Where
none is found, z3's model is shown, if it has one. In that, whole numbers range over those that the model's numbers lie
between, and one more on each side. A statement about sizes is about no state: its sets are shown, of numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import product
from typing import Any, Protocol

from specs.proof import solvers
from specs.proof.models import opened, small, true_sizes
from specs.proof.models.exact import Exact
from specs.proof.models.ground import Ground
from specs.proof.obligations import Obligation, Prover
from specs.proof.translation import counting, meanings, terms
from specs.proof.translation.meanings import (
    FunctionValue,
    OptionalValue,
    RecordValue,
    SequenceValue,
    SetValue,
    Shape,
    TupleValue,
    Value,
)
from specs.proof.translation.terms import Term

NUMBERS_MAX = 12  # more are not written out
SMALL = 4
MEMBERS_MAX = 8


def lines(prover: Prover, obligation: Obligation, question: str) -> list[str]:
    """The state before, the state after if there is one, and what the names stand for. Nothing without a model.

    `question`: it has a model, too, if z3 found one; "" if not.
    """
    if obligation.sets:
        return list(_sets(obligation, question)) if question else []
    shown = _small(prover, obligation)
    if shown is None and question:
        model = solvers.model(question + _with_small_numbers(obligation)) or solvers.model(question)
        shown = None if model is None else _Shown(prover, _OfZ3(model), obligation)
    return [] if shown is None else list(shown.lines())


def _sets(obligation: Obligation, question: str) -> Iterator[str]:
    """Sets whose sizes break a statement, and the numbers that it is about."""
    model = solvers.model(question + _with_small_numbers(obligation)) or solvers.model(question)
    if model is None:
        return
    world, members = _OfZ3(model), {name: list[int]() for name in obligation.sets}
    found = terms.symbols([*obligation.facts, obligation.goal])
    sizes = {name: world.free(item).value for name, item in found.items() if item.sort == terms.INT}
    element = 0
    for part in range(1, 2 ** len(obligation.sets)):
        for _ in range(sizes.pop(counting.part(part), 0)):
            element += 1
            for bit, name in enumerate(obligation.sets):
                if part >> bit & 1:
                    members[name].append(element)
    yield from [f"{name} = {size}" for name, size in sorted(sizes.items())]
    for name, inside in members.items():
        more = ", ..." if len(inside) > MEMBERS_MAX else ""
        yield f"{name} = {{{', '.join(map(str, inside[:MEMBERS_MAX]))}{more}}}"


def _small(prover: Prover, obligation: Obligation) -> _Shown | None:
    facts = [*obligation.facts, terms.negation(obligation.goal)]
    definitions, invariants = (
        opened.definitions(prover.translator, obligation.after),
        prover.invariants(obligation.theorem),
    )
    choices = prover.translator.choices.axioms  # those of what was just opened, too
    whole, instance = {**choices, **definitions}, true_sizes.instance(prover)
    for more, axioms, known in ((invariants, whole, instance), ([], whole, instance), ([], choices, small.ANY)):
        model = small.find([*facts, *more], axioms, known)
        if model is not None:
            return _Shown(prover, _OfSmall(model, axioms), obligation, more)
    return None


def _with_small_numbers(obligation: Obligation) -> str:
    """Asks for small numbers: such a state is easier to read."""
    used = terms.parts([*obligation.facts, obligation.goal])
    constants = {item.name for item in used if item.sort == terms.INT and item.op == "app" and not item.args}
    constants |= {item.name for item in obligation.free if item.sort == terms.INT}
    return "".join([f"(assert (<= -1 {name} {SMALL}))\n" for name in map(terms.quoted, sorted(constants))])


class _World(Protocol):
    """A model."""

    @property
    def elements(self) -> Mapping[str, list[Term]]: ...

    def value(self, term: Term, given: Mapping[Term, Term]) -> Term:
        """The value of a term, a literal."""

    def free(self, variable: Term) -> Term:
        """What a free variable stands for."""


class _OfSmall:
    def __init__(self, model: small.Model, axioms: Mapping[str, Term]) -> None:
        self.model, self.elements = model, model.elements
        self._exact, self._bounded = Exact(model, axioms), Ground(model.elements, model.applied)

    def value(self, term: Term, given: Mapping[Term, Term]) -> Term:
        return self._exact.truth(term, given) or self._bounded.formula(term, given)

    def free(self, variable: Term) -> Term:
        return self.model.applied(small.constant(variable))


class _OfZ3:
    def __init__(self, model: Any) -> None:
        self.model = model
        self._symbols = {item.name(): item for item in model.decls()}
        self._values: dict[Term, Any] = {}  # of elements
        self.elements: dict[str, list[Term]] = {}
        for sort in model.sorts():
            for item in model.get_universe(sort):
                element = terms.apply(f"str.{item}", (), sort.name())
                self._values[element] = item
                self.elements.setdefault(sort.name(), []).append(element)
        self._names = {str(item): element for element, item in self._values.items()}
        constants = [model[item] for item in model.decls() if item.arity() == 0]
        numbers = [0, *[item.as_long() for item in constants if hasattr(item, "as_long")]]
        least, most = max(min(numbers), -2), min(max(numbers), NUMBERS_MAX)
        self.elements[terms.INT] = [terms.integer(at) for at in range(least - 1, most + 2)]
        self.elements[terms.BOOL] = [terms.FALSE, terms.TRUE]
        self._ground = Ground(self.elements, self._applied)

    def value(self, term: Term, given: Mapping[Term, Term]) -> Term:
        return self._ground.formula(term, given)

    def free(self, variable: Term) -> Term:
        return self._applied(terms.apply(variable.name, (), variable.sort))

    def _applied(self, item: Term) -> Term:
        symbol = self._symbols.get(item.name)
        if item in self._values:
            return item
        if symbol is None:
            return small.default(self.elements, item.sort)
        given = [self._values.get(arg, arg.value if arg.op == "int" else arg is terms.TRUE) for arg in item.args]
        found = self.model.eval(symbol(*given), model_completion=True)
        if item.sort == terms.BOOL:
            return terms.truth(str(found) == "True")
        return terms.integer(found.as_long()) if item.sort == terms.INT else self._names[str(found)]


class _Shown:
    """`more`: what else holds in the model."""

    def __init__(self, prover: Prover, world: _World, obligation: Obligation, more: Iterable[Term] = ()) -> None:
        self.prover, self.world, self.obligation = prover, world, obligation
        self.given = {item: world.free(item) for item in obligation.free}
        self.used = terms.symbols([*obligation.facts, obligation.goal, *more])
        self.names = self._constants()
        for sort, items in world.elements.items():
            others = [item for item in items if item not in self.names and sort not in (terms.INT, terms.BOOL)]
            for at, item in enumerate(others, 1):
                self.names[item] = f"{sort.lower()}{at}" if len(others) > 1 else sort.lower()

    def _constants(self) -> dict[Term, str]:
        """The names of elements that have one: a constant, such as NoValue, or a text."""
        found: dict[Term, str] = {}
        for name, item in sorted(self.used.items()):
            if terms.is_literal(item):
                found[self.value(item)] = f'"{name.removeprefix("str.")}"'
            elif not item.args and name in self.prover.names.constants and item.sort not in (terms.INT, terms.BOOL):
                found[self.value(item)] = name
        return found

    def lines(self) -> Iterator[str]:
        obligation, translator = self.obligation, self.prover.translator
        for name, shape in translator.shapes.items():
            if name in self.prover.names.constants and (name in self.used or name in self.world.elements):
                written = self.written(translator.constant_value(name), shape)
                if written != name:
                    yield f"{name} = {written}"
        for family in translator.families:
            if family in self.world.elements:
                sets = [translator.family_member(family, item) for item in self.world.elements[family]]
                yield f"{family}: " + ", ".join(sorted({self.element(item) for item in sets}))
        for item in sorted(obligation.free, key=lambda item: item.name):
            yield f"{item.name} = {self.text(self.given[item])}"
        for name, shape in sorted(obligation.chosen.items()):
            yield f"{name} = {self.written(meanings.symbol(shape, name, ()), shape)}"
        for name in self.prover.names.variables:
            if any(symbol == name or symbol.startswith(f"{name}.") for symbol in self.used):
                before = self.written(self.prover.before.get(name), translator.shapes[name])
                yield f"/\\ {name} = {before}"
                if obligation.after is not None:
                    after = self.written(obligation.after.get(name), translator.shapes[name])
                    if after != before:
                        yield f"   {name}' = {after}"

    def value(self, term: Term, given: Mapping[Term, Term] | None = None) -> Term:
        known = {**self.given, **(given or {})}
        for item in term.free - known.keys():  # a choice of the action of which the facts say nothing
            is_known = item.sort in (terms.BOOL, terms.INT, *self.world.elements)
            known[item] = self.given[item] = self.world.free(item) if is_known else small.element(item.sort, 0)
        return self.world.value(term, known)

    # --- values as TLA+ writes them ------------------------------------------------------------------

    def written(self, value: Value, shape: Shape) -> str:
        if isinstance(value, Term):
            return self.text(self.value(value))
        if isinstance(value, RecordValue) and isinstance(shape, meanings.RecordShape):
            fields = [f"{name} |-> {self.written(item, shape.fields[name])}" for name, item in value.fields.items()]
            return f"[{', '.join(fields)}]"
        if isinstance(value, RecordValue):  # where another kind of record may stand, too
            return self.element(value)
        if isinstance(value, OptionalValue) and isinstance(shape, meanings.OptionalShape):
            if self.value(value.there) is terms.TRUE:
                return self.written(value.some, shape.some)
            return self.element(value.none)
        if isinstance(value, TupleValue) and isinstance(shape, meanings.TupleShape):
            return f"<<{', '.join([self.written(*pair) for pair in zip(value.items, shape.items)])}>>"
        if isinstance(value, SetValue):
            members = [self.element(item) for item in self.members(value)]
            more = ", ..." if len(members) > MEMBERS_MAX else ""
            return f"{{{', '.join(members[:MEMBERS_MAX])}{more}}}"
        if isinstance(value, SequenceValue) and isinstance(shape, meanings.SequenceShape):
            length = min(self.value(value.length).value, NUMBERS_MAX)
            items = [self.written(value.at(terms.integer(at)), shape.element) for at in range(1, length + 1)]
            return f"<<{', '.join(items)}>>"
        assert isinstance(value, FunctionValue)
        assert isinstance(shape, meanings.FunctionShape | meanings.PartialShape)
        pairs = [
            f"{self.element(at)} :> {self.written(value.at(at), shape.range)}" for at in self.members(value.domain)
        ]
        return f"({' @@ '.join(pairs)})"

    def members(self, domain: SetValue) -> list[Value]:
        """The elements of a set in the model."""
        if domain.items is not None:
            return list(domain.items)
        if domain.element is None:
            return []
        if domain.parts and not meanings.is_flat(domain.element):
            return [item for part in domain.parts for item in self.members(part)]
        variables: list[Term] = []
        element, inside = meanings.picked(domain, "x", variables)
        found: list[Value] = []
        for given in product(*[self.world.elements.get(item.sort, []) for item in variables]):
            if self.value(inside, dict(zip(variables, given))) is terms.TRUE:
                found.append(_replaced(element, dict(zip(variables, given))))
        return found

    def element(self, value: Value) -> str:
        return self.written(value, meanings.shape_of(value))

    def text(self, value: Term) -> str:
        if value in (terms.TRUE, terms.FALSE):
            return "TRUE" if value is terms.TRUE else "FALSE"
        return self.names.get(value, str(value.value) if value.op == "int" else value.name)


def _replaced(value: Value, given: dict[Term, Term]) -> Value:
    if isinstance(value, Term):
        return terms.substituted(value, given)
    if isinstance(value, RecordValue):
        return RecordValue({name: _replaced(item, given) for name, item in value.fields.items()})
    if isinstance(value, OptionalValue):
        some = _replaced(value.some, given)
        assert isinstance(some, RecordValue)
        return OptionalValue(terms.substituted(value.there, given), some, value.none)
    if isinstance(value, FunctionValue):
        function = value
        return FunctionValue(function.domain, lambda item: _replaced(function.at(item), given))
    assert isinstance(value, TupleValue)
    return TupleValue(tuple([_replaced(item, given) for item in value.items]))

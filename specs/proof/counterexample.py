"""Shows a refuted obligation as TLA+ states: a counterexample to induction.

Theory. z3's model is finite: a list of elements for each sort, a value for each symbol at each argument. So formulas
can be worked out in it, and functions written down as TLA+ writes them. The state need not be reachable: the invariant,
or the facts that the step cites, may be too weak.

Rules. Whole numbers range over those that the model's numbers lie between, and one more on each side.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

from specs.proof import meanings, solvers, terms
from specs.proof.meanings import (
    FunctionValue,
    OptionalValue,
    RecordValue,
    SequenceValue,
    SetValue,
    Shape,
    TupleValue,
    Value,
)
from specs.proof.obligations import Obligation, Prover
from specs.proof.terms import Term

NUMBERS_MAX = 12  # more are not written out
SMALL = 4
MEMBERS_MAX = 8


def lines(prover: Prover, obligation: Obligation, question: str) -> list[str]:
    """The state before, the state after if there is one, and what the names stand for. Nothing without a model."""
    model = solvers.model(question + _small(obligation)) or solvers.model(question)
    return [] if model is None else list(_Shown(prover, model).lines(obligation))


def _small(obligation: Obligation) -> str:
    """Asks for small numbers: such a state is easier to read."""
    used = terms.parts([*obligation.facts, obligation.goal])
    constants = {item.name for item in used if item.sort == terms.INT and item.op == "app" and not item.args}
    constants |= {item.name for item in obligation.free if item.sort == terms.INT}
    return "".join([f"(assert (<= -1 {name} {SMALL}))\n" for name in map(terms.quoted, sorted(constants))])


class _Shown:
    def __init__(self, prover: Prover, model: Any) -> None:
        self.prover, self.model = prover, model
        self.symbols = {item.name(): item for item in model.decls()}
        self.names: dict[str, str] = {}
        self.elements: dict[str, list[Term]] = {}
        self.values: dict[str, Any] = {}
        for sort in model.sorts():
            found = [str(item) for item in model.get_universe(sort)]
            for at, item in enumerate(model.get_universe(sort)):
                name = f"{sort.name().lower()}{at + 1}" if len(found) > 1 else sort.name().lower()
                self.names[str(item)], self.values[name] = name, item
                self.elements.setdefault(sort.name(), []).append(terms.apply(name, (), sort.name()))
        for item in model.decls():  # a text is shown as itself
            if item.name().startswith("str.") and item.arity() == 0:
                name = f'"{item.name().removeprefix("str.")}"'
                self.values[name] = self.model[item]
                self.names[str(self.model[item])] = name
        constants = [self.model[item] for item in model.decls() if item.arity() == 0]
        numbers = [0, *[item.as_long() for item in constants if hasattr(item, "as_long")]]
        least, most = max(min(numbers), -2), min(max(numbers), NUMBERS_MAX)
        self.elements[terms.INT] = [terms.integer(at) for at in range(least - 1, most + 2)]
        self.elements[terms.BOOL] = [terms.FALSE, terms.TRUE]

    def lines(self, obligation: Obligation) -> Iterator[str]:
        translator = self.prover.translator
        used = terms.symbols([*obligation.facts, obligation.goal])
        for name, shape in translator.shapes.items():
            if name in self.prover.names.constants and (name in used or name in self.elements):
                yield f"{name} = {self.written(translator.constant_value(name), shape)}"
        for family in translator.families:
            sets = [translator.family_member(family, item) for item in self.elements.get(family, ())]
            yield f"{family}: " + ", ".join(sorted({self.written(item, meanings.shape_of(item)) for item in sets}))
        for item in sorted(obligation.free, key=lambda item: item.name):
            yield f"{item.name} = {self.text(self.value(item, {}))}"
        for name in self.prover.names.variables:
            if any(symbol == name or symbol.startswith(f"{name}.") for symbol in used):
                before = self.written(self.prover.before.get(name), translator.shapes[name])
                yield f"/\\ {name} = {before}"
                if obligation.after is not None:
                    after = self.written(obligation.after.get(name), translator.shapes[name])
                    if after != before:
                        yield f"   {name}' = {after}"

    def value(self, term: Term, names: dict[Term, Any]) -> Any:
        """The value of a term in the model: a number, a truth, or an element."""
        if term.op == "var" and term in names:
            return names[term]
        if term.op == "int":
            return term.value
        if term.op in ("true", "false"):
            return term.op == "true"
        if term.op in ("forall", "exists"):
            choices = product(*[self.elements.get(item.sort, []) for item in term.bound])
            found = (
                self.value(term.args[0], {**names, **dict(zip(term.bound, [self.value(one, {}) for one in given]))})
                for given in choices
            )
            return all(found) if term.op == "forall" else any(found)
        if term.op == "ite":
            return self.value(term.args[1 if self.value(term.args[0], names) else 2], names)
        args = [self.value(item, names) for item in term.args]
        return self._applied(term, args)

    def _applied(self, term: Term, args: list[Any]) -> Any:
        op = term.op
        if op in ("app", "var"):
            if term.name in self.values and not args:
                return term.name
            symbol = self.symbols.get(term.name)
            if symbol is None:
                return self._any(term.sort)
            given = [self.values.get(item, item) if isinstance(item, str) else item for item in args]
            found = self.model.eval(symbol(*given), model_completion=True)
            if term.sort == terms.BOOL:
                return str(found) == "True"
            return found.as_long() if term.sort == terms.INT else self.names.get(str(found), str(found))
        if op == "and":
            return all(args)
        if op == "or":
            return any(args)
        if op == "not":
            return not args[0]
        if op == "=>":
            return not args[0] or args[1]
        left, right = args
        table = {"=": left == right}
        if op != "=":
            table = {"<": left < right, "<=": left <= right, "+": left + right, "-": left - right, "*": left * right}
        return table[op]

    def _any(self, sort: str) -> Any:
        if sort == terms.BOOL:
            return False
        return 0 if sort == terms.INT else self.value(self.elements[sort][0], {}) if self.elements.get(sort) else "any"

    # --- values as TLA+ writes them ------------------------------------------------------------------

    def written(self, value: Value, shape: Shape) -> str:
        if isinstance(value, Term):
            return self.text(self.value(value, {}))
        if isinstance(value, RecordValue) and isinstance(shape, meanings.RecordShape):
            fields = [f"{name} |-> {self.written(item, shape.fields[name])}" for name, item in value.fields.items()]
            return f"[{', '.join(fields)}]"
        if isinstance(value, OptionalValue) and isinstance(shape, meanings.OptionalShape):
            if self.value(value.there, {}):
                return self.written(value.some, shape.some)
            return self.element(value.none)
        if isinstance(value, TupleValue) and isinstance(shape, meanings.TupleShape):
            return f"<<{', '.join([self.written(*pair) for pair in zip(value.items, shape.items)])}>>"
        if isinstance(value, SetValue):
            members = [self.element(item) for item in self.members(value)]
            more = ", ..." if len(members) > MEMBERS_MAX else ""
            return f"{{{', '.join(members[:MEMBERS_MAX])}{more}}}"
        if isinstance(value, SequenceValue) and isinstance(shape, meanings.SequenceShape):
            length = min(self.value(value.length, {}), NUMBERS_MAX)
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
        for given in product(*[self.elements.get(item.sort, []) for item in variables]):
            if self.value(inside, {name: self.value(one, {}) for name, one in zip(variables, given)}):
                found.append(_replaced(element, dict(zip(variables, given))))
        return found

    def element(self, value: Value) -> str:
        return self.written(value, meanings.shape_of(value))

    def text(self, value: Any) -> str:
        if isinstance(value, bool):
            return "TRUE" if value else "FALSE"
        return str(value)


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

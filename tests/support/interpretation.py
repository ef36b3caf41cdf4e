"""Gives the symbols of a translated module their values in concrete states, and evaluates formulas there.

Theory. The formulas that go to solvers are first-order. In a concrete state each symbol is a table, each sort a finite
list. So the truth of a formula can be worked out, and compared with what the evaluator of TLA+ says of the expression
that it came from.
"""

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations, product

from specs import tla
from specs.proof.obligations import Prover
from specs.proof.translation import meanings, terms, values
from specs.proof.translation.context import expressions
from specs.proof.translation.meanings import (
    Basic,
    FunctionShape,
    Only,
    OptionalShape,
    PartialShape,
    RecordShape,
    SequenceShape,
    SetShape,
    SetValue,
    Shape,
    TupleShape,
    UnionShape,
)
from specs.proof.translation.terms import Term
from specs.tla.syntax import tree
from tests.support.formulas import Atom, Relation, Space, Table
from tests.support.loops import NUMBERS

LISTED = range(12)  # elements of a set of values that contain functions: more than any set here has
DRAWN = range(-2, 8)  # whole numbers in damaged states: more than any bound of the models here


def texts_of(prover: Prover) -> set[str]:
    """Texts that stand in the modules, but for those that only name a field."""
    nodes = [node for definition in prover.names.definitions.values() for node in expressions(definition.body)]
    fields = {id(node.argument) for node in nodes if isinstance(node, tree.Index)}
    literals = [node for node in nodes if isinstance(node, tree.Literal) and id(node) not in fields]
    return {node.value for node in literals if isinstance(node.value, str)}


def named(name: str) -> str:
    """What an operator of an instance is called in `of_instances`."""
    return name.replace("!", "_")


def of_instances(definitions: Mapping[str, tree.Definition]) -> str:
    """Definitions that give the evaluator a name for each operator of an instance."""
    found = {name: item.parameters for name, item in definitions.items() if "!" in name}
    calls = {name: f"({', '.join([one.name for one in given])})" if given else "" for name, given in found.items()}
    return "".join([f"{named(name)}{given} == {name}{given}\n" for name, given in calls.items()])


class Interpretation:
    """Concrete constants: a list for each sort, a table for each symbol."""

    def __init__(self, prover: Prover, module: tla.Module, constants: dict[str, object]) -> None:
        self.prover, self.module = prover, module
        self.given, self._named = constants, dict[str, list[object]]()
        shapes = prover.translator.shapes
        self.sorts: dict[str, list[Atom]] = {terms.INT: list(NUMBERS), terms.BOOL: [False, True]}
        self.constants: dict[str, Table] = {}
        for name, value in constants.items():
            shape = shapes.get(name)
            if isinstance(shape, SetShape) and shape.element == Basic(name):
                others = [other for other in constants if shapes.get(other) == Basic(name)]
                self.sorts[name] = [*sorted(value, key=str), *[constants[other] for other in others]]
        relations = {found: fixed for name, shape in shapes.items() for found, fixed in _relations(shape, name, 0)}
        later = {f"next.{name}": fixed for name, fixed in relations.items()}
        self.space = Space(self.sorts, prover.translator.choices, relations | later)
        self._elements: dict[SetValue, list[object]] = {}
        texts = [item for value in constants.values() for item in (value if isinstance(value, frozenset) else [value])]
        self.sorts[meanings.STRING] = sorted(
            {"", *texts_of(prover), *[item for item in texts if isinstance(item, str)]}
        )
        for name, value in constants.items():
            if name in shapes:
                self.put(self.constants, shapes[name], name, value)

    def families(self) -> None:
        """Sorts of sets, such as IsQuorum: call it when everything has been translated."""
        for name, whole in self.prover.translator.families.items():
            items = self.sorts.get(whole) or self.named(whole)
            subsets = [frozenset(found) for size in range(len(items) + 1) for found in combinations(items, size)]
            self.sorts[name] = [found for found in subsets if self.module.value(named(name), None, found)]

    def enter(self, tables: Mapping[str, Table], seed: int = 0) -> None:
        """From here formulas speak of the state with these tables. `seed`: for what no table says."""
        self.space.enter({**self.constants, **tables}, seed)

    def named(self, name: str) -> list[object]:
        """The elements of a constant set, in order."""
        if name not in self._named:
            found = self.given.get(name) or self.module.value(name)
            found = found.worked_out() if hasattr(found, "worked_out") else found
            self._named[name] = sorted(found, key=str)  # type: ignore[call-overload]
        return self._named[name]

    def tables(self, state: tla.State, prefix: str = "") -> dict[str, Table]:
        """The tables of the variables in a state."""
        found: dict[str, Table] = {}
        for name in self.prover.names.variables:
            self.put(found, self.prover.translator.shapes[name], f"{prefix}{name}", state[name])
        return found

    def put(
        self, tables: dict[str, Table], shape: Shape, name: str, value: object, args: tuple[Atom, ...] = ()
    ) -> None:
        if isinstance(shape, Basic):
            tables.setdefault(name, {})[args] = atom(value)
        elif isinstance(shape, RecordShape):
            for field, inner in shape.fields.items():
                self.put(tables, inner, f"{name}.{field}", value[field], args)  # type: ignore[index]
        elif isinstance(shape, OptionalShape):
            there = is_there(shape, value)
            tables.setdefault(f"{name}.?", {})[args] = there
            if there:
                self.put(tables, shape.some, name, value, args)
        elif isinstance(shape, TupleShape):
            for at, inner in enumerate(shape.items):
                self.put(tables, inner, f"{name}.{at + 1}", value[at], args)  # type: ignore[index]
        elif isinstance(shape, SetShape) and isinstance(shape.element, UnionShape):
            kinds = [kind_of(shape.element, item) for item in value]  # type: ignore[attr-defined]
            for at, case in enumerate(shape.element.cases):
                items = [item for item, kind in zip(value, kinds) if kind == at]  # type: ignore[call-overload]
                self.put(tables, SetShape(case), f"{name}.{values.tag(case, at)}", items, args)
        elif isinstance(shape, SetShape) and not meanings.is_flat(shape.element):
            self._put_listed(tables, shape.element, name, value, args)
        elif isinstance(shape, SetShape):
            _relation(tables, name, args).put(args, [flattened(shape.element, item) for item in value])  # type: ignore[attr-defined]
        elif isinstance(shape, SequenceShape):
            tables.setdefault(f"{name}.len", {})[args] = len(value)  # type: ignore[arg-type]
            for at, item in enumerate(value, 1):  # type: ignore[arg-type,var-annotated]
                self.put(tables, shape.element, f"{name}.at", item, (*args, at))
        elif isinstance(shape, PartialShape):
            keys = [flattened(shape.key, key) for key, _ in pairs_of(value)]
            _relation(tables, f"{name}.dom", args).put(args, keys)
            for key, inner in pairs_of(value):
                self.put(tables, shape.range, name, inner, (*args, *flattened(shape.key, key)))
        else:
            self._put_function(tables, shape, name, value, args)

    def _put_listed(
        self, tables: dict[str, Table], element: Shape, name: str, value: object, args: tuple[Atom, ...]
    ) -> None:
        items = sorted(value, key=str)  # type: ignore[call-overload]
        assert len(items) <= len(LISTED)
        self.sorts[f"{name}.each"] = list(LISTED)
        for at in LISTED:
            tables.setdefault(f"{name}.dom", {})[(*args, at)] = at < len(items)
        for at, item in enumerate(items):
            self.put(tables, element, f"{name}.each", item, (*args, at))

    def _put_function(
        self, tables: dict[str, Table], shape: FunctionShape, name: str, value: object, args: tuple[Atom, ...]
    ) -> None:
        items, element = shape.domain.items, shape.domain.element
        assert element is not None
        for key, inner in pairs_of(value):
            if items is not None:
                self.put(tables, shape.range, f"{name}.{key}", inner, args)
            else:
                self.put(tables, shape.range, name, inner, (*args, *flattened(element, key)))

    # --- random values -------------------------------------------------------------------------------

    def elements(self, domain: SetValue) -> list[object]:
        """The elements of a constant set."""
        if domain not in self._elements:
            self._elements[domain] = self._worked_out(domain)
        return self._elements[domain]

    def _worked_out(self, domain: SetValue) -> list[object]:
        if domain.items is not None:
            formulas = [Formula(item, self) for item in domain.items if isinstance(item, Term)]
            self.enter({})
            return [formula.value() for formula in formulas]
        assert domain.element is not None
        variables: list[Term] = []
        term = domain.has(meanings.bound(domain.element, "x", variables))
        inside = Formula(term, self, variables)
        self.enter({})
        found = product(*[self.sorts[item.sort] for item in variables])
        inner = [values for values in found if inside.value(*values)]
        return [values[0] if isinstance(domain.element, Basic) else values for values in inner]

    def drawn(self, shape: Shape, draw: random.Random) -> object:
        """A value of a shape."""
        if isinstance(shape, Basic):
            return draw.choice(DRAWN if shape.sort == terms.INT else self.sorts[shape.sort])
        if isinstance(shape, Only):
            return text_of(shape)
        if isinstance(shape, UnionShape):
            return self.drawn(draw.choice(shape.cases), draw)
        if isinstance(shape, RecordShape):
            return {field: self.drawn(inner, draw) for field, inner in shape.fields.items()}
        if isinstance(shape, OptionalShape):
            none = {name: item.value for name, item in shape.none.fields.items() if isinstance(item, Term)}
            return self.drawn(shape.some, draw) if draw.random() < 0.5 else none
        if isinstance(shape, TupleShape):
            return tuple(self.drawn(inner, draw) for inner in shape.items)
        if isinstance(shape, SetShape):
            return {tla.of_python(self.drawn(shape.element, draw)) for _ in range(draw.randrange(4))}
        if isinstance(shape, SequenceShape):
            return tuple(self.drawn(shape.element, draw) for _ in range(draw.randrange(3)))
        if isinstance(shape, PartialShape):
            return {self.drawn(shape.key, draw): self.drawn(shape.range, draw) for _ in range(draw.randrange(3))}
        return {key: self.drawn(shape.range, draw) for key in self.elements(shape.domain)}


def facts(world: Interpretation, tables: dict[str, Table], symbols: Iterable[Term]) -> list[Term]:
    """What a solver has to know to decide the same: the elements of each sort, and the tables of these symbols."""
    sorts = {name: items for name, items in world.sorts.items() if name not in (terms.INT, terms.BOOL)}
    found: list[Term] = []
    for sort, items in sorts.items():
        ours, variable = [_element(sort, item) for item in items], terms.variable("x", sort)
        found += [terms.negation(terms.equal(one, other)) for one, other in combinations(ours, 2)]
        found.append(terms.forall([variable], terms.disjunction([terms.equal(variable, item) for item in ours])))
    for item in symbols:
        table = {**world.constants, **tables}.get(item.name, {})
        if item.name.endswith(".has"):
            family, whole = item.args[0].sort, item.args[1].sort
            table = {(one, member): member in one for one in sorts[family] for member in world.sorts[whole]}
        if isinstance(table, Relation):
            every = product(*[world.sorts[part.sort] for part in item.args])
            table = {args: table.get(args, False) for args in every if args[: table.fixed] in table.sets}
        for args, value in table.items():
            given = [_element(part.sort, arg) for part, arg in zip(item.args, args)]
            found.append(terms.equal(terms.apply(item.name, given, item.sort), _element(item.sort, value)))
    return found


def _element(sort: str, value: Atom) -> Term:
    if sort == terms.BOOL:
        return terms.truth(value is True)
    if sort == terms.INT:
        assert isinstance(value, int)
        return terms.integer(value)
    written = "-".join(sorted(value)) if isinstance(value, frozenset) else str(value)
    return terms.apply(f"element.{sort}.{written}", (), sort)


class Formula:
    """A term as a Python function of some variables, for many states: see `Interpretation.enter`."""

    def __init__(self, term: Term, world: Interpretation, parameters: Sequence[Term] = ()) -> None:
        self.term, self.symbols = term, terms.symbols([term])
        self.value = world.space.compiled(term, parameters)


def pairs_of(value: object) -> Iterable[tuple[object, object]]:
    """Arguments and values of a function, which the evaluator may keep as a tuple."""
    return value.items() if isinstance(value, dict) else enumerate(value, 1)  # type: ignore[arg-type]


def is_there(shape: OptionalShape, value: object) -> bool:
    """Whether the value is a record of the first kind."""
    return set(dict(pairs_of(value))) == set(shape.some.fields)


def atom(value: object) -> Atom:
    return bool(value) if type(value).__name__ == "Boolean" else value


def sorts_of(shape: Shape) -> list[str]:
    return [item.sort for item in meanings.flat(meanings.symbol(shape, "any", ()))]


def flattened(shape: Shape, value: object) -> tuple[Atom, ...]:
    """The atoms of a value without functions, sets and sequences, in the order of `meanings.flat`."""
    if isinstance(shape, RecordShape):
        return tuple([item for name, inner in shape.fields.items() for item in flattened(inner, value[name])])  # type: ignore[index]
    if isinstance(shape, TupleShape):
        return tuple([item for at, inner in enumerate(shape.items) for item in flattened(inner, value[at])])  # type: ignore[index]
    return () if isinstance(shape, Only) else (atom(value),)


def text_of(shape: Only) -> str:
    return shape.literal.name.removeprefix("str.")


def kind_of(shape: UnionShape, value: object) -> int:
    """Which of its cases the value is: records that differ in their fields, or in the literal of one."""
    return next(at for at, case in enumerate(shape.cases) if _fits(case, value))


def _fits(shape: Shape, value: object) -> bool:
    if isinstance(shape, Only):
        return value == text_of(shape)
    if not isinstance(shape, RecordShape):
        return True
    fields = dict(pairs_of(value))
    return fields.keys() == shape.fields.keys() and all(_fits(shape.fields[name], fields[name]) for name in fields)


def _relation(tables: dict[str, Table], name: str, args: tuple[Atom, ...]) -> Relation:
    found = tables.setdefault(name, Relation(len(args)))
    assert isinstance(found, Relation)
    return found


def _relations(shape: Shape, name: str, fixed: int) -> Iterator[tuple[str, int]]:
    """The symbols of sets in a value of this shape, each with how many arguments say which set it is."""
    if isinstance(shape, RecordShape):
        for field, inner in shape.fields.items():
            yield from _relations(inner, f"{name}.{field}", fixed)
    elif isinstance(shape, TupleShape):
        for at, inner in enumerate(shape.items, 1):
            yield from _relations(inner, f"{name}.{at}", fixed)
    elif isinstance(shape, OptionalShape):
        yield from _relations(shape.some, name, fixed)
    elif isinstance(shape, SequenceShape):
        yield from _relations(shape.element, f"{name}.at", fixed + 1)
    elif isinstance(shape, PartialShape):
        yield f"{name}.dom", fixed
        yield from _relations(shape.range, name, fixed + len(sorts_of(shape.key)))
    elif isinstance(shape, SetShape) and isinstance(shape.element, UnionShape):
        for at, case in enumerate(shape.element.cases):
            yield f"{name}.{values.tag(case, at)}", fixed
    elif isinstance(shape, SetShape) and meanings.is_flat(shape.element):
        yield name, fixed
    elif isinstance(shape, FunctionShape) and shape.domain.items is None:
        assert shape.domain.element is not None
        yield from _relations(shape.range, name, fixed + len(sorts_of(shape.domain.element)))
    elif isinstance(shape, FunctionShape):
        for item in shape.domain.items or ():
            yield from _relations(shape.range, f"{name}.{terms.show(item).removeprefix('str.')}", fixed)  # type: ignore[arg-type]


def walks(
    module: tla.Module,
    draw: random.Random,
    steps: int,
    bounds: Iterable[tuple[str, int]] = (),
    initial: str = "Init",
    relation: str = "Next",
) -> Iterator[tuple[tla.State, tla.State]]:
    """Steps of random behaviours, each from an initial state."""
    starts = list(module.initials(initial))
    while True:
        state = draw.choice(starts)
        for _ in range(draw.randrange(1, steps)):
            following = list(module.successors(relation, state))
            if not following or any(_most(state[name]) > bound for name, bound in bounds):
                break
            after = draw.choice(following)
            yield state, after
            state = after


def _most(value: object) -> int:
    """A number, or the largest value of a function."""
    return value if isinstance(value, int) else max(_most(inner) for _, inner in pairs_of(value))


def damaged(world: Interpretation, state: tla.State, draw: random.Random) -> tla.State:
    """The state with a part of a variable changed, so that invariants break, too."""
    shapes = world.prover.translator.shapes
    name = draw.choice(world.prover.names.variables)
    return world.module.replace(state, **{name: _damaged(world, shapes[name], state[name], draw)})


def _damaged(world: Interpretation, shape: Shape, value: object, draw: random.Random) -> object:
    if isinstance(shape, UnionShape):
        shape = shape.cases[kind_of(shape, value)]
    if isinstance(shape, RecordShape) and draw.random() < 0.9:
        fields = dict(pairs_of(value))
        name = draw.choice(sorted(shape.fields))
        return {**fields, name: _damaged(world, shape.fields[name], fields[name], draw)}
    if isinstance(shape, OptionalShape) and is_there(shape, value) and draw.random() < 0.8:
        return _damaged(world, shape.some, value, draw)
    if isinstance(shape, SetShape) and value and draw.random() < 0.9:
        one = draw.choice(sorted(value, key=str))  # type: ignore[call-overload]
        return {*value, tla.of_python(_damaged(world, shape.element, one, draw))} - {one}  # type: ignore[misc]
    pairs = dict(pairs_of(value)) if isinstance(shape, FunctionShape | PartialShape) else {}
    if pairs and draw.random() < 0.9:
        assert isinstance(shape, FunctionShape | PartialShape)
        key = draw.choice(sorted(pairs, key=str))
        return {**pairs, key: _damaged(world, shape.range, pairs[key], draw)}
    return world.drawn(shape, draw)


def arguments(world: Interpretation, sets: Iterable[str], draw: random.Random) -> list[object]:
    """One element of each of the named constant sets."""
    return [draw.choice(world.named(name)) for name in sets]

"""Evaluates one formula on state after state, and again only the parts whose inputs have changed.

Theory. A formula that is true of one state is true of another if all that it reads is equal there. A conjunction of
`\\A x \\in S : P` with constant S is a table of instances of P, one per choice of the variables. An instance that reads
a function variable as `v[x][y]` depends only on that entry. So in the next state only instances that read a changed
entry are evaluated: for invariants over pairs of n boards some n of them, not n * n. A formula over a step is treated
likewise, with both of its states.

Rules. What an instance reads is derived from the text, through definitions; where that is impossible, it reads all. A
formula not found true here is evaluated by `full`, the plain evaluation: every "false" and every error comes from it.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass, replace
from typing import TypeAlias

from specs.tla.language.compiler import Compiler
from specs.tla.language.contexts import (
    Bound,
    Code,
    Context,
    Local,
    LocalMeaning,
    Named,
    NeedsNames,
    applied,
    joined,
    resolve,
)
from specs.tla.language.located import NO_VALUE
from specs.tla.language.meanings import Constant, Fixed, Operator, Substitution, Variable
from specs.tla.language.standard import Builtin
from specs.tla.language.temporal import TEMPORAL, Formula
from specs.tla.syntax import tree
from specs.tla.syntax.tree import Expression, ModuleError, Place
from specs.tla.values.sets import in_order
from specs.tla.values.values import Function, Value

NODES_MAX = 20_000  # of a formula with all its definitions: a larger one is always evaluated as a whole
INSTANCES_MAX = 100_000  # of a quantifier that is split into instances
PATTERNS_MAX = 1_000  # of changes, whose instances a clause remembers,
REMEMBERED_MAX = 1_000  # unless they are more than this
DEPTH = 2  # arguments that distinguish the entries of a variable: v[x][y]

Values: TypeAlias = tuple[Value, ...]
Test: TypeAlias = Callable[[Values, Values | None], bool]
Inner: TypeAlias = Collection[Value] | None  # arguments at which a value has changed; None: as a whole
Change: TypeAlias = Mapping[Value, Inner] | None  # the same of a variable, by the first argument
Pattern: TypeAlias = tuple[object, ...]  # changes, in a form that finds what is known of them
Keys: TypeAlias = tuple[int | None, ...]  # arguments of a variable, as indexes of bound variables; None: any


class _Opaque(Exception):
    """What a formula reads cannot be derived from its text."""


class Incremental:
    """`holds(before, after)` equals `full(before, after)`, and is faster if the previous call had a similar pair.

    `after` is None for a formula over one state. Raises EvaluationError where `full` does.
    """

    def __init__(self, compiler: Compiler, formula: Formula, full: Test, differences: Differences) -> None:
        self._compiler, self._formula, self._full, self._differences = compiler, formula, full, differences
        self._excuses: list[Test] = []  # alternatives, any of which makes the formula true: `UNCHANGED v` in `[A]_v`
        self._clauses: list[_Clause] | None = None  # of the last alternative
        self._true_of: tuple[Values, Values | None] | None = None  # the last pair for which all clauses were true

    def __call__(self, before: Values, after: Values | None = None) -> bool:
        if self._clauses is None:
            self._clauses = self._compiled()
        if not self._clauses:
            return self._full(before, after)
        try:
            for excuse in self._excuses:
                if excuse(before, after):
                    return True  # the clauses were not evaluated: keep the older `_true_of`
            if self._true_of is not None and self._is_still_true(self._clauses, before, after, *self._true_of):
                self._true_of = before, after
                return True
        except NO_VALUE:
            pass
        holds = self._full(before, after)
        if holds:
            self._true_of = before, after
        return holds

    def _is_still_true(
        self, clauses: Iterable[_Clause], before: Values, after: Values | None, old: Values, old_after: Values | None
    ) -> bool:
        changes = [self._differences.between(old, before)]
        if old_after is not None and after is not None:
            changes.append(self._differences.between(old_after, after))
        for clause in clauses:
            for choice in clause.touched(changes):
                if not clause.test(before, after, *choice):
                    return False
        return True

    def _compiled(self) -> list[_Clause]:
        """The clauses. None if the formula cannot be split."""
        try:
            excuses, rest = _excused(self._formula)
            self._excuses = [self._compiler.closure(item.expression, item.context, True)[0] for item in excuses]
            return list(_clauses(self._compiler, rest.expression, rest.context, (), ()))
        except (_Opaque, ModuleError, NeedsNames, RecursionError):
            return []


def _excused(formula: Formula) -> tuple[list[Formula], Formula]:
    """The alternatives before the last one, and the last one."""
    excuses: list[Formula] = []
    while True:
        node, context = formula.expression, formula.context
        if isinstance(node, tree.BoxAction) and node.stutter:
            excuses.append(Formula(tree.Unchanged(place=node.place, operand=node.subscript), context))
            formula = Formula(node.action, context)
        elif isinstance(node, tree.Junction) and not node.conjunction:
            excuses += [Formula(item, context) for item in node.items[:-1]]
            formula = Formula(node.items[-1], context)
        else:
            return excuses, formula


# --- what has changed -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Changes:
    """Where two states differ: by the variable's index in the state."""

    of: Mapping[int, Change]
    pattern: Pattern

    @classmethod
    def at(cls, of: Mapping[int, Change]) -> Changes:
        return cls(of, tuple([(index, _pattern(change)) for index, change in of.items()]))


class Differences:
    """Where two states differ. Formulas that are evaluated on the same states share one cache."""

    def __init__(self) -> None:
        self._latest: list[tuple[Values, Values, Changes]] = []

    def between(self, old: Values, new: Values) -> Changes:
        for known_old, known_new, changes in self._latest:
            if known_old is old and known_new is new:
                return changes
        pairs = enumerate(zip(old, new))
        changes = Changes.at({index: _change(before, after) for index, (before, after) in pairs if before is not after})
        self._latest = [(old, new, changes), *self._latest[:1]]
        return changes


def _change(old: Value, new: Value) -> Change:
    pairs = _pairs(old, new)
    if pairs is None:
        return None if old != new else {}
    found: dict[Value, Inner] = {}
    for key, before, after in pairs:
        if before is not after and before != after:
            inner = _pairs(before, after)
            found[key] = None if inner is None else [argument for argument, a, b in inner if a is not b and a != b]
    return found


def _pattern(change: Change) -> object:
    if change is None:
        return None
    return tuple([(key, None if inner is None else tuple(inner)) for key, inner in change.items()])


def _pairs(old: Value, new: Value) -> Iterable[tuple[Value, Value, Value]] | None:
    """(argument, old value, new value) of two functions with one domain. None if they are something else."""
    if type(old) is tuple and type(new) is tuple and len(old) == len(new):
        return zip(itertools.count(1), old, new)
    if type(old) is Function and type(new) is Function and old.keys() == new.keys():
        return [(key, old[key], value) for key, value in new.items()]
    return None


# --- clauses --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Variable:
    """A bound variable of a split quantifier: its Python name and its values."""

    text: str
    values: tuple[Value, ...]
    known: frozenset[Value]


@dataclass(frozen=True, slots=True)
class _Clause:
    """`\\A variables : test`. `reads`: (is primed, variable) -> the entries that an instance reads there."""

    variables: tuple[_Variable, ...]
    test: Callable[..., bool]  # f(before, after, one value per variable)
    reads: Mapping[tuple[bool, int], Sequence[Keys]]
    known: dict[Pattern, tuple[tuple[Value, ...], ...]] = field(default_factory=dict)  # instances, by what has changed

    def touched(self, changes: Sequence[Changes]) -> Iterable[tuple[Value, ...]]:
        """The instances that read a changed entry. `changes`: those of the first state, then of the second."""
        pattern = tuple([of_state.pattern for of_state in changes])
        found = self.known.get(pattern)
        if found is None:
            found = tuple(self._touched(changes))
            if len(self.known) >= PATTERNS_MAX:
                self.known.clear()
            if len(found) <= REMEMBERED_MAX:
                self.known[pattern] = found
        return found

    def _touched(self, changes: Sequence[Changes]) -> Iterable[tuple[Value, ...]]:
        found: dict[tuple[Value, ...], None] = {}
        for is_primed, of_state in enumerate(changes):
            for index, change in of_state.of.items():
                for keys in self.reads.get((bool(is_primed), index), ()):
                    for fixed in self._fixed(keys, change):
                        found.update(dict.fromkeys(self._choices(fixed)))
        return found

    def _fixed(self, keys: Keys, change: Change) -> Iterator[dict[int, Value]]:
        """The bound variables whose values a changed entry fixes, for each changed entry."""
        if change is None or not keys:
            yield {}
            return
        first, second = (*keys, None)[:DEPTH]
        for key, inner in change.items():
            fixed = {} if first is None else {first: key}
            if inner is None or second is None:
                yield fixed
                continue
            for argument in inner:
                if second != first or argument == key:
                    yield {**fixed, second: argument}

    def _choices(self, fixed: Mapping[int, Value]) -> Iterable[tuple[Value, ...]]:
        if any(value not in self.variables[index].known for index, value in fixed.items()):
            return ()
        ranges = [
            (fixed[index],) if index in fixed else variable.values for index, variable in enumerate(self.variables)
        ]
        return itertools.product(*ranges)


def _clauses(
    compiler: Compiler,
    node: Expression,
    context: Context,
    variables: tuple[_Variable, ...],
    guards: tuple[Formula, ...],
) -> Iterator[_Clause]:
    """The clauses equivalent to `guards => node`."""
    if isinstance(node, tree.Junction) and node.conjunction:
        for item in node.items:
            yield from _clauses(compiler, item, context, variables, guards)
        return
    if isinstance(node, tree.Quantified) and node.universal:
        opened = _opened(compiler, node, context)
        if opened is not None and _size((*variables, *opened[0])) <= INSTANCES_MAX:
            yield from _clauses(compiler, node.body, opened[1], (*variables, *opened[0]), guards)
            return
    if isinstance(node, tree.Apply) and not node.path:
        meaning = resolve(node, context)
        if meaning is None and node.name == "=>":
            guard, inner = node.arguments
            yield from _clauses(compiler, inner, context, variables, (*guards, Formula(guard, context)))
            return
        if isinstance(meaning, Operator) and not node.arguments and _is_plain(meaning):
            there = Context(scope=meaning.scope, state=context.state)
            yield from _clauses(compiler, meaning.definition.body, there, variables, guards)
            return
    if isinstance(node, tree.Prime) and not context.primed:
        yield from _clauses(compiler, node.operand, replace(context, state="t"), variables, guards)
        return
    yield _clause(compiler, (*guards, Formula(node, context)), variables)


def _size(variables: Iterable[_Variable]) -> int:
    size = 1
    for variable in variables:
        size *= len(variable.values)
    return size


def _opened(
    compiler: Compiler, node: tree.Quantified, context: Context
) -> tuple[tuple[_Variable, ...], Context] | None:
    """The variables of a quantifier and the context of its body. None if its sets are not constant."""
    variables: list[_Variable] = []
    meanings: dict[str, LocalMeaning] = {}
    for bound in node.bounds:
        function, free, code = compiler.closure(bound.domain, context, False)
        if bound.pattern or free or code.reads:
            return None
        try:
            values = tuple(itertools.islice(in_order(function(None, None)), INSTANCES_MAX + 1))
        except NO_VALUE:
            return None
        for name in bound.names:
            text = compiler.fresh(f"b_{name}_")
            meanings[name] = Bound(text)
            variables.append(_Variable(text, values, frozenset(values)))
    return tuple(variables), context.binding(meanings)


def _clause(compiler: Compiler, formulas: Sequence[Formula], variables: tuple[_Variable, ...]) -> _Clause:
    """The clause: all formulas but the last imply the last."""
    codes = [compiler.test(formula.expression, formula.context) for formula in formulas]
    text = " or ".join([*(f"not {code.text}" for code in codes[:-1]), codes[-1].text])
    whole: Code = joined(f"({text})", "test", codes)
    texts = [variable.text for variable in variables]
    test = compiler.function(["s", "t", *texts], whole, formulas[-1].expression.place)
    reads = _Reads({text: index for index, text in enumerate(texts)})
    for formula in formulas:
        reads.walk(formula.expression, formula.context)
    return _Clause(variables, test, reads.settled())


def _is_plain(operator: Operator) -> bool:
    definition = operator.definition
    return not (operator.hidden or definition.recursive or any(parameter.arity for parameter in definition.parameters))


# --- what is read ---------------------------------------------------------------------------------


@dataclass(slots=True)
class _Reads:
    """The entries of variables that a formula reads. `indexes`: of bound variables, by Python name."""

    indexes: Mapping[str, int]
    found: dict[tuple[bool, int], set[Keys]] = field(default_factory=dict)
    nodes: int = 0

    def settled(self) -> Mapping[tuple[bool, int], Sequence[Keys]]:
        return {key: [()] if () in keys else list(keys) for key, keys in self.found.items()}

    def walk(self, node: Expression, context: Context) -> None:
        """Adds what `node` reads. Raises _Opaque."""
        self.nodes += 1
        if self.nodes > NODES_MAX or isinstance(node, tree.Enabled | tree.BoxAction | TEMPORAL | tree.Unknown):
            raise _Opaque
        if isinstance(node, tree.Apply):
            self._apply(node, context)
        elif isinstance(node, tree.Index):
            self._index(node, context)
        elif isinstance(node, tree.Prime):
            self.walk(node.operand, replace(context, state="t"))
        elif isinstance(node, tree.Unchanged):
            self.walk(node.operand, context)
            self.walk(node.operand, replace(context, state="t"))
        elif isinstance(node, tree.Let):
            for definition in node.definitions:
                if isinstance(definition, tree.Instance):
                    raise _Opaque
                context = context.binding({definition.name: Local(definition, context, None)})
            self.walk(node.body, context)
        elif isinstance(node, tree.Lambda):
            self.walk(node.body, context.binding({parameter.name: Bound("") for parameter in node.parameters}))
        else:
            self._others(node, context)

    def _others(self, node: Expression, context: Context) -> None:
        """Walks the parts of any other node. What it binds is not in `indexes`."""
        bounds = [node.bound] if hasattr(node, "bound") else getattr(node, "bounds", ())
        inside = context.binding({name: Bound("") for bound in bounds for name in bound.names})
        for bound in bounds:
            self.walk(bound.domain, context)
        for item in fields(node):
            if item.name not in ("bound", "bounds"):
                self._parts(getattr(node, item.name), inside)

    def _parts(self, part: object, context: Context) -> None:
        if isinstance(part, tuple):
            for item in part:
                self._parts(item, context)
        elif isinstance(part, tree.Update):
            self._parts((part.path, part.value), context)
        elif isinstance(part, Expression):
            self.walk(part, context)
        elif is_dataclass(part) and not isinstance(part, Place):
            raise _Opaque

    def _index(self, node: tree.Index, context: Context) -> None:
        arguments: list[Expression] = []
        base: Expression = node
        while isinstance(base, tree.Index):
            arguments.insert(0, base.argument)
            base = base.function
        variable = _variable(base, context)
        if variable is None:
            self.walk(base, context)
        else:
            self._add(variable, tuple([self._bound_index(argument, context) for argument in arguments[:DEPTH]]))
        for argument in arguments:
            self.walk(argument, context)

    def _add(self, variable: tuple[Variable, bool], keys: Keys) -> None:
        while keys and keys[-1] is None:
            keys = keys[:-1]
        self.found.setdefault((variable[1], variable[0].index), set()).add(keys)

    def _bound_index(self, node: Expression, context: Context) -> int | None:
        """The index of the bound variable that an argument is. None if it is something else."""
        if not isinstance(node, tree.Apply) or node.arguments or node.path:
            return None
        meaning = resolve(node, context)
        if isinstance(meaning, Named):
            return self._bound_index(meaning.expression, meaning.context)
        return self.indexes.get(meaning.text) if isinstance(meaning, Bound) else None

    def _apply(self, node: tree.Apply, context: Context) -> None:
        if node.path:
            raise _Opaque
        variable = _variable(node, context)
        if variable is not None:
            self._add(variable, ())
            return
        for argument in node.arguments:
            self.walk(argument, context)
        meaning = resolve(node, context)
        if isinstance(meaning, Operator) and _is_plain(meaning):
            named = _named(meaning.definition, node, context)
            self.walk(meaning.definition.body, Context(scope=meaning.scope, locals=named, state=context.state))
        elif isinstance(meaning, Local) and not meaning.definition.recursive:
            there = meaning.context.like(context).binding(_named(meaning.definition, node, context))
            self.walk(meaning.definition.body, there)
        elif isinstance(meaning, Named):
            self.walk(*applied(node, meaning.expression, meaning.context.like(context), context))
        elif isinstance(meaning, Substitution) and not meaning.hidden:
            there = Context(scope=meaning.scope, state=context.state)
            self.walk(*applied(node, meaning.expression, there, context))
        elif not isinstance(meaning, Bound | Constant | Fixed | Builtin) and meaning is not None:
            raise _Opaque


def _named(definition: tree.Definition, node: tree.Apply, context: Context) -> dict[str, LocalMeaning]:
    return {
        parameter.name: Named(argument, context) for parameter, argument in zip(definition.parameters, node.arguments)
    }


def _variable(node: Expression, context: Context) -> tuple[Variable, bool] | None:
    """The variable that a name means, and whether it is primed, through parameters and instances."""
    if isinstance(node, tree.Prime) and not context.primed:
        return _variable(node.operand, replace(context, state="t"))
    if not isinstance(node, tree.Apply) or node.arguments or node.path:
        return None
    meaning = resolve(node, context)
    if isinstance(meaning, Named):
        return _variable(meaning.expression, meaning.context.like(context))
    if isinstance(meaning, Substitution) and not meaning.hidden:
        return _variable(meaning.expression, Context(scope=meaning.scope, state=context.state))
    return (meaning, context.primed) if isinstance(meaning, Variable) else None

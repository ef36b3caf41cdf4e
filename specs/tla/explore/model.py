"""A module under a TLC configuration, compiled.

Theory. A property is split (specs/tla/language/temporal.py): `[]P` is checked on each state and `[][A]_v` on each step.
SYMMETRY is the group that the given permutations of model values generate: two states are equal if an element of it
maps one to the other. VIEW maps each state to the value by which states are compared. (With both, TLC takes the view of
only one state of each orbit, so it may count states as distinct that are equal here.)

Rules. All names in the configuration are compiled when the model is made: a formula that cannot be evaluated is an
error before the first state.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from specs.tla.explore.search import Values
from specs.tla.language import temporal
from specs.tla.language.enumeration import Enumeration, conjunction
from specs.tla.language.language import Module, Replacements, load
from specs.tla.language.located import NO_VALUE, located
from specs.tla.language.meanings import Operator
from specs.tla.language.temporal import Formula, Parts
from specs.tla.syntax import tree
from specs.tla.syntax.configuration import Configuration, ConfigurationError
from specs.tla.syntax.tree import Unsupported
from specs.tla.values.sets import in_order
from specs.tla.values.values import Function, LazyValue, ModelValue, Value, canonical_function

Test = Callable[..., bool]


def load_configured(path: Path | str, configuration: Configuration) -> Module:
    """The module in file `path` with the constants and replacements of `configuration`. Raises ModuleError."""
    replacements = Replacements(
        configuration.replacements, configuration.module_replacements, configuration.module_constants
    )
    return load(path, configuration.constants, replacements=replacements)


@dataclass(frozen=True, slots=True)
class Part:
    """A conjunct of a property: `test(values)` of a state, or `test(before, after)` of a step."""

    formula: Formula
    test: Test


@dataclass(frozen=True, slots=True)
class Property:
    """The parts of a property: on initial states, all states, steps, and infinite behaviours."""

    name: str
    initial: list[Part]
    always: list[Part]
    steps: list[Part]
    temporal: list[Formula]


def property_of(module: Module, name: str) -> Property:
    """The property that `name` defines, split and compiled. Raises ModuleError or Unsupported."""
    parts = temporal.split(module.compiler, operator_of(module, name))
    compiled = [
        [Part(formula, evaluator(module, formula, name, True, is_step)) for formula in formulas]
        for formulas, is_step in ((parts.initial, False), (parts.always, False), (parts.steps, True))
    ]
    return Property(name, compiled[0], compiled[1], compiled[2], parts.temporal)


def operator_of(module: Module, name: str) -> Operator:
    """The definition that a configuration names. Raises ConfigurationError."""
    operator = module.definitions.get(name)
    if operator is None:
        raise ConfigurationError(f"{module.name} has no definition {name}, which the configuration names")
    if operator.definition.parameters:
        raise ConfigurationError(f"{operator.definition.place}: {name} has parameters; a configuration cannot give any")
    return operator


def evaluator(module: Module, formula: Formula, name: str, test: bool, is_step: bool = False) -> Callable[..., Value]:
    """f(values, next values) for a formula of the definition `name`. Yields a Python bool if `test`.

    Raises ModuleError if the formula has primed variables but is not `is_step`.
    """
    place = formula.expression.place
    function, free, code = module.compiler.closure(formula.expression, formula.context, test)
    assert not free, free
    if not is_step:
        _require_no_primes(module, formula, name, code.reads)

    def evaluate(before: Values, after: Values | None = None) -> Value:
        try:
            return function(before, after)
        except NO_VALUE as error:
            raise located(error, name, place) from error

    return evaluate


def _require_no_primes(module: Module, formula: Formula, name: str, reads: Iterable[str]) -> None:
    primed = [int(read[1:]) for read in module.compiler.resolved(frozenset(reads)) if read[0] == "t"]
    if primed:
        variable, place = module.variables[min(primed)], formula.expression.place
        raise ConfigurationError(
            f"{place}: {name} reads {variable}', but is checked on single states, which have no next state; "
            f"remove the prime, or check [][{name}]_vars as a PROPERTY"
        )


class Model:
    """A module with its configuration, compiled. The constructor raises ModuleError or Unsupported."""

    def __init__(self, module: Module, configuration: Configuration) -> None:
        self.module, self.configuration = module, configuration
        self.invariants = [(name, self._test(name)) for name in configuration.invariants]
        self.constraints = [self._test(name) for name in configuration.constraints]
        self.action_constraints = [self._test(name, True) for name in configuration.action_constraints]
        for kind, names in (
            ("CONSTRAINT", configuration.constraints),
            ("ACTION_CONSTRAINT", configuration.action_constraints),
        ):
            for name in names:
                self._require_possible(kind, name)
        self.properties = [property_of(module, name) for name in configuration.properties]
        self.view = self._view()
        self.permutations = self._permutations()
        self.init: Enumeration | None = None
        self.next: Enumeration | None = None
        self.init_formula: Formula | None = None
        self.next_formula: Formula | None = None
        self.assumed: list[Formula] = []  # fairness, and what else SPECIFICATION says of infinite behaviours
        self._behaviour()

    def _formula(self, name: str) -> Formula:
        operator = operator_of(self.module, name)
        return Formula(operator.definition.body, self.module.compiler.context(operator))

    def _test(self, name: str, is_step: bool = False) -> Test:
        return evaluator(self.module, self._formula(name), name, True, is_step)

    def _require_possible(self, kind: str, name: str) -> None:
        """A constraint that is FALSE and reads no variable leaves nothing to check: TLC refuses it, too."""
        formula, compiler = self._formula(name), self.module.compiler
        function, free, code = compiler.closure(formula.expression, formula.context, True)
        assert not free, free
        if compiler.resolved(frozenset(code.reads)):
            return
        try:
            is_false = not function(None, None)
        except NO_VALUE as error:
            raise located(error, name, formula.expression.place) from error
        if is_false:
            raise ConfigurationError(
                f"{formula.expression.place}: {kind} {name} is FALSE in every state, so nothing would be checked; "
                "leave it out, or let it depend on the state"
            )

    def _view(self) -> Callable[..., Value] | None:
        name = self.configuration.view
        return None if name is None else evaluator(self.module, self._formula(name), name, False)

    # --- the behaviour ----------------------------------------------------------------------------

    def _behaviour(self) -> None:
        configuration, compiler = self.configuration, self.module.compiler
        if configuration.specification is not None:
            name = configuration.specification
            parts = temporal.split(compiler, operator_of(self.module, name))
            initial, following, self.assumed = parts.initial, [self._next(name, parts)], parts.temporal
        elif configuration.init is not None and configuration.next is not None:
            initial, following = [self._formula(configuration.init)], [self._formula(configuration.next)]
        elif self.module.variables:
            raise ConfigurationError("the configuration has neither SPECIFICATION nor INIT and NEXT")
        else:
            return  # a module of assumptions only: `load` has checked them
        self.init = conjunction(compiler, [(item.expression, item.context) for item in initial], True, "Init")
        self.init_formula, self.next_formula = initial[0] if initial else None, following[0]
        self.next = conjunction(compiler, [(item.expression, item.context) for item in following], False, "Next")

    def _next(self, name: str, parts: Parts) -> Formula:
        """The A of `[][A]_v`."""
        compiler, place = self.module.compiler, operator_of(self.module, name).definition.place
        if len(parts.steps) != 1 or parts.always:
            raise Unsupported(f"{place}: {name} must have one conjunct of the form [][Next]_vars, and no []P")
        formula: Formula | None = parts.steps[0]
        while formula is not None and not isinstance(formula.expression, tree.BoxAction):
            formula = temporal.opened(compiler, formula)
        if formula is None:
            raise Unsupported(f"{place}: the next-state relation of {name} is not of the form [][Next]_vars")
        assert isinstance(formula.expression, tree.BoxAction)
        return Formula(formula.expression.action, formula.context)

    # --- symmetry and view ------------------------------------------------------------------------

    def _permutations(self) -> list[dict[ModelValue, ModelValue]]:
        """The group that SYMMETRY generates, without the identity."""
        name = self.configuration.symmetry
        if name is None:
            return []
        generators = [_mapping(item) for item in in_order(self.module.value(name))]
        group: dict[tuple[tuple[str, str], ...], dict[ModelValue, ModelValue]] = {}
        pending: list[dict[ModelValue, ModelValue]] = [{}]
        while pending:
            found = pending.pop()
            key = tuple(sorted([(a.name, b.name) for a, b in found.items() if a is not b]))
            if key in group:
                continue
            group[key] = found
            for generator in generators:
                image = {item: found.get(item, item) for item in {*found, *generator}}
                pending.append({item: generator.get(value, value) for item, value in image.items()})
        return [mapping for key, mapping in group.items() if key]

    def images(self) -> Callable[[Values], Iterator[Hashable]] | None:
        """The images by which SYMMETRY and VIEW compare states. None without either: states are compared directly."""
        view, permutations = self.view, self.permutations
        if view is None and not permutations:
            return None

        def images(values: Values) -> Iterator[Hashable]:
            seen_as = values if view is None else view(values)
            yield seen_as
            for permutation in permutations:
                yield permuted(seen_as, permutation)

        return images


def _mapping(value: Value) -> dict[ModelValue, ModelValue]:
    if value == ():
        return {}  # the permutation of no elements
    if not isinstance(value, Function) or not all(isinstance(item, ModelValue) for item in value):
        raise Unsupported("SYMMETRY: want a set of permutations of model values")
    return dict(value)


def permuted(value: Value, permutation: dict[ModelValue, ModelValue]) -> Value:
    """`value` with its model values permuted."""
    kind = type(value)
    if kind is ModelValue:
        return permutation.get(value, value)
    if kind is tuple:
        return tuple([permuted(item, permutation) for item in value])
    if kind is frozenset:
        return frozenset([permuted(item, permutation) for item in value])
    if kind is Function:
        return canonical_function({permuted(a, permutation): permuted(b, permutation) for a, b in value.items()})
    if isinstance(value, LazyValue):
        return permuted(value.worked_out(), permutation)
    return value

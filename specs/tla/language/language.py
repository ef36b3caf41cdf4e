"""Evaluates TLA+ modules in this process: invariants, operators, and actions as predicates on two states.

Examples: specs/tla/__init__.py. Theory and limits: compiler.py. Values: specs/tla/values/values.py. Needs no Java.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from specs.tla.language.compiler import Compiler
from specs.tla.language.enumeration import Enumeration, enabled, enumeration
from specs.tla.language.explain import Explainer, Explanation
from specs.tla.language.located import NO_VALUE, located
from specs.tla.language.meanings import Operator, Replacements
from specs.tla.language.modules import Loader
from specs.tla.syntax.tree import ModuleError, Unsupported
from specs.tla.values.operations import shown, truth
from specs.tla.values.values import (
    FALSE,
    TRUE,
    Boolean,
    EvaluationError,
    Function,
    ModelValue,
    Value,
    function,
    of_python,
    record,
    to_tla,
)

__all__ = [
    "FALSE",
    "TRUE",
    "Boolean",
    "EvaluationError",
    "Explanation",
    "Function",
    "ModelValue",
    "Module",
    "ModuleError",
    "Replacements",
    "State",
    "Unsupported",
    "Value",
    "function",
    "load",
    "of_python",
    "record",
    "to_tla",
]


RECURSION_MAX = 5_000  # Python frames: some ten per level of an expression (reader.NESTING_MAX)


class State:
    """The values of a module's variables: `state["votes"]`; `state.values` in declared order. Immutable, hashable."""

    __slots__ = ("_index", "values")

    def __init__(self, index: Mapping[str, int], values: tuple[Value, ...]) -> None:
        self._index, self.values = index, values

    def __getitem__(self, name: str) -> Value:
        return self.values[self._index[name]]

    def __iter__(self) -> Iterator[str]:
        return iter(self._index)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, State) and self.values == other.values

    def __hash__(self) -> int:
        return hash(self.values)

    def __repr__(self) -> str:
        return " ".join([f"/\\ {name} = {shown(value)}" for name, value in zip(self._index, self.values)])


class Module:
    """A loaded module. Definitions are compiled on first use, or by `require`."""

    def __init__(self, loader: Loader, constants: Mapping[str, Value]) -> None:
        self.path = loader.path
        self.name = loader.path.stem
        self.variables = tuple([variable.name for variable in loader.variables])
        self.constants = dict(constants)
        self.sources = tuple(loader.sources)
        meanings = {name: loader.root.meaning(name) for name in loader.root.names}
        self.definitions = {name: meaning for name, meaning in meanings.items() if isinstance(meaning, Operator)}
        self.compiler = Compiler(loader, constants, enabled)
        self._index = {name: index for index, name in enumerate(self.variables)}
        self._enumerations: dict[tuple[str, bool], Enumeration] = {}
        self._callables: dict[tuple[str, str], Callable[..., Value]] = {}

    # --- states ----------------------------------------------------------------------------------

    def state(self, /, **values: Value) -> State:
        """A state from the values of all variables. Raises ModuleError for other names, TypeError for other values."""
        if values.keys() != self._index.keys():
            wrong = sorted(values.keys() ^ self._index.keys())
            raise ModuleError(f"{self.name}: variables missing or unknown: {', '.join(wrong)}")
        return State(self._index, tuple([of_python(values[name]) for name in self.variables]))

    def replace(self, state: State, /, **changes: Value) -> State:
        """`state` with some variables changed. Raises ModuleError for an unknown name."""
        values = list(state.values)
        for name, value in changes.items():
            index = self._index.get(name)
            if index is None:
                raise ModuleError(f"{self.name} has no variable {name}")
            values[index] = of_python(value)
        return State(self._index, tuple(values))

    def state_of(self, values: tuple[Value, ...]) -> State:
        """The state with these values, in the order of `variables`."""
        return State(self._index, values)

    # --- evaluation --------------------------------------------------------------------------------

    def require(self, *names: str) -> None:
        """Compiles these definitions now. Raises Unsupported or ModuleError if one cannot be evaluated."""
        for name in names:
            self.compiler.compiled(self._operator(name))

    def holds(self, name: str, state: State) -> bool:
        """Whether the state predicate `name` is true in `state`."""
        answer: bool = self._callable(name, "predicate")(state, None)
        return answer

    def value(self, name: str, state: State | None = None, *arguments: Value) -> Value:
        """The value of operator `name`. A Boolean is returned as a Python bool."""
        values = [of_python(argument) for argument in arguments]
        result = self._callable(name, "value")(state, None, *values)
        return bool(result) if type(result) is Boolean else result

    def is_step(self, name: str, arguments: Sequence[Value], state: State, next_state: State) -> bool:
        """Whether the action `name(*arguments)` allows the step from `state` to `next_state`."""
        values = [of_python(argument) for argument in arguments]
        answer: bool = self._callable(name, "action")(state, next_state, *values)
        return answer

    def predicate(self, name: str) -> Callable[..., bool]:
        """The state predicate `name` as a function of a state and TLA+ values, for many calls."""
        found = self._callable(name, "predicate")
        return lambda state, *arguments: found(state, None, *arguments)

    def action(self, name: str) -> Callable[..., bool]:
        """The action `name` as a function of two states and TLA+ values (see `of_python`), for many calls."""
        return self._callable(name, "action")

    def explain(
        self, name: str, arguments: Sequence[Value], state: State, next_state: State | None = None
    ) -> Explanation:
        """Why the action `name(*arguments)` does not allow the step, or why a predicate is false in `state`."""
        operator = self._operator(name)
        self._callable(name, "action")  # raises if it cannot be evaluated with values for its parameters
        if len(arguments) != len(operator.definition.parameters):
            raise ModuleError(
                f"{operator.definition.place}: {name} takes {len(operator.definition.parameters)} arguments"
            )
        explainer = Explainer(self.compiler, state.values, None if next_state is None else next_state.values)
        return explainer.explain(operator, tuple([of_python(argument) for argument in arguments]))

    # --- exploration ---------------------------------------------------------------------------------

    def initials(self, name: str = "Init") -> Iterator[State]:
        """The states that satisfy the initial predicate `name`."""
        return self._states(name, True, ())

    def successors(self, name: str, state: State) -> Iterator[State]:
        """The states that the action `name` allows after `state`, without duplicates."""
        return self._states(name, False, state.values)

    def _states(self, name: str, initial: bool, values: tuple[Value, ...]) -> Iterator[State]:
        found = self._enumerations.get((name, initial))
        if found is None:
            found = self._enumerations[name, initial] = enumeration(self.compiler, self._operator(name), initial)
        try:
            for assignment in found.assignments(values):
                yield State(self._index, assignment)
        except NO_VALUE as error:
            raise located(error) from error

    def _operator(self, name: str) -> Operator:
        operator = self.definitions.get(name)
        if operator is None:
            raise ModuleError(f"{self.name} has no definition {name}")
        return operator

    def _callable(self, name: str, use: str) -> Callable[..., Value]:
        found = self._callables.get((name, use))
        if found is None:
            found = self._callables[name, use] = self._made_callable(self._operator(name), use)
        return found

    def _made_callable(self, operator: Operator, use: str) -> Callable[..., Value]:
        compiled = self.compiler.compiled(operator)
        place, name = operator.definition.place, operator.name
        if compiled.expanded:
            raise Unsupported(f"{place}: a parameter of {name} is primed: only other definitions can use {name}")
        if any(parameter.arity for parameter in operator.definition.parameters):
            raise Unsupported(f"{place}: {name} takes operators as arguments: only other definitions can use it")
        reads = self.compiler.resolved(compiled.reads)
        if use != "action" and any(read[0] == "t" for read in reads):
            raise ModuleError(f"{place}: {name} has primed variables: it is an action, not a {use}")
        function = self.compiler.namespace[operator.python_name]
        arity = len(operator.definition.parameters)
        as_truth = use != "value" and compiled.kind != "test"

        def call(state: State | None, next_state: State | None, *arguments: Value) -> Value:
            if len(arguments) != arity:
                raise ModuleError(f"{place}: {name} takes {arity} arguments, not {len(arguments)}")
            if state is None and reads:
                raise ModuleError(f"{place}: {name} depends on the state: pass one")
            before = None if state is None else state.values
            after = None if next_state is None else next_state.values
            try:
                result = function(before, after, *arguments)
                return truth(result) if as_truth else result
            except NO_VALUE as error:
                raise located(error) from error

        return call


def load(
    path: Path | str,
    constants: Mapping[str, Value] | None = None,
    extra_definitions: str = "",
    replacements: Replacements | None = None,
    is_assumed: bool = True,
) -> Module:
    """Loads the module in file `path` and the modules that it extends and instantiates.

    `constants` maps each CONSTANT to its value (a Python function for an operator). It may also replace definitions of
    the root module, as `Name <- value` in a TLC configuration does. `extra_definitions` is TLA+ source, appended to the
    module. `replacements` substitutes definitions for others. Without `is_assumed` the modules' ASSUMEs are not
    checked: for constants that violate them on purpose.

    Raises ModuleError (no such file, syntax error, undefined name, CONSTANT without value, false ASSUME) and
    Unsupported, both naming file and line.
    """
    sys.setrecursionlimit(max(sys.getrecursionlimit(), RECURSION_MAX))
    given = {name: value if callable(value) else of_python(value) for name, value in (constants or {}).items()}
    loader = Loader(Path(path), given, extra_definitions, replacements)
    for constant in loader.constants:
        if callable(given[constant.name]) is not bool(constant.arity):
            wanted = f"a Python function of {constant.arity}" if constant.arity else "a value"
            raise ModuleError(f"{loader.path.name}: CONSTANT {constant.name} must be {wanted}")
    module = Module(loader, given)
    for assumption, scope in loader.assumptions if is_assumed else ():
        function, _, code = module.compiler.closure(assumption, module.compiler.root_context(scope, {}), True)
        if code.reads:
            raise ModuleError(f"{assumption.place}: ASSUME reads variables, but is evaluated before any state exists")
        try:
            held = function(None, None)
        except NO_VALUE as error:
            raise ModuleError(f"{assumption.place}: cannot evaluate ASSUME: {located(error)}") from error
        if not held:
            raise ModuleError(f"{assumption.place}: ASSUME is false: {assumption.place.text}")
    return module

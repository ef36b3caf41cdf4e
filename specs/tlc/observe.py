"""Checks observations with TLC: the second opinion on specs.tla.observe.observe.

Theory. A data module holds the observations as a sequence of records. A generated module extends it and the user's
module, counts lines, and calls the operator that each line names. Before the call it assigns the logged part of the
state to the primed variables, so TLC evaluates the operator as a predicate on two states; the operator assigns the
rest. TLC accepts the trace if it prints the sentinel: a trace that it rejects ends without an error.

Rules. Constraints, SYMMETRY and VIEW bound a search, not a trace, and are left out. So are properties of infinite
behaviours, which no finite trace can satisfy. An operator whose arguments were not all logged cannot be called:
ObservationError names it.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from specs.tla.language.language import Module
from specs.tla.observe.observe import Observation, ObservationError
from specs.tla.syntax.configuration import Configuration
from specs.tla.values.values import Function, LazyValue, ModelValue, Value, of_python, to_tla
from specs.tlc import runner as tlc
from specs.tlc.runner import TlcResult

MODULE, DATA, LINE = "amu_observed", "amu_observed_data", "amu_line"
SENTINEL = '<<"ACCEPTED"'
MODEL_VALUE_PREFIX = "amu_value_"
ANY_STEP = ""  # the `event` of an observation without a name


class Observed:
    """The observations that an Observer was fed, kept for TLC. `initial`: that of the initial state, or None."""

    def __init__(self, module: Module, init: str, next_action: str, silent: Sequence[str] = ()) -> None:
        self.module, self.init, self.next_action, self.silent = module, init, next_action, tuple(silent)
        self.initial: Observation | None = None
        self.steps: list[Observation] = []
        self._begun = False

    def feed(self, observation: Observation) -> None:
        """Keep an observation unless it is outside the module."""
        is_initial = not self._begun and observation.name in (None, self.init)
        self._begun = True
        if is_initial:
            self.initial = observation
        elif not observation.is_outside and observation.name in (None, *self.module.definitions):
            self.steps.append(observation)


def run(
    observed: Observed, configuration: Configuration, properties: Sequence[str], timeout_seconds: float = 600
) -> TlcResult:
    """TLC on the observations. Raises TlcError, and ObservationError if too little was logged for TLC."""
    with tempfile.TemporaryDirectory(prefix="amu-observed-") as scratch:
        folder = Path(scratch)
        (folder / f"{DATA}.tla").write_text(data_module(observed), encoding="utf-8")
        (folder / f"{MODULE}.tla").write_text(trace_module(observed), encoding="utf-8")
        return tlc.run(
            folder / f"{MODULE}.tla",
            config_text(observed, configuration, properties),
            library=[folder, observed.module.path.resolve().parent],
            timeout_seconds=timeout_seconds,
        )


def accepted(answer: TlcResult) -> bool:
    """Whether TLC took the last observation and found nothing violated."""
    return answer.ok and any(line.startswith(SENTINEL) for line in answer.sentinels)


def steps_taken(answer: TlcResult) -> int:
    """How many observations TLC took, if each took one step."""
    return answer.depth - 1


# --- the modules ----------------------------------------------------------------------------------


def data_module(observed: Observed) -> str:
    """Module amu_observed_data: the observations as records."""
    names = sorted({value.name for value in _model_values(observed)})
    constants = f"CONSTANTS {', '.join([MODEL_VALUE_PREFIX + name for name in names])}\n" if names else ""
    records = ",\n".join([_record(observed.module, step) for step in observed.steps])
    count = f"ObservationCount == {len(observed.steps)}\n"
    head = f"---- MODULE {DATA} ----\nEXTENDS Integers, TLC\n{constants}{count}"
    return f"{head}Observations == <<\n{records}>>\n====\n"


def _record(module: Module, observation: Observation) -> str:
    name = observation.name or ANY_STEP
    parameters = _parameters(module, name)
    missing = [parameter for parameter in parameters if parameter not in observation.arguments]
    if missing:
        raise ObservationError(f"line {observation.line}: {name}: {', '.join(missing)} is not logged, but TLC needs it")
    arguments = _tuple([observation.arguments[parameter] for parameter in parameters])
    state = ", ".join([f"{variable} |-> {_source(value)}" for variable, value in observation.state.items()])
    complete = "TRUE" if len(observation.state) == len(module.variables) else "FALSE"
    return (
        f'[event |-> "{name}", args |-> {arguments}, complete |-> {complete}, '
        f"known |-> {'[' + state + ']' if state else '<<>>'}]"
    )


def _parameters(module: Module, name: str) -> list[str]:
    if name == ANY_STEP:
        return []
    return [parameter.name for parameter in module.definitions[name].definition.parameters]


def trace_module(observed: Observed) -> str:
    """Module amu_observed: takes the observations in order."""
    module = observed.module
    variables = module.variables
    initial = observed.initial.state if observed.initial is not None else {}
    names = sorted({step.name or ANY_STEP for step in observed.steps})
    line = f"Observations[{LINE}]"
    everything = f"<<{', '.join(variables)}>>"
    lines = [
        f"---- MODULE {MODULE} ----",
        f"EXTENDS {module.name}, {DATA}",
        f"VARIABLE {LINE}",
        'amu_sentinel(line) == line > ObservationCount => PrintT(<<"ACCEPTED", line>>)',
        "amu_init ==",
        *[f"  /\\ {name} = {_source(value)}" for name, value in initial.items()],
        f"  /\\ {observed.init}",
        f"  /\\ {LINE} = 1",
        "  /\\ amu_sentinel(1)",
        "amu_step ==",
        f"  /\\ {LINE} <= ObservationCount",
        f"  /\\ {LINE}' = {LINE} + 1",
        *[
            f'  /\\ IF "{name}" \\in DOMAIN {line}.known THEN {name}\' = {line}.known.{name} ELSE TRUE'
            for name in variables
        ],
        f"  /\\ CASE {' [] '.join([_arm(observed, name, everything) for name in names]) or 'TRUE -> FALSE'}",
        f"  /\\ amu_sentinel({LINE}')",
        "amu_next ==",
        "  \\/ amu_step",
        *[f"  \\/ {name} /\\ UNCHANGED {LINE}" for name in observed.silent],
        "====",
    ]
    return "\n".join(lines) + "\n"


def _arm(observed: Observed, name: str, everything: str) -> str:
    """The CASE arm for lines of this name: a predicate on two states if the whole state was logged."""
    call = f"({observed.next_action} \\/ UNCHANGED {everything})"
    if name != ANY_STEP:
        count = len(_parameters(observed.module, name))
        given = ", ".join([f"Observations[{LINE}].args[{number + 1}]" for number in range(count)])
        call = f"{name}({given})" if count else name
    line = f"Observations[{LINE}]"
    return f'{line}.event = "{name}" -> IF {line}.complete THEN TRUE = ({call}) ELSE {call}'


def config_text(observed: Observed, configuration: Configuration, properties: Sequence[str]) -> str:
    """The configuration of the generated module: the user's constants and invariants."""
    names = {value.name for value in _model_values(observed)}
    generated = Configuration(
        constants={
            **configuration.constants,
            **{MODEL_VALUE_PREFIX + name: ModelValue(name) for name in sorted(names)},
        },
        replacements=configuration.replacements,
        module_constants=configuration.module_constants,
        module_replacements=configuration.module_replacements,
        init="amu_init",
        next="amu_next",
        invariants=configuration.invariants,
        properties=list(properties),
    )
    return generated.as_text()


# --- values ---------------------------------------------------------------------------------------


def _tuple(values: Sequence[Value]) -> str:
    return f"<<{', '.join([_source(value) for value in values])}>>"


def _source(value: Value) -> str:
    """`value` as TLA+ source, model values as the constants that denote them."""
    return to_tla(_renamed(of_python(value)))


def _renamed(value: Value) -> Value:
    kind = type(value)
    if kind is ModelValue:
        return ModelValue(MODEL_VALUE_PREFIX + value.name)
    if kind is tuple:
        return tuple([_renamed(item) for item in value])
    if kind is frozenset:
        return frozenset([_renamed(item) for item in value])
    if kind is Function:
        return Function({_renamed(key): _renamed(item) for key, item in value.items()})
    return _renamed(value.worked_out()) if isinstance(value, LazyValue) else value


def _model_values(observed: Observed) -> Iterator[ModelValue]:
    logged: list[Mapping[str, Value]] = [step.state for step in observed.steps]
    logged += [step.arguments for step in observed.steps]
    if observed.initial is not None:
        logged.append(observed.initial.state)
    for values in logged:
        yield from _within(values.values())


def _within(values: Iterable[Value]) -> Iterator[ModelValue]:
    for value in values:
        kind = type(value)
        if kind is ModelValue:
            yield value
        elif kind is tuple or kind is frozenset:
            yield from _within(value)
        elif kind is Function:
            yield from _within(value)
            yield from _within(value.values())

"""Checks a sequence of observations of a system against any module.

Theory. An observation says that the system took a step of the operator `name`, with some arguments, and gives (part of)
the state afterwards. The checker searches for what was not logged: it keeps every state of the module that explains the
observations so far (as TLC does with a trace module that leaves variables open), takes the named step from each, and
drops the states that the observation contradicts. If none remains, no behaviour of the module explains the trace.

Rules
- A step with all its arguments and its whole state logged costs one evaluation of the action; nothing is enumerated.
- An unlogged argument is searched for among the disjuncts of the next-state relation (specs/tla/language/steps.py).
- An observation without a name is a step of the next-state relation or a stuttering step. If the first observation has
  no name, or that of the initial predicate, it is the initial state; otherwise every initial state is a candidate.
- Operators in `silent` may take any number of unlogged steps before each observation.
- A name for which the module has no operator is outside the module, and counted.
- An invariant must hold in every candidate: each is a reachable state of the module.
- A guard or an invariant without a value (an index outside a function's domain) is not true: the trace is rejected.
- After the first bad step nothing more is checked; later observations are counted.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice

from specs.escape import escaped
from specs.tla.explore.model import Property, property_of
from specs.tla.language.contexts import Context
from specs.tla.language.explain import Explainer, Explanation, cut
from specs.tla.language.incremental import Differences, Incremental
from specs.tla.language.language import EvaluationError, Module, State, Value, of_python
from specs.tla.language.located import NO_VALUE, located
from specs.tla.language.meanings import Operator
from specs.tla.language.steps import Action
from specs.tla.language.successors import UNASSIGNED, Planner
from specs.tla.language.temporal import Formula
from specs.tla.observe.observed import BadStep, Observation, ObservationError, Result
from specs.tla.syntax.tree import ModuleError
from specs.tla.values.operations import shown
from specs.tla.values.values import KindError
from specs.verdict import HOLDS, NOT_CHECKED, VIOLATED

__all__ = ["CANDIDATES_MAX", "BadStep", "Observation", "ObservationError", "Observer", "Result"]

CANDIDATES_MAX = 1_000  # states that explain the trace so far; more means that too little is logged
DIFFERENCES_MAX = 3  # allowed states to name when the observed one is not allowed


class Observer:
    """Feed it observations in order, then read the `result`.

    `invariants` are names of state predicates, `properties` names of formulas such as `[][P]_v`, whose parts on states
    and steps are checked. `beside`: another module, which extends the one that `module` extends, and names of its state
    predicates, which are invariants, too. Raises ModuleError if a module lacks one of the names.
    """

    def __init__(
        self,
        module: Module,
        *,
        init: str = "Init",
        next_action: str = "Next",
        invariants: Sequence[str] = (),
        properties: Sequence[str] = (),
        silent: Sequence[str] = (),
        beside: tuple[Module, Sequence[str]] | None = None,
        candidates_max: int = CANDIDATES_MAX,
    ) -> None:
        self.module, self.init, self.next_action = module, init, next_action
        self.candidates_max = candidates_max
        differences = Differences()
        self._invariants = [(name, _invariant(module, name, differences)) for name in invariants]
        self._beside: dict[str, Module] = {}  # the module of an invariant that is not of this one
        if beside is not None:
            other, names = beside
            if module.variables[: len(other.variables)] != other.variables:
                raise ModuleError(f"{other.name} has variables that are not the first of {module.name}")
            self._invariants += [(name, _invariant(other, name, differences)) for name in names]
            self._beside = dict.fromkeys(names, other)
        self._properties = [_property(module, name, differences) for name in properties]
        self._silent = [self._action(name) for name in silent]
        self._actions: dict[str, Action] = {}
        self._candidates: list[State] | None = None
        self._result = self._no_result()
        self._blank = (UNASSIGNED,) * len(module.variables)

    def _no_result(self) -> Result:
        result = Result(self.module.name)
        result.invariants = {name: HOLDS for name, _ in self._invariants}
        result.properties = {item.name: NOT_CHECKED if item.temporal else HOLDS for item in self._properties}
        return result

    def restarted(self) -> Observer:
        """A new observer for another trace, which shares the compiled module."""
        other = copy.copy(self)
        other._candidates, other._result = None, self._no_result()
        return other

    @property
    def candidates(self) -> tuple[State, ...]:
        """The states that explain the observations so far."""
        return tuple(self._candidates or ())

    def result(self) -> Result:
        """The result of the observations so far."""
        return self._result

    def feed(self, observation: Observation) -> None:
        """Check the next observation. Raises ObservationError."""
        if self._result.bad is not None:
            self._result.not_reached += 1
            return
        try:
            self._feed(observation)
        except (ModuleError, KindError) as error:
            raise ObservationError(f"line {observation.line}: {error}") from error

    def finish(self) -> None:
        """End the trace. Checks the initial state even if there was no step."""
        if self._candidates is None and self._result.bad is None:
            self._begin(Observation(0, None))

    def _feed(self, observation: Observation) -> None:
        if self._candidates is None:
            is_initial = observation.name is None or observation.name == self.init
            self._begin(observation if is_initial else Observation(observation.line, None))
            if is_initial or self._result.bad is not None:
                return
        name = observation.name or self.next_action
        if observation.is_outside or name not in self.module.definitions:
            self._result.outside[name] += 1
            return
        self._take(name, observation)

    # --- the initial state ----------------------------------------------------------------------

    def _begin(self, observation: Observation) -> None:
        """Candidates for the initial state."""
        known = self._known(observation)
        operator = self._operator(self.init)
        what = f"{self.init}, the initial predicate"
        if any(value is UNASSIGNED for value in known):
            plan = Planner(self.module.compiler, True).plan(operator.definition.body, Context(scope=operator.scope))
            try:
                found = self._distinct(plan((), known, {}), observation.line, what)
                for state in found:
                    missing = [name for name in self.module.variables if state[name] is UNASSIGNED]
                    if missing:
                        raise ObservationError(f"{self.init} gives no value to {', '.join(missing)}: log the state")
            except NO_VALUE as error:
                raise ObservationError(f"line {observation.line}: {what}: {located(error)}") from error
        else:
            state = self.module.state_of(known)
            found = [state] if _is_true(self.module.predicate(self.init), state) else []
        if not found:
            why = "no initial state of the module has these values"
            if all(value is not UNASSIGNED for value in known):
                why = str(self.module.explain(self.init, (), self.module.state_of(known)))
            self._refuse(observation, self.init, [], operator, why)
            return
        self._candidates = found
        self._result.is_initial_seen = bool(observation.state)
        self._check_states(observation, self.init, found, initial=True)

    # --- steps ------------------------------------------------------------------------------------

    def _take(self, name: str, observation: Observation) -> None:
        assert self._candidates is not None
        action = self._actions.get(name)
        if action is None:
            action = self._actions[name] = self._action(name)
        arguments = {
            parameter: of_python(observation.arguments[parameter])
            for parameter in action.parameters
            if parameter in observation.arguments
        }
        if len(arguments) < len(action.parameters):
            self._say_what_is_searched(action, observation)
        known = self._known(observation)
        before = self._candidates if not self._silent else self._with_silent_steps(observation.line)
        pairs = self._pairs(action, before, arguments, known, observation)
        if not pairs:
            self._explain_bad(action, before, arguments, known, observation)
            return
        after = [pairs[0][1]] if len(pairs) == 1 else list(dict.fromkeys([following for _, following in pairs]))
        self._result.steps[name] += 1
        self._result.candidates_most = max(self._result.candidates_most, len(after))
        self._candidates = after
        if self._properties:
            self._check_steps(observation, pairs, _step(name, arguments))
        if self._result.bad is None:
            self._check_states(observation, _step(name, arguments), after, initial=False)

    def _pairs(
        self,
        action: Action,
        before: Sequence[State],
        arguments: Mapping[str, Value],
        known: tuple[Value, ...],
        observation: Observation,
    ) -> list[tuple[State, State]]:
        """The steps that explain the observation, each as the states before and after it."""
        name, module = action.operator.name, self.module
        complete = not any(value is UNASSIGNED for value in known)
        pairs: list[tuple[State, State]] = []
        found: list[State] = []  # not yet in `distinct`
        distinct: set[State] = set()
        stutters = observation.name is None
        if complete and len(arguments) == len(action.parameters):
            following, holds = module.state_of(known), module.action(name)
            given = [arguments[parameter] for parameter in action.parameters]
            for state in before:
                if (stutters and state == following) or _is_true(holds, state, following, *given):
                    pairs.append((state, following))
            return pairs
        for state in before:
            if stutters and _agrees(state.values, known):
                pairs.append((state, state))
            try:
                for values in action.after(state.values, arguments, known):
                    following = module.state_of(values)
                    pairs.append((state, following))
                    found.append(following)
                    if len(found) <= self.candidates_max and not distinct:
                        continue  # mostly there is one, and comparing states costs as much as finding them
                    distinct.update(found)
                    found.clear()
                    if len(distinct) > self.candidates_max:
                        raise self._too_many(observation.line, _step(name, arguments))
            except KindError:
                raise
            except EvaluationError:
                continue  # not true here; if it is true in no candidate, the explanation says why
        return pairs

    def _with_silent_steps(self, line: int) -> list[State]:
        """The candidates, and all states that unlogged steps reach from them."""
        reached = dict.fromkeys(self._candidates or ())
        pending = list(reached)
        while pending:
            state = pending.pop(0)
            for action in self._silent:
                for values in action.after(state.values, {}, self._blank):
                    following = self.module.state_of(values)
                    if following not in reached:
                        reached[following] = None
                        pending.append(following)
                        if len(reached) > self.candidates_max:
                            raise self._too_many(line, "unlogged steps")
        return list(reached)

    def _known(self, observation: Observation) -> tuple[Value, ...]:
        unknown = observation.state.keys() - set(self.module.variables)
        if unknown:
            raise ObservationError(
                f"line {observation.line}: {self.module.name} has no variable {', '.join(sorted(unknown))}"
            )
        state = observation.state
        if not state:
            return self._blank
        return tuple([of_python(state[name]) if name in state else UNASSIGNED for name in self.module.variables])

    def _distinct(self, found: Iterator[tuple[Value, ...]], line: int, what: str) -> list[State]:
        states: dict[State, None] = {}
        for values in found:
            states[self.module.state_of(values)] = None
            if len(states) > self.candidates_max:
                raise self._too_many(line, what)
        return list(states)

    def _too_many(self, line: int, what: str) -> ObservationError:
        return ObservationError(
            f"line {line}: more than {self.candidates_max} states are possible after {what}: log more of the state "
            f"(variables: {', '.join(self.module.variables)}) or of the arguments"
        )

    # --- names ------------------------------------------------------------------------------------

    def _operator(self, name: str) -> Operator:
        operator = self.module.definitions.get(name)
        if operator is None:
            raise ModuleError(f"{self.module.name} has no definition '{escaped(name)}'")
        return operator

    def _action(self, name: str) -> Action:
        following = self.module.definitions.get(self.next_action)
        return Action(self.module.compiler, self._operator(name), following)

    def _say_what_is_searched(self, action: Action, observation: Observation) -> None:
        missing = [parameter for parameter in action.parameters if parameter not in observation.arguments]
        what = f"{action.operator.name}: {', '.join(missing)} is not logged: searched for in {self.next_action}"
        if what not in self._result.searched:
            self._result.searched.append(what)

    # --- violations -------------------------------------------------------------------------------

    def _check_states(self, observation: Observation, step: str, states: Iterable[State], initial: bool) -> None:
        """Check invariants, and the parts of properties on states, in the candidates."""
        for state in states:
            for name, holds in self._invariants:
                if not _is_true(holds, state.values):
                    explanation = self._beside.get(name, self.module).explain(name, (), state)
                    self._break(observation, step, name, explanation, state)
                    self._result.invariants[name] = VIOLATED
                    return
            for item in self._properties:
                for part in [*item.always, *(item.initial if initial else ())]:
                    if not _is_true(part.test, state.values):
                        self._break_property(observation, step, item.name, part.formula, state, None)
                        return

    def _check_steps(self, observation: Observation, pairs: Iterable[tuple[State, State]], step: str) -> None:
        for before, after in pairs:
            for item in self._properties:
                for part in item.steps:
                    if not _is_true(part.test, before.values, after.values):
                        self._break_property(observation, step, item.name, part.formula, before, after)
                        return

    def _break_property(
        self, observation: Observation, step: str, name: str, formula: Formula, state: State, after: State | None
    ) -> None:
        explainer = Explainer(self.module.compiler, state.values, None if after is None else after.values)
        explanation = explainer.formula(name, formula.expression, formula.context)
        self._break(observation, step, name, explanation, state)
        self._result.properties[name] = VIOLATED

    def _break(self, observation: Observation, step: str, name: str, explanation: Explanation, state: State) -> None:
        why = f"{name} does not hold: {_indented(explanation.reason)}"
        self._result.bad = BadStep(
            observation.line, step, explanation.file, explanation.line, explanation.guard, why, repr(state), 1, name,
            explanation.error is not None,
        )  # fmt: skip

    def _explain_bad(
        self,
        action: Action,
        before: Sequence[State],
        arguments: Mapping[str, Value],
        known: tuple[Value, ...],
        observation: Observation,
    ) -> None:
        """Record why no candidate takes the step, on the example of the first."""
        step = _step(action.operator.name, arguments)
        if len(arguments) < len(action.parameters):
            why = f"no choice of the unlogged arguments makes this a step of {self.module.name}"
            self._refuse(observation, step, before, action.operator, why)
            return
        given = tuple([arguments[parameter] for parameter in action.parameters])
        allowed = self._allowed(action, before[0], arguments)
        if allowed:
            why = "the step is allowed, but not to the state that was observed: " + "; or ".join(
                [self._differences(known, values) for values in allowed]
            )
            self._refuse(observation, step, before, action.operator, why)
            return
        explainer = Explainer(self.module.compiler, before[0].values, known)
        explanation = explainer.explain(action.operator, given)
        self._result.bad = BadStep(
            observation.line, step, explanation.file, explanation.line, explanation.guard, _indented(str(explanation)),
            repr(before[0]), len(before), None, explanation.error is not None,
        )  # fmt: skip

    def _allowed(self, action: Action, state: State, arguments: Mapping[str, Value]) -> list[tuple[Value, ...]]:
        """At most DIFFERENCES_MAX states that the module allows after the step, observed or not."""
        try:
            found = action.after(state.values, arguments, self._blank)
            return list(dict.fromkeys(islice(found, DIFFERENCES_MAX)))
        except (EvaluationError, ModuleError):
            return []  # the module can test a next state but not enumerate them

    def _differences(self, known: tuple[Value, ...], allowed: tuple[Value, ...]) -> str:
        return ", ".join(
            [
                f"{name} = {cut(shown(after))} where {cut(shown(seen))} was observed"
                for name, seen, after in zip(self.module.variables, known, allowed)
                if seen is not UNASSIGNED and seen != after
            ]
        )

    def _refuse(
        self, observation: Observation, step: str, before: Sequence[State], operator: Operator, why: str
    ) -> None:
        place = operator.definition.place
        state = repr(before[0]) if before else "none"
        self._result.bad = BadStep(
            observation.line, step, place.path, place.line, operator.name, why, state, max(1, len(before))
        )


def _invariant(module: Module, name: str, differences: Differences) -> Incremental:
    holds = module.predicate(name)
    definition = module.definitions[name]
    formula = Formula(definition.definition.body, Context(scope=definition.scope))
    return Incremental(module.compiler, formula, lambda values, _: holds(module.state_of(values)), differences)


def _property(module: Module, name: str, differences: Differences) -> Property:
    found = property_of(module, name)
    steps = [
        replace(part, test=Incremental(module.compiler, part.formula, part.test, differences)) for part in found.steps
    ]
    return replace(found, steps=steps)


def _is_true(holds: Callable[..., bool], *arguments: Value) -> bool:
    """Whether it is true. A formula without a value is not. Raises KindError."""
    try:
        return holds(*arguments)
    except KindError:
        raise
    except EvaluationError:
        return False


def _agrees(values: tuple[Value, ...], known: tuple[Value, ...]) -> bool:
    return all(seen is UNASSIGNED or seen == value for value, seen in zip(values, known))


def _step(name: str, arguments: Mapping[str, Value]) -> str:
    return f"{name}({', '.join([f'{key} = {cut(shown(value))}' for key, value in arguments.items()])})"


def _indented(text: str) -> str:
    return text.replace("\n", "\n  ")

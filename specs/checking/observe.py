"""Holds any module against a sequence of observations of a system.

Theory. An observation says that a step of the operator `name` was taken, with which arguments, and what (part of) the
state is afterwards. What was not logged is searched for: the checker keeps every state of the module that explains the
observations so far (as TLC does with a trace module that leaves variables open), takes the named step from each, and
drops what the observation contradicts. If none is left, no behaviour of the module explains the trace.

Rules
- A step with all its arguments and its whole state logged is one evaluation of the action; nothing is enumerated.
- An argument that is not logged is searched for among the disjuncts of the next-state relation (specs/checking/steps).
- An observation without a name is a step of the next-state relation or a stuttering step; the first one, or one that
  bears the name of the initial predicate, is the initial state. Without such a one every initial state is a candidate.
- Operators in `silent` may take steps that nobody logged, any number of them, before each observation.
- A name for which the module has no operator is outside the module: counted, never passed in silence.
- An invariant must hold in every candidate: each is a reachable state of the module.
- A guard or an invariant without value (an index outside a function's domain) is not true: the trace is not accepted.
- After the first bad step nothing more is checked; what follows is counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from specs.checking.contexts import Context
from specs.checking.explain import Explainer, Explanation, cut
from specs.checking.language import EvaluationError, Module, State, Value, of_python
from specs.checking.modules import Operator
from specs.checking.operations import shown
from specs.checking.report import HOLDS, VIOLATED, Verdict
from specs.checking.steps import Action
from specs.checking.successors import UNASSIGNED, Planner
from specs.checking.tree import ModuleError

CANDIDATES_MAX = 1_000  # states that explain the trace so far; more means that too little is logged
DIFFERENCES_MAX = 3  # states that the module allows, named when the observed one is none of them


class ObservationError(Exception):
    """The trace cannot be held against the module: too little is logged, or an observation makes no sense to it."""


@dataclass(frozen=True, slots=True)
class Observation:
    """One step that was seen. `state`: the variables after it, as far as they were logged.

    `name` is None for a step of which only the state is known. Members of `arguments` that are no parameters of the
    operator are not looked at: a trace holds more than a module abstracts.
    """

    line: int
    name: str | None
    arguments: Mapping[str, Value] = field(default_factory=dict)
    state: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class BadStep:
    """The first observation that no behaviour of the module explains, or the first state in which something is false.

    `line` is the trace's, `module_line` the module's; `guard` its text; `why` says it in words. `broken` is the
    invariant or property, None if the step itself is not allowed. `candidates` states were possible before; `state` is
    the first of them.
    """

    line: int
    step: str
    module_file: Path
    module_line: int
    guard: str
    why: str
    state: str
    candidates: int
    broken: str | None = None

    def __str__(self) -> str:
        others = "" if self.candidates == 1 else f" (one of {self.candidates} that are possible)"
        when = "state" if self.broken else "state before"
        return f"line {self.line}: {self.step}\n  {self.why}\n  {when}{others}: {self.state}"


@dataclass
class Result:
    """What came of a trace. `steps` counts by operator, `outside` by name of the event.

    `invariants` and `properties` map names to "holds" or "violated". `searched` names what was not logged, in words.
    `not_reached`: observations after the bad step. `candidates_most`: the most states that were possible at a time.
    """

    module: str
    steps: Counter[str] = field(default_factory=Counter)
    outside: Counter[str] = field(default_factory=Counter)
    invariants: dict[str, str] = field(default_factory=dict)
    properties: dict[str, str] = field(default_factory=dict)
    searched: list[str] = field(default_factory=list)
    bad: BadStep | None = None
    not_reached: int = 0
    candidates_most: int = 0

    @property
    def accepted(self) -> bool:
        return self.bad is None

    def verdict(self) -> Verdict:
        """The same in the form of every other check of a trace."""
        verdict = Verdict(steps=Counter(self.steps), invariants={**self.invariants, **self.properties})
        verdict.counts["steps"] = sum(self.steps.values())
        verdict.counts["states possible at most"] = self.candidates_most
        for name, count in sorted(self.outside.items()):
            verdict.counts[f"outside the module: {name}"] = count
            verdict.note(f"{name}: {count} events are outside module {self.module}, which has no such operator")
        for what in self.searched:
            verdict.note(what)
        if self.not_reached:
            verdict.counts["not checked after the bad step"] = self.not_reached
        if self.bad is not None:
            verdict.violations.append(f"{self.bad.broken or self.module}: {self.bad}")
            verdict.first_bad_step = str(self.bad)
        return verdict


class Observer:
    """Feed it observations in order, then ask for the `result`.

    `invariants` are names of state predicates; `properties` names of actions that each step must satisfy (write the P
    of `[][P]_v` as an operator). Raises ModuleError if the module lacks one of the names.
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
        candidates_max: int = CANDIDATES_MAX,
    ) -> None:
        self.module, self.init, self.next_action = module, init, next_action
        self.candidates_max = candidates_max
        self._invariants = [(name, module.predicate(name)) for name in invariants]
        self._properties = [(name, module.action(name)) for name in properties]
        self._silent = [self._action(name) for name in silent]
        self._actions: dict[str, Action | None] = {}
        self._candidates: list[State] | None = None
        self._result = Result(module.name)
        self._result.invariants = dict.fromkeys(invariants, HOLDS)
        self._result.properties = dict.fromkeys(properties, HOLDS)
        self._blank = (UNASSIGNED,) * len(module.variables)

    @property
    def candidates(self) -> tuple[State, ...]:
        """The states that explain the observations so far."""
        return tuple(self._candidates or ())

    def result(self) -> Result:
        """What came of the observations so far."""
        return self._result

    def feed(self, observation: Observation) -> None:
        """The next observation. Raises ObservationError."""
        if self._result.bad is not None:
            self._result.not_reached += 1
            return
        try:
            self._feed(observation)
        except ModuleError as error:
            raise ObservationError(f"line {observation.line}: {error}") from error

    def _feed(self, observation: Observation) -> None:
        if self._candidates is None:
            is_initial = observation.name is None or observation.name == self.init
            self._begin(observation if is_initial else Observation(observation.line, None))
            if is_initial or self._result.bad is not None:
                return
        name = observation.name or self.next_action
        if name not in self.module.definitions:
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
            except EvaluationError as error:
                raise ObservationError(f"line {observation.line}: {what}: {error}") from error
        else:
            state = self.module.state_of(known)
            found = [state] if self._holds(self.init, state) else []
        if not found:
            why = "no initial state of the module has these values"
            if all(value is not UNASSIGNED for value in known):
                why = str(self.module.explain(self.init, (), self.module.state_of(known)))
            self._refuse(observation, self.init, [], operator, why)
            return
        self._candidates = found
        self._check_invariants(observation, self.init, found)

    def _holds(self, name: str, state: State) -> bool:
        try:
            return self.module.holds(name, state)
        except EvaluationError:
            return False

    # --- steps ------------------------------------------------------------------------------------

    def _take(self, name: str, observation: Observation) -> None:
        assert self._candidates is not None
        action = self._actions.get(name)
        if action is None:
            action = self._actions[name] = self._action(name)
            self._say_what_is_searched(action, observation)
        arguments = {
            parameter: of_python(observation.arguments[parameter])
            for parameter in action.parameters
            if parameter in observation.arguments
        }
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
        self._check_properties(observation, pairs, _step(name, arguments))
        if self._result.bad is None:
            self._check_invariants(observation, _step(name, arguments), after)

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
        distinct: set[State] = set()
        stutters = observation.name is None
        if complete and len(arguments) == len(action.parameters):
            following = module.state_of(known)
            given = [arguments[parameter] for parameter in action.parameters]
            for state in before:
                if (stutters and state == following) or self._is_step(name, given, state, following):
                    pairs.append((state, following))
            return pairs
        for state in before:
            if stutters and _agrees(state.values, known):
                pairs.append((state, state))
            try:
                for values in action.after(state.values, arguments, known):
                    following = module.state_of(values)
                    pairs.append((state, following))
                    distinct.add(following)
                    if len(distinct) > self.candidates_max:
                        raise self._too_many(observation.line, _step(name, arguments))
            except EvaluationError:
                continue  # not true here; if it is true nowhere, the explanation says why
        return pairs

    def _is_step(self, name: str, arguments: Sequence[Value], state: State, following: State) -> bool:
        try:
            return self.module.action(name)(state, following, *arguments)
        except EvaluationError:
            return False

    def _with_silent_steps(self, line: int) -> list[State]:
        """The candidates, and whatever can be reached from them by steps that nobody logs."""
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
                            raise self._too_many(line, "steps that nobody logs")
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
            raise ModuleError(f"{self.module.name} has no definition {name}")
        return operator

    def _action(self, name: str) -> Action:
        following = self.module.definitions.get(self.next_action)
        return Action(self.module.compiler, self._operator(name), following)

    def _say_what_is_searched(self, action: Action, observation: Observation) -> None:
        missing = [parameter for parameter in action.parameters if parameter not in observation.arguments]
        if missing:
            self._result.searched.append(
                f"{action.operator.name}: {', '.join(missing)} is not logged: searched for in {self.next_action}"
            )

    # --- what is wrong ----------------------------------------------------------------------------

    def _check_invariants(self, observation: Observation, step: str, states: Iterable[State]) -> None:
        for state in states:
            for name, holds in self._invariants:
                try:
                    if holds(state):
                        continue
                except EvaluationError:
                    pass
                explanation = self.module.explain(name, (), state)
                self._break(observation, step, name, explanation, state)
                self._result.invariants[name] = VIOLATED
                return

    def _check_properties(self, observation: Observation, pairs: Iterable[tuple[State, State]], step: str) -> None:
        for before, after in pairs:
            for name, holds in self._properties:
                try:
                    if holds(before, after):
                        continue
                except EvaluationError:
                    pass
                self._break(observation, step, name, self.module.explain(name, (), before, after), before)
                self._result.properties[name] = VIOLATED
                return

    def _break(self, observation: Observation, step: str, name: str, explanation: Explanation, state: State) -> None:
        why = f"{name} does not hold: {_indented(explanation.reason)}"
        self._result.bad = BadStep(
            observation.line, step, explanation.file, explanation.line, explanation.guard, why, repr(state), 1, name
        )

    def _explain_bad(
        self,
        action: Action,
        before: Sequence[State],
        arguments: Mapping[str, Value],
        known: tuple[Value, ...],
        observation: Observation,
    ) -> None:
        """Say why no candidate takes the step. The first one stands for all."""
        step = _step(action.operator.name, arguments)
        if len(arguments) < len(action.parameters):
            why = f"no values of the arguments that are not logged make this a step of {self.module.name}"
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
            repr(before[0]), len(before),
        )  # fmt: skip

    def _allowed(self, action: Action, state: State, arguments: Mapping[str, Value]) -> list[tuple[Value, ...]]:
        """A few of the states that the module allows after the step, whatever was observed."""
        try:
            found = action.after(state.values, arguments, self._blank)
            return list(dict.fromkeys(islice(found, DIFFERENCES_MAX)))
        except EvaluationError:
            return []  # the module does not say what the next state is, only whether a state is one

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


def _agrees(values: tuple[Value, ...], known: tuple[Value, ...]) -> bool:
    return all(seen is UNASSIGNED or seen == value for value, seen in zip(values, known))


def _step(name: str, arguments: Mapping[str, Value]) -> str:
    return f"{name}({', '.join([f'{key} = {cut(shown(value))}' for key, value in arguments.items()])})"


def _indented(text: str) -> str:
    return text.replace("\n", "\n  ")

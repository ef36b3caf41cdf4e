"""Explores all reachable states of a module under a TLC configuration: the implementation of `amu states`.

Theory. The search is breadth first (specs/tla/explore/search.py), so a counterexample is a shortest one.

Rules. The search continues after a violation, so each invariant gets its own verdict; violated ones are not evaluated
again. A deadlock is a violation if the configuration sets CHECK_DEADLOCK TRUE; otherwise it is only counted. Properties
of infinite behaviours are checked when all states are known (specs/tla/explore/liveness.py), without SYMMETRY and VIEW,
which may hide a cycle. If there was nothing to check, or no state to check it in, the report is incomplete. An
invariant or an action without a value ends the search with an error.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from specs.tla.explore.formulas import Normalizer
from specs.tla.explore.liveness import Checker, Graph
from specs.tla.explore.model import Model, Property, Test
from specs.tla.explore.naming import Names
from specs.tla.explore.search import Search, Values
from specs.tla.language.language import EvaluationError, State
from specs.tla.language.located import NO_VALUE, located
from specs.tla.language.temporal import Formula
from specs.tla.syntax.tree import Unsupported
from specs.tla.values.itf import to_itf
from specs.verdict import EXIT_CODES, HOLDS, INCOMPLETE, NOT_CHECKED, PASS, VIOLATED, VIOLATION

LIMIT_STATES = 100_000
NOT_CHECKED_TEMPORAL = "not checked: temporal"
DEADLOCK = "deadlock"
INITIAL = "initial state"


@dataclass
class Report:
    """The result. `counterexamples` maps a violated name (or "deadlock") to the states that lead to it.

    `actions` names the steps between them. `loops`: of a behaviour without end, the position to which the last of its
    states returns. `complete`: all reachable states were seen; `missing` says why the report is
    incomplete nevertheless. `deadlocks` counts states without a successor. `notes` are for the reader.
    """

    module: str
    distinct_states: int = 0
    depth: int = 0
    invariants: dict[str, str] = field(default_factory=dict)
    properties: dict[str, str] = field(default_factory=dict)
    deadlocks: int = 0
    checks_deadlock: bool = False
    complete: bool = False
    missing: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    counterexamples: dict[str, list[State]] = field(default_factory=dict)
    actions: dict[str, list[str]] = field(default_factory=dict)
    loops: dict[str, int] = field(default_factory=dict)

    @property
    def verdict(self) -> str:
        violated = VIOLATED in self.invariants.values() or VIOLATED in self.properties.values()
        if violated or (self.checks_deadlock and self.deadlocks):
            return VIOLATION
        return PASS if self.complete and not self.missing else INCOMPLETE

    @property
    def exit_code(self) -> int:
        return EXIT_CODES[self.verdict]

    def as_dict(self) -> dict[str, object]:
        return {
            "module": self.module,
            "verdict": self.verdict,
            "distinct_states": self.distinct_states,
            "depth": self.depth,
            "complete": self.complete,
            "invariants": self.invariants,
            "properties": self.properties,
            "deadlock": self.deadlocks,
            "counterexamples": {
                name: [
                    {"action": action, "state": {variable: to_itf(state[variable]) for variable in state}}
                    for action, state in zip(self.actions[name], path)
                ]
                for name, path in sorted(self.counterexamples.items())
            },
            "loops": self.loops,
            "missing": self.missing,
            "notes": self.notes,
        }


def explore(model: Model, limit: int = LIMIT_STATES, progress: Callable[[int, int], None] | None = None) -> Report:
    """Explore until all states or `limit` distinct ones are known. Raises EvaluationError.

    `progress(distinct states, depth)` is called every Search.PROGRESS_STATES states.
    """
    try:
        return _Explorer(model, limit, progress).report()
    except RecursionError:
        raise EvaluationError("a value nests too deep to compare with another") from None


class _Explorer:
    def __init__(self, model: Model, limit: int, progress: Callable[[int, int], None] | None) -> None:
        self.model = model
        self.found = Report(model.module.name)
        configuration = model.configuration
        self.found.checks_deadlock = bool(configuration.check_deadlock)
        self.found.invariants = dict.fromkeys(configuration.invariants, HOLDS)
        self.found.properties = {item.name: HOLDS for item in model.properties}
        self._limit = limit
        self._note()
        # The tests that no state or step has violated yet: (name, test).
        self._invariants = list(model.invariants)
        self._initial = [(item.name, part.test) for item in model.properties for part in item.initial]
        self._always = [(item.name, part.test) for item in model.properties for part in item.always]
        self._steps = [(item.name, part.test) for item in model.properties for part in item.steps]
        self._search = Search(
            self._initials,
            self._successors,
            limit,
            self._visit,
            step=self._step if self._steps else None,
            inside=self._inside if model.constraints or model.action_constraints else None,
            images=model.images(),
            progress=progress,
        )

    def _note(self) -> None:
        for name in self.model.configuration.ignored:
            self.found.notes.append(f"{name}: ALIAS and POSTCONDITION do not affect this check")

    def report(self) -> Report:
        model, search, found = self.model, self._search, self.found
        if model.init is None:
            found.complete = True
            found.notes.append("the configuration names no behaviour: only assumptions were checked")
            if not model.module.compiler.loader.assumptions:
                found.missing.append("nothing was checked: the module has no behaviour and no ASSUME")
            return found
        search.run()
        found.distinct_states, found.depth, found.complete = search.distinct_states, search.depth, search.complete
        found.deadlocks = len(search.deadlocks)
        self._check_temporal()
        self._report_what_was_not_checked()
        if search.deadlocks:
            path = search.path(search.deadlocks[0])
            found.counterexamples[DEADLOCK] = [model.module.state_of(values) for values in path]
        self._name_steps()
        return found

    def _check_temporal(self) -> None:
        """Check what properties say of infinite behaviours."""
        temporal = [item for item in self.model.properties if item.temporal]
        if not temporal:
            return
        graph = Graph()
        is_whole = self.found.complete and graph.build(self._initials, self._successors, self._inside, self._limit)
        normalizer = Normalizer(self.model.module.compiler)
        for item in temporal:
            if self.found.properties[item.name] == VIOLATED:
                continue
            try:
                if not is_whole:
                    raise Unsupported("not all states are known")
                checker = Checker(graph, *normalizer.assumptions(self.model.assumed))
                self._check_formulas(item, checker, normalizer)
            except Unsupported as error:
                self.found.properties[item.name] = NOT_CHECKED_TEMPORAL
                self.found.notes.append(f"property {item.name}: not checked: {error}")
                if item.initial or item.always or item.steps:
                    self.found.notes.append(f"property {item.name}: its safety part is checked")

    def _check_formulas(self, item: Property, checker: Checker, normalizer: Normalizer) -> None:
        for formula in item.temporal:
            lasso = checker.counterexample(normalizer.normal(formula, False))
            if lasso is not None:
                states = [self.model.module.state_of(checker.graph.states[number]) for number in lasso.states]
                self.found.properties[item.name] = VIOLATED
                self.found.counterexamples[item.name] = states
                self.found.loops[item.name] = lasso.back
                return

    def _report_what_was_not_checked(self) -> None:
        found = self.found
        names = [*found.invariants, *found.properties]
        if not found.distinct_states:
            found.missing.append("nothing was checked: the initial predicate allows no state")
            found.invariants = dict.fromkeys(found.invariants, NOT_CHECKED)
            found.properties = dict.fromkeys(found.properties, NOT_CHECKED)
        elif names and set(found.properties.values()) == {NOT_CHECKED_TEMPORAL} and not found.invariants:
            found.missing.append(f"{', '.join(names)}: not checked, and there was nothing else to check")
        elif not names and not found.checks_deadlock:
            found.notes.append("no INVARIANT and no PROPERTY: checked only that each state can be computed")

    def _name_steps(self) -> None:
        if self.found.counterexamples:
            assert self.model.next_formula is not None
            names = Names(self.model.module, self.model.next_formula)
            for what, path in self.found.counterexamples.items():
                steps = [names.name(before.values, after.values) for before, after in pairwise(path)]
                self.found.actions[what] = [INITIAL, *steps]

    # --- callbacks of the search ----------------------------------------------------------------------

    def _initials(self) -> Iterator[Values]:
        assert self.model.init is not None
        return self._located(self.model.init.assignments(()), self.model.init_formula)

    def _successors(self, values: Values) -> Iterator[Values]:
        assert self.model.next is not None
        return self._located(self.model.next.assignments(values), self.model.next_formula)

    def _located(self, found: Iterator[Values], formula: Formula | None) -> Iterator[Values]:
        try:
            yield from found
        except NO_VALUE as error:
            settings = self.model.configuration
            name = settings.specification or (settings.next if formula is self.model.next_formula else settings.init)
            raise located(error, name or "", None if formula is None else formula.expression.place) from error

    def _inside(self, before: Values | None, values: Values) -> bool:
        if not all(test(values) for test in self.model.constraints):
            return False
        return before is None or all(test(before, values) for test in self.model.action_constraints)

    def _visit(self, before: Values | None, values: Values) -> bool:
        for name, test in tuple(self._invariants):
            if not test(values):
                self._violated(self.found.invariants, name, before, values)
        tests = self._always if before is not None else [*self._always, *self._initial]
        for name, test in tests:
            if self.found.properties[name] != VIOLATED and not test(values):
                self._violated(self.found.properties, name, before, values)
        return True

    def _step(self, before: Values, after: Values) -> bool:
        for name, test in tuple(self._steps):
            if not test(before, after):
                self._violated(self.found.properties, name, before, after)
        return True

    def _violated(self, verdicts: dict[str, str], name: str, before: Values | None, values: Values) -> None:
        verdicts[name] = VIOLATED
        self.found.counterexamples[name] = self._path(values, before)

        def left(tests: Sequence[tuple[str, Test]]) -> list[tuple[str, Test]]:
            return [item for item in tests if item[0] != name]

        if verdicts is self.found.invariants:
            self._invariants = left(self._invariants)
        else:
            self._initial, self._always, self._steps = left(self._initial), left(self._always), left(self._steps)

    def _path(self, values: Values, before: Values | None) -> list[State]:
        """The states from an initial one through `before`, which is one of the distinct states, to `values`."""
        path = [values] if before is None else [*self._search.path(before), values]
        return [self.model.module.state_of(item) for item in path]

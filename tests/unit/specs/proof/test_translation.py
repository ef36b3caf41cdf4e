"""The formulas that solvers get are true where the evaluator of TLA+ says that the module's expressions are.

States are those of random behaviours, and such states with a damaged part, so that predicates are true and false. Each
action is tried on steps that it took, and on other pairs of states.
"""

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain, combinations, product

import pytest

from specs import FOLDER, tla
from specs.proof import solvers
from specs.proof.obligations import Prover
from specs.proof.translation import constructs, meanings, terms
from specs.proof.translation.actions import Actions, Way
from specs.proof.translation.context import Context
from specs.proof.translation.meanings import Basic
from specs.proof.translation.terms import Term
from specs.tla.language.steps import Action
from specs.tla.syntax import tree
from specs.tla.syntax.tree import Unsupported
from tests.support.formulas import Table
from tests.support.interpretation import (
    Formula,
    Interpretation,
    arguments,
    damaged,
    facts,
    named,
    of_instances,
    sorts_of,
    walks,
)
from tests.support.proof_cases import CASES, TETRABFT, Case

BOARDS = range(-1, 3)  # of the subsets of whole numbers: more than any case here has boards
TOO_LONG = frozenset({"GuardsStand", "ProposalsPermitted", "FirstVotesPermitted", "Permitted", "Safety"})  # for z3


class Compared:
    """Predicates and actions of a module, each as a formula and as the evaluator takes it."""

    def __init__(self, case: Case) -> None:
        path = FOLDER / case.feature / f"{case.module}.tla"
        self.case = case
        self.prover = Prover(path)
        self.module = tla.load(path, case.constants, of_instances(self.prover.names.definitions))
        self.world = Interpretation(self.prover, self.module, case.constants)
        translator = self.prover.translator
        self.context = Context(self.prover.before, hidden=case.hidden)
        self.predicates: dict[str, tuple[Formula, tuple[str, ...]]] = {}
        for name, definition in self.prover.names.definitions.items():
            sets = case.operators.get(name)
            if sets is None and definition.parameters:
                continue
            found = self._predicate(definition, sets or ())
            if found is not None:
                self.predicates[name] = (found, sets or ())
        nodes = self.prover.names.definitions[case.relation].body
        self.ways = [(way, self._way(way)) for way in self.prover.actions.ways(nodes, self.context)]
        self.actions = {way.name: self._action(way.name) for way, _ in self.ways}
        assert translator.families.keys() <= case.hidden
        self.world.families()

    def _predicate(self, definition: tree.Definition, sets: tuple[str, ...]) -> Formula | None:
        translator = self.prover.translator
        sorts = [translator.set_of(tree.Apply(place=definition.place, name=name), self.context) for name in sets]
        names = {
            parameter.name: terms.variable(parameter.name, domain.element.sort)
            for parameter, domain in zip(definition.parameters, sorts)
            if isinstance(domain.element, Basic)
        }
        try:
            found = translator.value(definition.body, self.context.with_names(names))
        except Unsupported:
            return None
        if not isinstance(found, Term) or found.sort != terms.BOOL:
            return None
        return Formula(found, self.world, list(names.values()))

    def _action(self, name: str) -> Action:
        """The action as the evaluator takes it: what is not given of its arguments, it looks for in Next."""
        definitions = self.module.definitions
        return Action(self.module.compiler, definitions[name], definitions[self.case.relation])

    def _way(self, way: Way) -> Formula:
        """That the way is taken with some arguments, from the state before to that whose symbols begin with "next."."""
        after, guards = self.prover.actions.taken(way, self.prover.before, self.case.hidden)
        shapes = self.prover.translator.shapes
        same = [
            meanings.equal(after.get(name), meanings.symbol(shapes[name], f"next.{name}", ()))
            for name in self.prover.names.variables
        ]
        new = [item for variables in way.new.values() for item in variables]
        return Formula(terms.exists(new, terms.conjunction([*guards, *same])), self.world)


def compare(case: Case, states: int, seed: int) -> Counter[tuple[str, bool]]:
    """Compares in so many states. Returns how often each predicate and action was true and false."""
    compared, draw = Compared(case), random.Random(seed)
    seen: Counter[tuple[str, bool]] = Counter()
    behaviours = walks(compared.module, draw, 40, case.bounds, case.initial, case.relation)
    for at in range(states):
        state, after = next(behaviours)
        if at % 2:
            damage = draw.random()
            state = damaged(compared.world, state, random.Random(damage))
            # The same damage before and after a step tells whether a guard is kept.
            after = damaged(compared.world, after, random.Random(damage) if at % 4 == 1 else draw)
        tables = compared.world.tables(state) | compared.world.tables(after, "next.")
        compared.world.enter(tables, at)
        for name, (formula, sets) in compared.predicates.items():
            given = arguments(compared.world, sets, draw)
            try:
                wanted = compared.module.value(named(name), state, *given)
            except tla.EvaluationError:
                continue
            found = formula.value(*given)
            assert found is wanted, f"{name}{given}: the evaluator says {wanted} in\n{state}"
            seen[name, bool(found)] += 1
        _compare_steps(compared, state, after, seen)
    return seen


def _compare_steps(compared: Compared, state: tla.State, after: tla.State, seen: Counter[tuple[str, bool]]) -> None:
    """Of each action, and all its arguments, whether it is this step."""
    by_name = dict.fromkeys([way.name for way, _ in compared.ways], False)
    try:
        wanted = {name: _is_taken(compared, name, state, after) for name in by_name}
        is_step = compared.module.is_step(compared.case.relation, [], state, after)
    except tla.EvaluationError:  # in a damaged state, such as SubSeq from place -1
        return
    for way, formula in compared.ways:
        names = {way.name, *[name for name, _ in way.calls]} & by_name.keys()  # InOrder is a part of HearInOrder
        if not all(by_name[name] for name in names) and any(formula.value() is True for _ in _subsets(compared, way)):
            by_name |= dict.fromkeys(names, True)
    for name, found in by_name.items():
        assert wanted[name] is found, f"{name}: the formula says {found}, from\n{state} to\n{after}"
        seen[name, found] += 1
    assert any(by_name.values()) is is_step, f"{by_name} from\n{state} to\n{after}"


def _is_taken(compared: Compared, name: str, state: tla.State, after: tla.State) -> bool:
    return any(True for _ in compared.actions[name].after(state.values, {}, after.values))


def _subsets(compared: Compared, way: Way) -> Iterator[None]:
    """Each choice of the sets that a way quantifies; formulas speak of it until the next."""
    shapes = [shape for shape in way.symbols.values() if isinstance(shape, meanings.SetShape)]
    assert len(shapes) == len(way.symbols)
    sorts = compared.world.sorts | {terms.INT: list(BOARDS)}
    items = [list(product(*[sorts[sort] for sort in sorts_of(shape.element)])) for shape in shapes]
    subsets = [chain.from_iterable(combinations(one, size) for size in range(len(one) + 1)) for one in items]
    for given in product(*subsets):
        found: dict[str, Table] = {}
        for name, shape, subset in zip(way.symbols, shapes, given):
            flat = isinstance(shape.element, Basic)
            compared.world.put(found, shape, name, [item[0] if flat else item for item in subset])
        if found:
            compared.world.space.change(found)
        yield


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_formulas_mean_what_the_module_says(case: Case) -> None:
    seen = compare(case, 100, 1)
    assert len({name for name, _ in seen}) > 10
    assert sum(bool(seen[name, True] and seen[name, False]) for name in {name for name, _ in seen}) > 10


@pytest.mark.long
@pytest.mark.parametrize("module", sorted({case.module for case in CASES}))
def test_formulas_mean_what_the_module_says_in_many_states(module: str) -> None:
    cases = [case for case in CASES if case.module == module]
    seen: Counter[tuple[str, bool]] = Counter()
    for case in cases:
        seen += compare(case, 10_000, 2)
    lemmas = {theorem.name for theorem in Compared(cases[0]).prover.theorems}
    names = {name for name, _ in seen} - frozenset.intersection(*[case.silent for case in cases]) - lemmas
    assert len(names) > 10
    one_sided = {name for name in names if not (seen[name, True] and seen[name, False])}
    assert len(one_sided) <= 2, f"always true, or never: {one_sided}"


@pytest.mark.parametrize("case", [TETRABFT], ids=lambda case: case.module)
def test_solvers_say_the_same_of_concrete_states(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    """Told what each symbol is in a state, z3 proves what is true there, and that false is what is false."""
    monkeypatch.setattr(solvers, "Z3_STEPS_MAX", 300_000)
    compared, draw = Compared(case), random.Random(3)
    axioms, said = compared.prover.translator.choices.axioms, Counter[str]()
    behaviours = walks(compared.module, draw, 40, case.bounds, case.initial, case.relation)
    for _ in range(4):
        state = damaged(compared.world, next(behaviours)[0], draw)
        tables = compared.world.tables(state)
        for name, (formula, sets) in compared.predicates.items():
            if sets or name == "Init" or name in TOO_LONG:
                continue
            wanted = compared.module.holds(name, state)
            known = facts(compared.world, tables, formula.symbols.values())
            goals = {True: formula.term, False: terms.negation(formula.term)}
            answer = solvers.ask("z3", solvers.text(known, goals[wanted], axioms)).verdict
            if answer != solvers.PROVED or not said:
                answer = solvers.ask("z3", solvers.text(known, goals[not wanted], axioms)).verdict
                assert answer != solvers.PROVED, f"the evaluator says {wanted} of {name} in\n{state}"
                answer = solvers.UNKNOWN
            said[answer] += 1
    assert said[solvers.PROVED] > 10 * said[solvers.UNKNOWN]


@pytest.mark.parametrize("where", ["order", "filter", "update", "guard"])
def test_a_wrong_translation_is_noticed(where: str, monkeypatch: pytest.MonkeyPatch) -> None:
    order, ways = terms.order, Actions.ways
    if where == "order":
        monkeypatch.setattr(terms, "order", lambda op, left, right: order("<=", left, right))
    elif where == "guard":
        monkeypatch.setattr(
            Actions, "ways", lambda *given: [replace(way, guards=way.guards[1:]) for way in ways(*given)]
        )
    elif where == "update":
        monkeypatch.setattr(constructs, "_updated", lambda value, path, change: value)
    else:
        monkeypatch.setattr(meanings, "filtered", lambda domain, condition: domain)
    with pytest.raises(AssertionError):
        compare(TETRABFT, 100, 1)

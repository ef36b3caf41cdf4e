"""Searches for a behaviour of a finite model that breaks a temporal property.

Theory. A behaviour that breaks P is one that satisfies the specification's fairness and ~P. A formula is expanded step
by step: []F asks for F now and for []F next, <>F for F now or for <>F next (Lichtenstein and Pnueli, POPL 1985). So the
obligations of a formula form a finite automaton; its product with the state graph has a behaviour that satisfies the
formula if and only if it has a reachable strongly connected component with a cycle that puts no <>F off without end and
is fair. Weak fairness of A needs a step of A or a state in which A is not enabled; strong fairness a step of A, or no
state at all in which A is enabled: those are removed, and what remains is searched (Emerson and Lei 1987).

Rules. A behaviour may stutter, without end if fairness allows it. The counterexample is a lasso: a path and a cycle.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TypeAlias

from specs.tla.explore.formulas import Always, Eventually, Every, Fair, Literal, Normal, Test, Values
from specs.tla.values.values import EvaluationError

PRODUCT_MAX = 1_000_000  # states of the product

Obligations: TypeAlias = frozenset[Normal]


@dataclass(slots=True)
class Graph:
    """Reachable states with their successors, by number. Each state is a successor of itself: a stuttering step."""

    states: list[Values] = field(default_factory=list)
    initial: list[int] = field(default_factory=list)
    successors: list[list[int]] = field(default_factory=list)

    def build(
        self,
        initials: Callable[[], Iterator[Values]],
        successors: Callable[[Values], Iterator[Values]],
        inside: Callable[[Values | None, Values], bool],
        limit: int,
    ) -> bool:
        """Fill the graph. Returns False if it has more than `limit` states."""
        numbers: dict[Values, int] = {}

        def number(before: Values | None, state: Values) -> int | None:
            found = numbers.get(state)
            if found is None and inside(before, state):
                found = numbers[state] = len(self.states)
                self.states.append(state)
            return found if found is None or before is None or inside(before, state) else None

        first = [number(None, state) for state in initials()]
        self.initial = [item for item in first if item is not None]
        done = 0
        while done < len(self.states):
            before = self.states[done]
            after = [number(before, state) for state in successors(before)]
            self.successors.append(list(dict.fromkeys([done, *[item for item in after if item is not None]])))
            done += 1
            if len(self.states) > limit:
                return False
        return True


@dataclass(frozen=True, slots=True)
class Lasso:
    """A behaviour: its states by number, and the position to which the last one returns."""

    states: list[int]
    back: int


@dataclass(frozen=True, slots=True)
class _Choice:
    """One way to meet obligations: literals of this step, and the obligations of the next."""

    literals: tuple[Literal, ...]
    following: Obligations


@lru_cache(maxsize=4096)
def _choices(obligations: Obligations) -> tuple[_Choice, ...]:
    found: dict[tuple[frozenset[Literal], Obligations], None] = {}
    for literals, following in _expanded(list(obligations)):
        if not any(Literal(item.test, not item.positive) in literals for item in literals):
            found[literals, following] = None
    return tuple([_Choice(tuple(literals), following) for literals, following in found])


def _expanded(pending: Sequence[Normal]) -> Iterator[tuple[frozenset[Literal], Obligations]]:
    if not pending:
        yield frozenset(), frozenset()
        return
    first, *rest = pending
    if isinstance(first, Literal):
        for literals, following in _expanded(rest):
            yield literals | {first}, following
    elif isinstance(first, Every):
        yield from _expanded([*first.parts, *rest])
    elif isinstance(first, Always):
        for literals, following in _expanded([first.inner, *rest]):
            yield literals, following | {first}
    elif isinstance(first, Eventually):
        yield from _expanded([first.inner, *rest])
        for literals, following in _expanded(rest):
            yield literals, following | {first}
    else:
        for part in first.parts:
            yield from _expanded([part, *rest])


def _promises(formula: Normal) -> Iterator[Eventually]:
    """The parts <>F of a formula."""
    if isinstance(formula, Always | Eventually):
        if isinstance(formula, Eventually):
            yield formula
        yield from _promises(formula.inner)
    elif not isinstance(formula, Literal):
        for part in formula.parts:
            yield from _promises(part)


_Node: TypeAlias = tuple[int, Obligations]


@dataclass(frozen=True, slots=True)
class _Edge:
    """A step of the product, to node `target`. `kept`: numbers of the promises that it does not put off."""

    target: int
    kept: frozenset[int]


class _Truth:
    """The values of tests, each evaluated once."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._known: dict[tuple[Test, int, int], bool] = {}

    def of(self, test: Test, before: int, after: int) -> bool:
        key = (test, before, after if test.is_step else before)
        value = self._known.get(key)
        if value is None:
            states = self._graph.states
            value = self._known[key] = test.holds(states[before], states[after])
        return value


class Checker:
    """Checks properties of one graph under fairness."""

    def __init__(self, graph: Graph, fair: Sequence[Fair], assumed: Sequence[Normal]) -> None:
        self.graph, self.fair, self.assumed = graph, fair, assumed
        self._truth = _Truth(graph)

    def counterexample(self, negated: Normal) -> Lasso | None:
        """A behaviour that satisfies `negated`. None if there is none."""
        whole = Every((negated, *self.assumed))
        return _Product(self.graph, self._truth, whole, self.fair).lasso()


def _without_stuttering(path: list[int], cycle: list[int]) -> Lasso:
    """The lasso of a path, which ends where the cycle begins and ends. A cycle of stuttering steps is one state."""
    shorter: list[int] = []
    for state in (*path, *cycle):
        if len(shorter) == 0 or shorter[-1] != state:
            shorter.append(state)
    back = len([state for state, before in zip(path, [None, *path]) if state != before]) - 1
    return Lasso(shorter if back == len(shorter) - 1 else shorter[:-1], back)


class _Product:
    """The product of the graph and the automaton of a formula."""

    def __init__(self, graph: Graph, truth: _Truth, formula: Normal, fair: Sequence[Fair]) -> None:
        self.graph, self.truth, self.fair = graph, truth, fair
        self.promises = list(dict.fromkeys(_promises(formula)))
        self.nodes: list[_Node] = []
        self.edges: list[list[_Edge]] = []
        self.parents: list[int] = []
        self._numbers: dict[_Node, int] = {}
        self._build(formula)

    def _build(self, formula: Normal) -> None:
        for state in self.graph.initial:
            self._number((state, frozenset((formula,))), -1)
        done = 0
        while done < len(self.nodes):
            state, obligations = self.nodes[done]
            self.edges.append(list(self._edges(done, state, obligations)))
            done += 1
            if done > PRODUCT_MAX:
                raise EvaluationError(f"a temporal property whose search has more than {PRODUCT_MAX} states")

    def _edges(self, number: int, state: int, obligations: Obligations) -> Iterator[_Edge]:
        for choice in _choices(obligations):
            kept = frozenset([index for index, item in enumerate(self.promises) if item not in choice.following])
            now = [item for item in choice.literals if not item.test.is_step]
            if not all(self.truth.of(item.test, state, state) is item.positive for item in now):
                continue
            steps = [item for item in choice.literals if item.test.is_step]
            for target in self.graph.successors[state]:
                if all(self.truth.of(item.test, state, target) is item.positive for item in steps):
                    yield _Edge(self._number((target, choice.following), number), kept)

    def _number(self, node: _Node, parent: int) -> int:
        found = self._numbers.get(node)
        if found is None:
            found = self._numbers[node] = len(self.nodes)
            self.nodes.append(node)
            self.parents.append(parent)
        return found

    # --- components ---------------------------------------------------------------------------------

    def lasso(self) -> Lasso | None:
        pending = [frozenset(range(len(self.nodes)))]
        while pending:
            for component in self._components(pending.pop()):
                wanted = self._wanted(component, pending)
                if wanted is not None:
                    return self._tour(component, wanted)
        return None

    def _inside(self, node: int, component: frozenset[int]) -> Iterator[_Edge]:
        return (edge for edge in self.edges[node] if edge.target in component)

    def _wanted(
        self, component: frozenset[int], pending: list[frozenset[int]]
    ) -> list[tuple[int, _Edge | None]] | None:
        """Edges and nodes that a fair cycle in the component must pass; None if there is no fair cycle.

        Adds to `pending` a part of the component that may have a fair cycle nevertheless.
        """
        edges = [(node, edge) for node in sorted(component) for edge in self._inside(node, component)]
        if not edges:
            return None
        wanted: list[tuple[int, _Edge | None]] = []
        for index in range(len(self.promises)):
            found = next((item for item in edges if index in item[1].kept), None)
            if found is None:
                return None
            wanted.append(found)
        for fair in self.fair:
            taken = next((item for item in edges if self._is_taken(fair, *item)), None)
            if taken is not None:
                wanted.append(taken)
                continue
            idle = [node for node in sorted(component) if not self._is_enabled(fair, node)]
            if len(idle) == len(component):
                continue
            if fair.strong:
                pending.append(frozenset(idle))
                return None
            if not idle:
                return None
            wanted.append((idle[0], None))
        return wanted or [edges[0]]

    def _is_enabled(self, fair: Fair, node: int) -> bool:
        state = self.nodes[node][0]
        return self.truth.of(fair.enabled, state, state)

    def _is_taken(self, fair: Fair, node: int, edge: _Edge) -> bool:
        return self.truth.of(fair.taken, self.nodes[node][0], self.nodes[edge.target][0])

    def _components(self, among: frozenset[int]) -> Iterator[frozenset[int]]:
        """The strongly connected components (Tarjan 1972), iterative."""
        order: dict[int, int] = {}
        low: dict[int, int] = {}
        stack: list[int] = []
        on_stack: set[int] = set()
        for root in sorted(among):
            if root in order:
                continue
            work = [(root, self._inside(root, among))]
            while work:
                node, edges = work[-1]
                if node not in order:
                    order[node] = low[node] = len(order)
                    stack.append(node)
                    on_stack.add(node)
                edge = next(edges, None)
                if edge is not None:
                    if edge.target not in order:
                        work.append((edge.target, self._inside(edge.target, among)))
                    elif edge.target in on_stack:
                        low[node] = min(low[node], order[edge.target])
                    continue
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[node])
                if low[node] == order[node]:
                    start = stack.index(node)
                    component = frozenset(stack[start:])
                    del stack[start:]
                    on_stack -= component
                    yield component

    # --- the counterexample -------------------------------------------------------------------------

    def _tour(self, component: frozenset[int], wanted: Iterable[tuple[int, _Edge | None]]) -> Lasso:
        """A path to the component, and a cycle in it that passes what is wanted."""
        entry = min(component)  # nodes are numbered in the order of a breadth-first search
        path = [entry]
        while self.parents[path[0]] >= 0:
            path.insert(0, self.parents[path[0]])
        back = len(path) - 1
        for node, edge in wanted:
            path += self._way(path[-1], node, component)
            if edge is not None:
                path.append(edge.target)
        path += self._way(path[-1], entry, component)
        states = [self.nodes[node][0] for node in path]
        return _without_stuttering(states[: back + 1], states[back + 1 :])

    def _way(self, start: int, end: int, component: frozenset[int]) -> list[int]:
        """The nodes after `start` on a shortest way to `end` inside the component."""
        came: dict[int, int] = {start: -1}
        pending = deque([start])
        while end not in came:
            node = pending.popleft()
            for edge in self._inside(node, component):
                if edge.target not in came:
                    came[edge.target] = node
                    pending.append(edge.target)
        way: list[int] = []
        while end != start:
            way.insert(0, end)
            end = came[end]
        return way

"""Explores the reachable states of a module, breadth first, until an invariant is false."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from specs.tla.explore.search import Search
from specs.tla.language.language import Module, State
from specs.tla.values.values import Value


@dataclass(frozen=True, slots=True)
class Exploration:
    """The result of `explore`. `depth` counts the states on the longest shortest path, as TLC does.

    `violated` is the first invariant found false, `path` the states that lead there. `complete`: all reachable states
    were seen. `deadlocks`: the number of reachable states without a successor.
    """

    distinct_states: int
    depth: int
    violated: str | None
    path: tuple[State, ...]
    complete: bool
    deadlocks: int


def explore(
    module: Module, init: str, next_action: str, invariants: Sequence[str] = (), limit: int = 100_000
) -> Exploration:
    """Explores until an invariant is false, `limit` distinct states are known, or no new states are found."""
    checks = [(name, module.predicate(name)) for name in invariants]
    violated: list[tuple[str, State]] = []

    def visit(before: tuple[Value, ...] | None, values: tuple[Value, ...]) -> bool:
        state = module.state_of(values)
        violated.extend([(name, state) for name, check in checks if not check(state)][:1])
        return not violated

    search = Search(
        lambda: (state.values for state in module.initials(init)),
        lambda values: (state.values for state in module.successors(next_action, module.state_of(values))),
        limit,
        visit,
    )
    search.run()
    path = tuple([module.state_of(values) for values in search.path(violated[0][1].values)]) if violated else ()
    return Exploration(
        search.distinct_states,
        search.depth,
        violated[0][0] if violated else None,
        path,
        search.complete,
        len(search.deadlocks),
    )

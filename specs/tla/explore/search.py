"""Breadth-first search over states, under a TLC configuration.

Rules, as in TLC. A state outside the constraints is neither counted nor expanded, but invariants are checked in it. A
deadlock is a state without any successor, inside the constraints or not. Two states are equal if they share an image
(under SYMMETRY, VIEW, or both).
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator
from typing import TypeAlias

from specs.tla.values.values import Value

Values: TypeAlias = tuple[Value, ...]  # of the variables, in order


class Search:
    """One search. Its results: `distinct_states`, `depth` as TLC counts it, `complete`, `deadlocks`.

    `visit(before, values)` is called for each new state, `step(before, after)` for each step; False stops the search.
    `inside(before, values)`: whether a state is within the constraints (`before` is None for initial states).
    `images(values)`: the images of a state, its own first; None compares states directly.
    `progress(distinct states, depth)` is called every PROGRESS_STATES states.
    """

    PROGRESS_STATES = 1_000

    def __init__(
        self,
        initials: Callable[[], Iterator[Values]],
        successors: Callable[[Values], Iterator[Values]],
        limit: int,
        visit: Callable[[Values | None, Values], bool],
        *,
        step: Callable[[Values, Values], bool] | None = None,
        inside: Callable[[Values | None, Values], bool] | None = None,
        images: Callable[[Values], Iterable[Hashable]] | None = None,
        progress: Callable[[int, int], None] | None = None,
    ) -> None:
        self.initials, self.successors, self.limit = initials, successors, limit
        self.visit, self.step, self.inside, self.images, self.progress = visit, step, inside, images, progress
        self.depth = 0
        self.complete = False
        self.deadlocks: list[Values] = []
        self._parents: dict[Values, Values | None] = {}
        self._seen: set[Hashable] = set()

    @property
    def distinct_states(self) -> int:
        return len(self._parents)

    def path(self, values: Values) -> list[Values]:
        """The states from an initial one to `values`, which is one of the distinct states."""
        path: list[Values] = []
        found: Values | None = values
        while found is not None:
            path.append(found)
            found = self._parents[found]
        return path[::-1]

    def run(self) -> None:
        """Search until all states are known, `limit` of them are, or a callback returns False."""
        level: list[Values] = []
        for state in self.initials():
            if not self._found(None, state, level):
                self.depth += bool(level)
                return
        while level:
            self.depth += 1
            following: list[Values] = []
            for before in level:
                alone = True
                for state in self.successors(before):
                    alone = False
                    if not self._found(before, state, following) or (self.step and not self.step(before, state)):
                        self.depth += bool(following)
                        return
                if alone:
                    self.deadlocks.append(before)
            level = following
        self.complete = True

    def _found(self, before: Values | None, state: Values, level: list[Values]) -> bool:
        """Record a state and visit it. Returns False to stop the search."""
        if state in self._parents:
            return True
        if self.inside is not None and not self.inside(before, state):
            return self.visit(before, state)
        if self.images is not None:
            images = iter(self.images(state))
            first = next(images)
            if first in self._seen:
                return True
            self._seen.add(first)
            self._seen.update(images)  # a generator: computed for new states only
        if len(self._parents) >= self.limit:
            return False
        self._parents[state] = before
        level.append(state)
        if self.progress is not None and len(self._parents) % self.PROGRESS_STATES == 0:
            self.progress(len(self._parents), self.depth)
        return self.visit(before, state)

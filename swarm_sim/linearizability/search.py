"""Is one part of a history linearizable? A depth-first search for an order.

Wing and Gong (JPDC 1993) try each operation that no other one precedes as the next; Lowe ("Testing for
linearizability", 2017) keeps the rest of the history as a linked list of calls and responses, from which an operation
is lifted and into which it is put back, and never visits the same pair (operations done, state) twice.

Rules
- The next operation is one whose call is before the first response in the list: no operation ends before it begins.
- The list holds completed operations. Pending ones have no response and are kept separately; the search ends when the
  list is empty, whichever of them are left.
- A read-only completed operation is taken as soon as its response fits, and no alternative is tried: it can be moved
  here from any later position. A pending operation that does not change the state is not tried.
- Of two pending operations with equal requests, the earlier happens first. Reaching a state with fewer pending
  operations used is at least as good as with more: a state is visited again only in that case.
- The search gives up after `steps_max` steps of the model, never by a clock.
"""

from collections.abc import Hashable, Iterator, Sequence

from swarm_sim.linearizability.history import ILLEGAL, LINEARIZABLE, UNKNOWN, Operation, Part, Result

HEAD = 0  # of the linked list


class Search:
    """One run of the search over the operations of one part."""

    def __init__(self, part: Part, steps_max: int) -> None:
        self._part = part
        self._steps_max = steps_max
        self._steps = 0
        calls = sorted(part.operations, key=lambda operation: operation.invoked)
        self._completed = [operation for operation in calls if not operation.is_pending]
        self._pending = [operation for operation in calls if operation.is_pending]
        self._twins = [_earlier_twin(self._pending, i) for i in range(len(self._pending))]
        self._thread_list()
        self._done = 0  # bit i: completed operation i
        self._used = 0  # bit i: pending operation i
        self._left = len(self._completed)
        self._visited: dict[Hashable, list[int]] = {}  # (done, state) -> sets of pending operations used
        self._furthest = -1
        self._best: tuple[tuple[Operation, ...], Hashable, Operation | None] = ((), None, None)

    def run(self) -> Result:
        """The verdict on this part."""
        state = self._part.initial
        if self._left == 0:
            return Result(LINEARIZABLE)
        trail: list[tuple[bool, int]] = []
        stack = [self._choices(state, trail)]
        while stack:
            if self._steps > self._steps_max:
                return self._result(UNKNOWN)
            if not stack[-1]:
                stack.pop()
                if trail:
                    self._put_back(*trail.pop())
                continue
            is_pending, index, state = stack[-1].pop()
            self._lift(is_pending, index)
            if self._left == 0:
                return Result(LINEARIZABLE, self._steps)
            if self._is_new(state):
                trail.append((is_pending, index))
                stack.append(self._choices(state, trail))
            else:
                self._put_back(is_pending, index)
        return self._result(ILLEGAL)

    def _result(self, verdict: str) -> Result:
        linearized, state, stuck = self._best
        return Result(verdict, self._steps, self._part.name, linearized, state, stuck)

    # --- the list -----------------------------------------------------------------------------

    def _thread_list(self) -> None:
        """Entries from 1 in order of time, calls before responses of the same time. HEAD is before and after all."""
        events = []
        for i, operation in enumerate(self._completed):
            assert operation.returned is not None
            events.append((operation.invoked, 0, i))
            events.append((operation.returned, 1, i))
        events.sort()
        self._index = [-1] + [i for _, _, i in events]
        self._is_response = [False] + [kind == 1 for _, kind, _ in events]
        self._time = [float("-inf")] + [time for time, _, _ in events]
        self._next = [*range(1, len(events) + 1), HEAD]
        self._previous = [len(events), *range(len(events))]
        self._entries = [[0, 0] for _ in self._completed]  # the entries of the call and the response of each
        for entry in range(1, len(events) + 1):
            self._entries[self._index[entry]][self._is_response[entry]] = entry

    def _lift(self, is_pending: bool, index: int) -> None:
        if is_pending:
            self._used |= 1 << index
            return
        self._done |= 1 << index
        self._left -= 1
        for entry in self._entries[index]:
            self._next[self._previous[entry]] = self._next[entry]
            self._previous[self._next[entry]] = self._previous[entry]

    def _put_back(self, is_pending: bool, index: int) -> None:
        if is_pending:
            self._used &= ~(1 << index)
            return
        self._done &= ~(1 << index)
        self._left += 1
        for entry in reversed(self._entries[index]):
            self._next[self._previous[entry]] = entry
            self._previous[self._next[entry]] = entry

    # --- the tree -----------------------------------------------------------------------------

    def _choices(self, state: Hashable, trail: list[tuple[bool, int]]) -> list[tuple[bool, int, Hashable]]:
        """The possible next operations, the best last: (is pending, index, state after it)."""
        found: list[tuple[bool, int, Hashable]] = []
        entry = self._next[HEAD]
        while not self._is_response[entry]:
            index = self._index[entry]
            states = self._step(state, self._completed[index])
            if states and self._part.is_read_only(self._completed[index]):
                return [(False, index, state)]
            found.extend((False, index, after) for after in states)
            entry = self._next[entry]
        self._note_progress(entry, state, trail)
        found.extend(self._pending_choices(entry, state))
        found.reverse()
        return found

    def _pending_choices(self, response: int, state: Hashable) -> Iterator[tuple[bool, int, Hashable]]:
        for index, operation in enumerate(self._pending):
            if operation.invoked > self._time[response]:
                return
            twin = self._twins[index]
            is_free = not self._used >> index & 1 and (twin is None or self._used >> twin & 1)
            if is_free:
                for after in self._step(state, operation):
                    if after != state:
                        yield True, index, after

    def _step(self, state: Hashable, operation: Operation) -> list[Hashable]:
        self._steps += 1
        return list(self._part.step(state, operation))

    def _is_new(self, state: Hashable) -> bool:
        """Whether nothing as good was visited. If so, marks it as visited."""
        first = self._index[self._next[HEAD]]  # all operations before it are done
        seen = self._visited.setdefault((first, self._done >> first, state), [])
        if any(used & ~self._used == 0 for used in seen):
            return False
        seen.append(self._used)
        return True

    def _note_progress(self, response: int, state: Hashable, trail: list[tuple[bool, int]]) -> None:
        """Keep the order that explains the most responses: all before entry `response`."""
        if response > self._furthest:
            self._furthest = response
            order = tuple((self._pending if is_pending else self._completed)[index] for is_pending, index in trail)
            self._best = order, state, self._completed[self._index[response]]


def _earlier_twin(pending: Sequence[Operation], index: int) -> int | None:
    """The last operation before `index` with an equal request, or None."""
    for earlier in range(index - 1, -1, -1):
        if pending[earlier].request == pending[index].request:
            return earlier
    return None

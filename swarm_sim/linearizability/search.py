"""Is one part of a history linearizable? A depth-first search for an order.

Wing and Gong (JPDC 1993) try each operation that no other one precedes as the next; Lowe ("Testing for
linearizability", 2017) keeps the rest of the history as a linked list of calls and responses, from which an operation
is lifted and into which it is put back, and never visits the same pair (operations done, state) twice.

Rules
- The *frontier* is the first response in the list. The next operation is one whose call is before it.
- The list holds completed operations. Pending ones have no response and are kept separately; the search ends when the
  list is empty, whichever of them are left.
- An EARLY operation is taken as soon as its response fits, and no alternative is tried. A LATE one waits until its own
  response is the frontier. Of equal operations, the one whose response is first is taken first.
- A BLIND operation whose effect no one sees need not be placed until its own response is the frontier. It is *hideable*
  once the state did not notice it, or once an operation that OVERWRITES could have come right after it. So an operation
  is taken visibly only if the next one depends on it: thousands of writes that no one read cost no search.
- A pending operation is used only if the next one depends on it, too. Of equal ones, the earlier call happens first.
- A configuration is visited again only if it is better than each visit of its pair so far: it used a pending operation
  less, or may hide an operation more.
- The search gives up after `steps_max` steps of the model, or when `is_late` says so. A step that compares a
  configuration with many others counts more than once.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from swarm_sim.linearizability.history import (
    ILLEGAL,
    LINEARIZABLE,
    STEPS,
    TIME,
    UNKNOWN,
    Nature,
    Operation,
    Part,
    Result,
)

HEAD = 0  # of the linked list
COMPLETED, PENDING, HIDDEN = range(3)  # kinds of moves
COMPARISONS_PER_STEP = 8
STEPS_PER_LOOK = 1024  # at the clock
NEVER = 1 << 62  # after every entry
EARLY, LATE, TWINS, BLIND, OVERWRITES = (  # plain numbers, which are quicker
    flag.value for flag in (Nature.EARLY, Nature.LATE, Nature.TWINS, Nature.BLIND, Nature.OVERWRITES)
)


def never() -> bool:
    """A search that takes its time is not late."""
    return False


class Move(NamedTuple):
    """A completed or pending operation takes effect, or a completed one is found to have done so unseen before."""

    kind: int
    which: int  # of the completed or of the pending operations
    after: Hashable  # the state


class Cover(NamedTuple):
    """The last move that was not HIDDEN."""

    node: int  # number of the node after it
    limit: int  # the entry up to which it could be delayed, if it OVERWRITES: its response; otherwise HEAD
    before: Hashable  # the state before it
    frontier: int  # before it
    is_blind: bool  # in vain if an operation that OVERWRITES could have come instead
    is_spare: bool  # in vain if the next operation could have come instead, with the same state after it


@dataclass(slots=True)
class Node:
    """A configuration on the path from the beginning, with the moves that are still to be tried, the best last."""

    move: Move | None  # which led here
    state: Hashable
    hideable: int  # completed operations, one bit each
    cover: Cover | None
    frontier: int = HEAD  # once visited
    covered: int = 0  # became hideable here: the cover could come right after them
    idle: int = 0  # became hideable here: the state does not notice them
    moves: list[Move] | None = None  # None: not visited yet


class Search:
    """One run of the search over the operations of one part."""

    def __init__(self, part: Part, steps_max: int, is_late: Callable[[], bool] = never) -> None:
        self._part = part
        self._steps_max = steps_max
        self._is_late = is_late
        self._next_look = STEPS_PER_LOOK
        self._steps = 0
        calls = sorted(part.operations, key=lambda operation: operation.invoked)
        self._completed = [operation for operation in calls if not operation.is_pending]
        self._pending = [operation for operation in calls if operation.is_pending]
        self._natures = [part.nature(operation).value for operation in self._completed]
        self._pending_natures = [part.nature(operation).value for operation in self._pending]
        self._thread_list()
        self._find_twins()
        self._done = 0  # bit i: completed operation i
        self._used = 0  # bit i: pending operation i
        self._left = len(self._completed)
        self._visited: dict[Hashable, list[tuple[int, int, int]]] = {}  # (done, state) -> (used, hideable, limit)
        self._path: list[Node] = []
        self._furthest = -1
        self._best: list[Node] = []

    def run(self) -> Result:
        """The verdict on this part."""
        if (impossible := self._part.impossible()) is not None:
            return Result(ILLEGAL, 0, self._part.name, (), self._part.initial, impossible)
        self._path = [Node(None, self._part.initial, 0, None)]
        while self._path:
            if self._steps > self._steps_max:
                return self._result(UNKNOWN, self._best, STEPS)
            if self._steps > self._next_look:
                self._next_look = self._steps + STEPS_PER_LOOK
                if self._is_late():
                    return self._result(UNKNOWN, self._best, TIME)
            if self._left == 0:
                return self._result(LINEARIZABLE, self._path)
            node = self._path[-1]
            if node.moves is None:
                node.moves = self._moves(node)
            if node.moves:
                self._go(node, node.moves.pop())
            else:
                self._path.pop()
                if node.move is not None:
                    self._put_back(node.move)
        return self._result(ILLEGAL, self._best)

    def _result(self, verdict: str, path: Sequence[Node], bound: str = "") -> Result:
        stuck = None if verdict == LINEARIZABLE or not path else self._completed[self._index[self._furthest]]
        state = path[-1].state if path else self._part.initial
        return Result(verdict, self._steps, self._part.name, self._order(path), state, stuck, bound=bound)

    def _order(self, path: Sequence[Node]) -> tuple[Operation, ...]:
        """The operations on a path, each hidden one where it took effect unseen."""
        placed: list[tuple[int, int, int, Operation]] = []  # node, before or after its move, call, operation
        for number, node in enumerate(path):
            if node.move is None:
                continue
            kind, index, _ = node.move
            if kind != HIDDEN:
                placed.append((number, 1, index, (self._pending if kind == PENDING else self._completed)[index]))
                continue
            first = next(i for i in range(number) if (path[i].covered | path[i].idle) >> index & 1)
            cover = path[first].cover
            if path[first].idle >> index & 1:
                placed.append((first, 2, index, self._completed[index]))
            else:
                assert cover is not None
                placed.append((cover.node, 0, index, self._completed[index]))
        return tuple(operation for *_, operation in sorted(placed, key=lambda row: row[:3]))

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

    def _find_twins(self) -> None:
        """For each operation, those that are taken before it because they are equal."""
        equal: dict[Hashable, int] = {}  # request and response -> completed operations, those with earlier responses
        blind: dict[Hashable, int] = {}  # request -> completed operations that are BLIND
        self._better = [0] * len(self._completed)
        for i in sorted(range(len(self._completed)), key=lambda i: self._entries[i][1]):
            operation = self._completed[i]
            if self._natures[i] & TWINS:
                key = operation.request, operation.response
                self._better[i] = equal.get(key, 0)
                equal[key] = self._better[i] | 1 << i
            if self._natures[i] & BLIND:
                blind[operation.request] = blind.get(operation.request, 0) | 1 << i
        self._twins = _earlier_twins(self._pending)
        natures = self._pending_natures
        self._reading = [i for i in range(len(self._pending)) if not natures[i] & OVERWRITES]
        self._writing: dict[Hashable, list[int]] = {}  # request that OVERWRITES -> pending operations
        for i, operation in enumerate(self._pending):
            if natures[i] & OVERWRITES:
                self._writing.setdefault(operation.request, []).append(i)
        self._rather = [blind.get(one.request, 0) if blind else 0 for one in self._pending]

    def _go(self, node: Node, move: Move) -> None:
        """Make a move."""
        kind, index, after = move
        if kind == HIDDEN:
            cover = node.cover
        else:
            is_pending = kind == PENDING
            nature = (self._pending_natures if is_pending else self._natures)[index]
            response = NEVER if is_pending else self._entries[index][1]
            limit = response if nature & OVERWRITES else HEAD
            is_blind = is_pending or (bool(nature & BLIND) and response != node.frontier)
            cover = Cover(len(self._path), limit, node.state, node.frontier, is_blind, is_pending and limit == HEAD)
        self._lift(move)
        self._path.append(Node(move, after, node.hideable, cover))

    def _lift(self, move: Move) -> None:
        if move.kind == PENDING:
            self._used |= 1 << move.which
            return
        self._done |= 1 << move.which
        self._left -= 1
        for entry in self._entries[move.which]:
            self._next[self._previous[entry]] = self._next[entry]
            self._previous[self._next[entry]] = self._previous[entry]

    def _put_back(self, move: Move) -> None:
        if move.kind == PENDING:
            self._used &= ~(1 << move.which)
            return
        self._done &= ~(1 << move.which)
        self._left += 1
        for entry in reversed(self._entries[move.which]):
            self._next[self._previous[entry]] = entry
            self._previous[self._next[entry]] = entry

    def _called(self) -> tuple[list[int], int]:
        """The operations in the list that may be next, and the frontier."""
        found = []
        entry = self._next[HEAD]
        while not self._is_response[entry]:
            found.append(self._index[entry])
            entry = self._next[entry]
        return found, entry

    # --- the tree -----------------------------------------------------------------------------

    def _moves(self, node: Node) -> list[Move]:
        """The moves from a configuration, the best last; none if it is not better than one that was visited."""
        called, frontier = self._called()
        node.frontier = frontier
        self._steps += len(called) // COMPARISONS_PER_STEP
        blind = sum(1 << index for index in called if self._natures[index] & BLIND)
        if node.cover is not None and node.cover.limit:
            reach = sum(1 << index for index in called if self._entries[index][0] < node.cover.limit)
            node.covered = blind & reach & ~node.hideable
            node.hideable |= node.covered
        if not self._is_better(node, called[0]):
            return []
        self._note_progress(frontier)
        state, owner, open_calls = node.state, self._index[frontier], sum(1 << index for index in called)
        moves = []
        for index in called:
            nature = self._natures[index]
            is_early_for_it = index != owner and nature & LATE
            if is_early_for_it or self._better[index] & open_calls:
                continue
            if node.hideable >> index & 1 and self._is_overwritten(node, COMPLETED, index):
                continue
            for after in self._step(state, self._completed[index]):
                if nature & EARLY:
                    return [Move(COMPLETED, index, after)]
                if after == state and nature & BLIND:
                    node.idle |= 1 << index & ~node.hideable
                moves.append(Move(COMPLETED, index, after))
        node.hideable |= node.idle
        wanted = None if blind & ~node.hideable else self._wanted(called, frontier)  # None: anything that OVERWRITES
        moves = [move for move in moves if self._is_of_use(node, move, owner, wanted)]
        for move in self._pending_moves(state, open_calls, frontier, wanted):
            if self._pending_natures[move.which] & EARLY and move.after != state:
                return [move]
            if self._is_of_use(node, move, owner, wanted):
                moves.append(move)
        moves.reverse()
        if node.hideable >> owner & 1:
            moves.append(Move(HIDDEN, owner, state))
        return moves

    def _wanted(self, called: Sequence[int], frontier: int) -> set[Hashable] | None:
        """The requests that OVERWRITE and make an operation possible that may be next; None: perhaps all."""
        wanted: set[Hashable] = set()
        able = [self._completed[index] for index in called if not self._natures[index] & OVERWRITES]
        able += [self._pending[index] for index in self._reading if not self._used >> index & 1]
        for operation in able:
            if operation.is_pending and operation.invoked > self._time[frontier]:
                continue
            requests = self._part.wants(operation)
            if requests is None:
                return None
            wanted.update(requests)
        return wanted

    def _pending_moves(
        self, state: Hashable, open_calls: int, frontier: int, wanted: set[Hashable] | None
    ) -> Iterator[Move]:
        indices: Iterable[int] = range(len(self._pending))
        if wanted is not None:
            indices = [*self._reading, *(i for one in wanted for i in self._writing.get(one, ()))]
        for index in indices:
            operation = self._pending[index]
            if operation.invoked > self._time[frontier] or self._used >> index & 1:
                continue
            twin = self._twins[index]
            if (twin is not None and not self._used >> twin & 1) or self._rather[index] & open_calls:
                continue
            if not self._pending_natures[index] & LATE:
                for after in self._step(state, operation):
                    yield Move(PENDING, index, after)

    def _is_of_use(self, node: Node, move: Move, owner: int, wanted: set[Hashable] | None) -> bool:
        """False for a move that leads to nothing better than another one."""
        kind, index, after = move
        is_pending = kind == PENDING
        nature = (self._pending_natures if is_pending else self._natures)[index]
        operation = (self._pending if is_pending else self._completed)[index]
        is_owner = not is_pending and index == owner
        if not nature & OVERWRITES:
            if after == node.state and (is_pending or nature & BLIND):
                return False
            if nature & BLIND and not is_owner and self._part.is_dead(after):
                return False
        elif wanted is not None and (after == node.state or (not is_owner and operation.request not in wanted)):
            return False
        return not self._is_replaced(node, move, operation)

    def _is_replaced(self, node: Node, move: Move, operation: Operation) -> bool:
        """Whether this move could have come instead of the last visible one, and leads to something as good then."""
        cover = node.cover
        if cover is None:
            return False
        if cover.is_spare and cover.node == len(self._path) - 1 and move.after in self._step(cover.before, operation):
            return True
        return self._is_overwritten(node, move.kind, move.which)

    def _is_overwritten(self, node: Node, kind: int, index: int) -> bool:
        """Whether this operation OVERWRITES what the last visible move did, and could have come instead."""
        cover = node.cover
        if cover is None or not cover.is_blind:
            return False
        if kind == PENDING:
            is_called = self._pending[index].invoked <= self._time[cover.frontier]
            return is_called and bool(self._pending_natures[index] & OVERWRITES)
        return self._entries[index][0] < cover.frontier and bool(self._natures[index] & OVERWRITES)

    def _step(self, state: Hashable, operation: Operation) -> list[Hashable]:
        self._steps += 1
        return list(self._part.step(state, operation))

    def _is_better(self, node: Node, first: int) -> bool:
        """Whether nothing as good was visited. If so, marks it as visited."""
        used, hideable = self._used, node.hideable & ~self._done
        limit = node.cover.limit if node.cover else HEAD
        seen = self._visited.setdefault((first, self._done >> first, node.state), [])
        self._steps += len(seen) // COMPARISONS_PER_STEP
        for other_used, other_hideable, other_limit in seen:
            if not other_used & ~used and not hideable & ~other_hideable and limit <= other_limit:
                return False
        seen.append((used, hideable, limit))
        return True

    def _note_progress(self, frontier: int) -> None:
        """Keep the path that explains the most responses: all before the frontier."""
        if frontier > self._furthest:
            self._furthest = frontier
            self._best = list(self._path)


def _earlier_twins(pending: Sequence[Operation]) -> list[int | None]:
    """For each pending operation the last one before it with an equal request, or None."""
    last: dict[Hashable, int] = {}
    twins = []
    for index, operation in enumerate(pending):
        twins.append(last.get(operation.request))
        last[operation.request] = index
    return twins

"""The engine: feed it the events of a trace, and ask at any moment why a slot does not get on.

    engine = Engine(); engine.feed(line); ...; engine.explain(slot=None, at=None) -> Answer

Theory. A slot is decided when n - f boards hear n - f votes in each of four phases. So the engine looks for the largest
set of able boards of which each hears n - f of the set, itself included: it takes out boards that do not until none is
left to take out. If n - f remain, progress is possible and waits for light, for a timer, or is stuck; else it is
impossible until something changes. A board that was seen to lie is never counted on: it is one of the f.
"""

from amu.core.limits import faults_max, quorum_size
from groundstation.why import answer as a
from groundstation.why.answer import Answer, BoardAnswer, LinkAnswer
from groundstation.why.conditions import ABLE, OPEN, UNCONNECTED, Condition, Conditions
from groundstation.why.seen import Fields, Seen, Slot
from groundstation.why.sentences import obstacles, of_links

DELAYS = 5  # of messages, from a proposal to its decision
PATIENCE_TICKS = 100  # after a decision the swarm is moving for so long; by then silences have shown themselves
USABLE = (OPEN, a.LOSS)  # a lossy link carries what is repeated
SLOW_LINKS = (*USABLE, a.LIGHT_TIME)


class Engine:
    """A fold over the trace of one run; bounded."""

    def __init__(self) -> None:
        self.seen = Seen()
        self._conditions: Conditions | None = None  # the latest, the same for every slot

    def feed(self, line: Fields) -> None:
        """Take in one line, as `specs.checking.trace_line` writes it."""
        self.seen.feed(line)
        self._conditions = None

    def explain(self, slot: int | None = None, at: float | None = None) -> Answer:
        """Why `slot` (default: the first that is not applied) does not get on. at: mission second, at least that of the
        latest event."""
        seen = self.seen
        at = seen.now if at is None else max(at, seen.now)
        if not seen.count:
            text = "cannot tell: the trace does not say how many boards there are (its RunStart is missing)"
            return Answer(a.STUCK, (a.UNKNOWN,), text, at, unknown=("RunStart",))
        if not seen.tick_seconds:
            text = "cannot tell: the trace does not say how long a board's tick is"
            return Answer(a.STUCK, (a.UNKNOWN,), text, at, unknown=("RunStart.tick_seconds",))
        number = seen.frontier + 1 if slot is None else slot
        return _moving(seen, number, at) or _Judgement(seen, number, at, self._at(at)).answer()

    def _at(self, at: float) -> Conditions:
        if self._conditions is None or self._conditions.at != at:
            self._conditions = Conditions(self.seen, at)
        return self._conditions


def _moving(seen: Seen, number: int, at: float) -> Answer | None:
    """The answer if there is nothing to explain."""
    text = ""
    patience = PATIENCE_TICKS * seen.tick_seconds
    slot = seen.slots.get(number)
    if number <= seen.frontier:
        text = f"slot {number} is decided and applied"
    elif seen.ended == "complete":
        text = "the mission is complete"
    elif (
        seen.operations and not seen.open and (slot is None or not any(max(s.voted) >= 0 for s in slot.seats.values()))
    ):
        text = f"nothing waits: all {seen.operations} operations so far have their answers"
    elif at - seen.moved_at <= patience:
        text = f"slot {seen.frontier} was applied {at - seen.moved_at:.1f} s ago" if seen.frontier else "the run begins"
    return Answer(a.MOVING, (), text, at, number, quorum=quorum_size(seen.count)) if text else None


class _Judgement:
    """Of one slot at one moment."""

    def __init__(self, seen: Seen, number: int, at: float, conditions: Conditions) -> None:
        self.seen, self.number, self.at = seen, number, at
        self.slot = seen.slots.get(number) or Slot()
        self.quorum = quorum_size(seen.count)
        self.conditions = conditions
        seats = self.slot.seats
        self.view = max((seat.view for node, seat in seats.items() if self._is_able(node)), default=0)
        votes = [sum(s.voted[phase] == self.view for s in seats.values()) for phase in range(5)]
        self.phase = next((phase for phase in range(1, 5) if votes[phase] < self.quorum), 4)

    def _is_able(self, node: int) -> bool:
        return self.conditions.boards[node].kind == ABLE

    def answer(self) -> Answer:
        able = {node for node in range(self.seen.count) if self._is_able(node)}
        group = self._group(able, USABLE)
        if len(group) >= self.quorum:
            state, causes, text = self._waiting(group)
        elif len(self._group(able, SLOW_LINKS)) >= self.quorum:
            state, causes, text = a.LIGHT, [a.LIGHT_TIME], of_links(self.conditions, (a.LIGHT_TIME,))
        else:
            state, (causes, text) = a.IMPOSSIBLE, obstacles(self.conditions, faults_max(self.seen.count), self.quorum)
        missing = [n for n in range(self.seen.count) if not self._has_voted(n)]
        votes = f"slot {self.number} lacks phase-{self.phase} votes in view {self.view} of {a.boards(missing)}"
        sentence = f"{votes}: {text}" if missing else f"slot {self.number}: {text}"
        unknown = () if a.UNKNOWN not in causes else ("frames of each link (Fault.links)",)
        boards, links = self._boards(missing), self._links()
        return Answer(
            state,
            tuple(causes),
            sentence,
            self.at,
            self.number,
            self.view,
            self.phase,
            self.quorum,
            boards,
            links,
            unknown,
        )

    def _has_voted(self, node: int) -> bool:
        seat = self.slot.seats.get(node)
        return seat is not None and (seat.decided or seat.voted[self.phase] == self.view)

    def _group(self, able: set[int], usable: tuple[str, ...]) -> set[int]:
        """The largest set of `able` boards of which each hears a quorum of the set."""
        group, links = set(able), self.conditions.links
        while True:
            deaf = {
                node
                for node in group
                if sum(peer == node or links[peer, node].kind in usable for peer in group) < self.quorum
            }
            if not deaf:
                return group
            group -= deaf

    def _waiting(self, group: set[int]) -> tuple[str, list[str], str]:
        """Progress is possible: what it waits for."""
        conditions = self.conditions
        leader = self.seen.leader(self.number, self.view)
        far = self._far(group)
        if DELAYS * far >= PATIENCE_TICKS * self.seen.tick_seconds and self.at - self.slot.stepped_at <= 2 * far:
            return a.LIGHT, [a.LIGHT_TIME], f"messages take {far:.3g} s"
        if leader is not None and leader not in group:
            causes, text = self._leader(leader)
            return a.TIMER, causes + self._clock_causes(group), text + self._clock_words(group)
        idle = [node for node, condition in enumerate(conditions.boards) if node not in group]
        if leader is None and idle:
            kinds = sorted({conditions.boards[node].kind for node in idle} - {ABLE}) or self._cuts_off(idle[0])
            words = conditions.boards[idle[0]].words or "is not heard by a quorum"
            text = (
                f"no proposal has come, and board {idle[0]} {words}: if it leads, the others wait for their view timers"
            )
            return a.TIMER, kinds + self._clock_causes(group), text + self._clock_words(group)
        if a.LOSS in {conditions.links[pair].kind for pair in conditions.links}:
            return (
                a.TIMER,
                [a.LOSS],
                f"boards repeat what was lost when a timer runs out; {of_links(conditions, (a.LOSS,))}",
            )
        if conditions.clocks:
            nodes = sorted(conditions.clocks)
            return (
                a.TIMER,
                [a.CLOCK],
                f"{_clocks(conditions, nodes)}, so timers do not run out in time",
            )
        if self.slot.wished_at > self.slot.quorum_at:
            text = f"boards change to a later view than {self.view}"
            if DELAYS * far < PATIENCE_TICKS * self.seen.tick_seconds:
                return a.TIMER, [a.VIEW_TIMER], text
            return (
                a.TIMER,
                [a.VIEW_TIMER, a.LIGHT_TIME],
                f"{text}: messages take {far:.3g} s, and timers run out before",
            )
        if self.seen.open and not any(seat.phase for seat in self.slot.seats.values()):
            return (
                a.TIMER,
                [a.VIEW_TIMER],
                f"no proposal has come in view {self.view}; boards wait for their view timers",
            )
        return a.STUCK, [a.UNKNOWN], "cannot tell: enough boards are able and hear each other, and none takes a step"

    def _far(self, group: set[int]) -> float:
        """How long it takes until a quorum of `group` has heard a quorum of it."""
        found = []
        for node in group:
            delays = sorted(max(0.0, self.seen.links[peer][node].delay) for peer in group if peer != node)
            found.append(delays[self.quorum - 2])
        return sorted(found)[self.quorum - 1]

    def _clock_causes(self, group: set[int]) -> list[str]:
        return [a.CLOCK] if group & self.conditions.clocks.keys() else []

    def _clock_words(self, group: set[int]) -> str:
        nodes = sorted(group & self.conditions.clocks.keys())
        return f"; {_clocks(self.conditions, nodes)}" if nodes else ""

    def _leader(self, leader: int) -> tuple[list[str], str]:
        condition = self.conditions.boards[leader]
        if condition.kind == ABLE:
            return self._cuts_off(
                leader
            ), f"the leader, board {leader}, is not heard by a quorum; the others wait for their view timers"
        return [condition.kind], f"the leader, board {leader}, {condition.words}; the others wait for their view timers"

    def _cuts_off(self, node: int) -> list[str]:
        """What is wrong with the links of a board that is able and not in the group."""
        links = self.conditions.links.items()
        return sorted({condition.kind for pair, condition in links if node in pair} - {*USABLE}) or [a.UNKNOWN]

    def _boards(self, missing: list[int]) -> tuple[BoardAnswer, ...]:
        found = []
        for node, condition in enumerate(self.conditions.boards):
            seat = self.slot.seats.get(node)
            clock = self.conditions.clocks.get(node)
            told: Condition = clock if condition.kind == ABLE and clock is not None else condition
            found.append(
                BoardAnswer(
                    node,
                    told.kind,
                    told.words,
                    told.since,
                    None if seat is None else seat.view,
                    0 if seat is None else seat.phase,
                    seat is not None and seat.decided,
                    node in missing,
                    condition.kind not in UNCONNECTED,
                )
            )
        return tuple(found)

    def _links(self) -> tuple[LinkAnswer, ...]:
        return tuple(
            LinkAnswer(source, destination, condition.kind, condition.words, condition.since)
            for (source, destination), condition in self.conditions.links.items()
            if condition.kind != OPEN
        )


def _clocks(conditions: Conditions, nodes: list[int]) -> str:
    return ", ".join(f"board {node} {conditions.clocks[node].words}" for node in nodes)

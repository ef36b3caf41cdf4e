"""Finds what is missing from a trace: events of a boot, and the reasons why boots ended.

Rules. A hole in a boot's numbers means that events are missing. Nothing is assumed about them, so such a trace is
incomplete. A boot that was killed may lack its last events: a board sends events before the messages that they explain,
so no other node can have acted on the missing ones. While no ground station listens, nobody records how a boot ends: a
`Resume` stands for the reason of one end per board.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from amu.core.limits import GROUND
from specs.checking.schema import BOOT_ENDS
from specs.checking.trace import Event


@dataclass(frozen=True, slots=True)
class Hole:
    """Events `first_seq` .. `last_seq` of a boot are not in the trace."""

    node: int
    boot: int
    first_seq: int
    last_seq: int
    line: int  # of the first event after it

    def __str__(self) -> str:
        return f"events {self.first_seq} to {self.last_seq} of node {self.node}, boot {self.boot} are missing"


@dataclass
class Continuity:
    """Finds holes in the numbers of each boot, and boots that ended for no recorded reason.

    Feed it every event in file order. Results:

    joined        nodes that were already running when the run joined them: their first number here is not 0
    attached      nodes whose first event in the trace is an Attach
    boots         boots of each node, in order of appearance
    holes         in order of discovery
    unexplained   ends of boots without a recorded reason, in words
    restarts      ends of boots that the next boot explains, in words
    errors        duplicate events and unreadable trace frames, in words
    """

    boots: dict[int, list[int]] = field(default_factory=dict)
    joined: set[int] = field(default_factory=set)
    attached: set[int] = field(default_factory=set)
    holes: list[Hole] = field(default_factory=list)
    unexplained: list[str] = field(default_factory=list)
    restarts: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    _next: dict[tuple[int, int], int] = field(default_factory=dict)
    _unexplained: dict[tuple[int, int], str] = field(default_factory=dict)  # by the boot that came next
    _ended: set[int] = field(default_factory=set)

    def feed(self, event: Event, is_of_liar: bool = False) -> None:
        """`is_of_liar`: a ground event about a board whose own events are not fed."""
        if event.node == GROUND and not is_of_liar:
            self._on_ground(event)
        key = (event.node, event.boot)
        expected = self._next.get(key)
        if expected is None:
            expected = self._first_of_boot(event)
        if event.name == "Restart":
            self._on_restart(event)
        if event.seq == expected:
            self._next[key] = expected + 1
            return
        if event.seq > expected:
            self.holes.append(Hole(*key, expected, event.seq - 1, event.line))
        else:
            self.errors.append(f"line {event.line}: event {event.seq} of node {event.node}, boot {event.boot} again")
        self._next[key] = max(expected, event.seq + 1)

    def _on_ground(self, event: Event) -> None:
        if event.name == "Attach":
            if event.fields["board"] not in self.boots:
                self.attached.add(event.fields["board"])
        elif event.name == "Resume":
            self._ended.update(self.boots)  # nobody was there to record how a boot ended
        elif event.name in BOOT_ENDS or event.name == "Control":
            self._ended.add(event.fields["board"])
        elif event.name == "TraceError":
            self.errors.append(f"line {event.line}: a trace frame could not be read: {event.fields['reason']}")

    def _on_restart(self, event: Event) -> None:
        """The board reports why it ended its previous life."""
        earlier = self._unexplained.pop((event.node, event.boot), None)
        if earlier is not None:
            self.unexplained.remove(earlier)
        self.restarts.append(
            f"the life of node {event.node} before boot {event.boot} ended by itself: {event.fields['reason']}; "
            f"heap {event.fields['heap_free']} free, longest run {event.fields['heap_run']}"
        )

    def _first_of_boot(self, event: Event) -> int:
        node = event.node
        boots = self.boots.setdefault(node, [])
        boots.append(event.boot)
        if len(boots) == 1:
            if node in self.attached and event.seq > 0:
                self.joined.add(node)
                return event.seq
            return 0
        if node != GROUND and node not in self._ended:
            problem = f"boot {boots[-2]} of node {node} ended for no recorded reason"
            self.unexplained.append(problem)
            self._unexplained[node, event.boot] = problem
        self._ended.discard(node)
        return 0

    def is_whole(self, node: int) -> bool:
        """Whether all events of `node` so far are here."""
        return node not in self.joined and all(hole.node != node for hole in self.holes)

    def place(self, node: int) -> tuple[int, int]:
        """Boot and number of the event that comes next of `node`, if its life goes on."""
        boots = self.boots.get(node)
        return (boots[-1], self._next[node, boots[-1]]) if boots else (-1, 0)

    def is_hole(self, node: int, place: tuple[int, int]) -> bool:
        """Whether the events from an earlier `place` on are missing. A hole shows at the event behind it only."""
        boot, seq = place
        boots = self.boots.get(node, [])
        following = boots[boots.index(boot) + 1 if boot in boots else 0 :][:1]
        mine = [hole for hole in self.holes if hole.node == node]
        return any((hole.boot, hole.first_seq) in ((boot, seq), *((later, 0) for later in following)) for hole in mine)

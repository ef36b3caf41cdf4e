"""The lives of boards (a life is one boot): each begins with its Boot event, and nothing follows its end.

    LOG-12   the first event of a life is its Boot, and no other one is; lives do not overlap; a board that the ground
             station saw die does nothing more in that life; each life has its own number, above those that flash knows

Rules
- The first event of a board that was flying when the run joined it may be in the middle of a life.
- A ground station reads a board's last frames before it records the death, so a life has no event after that record.
  The record of the next station goes on behind it, so a Resume brings no life back.
- A board without memory, or one that cannot read it, draws the number of its life at random, from BLANK_BOOT up. So
  does a learner.
"""

from __future__ import annotations

from amu.node.node import BLANK_BOOT
from specs.checking.order import WITHOUT_MEMORY
from specs.checking.run import Checker, Run
from specs.checking.schema import BOOT_ENDS
from specs.checking.trace import Event

LIVES = "LOG-12"
IDENTIFIERS = (LIVES,)


class LivesChecker(Checker):
    """Takes all events of replicas and learners, and those of the ground station."""

    def __init__(self, run: Run) -> None:
        super().__init__(run)
        self._boot: dict[int, int] = {}  # node -> its present life
        self._numbers: dict[int, set[int]] = {}  # node -> its lives so far
        self._remembered: dict[int, int] = {}  # node -> the last life that its flash knows of
        self._dead: dict[int, Event] = {}  # node -> what ended its present life
        self._is_held = False

    def ground(self, event: Event) -> None:
        if event.name in BOOT_ENDS and event.fields["board"] in self._boot:
            self._dead[event.fields["board"]] = event

    def feed(self, event: Event) -> None:
        self._is_held = True
        if event.name == "Boot":
            self._begin(event)
        elif self._boot.get(event.node) != event.boot:
            self._go_on_elsewhere(event)
        elif event.node in self._dead:
            self._breach(event, f"the board had died: {self._dead[event.node]}")
        elif event.name == "Restart" and event.seq != 1:
            self._breach(event, "a board says right after its Boot why its former life ended")

    def not_held(self) -> set[str]:
        return set() if self._is_held else {*IDENTIFIERS}

    def _begin(self, event: Event) -> None:
        node, boot, journal = event.node, event.boot, event.fields["journal"]
        numbers = self._numbers.setdefault(node, set())
        if event.seq > 0:
            self._breach(event, f"event {event.seq} of a life cannot be its Boot")
        elif boot in numbers:
            self._breach(event, f"the board had a life {boot} before")
        elif journal in WITHOUT_MEMORY:
            if boot < BLANK_BOOT:
                self._breach(event, f"a life without memory has a number from {BLANK_BOOT} up")
        elif journal == "fresh":
            if boot > 0:
                self._breach(event, "the first life of a new board is number 0")
        elif boot <= self._remembered.get(node, -1):
            self._breach(event, f"flash knows of life {self._remembered[node]}, so this one has a higher number")
        self._boot[node] = boot
        numbers.add(boot)
        if journal != "unreadable":
            self._remembered[node] = boot
        self._dead.pop(node, None)

    def _go_on_elsewhere(self, event: Event) -> None:
        """An event of another life than the present one, or the first event of a node."""
        node = event.node
        if event.boot in self._numbers.get(node, ()):
            self._breach(event, f"the life is over: boot {self._boot[node]} has begun")
        elif event.seq == 0:
            self._breach(event, "the first event of a life is its Boot")
        self._boot[node] = event.boot  # else its beginning is missing
        self._numbers.setdefault(node, set()).add(event.boot)
        self._dead.pop(node, None)

    def _breach(self, event: Event, why: str) -> None:
        self.run.verdict.violate(LIVES, f"{event}: {why}")

"""Do health reports agree with the events of their boards?

    MSG-6   a health report names the slot that its board applied last; its tick is one at which a report is due,
            later than the last report and not before the last event of that life; its longest run of free heap is at
            most the free heap; its count of frames that were dropped unchecked never falls in a life

Theory. A board sends the trace event of an applied slot before anything later, on the same serial line
(amu.boards.runtime), and the ground station records both in the order of arrival.

Rules
- After a Resume the new station may read again what the old one had read. Until the board reports something new, a
  health report may be an old one.
- A vote that a board dropped unchecked is not received: no event tells of it, and no rule asks for one. How many there
  were is a count that no other event confirms.
- The amount of free heap is a measurement that nothing else in a trace can confirm, so no rule compares it.
"""

from __future__ import annotations

from amu.core.limits import HEALTH_PERIOD_TICKS
from specs.checking.run import Checker, Run
from specs.checking.ticks import HALF, advanced
from specs.checking.trace import Event

FITS = "MSG-6"
IDENTIFIERS = (FITS,)
REPORT = "health report"


class HealthChecker(Checker):
    """Takes all events of replicas and learners, and the ground station's Health and Resume."""

    def __init__(self, run: Run) -> None:
        super().__init__(run)
        self._applied: dict[int, int] = {}  # node -> the slot that it has applied last
        self._ticks: dict[int, int] = {}  # node -> ticks of its last event or report in this life
        self._last: dict[int, int] = {}  # node -> ticks of its last report in this life
        self._dropped: dict[int, int] = {}  # node -> frames that it had dropped unchecked, in this life
        self._fresh: set[int] = set()  # nodes with an event since the last Resume
        self._is_held = False

    def feed(self, event: Event) -> None:
        node, name = event.node, event.name
        self._fresh.add(node)
        if name == "Boot":
            self._applied[node] = event.fields["applied_slot"]
            self._last.pop(node, None)
            self._dropped.pop(node, None)
        elif name in ("Apply", "Adopt"):
            self._applied[node] = event.fields["slot"]
        self._ticks[node] = event.ticks or 0

    def ground(self, event: Event) -> None:
        if event.name == "Resume":
            self._fresh.clear()
        elif event.name == "Health":
            node = event.fields["board"]
            if node in self._applied and self.run.is_told(node):
                self._is_held = True
                self.run.verdict.steps[REPORT] += 1
                for breach in self._breaches(event, node):
                    self.run.verdict.violate(FITS, f"{event}: {breach}")

    def _breaches(self, event: Event, node: int) -> list[str]:
        fields, found = event.fields, []
        applied, ticks, is_fresh = fields["applied_slot"], fields["board_ticks"], node in self._fresh
        if applied > self._applied[node] or (is_fresh and applied < self._applied[node]):
            found.append(f"the board has applied slot {self._applied[node]}")
        latest = self._ticks[node]
        last = self._last.get(node, 0 if latest < HALF else latest - 1)  # the run may join a board that flies for long
        if is_fresh and (advanced(latest, ticks) < 0 or advanced(last, ticks) <= 0):
            found.append(f"the board was at tick {latest if advanced(last, latest) > 0 else last} before")
        if ticks % HEALTH_PERIOD_TICKS:
            found.append(f"reports are due every {HEALTH_PERIOD_TICKS} ticks")
        if fields["heap_run"] > fields["heap_free"]:
            found.append("a run of free heap is part of what is free")
        if is_fresh and fields["frames_surplus"] < self._dropped.get(node, 0):
            found.append(f"the board had dropped {self._dropped[node]} frames before")
        if is_fresh:
            self._last[node], self._dropped[node] = ticks, fields["frames_surplus"]
        return found

    def not_held(self) -> set[str]:
        return set() if self._is_held else {*IDENTIFIERS}

"""What the report draws, taken from a run's trace in one pass.

Nothing is judged here: the checker does that. Events that cannot be placed (a Receive whose Send is lost in a gap) are
counted as such and not drawn. Times are mission seconds of receipt at the ground unless a name says Lamport.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from amu.core.limits import BROADCAST, GROUND

VOTES = {"Vote1": 1, "Vote2": 2, "Vote3": 3, "Vote4": 4}
KIND_NAMES = {0x10: "proposal", 0x11: "vote", 0x12: "suggest", 0x13: "proof", 0x14: "view change"}

DEATHS = ("BoardKill", "PowerCut", "BoardCrash")
LIFE = (*DEATHS, "BoardStart", "Attach", "Erase", "Control")  # what the ground did to boards, or saw of them
COMMON_SHARE = 0.8
ARROWS_MAX = 260  # more make no readable diagram
TRAFFIC = ("accepted", "delivered")  # what the ether counts of sound frames, beside what it did to them
STAGES = {
    "uplinked": "uplinked to a board",
    "received": "received by a board",
    "applied": "applied by a board",
    "confirmed": "confirmed by f+1 boards",
}

Event = dict[str, Any]


@dataclass(frozen=True)
class Arrow:
    """A message of one slot to one board. `received_lamport` is None when the receiver did not trace its receipt."""

    label: str
    sender: int
    sent_lamport: int
    receiver: int
    received_lamport: int | None


@dataclass
class SlotStory:
    """All that happened in one slot, for a space-time diagram."""

    slot: int
    arrows: list[Arrow] = field(default_factory=list)
    marks: list[tuple[int, int, str]] = field(default_factory=list)  # (node, Lamport time, event name)
    view_changes: int = 0
    received: tuple[float, float] = (0.0, 0.0)

    def legible(self) -> tuple["SlotStory", int | None]:
        """The story with as many arrows as can be read, and the board whose messages alone are left (None: all)."""
        if len(self.arrows) <= ARROWS_MAX:
            return self, None
        proposers = [(lamport, node) for node, lamport, name in self.marks if name == "Propose"]
        hero = min(proposers)[1] if proposers else self.arrows[0].sender
        arrows = [arrow for arrow in self.arrows if hero in (arrow.sender, arrow.receiver)]
        return SlotStory(self.slot, arrows[:ARROWS_MAX], self.marks, self.view_changes, self.received), hero


@dataclass
class Series:
    """Everything that the figures need."""

    nodes: list[int] = field(default_factory=list)
    end_seconds: float = 0.0
    applied: dict[int, list[tuple[float, int]]] = field(default_factory=lambda: defaultdict(list))
    down: dict[int, list[tuple[float, float]]] = field(default_factory=lambda: defaultdict(list))
    silent: dict[int, list[tuple[float, float]]] = field(default_factory=lambda: defaultdict(list))
    life: list[tuple[int, float, str]] = field(default_factory=list)  # (board, when, one of LIFE)
    board_faults: list[tuple[int, float, str]] = field(default_factory=list)  # (board, when, kind of fault)
    lasting: list[tuple[int, float, float, str]] = field(
        default_factory=list
    )  # those that last: (board, from, to, kind)
    latency: list[tuple[int, int, float]] = field(default_factory=list)  # (slot, view, seconds), one a deciding board
    accepted: int = 0  # flight frames that entered the ether
    fates: dict[str, list[tuple[float, int]]] = field(default_factory=lambda: defaultdict(list))
    stages: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    stories: dict[int, SlotStory] = field(default_factory=dict)

    def common_fates(self) -> list[str]:
        """Fates that befell nearly every frame, such as a delay: drawn beside rare ones they would hide them."""
        totals = {name: sum(count for _, count in counted) for name, counted in self.fates.items()}
        return sorted(name for name in totals if totals[name] >= COMMON_SHARE * self.accepted)


class Collector:
    """Feeds on trace lines in file order, then gives `series()`."""

    def __init__(self, byzantine: Iterable[int] = ()) -> None:
        self._byzantine = set(byzantine)
        self._series = Series()
        self._proposed: dict[int, float] = {}
        self._sends: dict[tuple[int, int, int], tuple[int, int]] = {}  # (sender, Lamport, kind) -> (slot, view)
        self._phase: dict[tuple[int, int], int] = {}  # (node, slot) -> phase of the vote traced last
        self._vote_of_send: dict[tuple[int, int], int] = {}
        self._addressees: dict[tuple[int, int, int], int] = {}
        self._receipts: dict[tuple[int, int, int], list[tuple[int, int]]] = defaultdict(list)
        self._down_since: dict[int, float] = {}
        self._silent_since: dict[int, float] = {}
        self._nodes: set[int] = set()
        self._queued: dict[int, float] = {}
        self._staged: set[tuple[int, str]] = set()

    def feed(self, event: Event) -> None:
        """Take in one trace line. Unknown events are passed over: they have nothing to be drawn."""
        node, received = event["node"], event.get("received") or 0.0
        self._series.end_seconds = max(self._series.end_seconds, received)
        if node == GROUND:
            self._ground(event, received)
            return
        self._nodes.add(node)
        name = event["event"]
        if name == "Send":
            self._send(node, event)
        elif name == "Receive":
            self._receipts[(event["from"], event["sent"], event["kind"])].append((node, event["lamport"]))
        elif name in ("Apply", "Adopt"):
            self._series.applied[node].append((received, event["slot"]))
        elif name == "Boot":
            self._boot(node, received)
        elif name == "Silent":
            self._silent_since.setdefault(node, received)
        elif name == "Rejoin":
            self._end(self._silent_since, self._series.silent, node, received)
        if name in VOTES or name in ("Propose", "Decide", "EnterView", "Wish", "Learn"):
            self._step(node, name, event, received)

    def series(self) -> Series:
        """The finished series. Call once, after the last line."""
        series = self._series
        series.nodes = sorted(self._nodes)
        for node in series.nodes:
            self._end(self._down_since, series.down, node, series.end_seconds)
            self._end(self._silent_since, series.silent, node, series.end_seconds)
        for key, (slot, _view) in self._sends.items():
            series.stories.setdefault(slot, SlotStory(slot)).arrows.extend(self._arrows(key, slot))
        return series

    # --- boards -------------------------------------------------------------------------------

    def _send(self, node: int, event: Event) -> None:
        if event["kind"] not in KIND_NAMES or event.get("slot") is None:
            return
        key = (node, event["lamport"], event["kind"])
        self._sends[key] = (event["slot"], event["view"])
        self._addressees[key] = event["to"]
        if event["kind"] == 0x11:
            self._vote_of_send[(node, event["lamport"])] = self._phase.get((node, event["slot"]), 0)

    def _step(self, node: int, name: str, event: Event, received: float) -> None:
        slot = event["slot"]
        if name in VOTES:
            self._phase[(node, slot)] = VOTES[name]
        if name == "Propose":
            self._proposed.setdefault(slot, received)
        if name == "Decide" and node not in self._byzantine and slot in self._proposed:
            self._series.latency.append((slot, event["view"], max(0.0, received - self._proposed[slot])))
        story = self._series.stories.setdefault(slot, SlotStory(slot, received=(received, received)))
        story.received = (min(story.received[0], received), max(story.received[1], received))
        story.marks.append((node, event["lamport"], name))
        story.view_changes = max(story.view_changes, event.get("view") or 0)

    def _boot(self, node: int, received: float) -> None:
        self._end(self._down_since, self._series.down, node, received)
        self._end(self._silent_since, self._series.silent, node, received)

    @staticmethod
    def _end(since: dict[int, float], spans: dict[int, list[tuple[float, float]]], node: int, received: float) -> None:
        """End the span of `node` that is open, if one is."""
        if node in since:
            spans[node].append((since.pop(node), received))

    def _arrows(self, key: tuple[int, int, int], slot: int) -> Iterable[Arrow]:
        sender, lamport, kind = key
        label = KIND_NAMES[kind]
        if kind == 0x11:
            phase = self._vote_of_send[(sender, lamport)]
            label = f"vote {phase}" if phase else "vote"
        arrived = self._receipts.get(key, [])
        for receiver, received_lamport in arrived:
            yield Arrow(label, sender, lamport, receiver, received_lamport)
        addressee = self._addressees[key]
        wanted = [n for n in self._nodes if n != sender] if addressee == BROADCAST else [addressee]
        for receiver in sorted(set(wanted) - {node for node, _ in arrived}):
            yield Arrow(label, sender, lamport, receiver, None)

    # --- ground -------------------------------------------------------------------------------

    def _ground(self, event: Event, received: float) -> None:
        name = event["event"]
        if name in DEATHS:
            self._down_since.setdefault(event["board"], received)
            self._end(self._silent_since, self._series.silent, event["board"], received)
        if name in LIFE:
            self._series.life.append((event["board"], received, name))
        elif name == "BoardFault":
            self._board_fault(event["board"], event["kind"], event.get("seconds"), received)
        elif name == "Fault":
            self._series.accepted += event["counts"].get("accepted", 0)
            for fate, count in event["counts"].items():
                if fate not in TRAFFIC:
                    self._series.fates[fate].append((received, count))
        elif name == "Telecommand":
            self._telecommand(event["operation"], event["stage"], received)

    def _board_fault(self, board: int, kind: str, seconds: float | None, received: float) -> None:
        self._series.board_faults.append((board, received, kind))
        if seconds is not None:
            self._series.lasting.append((board, received, received + seconds, kind))

    def _telecommand(self, operation: int, stage: str, received: float) -> None:
        """Time from the queue to the first board that reaches a stage, and to the swarm's confirmation."""
        if stage == "queued":
            self._queued[operation] = received
        elif stage in STAGES and operation in self._queued and (operation, stage) not in self._staged:
            self._staged.add((operation, stage))
            self._series.stages[STAGES[stage]].append(received - self._queued[operation])

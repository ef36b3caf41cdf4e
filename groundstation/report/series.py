"""The data of the report's charts, collected from a run's trace in one pass. Checks nothing: the checker does that.

Times are mission seconds of receipt at the ground, unless a name says Lamport.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from amu.core.limits import GROUND
from groundstation.orders.order import RUNNER
from groundstation.procedures.runner import BEGIN
from groundstation.record.board_events import BACK, LINE_LOST, RESET, SWITCHED_OFF, name_of
from groundstation.report.messages import DEATHS
from specs.checking.schema import Line

LIFE = (
    *DEATHS,
    SWITCHED_OFF,
    RESET,
    LINE_LOST,
    "BoardStart",
    "Attach",
    "Erase",
    "Control",
)  # actions of the ground on boards, and its observations of them
RESTART = "Restart"  # a boot that the ground did not cause
COMMON_SHARE = 0.8
TRAFFIC = ("accepted", "delivered")  # the ether's counts of frames, which are not faults
STAGES = {
    "uplinked": "uplinked to a board",
    "received": "received by a board",
    "applied": "applied by a board",
    "confirmed": "confirmed by f+1 boards",
}


@dataclass(frozen=True, slots=True)
class Health:
    """A board's report of its heap, in bytes. `heap_run`: the longest free run, 0 if unknown."""

    received: float
    heap_free: int
    heap_run: int


@dataclass
class Series:
    """The data of all figures."""

    nodes: list[int] = field(default_factory=list)
    end_seconds: float = 0.0
    applied: dict[int, list[tuple[float, int]]] = field(default_factory=lambda: defaultdict(list))
    down: dict[int, list[tuple[float, float]]] = field(default_factory=lambda: defaultdict(list))
    silent: dict[int, list[tuple[float, float]]] = field(default_factory=lambda: defaultdict(list))
    life: list[tuple[int, float, str]] = field(default_factory=list)  # (board, when, one of LIFE)
    board_faults: list[tuple[int, float, str]] = field(default_factory=list)  # (board, when, kind of fault)
    lasting: list[tuple[int, float, float, str]] = field(
        default_factory=list
    )  # faults with a duration: (board, from, to, kind)
    latency: list[tuple[int, int, float]] = field(default_factory=list)  # (slot, view, seconds), one per deciding board
    accepted: int = 0  # flight frames that entered the ether
    fates: dict[str, list[tuple[float, int]]] = field(default_factory=lambda: defaultdict(list))
    stages: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    health: dict[int, list[Health]] = field(default_factory=lambda: defaultdict(list))
    boots: list[tuple[int, float]] = field(default_factory=list)  # (board, when)
    resumes: list[tuple[float, str]] = field(default_factory=list)  # (when, the resumed run)
    restarts: list[tuple[int, float, str, str]] = field(default_factory=list)  # (board, when, reason, heap)
    failures: list[tuple[int, float, str]] = field(default_factory=list)  # (board, when it crashed, reason or "")
    injects: list[tuple[float, str]] = field(default_factory=list)  # (when it was played, name)

    def fault_kinds(self) -> list[str]:
        """Kinds of board faults in the run, sorted."""
        return sorted({kind for _, _, kind in self.board_faults})

    def common_fates(self) -> list[str]:
        """Fates of nearly every frame, such as a delay. Drawn with rare ones they would hide them."""
        totals = {name: sum(count for _, count in counted) for name, counted in self.fates.items()}
        return sorted(name for name in totals if totals[name] >= COMMON_SHARE * self.accepted)


def fault_played(line: Mapping[str, Any]) -> str | None:
    """The name of an inject that is begun, or of a fault that a person orders. None: the line is nothing of that."""
    if line["event"] == "Inject":
        return str(line["inject"]) if line["status"] == BEGIN else None
    if line["event"] != "Order" or line["sender"] == RUNNER or line["outcome"] != "accepted":
        return None
    told: Any = line["told"]
    if told.get("kind") == "fault":
        return str(told.get("name"))
    is_fault = told.get("kind") == "board" and told.get("action") != "start"
    return f"{told.get('action')} of board {told.get('board')}" if is_fault else None


class Collector:
    """Takes trace lines in file order, then returns `series()`."""

    def __init__(self, byzantine: Iterable[int] = ()) -> None:
        self._byzantine = set(byzantine)
        self._series = Series()
        self._proposed: dict[int, float] = {}
        self._down_since: dict[int, float] = {}
        self._silent_since: dict[int, float] = {}
        self._nodes: set[int] = set()
        self._awaited: dict[int, bool] = {}  # board -> does the ground expect it to boot?
        self._queued: dict[int, float] = {}
        self._staged: set[tuple[int, str]] = set()

    def feed(self, event: Line) -> None:
        """Add one trace line. Ignores events that are not drawn."""
        node, received = event["node"], event.get("received") or 0.0
        self._series.end_seconds = max(self._series.end_seconds, received)
        if node == GROUND:
            self._ground(event, received)
            return
        self._nodes.add(node)
        name = event["event"]
        if name in ("Apply", "Adopt"):
            self._series.applied[node].append((received, event["slot"]))
        elif name == "Boot":
            self._boot(node, received)
        elif name == "Silent":
            self._silent_since.setdefault(node, received)
        elif name == "Rejoin":
            self._end(self._silent_since, self._series.silent, node, received)
        elif name == "Restart":
            heap = f"{event['heap_free']} bytes of heap were free, the longest run {event['heap_run']}"
            self._series.restarts.append((node, received, str(event["reason"]), heap))
        elif name == "Propose":
            self._proposed.setdefault(event["slot"], received)
        elif name == "Decide" and node not in self._byzantine and event["slot"] in self._proposed:
            seconds = max(0.0, received - self._proposed[event["slot"]])
            self._series.latency.append((event["slot"], event["view"], seconds))

    def series(self) -> Series:
        """The finished series. Call once, after the last line."""
        series = self._series
        series.nodes = sorted(self._nodes)
        series.lasting = [
            (node, since, min(until, series.end_seconds), kind) for node, since, until, kind in series.lasting
        ]
        for node in series.nodes:
            self._end(self._down_since, series.down, node, series.end_seconds)
            self._end(self._silent_since, series.silent, node, series.end_seconds)
        return series

    # --- boards -------------------------------------------------------------------------------

    def _boot(self, node: int, received: float) -> None:
        self._series.boots.append((node, received))
        if self._awaited.get(node) is False:
            self._series.life.append((node, received, RESTART))
        if node in self._awaited:
            self._awaited[node] = False
        self._end(self._down_since, self._series.down, node, received)
        self._end(self._silent_since, self._series.silent, node, received)

    @staticmethod
    def _end(since: dict[int, float], spans: dict[int, list[tuple[float, float]]], node: int, received: float) -> None:
        """End the open span of `node`, if any."""
        if node in since:
            spans[node].append((since.pop(node), received))

    # --- ground -------------------------------------------------------------------------------

    def _ground(self, event: Line, received: float) -> None:
        name = name_of(event["event"], event)
        if name in (*DEATHS, SWITCHED_OFF, RESET):
            self._down_since.setdefault(event["board"], received)
            self._end(self._silent_since, self._series.silent, event["board"], received)
        if name == LINE_LOST and event.get("status") == BACK:
            return
        if name in LIFE:
            self._series.life.append((event["board"], received, name))
            self._awaited[event["board"]] = name not in ("Attach", LINE_LOST)
            if name == "BoardCrash":
                self._series.failures.append((event["board"], received, str(event.get("reason") or "")))
        elif name == "Health":
            health = Health(received, event["heap_free"], event["heap_run"])
            self._series.health[event["board"]].append(health)
        elif name in ("Inject", "Order"):
            played = fault_played(event)
            if played is not None:
                self._series.injects.append((received, played))
        elif name == "Resume":
            self._series.resumes.append((received, str(event["resumed"])))
        elif name == "BoardFault":
            self._board_fault(event["board"], event["kind"], event.get("seconds"), received)
        elif name == "Fault":
            for fate, count in event["counts"].items():
                if type(count) is not int:
                    raise TypeError(f"want a count of {fate}, have {count!r}")
                if fate == "accepted":
                    self._series.accepted += count
                if fate not in TRAFFIC:
                    self._series.fates[fate].append((received, count))
        elif name == "Telecommand":
            self._telecommand(event["operation"], event["stage"], received)

    def _board_fault(self, board: int, kind: str, seconds: float | None, received: float) -> None:
        self._series.board_faults.append((board, received, kind))
        if seconds is not None:
            self._series.lasting.append((board, received, received + seconds, kind))

    def _telecommand(self, operation: int, stage: str, received: float) -> None:
        """Add the time from queueing to the first board that reaches a stage, or to the swarm's confirmation."""
        if stage == "queued":
            self._queued[operation] = received
        elif stage in STAGES and operation in self._queued and (operation, stage) not in self._staged:
            self._staged.add((operation, stage))
            self._series.stages[STAGES[stage]].append(received - self._queued[operation])

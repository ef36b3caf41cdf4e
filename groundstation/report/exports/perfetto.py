"""Exports a trace as Chrome trace events (JSON), which ui.perfetto.dev opens.

Format: "Trace Event Format", the object form with `traceEvents`; times in microseconds of mission time.

    process     a node, or the ground
    threads     of a node: one per position of the slot window, with a span for each slot there (first step to
                decision) and its steps as instants; messages; board (down times, boots); ledger; ops
                of the ground: board faults, telecommands, run
    flow        from each sending to each of its receipts
    counters    applied slot and levels of suspicion per node; faults injected by the ether, by name, at the ground

Rules
- Steps are placed by `causality`: no arrow points back, and no two steps of a node share a microsecond.
- An event has no duration. A message is drawn as a slice because arrows need one; its width has no meaning.
- A slot's span ends with the slot's decision. Without one it ends with its last step before the board reboots, or when
  the next slot takes its position.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from amu.core.limits import GROUND
from groundstation.report.exports.causality import Step, kind_name, node_name, times, words
from specs.checking.schema import BOOT_ENDS

Json = dict[str, Any]

MESSAGE_US = 200  # maximum width of a message's slice
WINDOW_SLOTS = 4  # default, if the run does not say
THREADS_MAX = 1000  # per process; thread numbers are unique over all processes
MESSAGES, BOARD, LEDGER, OPS, PLACES = 1, 2, 3, 4, 10
GROUND_BOARDS, GROUND_TELECOMMANDS, GROUND_RUN = 1, 2, 3
THREAD_NAMES = {MESSAGES: "messages", BOARD: "board", LEDGER: "ledger", OPS: "ops"}
GROUND_THREAD_NAMES = {GROUND_BOARDS: "board faults", GROUND_TELECOMMANDS: "telecommands", GROUND_RUN: "run"}
SLOT_STEPS = frozenset({"Restore", "EnterView", "Propose", "Vote1", "Vote2", "Vote3", "Vote4", "Wish"})
SLOT_ENDS = frozenset({"Decide", "Learn"})
LEDGER_STEPS = frozenset({"Apply", "Operation", "Checkpoint", "Adopt"})
OPS_STEPS = ("Channel", "Mutex", "Snapshot", "Suspicion", "Heard")


@dataclass(slots=True)
class _OpenSlot:
    slot: int
    since_us: int
    last_us: int


def document(steps: list[Step]) -> Json:
    """The content of the whole file. `steps`: in causal order."""
    builder = _Builder(steps)
    for step in steps:
        builder.feed(step)
    return {"displayTimeUnit": "ms", "traceEvents": builder.events()}


def process(node: int) -> int:
    """The process number of a node. Not 0, which is the idle task in other traces."""
    return node + 1


class _Builder:
    def __init__(self, steps: Iterable[Step]) -> None:
        self._events: list[Json] = []
        self._threads: dict[tuple[int, int], str] = {}
        self._window = WINDOW_SLOTS
        self._end_us = max(step.at_us for step in steps) + 1
        self._last_message: dict[int, Json] = {}
        self._open: dict[int, dict[int, _OpenSlot]] = {}  # node -> position in the window -> slot
        self._closed: dict[tuple[int, int], int] = {}  # (node, position) -> last slot whose span has ended there
        self._down: dict[int, tuple[int, str]] = {}
        self._fates: set[str] = set()
        self._flows = 0

    def feed(self, step: Step) -> None:
        if step.event.node == GROUND:
            self._ground(step)
            return
        name = step.event.name
        if name in ("Send", "Receive"):
            self._message(step)
        elif name in SLOT_STEPS or name in SLOT_ENDS:
            self._slot(step)
        elif name in LEDGER_STEPS:
            self._instant(step, LEDGER)
            if name in ("Apply", "Adopt"):
                self._counter(step, "applied", "slot", step.event.fields["slot"])
        elif name.startswith(OPS_STEPS):
            self._instant(step, OPS)
            if name in ("Suspicion", "Heard"):
                level = step.event.fields.get("level_milli", 0)
                self._counter(step, f"suspicion of {node_name(step.event.fields['peer'])}", "level_milli", level)
        else:
            if name == "Boot":
                self._boot(step)
            self._instant(step, BOARD)

    def events(self) -> list[Json]:
        """All events: names of processes and threads, then the others in order of time. Call once."""
        for node in sorted(self._open):
            for place in sorted(self._open[node]):
                self._close(node, place, self._end_us)
        for node, (since_us, why) in sorted(self._down.items()):
            self._span(node, BOARD, f"down ({why})", since_us, self._end_us, {})
        self._events.sort(key=lambda event: event["ts"])
        return [*self._metadata(), *self._events]

    # --- messages -----------------------------------------------------------------------------

    def _message(self, step: Step) -> None:
        event = step.event
        before = self._last_message.get(event.node)
        if before is not None:
            before["dur"] = min(MESSAGE_US, step.at_us - before["ts"])
        kind = kind_name(event.fields["kind"])
        about = {**event.fields, "kind": kind, **times(step)}
        name = f"{kind} to {node_name(event.fields['to'])}" if event.name == "Send" else f"{kind} received"
        self._last_message[event.node] = self._span(
            event.node, MESSAGES, name, step.at_us, step.at_us + MESSAGE_US, about
        )
        if event.name == "Receive" and step.cause is not None and step.cause.event.node != GROUND:
            self._flow(step.cause, step, kind)

    def _flow(self, sending: Step, receipt: Step, name: str) -> None:
        self._flows += 1
        common = {"cat": "message", "name": name, "id": self._flows}
        for phase, step in (("s", sending), ("f", receipt)):
            binding = {"bp": "e"} if phase == "f" else {}
            self._add({"ph": phase, **common, **binding}, step.event.node, MESSAGES, step.at_us)

    # --- slots --------------------------------------------------------------------------------

    def _slot(self, step: Step) -> None:
        event, slot = step.event, step.event.fields["slot"]
        place = slot % self._window
        open_slots = self._open.setdefault(event.node, {})
        self._instant(step, PLACES + place)
        found = open_slots.get(place)
        if found is not None and found.slot < slot:
            self._close(event.node, place, step.at_us)
            found = None
        if found is None and event.name in SLOT_STEPS and slot > self._closed.get((event.node, place), 0):
            open_slots[place] = found = _OpenSlot(slot, step.at_us, step.at_us)
        if found is not None and found.slot == slot:
            found.last_us = step.at_us
            if event.name in SLOT_ENDS:
                self._close(event.node, place, step.at_us + 1)
                self._closed[event.node, place] = slot

    def _close(self, node: int, place: int, at_us: int) -> None:
        gone = self._open[node].pop(place)
        self._span(node, PLACES + place, f"slot {gone.slot}", gone.since_us, at_us, {"slot": gone.slot})

    def _boot(self, step: Step) -> None:
        node = step.event.node
        for place, slot in sorted(self._open.get(node, {}).items()):
            self._close(node, place, slot.last_us + 1)
        down = self._down.pop(node, None)
        if down is not None and down[0] < step.at_us:
            self._span(node, BOARD, f"down ({down[1]})", down[0], step.at_us, {})

    # --- ground -------------------------------------------------------------------------------

    def _ground(self, step: Step) -> None:
        name, fields = step.event.name, step.event.fields
        if name == "RunStart":
            self._window = fields["window_slots"] or WINDOW_SLOTS
        if name == "Fault" and isinstance(fields.get("counts"), dict):
            counts = {fate: count for fate, count in fields["counts"].items() if type(count) is int}
            self._fates.update(counts)
            for fate in sorted(self._fates):
                self._counter(step, f"ether: {fate}", "frames", counts.get(fate, 0))
        elif name == "Telecommand":
            self._instant(step, GROUND_TELECOMMANDS, f"{fields['operation']} {fields['stage']}")
        elif type(fields.get("board")) is int:
            what = f"fault {fields['kind']}" if name == "BoardFault" else name
            self._instant(step, GROUND_BOARDS, f"{what} {node_name(fields['board'])}")
            if name in BOOT_ENDS:
                self._down.setdefault(fields["board"], (step.at_us, name))
        else:
            self._instant(step, GROUND_RUN)

    # --- trace events -------------------------------------------------------------------------

    def _add(self, event: Json, node: int, thread: int, at_us: int) -> Json:
        number = process(node) * THREADS_MAX + thread
        named = GROUND_THREAD_NAMES if node == GROUND else THREAD_NAMES
        self._threads.setdefault((process(node), number), named.get(thread, f"slots, place {thread - PLACES}"))
        event.update(pid=process(node), tid=number, ts=at_us)
        self._events.append(event)
        return event

    def _span(self, node: int, thread: int, name: str, since_us: int, until_us: int, about: Json) -> Json:
        return self._add({"ph": "X", "name": name, "dur": until_us - since_us, "args": about}, node, thread, since_us)

    def _instant(self, step: Step, thread: int, name: str | None = None) -> None:
        about = {**step.event.fields, "line": step.event.line, **times(step)}
        said = {"ph": "i", "s": "t", "name": name or step.event.name, "args": {"event": words(step.event), **about}}
        self._add(said, step.event.node, thread, step.at_us)

    def _counter(self, step: Step, name: str, unit: str, value: int) -> None:
        pid = process(step.event.node)
        self._events.append({"ph": "C", "name": name, "pid": pid, "ts": step.at_us, "args": {unit: value}})

    def _metadata(self) -> list[Json]:
        processes = sorted({event["pid"] for event in self._events})
        said: list[Json] = []
        for pid in processes:
            said.append({"ph": "M", "name": "process_name", "pid": pid, "args": {"name": node_name(pid - 1)}})
            said.append({"ph": "M", "name": "process_sort_index", "pid": pid, "args": {"sort_index": pid}})
        for (pid, tid), name in sorted(self._threads.items()):
            said.append({"ph": "M", "name": "thread_name", "pid": pid, "tid": tid, "args": {"name": name}})
            said.append({"ph": "M", "name": "thread_sort_index", "pid": pid, "tid": tid, "args": {"sort_index": tid}})
        return said

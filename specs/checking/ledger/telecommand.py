"""Checks what the ground station told of its telecommands against specs/ledger/telecommand.tla, and against the log.

Theory. The stages of an operation name the module's actions and their arguments, so no search is needed (as in
specs/checking/consensus/conformance.py). What the module cannot know is whether a board's answer is true. The log does:
a correct board answers with the slot and the result that the log gives the operation, and only after it has reached
that slot. So a confirmation that the log does not bear out is found. What boards heard and said, `requests.py` asks.

Rules
- `RunStart.traces_uplinks` says whether each request to a board is traced; if so, only boards that were asked answer.
- Answers and stages of an operation before the trace are unknown: a run that joined the swarm starts its own numbers.
- An answer of a slot that the log of the trace does not reach is counted, not judged.
- What a board did right before it answered may be in a hole that shows only at the board's next event.
- A command that a correct board refuses as malformed fits no body, so no operation of the log has it. Nor has one that
  a correct board refuses as stale, unless the client has one in the log that is later by all that boards remember.
- The operations of a client whose telecommands are in the trace are those that it asked for. Nothing is asked of
  clients of which the trace has no telecommand: other clients may have their own station. The verdict names them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import lru_cache

from amu.core.errors import CodecError
from amu.core.limits import OPERATIONS_PER_CLIENT_MAX
from amu.wire import cbor
from specs import FOLDER
from specs.checking.ledger import requests
from specs.checking.ledger.requests import Requests
from specs.checking.ledger.steps import BUSY, MALFORMED, STALE, outcome_of
from specs.checking.premises import PREMISES
from specs.checking.run import AppliedLog, Checker, Run
from specs.checking.schema import FIELDS, Wrong
from specs.checking.trace import Event
from specs.checking.trace_line import printable
from specs.tla.language import language
from specs.tla.language.language import EvaluationError, Module
from specs.tla.language.steps import Action
from specs.tla.values.values import Value

MODULE = FOLDER / "ledger" / "telecommand.tla"

IS_STAGE = "TCM-1"
HAS_ITS_BOARDS = "TCM-2"
OF_THE_LOG = "TCM-3"
AS_ASKED = "TCM-4"
HAS_ARRIVED = "TCM-5"
IDENTIFIERS = (IS_STAGE, HAS_ITS_BOARDS, OF_THE_LOG, AS_ASKED, HAS_ARRIVED)
NO_UPLINKS = "RunStart does not say whether requests to boards are traced, and there are none"
ROUNDED_SECONDS = 5e-6  # three times that are rounded to the microsecond, and large numbers
REACHING = frozenset({"Apply", "Adopt", "Boot"})
EVENTS = REACHING | requests.EVENTS
GROUND_EVENTS = frozenset({"Telecommand", "Resume"})

# Stage: the event's fields that are arguments of its action.
STAGES: Mapping[str, tuple[str, ...]] = {
    "queued": ("operation",),
    "uplinked": ("board", "attempt"),
    "received": ("board", "status"),
    "applied": ("board", "slot", "result"),
    "conflict": ("board", "slot", "result"),
    "confirmed": ("slot", "result"),
    "malformed": (),
    "stale": (),
    "contradiction": ("slot", "result"),
}
ENDS = frozenset({"confirmed", "malformed", "stale", "contradiction"})

Values = tuple[Value, ...]  # of the module's variables
Key = tuple[int, int]  # client and operation


@lru_cache(maxsize=8)
def _compiled(boards: int, faults: int, tells_uplinks: bool) -> tuple[Values, Mapping[str, Action]]:
    """The first state, and the action of each stage. Compiled once for all runs of a swarm's size."""
    module: Module = language.load(
        MODULE, {"Board": frozenset(range(boards)), "FaultyMax": faults, "TellsUplinks": tells_uplinks}
    )
    actions = {
        name: Action(module.compiler, module.definitions[name.capitalize()], None) for name in (*STAGES, "resume")
    }
    return next(iter(module.initials("Init"))).values, actions


class TelecommandChecker(Checker):
    """Takes the ground station's Telecommand and Resume, and what tells how far replicas have come."""

    def __init__(self, run: Run) -> None:
        super().__init__(run)
        self._reached: dict[int, int] = {}
        self._events: list[Event] = []
        self._answers: list[Event] = []  # of correct boards
        self._unreached: list[tuple[Event, tuple[int, int]]] = []  # of slots that they had not reached; their places
        self._uplinks = 0
        self._requests = Requests(run)
        self._unsent: list[tuple[Event, tuple[int, int]]] = []  # answers of boards that had sent none
        self._refusals: dict[Key, list[Event]] = {}  # receipts of correct boards that end an operation

    def feed(self, event: Event) -> None:
        if event.name in requests.EVENTS:
            self._requests.feed(event)
        if event.name not in REACHING:
            return
        slot = event.fields["applied_slot"] if event.name == "Boot" else event.fields["slot"]
        self._reached[event.node] = max(slot, self._reached.get(event.node, 0))

    def ground(self, event: Event) -> None:
        if event.name not in GROUND_EVENTS:
            return
        self._events.append(event)
        stage = event.fields.get("stage")
        if stage == "uplinked":
            self._look_at_uplink(event)
        if stage not in ("received", "applied") or _arguments(event) is None:
            return
        if stage == "received":
            if event.fields["status"] in (MALFORMED, STALE) and event.fields["board"] in self.run.swarm.honest:
                self._refusals.setdefault(_key(event), []).append(event)
        else:
            board, slot = event.fields["board"], event.fields["slot"]
            if board in self.run.swarm.honest:
                is_told, place = self.run.is_told(board), self.run.continuity.place(board)
                self._answers.append(event)
                if is_told and slot > self._reached.get(board, 0):
                    self._unreached.append((event, place))
                if is_told and not self._requests.may_have_answered(board, _key(event)):
                    self._unsent.append((event, place))

    def _look_at_uplink(self, event: Event) -> None:
        self._uplinks += 1
        if self.run.traces_uplinks is False and self._uplinks == 1:
            self.run.verdict.violate(IS_STAGE, f"{event}: RunStart says that requests to boards are not traced")

    def finish(self, tlc: bool) -> None:
        verdict = self.run.verdict
        told = [event for event in self._events if event.name == "Telecommand"]
        self._hold_arrivals(self.run.applied)
        if not told:
            for identifier in set(IDENTIFIERS) - {HAS_ARRIVED}:
                verdict.nothing_held(identifier, PREMISES[identifier].lack)
            return
        tells_uplinks = self.run.traces_uplinks
        if tells_uplinks is None and not self._uplinks:
            verdict.doubt(IS_STAGE, NO_UPLINKS)
        _Stages(self.run, self._uplinks > 0 if tells_uplinks is None else tells_uplinks).check(self._events)
        self._hold_answers(self.run.applied)
        self._hold_refusals(self.run.applied)
        self._hold_requests(self.run.applied)

    # --- against the log ------------------------------------------------------------------------

    def _hold_answers(self, log: AppliedLog) -> None:
        """TCM-3: what correct boards answered, and what was confirmed, is in the log."""
        run, verdict = self.run, self.run.verdict
        answers = _answers(log)
        unknown = 0
        for doubtful, breach in (
            (self._unreached, "had not reached that slot"),
            (self._unsent if run.has_messages else [], "had sent no such reply"),
        ):
            for event, place in doubtful:
                board = event.fields["board"]
                if run.continuity.is_hole(board, place):
                    verdict.doubt(OF_THE_LOG, "what a board did before it answered is not in the trace")
                else:
                    verdict.violate(OF_THE_LOG, f"{event}: board {board} {breach}")
        judged = list(self._answers)
        if run.swarm.is_tolerable:
            ends = [event for event in self._events if event.fields.get("stage") == "confirmed"]
            judged += [event for event in ends if _arguments(event) is not None]
        for event in judged:
            fields = event.fields
            if fields["slot"] > log.last_slot:
                unknown += 1
            elif (fields["slot"], _text(fields["result"])) not in answers.get(_key(event), ()):
                verdict.violate(OF_THE_LOG, f"{event}: the log has another answer of this operation, or none")
        if unknown:
            verdict.counts["answers not compared with the log"] = unknown
            verdict.doubt(OF_THE_LOG, "the trace does not tell the slots of some answers")
        if not judged:
            verdict.nothing_held(OF_THE_LOG, "no answer was recorded")

    def _hold_refusals(self, log: AppliedLog) -> None:
        """TCM-3: what a correct board refused for good is not in the log."""
        run = self.run
        if not self._refusals or self._may_be_older():
            return
        news = [operation for operation in log.operations() if outcome_of(operation.result) != STALE]
        last: dict[int, int] = {}
        for operation in news:
            last[operation.client] = max(operation.operation, last.get(operation.client, 0))
        is_whole = not run.replica_holes() and max(self._reached.values(), default=0) <= log.last_slot
        for operation in news:
            is_remembered = last[operation.client] < operation.operation + OPERATIONS_PER_CLIENT_MAX
            for event in self._refusals.get((operation.client, operation.operation), ()):
                if event.fields["status"] == MALFORMED or (is_whole and is_remembered):
                    run.verdict.violate(OF_THE_LOG, f"{event}: the operation was applied: {operation.event}")

    def _may_be_older(self) -> bool:
        """Whether the log may have operations of clients from before the trace, or of more liars than tolerable."""
        run = self.run
        return bool(run.beginning.past or run.continuity.joined) or not run.swarm.is_tolerable

    def _hold_arrivals(self, log: AppliedLog) -> None:
        """TCM-5: what was applied had reached a correct board as a request."""
        run, verdict = self.run, self.run.verdict
        if not run.has_messages:
            verdict.nothing_held(HAS_ARRIVED, requests.UNTOLD)
        elif run.beginning.past or run.replica_holes() or not run.swarm.is_tolerable:
            verdict.doubt(HAS_ARRIVED, "what boards received before, or in between, is not in the trace")
        else:
            asked = {_key(event): event.lamport for event in self._events if event.fields.get("stage") == "queued"}
            for breach in self._requests.breaches(log, asked):
                verdict.violate(HAS_ARRIVED, breach)
            self._doubt_others(HAS_ARRIVED, log, {client for client, _ in asked})

    def _hold_requests(self, log: AppliedLog) -> None:
        """TCM-4: what was applied for a client is what it asked for."""
        verdict = self.run.verdict
        if self._may_be_older():
            verdict.doubt(AS_ASKED, "boards may hold requests from before the trace")
            return
        asked = {_key(event): event for event in self._events if event.fields.get("stage") == "queued"}
        clients = {client for client, _ in asked}
        for event in asked.values():
            command, encoded = event.fields.get("command"), event.fields.get("encoded")
            if encoded is not None and command is not None and _decoded(encoded) != command:
                verdict.violate(AS_ASKED, f"{event}: `encoded` is of another command")
        for operation in log.operations():
            if operation.client not in clients:
                continue
            request = asked.get((operation.client, operation.operation))
            if request is None:
                verdict.violate(AS_ASKED, f"{operation.event}: the client did not ask for it")
            elif request.fields.get("command", operation.command) != operation.command:
                verdict.violate(AS_ASKED, f"{operation.event}: the client asked for something else: {request}")
        self._doubt_others(AS_ASKED, log, clients)

    def _doubt_others(self, identifier: str, log: AppliedLog, clients: set[int]) -> None:
        """What clients without a telecommand in the trace asked for, and when, is unknown."""
        others = sorted({operation.client for operation in log.operations()} - clients)
        if others:
            self.run.verdict.doubt(identifier, f"client {others[0]} has another station")


class _Stages:
    """Takes the stages of all operations, in order (TCM-1, TCM-2)."""

    def __init__(self, run: Run, tells_uplinks: bool) -> None:
        swarm = run.swarm
        self._first, self._actions = _compiled(swarm.replica_count, swarm.faults_max, tells_uplinks)
        self._violate: Callable[[str, str], None] = run.verdict.violate
        self._count = run.verdict.steps
        self._states: dict[Key, Values] = {}
        self._last: dict[int, int] = {}  # client -> its last operation
        self._queued: dict[Key, float | None] = {}  # when it was asked for

    def check(self, events: list[Event]) -> None:
        for event in events:
            if event.name == "Resume":
                self._resume()
            else:
                self._take(event)

    def _resume(self) -> None:
        for key, state in self._states.items():
            following = self._actions["resume"].only(state, [])
            assert following is not None, "a station may die at any time"
            self._states[key] = following

    def _take(self, event: Event) -> None:
        stage, key = event.fields["stage"], _key(event)
        arguments = _arguments(event)
        if arguments is None:
            self._violate(IS_STAGE, f"{event}: no such stage, or not with these fields")
            return
        if stage == "queued":
            arguments.append(self._last.get(key[0], -1))
            self._last[key[0]] = max(key[1], self._last.get(key[0], -1))
            self._queued.setdefault(key, event.received)
        try:
            following = self._actions[stage].only(self._states.get(key, self._first), arguments)
        except EvaluationError:
            following = None
        if following is None:
            identifier = HAS_ITS_BOARDS if stage in ENDS else IS_STAGE
            self._violate(identifier, f"{event}: {stage.capitalize()} of telecommand.tla does not allow it here")
            return
        self._states[key] = following
        if stage in ENDS:
            self._hold_seconds(event, self._queued.get(key))
        self._count[f"telecommand {stage}"] += 1

    def _hold_seconds(self, event: Event, queued: float | None) -> None:
        """TCM-2: an end says how long the operation took, if it says so at all."""
        told, ended = event.fields.get("seconds"), event.received
        if told is None or queued is None or ended is None:
            return
        if type(told) not in (int, float) or abs(told - (ended - queued)) > ROUNDED_SECONDS:
            self._violate(HAS_ITS_BOARDS, f"{event}: queued at {queued} s, ended at {ended} s")


def _key(event: Event) -> Key:
    return event.fields["client"], event.fields["operation"]


def _arguments(event: Event) -> list[Value] | None:
    """The arguments of the stage's action. None if there is no such stage, or if the event lacks one of its fields."""
    names = STAGES.get(event.fields["stage"])
    if names is None:
        return None
    arguments: list[Value] = []
    for name in names:
        found = event.fields.get(name)
        try:
            arguments.append(_text(FIELDS["result"](found)) if name == "result" else _CHECKS[name](found))
        except Wrong:
            return None
    return arguments


_CHECKS: Mapping[str, Callable[[object], Value]] = {
    "operation": FIELDS["operation"],
    "board": FIELDS["peer"],
    "attempt": FIELDS["number"],
    "slot": FIELDS["slot"],
    "status": FIELDS["reason"],
}


def _answers(log: AppliedLog) -> dict[Key, set[tuple[int, str]]]:
    """What boards may answer, by operation: its first result, and each refusal that is not remembered."""
    found: dict[Key, set[tuple[int, str]]] = {}
    done: set[Key] = set()
    for operation in log.operations():
        key = (operation.client, operation.operation)
        is_remembered = outcome_of(operation.result) not in (STALE, BUSY)
        if is_remembered and key in done:
            continue
        if is_remembered:
            done.add(key)
        found.setdefault(key, set()).add((operation.slot, _text(operation.result)))
    return found


def _text(result: object) -> str:
    """A result as text: in Python True == 1, but results must not be confused."""
    return json.dumps(result)


def _decoded(encoded: object) -> object:
    """A command as the trace writes it, from its CBOR in hexadecimal. None if it is not that."""
    try:
        return printable(cbor.decode(bytes.fromhex(str(encoded))))
    except (CodecError, ValueError):
        return None

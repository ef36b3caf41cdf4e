"""Reads what a debrief says from a trace, in one pass. It checks nothing: the verdict does that.

What the crew saw is what the console would have shown (`groundstation.debrief.picture`).
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from amu.core.limits import quorum_size
from groundstation.debrief.alarms import Change
from groundstation.debrief.injects import Injects, Played
from groundstation.debrief.moments import Moment
from groundstation.debrief.picture import Picture
from groundstation.orders.order import AUTOMATIC, RUNNER, OrderError, read_body
from groundstation.procedures.horizon import Horizon
from groundstation.procedures.runner import CONTINUED, HELD, LOADED, OVER, PAUSED, SKIPPED
from groundstation.procedures.seen import HEARD_WALL_SECONDS, Seen
from groundstation.scenario.model import Scenario
from groundstation.web.tail import Line
from groundstation.why.read import line_of
from specs.checking.trace import Event, TraceError
from specs.escape import escaped

FAULTS = ("board", "fault", "end-fault", "inject")  # orders of a director
OPERATOR = "operator"
EVENTS = ("Procedure", "Poll", "Inject", "Order")  # of people, or of what is played to them
OPTIONAL = {"role": str, "reason": str, "title": str, "text": str, "operation": int}  # fields of those


@dataclass(frozen=True)
class Given:
    """An order. reason: why it was refused, or "". operation: of its telecommand."""

    moment: Moment
    sender: str
    role: str
    kind: str
    words: str
    told: Mapping[str, Any]
    reason: str = ""
    operation: int | None = None

    @property
    def is_fault(self) -> bool:
        """Whether it is of those that a director plays to the crew."""
        return self.kind in FAULTS and self.told.get("action") != "start"


@dataclass(frozen=True)
class Move:
    """The procedure is in another phase. left: the phase before it, and since when."""

    moment: Moment
    step: str
    status: str
    sender: str
    role: str
    reason: str
    left: str
    since: Moment | None


@dataclass(frozen=True)
class Answer:
    """An answer in a poll. voting: boards that were heard and voted at that moment, of `count`, as the procedure knew;
    `quorum` is wanted."""

    moment: Moment
    step: str
    role: str
    answer: str
    sender: str
    reason: str
    voting: int
    count: int
    quorum: int


@dataclass
class Debrief:
    """All that people did, and what was done to them."""

    has_operator: bool = False
    title: str = ""
    steps: list[str] = field(default_factory=list)  # names, in order
    played: list[Played] = field(default_factory=list)
    orders: list[Given] = field(default_factory=list)
    stages: dict[int, dict[str, Moment]] = field(default_factory=dict)  # of the telecommands of orders
    moves: list[Move] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)  # of alarms
    end: Moment | None = None

    @property
    def notes(self) -> list[Given]:
        return [given for given in self.orders if given.kind == "note" and not given.reason]

    @property
    def crew(self) -> list[Given]:
        """Orders of the crew that were taken: of operators; where there is none, of everybody, but for faults."""
        return [
            each
            for each in self.orders
            if each.sender not in (RUNNER, AUTOMATIC)
            and not each.reason
            and not each.is_fault
            and (each.role == OPERATOR or not self.has_operator)
        ]


class _Fold:
    """Takes the lines of one trace."""

    def __init__(self, scenario: Scenario | None, has_operator: bool) -> None:
        speed = 1.0 if scenario is None else scenario.mission.speed
        self.found = Debrief(has_operator=has_operator)
        self._injects = Injects()
        self._picture = Picture(scenario, has_operator, self._injects.explain)
        procedure = None if scenario is None else scenario.procedure
        given = None if procedure is None else procedure.heard_seconds
        self._heard_seconds = given or HEARD_WALL_SECONDS * speed
        self._horizon = Horizon(scenario)
        self._seen = Seen(0, self._heard_seconds, self._horizon)
        self._count = 0
        self._status: dict[str, tuple[str, Moment]] = {}  # step -> its phase, and since when
        self._paused: dict[str, Moment] = {}

    def take(self, line: Line, moment: Moment) -> None:
        """Take in a line."""
        name = line["event"]
        if name == "RunStart":
            self._count = line["replica_count"]
            self._seen = Seen(self._count, self._heard_seconds, self._horizon)
        self._seen.take(line)
        self._injects.take(line, moment)
        self._picture.take(line, moment)
        if name == "Order":
            self._order(line, moment)
        elif name == "Telecommand":
            self._stage(line, moment)
        elif name == "Procedure":
            self._move(line, moment)
        elif name == "Poll":
            self._answer(line, moment)
        self.found.end = moment

    def finish(self) -> Debrief:
        """What was found."""
        self._picture.finish()
        self.found.played = self._injects.played
        self.found.changes = self._picture.changes
        return self.found

    def _order(self, line: Line, moment: Moment) -> None:
        told = line["told"]
        try:
            words = read_body(told).words
        except OrderError:
            words = json.dumps(told)  # of a later version
        refused = line.get("reason") or "refused"
        reason = refused if line["outcome"] != "accepted" else ""
        role, kind = line.get("role", ""), str(told.get("kind"))
        given = Given(moment, line["sender"], role, kind, words, told, reason, line.get("operation"))
        self.found.orders.append(given)
        if given.operation is not None:
            self.found.stages[given.operation] = {}

    def _stage(self, line: Line, moment: Moment) -> None:
        stages = self.found.stages.get(line["operation"])
        if stages is not None:
            stages.setdefault(line["stage"], moment)

    def _move(self, line: Line, moment: Moment) -> None:
        step, status = line["step"], line["status"]
        if status == LOADED:
            self.found.title = line.get("title", "")
            self.found.steps = [str(each["name"]) for each in line.get("steps", [])]
            return
        left, since = self._status.get(step, ("", None))
        if status == CONTINUED:
            left, since = PAUSED, self._paused.pop(step, None)
        told = (line["sender"], line.get("role", ""), line.get("reason", ""))
        self.found.moves.append(Move(moment, step, status, *told, left, since))
        if status == PAUSED:
            self._paused[step] = moment
        elif status != CONTINUED:
            self._status[step] = status, moment

    def _answer(self, line: Line, moment: Moment) -> None:
        told = (line["step"], line["role"], line["answer"], line["sender"], line.get("reason", ""))
        voting = self._seen.voting(moment.at)
        self.found.answers.append(Answer(moment, *told, voting, self._count, quorum_size(self._count)))


def read(events: Iterable[Event], scenario: Scenario | None, has_operator: bool) -> Debrief:
    """What a debrief says of a trace. Raises TraceError.

    events: in the file's order. scenario: as flown. has_operator: an operator gave an order.
    """
    fold = _Fold(scenario, has_operator)
    for event in events:
        if event.received is None:
            raise TraceError(f"line {event.line}: every event needs a field 'received', in mission seconds")
        line = line_of(event) | {"offset": event.line}
        if event.name in EVENTS:
            _check_optional(event)
        try:
            fold.take(line, Moment(event.line, event.received))
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            raise TraceError(f"line {event.line}: {event.name} is not as amu rehearse records it: {error!r}") from error
    return fold.finish()


def _check_optional(event: Event) -> None:
    """Fields of people's events that need not be there. Raises TraceError."""
    for name, kind in OPTIONAL.items():
        found = event.fields.get(name)
        if name in event.fields and type(found) is not kind and (found is not None or kind is str):
            wanted = "a text" if kind is str else "a whole number"
            raise TraceError(f"line {event.line}: {event.name}.{name}: want {wanted}, have {escaped(repr(found))[:80]}")


def outcome(debrief: Debrief, step: str) -> Move | None:
    """How the step ended, or where it stands. None: it was not reached."""
    found = [move for move in debrief.moves if move.step == step and move.status not in (PAUSED, CONTINUED)]
    return found[-1] if found else None


def words_of(debrief: Debrief) -> list[Move]:
    """Moves that a person made, or the word go without people: holds released, skips, pauses, retries."""
    return [move for move in debrief.moves if move.sender != RUNNER]


def left_after(debrief: Debrief, moment: Moment) -> Move | None:
    """The first step that was left after a moment."""
    return next((move for move in debrief.moves if move.moment > moment and move.status in OVER), None)


def said(move: Move) -> str:
    """What a person's move was, in words."""
    if move.status in (SKIPPED, PAUSED, CONTINUED):
        return move.status
    return "let it begin" if move.left == HELD else "tried it again"

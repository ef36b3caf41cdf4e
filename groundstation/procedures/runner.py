"""The runner of a procedure: a pure state machine, fed with the lines of the trace, its own among them.

    held        the step waits for a person's word          leaves: order "step"
    polling     roles, and a quorum, are asked              leaves: all say go; a no-go leads back to "held"
    ordered     the step's order is given                   leaves: taken; refused leads to "failed"
    expecting   what must be seen is awaited                leaves: seen; the bound leads to "failed"
    delaying    it was seen, and a delay passes             leaves: the delay is over
    done        the next step begins                        skipped likewise, by order
    failed      it waits for the order "retry" or "skip"
    paused, continued                                       between them nothing moves, and no time of the step passes

Rules
- A step passes through those of its phases that it has, in this order; each entry is an event `Procedure` of the trace,
  each answer in a poll an event `Poll`, each inject an event `Inject`.
- The state is a function of these events, so that the next ground station goes on from the record. `next_act` says what
  to record or to order next; the caller does it, and feeds what was recorded.
- Times are mission seconds at which the ground knew of something. Every wait of a step for the swarm is bounded.
- Without people (`by_itself`) holds are released and everybody says go. Nobody repairs a step that has failed then.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from groundstation.orders.order import AUTOMATIC, RUNNER
from groundstation.procedures.horizon import Horizon
from groundstation.procedures.seen import HEARD_WALL_SECONDS, Line, Seen, words
from groundstation.scenario.model import Scenario
from groundstation.scenario.procedures import Inject, Procedure, Step

HELD, POLLING, ORDERED, EXPECTING, DELAYING, DONE = "held", "polling", "ordered", "expecting", "delaying", "done"
FAILED, SKIPPED, PAUSED, CONTINUED, LOADED = "failed", "skipped", "paused", "continued", "loaded"
OVER = (DONE, SKIPPED)
BEGUN = (ORDERED, EXPECTING, DELAYING, DONE)
GO, NO_GO = "go", "no-go"
QUORUM = "quorum"  # the role that answers for the swarm
BEGIN, REFUSED = "begun", "refused"  # of an inject
ORDER_REFUSED = "its order was refused"  # the reason of a step that has failed
ACTIONS = ("step", "pause", "continue", "skip", "retry")

Told = Mapping[str, Any]


class RunnerError(Exception):
    """A word to the procedure that does not fit its state. Says what is the matter."""


class Say(NamedTuple):
    """An event to record."""

    event: str
    fields: dict[str, Any]


class Do(NamedTuple):
    """An order to give, under the id `order`."""

    order: str
    told: Told


@dataclass
class _State:
    """Of the step that the procedure is at."""

    number: int = 0
    status: str | None = None  # None: it has not begun
    since: float = 0.0
    reason: str = ""
    attempt: int = 0  # how often its order was given
    outcome: str | None = None  # of its latest order
    operation: int | None = None
    answers: dict[str, str] = field(default_factory=dict)  # of this poll, by role
    paused_at: float | None = None


class Runner:
    """One procedure and the injects of one flight. procedure: None if the mission has injects only."""

    def __init__(self, procedure: Procedure | None, injects: list[Inject], seen: Seen, by_itself: bool) -> None:
        self.steps = [] if procedure is None else procedure.steps
        self._title = "" if procedure is None else procedure.title
        self._injects = {inject.name: inject for inject in injects}
        self._seen, self._by_itself = seen, by_itself
        self._is_loaded = procedure is None
        self._now = _State()
        self._begun: set[str] = set()  # steps
        self._played: dict[str, str | None] = {}  # inject -> outcome of its order
        self._told: set[str] = set()  # injects whose refusal is on record

    @property
    def lacks(self) -> list[str]:
        """What is left of the procedure, in words."""
        if self._now.number >= len(self.steps):
            return []
        step, state = self.steps[self._now.number], self._now
        why = f" ({state.reason})" if state.reason else ""
        status = PAUSED if state.paused_at is not None else state.status or "to come"
        return [f"step {state.number + 1} of {len(self.steps)} of the procedure, {step.name!r}, is {status}{why}"]

    @property
    def has_failed(self) -> bool:
        """Whether a step has failed and nobody can repair it."""
        return self._by_itself and self._now.status == FAILED

    # --- the record -----------------------------------------------------------------------------

    def take(self, line: Line) -> None:
        """Take in a line of the trace."""
        name = line["event"]
        if name == "Procedure":
            self._moved(line)
        elif name == "Poll" and self._is_now(line):
            self._now.answers[line["role"]] = line["answer"]
        elif name == "Inject":
            if line["status"] == BEGIN:
                self._played[line["inject"]] = None
            else:
                self._told.add(line["inject"])
        elif name == "Order":
            self._ordered(line)
        else:
            self._seen.take(line)

    def _is_now(self, line: Line) -> bool:
        return self._now.number < len(self.steps) and line["step"] == self.steps[self._now.number].name

    def _moved(self, line: Line) -> None:
        status, at = line["status"], line["received"]
        state = self._now
        if status == LOADED:
            self._is_loaded = True
        elif status == PAUSED:
            state.paused_at = at
        elif status == CONTINUED:
            if state.paused_at is not None:
                state.since += at - state.paused_at
            state.paused_at = None
        elif status in OVER:
            if status == DONE:
                self._begun.add(line["step"])
            self._now = _State(number=state.number + 1)
        else:
            state.status, state.since, state.reason = status, at, line.get("reason", "")
            if status == POLLING:
                state.answers = {}
            if status == ORDERED:
                state.attempt, state.outcome, state.operation = state.attempt + 1, None, None
            if status in BEGUN:
                self._begun.add(line["step"])

    def _ordered(self, line: Line) -> None:
        if line["sender"] != RUNNER:
            return
        if line["order"] == self._order_id() and self._now.status == ORDERED:
            self._now.outcome = line.get("reason", "") if line["outcome"] == REFUSED else ""
            self._now.operation = line.get("operation")
        kind, _, name = str(line["order"]).partition("/")
        if kind == "inject" and name in self._played:
            self._played[name] = line.get("reason", "") if line["outcome"] == REFUSED else ""

    def _order_id(self) -> str:
        return f"step/{self._now.number}/{self._now.attempt}"

    # --- what comes next ------------------------------------------------------------------------

    def next_act(self, now: float) -> Say | Do | None:
        """What to record or to order at mission second `now`. None: nothing changes now."""
        if not self._is_loaded:
            return Say("Procedure", {"step": "", "number": 0, "status": LOADED, "sender": RUNNER, **self._plan()})
        return self._of_injects(now) or self._of_step(now)

    def _plan(self) -> dict[str, Any]:
        steps = [_told(step) for step in self.steps]
        return {"title": self._title, "heard_seconds": self._seen.heard_seconds, "steps": steps}

    def _of_injects(self, now: float) -> Say | Do | None:
        for name, inject in self._injects.items():
            if name not in self._played:
                is_due = inject.at is not None and now >= inject.at
                if is_due or (inject.step is not None and inject.step in self._begun):
                    return self.play(name, RUNNER, None)
            elif self._played[name] is None:
                return Do(f"inject/{name}", inject.order)
            elif self._played[name] and name not in self._told:
                return Say(
                    "Inject", {"inject": name, "status": REFUSED, "sender": RUNNER, "reason": self._played[name]}
                )
        return None

    def _of_step(self, now: float) -> Say | Do | None:
        state = self._now
        if state.number >= len(self.steps) or state.paused_at is not None:
            return None
        step = self.steps[state.number]
        if state.status is None:
            return self._go_on(step, RUNNER)
        if state.status == HELD:
            return self._go_on(step, AUTOMATIC) if self._by_itself else None
        if state.status == POLLING:
            return self._poll(step, now)
        if state.status == ORDERED:
            assert step.order is not None
            if state.outcome is None:
                return Do(self._order_id(), step.order)
            if state.outcome:
                return self._enter(step, FAILED, RUNNER, reason=f"{ORDER_REFUSED}: {state.outcome}")
            return self._go_on(step, RUNNER)
        if state.status == EXPECTING:
            return self._expect(step, now)
        if state.status == DELAYING and now >= state.since + step.delay_seconds:
            return self._go_on(step, RUNNER)
        return None

    def _poll(self, step: Step, now: float) -> Say | None:
        answers = self._now.answers
        why = self._seen.quorum(now)
        if answers.get(QUORUM) != (NO_GO if why else GO):
            told: dict[str, Any] = {"role": QUORUM, "answer": NO_GO if why else GO, "sender": RUNNER}
            if light := self._seen.light_seconds(now):
                told["light_seconds"] = light
            return Say("Poll", {"step": step.name, **told, **({"reason": why} if why else {})})
        for role in step.poll:
            if answers.get(role) is None and self._by_itself:
                return Say("Poll", {"step": step.name, "role": role, "answer": GO, "sender": AUTOMATIC})
            if answers.get(role) == NO_GO:
                return self._enter(step, HELD, RUNNER, reason=f"{role} says no-go")
        return self._go_on(step, RUNNER) if all(answers.get(role) == GO for role in (QUORUM, *step.poll)) else None

    def _expect(self, step: Step, now: float) -> Say | None:
        assert step.expect is not None
        lacks = self._seen.lacks(step.expect, self._now.operation, now)
        if not lacks:
            return self._go_on(step, RUNNER)
        if now >= self._now.since + step.within_seconds:
            return self._enter(step, FAILED, RUNNER, reason=f"within {step.within_seconds:g} s: {'; '.join(lacks)}")
        return None

    def _go_on(self, step: Step, sender: str, role: str | None = None) -> Say:
        phases = _phases(step)
        after = None if self._now.status is None else phases.index(self._now.status)
        return self._enter(step, phases[0 if after is None else after + 1], sender, role)

    def _enter(self, step: Step, status: str, sender: str, role: str | None = None, reason: str = "") -> Say:
        fields: dict[str, Any] = {"step": step.name, "number": self._now.number, "status": status, "sender": sender}
        if role is not None:
            fields["role"] = role
        if reason:
            fields["reason"] = reason
        return Say("Procedure", fields)

    # --- what people say ------------------------------------------------------------------------

    def command(self, action: str, name: str, sender: str, role: str) -> Say:
        """What a person's word to step `name` leads to: an event to record. Raises RunnerError."""
        step, state = self._step_named(name), self._now
        if action == "pause":
            if state.paused_at is not None:
                raise RunnerError("the procedure is paused already")
            return self._enter(step, PAUSED, sender, role)
        if action == "continue":
            if state.paused_at is None:
                raise RunnerError("the procedure is not paused")
            return self._enter(step, CONTINUED, sender, role)
        if state.paused_at is not None:
            raise RunnerError("the procedure is paused: continue it first")
        if action == "skip":
            return self._enter(step, SKIPPED, sender, role)
        if action == "retry":
            if state.status not in (EXPECTING, FAILED):
                raise RunnerError(f"step {name!r} is {state.status}; retry one that is expecting or has failed")
            return self._enter(step, next(phase for phase in _phases(step) if phase != HELD), sender, role)
        assert action == "step", action
        if state.status != HELD:
            raise RunnerError(f"step {name!r} is {state.status}, and waits for nobody's word")
        return self._enter(step, next(phase for phase in _phases(step) if phase != HELD), sender, role)

    def answer(self, name: str, role: str, answer: str, sender: str) -> Say:
        """An answer in the poll of step `name`. Raises RunnerError."""
        step = self._step_named(name)
        if self._now.status != POLLING:
            raise RunnerError(f"step {name!r} is {self._now.status}; nobody is asked now")
        if role not in step.poll:
            raise RunnerError(f"step {name!r} asks {', '.join(step.poll)}, not the {role}")
        return Say("Poll", {"step": name, "role": role, "answer": answer, "sender": sender})

    def play(self, name: str, sender: str, role: str | None) -> Say:
        """Begin an inject. Raises RunnerError."""
        if name not in self._injects:
            raise RunnerError(f"the scenario has no inject {name!r}; it has {sorted(self._injects) or 'none'}")
        if name in self._played:
            raise RunnerError(f"inject {name!r} has been played")
        inject = self._injects[name]
        told = inject.body.model_dump(mode="json")
        fields: dict[str, Any] = {"inject": name, "status": BEGIN, "sender": sender, "told": told}
        if role is not None:
            fields["role"] = role
        if inject.text:
            fields["text"] = inject.text
        return Say("Inject", fields)

    def _step_named(self, name: str) -> Step:
        if not self.steps:
            raise RunnerError("the scenario has no procedure")
        if self._now.number >= len(self.steps):
            raise RunnerError("the procedure is over")
        step = self.steps[self._now.number]
        if step.name != name:
            raise RunnerError(f"the procedure is at step {step.name!r}, not at {name!r}")
        return step


def _phases(step: Step) -> list[str]:
    """The phases that the step has, in order."""
    has = (
        (HELD, step.hold),
        (POLLING, bool(step.poll)),
        (ORDERED, step.order is not None),
        (EXPECTING, step.expect is not None),
        (DELAYING, step.delay_seconds > 0),
        (DONE, True),
    )
    return [phase for phase, is_there in has if is_there]


def of_scenario(scenario: Scenario, by_itself: bool) -> Runner | None:
    """The runner of the scenario's procedure and injects. None if it has neither."""
    procedure = scenario.procedure
    if procedure is None and not scenario.injects:
        return None
    given = None if procedure is None else procedure.heard_seconds
    seen = Seen(scenario.mission.boards, given or HEARD_WALL_SECONDS * scenario.mission.speed, Horizon(scenario))
    return Runner(procedure, scenario.injects, seen, by_itself)


def told(said: Say) -> str:
    """An event in words, for the display and the log."""
    fields = said.fields
    why = f": {fields['reason']}" if "reason" in fields else ""
    by = f", by {fields['sender']}" if fields["sender"] != RUNNER else ""
    if said.event == "Poll":
        return f"step {fields['step']}: {fields['role']} says {fields['answer']}{by}{why}"
    if said.event == "Inject":
        return f"inject {fields['inject']} {fields['status']}{by}{why}"
    return f"step {fields['step'] or '-'} {fields['status']}{by}{why}"


def _told(step: Step) -> dict[str, Any]:
    """A step as the record has it."""
    body = step.body
    return {
        "name": step.name,
        "text": step.text,
        "phases": _phases(step),
        "poll": list(step.poll),
        "order": None if body is None else body.words,
        "stage": None if step.expect is None else step.expect.stage,
        "expect": None if step.expect is None else words(step.expect),
        "within_seconds": step.within_seconds,
        "delay_seconds": step.delay_seconds,
    }

"""Is the record of a procedure that of one that was flown as planned?

    PRC-1   the steps come in their order, each begins where the one before ended, and passes through the phases that
            it has; a delay and the time for an expected state are as long as planned; a person's word follows the order
            of that person
    PRC-2   a step goes on from its poll when the quorum and all roles that are asked say go, and back to its hold when
            one of these roles says no-go; an order's outcome decides whether its step goes on or has failed
    PRC-3   the quorum says go only if enough boards can have been heard and can vote, and no-go only if they need not
            have been
    PRC-4   an inject is played once, by the order that it names; each order of that kind has its inject

Theory. `groundstation.procedures.runner` is the machine that flies a procedure; here its record is judged by the rules
that the scenario's reference states, not by that code. The plan is the event `loaded`, the only one that tells it.

Rules
- Only the ground station's own lines and what boards say are compared. What a liar says is not judged, so each liar may
  have been heard or not.
- What was heard needs `light_seconds` at most to be known, and one step of GRAIN of `heard_seconds` more. With light
  time a no-go is not judged: the trace does not tell when each word arrived.
- Seconds are written with six digits: SLACK is twice that.
- Where lines of the ground station are missing, nothing is judged.
- An order that never followed its inject may have come after the end, so the end of a trace is not judged.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from amu.core.limits import GROUND, quorum_size
from specs.checking.run import Checker, Run
from specs.checking.schema import RECEIVED_SECONDS_MAX
from specs.checking.trace import Event

AS_PLANNED, POLLED, QUORUM_HEARD, PLAYED = IDENTIFIERS = ("PRC-1", "PRC-2", "PRC-3", "PRC-4")

SLACK = 2e-6
GRAIN = 1 / 16
RUNNER, AUTOMATIC = "procedure", "automatic"  # as sender: the ground station itself
QUORUM, GO, NO_GO = "quorum", "go", "no-go"
HELD, POLLING, ORDERED, EXPECTING, DELAYING, DONE = "held", "polling", "ordered", "expecting", "delaying", "done"
LOADED, FAILED, SKIPPED, PAUSED, CONTINUED = "loaded", "failed", "skipped", "paused", "continued"
ACTIONS = {PAUSED: "pause", CONTINUED: "continue", SKIPPED: "skip"}  # of the order behind a person's word
# Counted in the verdict.
STEPS = {AS_PLANNED: "procedure step", POLLED: "poll answer", QUORUM_HEARD: "quorum answer", PLAYED: "inject"}


@dataclass
class _Board:
    """What a board has said of itself so far."""

    heard: float = -1.0  # received, in mission seconds
    voting: bool = False
    stopped: float = -1.0  # when it was last voting, before it said that it votes no longer


@dataclass
class _Now:
    """The step that the procedure is at."""

    number: int = 0
    status: str | None = None
    since: float = 0.0
    paused: float | None = None
    answers: dict[str, str] = field(default_factory=dict)
    attempt: int = 0
    outcome: str | None = None  # of its latest order


class ProcedureChecker(Checker):
    """Takes all events of replicas, and the ground station's."""

    def __init__(self, run: Run) -> None:
        super().__init__(run)
        self._plan: list[dict[str, Any]] | None = None
        self._heard_seconds: float | None = None
        self._now = _Now()
        self._boards = {node: _Board() for node in range(run.swarm.replica_count)}
        self._order: dict[str, Any] | None = None  # the latest that was accepted
        self._injects: dict[str, Any] = {}  # begun -> the order that must follow; None once it did

    # --- what boards say --------------------------------------------------------------------------

    def feed(self, event: Event) -> None:
        board, name = self._boards[event.node], event.name
        board.heard = event.received or 0.0
        if name == "Boot":
            self._votes(board, event.fields["journal"] != "blank")
        elif name == "Rejoin":
            self._votes(board, True)
        elif name == "Silent":
            self._votes(board, False)

    def _votes(self, board: _Board, is_so: bool) -> None:
        if board.voting and not is_so:
            board.stopped = board.heard
        board.voting = is_so

    # --- what the ground station says -------------------------------------------------------------

    def ground(self, event: Event) -> None:
        name = event.name
        if name == "Health" and event.fields["board"] in self._boards:
            self._boards[event.fields["board"]].heard = event.received or 0.0
        elif name == "Order":
            self._ordered(event)
        elif name in ("Procedure", "Poll", "Inject") and self.run.continuity.is_whole(GROUND):
            self._say(event)

    def _say(self, event: Event) -> None:
        if event.name == "Procedure":
            self._moved(event)
        elif event.name == "Poll":
            self._polled(event)
        else:
            self._inject(event)

    def _violate(self, identifier: str, event: Event, text: str) -> None:
        self.run.verdict.violate(identifier, f"{event}: {text}")

    def _count(self, identifier: str) -> None:
        self.run.verdict.steps[STEPS[identifier]] += 1

    def not_held(self) -> set[str]:
        return {identifier for identifier, word in STEPS.items() if not self.run.verdict.steps[word]}

    # --- steps ------------------------------------------------------------------------------------

    def _moved(self, event: Event) -> None:
        fields, now = event.fields, self._now
        status = fields["status"]
        self._count(AS_PLANNED)
        if status == LOADED:
            if self._plan is not None:
                self._violate(AS_PLANNED, event, "the procedure was loaded before")
            self._load(event)
            return
        if self._plan is None or now.number >= len(self._plan):
            self._violate(AS_PLANNED, event, "there is no step to come" if self._plan else "no plan was loaded")
            return
        step, at = self._plan[now.number], event.received or 0.0
        if (fields["step"], fields["number"]) != (step["name"], now.number):
            self._violate(AS_PLANNED, event, f"the procedure is at step {now.number}, {step['name']}")
            return
        for breach in self._breaches(event, step, at):
            self._violate(AS_PLANNED, event, breach)
        for breach in self._of_outcomes(status, step):
            self._violate(POLLED, event, breach)
        self._enter(status, at)

    def _load(self, event: Event) -> None:
        steps = event.fields.get("steps")
        told: list[Any] = steps if isinstance(steps, list) else []
        self._plan = [step for step in told if _is_step(step)]
        if len(self._plan) != len(told):
            self._violate(AS_PLANNED, event, "a step of the plan lacks its name, phases, poll or seconds")
        seconds = event.fields.get("heard_seconds")
        self._heard_seconds = seconds if _is_seconds(seconds) else None

    def _breaches(self, event: Event, step: dict[str, Any], at: float) -> list[str]:
        now, status, found = self._now, event.fields["status"], []
        if now.paused is not None and status != CONTINUED:
            found.append("the procedure was paused")
        if status not in self._next(step, event.fields["sender"]):
            found.append(f"it was {now.status or 'to come'} before, and has the phases {', '.join(step['phases'])}")
        if status == DONE and now.status == DELAYING and at < now.since + step["delay_seconds"] - SLACK:
            found.append(f"its delay is {step['delay_seconds']} s, and began at {now.since} s")
        if status == FAILED and now.status == EXPECTING and at < now.since + step["within_seconds"] - SLACK:
            found.append(f"it had {step['within_seconds']} s from {now.since} s on")
        who = self._by_whom(event, step)
        return found if who is None else [*found, who]

    def _next(self, step: dict[str, Any], sender: str) -> set[str]:
        """The statuses that may follow by the word of `sender`."""
        now, phases = self._now, list(step["phases"])
        found = {SKIPPED, CONTINUED if now.paused is not None else PAUSED}
        begin = next((phase for phase in phases if phase != HELD), DONE)
        if now.status is None:
            found.add(phases[0])
        elif now.status in (HELD, FAILED):
            found.add(begin)
        elif now.status in phases:
            found |= set(phases[phases.index(now.status) + 1 :][:1])
        if now.status == POLLING:
            found.add(HELD)
        if now.status in (ORDERED, EXPECTING):
            found.add(FAILED)
        if now.status == EXPECTING and sender != RUNNER:
            found.add(begin)  # tried again
        return found

    def _by_whom(self, event: Event, step: dict[str, Any]) -> str | None:
        """What is wrong with the sender of a word to a step."""
        now, status, sender = self._now, event.fields["status"], event.fields["sender"]
        if sender == AUTOMATIC:
            return None if now.status == HELD else "nobody was asked for a word"
        needs = status in ACTIONS or now.status in (HELD, FAILED)
        if sender == RUNNER:
            return "it takes a person's word" if needs else None
        action = ACTIONS.get(status) or ("step" if now.status == HELD else "retry")
        told = {"kind": "procedure", "action": action, "step": step["name"]}
        return None if self._is_ordered_by(sender, told) else f"{sender} did not order to {action} it"

    def _is_ordered_by(self, sender: str, told: dict[str, Any]) -> bool:
        """Whether the latest order is that of a person, with all members of `told`."""
        order = self._order
        if order is None or order["sender"] != sender:
            return False
        return all(order["told"].get(key) == value for key, value in told.items())

    def _of_outcomes(self, status: str, step: dict[str, Any]) -> list[str]:
        """What a poll or an order should have led to."""
        now = self._now
        if now.status == POLLING and status not in (SKIPPED, PAUSED, CONTINUED):
            asked = (QUORUM, *step["poll"])
            if status == HELD:
                return [] if NO_GO in (now.answers.get(role) for role in step["poll"]) else ["no role said no-go"]
            lacking = [role for role in asked if now.answers.get(role) != GO]
            return [f"go was not said by {', '.join(lacking)}"] if lacking else []
        if now.status == ORDERED and status not in (SKIPPED, PAUSED, CONTINUED):
            wanted = "refused" if status == FAILED else "accepted"
            return [] if now.outcome == wanted else [f"its order was {now.outcome or 'not given'}"]
        return []

    def _enter(self, status: str, at: float) -> None:
        now = self._now
        if status == PAUSED:
            now.paused = at
        elif status == CONTINUED:
            now.since += at - (at if now.paused is None else now.paused)
            now.paused = None
        elif status in (DONE, SKIPPED):
            self._now = _Now(number=now.number + 1)
        else:
            now.status, now.since = status, at
            if status == POLLING:
                now.answers = {}
            if status == ORDERED:
                now.attempt, now.outcome = now.attempt + 1, None

    # --- orders, polls, injects -------------------------------------------------------------------

    def _ordered(self, event: Event) -> None:
        fields, now = event.fields, self._now
        if fields["outcome"] == "accepted":
            self._order = {"sender": fields["sender"], "told": fields["told"]}
        if fields["sender"] != RUNNER:
            return
        kind, _, rest = fields["order"].partition("/")
        if kind == "step" and rest == f"{now.number}/{now.attempt}" and now.status == ORDERED:
            now.outcome = fields["outcome"]
        elif kind == "inject" and self.run.continuity.is_whole(GROUND):
            self._count(PLAYED)
            if rest not in self._injects or self._injects[rest] is None:
                self._violate(PLAYED, event, f"no inject {rest} was begun that this order could be of")
            elif self._injects[rest] != fields["told"]:
                self._violate(PLAYED, event, f"inject {rest} names another order")
            self._injects[rest] = None

    def _polled(self, event: Event) -> None:
        fields, now = event.fields, self._now
        self._count(POLLED)
        plan = self._plan or []
        step = plan[now.number] if now.number < len(plan) else None
        if step is None or fields["step"] != step["name"] or now.status != POLLING:
            self._violate(POLLED, event, "nobody was asked")
            return
        role, answer, sender = fields["role"], fields["answer"], fields["sender"]
        if answer not in (GO, NO_GO) or role not in (QUORUM, *step["poll"]):
            self._violate(POLLED, event, f"the step asks {', '.join((QUORUM, *step['poll']))} for go or no-go")
        elif (sender == RUNNER) != (role == QUORUM):
            self._violate(POLLED, event, "the ground station answers for the quorum, and for nobody else")
        elif sender not in (RUNNER, AUTOMATIC) and not self._is_ordered_by(
            sender, {"kind": "poll", "step": step["name"], "answer": answer}
        ):
            self._violate(POLLED, event, f"{sender} did not order this answer")
        now.answers[role] = answer
        if role == QUORUM:
            self._quorum(event, answer)

    def _quorum(self, event: Event, answer: str) -> None:
        light = event.fields.get("light_seconds", 0.0)
        if self._heard_seconds is None or not _is_seconds(light) or self.run.holes():
            return
        self._count(QUORUM_HEARD)
        swarm, at = self.run.swarm, event.received or 0.0
        wanted = quorum_size(swarm.replica_count)
        late = light + self._heard_seconds * GRAIN if light else 0.0
        honest = [board for node, board in self._boards.items() if node not in swarm.byzantine]
        may = sum(
            board.heard >= at - self._heard_seconds - late - SLACK and (board.voting or board.stopped >= at - late)
            for board in honest
        )
        must = sum(board.voting and board.heard >= at - self._heard_seconds + SLACK for board in honest)
        if answer == GO and may + len(swarm.byzantine) < wanted:
            self._violate(QUORUM_HEARD, event, f"at most {may} honest boards were heard and vote; a quorum is {wanted}")
        if answer == NO_GO and not late and must >= wanted:
            self._violate(QUORUM_HEARD, event, f"{must} honest boards were heard and vote; a quorum is {wanted}")

    def _inject(self, event: Event) -> None:
        fields = event.fields
        name, sender = fields["inject"], fields["sender"]
        self._count(PLAYED)
        if fields["status"] != "begun":
            if name not in self._injects:
                self._violate(PLAYED, event, "it was not begun")
            return
        if name in self._injects:
            self._violate(PLAYED, event, "it had begun before")
        if sender != RUNNER and not self._is_ordered_by(sender, {"kind": "inject", "name": name}):
            self._violate(PLAYED, event, f"{sender} did not order it")
        self._injects[name] = fields.get("told")


def _is_seconds(value: object) -> bool:
    return isinstance(value, int | float) and 0 <= value <= RECEIVED_SECONDS_MAX


def _is_step(step: Any) -> bool:
    """Whether the plan tells of a step what is compared here."""
    if not isinstance(step, dict):
        return False
    phases, poll = step.get("phases"), step.get("poll")
    numbers = all(_is_seconds(step.get(name)) for name in ("within_seconds", "delay_seconds"))
    if not isinstance(phases, list) or not isinstance(poll, list) or phases[-1:] != [DONE]:
        return False
    return numbers and all(type(word) is str for word in (step.get("name"), *phases, *poll))

"""Carries out orders in flight: checks each against the mission, records it, does it, answers.

Rules
- An order is on record with its sender before it is done. One that is refused is on record too, with the reason.
- A refused order changes nothing.
- The runner of the procedure gives orders of its own; what it says is on record before it acts on it.
- A fault of links keeps its draws when others come or go: it has a name of its own (`groundstation.faults.plan`).
"""

import itertools
from collections.abc import Callable
from functools import partial
from typing import Protocol, Unpack

from pydantic import ValidationError

from groundstation.faults.ether import Ether
from groundstation.faults.kinds import FaultRule
from groundstation.faults.plan import RULES_MAX, FaultPlan
from groundstation.flight.fleet import Fleet
from groundstation.orders.order import (
    RUNNER,
    Alarm,
    Body,
    Control,
    EndFault,
    Finish,
    Inject,
    Note,
    Order,
    OrderError,
    Play,
    Poll,
    Proceed,
    Strike,
    Telecommand,
    read_body,
)
from groundstation.orders.port import Answer, Orders
from groundstation.procedures.runner import Runner, RunnerError, Say, told
from groundstation.record.past import Past
from groundstation.station.client import check_command
from groundstation.station.telecommand import CONTROLS_MAX, Station
from specs.checking.schema import Fields

ACCEPTED, REFUSED = "accepted", "refused"
ACTS_MAX = 256  # of a procedure in a turn


class Record(Protocol):
    """Where orders are recorded; the mission implements it."""

    def record(self, event: str, now: float, **fields: Unpack[Fields]) -> None:
        """An event of the ground station for the trace."""
        ...

    def keep(self) -> None:
        """Persist the record so far."""
        ...

    def tell(self, now: float, text: str) -> None:
        """A line for the operator."""
        ...


class Desk:
    """The orders of one flight. finish: ends the mission in order."""

    def __init__(
        self,
        orders: Orders,
        station: Station,
        fleet: Fleet,
        ether: Ether,
        record: Record,
        finish: Callable[[], None],
        runner: Runner | None = None,
    ) -> None:
        self.count = 0  # taken and refused
        self._orders = orders
        self._station, self._fleet, self._ether = station, fleet, ether
        self._record, self._finish, self._runner = record, finish, runner
        self._replica_count = len(fleet.boards)
        self._ordered = set[str]()  # names of the link faults that orders began

    def step(self, now: float) -> None:
        """Take the orders that have arrived."""
        for order, client in self._orders.take():
            answer = self.obey(order, now)
            if client is not None:
                client.answer(answer)
        self._proceed(now)

    def _proceed(self, now: float) -> None:
        """Continue the procedure and the injects."""
        acts = () if self._runner is None else iter(partial(self._runner.next_act, now), None)
        for act in itertools.islice(acts, ACTS_MAX):
            if isinstance(act, Say):
                self._say(act, now)
            else:
                self.obey(Order(id=act.order, sender=RUNNER, order=read_body(act.told)), now)

    def _say(self, said: Say, now: float) -> None:
        self._record.record(said.event, now, **said.fields)
        self._record.keep()
        self._record.tell(now, told(said))

    def obey(self, order: Order, now: float) -> Answer:
        """Carry out one order. Returns the answer to its sender."""
        body = order.order
        about: Fields = {"order": order.id, "sender": order.sender, "told": body.model_dump(mode="json")}
        about["role"] = order.role
        self.count += 1
        try:
            do, further = self._prepared(body, order, now)
        except OrderError as error:
            about |= {"outcome": REFUSED, "reason": str(error)}
            self._record.record("Order", now, **about)
            return {"id": order.id, "outcome": REFUSED, "reason": str(error)}
        about |= further
        about["outcome"] = ACCEPTED
        self._record.record("Order", now, **about)
        self._record.keep()
        do()
        self._record.tell(now, f"{order.sender} orders {body.words}")
        return {"id": order.id, "outcome": ACCEPTED, **further}

    def take_up(self, past: Past) -> None:
        """Continue with the faults that an earlier station was ordered to play."""
        for order in past.orders:
            body = read_body(order.told)
            if isinstance(body, Strike) and order.number is not None:
                fault = body.fault(order.at)
                self._fleet.schedule.order(body.board, fault, order.at, order.number, past.begun, past.armed)
            elif isinstance(body, Inject | EndFault):
                do, _ = self._prepared(body, None, order.at)
                do()

    # --- each kind ------------------------------------------------------------------------------

    def _prepared(self, body: Body, order: Order | None, now: float) -> tuple[Callable[[], None], Fields]:
        """What carries the order out, and what its record says further. order: None for one of an earlier
        station. Raises OrderError.
        """
        if isinstance(body, Telecommand | Proceed | Poll | Play):
            assert order is not None
            if isinstance(body, Telecommand):
                return self._telecommand(body, order.sender, now)
            return self._word(body, order, now)
        if isinstance(body, Control):
            return self._control(body, "director" if order is None else order.role)
        if isinstance(body, Strike):
            return self._strike(body, now)
        if isinstance(body, Inject):
            rule = body.bound(now)
            return self._replan((*self._ether.plan.rules, rule), [*self._ordered, rule.name])
        if isinstance(body, EndFault):
            return self._end_fault(body, now)
        if isinstance(body, Finish):
            return self._finish, {}
        assert isinstance(body, Note | Alarm), body
        return lambda: None, {}

    def _telecommand(self, body: Telecommand, sender: str, now: float) -> tuple[Callable[[], None], Fields]:
        command, client = body.command(), self._station.client
        try:
            check_command(command)
        except ValueError as error:
            raise OrderError(str(error)) from error
        if client.obstacle is not None:
            raise OrderError(f"the queue is full: {client.obstacle}")

        def submit() -> None:
            client.submit(command, now, sender)

        return submit, {"operation": client.next_operation}

    def _word(self, body: Proceed | Poll | Play, order: Order, now: float) -> tuple[Callable[[], None], Fields]:
        """A word to the procedure."""
        if self._runner is None:
            raise OrderError("the scenario has no procedure and no injects")
        try:
            if isinstance(body, Proceed):
                said = self._runner.command(body.action, body.step, order.sender, order.role)
            elif isinstance(body, Play):
                said = self._runner.play(body.name, order.sender, order.role)
            else:
                role = body.role or order.role
                if role != order.role and order.role != "director":
                    raise OrderError(f"role: the {order.role} may not answer for the {role}")
                said = self._runner.answer(body.step, role, body.answer, order.sender)
        except RunnerError as error:
            raise OrderError(str(error)) from error
        return lambda: self._say(said, now), {}

    def _control(self, body: Control, role: str) -> tuple[Callable[[], None], Fields]:
        self._require_board(body.board)
        if body.board not in self._fleet.up:
            if role == "director":
                raise OrderError(f"board {body.board} is off")
            # An operator must not learn so that a board is off: a ground station sends, and hears nothing.
            return lambda: None, {"board": body.board}
        if self._station.controls(body.board) >= CONTROLS_MAX:
            raise OrderError(f"{CONTROLS_MAX} control commands for board {body.board} wait for its link")
        return lambda: self._station.control(body.board, body.action), {"board": body.board}

    def _strike(self, body: Strike, now: float) -> tuple[Callable[[], None], Fields]:
        self._require_board(body.board)
        fault, schedule = body.fault(now), self._fleet.schedule
        board = self._fleet.boards[body.board]
        if fault is not None and fault.kind not in board.faults:
            raise OrderError(f"{board.why_not(fault.kind)}; they play {', '.join(sorted(board.faults))}")
        if fault is None and body.board in self._fleet.up:
            raise OrderError(f"board {body.board} is on already")
        if fault is not None and fault.kind in ("kill", "pause", "power_cut") and body.board not in self._fleet.up:
            raise OrderError(f"board {body.board} is off")
        if schedule.is_over(body.board, body.action, now):
            raise OrderError(f"the scenario has healed its core: no order may {body.action} board {body.board}")
        fields: Fields = {"board": body.board, "number": schedule.next_number}
        number = schedule.next_number
        return lambda: schedule.order(body.board, fault, now, number), fields

    def _end_fault(self, body: EndFault, now: float) -> tuple[Callable[[], None], Fields]:
        if body.name not in self._ordered:
            raise OrderError(f"no order began a fault {body.name!r}; there are {sorted(self._ordered) or 'none'}")
        rules = tuple(
            rule.model_copy(update={"end": now}) if rule.name == body.name and rule.start < now else rule
            for rule in self._ether.plan.rules
            if rule.name != body.name or rule.start < now
        )
        return self._replan(rules, list(self._ordered))

    def _replan(self, rules: tuple[FaultRule, ...], ordered: list[str]) -> tuple[Callable[[], None], Fields]:
        before = self._ether.plan
        if len(rules) > RULES_MAX:
            raise OrderError(f"the plan has {RULES_MAX} faults already")
        try:
            plan = FaultPlan(seed=before.seed, rules=rules, heal=before.heal)
            plan.require_nodes(self._replica_count)
            plan.require_few_copies(self._replica_count)
        except ValidationError as error:
            raise OrderError(f"rule: {error.errors()[0]['msg']}") from error
        except ValueError as error:
            raise OrderError(str(error)) from error

        def replan() -> None:
            self._ether.plan = plan
            self._ordered = set(ordered)

        return replan, {}

    def _require_board(self, board: int) -> None:
        if board not in self._fleet.boards:
            raise OrderError(f"there is no board {board}; the swarm has 0 to {self._replica_count - 1}")

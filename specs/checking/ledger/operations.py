"""Checks the operation ids of an agreed log against specs/ledger/operations.tla.

Theory. The module derives from the earlier requests alone whether a request is new, done, stale or busy. The reported
result must agree: a done one has its first answer again, a stale or busy one says so, and a new one takes effect or is
refused because of the ledger's state.

Rule. After the first disagreement it is unknown what the swarm remembers, so nothing more is checked.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from amu.core import limits
from specs import FOLDER
from specs.checking.ledger.log import Violate
from specs.checking.ledger.steps import BUSY, EXACTLY_ONCE, STALE, Request, Step
from specs.tla.language import language
from specs.tla.language.language import Function, Module, State, record
from specs.tla.values.values import Value, canonical_function

MODULE = FOLDER / "ledger" / "operations.tla"

NEW = "new"
DONE = "done"
INVARIANTS = ("WindowBounded", "ClientsBounded")
STEP_PROPERTY = "AnswersStandStep"
# As STEP_PROPERTY, a conjunction over the clients. Only the clients whose rows Remember changes are checked.
OF_EACH_CLIENT = frozenset({"WindowBounded"})


def constants(clients: Iterable[int]) -> dict[str, Value]:
    """The constants of operations.tla under which the requests of these clients can be replayed."""
    return {
        "Clients": frozenset(clients),
        "Window": limits.OPERATIONS_PER_CLIENT_MAX,
        "ClientsMax": limits.CLIENTS_MAX,
    }


@lru_cache(maxsize=4)
def load(clients: frozenset[int]) -> Module:
    """The module for these clients, loaded once."""
    return language.load(MODULE, constants(clients))


class OperationIds:
    """What the swarm remembers of each client, computed from the log."""

    def __init__(self, clients: Iterable[int], violate: Violate) -> None:
        self.module = load(frozenset(clients))
        self.is_stuck = False
        self._violate = violate
        self._answers: dict[int, dict[int, str]] = {client: {} for client in sorted(clients)}
        self._nobody: dict[int, Function] = {client: _row(-1, {}) for client in self._answers}
        self._rows = dict(self._nobody)
        self._state = self._now()

    def takes_effect(self, step: Step) -> bool:
        """Whether the request of `step` reaches the ledger. False if it is repeated, stale or busy."""
        request = step.request
        assert request is not None, "a tick has no request"
        fate = self.module.value("Fate", self._state, request.client, request.operation)
        if step.outcome in (STALE, BUSY) or fate in (STALE, BUSY):
            if step.outcome != fate:
                self._bad(step, f"told `{request.answer}`, but the operation is {fate}")
            return False
        if fate == DONE:
            if not self._is_step("Repeat", request, self._state):
                first = self._answers[request.client][request.operation]
                self._bad(step, f"told `{request.answer}`, but its first answer was `{first}`")
            return False
        alone_before = self._alone(request.client)
        after = self._remembered(request)
        alone_after = self._alone(request.client)
        if not self._is_step("Remember", request, after):
            self._bad(step, f"the operation is {fate} and cannot be remembered")
        if not self.module.action(STEP_PROPERTY)(alone_before, alone_after):
            self._bad(step, f"{STEP_PROPERTY} does not hold")
        self._state = after
        for name in INVARIANTS:
            if not self.module.holds(name, alone_after if name in OF_EACH_CLIENT else after):
                self._bad(step, f"{name} does not hold")
        return not self.is_stuck

    def _is_step(self, action: str, request: Request, after: State) -> bool:
        arguments = (request.client, request.operation, request.answer)
        return self.module.is_step(action, arguments, self._state, after)

    def _remembered(self, request: Request) -> State:
        answers = self._answers[request.client]
        answers[request.operation] = request.answer
        highest = max(answers)
        for number in [number for number in answers if number <= highest - limits.OPERATIONS_PER_CLIENT_MAX]:
            del answers[number]
        self._rows[request.client] = _row(highest, answers)
        return self._now()

    def _now(self) -> State:
        return self.module.state(clients=language.function(self._rows))

    def _alone(self, client: int) -> State:
        """The state if `client` were the only one with requests."""
        return self.module.state(clients=language.function({**self._nobody, client: self._rows[client]}))

    def _bad(self, step: Step, why: str) -> None:
        self.is_stuck = True
        self._violate(EXACTLY_ONCE, f"{step.where}: {why}")


def _row(highest: int, answers: dict[int, str]) -> Function:
    return record(highest=highest, answers=canonical_function(dict(answers)))

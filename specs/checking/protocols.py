"""The protocols that a trace is checked against, one row each.

To add a protocol, write a file with its checker (a subclass of `run.Checker`) and add a row here. Checkers are fed, and
finish, in the order of the table.
"""

from __future__ import annotations

from typing import NamedTuple

from specs.checking import lives, order, procedure
from specs.checking.consensus import conformance as consensus
from specs.checking.consensus import learner_rules, log_rules, slots
from specs.checking.ledger import checker as ledger
from specs.checking.ledger import telecommand
from specs.checking.messages import checker as messages
from specs.checking.messages import health
from specs.checking.order import LamportOrder
from specs.checking.run import Checker
from specs.checking.services import conformance as services
from specs.checking.services import detector

REPLICAS, LEARNERS = "replicas", "learners"


class Protocol(NamedTuple):
    """Its checker is fed the events named in `events` (None: all) of the boards whose roles are in `boards`."""

    name: str
    events: frozenset[str] | None
    properties: tuple[str, ...]
    checker: type[Checker]
    boards: tuple[str, ...] = (REPLICAS,)


PROTOCOLS = (
    Protocol("Lamport time", None, order.IDENTIFIERS, LamportOrder, (REPLICAS, LEARNERS)),
    Protocol("lives", None, lives.IDENTIFIERS, lives.LivesChecker, (REPLICAS, LEARNERS)),
    Protocol("messages", None, messages.IDENTIFIERS, messages.MessagesChecker, (REPLICAS, LEARNERS)),
    Protocol("health", None, health.IDENTIFIERS, health.HealthChecker, (REPLICAS, LEARNERS)),
    Protocol("procedure", None, procedure.IDENTIFIERS, procedure.ProcedureChecker),
    Protocol("replicated log", None, log_rules.IDENTIFIERS, log_rules.LogChecker),
    Protocol("learners", None, learner_rules.IDENTIFIERS, learner_rules.LearnerChecker, (LEARNERS,)),
    Protocol("consensus", slots.EVENTS, consensus.IDENTIFIERS, slots.SlotsChecker),
    Protocol("ledger", ledger.EVENTS, ledger.IDENTIFIERS, ledger.OperationsChecker, (REPLICAS, LEARNERS)),
    Protocol("telecommands", telecommand.EVENTS, telecommand.IDENTIFIERS, telecommand.TelecommandChecker),
    Protocol("channels, turns, snapshots", services.EVENTS, services.IDENTIFIERS, services.ServicesChecker),
    Protocol("failure detector", detector.EVENTS, detector.IDENTIFIERS, detector.SuspicionChecker),
)

"""A ledger, and a desk that sends it one command per slot."""

from amu.ledger.state import Ledger
from amu.wire import reading


class Desk:
    """Sends one command per slot."""

    def __init__(self):
        self.ledger = Ledger()
        self.operation = 0

    def do(self, *command):
        self.operation += 1
        return self.ledger.apply(self.ledger.applied_slot + 1, [[1, self.operation, list(command)]])[0]

    def refused(self, reason, *command):
        before = tables(self.ledger)
        assert self.do(*command) == ["refused", reason], command
        assert tables(self.ledger) == before, "a refusal changed the ledger"

    def wait(self, slots):
        for _ in range(slots):
            self.ledger.apply(self.ledger.applied_slot + 1, [])


def tables(ledger):
    """Everything but slot and operations."""
    return reading.read(ledger.encoded().source())[1:6]

"""The ledger as the replicated log sees it: it applies slot by slot, answers the ground and traces each step."""

from amu.core.limits import GROUND
from amu.ledger.state import Ledger
from amu.wire.messages import Reply

if "":  # for the type checker; see amu.core.types
    from amu.core.chunks import Chunks, Stream
    from amu.core.types import Array
    from amu.node.effects import Effects


class Application:
    """What `amu.consensus.replica.Replica` asks of the state machine behind the log."""

    def __init__(self, effects: "Effects", replica_count: int) -> None:
        self._effects = effects
        self._replica_count = replica_count
        self._ledger = Ledger(replica_count)

    def apply(self, slot: int, value: bytes, requests: "list[Array]") -> None:
        """Apply a decided slot. Each operation reaches its terminal state here and is answered with it."""
        are_done = [self._ledger.is_done(client, operation) for client, operation, _ in requests]
        results = self._ledger.apply(slot, requests)
        for i in range(len(requests)):
            client, operation, command = requests[i]
            self._effects.trace("Operation", slot, client, operation, command, results[i])
            answer = self.status(client, operation)[1] if are_done[i] else None  # of the slot that it was done in
            done_slot, result = answer or (slot, results[i])
            self._effects.send(GROUND, Reply(client, operation, done_slot, result))
        self._effects.trace("Apply", slot, value, self._ledger.digest())

    def status(self, client: int, operation: int) -> "tuple[str, tuple[int, Array] | None]":
        """("new", None), ("done", (slot, result)) or ("stale", None)."""
        return self._ledger.status(client, operation)

    def encoded(self) -> "Chunks":
        return self._ledger.encoded()

    def adopt(self, data: "bytes | Chunks | Stream") -> None:
        self._ledger = Ledger.restore(data, self._replica_count, self._ledger)

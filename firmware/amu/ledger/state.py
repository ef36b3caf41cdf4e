"""The ledger: a deterministic state machine, applied in slot order (Schneider, ACM Computing Surveys 1990).

The same requests in the same slots give the same results, the same bytes and the same digest on every replica,
on CPython and on MicroPython. Ledger time is the slot that is being applied.

Every request reaches a terminal state: `["ok", ...]` or `["refused", reason]`, remembered under its operation id. Two
refusals are not remembered, because the table has no place for them: of a client that does not fit it, and of an
operation older than what is remembered. Repeating such a request gives a refusal again and never an effect.
"""

from amu.core import limits
from amu.core.errors import CodecError
from amu.ledger import commands, encoding, operations
from amu.ledger.transitions import TRANSITIONS, Tables, refused

if "":  # for the type checker; see amu.core.types
    from amu.core.chunks import Chunks, Stream
    from amu.core.types import Array, Item


class Ledger:
    """`applied_slot` is the last slot applied, 0 for the empty ledger.

    replica_count: boards of the swarm, which are the workers of jobs. It is the same on all of them, and so not part of
    the state.
    """

    def __init__(self, replica_count: int = limits.REPLICAS_MIN) -> None:
        self.applied_slot = 0
        self._tables = Tables(replica_count)
        self._digest: bytes | None = None

    @classmethod
    def restore(
        cls, data: "bytes | Chunks | Stream", replica_count: int = limits.REPLICAS_MIN, known: "Ledger | None" = None
    ) -> "Ledger":
        """The ledger that `encoded` wrote as `data`. Raises CodecError if no ledger did.

        `known`: a ledger that is used up: what both remember exists once.
        """
        ledger = cls(replica_count)
        operations = None
        if known is not None:
            operations = known._tables.operations
            known._tables = Tables(replica_count)
        ledger.applied_slot, ledger._tables = encoding.decode(data, replica_count, operations)
        return ledger

    def apply(self, slot: int, requests: "list[Array]") -> "list[Array]":
        """Apply the requests of the next slot: one result for each, in order.

        `requests`: [[client, operation, command], ...]. A repeated operation gets the result that it had the first
        time. A bad request is refused, never raised: it is decided already, and every replica must get past it.
        """
        assert slot == self.applied_slot + 1, "slots are applied in order"
        assert len(requests) <= limits.BATCH_REQUESTS_MAX, "batch"
        self.applied_slot = slot
        self._digest = None
        return [self._apply_request(request) for request in requests]

    def status(self, client: int, operation: int) -> "tuple[str, tuple[int, Array] | None]":
        """("new", None), ("done", (slot, result)) or ("stale", None): too old to tell."""
        status = self._tables.operations.status(client, operation)
        if status == operations.DONE:
            return status, self._tables.operations.find(client).result(operation)  # type: ignore[union-attr]
        return status, None

    def is_done(self, client: int, operation: int) -> bool:
        return self._tables.operations.status(client, operation) == operations.DONE

    def digest(self) -> bytes:
        """SHA-256 over the whole state, 32 bytes: equal digests mean equal states."""
        if self._digest is None:
            self._digest = encoding.digest(self.applied_slot, self._tables)
        return self._digest

    def encoded(self) -> "Chunks":
        """The whole state as deterministic CBOR in Chunks, LEDGER_BYTES_MAX bytes at most."""
        return encoding.encode(self.applied_slot, self._tables)

    def _apply_request(self, request: "Item") -> "Array":
        if type(request) is not list or len(request) != 3:
            return refused("malformed: want [client, operation, command]")
        client, operation, command = request
        if not commands.is_client(client):
            return refused("malformed: bad client")
        if not commands.is_operation(operation):
            return refused("malformed: bad operation")
        status = self._tables.operations.status(client, operation)
        if status == operations.DONE:
            return self.status(client, operation)[1][1]  # type: ignore[index]
        if status == operations.STALE:
            return refused("stale: older than the remembered operations")
        return self._apply_new(client, operation, command)

    def _apply_new(self, client: int, operation: int, command: "Item") -> "Array":
        if not self._tables.operations.has_room(client):
            return refused("busy: no room for another client")
        result = self._apply_command(command)
        self._tables.operations.remember(client, operation, self.applied_slot, result)
        return result

    def _apply_command(self, command: "Item") -> "Array":
        try:
            verb, fields = commands.parse(command)
        except CodecError as error:
            return refused("malformed: %s" % error)
        return TRANSITIONS[verb](self._tables, self.applied_slot, *fields)

"""Operation ids: each operation of a client takes effect at most once, however often it is sent.

A client numbers its operations; (client, operation) names one for good. The ledger remembers the result of each until
the number lies OPERATIONS_PER_CLIENT_MAX below the client's highest (RIFL, SOSP 2015: a completion record beside
the state that it speaks of). A repetition gets the remembered result and changes nothing. A number below the
window is *stale*: whether it was ever applied is no longer known, so it is refused rather than risked twice.

The table is part of the state and of its digest: a replica that takes over a checkpoint must not apply an operation
again.
"""

import hashlib
from array import array

from amu.core import limits
from amu.wire import cbor

if "":  # for the type checker; see amu.core.types
    from amu.core.types import Array

NEW = "new"
DONE = "done"
STALE = "stale"


class ClientOperations:
    """The remembered operations of one client: a ring that the operation number indexes."""

    def __init__(self, client: int) -> None:
        self.client = client
        self.highest = -1
        self._ring: list[bytes | None] = [None] * limits.OPERATIONS_PER_CLIENT_MAX  # CBOR of [operation, slot, result]
        self._numbers = array("I", [0] * limits.OPERATIONS_PER_CLIENT_MAX)  # of those operations
        self._digest: bytes | None = None

    def status(self, operation: int) -> str:
        """NEW, DONE or STALE."""
        if operation > self.highest:
            return NEW
        if operation <= self.highest - limits.OPERATIONS_PER_CLIENT_MAX:
            return STALE
        return NEW if self._entry(operation) is None else DONE

    def result(self, operation: int) -> "tuple[int, Array]":
        """(slot, result) of a DONE operation."""
        _, slot, result = cbor.decode(self._entry(operation))  # type: ignore[arg-type]
        return slot, result

    def remember(self, operation: int, slot: int, result: "Array") -> None:
        """Remember a NEW operation. Those that fall out of the window are overwritten or passed over from now on."""
        self.keep(operation, cbor.encode([operation, slot, result]))

    def keep(self, operation: int, row: bytes) -> None:
        """The same, of a row as `rows` gives it."""
        assert self.status(operation) == NEW, "operation applied twice"
        assert len(row) <= limits.OPERATION_ROW_BYTES_MAX, "result too long to remember"
        index = operation % limits.OPERATIONS_PER_CLIENT_MAX
        self._ring[index] = row
        self._numbers[index] = operation
        if operation > self.highest:
            self.highest = operation
        self._digest = None

    def rows(self) -> list[bytes]:
        """The remembered operations in ascending order, each as CBOR bytes of [operation, slot, result]."""
        found = []
        ring, numbers = self._ring, self._numbers
        first = self.highest - limits.OPERATIONS_PER_CLIENT_MAX + 1
        for operation in range(max(first, 0), self.highest + 1):
            index = operation % limits.OPERATIONS_PER_CLIENT_MAX
            row = ring[index]
            if row is not None and numbers[index] == operation:
                found.append(row)
        return found

    def digest(self) -> bytes:
        """SHA-256 of the rows. Kept, because only clients that spoke in a slot have to be hashed again."""
        if self._digest is None:
            hasher = hashlib.sha256()
            for row in self.rows():
                hasher.update(row)
            self._digest = hasher.digest()
        return self._digest

    def _entry(self, operation: int) -> bytes | None:
        index = operation % limits.OPERATIONS_PER_CLIENT_MAX
        return self._ring[index] if self._numbers[index] == operation else None


class OperationTable:
    """At most CLIENTS_MAX clients, sorted by number."""

    def __init__(self) -> None:
        self.clients: list[ClientOperations] = []  # at most CLIENTS_MAX

    def find(self, client: int) -> ClientOperations | None:
        """What is remembered of `client`, or None."""
        for entry in self.clients:
            if entry.client == client:
                return entry
        return None

    def status(self, client: int, operation: int) -> str:
        """NEW, DONE or STALE."""
        found = self.find(client)
        return NEW if found is None else found.status(operation)

    def has_room(self, client: int) -> bool:
        """Whether an operation of `client` can be remembered."""
        return len(self.clients) < limits.CLIENTS_MAX or self.find(client) is not None

    def remember(self, client: int, operation: int, slot: int, result: "Array") -> None:
        """Remember a NEW operation. Only when `has_room(client)`."""
        found = self.find(client)
        if found is None:
            found = ClientOperations(client)
            self.add(found)
        found.remember(operation, slot, result)

    def add(self, entry: ClientOperations) -> None:
        assert len(self.clients) < limits.CLIENTS_MAX, "clients"
        index = len(self.clients)
        while index > 0 and self.clients[index - 1].client > entry.client:
            index -= 1
        self.clients.insert(index, entry)

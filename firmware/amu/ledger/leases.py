"""Leases: one holder per resource for a stretch of ledger time. Fencing tokens tell the holders apart.

A lease (Gray and Cheriton, SOSP 1989) ends by itself when its holder falls silent: nobody has to decide whether the
holder is dead. Ledger time is the slot that is being applied, so all replicas agree on every expiry, and no clock is
read. A lease acquired in slot s for k slots is live in slots s .. s+k-1.

A holder may not have heard yet that its lease has expired. Each grant therefore carries a fencing token larger than all
before it (Chubby's sequencer, OSDI 2006, section 2.4), and the part that acts for the holder checks the token again:
the ledger for shards and cursors, `amu.ledger.effector` for docks and tools.

Rules: at most one live lease per resource; a token names one grant for good; an expired lease permits nothing, not even
its own renewal.
"""

from amu.core import limits

if "":  # for the type checker; see amu.core.types
    from amu.core.types import Array

FIRST_TOKEN = 1


class Lease:
    """One row: `holder` may act on `resource` before slot `expires_slot`, showing `token`."""

    def __init__(self, resource: str, holder: int, token: int, expires_slot: int) -> None:
        self.resource = resource
        self.holder = holder
        self.token = token
        self.expires_slot = expires_slot

    def row(self) -> "Array":
        """CBOR item of the row, in the order of the constructor's arguments."""
        return [self.resource, self.holder, self.token, self.expires_slot]

    def is_live(self, now: int) -> bool:
        return now < self.expires_slot


class LeaseTable:
    """At most LEASES_MAX leases, sorted by resource, and the counter of fencing tokens."""

    def __init__(self) -> None:
        self.rows: list[Lease] = []  # at most LEASES_MAX
        self.next_token = FIRST_TOKEN

    def live(self, resource: str, now: int) -> Lease | None:
        """The live lease on `resource` in slot `now`, or None."""
        for lease in self.rows:
            if lease.resource == resource:
                return lease if lease.is_live(now) else None
        return None

    def has_room(self, now: int) -> bool:
        """Whether one more lease fits beside the live ones."""
        live = 0
        for lease in self.rows:
            if lease.is_live(now):
                live += 1
        return live < limits.LEASES_MAX

    def grant(self, resource: str, holder: int, expires_slot: int, now: int) -> Lease:
        """A lease with a fresh token, in the place of any older one. Only when `has_room(now)`."""
        self.rows = [lease for lease in self.rows if lease.resource != resource and lease.is_live(now)]
        assert len(self.rows) < limits.LEASES_MAX, "leases"
        granted = Lease(resource, holder, self._take_token(), expires_slot)
        index = len(self.rows)
        while index > 0 and self.rows[index - 1].resource > resource:
            index -= 1
        self.rows.insert(index, granted)
        return granted

    def release(self, resource: str) -> None:
        self.rows = [lease for lease in self.rows if lease.resource != resource]

    def _take_token(self) -> int:
        token = self.next_token
        assert token <= limits.FENCING_TOKEN_MAX, "fencing tokens"
        self.next_token = token + 1
        return token

"""Do correct boards build the same log?

Each applied slot is linked by hash to the log before it: link(s) = SHA-256(link(s - 1), value(s), ledger digest(s)).
Equal links mean equal logs up to there. A board that adopts a state, or boots with one, continues from the link of that
slot.

LOG-2 and CON-4 check the same against the modules. This check is independent and immediate: a run that has split can be
stopped.
"""

import hashlib

from specs.checking.trace import Event
from swarm_sim.oracles.finding import Finding

ORACLE = "SIM-LOG"
START = bytes(32)


class Agreement:
    """Feed it every event but Send and Receive; `finding` is the first disagreement.

    `faulty`: boards of which nothing is required.
    """

    def __init__(self, faulty: frozenset[int]) -> None:
        self.finding: Finding | None = None
        self.slots = 0  # length of the longest log that a correct board has applied
        self._faulty = faulty
        self._log: dict[int, tuple[str, str, bytes]] = {}  # slot -> value, ledger digest, link
        self._at: dict[int, int] = {}  # board -> last slot of its log

    def feed(self, event: Event) -> None:
        name = event.name
        if name == "Apply":
            if event.node not in self._faulty:
                self._apply(event)
        elif name == "Adopt":
            self._at[event.node] = event.fields["slot"]
        elif name == "Boot":
            self._at[event.node] = event.fields["applied_slot"]

    def _apply(self, event: Event) -> None:
        slot, value, digest = event.fields["slot"], event.fields["value"], event.fields["digest"]
        if self._at.get(event.node, 0) + 1 != slot:
            self._find("a board applies slots out of order", event)
        self._at[event.node] = slot
        before = self._log[slot - 1][2] if slot - 1 in self._log else START
        link = hashlib.sha256(before + bytes.fromhex(value) + bytes.fromhex(digest)).digest()
        known = self._log.setdefault(slot, (value, digest, link))
        if known[0] != value:
            self._find("correct boards apply different values in a slot", event)
        elif known[1] != digest:
            self._find("correct boards have different ledgers after a slot", event)
        elif known[2] != link:
            self._find("correct boards have different logs before a slot", event)
        self.slots = max(self.slots, slot)

    def _find(self, cause: str, event: Event) -> None:
        if self.finding is None:
            self.finding = Finding(ORACLE, cause, str(event))

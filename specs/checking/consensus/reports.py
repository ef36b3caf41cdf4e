"""What each replica had received about the others' positions: slots, checkpoints, answers to one that lost its memory.

Theory. A Progress message carries the slot that its sender has applied and one of its checkpoints. A trace shows
neither, but the sender's own events do: it may tell of any checkpoint that it had made or adopted before it sent the
message, and of the slot that it had applied then.

Rules
- A replica forgets what it received when it restarts.
- A state arrives in pieces, from one that was asked for it; it is adopted in the step that takes the last one
  (transfers.py counts the pieces).
- An answer goes to the one that asked, after the question arrived: a nonce tells it from what was sent before.
- A message of which the trace has no Send, or that was taken out of the order, may be any.
"""

from __future__ import annotations

from collections import defaultdict

from amu.wire import messages as m
from specs.checking.consensus.transfers import Transfers
from specs.checking.run import Run
from specs.checking.schema import OUT_OF_ORDER
from specs.checking.trace import Event

Life = tuple[int, int]  # node, boot
ANYONE, NOBODY = -1, -2


class Reports:
    """Feed it all events of honest replicas that its methods name. `are_traced`: the trace has messages."""

    def __init__(self, run: Run) -> None:
        self.are_traced = False
        self.transfers = Transfers(run)
        self._run = run
        self._honest = frozenset(run.swarm.honest)
        self._applied: dict[tuple[int, int], int] = {}  # sender and time of a Progress -> the slot applied then
        self._reach: dict[Life, dict[int, int]] = defaultdict(dict)  # receiver -> sender -> highest slot it reported
        self._givers: dict[tuple[int, int, int], set[int]] = defaultdict(set)  # life and slot -> asked for its state
        self._last: dict[Life, dict[int, int]] = defaultdict(dict)  # receiver -> sender -> time of its last Progress
        self._held: dict[int, dict[int, int]] = defaultdict(dict)  # node -> slot of a checkpoint -> first time
        self._asked: dict[int, dict[int, int]] = defaultdict(dict)  # asking node -> node -> time of its receipt
        self._named: dict[Life, dict[int, set[int]]] = defaultdict(dict)  # asking life -> node -> slots applied
        self._any: set[tuple[int, int, int]] = set()  # node, boot, sender: anything may have arrived

    def send(self, event: Event, applied: int) -> None:
        """A Progress message. `applied`: the last slot in its sender's ledger, negative if unknown."""
        self._applied[event.node, event.lamport] = applied

    def ask_state(self, event: Event) -> None:
        """A FetchState, of a replica or a learner."""
        self._givers[event.node, event.boot, event.fields["slot"]].add(event.fields["to"])
        self.transfers.ask(event)

    def giver(self, event: Event, before: Event | None) -> tuple[frozenset[int], int]:
        """Those whom the node asked for the state that it adopts, and the one whose message came right before that:
        -2 if there was none, -1 if it may have been any."""
        slot = event.fields["slot"]
        asked = frozenset(self._givers.get((event.node, event.boot, slot), ()))
        if before is None:
            return asked, ANYONE
        if before.name not in ("Receive", "Refuse") or before.fields["kind"] != m.StateChunk.KIND:
            return asked, ANYONE if self.free(event) else NOBODY
        sent = self._run.sends.of(before) if before.name == "Receive" else None
        return asked, NOBODY if sent is not None and sent.slot != slot else before.fields["from"]

    def boot(self, event: Event) -> None:
        """A new life asks again."""
        self._asked.pop(event.node, None)

    def keep(self, event: Event) -> None:
        """A checkpoint was made or adopted."""
        self._held[event.node].setdefault(event.fields["slot"], event.lamport)

    def refuse(self, event: Event) -> None:
        if event.fields["reason"] == OUT_OF_ORDER:
            self._any.add((event.node, event.boot, event.fields["from"]))

    def receive(self, event: Event) -> None:
        fields = event.fields
        sender, kind = fields["from"], fields["kind"]
        if sender not in self._honest or kind not in (m.Progress.KIND, m.Probe.KIND):
            return
        sent = self._run.sends.of(event)
        if sent is None:
            self._any.add((event.node, event.boot, sender))
        elif kind == m.Probe.KIND:
            self._asked[sender].setdefault(event.node, event.lamport)
        else:
            self._receive_progress((event.node, event.boot), sender, fields["sent"])

    def _receive_progress(self, life: Life, sender: int, sent: int) -> None:
        last = self._last[life]
        last[sender] = max(sent, last.get(sender, -1))
        applied = self._applied.get((sender, sent))
        if applied is not None:
            reach = self._reach[life]
            reach[sender] = max(applied, reach.get(sender, 0))
        asked = self._asked[life[0]].get(sender)
        if applied is not None and applied < 0:
            self._any.add((*life, sender))
        if applied is not None and asked is not None and asked < sent:
            self._named[life].setdefault(sender, set()).add(applied)

    def of_state(self, event: Event) -> frozenset[int]:
        """Those that may have told the node of their checkpoint of the event's slot."""
        slot, last = event.fields["slot"], self._last[event.node, event.boot]
        late = 1 << 63
        told = {sender for sender, sent in last.items() if self._held[sender].get(slot, late) < sent}
        return frozenset(told) | self.free(event)

    def of_slot(self, event: Event) -> frozenset[int]:
        """Those that may have told the node that they had applied the event's slot."""
        slot = event.fields["slot"]
        told = {sender for sender, applied in self._reach[event.node, event.boot].items() if applied >= slot}
        return frozenset(told) | self.free(event)

    def answers(self, event: Event) -> tuple[dict[int, frozenset[int]], frozenset[int]]:
        """For each replica the slots that it may have named to the node that asks who knows; those that may have named
        any."""
        named = self._named[event.node, event.boot]
        replicas = range(self._run.swarm.replica_count)
        return {node: frozenset(named.get(node, ())) for node in replicas}, self.free(event)

    def free(self, event: Event) -> frozenset[int]:
        """Those that may have told the node anything."""
        return frozenset(node for node in self._honest if (event.node, event.boot, node) in self._any)

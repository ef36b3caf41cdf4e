"""What each replica had received about the others' positions: checkpoints, and answers to one that lost its memory.

Theory. A Progress message carries the slot that its sender has applied and one of its checkpoints. A trace shows
neither, but the sender's own events do: it may tell of any checkpoint that it had made or adopted before it sent the
message, and of the slot that it had applied then.

Rules
- A replica forgets what it received when it restarts.
- An answer goes to the one that asked, after the question arrived: a nonce tells it from what was sent before.
- A message of which the trace has no Send, or that was taken out of the order, may be any.
"""

from __future__ import annotations

from collections import defaultdict

from amu.wire import messages as m
from specs.checking.run import Run
from specs.checking.schema import OUT_OF_ORDER
from specs.checking.trace import Event

Life = tuple[int, int]  # node, boot


class Reports:
    """Feed it all events of honest replicas that its methods name. `are_traced`: the trace has messages."""

    def __init__(self, run: Run) -> None:
        self.are_traced = False
        self._run = run
        self._honest = frozenset(run.swarm.honest)
        self._applied: dict[tuple[int, int], int] = {}  # sender and time of a Progress to one -> the slot applied then
        self._last: dict[Life, dict[int, int]] = defaultdict(dict)  # receiver -> sender -> time of its last Progress
        self._held: dict[int, dict[int, int]] = defaultdict(dict)  # node -> slot of a checkpoint -> first time
        self._asked: dict[int, dict[int, int]] = defaultdict(dict)  # asking node -> node -> time of its receipt
        self._named: dict[Life, dict[int, set[int]]] = defaultdict(dict)  # asking life -> node -> slots applied
        self._any: set[tuple[int, int, int]] = set()  # node, boot, sender: anything may have arrived

    def send(self, event: Event, applied: int) -> None:
        """A Progress message. `applied`: the last slot in its sender's ledger, negative if unknown."""
        if event.fields["to"] in self._honest:
            self._applied[event.node, event.lamport] = applied

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
        asked = self._asked[life[0]].get(sender)
        if applied is not None and asked is not None and asked < sent:
            if applied < 0:
                self._any.add((*life, sender))
            self._named[life].setdefault(sender, set()).add(applied)

    def of_state(self, event: Event) -> frozenset[int]:
        """Those that may have told the node of their checkpoint of the event's slot."""
        slot, last = event.fields["slot"], self._last[event.node, event.boot]
        late = 1 << 63
        told = {sender for sender, sent in last.items() if self._held[sender].get(slot, late) < sent}
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

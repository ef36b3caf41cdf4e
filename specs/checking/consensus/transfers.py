"""How many pieces of a state had arrived before it was adopted. specs/checking/ledger/checker.py knows how many it has.

Theory. A node takes a state from one peer at a time: a question to another one, or for another slot, drops the pieces
that it holds (amu.consensus.checkpoints). Each piece but the last has CHUNK_BYTES_MAX bytes.

Rules
- A piece that was taken out of the order of Lamport times has a Refuse instead of a Receive. A board does not trace all
  refusals of a flood, so what arrived during one is unknown.
- A question that is asked again keeps the pieces, so pieces that came twice are counted twice.
"""

from __future__ import annotations

from dataclasses import dataclass

from amu.wire import messages as m
from specs.checking.messages.refusals import Refusals
from specs.checking.run import Adoption, Run
from specs.checking.schema import OUT_OF_ORDER
from specs.checking.trace import Event


@dataclass
class _Transfer:
    slot: int
    peer: int
    pieces: int = 0
    is_known: bool = True  # whether all its pieces are


class Transfers:
    """Feed it the events of replicas and learners that its methods name. `adopted`: each state, and its pieces."""

    def __init__(self, run: Run) -> None:
        self.adopted: list[Adoption] = []
        self._run = run
        self._present: dict[tuple[int, int], _Transfer] = {}  # by node and boot
        self._refusals = Refusals()

    def ask(self, event: Event) -> None:
        """A FetchState."""
        life, slot, peer = (event.node, event.boot), event.fields["slot"], event.fields["to"]
        present = self._present.get(life)
        if present is None or (present.slot, present.peer) != (slot, peer):
            self._present[life] = _Transfer(slot, peer)

    def take(self, event: Event) -> None:
        """A Receive, or a Refuse, of any message."""
        present, fields = self._present.get((event.node, event.boot)), event.fields
        if event.name == "Refuse":
            self._refusals.add(event)
            if present is not None and self._refusals.is_flooded(event):
                present.is_known = False
            if fields["reason"] != OUT_OF_ORDER:
                return
        if present is None or fields["kind"] != m.StateChunk.KIND or fields["from"] != present.peer:
            return
        sent = self._run.sends.of(event) if event.name == "Receive" else None
        if sent is None or sent.slot == present.slot:
            present.pieces += 1

    def adopt(self, event: Event) -> None:
        """An Adopt."""
        present = self._present.pop((event.node, event.boot), None)
        if present is None or present.slot != event.fields["slot"]:
            self.adopted.append(Adoption(event, 0))
        else:
            self.adopted.append(Adoption(event, present.pieces if present.is_known else None))

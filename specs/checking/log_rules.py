"""What must hold from slot to slot: the log, the ledger's digests, reboots, lost memory, and who leads.

tetrabft.tla speaks of one slot. These rules join the slots; each has an identifier (specs/tetrabft/properties.md).

    LOG-1   a node applies slots in order, without a gap, from what it found on flash or took over
    LOG-2   in each slot honest nodes apply the same value and have the same ledger afterwards
    LOG-3   checkpoints of a slot are equal, and a ledger that is taken over is one that an honest node had
    LOG-4   a node without memory says nothing in consensus until it rejoins, and then only above its vote floor
    LOG-5   a rebooted node acts in a slot that it had acted in only after it stated its registers
    CON-12  leader(slot, view) = (proposer of the value decided WINDOW_SLOTS before + view) mod n

Where events of a node are missing, what it did is unknown: its rules start anew after the hole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from specs.checking.instance import VOTES, Swarm
from specs.checking.order import WITHOUT_MEMORY
from specs.checking.trace import Event

APPLY_IN_ORDER = "LOG-1"
SAME_LEDGER = "LOG-2"
SAME_CHECKPOINT = "LOG-3"
SILENT_WITHOUT_MEMORY = "LOG-4"
RESTORED_BEFORE_ACTING = "LOG-5"
LEADER = "CON-12"

ACTS = frozenset({"EnterView", "Propose", *VOTES})

Violate = Callable[[str, str], None]


@dataclass
class _Node:
    """What is known of one node."""

    boot: int = -1
    next_seq: int = 0
    boots: int = 0
    applied: int | None = None  # last slot in its ledger; None: not known
    floor: int = 0
    has_memory: bool = True
    acted: set[int] = field(default_factory=set)  # slots, in this boot and those before
    known: set[int] = field(default_factory=set)  # slots that this boot may act in: new ones, and restored ones


class NodeRules:
    """Feed it every event of an honest node, in file order."""

    def __init__(self, violate: Violate) -> None:
        self._violate = violate
        self._nodes: dict[int, _Node] = {}
        self._applied: dict[int, tuple[str, str, int]] = {}  # slot -> value, digest, node
        self._checkpoints: dict[int, tuple[str, int]] = {}  # slot -> digest, node

    def feed(self, event: Event) -> None:
        node = self._nodes.get(event.node)
        if node is None:
            node = self._nodes[event.node] = _Node()
        if event.boot != node.boot:
            node.boot, node.next_seq, node.boots = event.boot, event.seq, node.boots + 1
            node.applied, node.known = None, set()
        if event.seq != node.next_seq:
            node.applied = None  # what the missing events did is unknown
        node.next_seq = event.seq + 1
        if event.name in ACTS:
            self._on_act(node, event)
        else:
            handler = self._HANDLERS.get(event.name)
            if handler is not None:
                handler(self, node, event)

    # --- reboots ----------------------------------------------------------------------------------

    def _on_boot(self, node: _Node, event: Event) -> None:
        node.applied = event.fields["applied_slot"]
        if event.fields["journal"] in WITHOUT_MEMORY:
            node.has_memory = False
        elif event.fields["journal"] == "fresh" and node.acted:
            node.has_memory = False  # it takes itself for a new board, but it had voted
        elif not node.has_memory:
            node.has_memory = True  # its Rejoin died with the board before it was traced; the floor is on its flash

    def _on_rejoin(self, node: _Node, event: Event) -> None:
        node.has_memory, node.floor = True, event.fields["floor"]

    def _on_restore(self, node: _Node, event: Event) -> None:
        node.known.add(event.fields["slot"])

    def _on_act(self, node: _Node, event: Event) -> None:
        slot = event.fields["slot"]
        if not node.has_memory:
            self._violate(SILENT_WITHOUT_MEMORY, f"{event}: the node has lost its memory and has not rejoined")
        elif slot <= node.floor:
            self._violate(SILENT_WITHOUT_MEMORY, f"{event}: the slot is not above the node's vote floor {node.floor}")
        if slot not in node.known:
            if slot in node.acted:
                self._violate(
                    RESTORED_BEFORE_ACTING,
                    f"{event}: the node had acted in the slot before its reboot, and did not state its registers",
                )
            node.known.add(slot)
        node.acted.add(slot)

    # --- log and ledger -----------------------------------------------------------------------------

    def _on_apply(self, node: _Node, event: Event) -> None:
        slot, value, digest = event.fields["slot"], event.fields["value"], event.fields["digest"]
        if node.applied is not None and slot != node.applied + 1:
            self._violate(APPLY_IN_ORDER, f"{event}: the slot applied before was {node.applied}")
        node.applied = slot
        first_value, first_digest, first_node = self._applied.setdefault(slot, (value, digest, event.node))
        if value != first_value:
            self._violate(SAME_LEDGER, f"{event}: node {first_node} applied {first_value[:8]}.. in this slot")
        elif digest != first_digest:
            self._violate(SAME_LEDGER, f"{event}: the ledger of node {first_node} was {first_digest[:8]}.. afterwards")

    def _on_checkpoint(self, node: _Node, event: Event) -> None:
        slot, digest = event.fields["slot"], event.fields["digest"]
        first_digest, first_node = self._checkpoints.setdefault(slot, (digest, event.node))
        if digest != first_digest:
            self._violate(SAME_CHECKPOINT, f"{event}: the checkpoint of node {first_node} was {first_digest[:8]}..")

    def _on_adopt(self, node: _Node, event: Event) -> None:
        slot, digest = event.fields["slot"], event.fields["digest"]
        if node.applied is not None and slot <= node.applied:
            self._violate(APPLY_IN_ORDER, f"{event}: the node had applied slot {node.applied} already")
        node.applied = slot
        found = self._checkpoints.get(slot)
        if found is not None and found[0] != digest:
            self._violate(SAME_CHECKPOINT, f"{event}: the checkpoint of node {found[1]} was {found[0][:8]}..")

    _HANDLERS = {  # noqa: RUF012 -- a table, never changed
        "Boot": _on_boot,
        "Rejoin": _on_rejoin,
        "Restore": _on_restore,
        "Apply": _on_apply,
        "Checkpoint": _on_checkpoint,
        "Adopt": _on_adopt,
    }


class Succession:
    """Who leads view 0 of each slot: the proposer of the value that was decided WINDOW_SLOTS before.

    The proposer is the leader of the view that a body was made in. The trace holds no bodies, so the proposer is known
    only when the first thing that an honest node did with the value was to propose it, in view 0 (in a later view the
    value may have come from a Byzantine node).
    """

    def __init__(self, swarm: Swarm, violate: Violate) -> None:
        self._swarm = swarm
        self._violate = violate
        self._proposers: dict[int, int] = {}  # slot -> proposer of its decided value

    def offset(self, slot: int, events: Iterable[Event]) -> int | None:
        """Leader of view 0 of `slot`, or None if nothing tells. `events`: honest ones, sorted; slots come in order."""
        count = self._swarm.replica_count
        offset = 0 if slot <= self._swarm.window_slots else self._proposers.get(slot - self._swarm.window_slots)
        for event in events:
            if event.name != "Propose":
                continue
            told = (event.node - event.fields["view"]) % count
            if offset is None:
                offset = told
            elif told != offset:
                leader = (offset + event.fields["view"]) % count
                self._violate(LEADER, f"{event}: node {leader} leads view {event.fields['view']} of this slot")
        return offset

    def decided(self, slot: int, value: str, events: Iterable[Event]) -> None:
        """`value` was decided in `slot`."""
        for event in events:
            if event.fields.get("value") != value:
                continue
            if event.name == "Propose" and (event.fields["view"] == 0 or not self._swarm.byzantine):
                self._proposers[slot] = event.node
            return

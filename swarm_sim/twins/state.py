"""Digests the part of an endpoint's state that can influence its future: equal digests, equal futures.

The digest covers the whole node, attribute by attribute. Anything added to the flight code is part of it until an
argument here allows leaving it out. Two kinds of state are left out.

Left out entirely (LEFT_OUT), each with its reason, and guarded where the reason could fail (`check_guards`, and
GuardError in `round`): wiring, counters of completed work, state that the next round sets before reading it.

Left out of a slot's instance where it is *dead*, that is, never read again. A view never goes back and a decision is
final, so:
- votes of phases 1 to 3, proofs and suggests of earlier views are only compared with still older ones. They also vouch
  for bodies, but vouching decides nothing in a view above 0, where every endpoint knows every request (all get all of
  them before the first message), and nothing in view 0 once vote-1 is cast;
- votes of a phase lead to the next phase's vote, which is cast once per view; proofs lead to vote-1, suggests to one
  proposal. (A proposer still reads the vote-1 of its view, to avoid repeating itself to those who voted.)
- of an earlier view's proposal only its existence matters;
- a wish for a view that has been reached equals no wish;
- which peers were heard, and whether the slot is demanded, determines only whether it is busy, which it is permanently
  after the first vote; what peers say they learned counts until the decision;
- the view in which the decision was reached is never read;
- which request a proposal waits for is read when another request comes, and all come before the first message;
- values represent their bodies: all bodies of one value are equal, and a kept one need not be stored twice.
"""

import hashlib
import marshal
from collections.abc import Sequence
from typing import Any, TypeVar

from amu.consensus.bodies import BodyShelf
from amu.consensus.instance import Instance
from amu.node.node import Node
from swarm_sim.twins.round import Endpoint, GuardError

Entry = TypeVar("Entry", bound=tuple[int, *tuple[object, ...]])  # it begins with a view

EARLIER = "earlier"
ATOMS = (int, bytes, str, bool, type(None))
BODIES_KEPT_MAX = 8  # one fewer than the shelf's capacity: it never has to discard one

LEFT_OUT = frozenset(
    {
        # Wiring between the parts of one node.
        *(("Replica", "effects"), ("Replica", "_handlers"), ("CatchUp", "_replica"), ("CatchUp", "_effects")),
        *(("Checkpoints", "_effects"), ("Application", "_effects"), ("Node", "effects")),
        # Lamport times: no message was ever refused for its time, so times were only stamps.
        *(("Node", "_clock"), ("Node", "_witnesses"), ("Node", "_reserved")),
        ("Node", "services"),  # turns and snapshots are off, and no protocol reads the failure detector
        *(("Replica", "_ticks"), ("Replica", "_answers")),  # set by each leap and by each tick
        # No board reports progress, so none is known to be ahead, and fetching never begins.
        *(("Checkpoints", "_applied_last_time"), ("Checkpoints", "_stalled_periods"), ("CatchUp", "_has_heard")),
    }
)
INSTANCE_FIELDS = frozenset(
    {
        *("slot", "group", "me", "log", "effects", "is_open", "view", "registers", "entry", "proposed_view"),
        *("synchroniser", "bodies", "decision", "is_concluded", "_votes", "_proofs", "_suggests", "_proposals"),
        *("_learned", "_heard", "is_demanded", "lacks", "_ticks_in_view", "_ticks_still", "_repeats"),
    }
)
_names: dict[type, tuple[str, ...]] = {}


def digest(endpoint: Endpoint) -> bytes:
    """16 bytes. Between rounds only: effects must have been performed."""
    node = endpoint.node
    check_guards(node)
    record = endpoint.record and (
        *(sorted(endpoint.record.votes.items()), sorted(endpoint.record.decided.items())),
        sorted(endpoint.record.ledgers.items()),
    )
    parts = (endpoint.number, canonical(node), canonical(record))
    # Version 0 of the format has no references: equal values give equal bytes, shared or not.
    return hashlib.blake2b(marshal.dumps(parts, 0), digest_size=16).digest()


def check_guards(node: Node) -> None:
    """Raises GuardError if state that is left out could matter."""
    replica = node.replica
    catch_up = replica.catch_up
    if any(catch_up.checkpoints._applied_by) or catch_up.checkpoints.stable_slot or catch_up.checkpoints.held()[0][0]:
        raise GuardError("progress is reported: what drives fetching is left out of the digest")
    if node.services.is_on or replica.floor != 0:
        raise GuardError("ops are on, or memory was lost")
    for instance in replica.instances:
        if instance is not None and len(instance.bodies.kept) > BODIES_KEPT_MAX:
            raise GuardError("a full shelf: the order of its bodies is left out of the digest")


def canonical(thing: Any) -> Any:
    """`thing` as nested tuples of plain values."""
    kind = type(thing)
    if kind in ATOMS:
        return thing
    if kind is list or kind is tuple:
        return tuple([canonical(item) for item in thing])
    if callable(thing):
        raise GuardError(f"a {kind.__name__} has no digest; is it wiring?")
    if kind.__name__ == "Instance":
        return _instance(thing)
    if kind.__name__ == "Ledger":
        return thing.digest()  # of its whole state
    names = _names.get(kind)
    if names is None:
        known = sorted(vars(thing))
        names = _names[kind] = tuple(name for name in known if (kind.__name__, name) not in LEFT_OUT)
    values = vars(thing)
    return tuple([canonical(values[name]) for name in names])


def _instance(instance: Instance) -> object:
    if vars(instance).keys() != INSTANCE_FIELDS:
        raise GuardError("an instance has other fields than the digest knows")
    view, registers, is_decided = instance.view, instance.registers, instance.decision is not None
    is_settled_in = instance.has_voted() or is_decided
    wishes = instance.synchroniser.wishes
    if instance.is_open:
        wishes = [max(wish, view) for wish in wishes]
    return (
        *(instance.slot, instance.is_open, view, canonical(registers), canonical(instance.entry)),
        *(instance.proposed_view, instance.is_concluded, instance.decision, tuple(wishes)),
        _shelf(instance.bodies),
        _votes(instance),
        _live(instance._proofs, view, registers.voted(1, view)),
        _live(instance._suggests, view, instance.proposed_view >= view),
        tuple([EARLIER if entry is not None and entry[0] < view else entry for entry in instance._proposals]),
        None if is_decided else tuple(instance._learned),
        None if is_settled_in else (tuple(instance._heard), instance.is_demanded),
    )


def _live(entries: Sequence[Entry | None], view: int, is_done: bool) -> tuple[Entry | None, ...]:
    """The reports that may still be read: those of later views, and of this one until their effect is done."""
    if view == 0 and not is_done:
        return tuple(entries)
    least = view + 1 if is_done else view
    return tuple([entry if entry is not None and entry[0] >= least else None for entry in entries])


def _votes(instance: Instance) -> object:
    view, registers = instance.view, instance.registers
    rows = [tuple(instance._votes[4])]  # a quorum of vote-4 decides in any view
    for phase in (1, 2, 3):
        entries: Sequence[tuple[int, bytes] | None] = instance._votes[phase]
        if view > 0 or registers.voted(1, view):
            is_done = registers.voted(phase + 1, view) and not (phase == 1 and instance.proposed_view == view)
            entries = _live(entries, view, is_done)
        rows.append(tuple(entries))
    return tuple(rows)


def _shelf(bodies: BodyShelf) -> object:
    kept = sorted([value for value, _ in bodies.kept])
    others = [
        tuple([None if pair is None or pair[0] in kept else pair[0] for pair in pairs])
        for pairs in (bodies._proposed, bodies._fetched)
    ]
    return (tuple(kept), *others)

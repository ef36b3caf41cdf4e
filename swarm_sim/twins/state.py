"""What of an endpoint can influence what it does next, as a digest: equal digests, equal futures.

The whole node is walked, attribute by attribute, so what is added to the flight code is part of the digest until
somebody argues here that it may be left out. Two kinds of things are.

Left out whole (LEFT_OUT), each with its reason, and guarded where the reason could fail (`check_guards`, and
GuardError in `round`): wiring, counters of things done, what the next round sets anew before it is read.

Left out of a slot's instance where it is *dead*, that is, never read again. A view never goes back and a decision is
final, so:
- votes of phases 1 to 3, proofs and suggests of earlier views are only ever compared with still older ones. They also
  vouch for bodies, but vouching decides nothing in a view above 0, where every request is known to every endpoint (all
  are given all of them before the first message), and none in view 0 once vote-1 is cast;
- votes of a phase lead to the next phase's vote, which is cast once a view; proofs lead to vote-1, suggests to one
  proposal. (A proposer still looks at the vote-1 of its view, so as not to repeat itself to those who voted.)
- of an earlier view's proposal it counts only that there was one;
- a wish for a view that has been reached is as good as no wish;
- who was heard, and whether the slot is demanded, only says whether it is busy, which it is for good with the first
  vote; what peers say they learned counts until the decision.
- in which view the decision was reached is asked by nobody;
- bodies stand for their values; of one value all bodies are equal; one that is kept need not be held twice.
"""

import hashlib
import marshal
from typing import Any

from swarm_sim.twins.round import Endpoint, GuardError

EARLIER = "earlier"
ATOMS = (int, bytes, str, bool, type(None))
BODIES_KEPT_MAX = 8  # one fewer than the shelf holds: it never has to choose what to throw away

LEFT_OUT = frozenset(
    {
        # Wiring between the parts of one node.
        *(("Replica", "effects"), ("Replica", "_handlers"), ("CatchUp", "_replica"), ("CatchUp", "_effects")),
        *(("Checkpoints", "_effects"), ("Application", "_effects"), ("Node", "_effects")),
        # Lamport times: no message was ever refused for its time, so none was ever looked at for more than a stamp.
        *(("Node", "_clock"), ("Node", "_witnesses"), ("Node", "_reserved")),
        ("Node", "_operations"),  # turns and snapshots are off, and no protocol reads the failure detector
        *(("Replica", "_ticks"), ("Replica", "_answers")),  # set anew by each leap and by each tick
        # Nobody reports progress, so nobody is known to be ahead, and fetching never begins.
        *(("CatchUp", "_applied_last_time"), ("CatchUp", "_stalled_periods"), ("CatchUp", "_has_heard")),
    }
)
INSTANCE_FIELDS = frozenset(
    {
        *("slot", "group", "me", "log", "effects", "is_open", "view", "registers", "entry", "proposed_view"),
        *("synchroniser", "bodies", "decision", "is_concluded", "_votes", "_proofs", "_suggests", "_proposals"),
        *("_learned", "_heard", "is_demanded", "_ticks_in_view"),
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
    # Version 0 of the format knows no references: equal values are equal bytes, whoever shares them.
    return hashlib.blake2b(marshal.dumps(parts, 0), digest_size=16).digest()


def check_guards(node: Any) -> None:
    """Raises GuardError when what is left out could matter after all."""
    replica = node._replica
    catch_up = replica.catch_up
    if any(catch_up._applied_by) or catch_up.stable_slot or catch_up._checkpoints.held()[0][0]:
        raise GuardError("progress is reported: what drives fetching is left out of the digest")
    if node._operations.is_on or replica.floor != 0:
        raise GuardError("ops are on, or memory was lost")
    for instance in replica._instances:
        if instance is not None and len(instance.bodies.kept()) > BODIES_KEPT_MAX:
            raise GuardError("a full shelf: the order of its bodies is left out of the digest")


def canonical(thing: Any) -> Any:
    """Nested tuples of plain values that say the same as `thing`."""
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


def _instance(instance: Any) -> Any:
    if vars(instance).keys() != INSTANCE_FIELDS:
        raise GuardError("an instance has other fields than the digest knows of")
    view, registers, is_decided = instance.view, instance.registers, instance.decision is not None
    is_settled_in = instance.has_voted() or is_decided
    wishes = instance.synchroniser._wishes
    if instance.is_open:
        wishes = [max(wish, view) for wish in wishes]
    return (
        *(instance.slot, instance.is_open, view, canonical(registers), canonical(instance.entry)),
        *(instance.proposed_view, instance.is_concluded, is_decided and instance.decision[1], tuple(wishes)),
        _shelf(instance.bodies),
        _votes(instance),
        _live(instance._proofs, view, registers.voted(1, view)),
        _live(instance._suggests, view, instance.proposed_view >= view),
        tuple([EARLIER if place is not None and place[0] < view else place for place in instance._proposals]),
        None if is_decided else tuple(instance._learned),
        None if is_settled_in else (tuple(instance._heard), instance.is_demanded),
    )


def _live(places: Any, view: int, is_done: bool) -> Any:
    """Reports that may still be read: those of later views, and of this one while what they lead to is not done."""
    if view == 0 and not is_done:
        return tuple(places)
    least = view + 1 if is_done else view
    return tuple([place if place is not None and place[0] >= least else None for place in places])


def _votes(instance: Any) -> Any:
    view, registers = instance.view, instance.registers
    rows = [tuple(instance._votes[4])]  # a quorum of vote-4 decides, in whatever view
    for phase in (1, 2, 3):
        places = instance._votes[phase]
        if view > 0 or registers.voted(1, view):
            is_done = registers.voted(phase + 1, view) and not (phase == 1 and instance.proposed_view == view)
            places = _live(places, view, is_done)
        rows.append(tuple(places))
    return tuple(rows)


def _shelf(bodies: Any) -> Any:
    kept = sorted([value for value, _ in bodies.kept()])
    others = [
        tuple([None if pair is None or pair[0] in kept else pair[0] for pair in pairs])
        for pairs in (bodies._proposed, bodies._fetched)
    ]
    return (tuple(kept), *others)

"""The Byzantine replica: a correct node, and a filter that changes its messages to some peers in some rounds.

Small scope: a value is replaced with another that the replica knows in that slot, or with that of its own body with the
requests in another order; a view or a register's view with its neighbour; or the message is omitted. Any scope: a value
is replaced with noise, a view with any small one. A Status is changed in the same way where it repeats the message of
the round, so that the lie is consistent.
"""

import random
from dataclasses import dataclass

from amu.consensus import bodies
from amu.core import limits
from amu.core.types import AnyMessage, Register
from amu.node.node import Node
from amu.wire.messages import Proof, Proposal, Status, Suggest, ViewChange, Vote
from swarm_sim.adversary.base import Adversary, Behaviour, Draws
from swarm_sim.adversary.equivocate import other_body
from swarm_sim.byzzfuzz.rounds import REPORTS, VOTE1, WISH, Round, rounds_of

VALUE, VIEW_UP, VIEW_DOWN, OMIT = "value", "view + 1", "view - 1", "omitted"
ANY_VALUE, ANY_VIEW = "any value", "any view"
SMALL_SCOPE = (VALUE, VIEW_UP, VIEW_DOWN, OMIT)
ANY_SCOPE = (ANY_VALUE, ANY_VIEW, OMIT)
ANY_VIEW_MAX = 8
REGISTER_NAMES = ("hi1", "second1", "hi2", "second2", "hi3", "hi4")


@dataclass(frozen=True)
class ProcessFault:
    """In round `at`, messages to the peers `receivers` are changed. `seed`: of the noise."""

    at: Round
    receivers: tuple[int, ...]
    change: str
    seed: int


class Liar(Behaviour):
    """Lies in the rounds of `faults`, honest in all others."""

    def __init__(self, me: int, replica_count: int, faults: tuple[ProcessFault, ...]) -> None:
        Behaviour.__init__(self, me, replica_count, Draws(1), {})
        self._faults = faults
        self._known: dict[int, dict[bytes, bytes]] = {}  # slot -> value -> body

    def overhear(self, source: int, message: AnyMessage) -> None:
        if isinstance(message, Proposal):
            self._learn(message.slot, message.body)

    def to_peer(self, peer: int, time: int, message: AnyMessage) -> list[tuple[int, AnyMessage]]:
        if isinstance(message, Proposal):
            self._learn(message.slot, message.body)
        for fault in self._faults:
            if peer in fault.receivers and fault.at in rounds_of(message):
                message = self._changed(message, fault)
                if message is None:
                    return []
        return [(time, message)]

    def _learn(self, slot: int, body: bytes) -> None:
        known = self._known.setdefault(slot, {})
        for each in (body, other_body(body)):
            if each:
                known.setdefault(bodies.value_of(slot, each), each)

    # --- changes ----------------------------------------------------------------------------

    def _changed(self, message: AnyMessage, fault: ProcessFault) -> AnyMessage:
        """The lie that replaces `message`, or None if it is omitted."""
        if isinstance(message, Status):
            return self._changed_status(message, fault)
        if fault.change == OMIT:
            return None
        fields = dict(zip([name for name, _ in message.SHAPE], message.fields()))
        if isinstance(message, Suggest | Proof) and fault.change != ANY_VIEW:
            for name in REGISTER_NAMES:
                if name in fields:
                    fields[name] = self._register(message.slot, fields[name], fault)
        elif isinstance(message, Proposal) and fault.change in (VALUE, ANY_VALUE):
            fields["body"] = self._body(message, fault)
        elif isinstance(message, Vote) and fault.change in (VALUE, ANY_VALUE):
            fields["value"] = self._value(message.slot, message.value, fault)
        elif isinstance(message, Vote | Proposal | Suggest | Proof | ViewChange):
            fields["view"] = self._view(message.view, fault)
        return type(message)(*fields.values())

    def _changed_status(self, status: Status, fault: ProcessFault) -> AnyMessage:
        """Changes only what the Status repeats from the fault's round."""
        fields = dict(zip([name for name, _ in status.SHAPE], status.fields()))
        step = fault.at[1]
        if step == REPORTS:
            for name in REGISTER_NAMES:
                fields[name] = None if fault.change == OMIT else self._register(status.slot, fields[name], fault)
        elif step == WISH:
            if fault.change == OMIT:
                return None
            fields["wish"] = self._view(status.wish, fault)
        else:
            name = f"vote{step - VOTE1 + 1}"
            if fault.change == OMIT:
                fields[name] = None
            elif fault.change in (VALUE, ANY_VALUE):
                fields[name] = self._value(status.slot, fields[name], fault)
            else:
                fields["view"] = self._view(status.view, fault)
        return Status(*fields.values())

    def _register(self, slot: int, register: Register, fault: ProcessFault) -> Register:
        if register is None:
            # Not to have voted is a claim too. Its neighbour is to have voted in view 0.
            known = sorted(self._known.get(slot, {}))
            return (0, known[fault.seed % len(known)]) if known and fault.change == VALUE else None
        if fault.change in (VALUE, ANY_VALUE):
            return (register[0], self._value(slot, register[1], fault))
        return (self._view(register[0], fault), register[1])

    def _view(self, view: int, fault: ProcessFault) -> int:
        if fault.change == VIEW_UP:
            return view + 1
        if fault.change == ANY_VIEW:
            return random.Random(fault.seed).randint(0, ANY_VIEW_MAX)
        return max(0, view - 1) if fault.change == VIEW_DOWN else view

    def _value(self, slot: int, value: bytes, fault: ProcessFault) -> bytes:
        if fault.change == ANY_VALUE:
            return random.Random(fault.seed).randbytes(limits.DIGEST_BYTES)
        others = [known for known in sorted(self._known.get(slot, {})) if known != value]
        return others[fault.seed % len(others)] if others else bytes([value[0] ^ 1]) + value[1:]

    def _body(self, message: AnyMessage, fault: ProcessFault) -> bytes:
        if fault.change == ANY_VALUE:
            draw = random.Random(fault.seed)
            request = [1, draw.randint(1, 1000), ["noop"]]
            return bytes(bodies.encode(message.view, [request])) if draw.random() < 0.5 else draw.randbytes(40)
        value = self._value(message.slot, bodies.value_of(message.slot, message.body), fault)
        return self._known[message.slot].get(value, b"")


def make_liar(node: Node, faults: tuple[ProcessFault, ...]) -> Adversary:
    """`node` with the lies of `faults` around it."""
    return Adversary(node, [Liar(node.me, node.group.size, faults)], 1)

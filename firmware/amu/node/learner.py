"""A learner: follows the decided log of a cell without a vote, in the manner of `amu.node.node.Node`.

    learner.step(source, lamport, message)     an authenticated message
    learner.tick()                             a board tick has passed
    ready = learner.ready()                    what to do: trace events, sends
    learner.advance()                          it is done

Theory. Who takes part in consensus and who learns of it are different roles (L. Lamport, "Paxos Made Simple", 2001,
section 2.3): a quorum of a few decides, and any number may follow. Among n replicas of which f lie, f + 1 equal replies
include a correct one's (M. Castro, B. Liskov, OSDI 1999, section 4.1), so a learner needs no proof and no vote.
ZooKeeper's observers do the same where nobody lies.

Rules
- A value is believed on f + 1 equal `Decided` of different replicas, its body on its digest. Slots go in order.
- Far behind, or without single slots, it adopts a state on f + 1 equal digests (`amu.consensus.checkpoints`).
- It pulls: once per period it asks f + 1 replicas, different ones each time, for the next slot, or for a window of
  slots that it knows to exist. After a complete answer it asks the next question at once. So a slot costs O(f + 1)
  messages, and a replica that falls silent costs a period.
- "No answer" is not "failed": replicas answer a bounded number of questions per tick, and the learner asks again.
- It promises nothing and so remembers nothing: after a reboot it starts from an empty ledger.
- It believes no learner and answers nobody, so that a reply of the swarm is a replica's reply.
"""

import amu
from amu.consensus import bodies, checkpoints
from amu.consensus.quorum import Group, count_equal
from amu.core import limits
from amu.core.errors import CodecError, ConfigError
from amu.core.lamport import LamportClock, Witnesses
from amu.core.limits import WINDOW_SLOTS
from amu.ledger.state import Ledger
from amu.node import journal
from amu.node.effects import Effects
from amu.node.node import BLANK_BOOT, SILENT
from amu.node.tracer import Tracer
from amu.wire.messages import Decided, Fetch, Progress, StateChunk

if "":  # for the type checker; see amu.core.types
    from collections.abc import Sequence

    from amu.core.types import AnyMessage
    from amu.node.effects import Ready
    from amu.node.seams import Settings

LEARNING = "learning"


class _Slot:
    """A slot that is not applied yet: what each replica says was decided, what is believed, and its body."""

    def __init__(self, replica_count: int) -> None:
        self.replies: list[bytes | None] = [None] * replica_count
        self.value: bytes | None = None
        self.body: bytes | None = None


class Learner:
    """`config` as in amu.boards.config, where `replica` is the learner's own number, from replica_count up;
    `nonce` 1 .. 2**20-1, fresh for each start."""

    def __init__(self, config: "Settings", nonce: int) -> None:
        self._group = Group(config.replica_count)
        self._me = config.replica
        if self._me < self._group.size or self._me > limits.LEARNER_LAST:
            raise ConfigError("replica: want a learner's number, %d to %d" % (self._group.size, limits.LEARNER_LAST))
        self.boot = BLANK_BOOT + nonce
        self._clock = LamportClock(0)
        self._witnesses = Witnesses(self._group.size, self._group.blocking)
        self._effects = Effects(self._clock, Tracer(config.trace_messages))
        self._ledger = Ledger(self._group.size)
        patience_periods_max = limits.transfer_patience_periods_max(config.view_timeout_ticks)
        self._checkpoints = checkpoints.Checkpoints(self._me, self._group, self._effects, patience_periods_max)
        self._checkpoints.come_to(0)
        self._window = [self._new_slot() for _ in range(WINDOW_SLOTS)]  # the slots after the applied one
        self._asked_up_to = -1  # nothing yet
        self._turn = self._me  # not all learners ask the same replicas first
        self._ticks = 0
        self._is_halted = False
        self._is_performing = False
        self._effects.trace("Boot", amu.VERSION, journal.BLANK, 0)

    def _new_slot(self) -> _Slot:
        return _Slot(self._group.size)

    # --- what the board may know ------------------------------------------------------------

    @property
    def applied_slot(self) -> int:
        return self._ledger.applied_slot

    @property
    def lamport(self) -> int:
        """Time of the latest event."""
        return self._clock.time

    @property
    def messages_refused(self) -> int:
        """Messages refused since boot, traced or not."""
        return self._effects.refusals

    @property
    def mode(self) -> str:
        return SILENT if self._is_halted else LEARNING

    # --- inputs -----------------------------------------------------------------------------

    def step(self, source: int, lamport: int, message: "AnyMessage") -> None:
        """One authenticated message of `source`, sent at Lamport time `lamport`."""
        assert not self._is_performing, "step between ready and advance"
        kind = message.KIND
        if source >= self._group.size or kind not in (Decided.KIND, Progress.KIND, StateChunk.KIND):
            self._effects.refuse(source, kind, "nothing for a learner")
            return
        verdict = self._witnesses.judge(self._clock, source, lamport)
        if self._effects.receive(verdict, source, lamport, kind) and not self._is_halted:
            if kind == Decided.KIND:
                self._on_decided(source, message)
            elif kind == Progress.KIND:
                self._checkpoints.heard(source, message)
            else:
                self._on_chunk(source, message)

    def is_surplus(self, source: int, vote: "Sequence[int]", data: bytes) -> bool:
        """No vote is for a learner: each is refused, and counted as such."""
        return False

    def tick(self) -> None:
        """One board tick has passed. Drives questions, nothing that safety rests on."""
        assert not self._is_performing, "tick between ready and advance"
        self._effects.new_tick()
        self._ticks += 1
        # Not all learners ask in the same tick.
        if self._is_halted or (self._ticks + self._me) % limits.CATCH_UP_PERIOD_TICKS:
            return
        if self._checkpoints.catch_up(self._ledger.applied_slot):
            self._ask()

    def compact(self) -> None:
        """Nothing is in the journal of a board without a vote."""

    # --- outputs ----------------------------------------------------------------------------

    def is_full(self) -> bool:
        """As `Node.is_full`."""
        return self._effects.are_full()

    def ready(self) -> "Ready":
        """Effects since the last call. Perform them, then call `advance`."""
        self._is_performing = True
        return self._effects.take(None)

    def advance(self) -> None:
        """The last `ready` has been performed."""
        self._is_performing = False

    # --- asking -----------------------------------------------------------------------------

    def _ask(self) -> None:
        """Ask f+1 replicas, different ones each time, for the next slot, or for a window of slots that exist."""
        first = self._ledger.applied_slot + 1
        last = max(first, min(self._checkpoints.target(), first + WINDOW_SLOTS - 1))
        for slot in range(first, last + 1):
            if self._window[slot - first].body is None:
                for k in range(self._group.blocking):
                    self._effects.send((self._turn + k) % self._group.size, Fetch(slot))
        self._turn += self._group.blocking
        self._asked_up_to = last

    # --- slots ------------------------------------------------------------------------------

    def _on_decided(self, peer: int, message: Decided) -> None:
        index = message.slot - self._ledger.applied_slot - 1
        if index >= WINDOW_SLOTS:
            self._effects.refuse(peer, message.KIND, "ahead of the window")
        elif index >= 0:
            self._on_reply(self._window[index], peer, message)
            self._settle()

    def _on_reply(self, entry: _Slot, peer: int, message: Decided) -> None:
        value = message.value
        entry.replies[peer] = value
        if value != entry.value:
            if count_equal(entry.replies, value) < self._group.blocking:
                return
            if entry.value is not None:
                self._halt("two values decided in slot %d" % message.slot)
                return
            entry.value = value
            self._effects.trace("Learn", message.slot, value)
        if message.body and entry.body is None:
            if bodies.value_of(message.slot, message.body) == value:
                entry.body = message.body
            else:
                self._effects.refuse(peer, message.KIND, "wrong body")

    def _settle(self) -> None:
        """Apply what is believed and complete, in slot order; then ask for more."""
        while not self._is_halted and self._window[0].body is not None:
            self._apply(self._window[0])
        if self._ledger.applied_slot == self._asked_up_to and not self._is_halted:
            self._ask()

    def _apply(self, entry: _Slot) -> None:
        slot = self._ledger.applied_slot + 1
        try:
            _, requests = bodies.decode(entry.body)  # type: ignore[arg-type]
        except CodecError as error:
            self._halt("slot %d: %s" % (slot, error))
            return
        self._window.pop(0)
        self._window.append(self._new_slot())
        results = self._ledger.apply(slot, requests)
        for i in range(len(requests)):
            client, operation, command = requests[i]
            self._effects.trace("Operation", slot, client, operation, command, results[i])
        self._effects.trace("Apply", slot, entry.value, self._ledger.digest())

    def _halt(self, reason: str) -> None:
        """More than f replicas must be faulty: say so and fall silent."""
        self._is_halted = True
        self._effects.silent(reason)

    # --- far behind -------------------------------------------------------------------------

    def _on_chunk(self, peer: int, message: StateChunk) -> None:
        whole = self._checkpoints.on_chunk(peer, message)
        if whole is None or whole[0] <= self._ledger.applied_slot:
            return
        slot, data = whole
        digest = checkpoints.digest_of(data)
        state = checkpoints.decode(len(data), data.drain())[2]
        self._ledger = Ledger.restore(state, self._group.size, self._ledger)
        self._window = [self._new_slot() for _ in range(WINDOW_SLOTS)]
        self._effects.trace("Adopt", slot, digest)
        self._ask()

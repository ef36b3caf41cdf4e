"""The effects that a node asks for, gathered during its steps and handed over in one piece.

The board performs a `Ready` in this order: checkpoint, records, trace events, sends. Persist before send: a replica
that reboots must know every vote that anybody may have seen. Trace before send on the same link: the ground has the
reasons before the swarm has the consequences.
"""

from amu.core import limits
from amu.core.errors import CodecError
from amu.core.lamport import IN_ORDER, LOST
from amu.wire import messages

if "":  # for the type checker; see amu.core.types
    from collections.abc import Iterable

    from amu.core.lamport import LamportClock
    from amu.core.types import Array, Item, TraceEvent
    from amu.node.tracer import Tracer


class Ready:
    """Effects to perform, then `node.advance()`. All lists may be empty."""

    def __init__(
        self,
        checkpoint: "Array | None",
        records: "list[Array]",
        first_seq: int,
        events: "list[TraceEvent]",
        sends: "Iterable[tuple[int, int, messages.Message]]",
    ) -> None:
        self.checkpoint = checkpoint  # CBOR item that replaces the checkpoint, or None
        self.records = records  # journal records, one batch
        self.first_seq = first_seq  # sequence number of the first event
        self.events = events  # [(code, lamport, field, ...), ...]
        self.sends = sends  # [(destination, lamport, message), ...]; a Byzantine node makes each when it is asked for

    def empty(self) -> bool:
        return self.checkpoint is None and not self.records and not self.events and not self.sends


class Effects:
    """The only way in which consensus and ledger touch the world."""

    def __init__(self, clock: "LamportClock", tracer: "Tracer") -> None:
        self._clock = clock
        self._tracer = tracer
        # Taken after each turn, and before the next step once they are full: bounded by TURN_SENDS_MAX and by what one
        # step can do.
        self._forced: list[Array] = []  # at most TURN_SENDS_MAX and INSTANCES_MAX slots' votes and bodies
        self._later: list[Array] = []  # at most LATER_RECORDS_MAX, and those of one turn
        # at most TURN_SENDS_MAX and INSTANCES_MAX slots' state or the answers to one question
        self._sends: list[tuple[int, int, messages.Message]] = []
        self._refusals_traced = 0  # in this tick
        self.refusals = 0  # traced or not
        self.records_written = 0  # since the last checkpoint
        self.wants_checkpoint = False
        self.silence: str | None = None  # reason, once the replica must not speak any more
        self.has_memory = True  # False: flash is blank, and stays so until the replica may vote again
        self.is_muted = False  # while state is rebuilt from flash nothing is new
        self._nothing = Ready(None, [], 0, [], ())  # made once: most steps have no effect

    def persist(self, record: "Array") -> None:
        """Write to flash before any message sent from now on leaves."""
        if not self.is_muted:
            self._forced.append(record)

    def persist_later(self, record: "Array") -> None:
        """Write to flash with the next forced record. If it is lost, it can be learned again."""
        if self.has_memory and not self.is_muted:
            self._later.append(record)

    def trace(self, name: str, *fields: "Item") -> None:
        if not self.is_muted:
            self._tracer.emit(name, self._clock.tick(), *fields)

    def event_time(self) -> int:
        """Lamport time of an event that the caller traces, with this time among its fields."""
        return self._clock.tick()

    def send(self, destination: int, message: messages.Message) -> None:
        """To a replica, to every other replica (BROADCAST) or to the ground (GROUND)."""
        if self.is_muted:
            return
        if self.silence is not None and messages.is_flight(message.KIND):
            return
        time = self._clock.tick()
        if self._tracer.messages:
            self._trace_send(time, destination, message)
        self._sends.append((destination, time, message))

    def _trace_send(self, time: int, destination: int, message: messages.Message) -> None:
        slot = getattr(message, "slot", 0)
        self._tracer.emit("Send", time, destination, message.KIND, slot, getattr(message, "view", 0))

    def receive(self, verdict: str, source: int, sent: int, kind: int) -> bool:
        """Record a receipt, an event of its own. False: its time of sending cannot be believed, so the message counts
        as lost. `verdict`: what the witnesses say of the time."""
        if verdict == IN_ORDER:
            try:
                time = self._clock.witness(sent)
                if self._tracer.messages:
                    self._tracer.emit("Receive", time, source, sent, kind)
                return True
            except CodecError:
                verdict = LOST
        self.refuse(source, kind, "lamport")
        return verdict != LOST

    def refuse(self, peer: int, kind: int, reason: str) -> None:
        """Trace what was refused, and why. Of a flood, trace only the beginning: else we would flood the ground."""
        self.refusals += 1
        if self._refusals_traced < limits.REFUSALS_TRACED_PER_TICK_MAX:
            self._refusals_traced += 1
            self.trace("Refuse", peer, kind, reason)

    def new_tick(self) -> None:
        self._refusals_traced = 0

    def silent(self, reason: str) -> None:
        self.silence = reason
        self.trace("Silent", reason)
        self.send(limits.GROUND, messages.Log(3, "silent: " + reason))

    def compact(self) -> None:
        """A good moment for a new checkpoint on flash."""
        if not self.is_muted:
            self.wants_checkpoint = True

    def are_full(self) -> bool:
        """Should these effects be performed before the next step adds to them?"""
        return (
            len(self._sends) >= limits.TURN_SENDS_MAX
            or len(self._forced) >= limits.TURN_SENDS_MAX
            or len(self._tracer.events) >= limits.TURN_EVENTS_MAX
        )

    def are_empty(self) -> bool:
        """Whether `take` without a checkpoint would give `nothing`."""
        if self._sends or self._forced or self._tracer.events:
            return False
        return len(self._later) < limits.LATER_RECORDS_MAX

    def nothing(self) -> Ready:
        """An empty Ready, always the same one. What waits for a forced record goes on waiting."""
        nothing = self._nothing
        nothing.first_seq = self._tracer.next_seq
        nothing.sends = ()  # a Byzantine node has put its own there
        return nothing

    def take(self, checkpoint: "Array | None") -> Ready:
        """Everything gathered so far, as a Ready. A checkpoint replaces the records."""
        records = []
        if checkpoint is not None:
            self._forced, self._later = [], []
            self.records_written = 0
        elif self._forced or len(self._later) >= limits.LATER_RECORDS_MAX:
            records = self._later + self._forced
            self._forced, self._later = [], []
            self.records_written += len(records)
        ready = Ready(checkpoint, records, self._tracer.next_seq, self._tracer.take(), self._sends)
        self._sends = []
        return ready

"""The flight software's core as one pure state machine, in the manner of etcd-io/raft and h11.

    node.step(source, lamport, message)     an authenticated message; several may follow each other
    node.tick()                             a board tick has passed
    ready = node.ready()                    what to do, in order: checkpoint, records, trace events, sends
    node.advance()                          it is done

No clock, no I/O, no random number inside: the same inputs give the same effects, byte for byte, on every interpreter.
"""

import amu
from amu.consensus import records, surplus
from amu.consensus.quorum import Group
from amu.consensus.replica import FLOOR_UNKNOWN, Replica
from amu.core import limits
from amu.core.errors import BusyError, CodecError
from amu.core.lamport import IN_ORDER, LamportClock, Witnesses
from amu.core.limits import GROUND
from amu.node import journal
from amu.node.application import Application
from amu.node.effects import Effects
from amu.node.services import Services
from amu.node.tracer import Tracer
from amu.wire import messages as m

if "":  # for the type checker; see amu.core.types
    from collections.abc import Sequence

    from amu.core.types import AnyMessage, Array
    from amu.node.effects import Ready
    from amu.node.journal import Recovered
    from amu.node.seams import Settings

BLANK_BOOT = 1 << 20  # boot numbers of a board without memory start above this, spread by its nonce

VOTING = "voting"
SILENT = "silent"  # vote state unreadable, or a contradiction found: sends nothing to other replicas
REJOINING = "rejoining"  # without memory: listens, and votes again once that is safe


class Node:
    """`config` as in amu.boards.config; `recovered` from the journal; `nonce` 1 .. 2**20-1, fresh for each start.

    Adversaries, oracles and tests read `replica`, `services`, `effects`, `me` and `group`.
    `ended`: None, or why the life before ended by itself: (reason, free heap, longest run of it).
    """

    def __init__(
        self, config: "Settings", recovered: "Recovered", nonce: int, ended: tuple[str, int, int] | None = None
    ) -> None:
        exported, boot_record, rest = _sort(recovered)
        if recovered.status == journal.UNREADABLE or (boot_record is None and recovered.status == journal.BLANK):
            self.boot = BLANK_BOOT + nonce
            clock = 0
        else:
            _, boot, clock = boot_record or (records.BOOT, -1, 0)
            self.boot = boot + 1
        self.group = Group(config.replica_count)
        self.me = config.replica
        self._clock = LamportClock(clock)
        self._witnesses = Witnesses(self.group.size, self.group.blocking)
        self._reserved = clock
        self.effects = Effects(self._clock, Tracer(config.trace_messages))
        self._application = Application(self.effects, self.group.size)
        self.replica = Replica(self.me, self.group, config.view_timeout_ticks, self._application, self.effects, nonce)
        self.services = Services(
            self.me,
            self.group.size,
            self.boot,
            config.turn_ticks,
            config.snapshot_ticks,
            self.effects,
            lambda: self.replica.applied,
        )
        self._is_performing = False
        self._wake(recovered, exported, rest, ended)

    def _wake(
        self, recovered: "Recovered", exported: "Array | None", rest: "list[Array]", ended: tuple[str, int, int] | None
    ) -> None:
        effects, replica, status = self.effects, self.replica, recovered.status
        if status == journal.BLANK:
            replica.floor = FLOOR_UNKNOWN
            effects.has_memory = False
        effects.is_muted = True
        if status != journal.UNREADABLE:
            replica.restore(exported, rest)
        effects.is_muted = False
        effects.trace("Boot", amu.VERSION, status, replica.applied)
        if ended is not None:
            effects.trace("Restart", *ended)
        if status == journal.UNREADABLE:
            # A vote may be missing: a new vote could contradict it.
            replica.halt(recovered.why)
            return
        self._reserve()
        replica.trace_restored()
        replica.open_window()
        replica.settle()

    def _reserve(self) -> None:
        """Reserve clock values on flash before their use, so that a reboot repeats no time."""
        self._reserved = self._clock.time + limits.LAMPORT_RESERVE
        if not self.effects.has_memory and self.effects.records_written >= limits.BLANK_RECORDS_MAX:
            return  # nothing cuts the journal of a board without memory, and its clock restarts with every boot
        self.effects.persist([records.BOOT, self.boot, self._reserved])

    # --- what the board may know ------------------------------------------------------------

    @property
    def applied_slot(self) -> int:
        return self.replica.applied

    @property
    def lamport(self) -> int:
        """Time of the latest event."""
        return self._clock.time

    @property
    def messages_refused(self) -> int:
        """Messages that the core refused since boot, traced or not."""
        return self.effects.refusals

    @property
    def mode(self) -> str:
        if self.replica.is_halted:
            return SILENT
        return REJOINING if self.replica.floor < 0 else VOTING

    # --- inputs -----------------------------------------------------------------------------

    def step(self, source: int, lamport: int, message: "AnyMessage") -> None:
        """One authenticated message of `source` (a replica, a learner or GROUND), sent at Lamport time `lamport`."""
        assert not self._is_performing, "step between ready and advance"
        kind = message.KIND
        size = self.group.size
        if source < size and source != self.me and m.is_flight(kind):
            # Can its time be believed?
            if self.effects.receive(self._witnesses.judge(self._clock, source, lamport), source, lamport, kind):
                self.services.heard(source)
                if kind != m.Segment.KIND:
                    self.replica.receive(source, message)
                elif self.mode != SILENT:
                    self.services.receive(source, message)
        elif source == GROUND:
            if self.effects.receive(IN_ORDER, source, lamport, kind):
                self._on_telecommand(message)
        elif size <= source <= limits.LEARNER_LAST and kind in (m.Fetch.KIND, m.FetchState.KIND):
            verdict = self._witnesses.judge_stranger(self._clock, lamport)
            if self.effects.receive(verdict, source, lamport, kind):
                self.replica.receive_question(source, message)
        else:
            self.effects.refuse(source, kind, "not a flight message")

    def is_surplus(self, source: int, vote: "Sequence[int]", data: bytes) -> bool:
        """Whether the board may drop a vote of the replica `source` unchecked: it could change nothing even if it is
        authentic (`vote`, `data`: see amu.consensus.surplus), and the failure detector has heard the source lately."""
        return surplus.is_surplus(self.replica, source, vote, data) and self.services.is_current(source)

    def tick(self) -> None:
        """One board tick has passed. Drives timers and retransmission, nothing that safety rests on."""
        assert not self._is_performing, "tick between ready and advance"
        self.effects.new_tick()
        self.replica.tick()
        if self.mode != SILENT:
            self.services.tick()

    def compact(self) -> None:
        """The journal has little room left: write a checkpoint at the next opportunity."""
        self.effects.compact()

    def note_refused(self, source: int, kind: int, reason: str) -> None:
        """Trace a frame that the board refused before it became a message."""
        self.effects.trace("Refuse", source, kind, reason)  # bounded and counted by the board

    # --- outputs ----------------------------------------------------------------------------

    def _has_nothing(self) -> bool:
        """Whether there is no effect, as after most steps: told at once, without looking through the rest."""
        effects = self.effects
        return (
            effects.are_empty()
            and not effects.wants_checkpoint
            and effects.records_written < limits.JOURNAL_RECORDS_MAX
            and self._clock.time + limits.LAMPORT_RESERVE // 2 <= self._reserved
        )

    def is_full(self) -> bool:
        """Call `ready` before the next `step`: the effects of those so far are many. After one step it is never too
        late."""
        return self.effects.are_full()

    def ready(self) -> "Ready":
        """Effects since the last call. Perform them, then call `advance`."""
        effects = self.effects
        if self._has_nothing():
            self._is_performing = True
            return effects.nothing()
        checkpoint = None
        if self.mode != SILENT:
            if self._clock.time + limits.LAMPORT_RESERVE // 2 > self._reserved:
                self._reserve()
            is_long = effects.records_written >= limits.JOURNAL_RECORDS_MAX
            if (effects.wants_checkpoint or is_long) and self.replica.floor >= 0:
                effects.wants_checkpoint = False
                self._reserved = self._clock.time + limits.LAMPORT_RESERVE
                checkpoint = [self.boot, self._reserved, self.replica.export()]
        ready = effects.take(checkpoint)
        self._is_performing = True
        return ready

    def advance(self) -> None:
        """The last `ready` has been performed."""
        self._is_performing = False

    # --- telecommands -----------------------------------------------------------------------

    def _on_telecommand(self, message: "AnyMessage") -> None:
        if message.KIND == m.Hello.KIND:
            self._send_identity(message.nonce)
        elif message.KIND == m.Request.KIND:
            self._on_request(message.client, message.operation, message.command)
        else:
            self.effects.refuse(GROUND, message.KIND, "not a telecommand")

    def _send_identity(self, nonce: int) -> None:
        self.effects.send(
            GROUND,
            m.Identity(nonce, self.me, self.group.size, self.boot, amu.VERSION, self.mode, self.replica.applied),
        )

    def _on_request(self, client: int, operation: int, command: "Array") -> None:
        status, done = self._application.status(client, operation)
        if status == "done":
            slot, result = done  # type: ignore[misc]
            self.effects.send(GROUND, m.Reply(client, operation, slot, result))
            return
        if status == "new":
            try:
                self.replica.request(client, operation, command)
                status = "queued"
            except BusyError:
                status = "busy"
            except CodecError:
                status = "malformed"
        self.effects.send(GROUND, m.Receipt(client, operation, status))


def _sort(recovered: "Recovered") -> "tuple[Array | None, Array | None, list[Array]]":
    """(exported replica state or None, last BOOT record or None, other records) of what the journal held."""
    exported, boot_record = None, None
    if recovered.checkpoint is not None:
        boot, reserved, exported = recovered.checkpoint
        boot_record = [records.BOOT, boot, reserved]
    rest = []
    for record in recovered.records:
        if record[0] == records.BOOT:
            boot_record = record
        else:
            rest.append(record)
    return exported, boot_record, rest

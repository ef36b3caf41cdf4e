"""Staying up to date: the decided log kept for laggards, progress reports, fetching, and rejoining without memory.

A replica that is behind believes f+1 equal replies: `Decided` for single slots, checkpoint digests for whole states.

Rejoining after amnesia: a replica that lost its flash may have voted in slots that it no longer knows. Each of them
was open to it, so it is at most W = WINDOW_SLOTS beyond the last slot d that it had applied, and d was decided by n-f
voters that each had applied d - W. Any n-f other replicas include f+1 of those voters, of whom f-1 may lie, so two
tell the truth; with M the second highest applied slot among n-f *fresh* answers, every old vote is at a slot <= M + 2W.
So it votes above that only. (The highest would be safe, too, but a single liar could name one that the log never
reaches.) A nonce proves freshness: an old Progress frame that is still in transit could report too little. So could a
voter that has forgotten, too, and has only just rejoined: it answers when it has applied all but a window below its own
floor, hence all but a window below each of its old votes.
"""

from amu.consensus import checkpoints, records
from amu.consensus.checkpoints import Checkpoints
from amu.consensus.quorum import kth_largest
from amu.core import limits
from amu.core.chunks import split
from amu.core.limits import BROADCAST, WINDOW_SLOTS
from amu.wire.messages import Decided, Fetch, FetchState, Probe, Progress, StateChunk

if "":  # for the type checker; see amu.core.types
    from amu.consensus.replica import Replica
    from amu.core.chunks import Chunks
    from amu.core.types import AnyMessage, Array, Source


class CatchUp:
    """`replica` is the log that this serves; `nonce` is fresh for every start of the board (0: never rejoins)."""

    def __init__(self, replica: "Replica", nonce: int) -> None:
        self._replica = replica
        self._group = replica.group
        self._me = replica.me
        self._effects = replica.effects
        self._nonce = nonce
        self._log: list[Array] = []  # at most LOG_SLOTS_MAX + CHECKPOINT_SLOTS [slot, value, body], slots ascending
        patience_periods_max = limits.transfer_patience_periods_max(replica.view_timeout_ticks)
        self.checkpoints = Checkpoints(replica.me, replica.group, replica.effects, patience_periods_max)
        # applied slot in each peer's fresh answer to our Probe
        self._answers: list[int | None] = [None] * self._group.size
        self._asked_up_to = 0
        self._turn = 0
        self._has_heard = False

    # --- the log ----------------------------------------------------------------------------

    def applied(self, slot: int, value: bytes, body: bytes) -> None:
        """A slot has been applied: keep its body for laggards, and make a checkpoint when one is due."""
        self._log.append([slot, value, body])
        if slot % limits.CHECKPOINT_SLOTS == 0:
            replica = self._replica
            self.checkpoints.make(slot, replica.proposers, replica.application.encoded())
            self._effects.compact()
            self._send_progress(BROADCAST, 0)
        self._cut()
        if slot == self._asked_up_to:
            self._fetch()  # a laggard asks for the next slots at once

    def _cut(self) -> None:
        """Drop the log before the stable checkpoint's predecessor: a laggard may adopt a state instead.

        A replica that is behind shares no checkpoint with n-f others, but applies what f+1 others report, above the
        watermark, too: without the second bound its log would grow without end.
        """
        log = self._log
        while log and (
            log[0][0] <= self.checkpoints.stable_slot - limits.CHECKPOINT_SLOTS
            or len(log) > limits.LOG_SLOTS_MAX + limits.CHECKPOINT_SLOTS
        ):
            log.pop(0)

    def _entry(self, slot: int) -> "Array | None":
        log = self._log
        index = min(slot - log[0][0], len(log) - 1) if log else -1
        while index >= 0 and log[index][0] > slot:  # above a gap, where a state was adopted
            index -= 1
        return log[index] if index >= 0 and log[index][0] == slot else None

    def answer_decided(self, peer: int, slot: int) -> None:
        """`peer` is still busy with a slot that we have retired."""
        entry = self._entry(slot)
        if entry is None:
            self._send_checkpoints(peer)
        else:
            _, value, _ = entry
            self._effects.send(peer, Decided(slot, value, b""))

    # --- messages ---------------------------------------------------------------------------

    def receive(self, peer: int, message: "AnyMessage") -> None:
        self._has_heard = True
        kind = message.KIND
        if kind == Progress.KIND:
            self._on_progress(peer, message)
        elif kind in (Fetch.KIND, FetchState.KIND, Probe.KIND):
            if self._replica.may_answer(peer, kind, self.cost(kind)):
                self._on_question(peer, message)
        elif kind == StateChunk.KIND:
            self._on_chunk(peer, message)
        else:
            self._effects.refuse(peer, kind, "not a flight message")

    def cost(self, kind: int) -> int:
        """The most messages that the answer to a question takes."""
        return limits.CHUNKS_PER_REPLY_MAX if kind == FetchState.KIND else 2

    def answer_learner(self, learner: int, message: "AnyMessage") -> None:
        """Answer as to a replica. Learners receive no reports, so we report our progress when a learner asks beyond the
        end of our log, and once per window while it is more than a window behind."""
        self._on_question(learner, message)
        if message.KIND == Fetch.KIND:
            slot, applied = message.slot, self._replica.applied
            is_behind = slot + WINDOW_SLOTS < applied and slot % WINDOW_SLOTS == 0 and self._entry(slot) is not None
            if slot > applied or is_behind:
                self._send_progress(learner, 0)

    def _on_question(self, peer: int, message: "AnyMessage") -> None:
        kind = message.KIND
        if kind == Fetch.KIND:
            self._on_fetch(peer, message.slot)
        elif kind == FetchState.KIND:
            if not self.checkpoints.serve(peer, message.slot, message.offset):
                self._send_checkpoints(peer)
        elif 0 <= self._replica.floor <= self._replica.applied + WINDOW_SLOTS:
            self._send_progress(peer, message.nonce)

    def _on_fetch(self, peer: int, slot: int) -> None:
        entry = self._entry(slot)
        if entry is not None:
            _, value, body = entry
            self._effects.send(peer, Decided(slot, value, body))
            return
        instance = self._replica.find(slot)
        if instance is not None and instance.decision is not None:
            value = instance.decision
            self._effects.send(peer, Decided(slot, value, instance.bodies.get(value) or b""))
        elif slot <= self._replica.applied:
            self._send_checkpoints(peer)

    def _on_progress(self, peer: int, message: Progress) -> None:
        stable_slot = self.checkpoints.stable_slot
        self.checkpoints.heard(peer, message)
        if self.checkpoints.stable_slot != stable_slot:
            self._cut()
            self._replica.open_window()  # the high watermark has risen
        if message.nonce and message.nonce == self._nonce and self._replica.floor < 0:
            self._answers[peer] = message.applied_slot
            self._try_rejoin()

    def _send_progress(self, destination: int, nonce: int) -> None:
        slot, digest, _ = self.checkpoints.latest()
        self._effects.send(destination, Progress(self._replica.applied, slot, digest, nonce))

    def _send_checkpoints(self, peer: int) -> None:
        """Tell a peer that asks for a slot we dropped which states we have: f+1 may share the older one only."""
        for slot, digest in self.checkpoints.held():
            self._effects.send(peer, Progress(self._replica.applied, slot, digest, 0))

    # --- behind -----------------------------------------------------------------------------

    def tick(self, ticks: int) -> None:
        replica = self._replica
        if ticks % limits.PROGRESS_PERIOD_TICKS == 0:
            if replica.floor < 0:
                if self._has_heard and self._nonce:
                    self._effects.send(BROADCAST, Probe(self._nonce))
            else:
                self._send_progress(BROADCAST, 0)
        if ticks % limits.CATCH_UP_PERIOD_TICKS:
            return
        applied = replica.applied
        if self.checkpoints.target() <= applied:
            self.checkpoints.come_to(applied)
        elif self.checkpoints.catch_up(applied):
            self._fetch()

    def _fetch(self) -> None:
        """Ask f+1 peers, different ones each time, for the next window of slots."""
        replica = self._replica
        last = min(self.checkpoints.target(), replica.applied + WINDOW_SLOTS)
        self._turn += 1
        for slot in range(replica.applied + 1, last + 1):
            self._asked_up_to = slot
            message = Fetch(slot)
            for k in range(self._group.blocking):
                peer = (self._turn + k) % (self._group.size - 1)
                if peer >= self._me:
                    peer += 1
                self._effects.send(peer, message)

    def _on_chunk(self, peer: int, message: StateChunk) -> None:
        whole = self.checkpoints.on_chunk(peer, message)
        if whole is None:
            return
        slot, data = whole
        if slot > self._replica.applied:
            self._adopt(slot, data)
            self._effects.compact()
            _, digest, _ = self.checkpoints.latest()
            self._effects.trace("Adopt", slot, digest)
            self._replica.open_window()

    def _adopt(self, slot: int, data: "Chunks") -> None:
        proposers = self._take_over(len(data), data.drain())
        self.checkpoints.stable_slot = slot
        self._cut()  # no further: we may be one of the f+1 that still know a slot below
        self._replica.jump(slot, proposers)

    def _take_over(self, length: int, source: "Source") -> list[int]:
        """Adopt the state of a checkpoint and keep the checkpoint. Returns its proposers.

        The bytes are written again from the state, since most of them then are the ledger's own.
        """
        application = self._replica.application
        slot, proposers, state = checkpoints.decode(length, source)
        application.adopt(state)
        self.checkpoints.keep(slot, checkpoints.composed(slot, proposers, application.encoded()))
        return proposers

    # --- without memory ---------------------------------------------------------------------

    def _try_rejoin(self) -> None:
        answers = [answer for answer in self._answers if answer is not None]
        if len(answers) >= self._group.quorum:
            floor = kth_largest(answers, 2) + 2 * WINDOW_SLOTS
            self._replica.floor = floor
            self._effects.persist([records.FLOOR, floor])
            self._effects.has_memory = True
            self._effects.compact()  # the journal stays blank until a checkpoint
            self._effects.trace("Rejoin", floor)

    # --- reboot -----------------------------------------------------------------------------

    def export(self) -> "Array":
        """Stable slot, our own checkpoints, and the log."""
        return [self.checkpoints.stable_slot, self.checkpoints.export(), self._log]

    def restore(self, exported: "Array") -> None:
        stable, own, log = exported
        for data in own:
            data = split(data) if isinstance(data, bytes) else data
            proposers = self._take_over(len(data), data.source())
        if own:
            self._replica.jump(self.checkpoints.latest()[0], proposers)
        self.checkpoints.stable_slot = stable
        for slot, value, body in log:
            if slot <= self._replica.applied:
                self._log.append([slot, value, body])
            else:
                self._replica.apply(slot, value, body)

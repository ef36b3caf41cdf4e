"""The replicated log: a window of TetraBFT instances, applied in slot order.

Composition rules (ours; decision records leader_rule, rejoin_after_amnesia):
- Slot s opens when slot s - WINDOW_SLOTS is applied, and not before a checkpoint LOG_SLOTS_MAX slots back is stable.
- leader(s, v) = (proposer of decided slot s - WINDOW_SLOTS + v) mod n: sticky, so a dead leader costs once per window.
- State is sent again, not messages: a slot in which we have not moved for a while sends its whole state in one
  idempotent frame, after pauses that grow.
- A leader with a proposal under way keeps a body that is not full back for some ticks (decision record batching).
- Nothing about a slot outside the window is believed, except what f+1 replicas agree on (catch-up).
- A replica votes only above its vote floor: 0 normally; not at all while the floor is unknown (-1, lost memory).

Deterministic and pure: messages and ticks in, effects out.
"""

from amu.consensus import bodies, records
from amu.consensus.batch_timer import BatchTimer
from amu.consensus.catch_up import CatchUp
from amu.consensus.instance import WORDS_MAX, Instance
from amu.consensus.pending import Pending
from amu.core import limits
from amu.core.errors import CodecError
from amu.core.limits import WINDOW_SLOTS
from amu.wire import messages as m

if "":  # for the type checker; see amu.core.types
    from collections.abc import Callable

    from amu.consensus.quorum import Group
    from amu.consensus.seams import Application, Effects
    from amu.core.types import AnyMessage, Array

FLOOR_UNKNOWN = -1
_PRESENT = WINDOW_SLOTS  # index among `instances` of the first slot that is not applied


class Replica:
    """`effects` and `application`: see amu.consensus.seams. Oracles read the public attributes, too."""

    def __init__(
        self,
        me: int,
        group: "Group",
        view_timeout_ticks: int,
        application: "Application",
        effects: "Effects",
        nonce: int,
    ) -> None:
        self.me = me
        self.group = group
        self.view_timeout_ticks = view_timeout_ticks
        self.application = application
        self.effects = effects
        self.applied = 0
        self.floor = 0
        self.pending = Pending()
        self._batch_timer = BatchTimer(view_timeout_ticks)
        self.is_halted = False
        self.catch_up = CatchUp(self, nonce)
        self.proposers = [0] * (2 * WINDOW_SLOTS)  # of the last applied slots, oldest first
        self.instances: list[Instance | None] = [None] * limits.INSTANCES_MAX  # slots _base() ..
        self._is_restoring = False
        self._suspect: int | None = None
        self._ticks = 0
        self._answers = [0] * group.size  # messages that each peer's questions have cost us in this tick
        self._learner_answers = 0  # and those of all learners together
        self._handlers: dict[int, Callable[[int, AnyMessage], None]] = {
            m.Proposal.KIND: self._on_proposal,
            m.Vote.KIND: self._on_vote,
            m.Suggest.KIND: self._on_suggest,
            m.Proof.KIND: self._on_proof,
            m.ViewChange.KIND: self._on_wish,
            m.Status.KIND: self._on_status,
            m.Decided.KIND: self._on_decided,
            m.FetchBody.KIND: self._on_fetch_body,
            m.Body.KIND: self._on_body,
        }

    # --- what instances ask -----------------------------------------------------------------

    def leader(self, slot: int, view: int) -> int:
        """Leader of `view` in an open or retained slot."""
        index = slot - self.applied + WINDOW_SLOTS - 1
        return (self.proposers[index] + view) % self.group.size

    def may_vote(self, slot: int) -> bool:
        return self.floor >= 0 and slot > self.floor and not self.is_halted and not self._is_restoring

    def next_body(self, instance: Instance, view: int) -> bytes | None:
        """Body when the choice is free. Without requests: none in view 0, an empty body later."""
        if view == 0 and not self._is_next(instance.slot):
            return None
        if view == 0:
            if self.pending.waiting() == 0 or self._keeps_back():
                return None
            self._batch_timer.stop()
        batch = self.pending.batch(instance.slot)
        self.pending.assign(instance.slot, batch)
        return bodies.join(view, [entry.data for entry in batch])

    def _keeps_back(self) -> bool:
        """Shall the next body wait for more requests? A full one must not, nor one that nothing is ahead of."""
        is_full = self.pending.fill_a_body()
        return not is_full and self._has_proposal_under_way() and self._batch_timer.may_wait()

    def _has_proposal_under_way(self) -> bool:
        """Whether we have proposed for a slot that is not decided yet."""
        for slot in range(self.applied + 1, self._last_open() + 1):
            instance = self.find(slot)
            if instance is not None and instance.proposed_view >= 0 and instance.decision is None:
                return True
        return False

    def _is_next(self, slot: int) -> bool:
        """Whether every open slot before this one has its proposal: slots filled in order leave no holes."""
        for earlier in range(self.applied + 1, slot):
            instance = self.find(earlier)
            if instance is None or (instance.decision is None and not instance.has_proposal()):
                return False
        return True

    def on_abandoned(self, leader: int) -> None:
        """n-f replicas have left a view of `leader`. Not a verdict: we only stop waiting for its other empty slots."""
        self._suspect = leader

    def on_proposal_by(self, peer: int) -> None:
        if peer == self._suspect:
            self._suspect = None

    def is_valid(self, instance: Instance, view: int, body: bytes, is_vouched: bool) -> bool:
        """May this body be voted for? Each request is one that we hold or have applied, or f+1 vouch for all. If not
        because of a request, `instance.lacks` tells the last such one."""
        instance.lacks = None
        try:
            origin_view, requests, entries = self.pending.read(body)
        except CodecError:
            return False
        if origin_view > view or (not requests and origin_view == 0):
            return False
        if not is_vouched:
            has_news = False
            for i in range(len(requests)):
                if entries[i] is not None:
                    has_news = True
                    continue
                client, operation, _ = requests[i]
                if self.application.status(client, operation)[0] == "new":
                    instance.lacks = (client, operation)
            if instance.lacks is not None:
                return False
            if view == 0 and not has_news:
                return False  # a leader that repeats applied requests would use up slots and flash
        if instance.slot > self.applied:  # else nothing would ever free them again
            self.pending.assign(instance.slot, entries)
        return True

    def on_conclusion(self, instance: Instance) -> None:
        """The decision and its body are known. `settle` applies them, not this call: a board's stack is shallow."""
        if not instance.is_concluded:
            instance.is_concluded = True
            self.effects.persist_later([records.DECIDE, instance.slot, instance.decision])

    def halt(self, reason: str) -> None:
        """More than f replicas must be faulty: say so and fall silent."""
        if not self.is_halted:
            self.is_halted = True
            self.effects.silent(reason)

    # --- inputs -----------------------------------------------------------------------------

    def receive(self, peer: int, message: "AnyMessage") -> None:
        """One authenticated flight message of replica `peer`."""
        if self.is_halted:
            return
        handler = self._handlers.get(message.KIND)
        if handler is None:
            self.catch_up.receive(peer, message)
        else:
            slot = message.slot
            index = slot - self.applied + _PRESENT - 1
            if index >= limits.INSTANCES_MAX:
                self.effects.refuse(peer, message.KIND, "ahead of the window")
            elif index < 0 or slot < 1:
                if message.KIND == m.Status.KIND and self.may_answer(peer, message.KIND, 1):
                    self.catch_up.answer_decided(peer, slot)
            else:
                handler(peer, message)
        self.settle()

    def receive_question(self, learner: int, message: "AnyMessage") -> None:
        """A learner asks for a slot or a state. It is in no quorum, and what all learners may cost is bounded."""
        cost = self.catch_up.cost(message.KIND)
        if self._learner_answers + cost > limits.LEARNER_ANSWERS_PER_TICK_MAX:
            self.effects.refuse(learner, message.KIND, "too many learners")
        elif not self.is_halted:
            self._learner_answers += cost
            self.catch_up.answer_learner(learner, message)

    def may_answer(self, peer: int, kind: int, count: int) -> bool:
        """May we send `peer` `count` more messages in answer to its questions in this tick? A flooder asks for more."""
        if self._answers[peer] + count > limits.ANSWERS_PER_TICK_MAX:
            self.effects.refuse(peer, kind, "too many questions")
            return False
        self._answers[peer] += count
        return True

    def request(self, client: int, operation: int, command: "Array") -> None:
        """A request from the ground station. BusyError if the queue is full, CodecError if no proposal can carry it."""
        is_new = self.pending.add(client, operation, command)
        self._retry_open((client, operation) if is_new else None)  # who asks again has waited: try everything again
        self.settle()

    def tick(self) -> None:
        if self.is_halted:
            return
        self._ticks += 1
        for peer in range(self.group.size):
            self._answers[peer] = 0
        self._learner_answers = 0
        if self._batch_timer.tick():
            self._retry_open()
        self._mark_demand()
        for instance in self.instances:
            if instance is not None:
                instance.tick()
        if self._ticks % limits.STATUS_PERIOD_TICKS == 0:
            for instance in self.instances:
                if instance is not None and instance.is_open:
                    instance.ask_for_body()
        self.catch_up.tick(self._ticks)
        self.settle()

    def settle(self) -> None:
        """Apply what is decided, in slot order, and open what that allows. A loop, not a recursion."""
        while not self.is_halted:
            instance = self.instances[_PRESENT]
            if instance is None or instance.decision is None:
                break
            value = instance.decision
            body = instance.bodies.get(value)
            if body is None:
                break
            self.apply(self.applied + 1, value, body)
            self.open_window()

    # --- slots ------------------------------------------------------------------------------

    def _base(self) -> int:
        return self.applied - _PRESENT + 1

    def find(self, slot: int) -> Instance | None:
        """Instance of `slot`, or None if it is out of range or nothing has been said of it."""
        index = slot - self.applied + _PRESENT - 1
        if slot < 1 or index < 0 or index >= limits.INSTANCES_MAX:
            return None
        return self.instances[index]

    def instance(self, slot: int) -> Instance:
        """Instance of `slot`, created on first use. The slot must be in range."""
        index = slot - self.applied + _PRESENT - 1
        instance = self.instances[index]
        if instance is None:
            instance = Instance(slot, self.group, self.me, self, self.effects)
            instance.is_open = slot <= self._last_open() and not self._is_restoring
            self.instances[index] = instance
        return instance

    def _last_open(self) -> int:
        return min(self.applied + WINDOW_SLOTS, self.catch_up.checkpoints.stable_slot + limits.LOG_SLOTS_MAX)

    def open_window(self) -> None:
        """Open the instances that only buffered so far, and offer waiting requests to all open ones."""
        if self._is_restoring:
            return
        last = self._last_open()
        for instance in list(self.instances):
            if instance is not None and not instance.is_open and instance.slot <= last:
                instance.open()
        self._retry_open()

    def _retry_open(self, request: tuple[int, int] | None = None) -> None:
        """`request`: (client, operation) of the one that has just come, if nothing else is new."""
        if self._is_restoring or self.is_halted:
            return
        before = self.applied - _PRESENT + 1
        for slot in range(self.applied + 1, self._last_open() + 1):
            instance = self.instances[slot - before]
            if instance is None:
                if self.pending.waiting() == 0 or self.leader(slot, 0) != self.me:
                    continue
                instance = self.instance(slot)
            instance.retry(request)

    def _mark_demand(self) -> None:
        """Mark the undecided slots that must not stay empty, so that their timers run: as many as requests wait, and
        every slot below one in progress. A leader that skips a slot, or dies before it proposes, blocks the rest."""
        waiting = self.pending.waiting()
        first, last = self.applied + 1, self._last_open()
        last_busy = 0
        is_quiet = waiting == 0
        for slot in range(first, last + 1):
            instance = self.instances[slot - first + _PRESENT]
            if instance is not None:
                is_quiet = False
                if instance.decision is not None or instance.is_busy():
                    last_busy = slot
        if is_quiet:
            return  # as at most ticks
        for slot in range(first, last + 1):
            instance = self.find(slot)
            is_needed = slot < last_busy or waiting > 0
            if instance is None:
                if not is_needed:
                    continue
                instance = self.instance(slot)
            if instance.decision is None and not instance.has_proposal():
                instance.is_demanded = is_needed
                waiting = max(0, waiting - 1)
                if is_needed and instance.view == 0 and self.leader(slot, 0) == self._suspect:
                    instance.time_out()

    def apply(self, slot: int, value: bytes, body: bytes) -> None:
        """Apply a decided slot. `settle` calls it in order; a reboot calls it for the log on flash."""
        assert slot == self.applied + 1, "applied out of order"
        try:
            origin_view, requests, entries = self.pending.read(body)
        except CodecError as error:
            self.halt("slot %d: %s" % (slot, error))
            return
        proposer = self.leader(slot, origin_view)
        self.application.apply(slot, value, requests)
        self.applied = slot
        self.proposers.append(proposer)
        self.proposers.pop(0)
        self.instances.append(None)
        self.instances.pop(0)
        self.catch_up.applied(slot, value, body)
        if self.pending.settle(slot, requests, entries) and not self._is_restoring:
            self.instance(slot + 1).time_out()

    def jump(self, slot: int, proposers: list[int]) -> None:
        """Adopt a state applied up to `slot`, and forget all earlier slots."""
        distance = slot - self.applied
        kept = []
        for instance in self.instances[distance:]:
            kept.append(instance)
        self.instances = kept + [None] * (limits.INSTANCES_MAX - len(kept))
        self.applied = slot
        self.proposers = proposers
        status = self.application.status
        self.pending.forget(lambda client, operation: status(client, operation)[0] != "new")

    # --- messages of a slot in range --------------------------------------------------------

    def _on_proposal(self, peer: int, message: m.Proposal) -> None:
        self.instance(message.slot).on_proposal(peer, message.view, message.body)

    def _on_vote(self, peer: int, message: m.Vote) -> None:
        self.instance(message.slot).on_vote(peer, message.phase, message.view, message.value)

    def _on_suggest(self, peer: int, message: m.Suggest) -> None:
        self.instance(message.slot).on_suggest(peer, message.view, message.hi2, message.second2, message.hi3)

    def _on_proof(self, peer: int, message: m.Proof) -> None:
        self.instance(message.slot).on_proof(peer, message.view, message.hi1, message.second1, message.hi4)

    def _on_wish(self, peer: int, message: m.ViewChange) -> None:
        self.instance(message.slot).on_wish(peer, message.view)

    def _on_status(self, peer: int, message: m.Status) -> None:
        instance = self.instance(message.slot)
        instance.on_status(peer, message)
        if instance.decision is not None and self.may_answer(peer, message.KIND, 1 + WORDS_MAX):
            # The sender is behind. Our messages help it to a quorum; our decision counts towards f+1.
            self.effects.send(peer, m.Decided(message.slot, instance.decision, b""))
            instance.send_words(peer)

    def _on_decided(self, peer: int, message: m.Decided) -> None:
        self.instance(message.slot).on_decided(peer, message.value, message.body)

    def _on_fetch_body(self, peer: int, message: m.FetchBody) -> None:
        instance = self.find(message.slot)
        body = None if instance is None else instance.bodies.get(message.value)
        if body is not None and self.may_answer(peer, message.KIND, 1):
            self.effects.send(peer, m.Body(message.slot, body))

    def _on_body(self, peer: int, message: m.Body) -> None:
        self.instance(message.slot).on_body(peer, message.body)

    # --- reboot -----------------------------------------------------------------------------

    def export(self) -> "Array":
        """All that must survive, as a list for the board's checkpoint."""
        written = []
        for instance in self.instances:
            if instance is not None:
                written.extend(instance.export())
        return [self.floor, self.catch_up.export(), written]

    def restore(self, exported: "Array | None", journal: "list[Array]") -> None:
        """State from a board's checkpoint (None: there was none) and the records written since."""
        self._is_restoring = True
        if exported is not None:
            self.floor, catch_up, written = exported
            self.catch_up.restore(catch_up)
            for record in written:
                self._replay(record)
        for record in journal:
            self._replay(record)
            self.settle()
        self.settle()
        self._is_restoring = False
        for instance in self.instances:
            if instance is not None:
                instance.restored()

    def _replay(self, record: "Array") -> None:
        kind, slot = record[0], record[1]
        if kind == records.FLOOR:
            self.floor = slot
            return
        if slot < self._base() or slot < 1:
            return  # of an instance that was decided and retired before the power went
        assert slot < self._base() + limits.INSTANCES_MAX, "journal beyond the window"
        self.instance(slot).replay(record)

    def trace_restored(self) -> None:
        """Trace what we found on flash, slot by slot, for the checker to compare with the trace."""
        for instance in self.instances:
            if instance is not None and instance.has_voted():
                self.effects.trace("Restore", instance.slot, instance.view, *instance.registers.as_list())

"""TetraBFT for one slot: what this replica has voted, what it has heard, and what follows from it.

Rules, in the words of specs/tetrabft/tetrabft.tla (Yu, Losa, Wang, PODC 2024):
- EnterView(v): persisted before anything of v is sent; registers are frozen for proof and suggest at that moment.
- Propose: the leader of v, once per view, when SafeAt holds on the suggests of a quorum (Rule 1), and only what it
  would vote for itself.
- Vote1: for the proposal of its own view when SafeAt holds on the proofs of a quorum (Rule 3, clause (iii-B) included).
- Vote2 .. Vote4: on a quorum of equal votes of the phase before; they may lift the replica into a higher view.
- Decide: on a quorum of equal Vote4.

Bounded: one place for each (peer, kind of message). The highest view wins, and within a view the first message: an
equivocator cannot rewrite what it said. A *passive* instance (slot at or below the vote floor, or buffering ahead of
the window) listens and decides but sends nothing of its own.
"""

from amu.consensus import records, rules
from amu.consensus.bodies import BodyShelf, value_of
from amu.consensus.quorum import count_equal
from amu.consensus.registers import Registers, names
from amu.consensus.synchroniser import Synchroniser
from amu.core import limits
from amu.core.limits import BROADCAST
from amu.wire.messages import FetchBody, Proof, Proposal, Status, Suggest, ViewChange, Vote

if "":  # for the type checker; see amu.core.types
    from amu.consensus.quorum import Group
    from amu.consensus.replica import Replica
    from amu.consensus.seams import Effects
    from amu.core.types import Array, Register, RegisterList, Told

WORDS_MAX = 7  # messages of `send_words`
_VOTE_NAMES = ("", "Vote1", "Vote2", "Vote3", "Vote4")


class Instance:
    """One slot. `log` is the replica that owns it and knows leader, vote floor, validity and what to propose."""

    def __init__(self, slot: int, group: "Group", me: int, log: "Replica", effects: "Effects") -> None:
        self.slot = slot
        self.group = group
        self.me = me
        self.log = log
        self.effects = effects
        self.is_open = False  # False: only buffers, the window has not reached the slot
        self.view = 0
        self.registers = Registers()
        self.entry: RegisterList = self.registers.as_list()  # registers as they stood when `view` was entered
        self.proposed_view = -1  # last view in which we proposed
        self.synchroniser = Synchroniser(group)
        self.bodies = BodyShelf(group)
        self.decision: bytes | None = None  # the decided value
        self.is_concluded = False  # decided, and the body is there
        self._votes: list[list[Register]] = [None] + [[None] * group.size for _ in range(4)]  # type: ignore[assignment]
        self._proofs: list[Told | None] = [None] * group.size  # (view, hi1, second1, hi4)
        self._suggests: list[Told | None] = [None] * group.size  # (view, hi2, second2, hi3)
        self._proposals: list[Register] = [None] * group.size  # (view, value)
        self._learned: list[bytes | None] = [None] * group.size  # value that each peer says it decided
        self._heard = [False] * group.size
        self.lacks: tuple[int, int] | None = None  # (client, operation): without it we cannot vote for the proposal
        self.is_demanded = False  # requests wait for this slot: the view timer runs
        self._ticks_in_view = 0
        self._ticks_still = 0  # since our last step, or since our state was sent again
        self._repeats = 0  # of our state since our last step, up to a bound

    # --- what peers say ---------------------------------------------------------------------

    def on_proposal(self, peer: int, view: int, body: bytes) -> None:
        self._heard[peer] = True
        if view < self.view or not _is_news(self._proposals[peer], view):
            return
        if self.is_open and self.log.leader(self.slot, view) != peer:
            self.effects.refuse(peer, Proposal.KIND, "not the leader")
            return
        value = value_of(self.slot, body)
        self._proposals[peer] = (view, value)
        self.bodies.put_proposed(peer, value, body)
        if self.is_open:
            self.log.on_proposal_by(peer)
            if view == self.view:  # reading a body costs milliseconds: only for what we can vote for now
                self._try_vote1()
            self._decided_body_arrived(value)

    def on_vote(self, peer: int, phase: int, view: int, value: bytes) -> None:
        self._heard[peer] = True
        before = self._votes[phase][peer]
        if before is not None and before[0] >= view:
            return  # as _is_news, without a call: most messages are votes
        self._votes[phase][peer] = (view, value)
        if self.is_open:
            self._count_votes(phase, view, value)
            if phase == 1 and view == self.view:
                self._try_vote1()  # f+1 votes vouch for requests that we have no copy of

    def on_suggest(self, peer: int, view: int, hi2: "Register", second2: "Register", hi3: "Register") -> None:
        self._heard[peer] = True
        if not _is_news(self._suggests[peer], view):
            return
        self._suggests[peer] = (view, hi2, second2, hi3)
        if self.is_open and view == self.view:
            self.retry()

    def on_proof(self, peer: int, view: int, hi1: "Register", second1: "Register", hi4: "Register") -> None:
        self._heard[peer] = True
        if not _is_news(self._proofs[peer], view):
            return
        self._proofs[peer] = (view, hi1, second1, hi4)
        if self.is_open and view == self.view:
            self._try_vote1()

    def on_wish(self, peer: int, view: int) -> None:
        self._heard[peer] = True
        if self.synchroniser.note(peer, view) and self.is_open:
            self._follow_wishes()

    def on_status(self, peer: int, status: Status) -> None:
        """The peer's whole state of the slot; each part is handled as the message that it repeats."""
        view = status.view
        if view > 0:
            self.on_proof(peer, view, status.hi1, status.second1, status.hi4)
            if self.is_open and self.log.leader(self.slot, view) == self.me:
                self.on_suggest(peer, view, status.hi2, status.second2, status.hi3)
        self.on_wish(peer, max(view, status.wish))
        phase = 0
        for value in (status.vote1, status.vote2, status.vote3, status.vote4):
            phase += 1
            if value is not None:
                self.on_vote(peer, phase, view, value)

    def on_decided(self, peer: int, value: bytes, body: bytes) -> None:
        """A reply to catch-up. f+1 equal values include a correct replica's: adopt."""
        learned = self._learned[peer]
        if learned is None:
            learned = self._learned[peer] = value
        if body and self.bodies.get(value) is None and value_of(self.slot, body) == value:
            self.bodies.put_fetched(peer, value, body)
            self._decided_body_arrived(value)
        if self.decision is None and count_equal(self._learned, learned) >= self.group.blocking:
            self.effects.trace("Learn", self.slot, learned)
            self._conclude(learned)

    def on_body(self, peer: int, body: bytes) -> None:
        """Answer to FetchBody. Only the body of a value that we asked for is kept."""
        value = value_of(self.slot, body)
        if self._is_wanted(value) and self.bodies.get(value) is None:
            self.bodies.put_fetched(peer, value, body)
            self._decided_body_arrived(value)
            self.retry()

    # --- the window and the clock -----------------------------------------------------------

    def open(self) -> None:
        """The window has reached the slot: act on all that was buffered."""
        self.is_open = True
        for peer in range(self.group.size):
            proposal = self._proposals[peer]
            if proposal is not None:
                view, _ = proposal
                if self.log.leader(self.slot, view) != peer:
                    self._proposals[peer] = None
        for phase in range(4, 0, -1):
            for vote in self._votes[phase]:
                if vote is not None:
                    view, value = vote
                    self._count_votes(phase, view, value)
        self._follow_wishes()
        self.retry()

    def has_proposal(self) -> bool:
        return self._proposals[self.log.leader(self.slot, self.view)] is not None

    def has_voted(self) -> bool:
        return self.view > 0 or self.proposed_view >= 0 or self.registers.any()

    def is_busy(self) -> bool:
        """Whether replicas work on the slot. One talkative peer is not enough."""
        return self.has_voted() or self.has_proposal() or count_equal(self._heard, True) >= self.group.blocking

    def is_active(self) -> bool:
        """The view timer runs and state is sent again."""
        return self.is_demanded or self.is_busy()

    def tick(self) -> None:
        """One tick of the view timer, which grows with the view, and of the pause until our state is sent again, which
        grows while we take no step. Timers serve liveness only (section 3, view change)."""
        if not self.is_open or self.decision is not None or self._is_passive() or not self.is_active():
            return
        self._ticks_still += 1
        if self._ticks_still >= limits.STATUS_PERIOD_TICKS << self._repeats:
            self._ticks_still = 0
            self._repeats = min(self._repeats + 1, limits.STATUS_DOUBLINGS_MAX)
            self.send_state(BROADCAST)
        self._ticks_in_view += 1
        doublings = min(self.view, limits.VIEW_TIMEOUT_DOUBLINGS_MAX)
        if self._ticks_in_view >= self.log.view_timeout_ticks << doublings:
            self._ticks_in_view = 0
            self.time_out()

    def _moved(self) -> None:
        """We have taken a step and told of it: it need not be repeated soon."""
        self._ticks_still = 0
        self._repeats = 0

    def time_out(self) -> None:
        """Wish for the next view."""
        if not self._is_passive():
            self._wish(self.view + 1)
            self._follow_wishes()

    def retry(self, request: tuple[int, int] | None = None) -> None:
        """Try again what was not possible before: something new is known, or only this `request` has come."""
        if self.is_open:
            self.try_propose()
            if request is None or self.lacks is None or self.lacks == request:
                self._try_vote1()  # it reads the whole body

    def send_state(self, destination: int) -> None:
        """Repeat our whole state in one frame, and the proposal to those that have not voted for it."""
        if self._is_passive():
            return
        registers, view = self.registers, self.view
        votes = [registers.value_in(phase, view) for phase in range(1, 5)]
        wish = self.synchroniser.wishes[self.me]
        self.effects.send(destination, Status(self.slot, view, wish, *self.entry, *votes))  # type: ignore[arg-type]
        own = self._proposals[self.me]
        if self.proposed_view != view or own is None:
            return
        _, value = own
        message = Proposal(self.slot, view, self.bodies.get(value))  # type: ignore[arg-type]
        for peer in range(self.group.size):
            if peer != self.me and destination in (BROADCAST, peer) and self._votes[1][peer] != (view, value):
                self.effects.send(peer, message)

    def send_words(self, peer: int) -> None:
        """The same to one peer, message by message. None of them is answered, so two replicas cannot echo forever."""
        if self._is_passive():
            return
        send, slot, view = self.effects.send, self.slot, self.view
        hi1, second1, hi2, second2, hi3, hi4 = self.entry
        wish = self.synchroniser.wishes[self.me]
        if wish > 0:
            send(peer, ViewChange(slot, wish))
        if view > 0:
            send(peer, Proof(slot, view, hi1, second1, hi4))
            if self.log.leader(slot, view) == peer:
                send(peer, Suggest(slot, view, hi2, second2, hi3))
        for phase in range(1, 5):
            value = self.registers.value_in(phase, view)
            if value is not None:
                send(peer, Vote(slot, view, phase, value))

    def ask_for_body(self) -> None:
        """Ask for the body of the decision, or of a value that we would propose if we had its body."""
        value = self._wanted_value()
        if value is not None and self.bodies.get(value) is None:
            self.effects.send(BROADCAST, FetchBody(self.slot, value))

    # --- what follows -----------------------------------------------------------------------

    def _is_passive(self) -> bool:
        return not self.is_open or not self.log.may_vote(self.slot)

    def _count_votes(self, phase: int, view: int, value: bytes) -> None:
        """A quorum of equal votes leads to the next phase's vote, the fourth to the decision."""
        while count_equal(self._votes[phase], (view, value)) >= self.group.quorum:
            if phase == 4:
                self._decide(view, value)
                return
            phase += 1
            if self._is_passive() or view < self.view or self.registers.voted(phase, view):
                return
            if view > self.view:
                self._enter(view)
            self._vote(phase, value)

    def _vote(self, phase: int, value: bytes) -> None:
        view, effects = self.view, self.effects
        self.registers.vote(phase, view, value)
        # Persist before send: a rebooted voter must not vote twice, nor forget what it locked.
        effects.persist([records.VOTE, self.slot, view, phase, value])
        effects.trace(_VOTE_NAMES[phase], self.slot, view, value)
        effects.send(BROADCAST, Vote(self.slot, view, phase, value))
        self._moved()
        self._votes[phase][self.me] = (view, value)

    def _try_vote1(self) -> None:
        view = self.view
        if self.registers.voted(1, view) or self._is_passive():
            return
        proposal = self._proposals[self.log.leader(self.slot, view)]
        if proposal is None:
            return
        proposed_view, value = proposal
        if proposed_view != view:
            return
        body = self.bodies.get(value)
        if body is None:
            return
        is_vouched = rules.is_vouched(value, self._proofs, self._votes, self.group)
        if not self.log.is_valid(self, view, body, is_vouched):
            return
        if not rules.safe_at(value, view, rules.reports_for(self._proofs, view), self.group, True):
            return
        self._keep_body(value, body)
        self._vote(1, value)
        self._count_votes(1, view, value)

    def try_propose(self) -> None:
        """Rule 1, for the leader of the current view."""
        view = self.view
        if (
            self.proposed_view >= view
            or self.log.leader(self.slot, view) != self.me
            or (view == 0 and self.decision is not None)
            or self._is_passive()
        ):
            return
        body = self.log.next_body(self, view) if view == 0 else self._body_after_view_change(view)
        if body is None:
            return
        value = value_of(self.slot, body)
        self.proposed_view = view
        self._keep_body(value, body)
        self.effects.persist([records.PROPOSED, self.slot, view, value])
        self.effects.trace("Propose", self.slot, view, value)
        self.effects.send(BROADCAST, Proposal(self.slot, view, body))
        self._moved()
        self._proposals[self.me] = (view, value)

    def _body_after_view_change(self, view: int) -> bytes | None:
        reports = rules.reports_for(self._suggests, view)
        if len(reports) < self.group.quorum:
            return None
        if rules.is_free(reports, self.group):
            return self.log.next_body(self, view)
        for value in rules.candidate_values(reports):
            body = self.bodies.get(value)
            if body is None or not rules.safe_at(value, view, reports, self.group, False):
                continue
            # A liar can help make a value safe that no correct voter accepts: propose only what we would vote for.
            is_vouched = rules.is_vouched(value, self._proofs, self._votes, self.group)
            if self.log.is_valid(self, view, body, is_vouched):
                return body
        return None

    def _wanted_value(self) -> bytes | None:
        """The value whose body we need: the decided one, or the first that we may propose."""
        if self.decision is not None:
            return self.decision
        if self._is_passive() or self.view == 0 or self.log.leader(self.slot, self.view) != self.me:
            return None
        if self.proposed_view >= self.view:
            return None
        reports = rules.reports_for(self._suggests, self.view)
        for value in rules.candidate_values(reports):
            if rules.safe_at(value, self.view, reports, self.group, False):
                return value
        return None

    def _is_wanted(self, value: bytes) -> bool:
        return names(self.registers.as_list(), value) or value == self._wanted_value()

    def _is_needed(self, value: bytes) -> bool:
        """Must its body be kept? Depends on flash alone, so that a reboot keeps the same bodies."""
        return value == self.decision or names(self.registers.as_list() + [self._proposals[self.me]], value)

    def _keep_body(self, value: bytes, body: bytes) -> None:
        if (value, body) not in self.bodies.kept:
            self.bodies.keep(value, body, self._is_needed)
            # With the vote: if every board loses power at once, the value that they locked must not be lost with it.
            self.effects.persist([records.BODY, self.slot, value, body])

    def _enter(self, view: int) -> None:
        assert view > self.view, "view goes backwards"
        self.log.on_abandoned(self.log.leader(self.slot, self.view))
        self.view = view
        self.lacks = None
        self.entry = self.registers.as_list()
        self._ticks_in_view = 0
        self._moved()
        effects = self.effects
        effects.persist([records.VIEW, self.slot, view])
        effects.trace("EnterView", self.slot, view)
        self.synchroniser.note(self.me, view)
        hi1, second1, hi2, second2, hi3, hi4 = self.entry
        effects.send(BROADCAST, Proof(self.slot, view, hi1, second1, hi4))
        self._proofs[self.me] = (view, hi1, second1, hi4)
        leader = self.log.leader(self.slot, view)
        if leader == self.me:
            self._suggests[self.me] = (view, hi2, second2, hi3)
        else:
            effects.send(leader, Suggest(self.slot, view, hi2, second2, hi3))

    def _wish(self, view: int) -> None:
        if self.synchroniser.note(self.me, view):
            self.effects.trace("Wish", self.slot, view)
            self.effects.send(BROADCAST, ViewChange(self.slot, view))
            self._moved()

    def _follow_wishes(self) -> None:
        if self._is_passive():
            return
        wished = self.synchroniser.echo_view()
        if wished > self.synchroniser.wishes[self.me]:
            self._wish(wished)
        agreed = self.synchroniser.enter_view()
        if agreed > self.view:
            self._enter(agreed)
            self.retry()

    def _decide(self, view: int, value: bytes) -> None:
        if self.decision is None:
            self.effects.trace("Decide", self.slot, view, value)
            self._conclude(value)
        elif self.decision != value:
            # Cannot happen with at most f faulty replicas: show it, and stop before it spreads.
            self.effects.trace("Decide", self.slot, view, value)
            self.log.halt("two values decided in slot %d" % self.slot)

    def _conclude(self, value: bytes) -> None:
        self.decision = value
        body = self.bodies.get(value)
        if body is not None:
            self._decided_body_arrived(value)
        else:
            self.ask_for_body()

    def _decided_body_arrived(self, value: bytes) -> None:
        if value == self.decision:
            body = self.bodies.get(value)
            if (value, body) not in self.bodies.kept:
                self.bodies.keep(value, body, self._is_needed)  # type: ignore[arg-type]
                self.effects.persist_later([records.BODY, self.slot, value, body])
            self.log.on_conclusion(self)

    # --- reboot -----------------------------------------------------------------------------

    def export(self) -> "list[Array]":
        """Records that restore this instance when replayed."""
        slot = self.slot
        written: list[Array] = []
        if self.has_voted():
            written.append([records.VIEW, slot, self.view])
            written.append([records.ENTRY, slot, self.entry])
            written.append([records.REGISTERS, slot, self.registers.as_list()])
        if self.proposed_view >= 0:
            view, value = self._proposals[self.me]  # type: ignore[misc]
            written.append([records.PROPOSED, slot, view, value])
        for value, body in self.bodies.kept:
            written.append([records.BODY, slot, value, body])
        if self.decision is not None:
            written.append([records.DECIDE, slot, self.decision])
        return written

    def replay(self, record: "Array") -> None:
        """One journal record of this slot. Order is that of writing."""
        kind = record[0]
        if kind == records.VOTE:
            _, _, view, phase, value = record
            self.registers.vote(phase, view, value)
        elif kind == records.VIEW:
            _, _, self.view = record
            self.entry = self.registers.as_list()
        elif kind == records.BODY:
            _, _, value, body = record
            self.bodies.keep(value, body, self._is_needed)
        elif kind == records.PROPOSED:
            _, _, view, value = record
            self.proposed_view = view
            self._proposals[self.me] = (view, value)
        elif kind == records.DECIDE:
            _, _, self.decision = record
        elif kind == records.ENTRY:
            _, _, registers = record
            self.entry = [register and tuple(register) for register in registers]
        else:
            assert kind == records.REGISTERS, "record type"
            _, _, registers = record
            self.registers.load([register and tuple(register) for register in registers])

    def restored(self) -> None:
        """The journal is replayed: count our own messages as if we had just received them."""
        me, view = self.me, self.view
        for phase in range(1, 5):
            self._votes[phase][me] = self.registers.hi[phase]
        if view > 0:
            self.synchroniser.note(me, view)
            hi1, second1, hi2, second2, hi3, hi4 = self.entry
            self._proofs[me] = (view, hi1, second1, hi4)
            self._suggests[me] = (view, hi2, second2, hi3)


def _is_news(told: "Told | Register", view: int) -> bool:
    """Whether `told`, a peer's last message of a kind as (view, ...), is from before `view`, or None."""
    return told is None or told[0] < view

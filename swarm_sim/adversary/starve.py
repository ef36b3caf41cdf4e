"""Helps the leader and starves the voters: withholds from voters the reports that let a leader propose.

Leaders and voters ask different questions (rules 1 and 3 of TetraBFT), and each counts the reports that it has itself.
So a liar can tell a leader what makes a value proposable and say nothing to the voters, view after view, unless voters
accept on their own whatever a leader may propose. Clause (iii-B) of rule 3 ensures that (Yu, Losa, Wang, PODC 2024,
section 3). This is a policy, not a schedule: the draws and the network make the schedules.

Rules, by slot and view
- It helps, but never all the way. It repeats to each peer that peer's own votes: up to phase 3 for one peer drawn in
  each view, up to phase 2 for the others; once any replica has voted in phase 4, up to phase 1. Its proofs allow every
  value. As leader it shows a value, known or new, to all but f peers, again and again. So few replicas are locked, and
  few have votes for different values.
- It falls silent to voters when that is decisive: when the next leader may propose a new value, and no claims for that
  value (clause iii-A) would let a voter accept it. From view `helped_views` on it is always silent.
- The next leader gets, ahead of time, the body of a new value, and a suggest that claims this value and all others.
- One correct replica may have voted for two values in phase 2. It claims every value, too, so it should be heard before
  the others: we send the wish for the next view to it alone, and early.
"""

from amu.consensus import bodies, rules
from amu.consensus.quorum import Group
from amu.consensus.registers import Registers
from amu.core import limits
from amu.core.errors import CodecError
from amu.core.limits import GROUND
from amu.wire import messages as m

from .base import Behaviour

if "":  # for the type checker; see amu.core.types
    from amu.core.types import AnyMessage, Array, Register

    from .base import Draws, Parameters

SLOTS_KEPT_MAX = 4
REQUESTS_KEPT_MAX = 4
BODIES_KEPT_MAX = 6  # of a slot
QUEUE_MAX = 64  # messages that wait for the next tick
BODIES_TRIED_MAX = 8  # origin views
SHOWN_TICKS = 20  # a proposal is shown again in each tick, so that a lossy link does not protect a voter


class Plan:
    """What is known of one slot, and what is done in its current view."""

    def __init__(self, slot: int, replica_count: int, is_forging: bool) -> None:
        self.slot = slot
        self.is_forging = is_forging
        self.view = -1
        self.is_helped = True
        self.first_leader: int | None = None  # leader of view 0, once it is known
        self.known: list[tuple[bytes, bytes]] = []  # (value, body), latest last
        self.registers = [Registers() for _ in range(replica_count)]  # votes of each peer, as far as we heard them
        self.depths = [0] * replica_count  # last phase in which we vote with the peer
        self.shown: list[bytes | None] = [None] * replica_count  # body that the peer is shown in a view that we lead
        self.shown_until = 0

    def know(self, body: bytes) -> None:
        pair = (bodies.value_of(self.slot, body), body)
        if pair not in self.known:
            self.known.append(pair)
            self.known = self.known[-BODIES_KEPT_MAX:]

    def heard_vote(self, peer: int, phase: int, view: int, value: bytes) -> None:
        if not self.registers[peer].voted(phase, view):
            self.registers[peer].vote(phase, view, value)

    def heard_proof(self, peer: int, proof: m.Proof | m.Status) -> None:
        """Takes votes that were lost on their way to us from a proof or a status. Ignores older ones."""
        registers = self.registers[peer]
        if _is_later(proof.hi1, registers, 1):
            registers.hi[1], registers.second[1] = proof.hi1, proof.second1
        if _is_later(proof.hi4, registers, 4):
            registers.hi[4] = proof.hi4

    def locked(self) -> list[bytes | None]:
        """The values of votes of phase 4, by peer; None without such a vote."""
        values = []
        for registers in self.registers:
            _, value = registers.hi[4] or (-1, None)
            values.append(value)
        return values

    def most_torn(self) -> int | None:
        """The peer whose votes of phase 2 claim the most; None if each peer voted for one value at most."""
        found, latest = None, -1
        for peer in range(len(self.registers)):
            second_view, _ = self.registers[peer].second[2] or (-1, None)
            if second_view > latest:
                found, latest = peer, second_view
        return found

    def is_silence_decisive(self, me: int, suggest: m.Suggest, group: Group) -> bool:
        """With `suggest` a leader may propose its value; without our proof no claims for it let a voter accept it."""
        suggests = [(suggest.hi3, suggest.hi2, suggest.second2)]
        proofs = []
        for peer in range(group.size):
            if peer != me:
                hi1, second1, hi2, second2, hi3, hi4 = self.registers[peer].as_list()
                suggests.append((hi3, hi2, second2))
                proofs.append((hi4, hi1, second1))
        _, value = suggest.hi2  # type: ignore[misc]
        view = suggest.view
        return rules.safe_at(value, view, suggests, group, False) and not rules.safe_at(
            value, view, proofs, group, False
        )


def _is_later(told: "Register", registers: Registers, phase: int) -> bool:
    if told is None:
        return False
    view, _ = told
    return not registers.voted(phase, view)


class Starve(Behaviour):
    """Does not help views of a slot from `helped_views` on. In one slot of `forges_one_in` it sends leaders bodies that
    no voter may accept: with a request that no client made."""

    PARAMETERS = (("helped_views", 12, 0, 64), ("forges_one_in", 8, 1, 1000))
    helped_views: int
    forges_one_in: int

    def __init__(self, me: int, replica_count: int, draws: "Draws", parameters: "Parameters") -> None:
        Behaviour.__init__(self, me, replica_count, draws, parameters)
        self._group = Group(replica_count)
        self._plans: list[Plan] = []  # at most SLOTS_KEPT_MAX, slots ascending
        self._requests: list[Array] = []
        self._queue: list[tuple[int, AnyMessage]] = []  # (peer, message)
        self._tick = 0

    # --- what it hears ----------------------------------------------------------------------

    def overhear(self, source: int, message: "AnyMessage") -> None:
        kind = message.KIND
        if source == GROUND:
            if kind == m.Request.KIND:
                request = [message.client, message.operation, message.command]
                if request not in self._requests:
                    self._requests.append(request)
                    self._requests = self._requests[-REQUESTS_KEPT_MAX:]
        elif kind == m.Proposal.KIND:
            plan = self._plan(message.slot, message.view)
            if plan is not None:
                plan.first_leader = (source - message.view) % self.replica_count
                plan.know(message.body)
        elif kind == m.Vote.KIND:
            self._on_vote(source, message.slot, message.view, message.phase, message.value)
        elif kind == m.Proof.KIND:
            self._on_proof(source, message)
        elif kind == m.Status.KIND:
            self._on_proof(source, message)
            votes = (None, message.vote1, message.vote2, message.vote3, message.vote4)
            for phase in range(1, 5):
                value = votes[phase]
                if value is not None:
                    self._on_vote(source, message.slot, message.view, phase, value)
        elif kind == m.FetchBody.KIND:
            self._on_fetch_body(source, message)

    def _on_vote(self, peer: int, slot: int, view: int, phase: int, value: bytes) -> None:
        plan = self._plan(slot, view)
        if plan is None:
            return
        plan.heard_vote(peer, phase, view, value)
        if phase == 2:
            self._weigh(plan)
        if not plan.is_helped or view != plan.view:
            return
        if phase == 1:
            plan.shown[peer] = None
        if phase <= plan.depths[peer]:
            self._post(peer, m.Vote(slot, view, phase, value))

    def _on_proof(self, peer: int, message: m.Proof | m.Status) -> None:
        plan = self._plan(message.slot, message.view)
        if plan is not None:
            plan.heard_proof(peer, message)

    def _on_fetch_body(self, peer: int, message: m.FetchBody) -> None:
        plan = self._plan(message.slot, 0)
        if plan is not None:
            for value, body in plan.known:
                if value == message.value:
                    self._post(peer, m.Body(message.slot, body))

    def _post(self, peer: int, message: "AnyMessage") -> None:
        if len(self._queue) < QUEUE_MAX:
            self._queue.append((peer, message))

    # --- what it plans ----------------------------------------------------------------------

    def _plan(self, slot: int, view: int) -> Plan | None:
        """The plan of `slot`: a new one for a view higher than its own. None for a slot below those that are kept."""
        plans = self._plans
        for plan in plans:
            if plan.slot == slot:
                if view > plan.view:
                    self._draw(plan, view)
                return plan
        if len(plans) == SLOTS_KEPT_MAX and slot < plans[0].slot:
            return None
        plan = Plan(slot, self.replica_count, self.draws.one_in(self.forges_one_in))
        self._draw(plan, view)
        index = 0
        while index < len(plans) and plans[index].slot < slot:
            index += 1
        plans.insert(index, plan)
        if len(plans) > SLOTS_KEPT_MAX:
            plans.pop(0)
        return plan

    def _draw(self, plan: Plan, view: int) -> None:
        plan.view = view
        plan.is_helped = view < self.helped_views
        self._weigh(plan)
        locked = [value for value in plan.locked() if value is not None]
        favourite = self.draws.pick(self.peers())
        for peer in range(self.replica_count):
            plan.depths[peer] = 1 if locked else (3 if peer == favourite else 2)
            plan.shown[peer] = None
        if plan.is_helped and plan.first_leader is not None and self._leader(plan, view) == self.me:
            self._draw_proposal(plan, view)

    def _weigh(self, plan: Plan) -> None:
        """Ends the help of this view as soon as silence is decisive for the next."""
        if plan.is_helped and plan.most_torn() is not None and plan.view < limits.VIEW_MAX:
            suggest: AnyMessage = self._help_leader(plan, plan.view + 1)[1]
            plan.is_helped = not plan.is_silence_decisive(self.me, suggest, self._group)

    def _draw_proposal(self, plan: Plan, view: int) -> None:
        """Draws what to show to which peers: all but f of them, so that they and we are just a quorum."""
        locked = plan.locked()
        is_new = not plan.known or (view > 0 and not self.draws.one_in(3))
        body = self._new_body(plan, view, False) if is_new else self.draws.pick(plan.known)[1]
        value = bodies.value_of(plan.slot, body)
        hidden = limits.faults_max(self.replica_count)
        peers = self.peers()
        start = self.draws.below(len(peers))
        peers = peers[start:] + peers[:start]
        unlikely = [peer for peer in peers if locked[peer] not in (None, value)]
        peers = unlikely + [peer for peer in peers if peer not in unlikely]
        for peer in peers[hidden:]:
            plan.shown[peer] = body
        plan.know(body)
        plan.shown_until = self._tick + SHOWN_TICKS

    def _leader(self, plan: Plan, view: int) -> int:
        return (plan.first_leader + view) % self.replica_count  # type: ignore[operator]

    def _new_body(self, plan: Plan, view: int, is_forged: bool) -> bytes:
        """A body that nobody has, from a view up to `view`. Its value is the greatest: of two values from the same view
        a leader tries that first. A correct leader might have made it, unless it is forged."""
        requests = []
        if is_forged:
            requests = [[limits.CLIENT_NUMBER_MAX, limits.OPERATION_MAX - view, ["noop"]]]
        elif plan.known:
            try:
                requests = bodies.decode(plan.known[-1][1])[1]
            except CodecError:
                pass
        elif self._requests:
            requests = [self._requests[-1]]
        best = (b"", bodies.encode(view, []))
        for origin_view in range(max(0, view - BODIES_TRIED_MAX + 1), view + 1):
            for carried in (requests,) if is_forged else (requests, []):
                body = bodies.encode(origin_view, carried)
                pair = (bodies.value_of(plan.slot, body), body)
                if pair > best and pair not in plan.known and len(body) <= limits.BODY_BYTES_MAX:
                    best = pair
        return best[1]

    # --- what it says -----------------------------------------------------------------------

    def to_peer(self, peer: int, time: int, message: "AnyMessage") -> "list[tuple[int, AnyMessage]]":
        kind = message.KIND
        said = [message]
        if kind == m.Suggest.KIND:
            plan = self._plan(message.slot, message.view)
            if plan is not None:
                plan.first_leader = (peer - message.view) % self.replica_count
                said = self._help_leader(plan, message.view)
        elif kind == m.Proof.KIND:
            said = self._on_entering(peer, message.slot, message.view)
        elif kind == m.Status.KIND:
            said = self._again(peer, message)
        elif kind == m.ViewChange.KIND:
            said = self._wish(peer, message.slot, message.view)
        elif kind == m.Proposal.KIND:
            said = self._propose(peer, message)
        elif kind == m.Vote.KIND or kind == m.Decided.KIND:
            said = []
        return [(time, one) for one in said]

    def _help_leader(self, plan: Plan, view: int) -> list[m.Message]:
        """A body, in the only message that shows one unasked, and a suggest that claims it and all others."""
        if view == 0:
            return []
        body = self._new_body(plan, view, plan.is_forging)
        value = bodies.value_of(plan.slot, body)
        second = (view - 2, bytes([value[0] ^ 1]) + value[1:]) if view > 1 else None
        return [m.Decided(plan.slot, value, body), m.Suggest(plan.slot, view, (view - 1, value), second, None)]

    def _help_next_leader(self, plan: Plan, peer: int) -> list[m.Message]:
        view = plan.view + 1
        if plan.first_leader is None or self._leader(plan, view) != peer:
            return []
        return self._help_leader(plan, view)

    def _proof(self, slot: int, view: int) -> m.Proof:
        """Never voted in phase 4, and for two values in phase 1: allows every value, claims every value."""
        value = self.draws.blob(limits.DIGEST_BYTES)
        other = bytes([value[0] ^ 1]) + value[1:]
        return m.Proof(slot, view, (view - 1, value), (view - 2, other) if view > 1 else None, None)

    def _on_entering(self, peer: int, slot: int, view: int) -> list[m.Message]:
        plan = self._plan(slot, view)
        if plan is None or view == 0:
            return []
        if plan.is_helped:
            return [self._proof(slot, view)] + self._help_next_leader(plan, peer)
        return self._help_next_leader(plan, peer) + self._early_wish(plan, peer)

    def _early_wish(self, plan: Plan, peer: int) -> list[m.Message]:
        if peer == plan.most_torn() and plan.view < limits.VIEW_MAX:
            return [m.ViewChange(plan.slot, plan.view + 1)]
        return []

    def _again(self, peer: int, status: m.Status) -> list[m.Message]:
        """Replaces the status, which tells everything to everybody."""
        plan = self._plan(status.slot, status.view)
        if plan is None:
            return []
        said = self._on_entering(peer, status.slot, status.view)
        if plan.is_helped and status.wish > 0:
            said.append(m.ViewChange(status.slot, status.wish))
        return said

    def _wish(self, peer: int, slot: int, view: int) -> list[m.Message]:
        plan = self._plan(slot, 0)
        if plan is None or plan.is_helped or plan.most_torn() in (None, peer):
            return [m.ViewChange(slot, view)]
        return []

    def _propose(self, peer: int, proposal: m.Proposal) -> list[m.Message]:
        """The node's own proposal is known from now on, and shown as the plan says."""
        plan = self._plan(proposal.slot, proposal.view)
        if plan is None or not plan.is_helped:
            return []
        if plan.first_leader is None:  # so view 0
            plan.first_leader = (self.me - proposal.view) % self.replica_count
            plan.know(proposal.body)
            self._draw_proposal(plan, proposal.view)
        return []

    def inject(self, tick: int, time: int) -> "list[tuple[int, int, AnyMessage]]":
        self._tick = tick
        sends = [(peer, time, message) for peer, message in self._queue]
        self._queue = []
        for plan in self._plans:
            if tick < plan.shown_until:
                for peer in self.peers():
                    body = plan.shown[peer]
                    if body is not None:
                        sends.append((peer, time, m.Proposal(plan.slot, plan.view, body)))
        return sends

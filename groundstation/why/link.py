"""What the ground has seen of a link: messages that its ends trace, and the ether's counts of its frames."""

from amu.wire.messages import Proposal, Status, Vote

NEVER = -1.0


class Link:
    """From one board to another."""

    __slots__ = (
        "_delays",
        "_gone",
        "_got",
        "_lost",
        "_lost_before_votes",
        "_pending",
        "_sent",
        "accepted",
        "accepted_at",
        "accepted_unheard",
        "delivered",
        "delivered_unheard",
        "heard_at",
        "lost_at",
        "moments_unheard",
        "on_the_way",
        "proposed_at",
        "refused",
        "sent_at",
        "since",
        "states_unheard",
        "vote_sent_at",
        "votes_unheard",
        "was_held",
    )

    def __init__(self) -> None:
        self.heard_at = NEVER
        self.since = 0.0  # when it could first be heard
        self.sent_at = NEVER
        # Moments at which it sent anything but votes, of which a receiver drops some in silence, since it was heard.
        self.moments_unheard = 0
        self.states_unheard = 0  # reports of its votes since the receiver last heard one
        self.votes_unheard = 0  # votes since the receiver last heard one
        self.vote_sent_at = NEVER  # the first of those
        self.proposed_at = NEVER  # when it sent a proposal that the receiver has not heard
        self.was_held = False  # frames have waited, and none came
        self.lost_at = NEVER  # the latest report by which more were lost
        self._gone = self._lost = 0  # frames taken and not delivered, and of these lost
        self._lost_before_votes = 0  # that are unheard
        self.accepted_at = NEVER  # the latest report of the ether that has a frame
        self.accepted_unheard = 0  # frames, in whole reports of the ether since the receiver last heard the sender
        self.delivered_unheard = 0
        self.accepted = [0, 0]  # by the ether: in the window before, and in this one
        self.delivered = [0, 0]
        self.on_the_way = 0
        self.refused = 0  # frames under a wrong tag since the last sound one
        # Each in the window before, and in this one.
        self._delays = [NEVER, NEVER]  # the least
        self._sent, self._got = [0, 0], [0, 0]  # messages but votes and reports of them, until one was heard
        self._pending = 0  # sent since then

    @property
    def delay(self) -> float:
        """The least that was seen lately; negative: none."""
        before, now = self._delays
        return before if now < 0 else now

    @property
    def loss(self) -> float:
        """The share of messages that were lost before the receiver last heard the sender, by Laplace's rule."""
        windows = [*zip(self._sent, self._got), (sum(self._sent), sum(self._got))]
        return max((max(0, sent - got) + 1) / (sent + 2) if sent else 0.0 for sent, got in windows)

    @property
    def lost_with_votes(self) -> int:
        """Frames that were lost since the first vote that the receiver has not heard."""
        return self._lost - self._lost_before_votes

    def sends(self, kind: int, now: float) -> None:
        """The sender traced a message."""
        if kind == Vote.KIND:
            if not self.votes_unheard:
                self.vote_sent_at, self._lost_before_votes = now, self._lost
            self.votes_unheard += 1
        else:
            self.moments_unheard += self.sent_at != now
            self.states_unheard += kind == Status.KIND
            self._pending += kind != Status.KIND
            if kind == Proposal.KIND:
                self.proposed_at = now
        self.sent_at = now

    def hears(self, kind: int, now: float, delay: float) -> None:
        """The receiver traced a message. delay: negative if it is not known."""
        self.heard_at = now
        self.refused = self.moments_unheard = 0
        self.accepted_unheard = self.delivered_unheard = 0
        if kind == Vote.KIND:
            self.votes_unheard = 0
        else:
            self._sent[1] += self._pending
            self._got[1] += kind != Status.KIND
            self._pending = 0
            if kind == Status.KIND:
                self.states_unheard = 0
            elif kind == Proposal.KIND:
                self.proposed_at = NEVER
        if delay >= 0 and not 0 <= self._delays[1] <= delay:
            self._delays[1] = delay

    def next_window(self) -> None:
        """Counts and delays begin again."""
        self.accepted = [self.accepted[1], 0]
        self.delivered = [self.delivered[1], 0]
        if self._delays[1] >= 0:
            self._delays = [self._delays[1], NEVER]
        if self._sent[1]:
            self._sent, self._got = [self._sent[1], 0], [self._got[1], 0]

    def reported(self, accepted: int, delivered: int, on_the_way: int, before: float, now: float) -> None:
        """The ether told what it did since `before`."""
        self.accepted[1] += accepted
        self.delivered[1] += delivered
        self.on_the_way = on_the_way
        self.was_held |= on_the_way > 0 and delivered == 0
        self._gone += accepted - delivered
        if self._gone - on_the_way > self._lost:
            self._lost, self.lost_at = self._gone - on_the_way, now
        if accepted:
            self.accepted_at = now
        if self.heard_at <= before:
            self.accepted_unheard += accepted
            self.delivered_unheard += delivered

    def forget(self, now: float) -> None:
        """An end of it began a new life."""
        self.since = now
        self.proposed_at = NEVER
        self.votes_unheard = self.refused = self.moments_unheard = self.states_unheard = 0
        self.accepted_unheard = self.delivered_unheard = 0

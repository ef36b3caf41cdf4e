"""What is wrong with each board and each link, judged from what the ground has seen.

A board is able unless it is off, silent, without memory, stands still, or was seen to lie. A link is open unless its
receiver has not heard its sender for longer than boards are ever quiet; then the ether's counts say whether frames were
lost, wait, are on their way, or were never sent.
"""

from dataclasses import dataclass
from math import prod
from statistics import median

from groundstation.why import answer as a
from groundstation.why.link import NEVER, Link
from groundstation.why.seen import QUIET_TICKS, Board, Seen

STILL_TICKS = QUIET_TICKS  # without a word to the ground, where messages are traced
STILL_UNTRACED_TICKS = 250  # and where only steps and reports of health are
FAR_TICKS = 10.0  # a delay that is light time, and not work
SENT_MIN = 3  # messages, before their loss is taken for more than a chance
VOTES_MIN = 3
VOTES_OF_A_FRAME = 4  # of one slot
WORDS_MIN = 3  # of a board whose counter does not move, before it is its clock and not its processor
LOSSY = 0.15  # of the frames of a link
CHANCE = 0.0005  # of a row of losses, below which the link is cut
BURST_CHANCE = 1e-6  # and below which it is, where many frames are lost: losses may come in bursts
BURSTY = 0.3  # of the frames of a link, lost
RATE_MIN = 0.08  # of a clock; a board on which fewer ticks come has no time for them
SLOW = 0.5  # of a clock's rate
FAST = 2.0
ON_AND_QUIET = "is on and says nothing to the ground: its processor stands still, or its clock"
LOSES_MOST = "loses most of what is sent"
MAYBE_BURST = "carries nothing: it is cut, or a burst of loss lasts"
NOT_HEARD = "is not heard by the ground: it is off, or its processor stands still, or its clock"
ABLE, OPEN = "able", "open"
UNCONNECTED = (a.CRASH, a.UNKNOWN, a.STOPPED, a.CLOCK, a.FLASH, a.FORGOT)  # boards whose links tell nothing


@dataclass(frozen=True)
class Condition:
    """Of a board or a link: a kind of cause, or ABLE or OPEN; in words; since when."""

    kind: str
    words: str = ""
    since: float | None = None


FINE, CLEAR = Condition(ABLE), Condition(OPEN)


class Conditions:
    """The condition of every board and every link at mission second `at`. `seen` knows how long a tick is."""

    def __init__(self, seen: Seen, at: float) -> None:
        self.seen, self.at = seen, at
        self.tick = seen.tick_seconds
        nodes = range(seen.count)
        self.boards = [self._board(board) for board in seen.boards]
        taking_part = [node for node in nodes if self.boards[node].kind not in UNCONNECTED]
        self._pairs = [(s, d) for s in taking_part for d in taking_part if s != d]  # whose links are judged
        self._weigh_losses()
        self.clocks = {board.node: found for board in seen.boards if (found := self._clock(board)) is not None}
        self.links = {
            (source, destination): self._link(source, destination)
            for source in nodes
            for destination in nodes
            if source != destination
        }
        self._look_for_silence()
        for node in nodes:
            self._look_for_lies(node)

    def _ticks(self, since: float) -> float:
        return (self.at - since) / self.tick

    def _weigh_losses(self) -> None:
        """The share that each link loses, and the median over those of a sender and over those of a receiver."""
        links, nodes = self.seen.links, range(self.seen.count)
        self._losses = [[link.loss for link in row] for row in links]
        found = {(s, d): self._losses[s][d] for s, d in self._pairs}
        self._loss_from = [median([loss for (s, _), loss in found.items() if s == n] or [0.0]) for n in nodes]
        self._loss_to = [median([loss for (_, d), loss in found.items() if d == n] or [0.0]) for n in nodes]

    # --- boards ---------------------------------------------------------------------------------

    def _board(self, board: Board) -> Condition:
        if board.is_on is None:
            return Condition(a.UNKNOWN, "was never seen to be switched on")
        if not board.is_on:
            return Condition(a.CRASH, f"is off: {board.ended}", board.since)
        if board.mode == "silent":
            return Condition(a.FLASH, f"takes part in nothing: {board.reason}", board.mode_at)
        if board.mode == "rejoining":
            return Condition(a.FORGOT, "woke without memory, and does not vote yet", board.mode_at)
        still = STILL_TICKS if self.seen.traces_messages else STILL_UNTRACED_TICKS
        heard_at = max(board.heard_at, board.since)
        if self._ticks(heard_at) > still:
            return Condition(a.STOPPED, ON_AND_QUIET if board.power_is_traced else NOT_HEARD, heard_at)
        if board.lie:
            return Condition(a.LIAR, board.lie)
        ticked_at = max(board.ticked_at, board.since)
        is_still = self._ticks(ticked_at) > QUIET_TICKS / 2 and board.heard_at - ticked_at > QUIET_TICKS / 4 * self.tick
        if is_still and board.words_since >= WORDS_MIN:
            # A board takes so many frames of a peer in a tick, and no more.
            return Condition(a.CLOCK, "has a clock that stands still, so it takes no more frames", ticked_at)
        # A slow clock moves now and then; one that stands and then jumps, on a board that hardly speaks, is not slow.
        least = SLOW if is_still else RATE_MIN
        if board.ticked_at != NEVER and board.rate(self.tick) < least:
            return Condition(a.STOPPED, "hardly gets on: its processor is too slow, or its clock", heard_at)
        return FINE

    def _clock(self, board: Board) -> Condition | None:
        """What is wrong with the clock of a board that takes part."""
        if self.boards[board.node].kind not in (ABLE, a.LIAR) or board.ticked_at == NEVER:
            return None
        rate = board.rate(self.tick)
        if rate < SLOW or rate > FAST:
            return Condition(a.CLOCK, f"has a clock that runs at {rate:.2g} times its rate")
        return None

    # --- links ----------------------------------------------------------------------------------

    def _link(self, source: int, destination: int) -> Condition:
        seen, link = self.seen, self.seen.links[source][destination]
        if {self.boards[source].kind, self.boards[destination].kind} & set(UNCONNECTED):
            return CLEAR  # what the link does is not known, and changes nothing
        heard_at = max(link.heard_at, link.since)
        pace = min(1.0, seen.boards[source].rate(self.tick))  # a board whose clock is slow speaks less often
        allowed = QUIET_TICKS / max(pace, RATE_MIN) + max(0.0, link.delay) / self.tick
        if not seen.traces_messages or self._ticks(heard_at) <= allowed:
            return self._counted(source, destination, link)
        return self._unheard(source, destination, link, heard_at)

    def _counted(self, source: int, destination: int, link: Link) -> Condition:
        """Of a link that carries something, or of which only the ether's counts are known."""
        accepted, delivered = sum(link.accepted), sum(link.delivered)
        if accepted < 2 * SENT_MIN:
            return CLEAR
        if not self.seen.traces_messages and delivered == 0:
            return self._unheard(source, destination, link, max(link.heard_at, 0.0))
        lost = accepted - delivered - link.on_the_way
        states = link.states_unheard
        if min(states, lost) >= SENT_MIN and not self._is_chance(source, destination, states):
            return Condition(a.CUT, "carries other messages, and no reports of votes")
        if lost > LOSSY * accepted and lost >= SENT_MIN:
            return Condition(a.LOSS, f"loses {lost} of {accepted} frames")
        return CLEAR

    def _is_chance(self, source: int, destination: int, missed: int) -> bool:
        """Whether a link that loses as much as this one, or as most from there or to there, may well lose so many in a
        row."""
        return bool(self._loss(source, destination) ** missed > CHANCE)

    def _is_burst(self, source: int, destination: int, missed: int) -> bool:
        """Whether so many in a row may be one burst of a link that loses much."""
        loss = self._loss(source, destination)
        return bool(loss > BURSTY and loss**missed > BURST_CHANCE)

    def _loss(self, source: int, destination: int) -> float:
        return max(self._losses[source][destination], self._loss_from[source], self._loss_to[destination])

    def _look_for_silence(self) -> None:
        """If no board hears another, chance is asked about all links together: each alone may lose a few in a row."""
        pairs = self._pairs
        if len(pairs) < 2 or any(self.links[pair].words != LOSES_MOST for pair in pairs):
            return
        chance = prod(self._loss(s, d) ** self.seen.links[s][d].moments_unheard for s, d in pairs)
        if chance <= CHANCE:
            for pair in pairs:
                self.links[pair] = Condition(a.CUT, "carries nothing, and no other link does", self.links[pair].since)

    def _unheard(self, source: int, destination: int, link: Link, heard_at: float) -> Condition:
        if link.refused >= SENT_MIN:
            return Condition(a.LIAR, "carries frames under wrong tags", heard_at)
        is_told = heard_at <= self.seen.reports[0]  # the ether counts what has happened since
        is_sent = link.moments_unheard >= SENT_MIN
        if is_told and is_sent and link.delivered_unheard >= SENT_MIN:
            return Condition(a.DAMAGE, "delivers frames that its receiver cannot read", heard_at)
        if link.on_the_way and (link.delay < 0 or link.delay > FAR_TICKS * self.tick):
            return Condition(a.LIGHT_TIME, f"has {link.on_the_way} frames on their way", heard_at)
        loses_nothing = link.on_the_way > 1 and link.lost_at < heard_at
        if loses_nothing or (link.on_the_way and link.delivered[1] == 0):
            return Condition(a.HELD, f"holds {link.on_the_way} frames", heard_at)
        if link.was_held and link.accepted_unheard == 0 and link.moments_unheard:
            return Condition(a.HELD, "holds frames back, as it did before", heard_at)
        is_taken = link.accepted_at >= self.seen.reports[1]
        if is_told and is_sent and not is_taken and link.sent_at > self.seen.reports[0]:
            return Condition(a.LIAR, "is given no frame, although its sender says that it sends", heard_at)
        if is_sent or (not self.seen.traces_messages and sum(link.accepted) >= SENT_MIN):
            if self._is_chance(source, destination, link.moments_unheard):
                return Condition(a.LOSS, LOSES_MOST, heard_at)
            if self._is_burst(source, destination, link.moments_unheard):
                return Condition(a.UNKNOWN, MAYBE_BURST, heard_at)
            return Condition(a.CUT, "carries nothing", heard_at)
        return Condition(a.UNKNOWN, "has carried nothing, and its sender may have sent nothing", heard_at)

    def _is_kept(self, source: int, destination: int) -> bool:
        """Whether the ether has long been given nothing of what a board says that it sends to another, which may itself
        hear nothing."""
        link, before = self.seen.links[source][destination], self.seen.reports[0]
        is_old = max(link.heard_at, link.since, link.accepted_at) <= before
        return self.seen.counts_links and is_old and link.moments_unheard >= SENT_MIN and link.sent_at > before

    def _keeps_back(self, link: Link) -> str:
        """What alone does not arrive, over a link that loses next to nothing and long ago should have brought it."""
        loses_nothing = link.on_the_way == 0 and 0 < sum(link.accepted) <= sum(link.delivered) + 1
        if not self.seen.counts_links or not loses_nothing:
            return ""
        quiet = QUIET_TICKS * self.tick
        votes_lost = VOTES_OF_A_FRAME * link.lost_with_votes  # at most, by chance
        if link.votes_unheard - votes_lost >= VOTES_MIN and link.vote_sent_at < self.at - quiet:
            return "votes"
        if link.lost_at >= link.proposed_at:  # it may have been lost
            return ""
        return "proposals" if 0 <= link.proposed_at < min(self.at, link.heard_at + quiet / 2) - quiet else ""

    def _look_for_lies(self, node: int) -> None:
        """A board is a liar if frames that it should have sent never left it, or left it under wrong tags; or if its
        votes alone do not arrive on links that lose nothing."""
        board = self.seen.boards[node]
        if self.boards[node].kind != ABLE:
            return
        wrong: list[int] = []
        withheld: dict[int, str] = {}
        mute: list[int] = []
        for peer in range(self.seen.count):
            if peer == node:
                continue
            link, condition = self.seen.links[node][peer], self.links[node, peer]
            if condition.kind == a.LIAR:
                (wrong if link.refused else mute).append(peer)
            elif condition.kind == OPEN and self.boards[peer].kind == ABLE and (kept := self._keeps_back(link)):
                withheld[peer] = kept
        if all(self._is_kept(node, peer) for peer in range(self.seen.count) if peer != node):
            mute = [peer for peer in range(self.seen.count) if peer != node]
        words = ""
        if len(withheld) < (self.seen.count - 1) // 2:
            withheld = {}  # by chance, or a receiver's own doing
        if mute:
            words = f"it says that it sends to {a.boards(mute)}, and sends nothing"
        elif wrong:
            words = f"its frames to {a.boards(wrong)} have wrong tags"
        elif withheld:
            kept = " and ".join(sorted(set(withheld.values())))
            words = f"its {kept}, of which it speaks, do not reach {a.boards([*withheld])} although other frames do"
        if words:
            self.boards[node] = Condition(a.LIAR, words, board.since)

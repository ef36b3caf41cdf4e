"""What is wrong with each board and each link, judged from what the ground has seen.

A board is able unless it is off, silent, without memory, stands still, or was seen to lie. A link is open unless its
receiver has not heard its sender for longer than boards are ever quiet; then the ether's counts say whether frames were
lost, wait, are on their way, or were never sent.
"""

from dataclasses import dataclass

from amu.core.limits import PROGRESS_PERIOD_TICKS
from groundstation.why import answer as a
from groundstation.why.seen import NEVER, Board, Link, Seen

QUIET_TICKS = 3 * PROGRESS_PERIOD_TICKS  # boards say how far they are each period: a longer silence has a reason
STILL_TICKS = QUIET_TICKS  # without a word to the ground, where messages are traced
STILL_UNTRACED_TICKS = 250  # and where only steps and reports of health are
FAR_TICKS = 10.0  # a delay that is light time, and not work
SENT_MIN = 3  # messages, before their loss is taken for more than a chance
VOTES_MIN = 3
LOSSY = 0.15  # of the frames of a link
RATE_MIN = 0.05  # of a clock that still counts as running
SLOW = 0.5  # of a clock's rate
FAST = 2.0
ABLE, OPEN = "able", "open"
UNCONNECTED = (a.CRASH, a.UNKNOWN, a.STOPPED, a.FLASH, a.FORGOT)  # boards whose links tell nothing


@dataclass(frozen=True)
class Condition:
    """Of a board or a link: a kind of cause, or ABLE or OPEN; in words; since when."""

    kind: str
    words: str = ""
    since: float | None = None


FINE, CLEAR = Condition(ABLE), Condition(OPEN)


class Conditions:
    """The condition of every board and every link at mission second `at`."""

    def __init__(self, seen: Seen, at: float) -> None:
        self.seen, self.at = seen, at
        self.tick = seen.tick_seconds or 0.0
        nodes = range(seen.count)
        self.boards = [self._board(board) for board in seen.boards]
        self.clocks = {board.node: found for board in seen.boards if (found := self._clock(board)) is not None}
        self.links = {
            (source, destination): self._link(source, destination)
            for source in nodes
            for destination in nodes
            if source != destination
        }
        for node in nodes:
            self._look_for_lies(node)

    def _ticks(self, since: float) -> float:
        return (self.at - since) / self.tick if self.tick else 0.0

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
            return Condition(
                a.STOPPED, "is on and says nothing to the ground: its processor stands still, or its clock", heard_at
            )
        if board.lie:
            return Condition(a.LIAR, board.lie)
        return FINE

    def _clock(self, board: Board) -> Condition | None:
        """What is wrong with the clock of a board that is on and heard."""
        if self.boards[board.node].kind not in (ABLE, a.LIAR) or board.ticked_at == NEVER or not self.tick:
            return None
        ticked_at = max(board.ticked_at, board.since)
        if self._ticks(ticked_at) > QUIET_TICKS / 2 and board.heard_at - ticked_at > QUIET_TICKS / 4 * self.tick:
            return Condition(a.CLOCK, "has a clock that stands still", ticked_at)
        if board.rate < SLOW or board.rate > FAST:
            return Condition(a.CLOCK, f"has a clock that runs at {board.rate:.2g} times its rate")
        return None

    # --- links ----------------------------------------------------------------------------------

    def _link(self, source: int, destination: int) -> Condition:
        seen, link = self.seen, self.seen.links[source][destination]
        if {self.boards[source].kind, self.boards[destination].kind} & set(UNCONNECTED):
            return CLEAR  # what the link does is not known, and changes nothing
        heard_at = max(link.heard_at, seen.boards[source].since, seen.boards[destination].since)
        pace = min(1.0, seen.boards[source].rate)  # a board whose clock is slow speaks less often
        allowed = QUIET_TICKS / max(pace, RATE_MIN) + max(0.0, link.delay) / (self.tick or 1)
        if not seen.traces_messages or self._ticks(heard_at) <= allowed:
            return self._counted(link)
        return self._unheard(link, heard_at)

    def _counted(self, link: Link) -> Condition:
        """Of a link that carries something, or of which only the ether's counts are known."""
        accepted, delivered = sum(link.accepted), sum(link.delivered)
        if accepted < 2 * SENT_MIN:
            return CLEAR
        if not self.seen.traces_messages and delivered == 0:
            return self._unheard(link, max(link.heard_at, 0.0))
        lost = accepted - delivered - link.on_the_way
        if lost > LOSSY * accepted and lost >= SENT_MIN:
            return Condition(a.LOSS, f"loses {lost} of {accepted} frames")
        return CLEAR

    def _unheard(self, link: Link, heard_at: float) -> Condition:
        if link.refused >= SENT_MIN:
            return Condition(a.LIAR, "carries frames under wrong tags", heard_at)
        if link.on_the_way and (link.delay < 0 or link.delay > FAR_TICKS * self.tick):
            return Condition(a.LIGHT_TIME, f"has {link.on_the_way} frames on their way", heard_at)
        if link.on_the_way and link.delivered[1] == 0:
            return Condition(a.HELD, f"holds {link.on_the_way} frames", heard_at)
        before, latest = self.seen.reports
        if heard_at <= before and link.accepted_at < latest and link.sent_at > before and link.sent_unheard >= SENT_MIN:
            return Condition(a.LIAR, "is given no frame, although its sender says that it sends", heard_at)
        if heard_at <= before and link.delivered[1] >= SENT_MIN:
            return Condition(a.DAMAGE, "delivers frames that its receiver cannot read", heard_at)
        if link.sent_unheard >= SENT_MIN or sum(link.accepted) >= SENT_MIN:
            return Condition(a.CUT, "carries nothing", heard_at)
        return Condition(a.UNKNOWN, "has carried nothing, and its sender may have sent nothing", heard_at)

    def _keeps_votes_back(self, link: Link) -> bool:
        """Whether votes alone do not arrive, over a link that loses next to nothing and long ago should have brought
        them."""
        return (
            self.seen.counts_links
            and link.votes_unheard >= VOTES_MIN
            and link.on_the_way == 0
            and 0 < sum(link.accepted) <= sum(link.delivered) + 1
            and link.vote_sent_at < self.at - QUIET_TICKS * self.tick
        )

    def _look_for_lies(self, node: int) -> None:
        """A board is a liar if frames that it should have sent never left it, or left it under wrong tags; or if its
        votes alone do not arrive on links that lose nothing."""
        board = self.seen.boards[node]
        if self.boards[node].kind != ABLE:
            return
        wrong: list[int] = []
        withheld: list[int] = []
        mute: list[int] = []
        for peer in range(self.seen.count):
            if peer == node:
                continue
            link, condition = self.seen.links[node][peer], self.links[node, peer]
            if condition.kind == a.LIAR:
                (wrong if link.refused else mute).append(peer)
            elif condition.kind == OPEN and self.boards[peer].kind == ABLE and self._keeps_votes_back(link):
                withheld.append(peer)
        words = ""
        if len(withheld) < (self.seen.count - 1) // 2:
            withheld = []  # by chance, or a receiver's own doing
        if mute:
            words = f"it says that it sends to {a.boards(mute)}, and sends nothing"
        elif wrong:
            words = f"its frames to {a.boards(wrong)} have wrong tags"
        elif withheld:
            words = f"it says that it votes, and its votes do not reach {a.boards(withheld)} although other frames do"
        if words:
            self.boards[node] = Condition(a.LIAR, words, board.since)

"""What is broken in the modules of specs/link, and what must notice."""

from tests.spec_mutants.mutant import SpecMutant

RECEIVER = "the receiver reboots"
SENDER = "the sender reboots"
PROGRESS = "all is delivered"
EITHER = "either reboots"
LINE = "any line of seven symbols"


def _channel(name: str, before: str, after: str, run: str, caught_by: str) -> SpecMutant:
    return SpecMutant(f"link: {name}", "link", "link.tla", before, after, run, caught_by)


def _framing(name: str, before: str, after: str, caught_by: str) -> SpecMutant:
    return SpecMutant(f"framing: {name}", "link", "framing.tla", before, after, LINE, caught_by)


MUTANTS = (
    _channel(
        "every incarnation that speaks is adopted",
        "Proves(c, m) == m.echo = c.challenge /\\ m.peer = c.boot",
        "Proves(c, m) == TRUE",
        RECEIVER,
        "OnlyLaterIncarnations",
    ),
    _channel(
        "a challenge serves twice",
        "!.challenge = c.challenge + 1",
        "!.challenge = c.challenge",
        RECEIVER,
        "OnlyLaterIncarnations",
    ),
    _channel(
        "an echo counts whichever life of ours it answers",
        "m.echo = c.challenge /\\ m.peer = c.boot",
        "m.echo = c.challenge",
        EITHER,
        "OnlyLaterIncarnations",
    ),
    _channel(
        "items for a former incarnation are taken",
        "IF m.peer = c.boot /\\ m.items # <<>>",
        "IF m.items # <<>>",
        RECEIVER,
        "NoFormerItem",
    ),
    _channel(
        "the new incarnation gets the old one's items",
        "<<c.boot, b, i>>] ELSE <<>>]",
        "<<c.boot, b, i>>] ELSE c.queue]",
        RECEIVER,
        "QueueHoldsTheRest",
    ),
    _channel(
        "a segment that comes twice is taken twice",
        "THEN SubSeq(m.items, Next1(c) - m.first + 1, Len(m.items))",
        "THEN m.items",
        RECEIVER,
        "DeliveredInOrder",
    ),
    _channel(
        "acknowledgements of a former connection count",
        "IN IF m.peer = c.boot THEN connected ELSE challenged",
        "IN connected",
        SENDER,
        "KnownIsTrue",
    ),
    _channel(
        "acknowledged before it has come",
        "first |-> c.sent + 1, acknowledged |-> c.delivered,",
        "first |-> c.sent + 1, acknowledged |-> Max(c.delivered, 1),",
        RECEIVER,
        "AcknowledgedIsDelivered",
    ),
    _channel(
        "no window",
        "WindowEnd(c) == c.acknowledged + Min(Len(c.queue), Window)",
        "WindowEnd(c) == c.acknowledged + Len(c.queue)",
        SENDER,
        "WindowKept",
    ),
    _channel(
        "known without having heard it",
        "!.known = c.known \\/ m.first > 0,",
        "!.known = TRUE,",
        RECEIVER,
        "KnownIsTrue",
    ),
    _channel(
        "nothing is sent again",
        "MayGoBack(c) == ~c.known \\/ c.highest > c.acknowledged",
        "MayGoBack(c) == ~c.known",
        PROGRESS,
        "AllDelivered",
    ),
    _channel(
        "nobody asks until adopted",
        "MayGoBack(c) == ~c.known \\/ c.highest > c.acknowledged",
        "MayGoBack(c) == c.peer = NoBoot \\/ c.highest > c.acknowledged",
        PROGRESS,
        "AllDelivered",
    ),
    _channel(
        "a challenge is not answered",
        "IsOwed(c, m) == m.challenge # 0 \\/ m.peer # c.boot",
        "IsOwed(c, m) == m.peer # c.boot",
        PROGRESS,
        "AllDelivered",
    ),
    _framing(
        "the tag is not checked",
        "\\E f \\in Sealed : piece = Whole(f)\n               THEN Append(handed, CHOOSE f \\in Sealed :",
        "\\E f \\in Frame : piece = Whole(f)\n               THEN Append(handed, CHOOSE f \\in Frame :",
        "OnlySealed",
    ),
    _framing(
        "a frame that is too long starts over",
        "THEN piece' = <<>> /\\ skipping' = TRUE",
        "THEN piece' = <<>> /\\ skipping' = FALSE",
        "Resynchronised",
    ),
    _framing(
        "given up for good",
        "  /\\ skipping' = FALSE\n  /\\ handed'",
        "  /\\ skipping' = skipping\n  /\\ handed'",
        "Resynchronised",
    ),
    _framing(
        "a frame without an end is kept",
        "IF skipping \\/ Len(piece) = PieceMax",
        "IF skipping",
        "TypeOK",
    ),
)

"""What must have happened in a run for a property to be checked at all. Without it the property is vacuous.

PREMISES is the one table of the properties that are checked on traces. A test compares it with the checkers and with
the tables of specs/*/properties.md, which state the properties in words.
"""

from collections.abc import Collection
from typing import NamedTuple

from amu.node.events import EVENTS
from specs.verdict import HOLDS, NOT_CHECKED, Verdict


class Premise(NamedTuple):
    """At least one of `events` (of honest boards, or steps of the modules) must occur. `lack` says that none did."""

    events: frozenset[str]
    lack: str


_ACTS = ("EnterView", "Propose", "Vote1", "Vote2", "Vote3", "Vote4", "Decide", "Learn")
_TURNS = ("MutexRequest", "MutexReceive", "MutexEnter", "MutexRelease")
_CHANNELS = ("ChannelSend", "ChannelDeliver", "MutexReceive", "SnapshotMarker", "SnapshotIgnored")

_GROUPS: tuple[tuple[str, tuple[str, ...], str], ...] = (
    ("CON-1 CON-5 CON-6 CON-7 CON-8 CON-9 CON-10 CON-11 CON-13 LOG-4 LOG-6 KNW-1", _ACTS, "nobody acted in a slot"),
    ("CON-2 LOG-5", ("Restore",), "no board came back to an open slot"),
    ("CON-3 LOG-1", ("Apply", "Adopt"), "nothing was applied"),
    ("CON-4 LOG-2", ("Decide", "Learn", "Apply"), "nothing was decided"),
    ("CON-12", ("Propose",), "nobody proposed"),
    ("CON-17", ("EnterView", "Wish"), "no wish for a view was traced"),
    ("MSG-6", ("health report",), "no board reported its health"),
    ("LOG-11", ("Boot",), "no board booted"),
    ("KNW-3", ("Adopt", "Rejoin"), "no state was adopted, and nobody rejoined"),
    ("LOG-3", ("Checkpoint", "Adopt"), "there was no checkpoint"),
    ("LOG-10", ("Learn", "Apply", "Adopt"), "there was no learner"),
    ("LED-1 LED-10 LED-11 LED-12", ("Operation",), "no operation was applied"),
    ("LED-2 LED-3 LED-9", ("ShardCreate",), "no shard was created"),
    ("LED-4 LED-5", ("CursorAdvance",), "no cursor moved"),
    ("LED-6 LED-7 LED-8", ("LeaseAcquire",), "no lease was granted"),
    ("LED-15 LED-16", ("Apply",), "no slot was applied"),
    ("TCM-1 TCM-2 TCM-3 TCM-4", ("telecommand queued",), "no telecommand was recorded"),
    ("TCM-5", ("Operation",), "no operation was applied"),
    ("LED-13", ("JobResult",), "no worker reported a result"),
    ("LED-14", ("JobOpen",), "no job was opened"),
    ("PRC-1", ("procedure step",), "no procedure was flown"),
    ("PRC-2", ("poll answer",), "nobody was asked for a go"),
    ("PRC-3", ("quorum answer",), "no quorum was asked for a go"),
    ("PRC-4", ("inject",), "no inject was played"),
    ("ORD-1 ORD-4 LOG-12", tuple(name for name, _ in EVENTS.values()), "no board reported an event"),
    ("ORD-2 ORD-3 MSG-2", ("Receive",), "no receipt was traced"),
    ("MSG-1 MSG-3 MSG-4 MSG-5 KNW-2", ("Send",), "no message was traced"),
    ("LNK-1 LNK-5", _CHANNELS, "no channel was used"),
    ("LNK-6", ("ChannelRestart",), "no channel was begun"),
    ("MUT-1 MUT-5 MUT-6 MUT-7 MUT-8 MUT-9", _TURNS, "no board requested a turn"),
    ("MUT-2 MUT-3", ("MutexEnter",), "nobody had a turn"),
    ("SNP-1 SNP-5 SNP-7 SNP-8", ("SnapshotRecord", "SnapshotMarker"), "there was no snapshot"),
    ("SNP-2 SNP-3 SNP-6 SNP-9", ("SnapshotDone",), "no snapshot was finished"),
    ("FDT-1", ("Suspicion", "Heard"), "no suspicion was reported"),
    ("FDT-2 FDT-4", ("Suspicion",), "nobody was suspected"),
    ("FDT-3", ("Heard",), "no suspicion was lifted"),
)
PREMISES: dict[str, Premise] = {
    identifier: Premise(frozenset(events), lack) for names, events, lack in _GROUPS for identifier in names.split()
}


def look(verdict: Verdict, seen: Collection[str]) -> None:
    """Mark properties as not checked if their premise is neither among `seen` nor among the verdict's own steps."""
    found = {*seen, *verdict.steps}
    for identifier, state in list(verdict.invariants.items()):
        premise = PREMISES.get(identifier)
        if premise is not None and state in (HOLDS, NOT_CHECKED) and not premise.events & found:
            verdict.nothing_held(identifier, premise.lack)

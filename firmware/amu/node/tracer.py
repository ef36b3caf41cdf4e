"""Trace events: what a node did, in the words of the TLA+ modules.

On the wire an event is `[code, lamport, field, ...]`. The ground station writes it out as NDJSON under its name and the
names of its fields; those stand in `amu.node.events`, since a board has no room for words that it never says.
"""

if "":  # for the type checker; see amu.core.types
    from amu.core.types import Item, TraceEvent

# Looked up only, never iterated on a board.
CODES = {
    "Boot": 1,
    "Restore": 2,
    "Silent": 3,
    "Rejoin": 4,
    "Restart": 5,
    "EnterView": 10,
    "Propose": 11,
    "Vote1": 12,
    "Vote2": 13,
    "Vote3": 14,
    "Vote4": 15,
    "Decide": 16,
    "Learn": 17,
    "Wish": 18,
    "Apply": 20,
    "Operation": 21,
    "Checkpoint": 22,
    "Adopt": 23,
    "Send": 30,
    "Receive": 31,
    "Refuse": 40,
    "ChannelSend": 50,
    "ChannelDeliver": 51,
    "ChannelRestart": 52,
    "MutexRequest": 61,
    "MutexReceive": 62,
    "MutexEnter": 63,
    "MutexRelease": 64,
    "SnapshotRecord": 70,
    "SnapshotMarker": 71,
    "SnapshotDone": 72,
    "SnapshotAbandoned": 73,
    "SnapshotIgnored": 74,
    "Suspicion": 80,
    "Heard": 81,
}


class Tracer:
    """Numbers the events of one boot. Bounded: the board takes them after each turn, and before the next step when they
    are TURN_EVENTS_MAX or more."""

    def __init__(self, messages: bool = True) -> None:
        self.messages = messages  # False leaves out Send and Receive, for slow boards
        self.next_seq = 0
        # at most TURN_EVENTS_MAX, and what one step does: INSTANCES_MAX slots, REFUSALS_TRACED_PER_TICK_MAX refusals
        self.events: list[TraceEvent] = []  # not taken yet

    def emit(self, name: str, lamport: int, *fields: "Item") -> None:
        """Append one event. `fields` as in `amu.node.events`, bytes and registers as they are."""
        self.events.append(
            (CODES[name], lamport) + fields
        )  # a list takes twice the heap, and a step may trace a hundred

    def take(self) -> "list[TraceEvent]":
        """Events gathered since the last call; `next_seq` was the number of the first one."""
        events = self.events
        if events:
            self.next_seq += len(events)
            self.events = []
        return events

"""Trace events: what a node did, in the words of the TLA+ modules.

On the wire an event is `[code, lamport, field, ...]`. The table gives each code its name and its fields; the ground
station writes them out as NDJSON under these names. Names and fields equal the modules' actions and variables
(specs/tetrabft/tetrabft.tla, specs/ledger/ledger.tla), so the table is part of the specification's contract.
"""

if "":  # for the type checker; see amu.core.types
    from amu.core.types import Item, TraceEvent

# code: (name, fields). Looked up only, never iterated on a board.
EVENTS: dict[int, tuple[str, tuple[str, ...]]] = {
    # --- life of a board ---
    1: ("Boot", ("version", "journal", "applied_slot")),  # started; journal: fresh, ok, torn, blank, unreadable
    # after Boot: the registers of an open slot, as the journal has them
    2: ("Restore", ("slot", "view", "hi1", "second1", "hi2", "second2", "hi3", "hi4")),
    3: ("Silent", ("reason",)),  # takes part in nothing until it rejoins or is repaired
    4: ("Rejoin", ("floor",)),  # votes again, in slots above floor only
    # after Boot: the life before ended by itself, and the board knows why; heap as it was then
    5: ("Restart", ("reason", "heap_free", "heap_run")),
    # --- TetraBFT ---
    10: ("EnterView", ("slot", "view")),  # the node enters a later view
    11: ("Propose", ("slot", "view", "value")),  # as the leader of the view
    12: ("Vote1", ("slot", "view", "value")),
    13: ("Vote2", ("slot", "view", "value")),
    14: ("Vote3", ("slot", "view", "value")),
    15: ("Vote4", ("slot", "view", "value")),  # a quorum of such votes decides
    16: ("Decide", ("slot", "view", "value")),  # on a quorum of phase-4 votes
    17: ("Learn", ("slot", "value")),  # adopted on f+1 matching replies
    18: ("Wish", ("slot", "view")),  # view-change sent
    # --- log and ledger ---
    20: ("Apply", ("slot", "value", "digest")),  # digest of the ledger state afterwards
    21: ("Operation", ("slot", "client", "operation", "command", "result")),  # one per request, before its Apply
    22: ("Checkpoint", ("slot", "digest")),  # ledger state written to flash
    23: ("Adopt", ("slot", "digest")),  # ledger state taken over on f+1 matching digests
    # --- messages: named by their sender and the Lamport time of their sending ---
    30: ("Send", ("to", "kind", "slot", "view")),  # to 254: every other replica
    31: ("Receive", ("from", "sent", "kind")),  # authenticated, and handed to the node
    # --- refusals: nothing is dropped in silence ---
    40: ("Refuse", ("from", "kind", "reason")),  # a message that the node did not take
    # --- channels (specs/link/link.tla); peer_boot: the peer's incarnation, null while none is adopted ---
    50: ("ChannelSend", ("peer", "peer_boot", "sequence")),  # an item given to the channel
    51: ("ChannelDeliver", ("peer", "peer_boot", "sequence")),  # an item handed to its user
    # peer_boot adopted, so many items handed back; what lamport_mutex.tla and snapshot.tla call Meet
    52: ("ChannelRestart", ("peer", "peer_boot", "undelivered")),
    # --- mutual exclusion (specs/lamport_mutex/lamport_mutex.tla); `time`: the Lamport time given to the mutex ---
    61: ("MutexRequest", ("time",)),  # asks for its turn
    62: ("MutexReceive", ("from", "kind", "sent", "time")),  # kind: 1 request, 2 reply, 3 release, sent at `sent`
    63: ("MutexEnter", ("time",)),  # of the request
    64: ("MutexRelease", ("time",)),  # ends its turn
    # --- snapshots (specs/snapshot/snapshot.tla); counts: items on the present channel without markers ---
    70: ("SnapshotRecord", ("initiator", "number", "state", "sent_counts", "received_counts")),  # own state
    71: ("SnapshotMarker", ("from", "initiator", "number", "received_count")),  # closes a channel of the snapshot
    72: ("SnapshotDone", ("initiator", "number", "channels")),  # channels: recorded items, by sender
    73: ("SnapshotAbandoned", ("initiator", "number", "reason")),  # cannot be completed
    74: ("SnapshotIgnored", ("from", "initiator", "number")),  # a marker of a snapshot that is over here
    # --- failure detector (specs/failure_detector/failure_detector.tla): levels of suspicion, never a verdict ---
    80: ("Suspicion", ("peer", "silent_ticks", "level_milli")),  # the level's whole part has risen
    81: ("Heard", ("peer", "silent_ticks")),  # after such a suspicion, which has ended
}

CODES: dict[str, int] = {}
for _code in sorted(EVENTS):
    CODES[EVENTS[_code][0]] = _code


class Tracer:
    """Numbers the events of one boot. Bounded by what one step can do: the board takes them after each."""

    def __init__(self, messages: bool = True) -> None:
        self.messages = messages  # False leaves out Send and Receive, for slow boards
        self.next_seq = 0
        # at most what one step does: INSTANCES_MAX slots, REFUSALS_TRACED_PER_TICK_MAX refusals
        self._events: list[TraceEvent] = []

    def emit(self, name: str, lamport: int, *fields: "Item") -> None:
        """Append one event. `fields` as in EVENTS, bytes and registers as they are."""
        code = CODES[name]
        assert len(fields) == len(EVENTS[code][1]), name
        self._events.append((code, lamport) + fields)  # a list takes twice the heap, and a step may trace a hundred

    def take(self) -> "tuple[int, list[TraceEvent]]":
        """(first sequence number, events) gathered since the last call."""
        first, events = self.next_seq, self._events
        self.next_seq += len(events)
        self._events = []
        return first, events

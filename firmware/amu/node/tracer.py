"""Trace events: what a node did, in the words of the TLA+ modules.

On the wire an event is `[code, lamport, field, ...]`. The table gives each code its name and its fields; the ground
station writes them out as NDJSON under these names. Names and fields equal the modules' actions and variables
(specs/tetrabft/tetrabft.tla, specs/ledger/ledger.tla), so the table is part of the specification's contract.
"""

# code: (name, fields). Looked up only, never iterated on a board.
EVENTS = {
    # life of a board
    1: ("Boot", ("version", "journal", "applied_slot")),  # journal: fresh, ok, torn, blank, unreadable
    2: ("Restore", ("slot", "view", "hi1", "second1", "hi2", "second2", "hi3", "hi4")),
    3: ("Silent", ("reason",)),
    4: ("Rejoin", ("floor",)),  # votes again, in slots above floor only
    # after Boot: the life before ended by itself, and the board knows why; heap as it was then
    5: ("Restart", ("reason", "heap_free", "heap_run")),
    # TetraBFT
    10: ("EnterView", ("slot", "view")),
    11: ("Propose", ("slot", "view", "value")),
    12: ("Vote1", ("slot", "view", "value")),
    13: ("Vote2", ("slot", "view", "value")),
    14: ("Vote3", ("slot", "view", "value")),
    15: ("Vote4", ("slot", "view", "value")),
    16: ("Decide", ("slot", "view", "value")),
    17: ("Learn", ("slot", "value")),  # adopted on f+1 matching replies
    18: ("Wish", ("slot", "view")),  # view-change sent
    # log and ledger
    20: ("Apply", ("slot", "value", "digest")),  # digest of the ledger state afterwards
    21: ("Operation", ("slot", "client", "operation", "command", "result")),  # one a request, before its Apply
    22: ("Checkpoint", ("slot", "digest")),
    23: ("Adopt", ("slot", "digest")),  # ledger state taken over on f+1 matching digests
    # messages; a message is named by its sender and the Lamport time of its sending
    30: ("Send", ("to", "kind", "slot", "view")),  # to 254: every other replica
    31: ("Receive", ("from", "sent", "kind")),
    # refusals: nothing is dropped in silence
    40: ("Refuse", ("from", "kind", "reason")),
    # channels (specs/link/link.tla); peer_boot: the peer's incarnation, null while none is adopted
    50: ("ChannelSend", ("peer", "peer_boot", "sequence")),  # an item given to the channel
    51: ("ChannelDeliver", ("peer", "peer_boot", "sequence")),
    # peer_boot adopted, so many items handed back; what lamport_mutex.tla and snapshot.tla call Meet
    52: ("ChannelRestart", ("peer", "peer_boot", "undelivered")),
    # mutual exclusion (specs/lamport_mutex/lamport_mutex.tla); `time` is the Lamport time that the mutex was given
    61: ("MutexRequest", ("time",)),
    62: ("MutexReceive", ("from", "kind", "sent", "time")),  # kind: 1 request, 2 reply, 3 release, sent at `sent`
    63: ("MutexEnter", ("time",)),  # of the request
    64: ("MutexRelease", ("time",)),
    # snapshots (specs/snapshot/snapshot.tla); counts are of items on the present channel, markers left out
    70: ("SnapshotRecord", ("initiator", "number", "state", "sent_counts", "received_counts")),
    71: ("SnapshotMarker", ("from", "initiator", "number", "received_count")),
    72: ("SnapshotDone", ("initiator", "number", "channels")),  # channels: recorded items, by sender
    73: ("SnapshotAbandoned", ("initiator", "number", "reason")),
    74: ("SnapshotIgnored", ("from", "initiator", "number")),  # a marker of a snapshot that is over here
    # failure detector (specs/failure_detector/failure_detector.tla): levels of suspicion, never a verdict
    80: ("Suspicion", ("peer", "silent_ticks", "level_milli")),  # the level's whole part has risen
    81: ("Heard", ("peer", "silent_ticks")),  # after such a suspicion, which is over
}

CODES = {}
for _code in sorted(EVENTS):
    CODES[EVENTS[_code][0]] = _code


class Tracer:
    """Numbers the events of one boot. Bounded by what one step can do: the board takes them after each."""

    def __init__(self, messages=True):
        self.messages = messages  # False leaves out Send and Receive, for slow boards
        self.next_seq = 0
        self._events = []  # at most what one step does: INSTANCES_MAX slots, REFUSALS_TRACED_PER_TICK_MAX refusals

    def emit(self, name, lamport, *fields):
        """Append one event. `fields` as in EVENTS, bytes and registers as they are."""
        code = CODES[name]
        assert len(fields) == len(EVENTS[code][1]), name
        self._events.append((code, lamport) + fields)  # a list takes twice the heap, and a step may trace a hundred

    def take(self):
        """(first sequence number, events) gathered since the last call."""
        first, events = self.next_seq, self._events
        self.next_seq += len(events)
        self._events = []
        return first, events

"""The fields of trace events: the other half of `amu.node.tracer`, which no board carries.

Names and fields equal the modules' actions and variables (specs/tetrabft/tetrabft.tla, specs/ledger/ledger.tla), so the
table is part of the specification's contract. `make style` compares it with what flight code traces.
"""

from amu.node.tracer import CODES

FIELDS: dict[str, tuple[str, ...]] = {
    # --- life of a board ---
    "Boot": ("version", "journal", "applied_slot"),  # started; journal: fresh, ok, torn, blank, unreadable
    # after Boot: the registers of an open slot, as the journal has them
    "Restore": ("slot", "view", "hi1", "second1", "hi2", "second2", "hi3", "hi4"),
    "Silent": ("reason",),  # takes part in nothing until it rejoins or is repaired
    "Rejoin": ("floor",),  # votes again, in slots above floor only
    # after Boot: the life before ended by itself, and the board knows why; heap as it was then
    "Restart": ("reason", "heap_free", "heap_run"),
    # --- TetraBFT ---
    "EnterView": ("slot", "view"),  # the node enters a later view
    "Propose": ("slot", "view", "value"),  # as the leader of the view
    "Vote1": ("slot", "view", "value"),
    "Vote2": ("slot", "view", "value"),
    "Vote3": ("slot", "view", "value"),
    "Vote4": ("slot", "view", "value"),  # a quorum of such votes decides
    "Decide": ("slot", "view", "value"),  # on a quorum of phase-4 votes
    "Learn": ("slot", "value"),  # adopted on f+1 matching replies
    "Wish": ("slot", "view"),  # view-change sent
    # --- log and ledger ---
    "Apply": ("slot", "value", "digest"),  # digest of the ledger state afterwards
    "Operation": ("slot", "client", "operation", "command", "result"),  # one per request, before its Apply
    "Checkpoint": ("slot", "digest"),  # ledger state written to flash
    "Adopt": ("slot", "digest"),  # ledger state taken over on f+1 matching digests
    # --- messages: named by their sender and the Lamport time of their sending ---
    "Send": ("to", "kind", "slot", "view"),  # to 254: every other replica
    "Receive": ("from", "sent", "kind"),  # authenticated, and handed to the node
    # --- refusals: nothing is dropped in silence ---
    "Refuse": ("from", "kind", "reason"),  # a message that the node did not take
    # --- channels (specs/link/link.tla); peer_boot: the peer's incarnation, null while none is adopted ---
    "ChannelSend": ("peer", "peer_boot", "sequence"),  # an item given to the channel
    "ChannelDeliver": ("peer", "peer_boot", "sequence"),  # an item handed to its user
    # peer_boot adopted, so many items handed back; what lamport_mutex.tla and snapshot.tla call Meet
    "ChannelRestart": ("peer", "peer_boot", "undelivered"),
    # --- mutual exclusion (specs/lamport_mutex/lamport_mutex.tla); `time`: the Lamport time given to the mutex ---
    "MutexRequest": ("time",),  # asks for its turn
    "MutexReceive": ("from", "kind", "sent", "time"),  # kind: 1 request, 2 reply, 3 release, sent at `sent`
    "MutexEnter": ("time",),  # of the request
    "MutexRelease": ("time",),  # ends its turn
    # --- snapshots (specs/snapshot/snapshot.tla); counts: items on the present channel without markers ---
    "SnapshotRecord": ("initiator", "number", "state", "sent_counts", "received_counts"),  # own state
    "SnapshotMarker": ("from", "initiator", "number", "received_count"),  # closes a channel of the snapshot
    "SnapshotDone": ("initiator", "number", "channels"),  # channels: recorded items, by sender
    "SnapshotAbandoned": ("initiator", "number", "reason"),  # cannot be completed
    "SnapshotIgnored": ("from", "initiator", "number"),  # a marker of a snapshot that is over here
    # --- failure detector (specs/failure_detector/failure_detector.tla): levels of suspicion, never a verdict ---
    "Suspicion": ("peer", "silent_ticks", "level_milli"),  # the level's whole part has risen
    "Heard": ("peer", "silent_ticks"),  # after such a suspicion, which has ended
}

# code: (name, fields)
EVENTS = {CODES[name]: (name, FIELDS[name]) for name in sorted(FIELDS)}
assert len(EVENTS) == len(CODES), "an event without fields"

"""Every bound of the flight software, and the relations between them, in one file.

Units come last in each name. A bound that depends on the number of replicas is a function of it.
The relations are asserted when the module is imported, so a contradiction can never fly.
"""

# --- the swarm -------------------------------------------------------------------------------
REPLICAS_MIN = 4
REPLICAS_MAX = 13
GROUND = 255  # node number of the ground station
BROADCAST = 254  # destination: every other replica
LEARNER_LAST = 253  # learners of a cell are numbered from its replica count up to this

# --- the wire --------------------------------------------------------------------------------
DIGEST_BYTES = 32  # SHA-256
TAG_BYTES = 16  # HMAC-SHA256 truncated, RFC 2104 section 5: at least half of the digest and 80 bits
KEY_BYTES = 32
HEADER_BYTES = 4  # version, class, source, destination
CRC_BYTES = 4
PAYLOAD_BYTES_MAX = 1024  # deterministic CBOR of the messages of one frame
MESSAGES_PER_FRAME_MAX = 16
FRAME_BYTES_MAX = HEADER_BYTES + TAG_BYTES + PAYLOAD_BYTES_MAX + CRC_BYTES
WIRE_BYTES_MAX = FRAME_BYTES_MAX + FRAME_BYTES_MAX // 254 + 1 + 2  # COBS overhead and both delimiters
# No allocation after boot is longer: free heap may consist of pieces that are hardly longer. The longest are a frame
# between its delimiters and an open file of littlefs (1,200 bytes on a 64-bit machine).
HEAP_BLOCK_BYTES_MAX = 1280
HEAP_GARBAGE_BYTES = 60 * 1024  # allocated between two collections of a busy board: a decision of four Picos takes it
RING_BYTES = 4096  # serial bytes received and not yet framed
CBOR_DEPTH_MAX = 8  # a Pico's stack allows about 30 calls

# --- consensus -------------------------------------------------------------------------------
WINDOW_SLOTS = 4  # open slots; slot s starts when slot s - WINDOW_SLOTS is decided
SHARED_VALUES_MAX = 32  # latest values of which memory holds one copy each, however many messages name them
INSTANCES_MAX = 3 * WINDOW_SLOTS  # the decided window behind, the open one, and one ahead that only buffers
SLOT_MAX = (1 << 30) - 1  # small integers on a Pico stop at 2**30
VIEW_MAX = (1 << 20) - 1
LAMPORT_MAX = (1 << 62) - 1
LAMPORT_JUMP_MAX = 1 << 36  # how far a telecommand may push a clock: see the relations below
LAMPORT_LOST_MAX = 8  # messages in a row that a peer may lose because of their times
LAMPORT_LEAD_MAX = 1 << 26  # how far one replica may push a clock past the time that f + 1 claim
VIEW_TIMEOUT_DOUBLINGS_MAX = 6  # the view timer grows as 2**view up to this
STATUS_PERIOD_TICKS = 20  # without an own step in an open slot, then its state is sent again
STATUS_DOUBLINGS_MAX = 3  # while we take no step, the pause grows as 2**n up to this
PROGRESS_PERIOD_TICKS = 25
BODY_BYTES_MAX = 768  # proposal body: origin view and requests
BODY_DEPTH_MAX = 4  # arrays within each other: body, requests, request, command; a Pico's stack has no room for more
BATCH_REQUESTS_MAX = 32  # a slot costs the same votes whatever it carries; longer requests fill a body before
BATCH_TICKS_MAX = 8  # a leader with a proposal under way keeps requests back for so long at most,
BATCH_PARTS_OF_VIEW_TIMEOUT = 8  # and for this part of the view timer
PENDING_REQUESTS_MAX = 64
OVERLOOKED_SLOTS_MAX = 3 * WINDOW_SLOTS  # decided slots that may pass over an own pending request
CHECKPOINT_SLOTS = 16  # slots from one ledger checkpoint to the next
LOG_SLOTS_MAX = 4 * CHECKPOINT_SLOTS  # decided bodies kept for laggards; high watermark above a stable checkpoint
CATCH_UP_PERIOD_TICKS = 10
FETCH_PERIODS_MAX = 8  # catch-up periods in which questions for single slots may gain nothing, until we ask for a state
BODIES_PER_SLOT_MAX = 6 + 1 + 1 + 1  # own registers, current proposal, decision, incoming
STATE_BYTES_MAX = 48 * 1024  # serialised ledger state
CHUNK_BYTES_MAX = 512  # state transfer
CHUNKS_PER_REPLY_MAX = 8
TRANSFER_PATIENCE_PERIODS_MIN = 1  # catch-up periods without a chunk, until we ask again
TRANSFER_PATIENCE_PERIODS_MAX = 64  # after doublings; longer only where the view timer is: see the function below
ANSWERS_PER_TICK_MAX = 32  # messages that one peer's questions may cost us in a tick
LEARNER_ANSWERS_PER_TICK_MAX = 32  # messages that the questions of all learners together may cost us in a tick
PEER_FRAMES_PER_TICK_MAX = 64  # rate limit before the HMAC, per peer; each with up to MESSAGES_PER_FRAME_MAX messages

# --- the ledger ------------------------------------------------------------------------------
COMMAND_BYTES_MAX = 160
RESULT_BYTES_MAX = 64  # deterministic CBOR of one result; refusals name their reason in as many bytes
KEY_SPACE_BYTES_MAX = 32  # length of a shard key
TOKEN_BYTES_MAX = 32  # opaque cursor token
RESOURCE_BYTES_MAX = 24  # name of a leased resource
HOLDER_MAX = 255
SHARD_NUMBER_MAX = (1 << 30) - 1
CLIENT_NUMBER_MAX = 255
OPERATION_MAX = SLOT_MAX
SHARDS_MAX = 32
LEASES_MAX = 32
CLIENTS_MAX = 8
OPERATIONS_PER_CLIENT_MAX = 64  # remembered results of each client: its highest operation and those just below
LEASE_SLOTS_MAX = 1 << 16
JOBS_MAX = 8
JOB_SLOTS_MAX = 1 << 16
FENCING_TOKEN_MAX = SLOT_MAX * BATCH_REQUESTS_MAX  # a request takes one token at most, so the counter cannot run out
JOB_NUMBER_MAX = SLOT_MAX * BATCH_REQUESTS_MAX  # as tokens: a request opens one job at most
# Deterministic CBOR of one row of each table: an array head and, for each field, its head and its bytes.
SHARD_ROW_BYTES_MAX = 1 + 5 + 3 * (2 + KEY_SPACE_BYTES_MAX) + (2 + TOKEN_BYTES_MAX) + 1
LEASE_ROW_BYTES_MAX = 1 + (2 + RESOURCE_BYTES_MAX) + 2 + 9 + 5
# An open job has at most n - f different digests, else none could reach f + 1; and one from the report that ends it.
JOB_DIGESTS_MAX = REPLICAS_MAX - (REPLICAS_MAX - 1) // 3 + 1
JOB_ROW_BYTES_MAX = 1 + 9 + (2 + DIGEST_BYTES) + 5 + 10 + (1 + JOB_DIGESTS_MAX * (2 + DIGEST_BYTES)) + 1 + REPLICAS_MAX
OPERATION_ROW_BYTES_MAX = 1 + 5 + 5 + RESULT_BYTES_MAX
CLIENT_ROW_BYTES_MAX = 1 + 2 + 3 + OPERATIONS_PER_CLIENT_MAX * (2 + OPERATION_ROW_BYTES_MAX)
LEDGER_BYTES_MAX = (
    32
    + SHARDS_MAX * SHARD_ROW_BYTES_MAX
    + LEASES_MAX * LEASE_ROW_BYTES_MAX
    + JOBS_MAX * JOB_ROW_BYTES_MAX
    + CLIENTS_MAX * CLIENT_ROW_BYTES_MAX
)

# --- mutex and snapshot ----------------------------------------------------------------------
MUTEX_ITEMS_ON_CHANNEL_MAX = 7  # given to a channel and not yet delivered, between correct boards: lamport_mutex.tla
SNAPSHOT_ITEMS_MAX = 64  # recorded for one snapshot on all channels to a board: what one trace frame holds
MUTEX_ITEM_BYTES_MAX = 1 + 1 + 9  # deterministic CBOR: array head, kind, Lamport time

# --- the node --------------------------------------------------------------------------------
JOURNAL_RECORDS_MAX = 256  # then a board writes a checkpoint and starts a new journal
BLANK_RECORDS_MAX = 64  # written by a board without memory, whose journal is not cut before it votes again
LAMPORT_RESERVE = 4096  # clock values reserved on flash at a time
LATER_RECORDS_MAX = 16  # records that may wait for the next forced write
TRACE_EVENTS_PER_FRAME_MAX = 12
TRACE_BYTES_MAX = PAYLOAD_BYTES_MAX - (1 + 2 + 1 + 3 * 5 + 1)  # of a frame's events: beside them two heads, kind, time,
# and three counts
REFUSALS_TRACED_PER_TICK_MAX = 8  # the rest of a flood is counted only
HEALTH_PERIOD_TICKS = 100
TICKS_WRAP = 1_000_000_000  # what a board tells of its ticks begins again at 0: after 578 days of 50 ms ticks
BARREN_LIVES_MAX = 3  # consecutive lives that end out of memory and apply no slot: then the board has crashed
FULL_RETRY_TICKS = 100  # that a board stays silent whose flash was full, before it tries again from its journal
ENDED_CHARACTERS_MAX = 120  # of the reason why a life ended, as the next life reports it
READ_BYTES_MAX = 1024  # read from the serial port at a time
TURN_FRAMES_MAX = 8  # read, and taken, before their effects are performed; ticks are checked in between
TURN_SENDS_MAX = 12  # then, or with so many events, effects are performed before the next message is taken
TURN_EVENTS_MAX = 2 * TRACE_EVENTS_PER_FRAME_MAX

# --- failure detector ------------------------------------------------------------------------
TURN_HOLD_TICKS = 5  # a board keeps its turn this long
DETECTOR_SAMPLE_TICKS = 10  # levels of suspicion are sampled this often
BEAT_SAMPLES = 32  # pauses between heartbeats that are kept of each peer
BEAT_TICKS_MAX = 255  # a longer pause counts as this: it fits a byte, and boards speak several times as often
BEAT_TICKS_FIRST = PROGRESS_PERIOD_TICKS  # assumed pause between heartbeats of a peer that was not heard often enough
LEVEL_MILLI_PER_PART = 1000
LEVEL_MILLI_MAX = 16 * LEVEL_MILLI_PER_PART  # the highest suspicion: once in 10**16 beats is never
SILENT_TICKS_MAX = SLOT_MAX

# --- channels --------------------------------------------------------------------------------
CHANNEL_ITEM_BYTES_MAX = 96
CHANNEL_WINDOW_ITEMS = 8  # sent and not acknowledged: what one segment holds
CHANNEL_QUEUE_ITEMS_MAX = 32  # taken and not acknowledged
CHANNEL_RETRANSMIT_TICKS = 20  # without an acknowledgement, then all is sent again
CHANNEL_RETRANSMIT_DOUBLINGS_MAX = 3  # while none comes, the pause grows as 2**n up to this
CHANNEL_SEGMENTS_PER_TICK_MAX = 4
CHANNEL_SEQUENCE_MAX = SLOT_MAX


def faults_max(replica_count: int) -> int:
    """Largest f with n >= 3f + 1."""
    return (replica_count - 1) // 3


def quorum_size(replica_count: int) -> int:
    """n - f: any two quorums share a correct replica."""
    return replica_count - faults_max(replica_count)


def transfer_patience_periods_max(view_timeout_ticks: int) -> int:
    """Catch-up periods to wait for a chunk at most. A view that succeeds takes five messages in a row, so a swarm whose
    view timer fits its distances has no longer round trip."""
    return max(TRANSFER_PATIENCE_PERIODS_MAX, view_timeout_ticks // CATCH_UP_PERIOD_TICKS)


def blocking_size(replica_count: int) -> int:
    """f + 1: at least one member is correct."""
    return faults_max(replica_count) + 1


# The ground must reach a board that starts at 0 in a swarm that has run for years: 2**36 events are two years at 1,000
# a second.
assert LAMPORT_JUMP_MAX << 26 <= LAMPORT_MAX + 1
# A liar gains one lead for each time that correct replicas hear from each other: 2**36 rounds use the clock up.
assert LAMPORT_LEAD_MAX << 36 <= LAMPORT_MAX + 1
assert LAMPORT_LEAD_MAX <= LAMPORT_JUMP_MAX
assert REPLICAS_MAX <= LEARNER_LAST < BROADCAST < GROUND <= 255
assert WINDOW_SLOTS <= 8
assert TRACE_EVENTS_PER_FRAME_MAX < 24  # the head of its array is one byte
assert TAG_BYTES * 2 >= DIGEST_BYTES
assert TAG_BYTES * 8 >= 80
assert HEAP_BLOCK_BYTES_MAX >= WIRE_BYTES_MAX
assert RING_BYTES >= 2 * WIRE_BYTES_MAX
assert READ_BYTES_MAX <= RING_BYTES
assert BODY_BYTES_MAX + DIGEST_BYTES + 64 <= PAYLOAD_BYTES_MAX
assert CHUNK_BYTES_MAX + 64 <= PAYLOAD_BYTES_MAX
assert COMMAND_BYTES_MAX + 32 <= BODY_BYTES_MAX
assert LEDGER_BYTES_MAX <= STATE_BYTES_MAX  # a ledger with all its tables full can still be handed over
assert len("shard/%d" % SHARD_NUMBER_MAX) <= RESOURCE_BYTES_MAX
assert SLOT_MAX + max(LEASE_SLOTS_MAX, JOB_SLOTS_MAX) < 1 << 32  # an expiry or deadline fits its five bytes
assert SNAPSHOT_ITEMS_MAX * MUTEX_ITEM_BYTES_MAX + 128 <= PAYLOAD_BYTES_MAX  # recorded items are traced in one frame
assert HOLDER_MAX >= REPLICAS_MAX - 1
assert BATCH_REQUESTS_MAX <= PENDING_REQUESTS_MAX
assert OPERATIONS_PER_CLIENT_MAX >= PENDING_REQUESTS_MAX
assert OPERATION_ROW_BYTES_MAX < 1 << 8  # the head of a remembered row takes two bytes at most
assert CHECKPOINT_SLOTS > INSTANCES_MAX
assert LOG_SLOTS_MAX >= 2 * CHECKPOINT_SLOTS + INSTANCES_MAX
assert BODIES_PER_SLOT_MAX >= 9
assert (
    BODY_DEPTH_MAX == 4 <= CBOR_DEPTH_MAX
)  # body, requests, request, command: none is left for the fields of a command
assert ANSWERS_PER_TICK_MAX >= 2 * CHUNKS_PER_REPLY_MAX
# Hundreds of learners weigh no more than one more replica, and a state can be handed over to one of them.
assert CHUNKS_PER_REPLY_MAX <= LEARNER_ANSWERS_PER_TICK_MAX <= ANSWERS_PER_TICK_MAX
assert 2 * max(PROGRESS_PERIOD_TICKS, STATUS_PERIOD_TICKS, HEALTH_PERIOD_TICKS) <= BEAT_TICKS_MAX <= 255
assert TICKS_WRAP <= SLOT_MAX
assert TICKS_WRAP % HEALTH_PERIOD_TICKS == 0  # reports stay due at multiples of the period
assert BEAT_TICKS_FIRST + BEAT_TICKS_FIRST // 4 <= BEAT_TICKS_MAX
assert CHANNEL_WINDOW_ITEMS * (CHANNEL_ITEM_BYTES_MAX + 2) + 64 <= PAYLOAD_BYTES_MAX  # a whole window in one segment
assert CHANNEL_WINDOW_ITEMS < 24  # the head of its array is one byte
assert CHANNEL_WINDOW_ITEMS <= CHANNEL_QUEUE_ITEMS_MAX
assert CHANNEL_SEGMENTS_PER_TICK_MAX >= 2  # one for the peer, one for a stranger
for _n in range(REPLICAS_MIN, REPLICAS_MAX + 1):
    # Two quorums meet in more than f replicas, and a quorum survives without the faulty ones.
    assert 2 * quorum_size(_n) - _n > faults_max(_n)
    assert quorum_size(_n) <= _n - faults_max(_n)
    assert blocking_size(_n) <= quorum_size(_n)
    assert quorum_size(_n) + 1 <= JOB_DIGESTS_MAX <= 23  # an index of the list of digests is one byte of CBOR
    # The correct workers alone make a result, and the faulty ones alone never do.
    assert _n - faults_max(_n) >= blocking_size(_n) > faults_max(_n)

"""Planted bugs. Each changes one place of the flight code (or of the trace reader) and must be caught by some check."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Mutant:
    """`before` stands once in `file` and becomes `after`. `checks` (see checks.py) are tried in order."""

    name: str
    file: str
    before: str
    after: str
    checks: tuple[str, ...]


INSTANCE = "firmware/amu/consensus/instance.py"
REPLICA = "firmware/amu/consensus/replica.py"
CATCH_UP = "firmware/amu/consensus/catch_up.py"

MUTANTS = (
    Mutant(
        "quorum off by one: votes and decisions on n-f-1",
        INSTANCE,
        "while count_equal(self._votes[phase], (view, value)) >= self.group.quorum:",
        "while count_equal(self._votes[phase], (view, value)) >= self.group.quorum - 1:",
        ("trace", "golden"),
    ),
    Mutant(
        "decide on f+1 vote-4",
        INSTANCE,
        "            if phase == 4:\n                self._decide",
        "            if phase == 3 and not self._is_passive():\n                self._decide(view, value)\n"
        "            if phase == 4:\n                self._decide",
        ("trace", "golden"),
    ),
    Mutant(
        "vote twice in a view and phase",
        "firmware/amu/consensus/registers.py",
        "return hi is not None and hi[0] >= view",
        "return hi is not None and hi[0] > view",
        ("trace", "golden"),
    ),
    Mutant(
        "forget lock: proofs leave out the vote-4",
        INSTANCE,
        "effects.send(BROADCAST, Proof(self.slot, view, e[0], e[1], e[5]))\n        self._proofs",
        "effects.send(BROADCAST, Proof(self.slot, view, e[0], e[1], None))\n        self._proofs",
        ("trace", "lies"),
    ),
    Mutant(
        "forget lock over a reboot: vote-4 is not restored",
        INSTANCE,
        "        if kind == records.VOTE:\n",
        "        if kind == records.VOTE and record[3] == 4:\n            pass\n        elif kind == records.VOTE:\n",
        ("trace", "power cuts"),
    ),
    Mutant(
        "view not restored over a reboot",
        INSTANCE,
        "            self.view = record[2]\n            self.entry",
        "            self.entry",
        ("trace", "storms"),
    ),
    Mutant(
        "send before persist",
        "firmware/amu/node/effects.py",
        "            records = self._later + self._forced\n            self._forced, self._later = [], []",
        "            records, self._later, self._forced = self._later, self._forced, []",
        ("power cuts", "trace"),
    ),
    Mutant(
        "skip Rule 1: the leader proposes what it likes",
        INSTANCE,
        "        if rules.is_free(reports, self.group):",
        "        if True:",
        ("trace", "golden"),
    ),
    Mutant(
        "skip Rule 3: vote-1 for anything proposed",
        INSTANCE,
        "        if not rules.safe_at(value, view, reports, self.group, True):\n            return\n",
        "",
        ("trace", "golden"),
    ),
    Mutant(
        "clause (iii-B) dropped",
        "firmware/amu/consensus/rules.py",
        "        if is_voter and _two_values_claimed",
        "        if False and _two_values_claimed",
        ("rules",),
    ),
    Mutant(
        "clause (i) dropped: later votes do not count",
        "firmware/amu/consensus/rules.py",
        "        if hi is None or hi[0] < base or",
        "        if hi is None or hi[0] != base or",
        ("rules",),
    ),
    Mutant(
        "one claim is enough for clause (iii-A)",
        "firmware/amu/consensus/rules.py",
        "        if _claim_count(value, base, reports) >= group.blocking:",
        "        if _claim_count(value, base, reports) >= group.blocking - 1:",
        ("rules",),
    ),
    Mutant(
        "the leader rule looks at the wrong slot",
        REPLICA,
        "place = slot - self.applied + WINDOW_SLOTS - 1",
        "place = slot - self.applied + WINDOW_SLOTS - 2",
        ("trace", "golden"),
    ),
    Mutant(
        "the view goes up on f+1 wishes",
        "firmware/amu/consensus/synchroniser.py",
        "return kth_largest(self._wishes, self._group.quorum)",
        "return kth_largest(self._wishes, self._group.blocking)",
        ("golden", "replica"),
    ),
    Mutant(
        "a laggard is told the view instead of the wish",
        INSTANCE,
        "send(peer, ViewChange(slot, wish))",
        "send(peer, ViewChange(slot, view))",
        ("replica",),
    ),
    Mutant(
        "a state is asked for again in every period, however long the round trip",
        "firmware/amu/consensus/checkpoints.py",
        "            if transfer.idle_periods < self._patience_periods:",
        "            if False:",
        ("hostile peers",),
    ),
    Mutant(
        "one peer's questions are answered without bound",
        REPLICA,
        "        if self._answers[peer] + count > limits.ANSWERS_PER_TICK_MAX:",
        "        if False:",
        ("hostile peers",),
    ),
    Mutant(
        "a backlog counts as censorship",
        "firmware/amu/consensus/pending.py",
        "            if not is_queue_served:",
        "            if True:",
        ("hostile peers",),
    ),
    Mutant(
        "one liar's answer sets the vote floor",
        CATCH_UP,
        "floor = kth_largest(answers, 2) + 2 * WINDOW_SLOTS",
        "floor = kth_largest(answers, 1) + 2 * WINDOW_SLOTS",
        ("hostile peers",),
    ),
    Mutant(
        "nobody follows a correct board whose clock a liar has pushed",
        "firmware/amu/core/lamport.py",
        "            clock.time = max(clock.time, bound)\n",
        "            pass\n",
        ("hostile peers",),
    ),
    Mutant(
        "what a liar's victim says is lost for ever",
        "firmware/amu/core/lamport.py",
        "return LOST if self._lost[peer] <= limits.LAMPORT_LOST_MAX else OUT_OF_ORDER",
        "return LOST",
        ("hostile peers",),
    ),
    Mutant(
        "a decision is learned from one reply",
        INSTANCE,
        "count_equal(self._learned, self._learned[peer]) >= self.group.blocking",
        "count_equal(self._learned, self._learned[peer]) >= 1",
        ("trace", "lies"),
    ),
    Mutant(
        "an adopted checkpoint's digest is not checked",
        "firmware/amu/consensus/checkpoints.py",
        "        if hashlib.sha256(whole).digest() != transfer.digest:",
        "        if False:",
        ("lies",),
    ),
    Mutant(
        "a replica without memory votes at once",
        "firmware/amu/node/node.py",
        "            replica.floor = FLOOR_UNKNOWN",
        "            replica.floor = 0",
        ("trace", "replica"),
    ),
    Mutant(
        "the vote floor after amnesia is too low",
        CATCH_UP,
        "floor = kth_largest(answers, 2) + 2 * WINDOW_SLOTS",
        "floor = kth_largest(answers, 2)",
        ("replica",),
    ),
    Mutant(
        "a request is voted for without an own copy",
        REPLICA,
        '                if held != request and self.application.status(request[0], request[1])[0] == "new":',
        "                if False:",
        ("replica",),
    ),
    Mutant(
        "slots are applied out of order",
        REPLICA,
        "            if instance is None or instance.decision is None:\n                break\n",
        "            if instance is None or instance.decision is None:\n"
        "                slot += 1\n                instance = self.find(slot)\n"
        "            if instance is None or instance.decision is None:\n                break\n",
        ("trace", "storms"),
    ),
    Mutant(
        "half a batch is believed after a power cut",
        "firmware/amu/node/journal.py",
        '        if link != int.from_bytes(journal[at + 4 : at + 8], "big"):\n',
        "        if False:\n",
        ("journal",),
    ),
    Mutant(
        "Lamport max dropped: a receipt may be earlier than its sending",
        "firmware/amu/core/lamport.py",
        "            self.time = received\n",
        "            pass\n",
        ("trace", "lamport"),
    ),
    Mutant(
        "MAC not checked",
        "firmware/amu/wire/auth.py",
        "        if not equal(tag, want):",
        "        if False:",
        ("wire",),
    ),
    Mutant(
        "CRC not checked",
        "firmware/amu/wire/frames.py",
        'if crc32(data[:end]) != int.from_bytes(data[end:], "big"):',
        "if False:",
        ("wire",),
    ),
    Mutant(
        "stale fencing token accepted",
        "firmware/amu/ledger/transitions.py",
        "if lease.token != token:",
        "if lease.token < token:",
        ("trace", "ledger"),
    ),
    Mutant(
        "cursor moves back",
        "firmware/amu/ledger/cursors.py",
        "(last_key is START or new_key >= last_key)",
        "True",
        ("trace", "ledger"),
    ),
    Mutant(
        "an expired lease still counts",
        "firmware/amu/ledger/leases.py",
        "        return now < self.expires_slot",
        "        return True",
        ("trace", "ledger"),
    ),
    Mutant(
        "fencing tokens are used again",
        "firmware/amu/ledger/leases.py",
        "        self.next_token = token + 1\n",
        "        self.next_token = token + (len(self.rows) == 0)\n",
        ("trace", "ledger"),
    ),
    Mutant(
        "an operation is applied twice",
        "firmware/amu/ledger/state.py",
        "        if status == operations.DONE:\n            return remembered[1]\n",
        "        if status == operations.DONE:\n            return self._apply_command(command)\n",
        ("trace", "ledger"),
    ),
    Mutant(
        "a job is accepted on f equal reports",
        "firmware/amu/ledger/jobs.py",
        "self.needed = limits.blocking_size(replica_count)",
        "self.needed = limits.faults_max(replica_count)",
        ("trace", "ledger"),
    ),
    Mutant(
        "a worker's second report counts",
        "firmware/amu/ledger/transitions.py",
        "    if job.reports[worker] is not None:\n        return refused",
        "    job.reports[worker] = None\n    if False:\n        return refused",
        ("trace", "ledger"),
    ),
    Mutant(
        "a report counts after the deadline",
        "firmware/amu/ledger/jobs.py",
        "return self.status == OPEN and now < self.deadline_slot",
        "return self.status == OPEN",
        ("trace", "ledger"),
    ),
    Mutant(
        "mutex: a turn begins before everybody has spoken",
        "firmware/amu/ops/mutex.py",
        "if peer != self._me and (not self._is_later[peer] or self._is_before_mine(peer)):",
        "if peer != self._me and self._is_before_mine(peer):",
        ("trace", "ops"),
    ),
    Mutant(
        "mutex: an earlier request is passed over",
        "firmware/amu/ops/mutex.py",
        "(not self._is_later[peer] or self._is_before_mine(peer))",
        "not self._is_later[peer]",
        ("trace", "ops"),
    ),
    Mutant(
        "mutex: ties go to nobody",
        "firmware/amu/ops/mutex.py",
        "(time == self.requested and peer < self._me)",
        "False",
        ("trace", "ops"),
    ),
    Mutant(
        "mutex: a restarted peer is not told what I asked for",
        "firmware/amu/ops/mutex.py",
        "[REQUEST, self.requested] if self.wants else [REPLY, self._time]",
        "[REPLY, self._time]",
        ("trace", "ops"),
    ),
    Mutant(
        "snapshot: items after the marker are recorded, too",
        "firmware/amu/ops/snapshot.py",
        '        recording.is_open[sender] = False\n        self._events.append(["SnapshotMarker"',
        '        self._events.append(["SnapshotMarker"',
        ("trace", "ops"),
    ),
    Mutant(
        "snapshot: the marker overtakes nothing: it goes out after the next items",
        "firmware/amu/node/operations.py",
        "        for peer, item in self._snapshot.take_markers():\n            self._channel_send(peer, item)\n",
        "        for peer, item in self._snapshot.take_markers() if self._mutex.wants else []:\n"
        "            self._channel_send(peer, item)\n",
        ("trace", "ops"),
    ),
    Mutant(
        "channel: a segment that came before is delivered again",
        "firmware/amu/ops/channel.py",
        "        if last <= self.delivered:\n            self.duplicates += 1\n            return []\n",
        "        if last <= self.delivered:\n            return items\n",
        ("trace", "ops"),
    ),
    Mutant(
        "channel: a gap is passed over",
        "firmware/amu/ops/channel.py",
        "        if first > self.delivered + 1:\n            self.gaps += 1\n            return []\n",
        "        if first > self.delivered + 1:\n            self.delivered = first - 1\n",
        ("trace", "ops"),
    ),
    Mutant(
        "channel: a former incarnation is adopted without a challenge",
        "firmware/amu/ops/channel.py",
        "segment.echo == self._challenge and segment.peer_boot == self.boot",
        "segment.peer_boot == self.boot",
        ("ops", "trace"),
    ),
    Mutant(
        "detector: suspicion stays when the peer is heard",
        "firmware/amu/ops/detector.py",
        "        self._told[peer] = 0\n        return",
        "        return",
        ("trace", "detector"),
    ),
    Mutant(
        "the checker ignores a gap in the trace",
        "specs/checking/trace.py",
        "if event.seq > expected:",
        "if False:",
        ("trace reader",),
    ),
)

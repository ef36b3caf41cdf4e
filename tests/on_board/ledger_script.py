"""A ledger's life from a seed: requests that are mostly right and partly wrong, the same on every interpreter."""

KEYS = [b""] + [bytes([64 + i // 2]) * (1 + i % 2) for i in range(60)] + [b"\x7f", b"\xff"]  # in order
THINGS = ["dock/1", "dock/2", "welder"]
VERBS = (
    ["shard-create"] * 2
    + ["lease-acquire"] * 4
    + ["cursor-advance"] * 10
    + ["shard-split"] * 2
    + ["job-open"]
    + ["job-result"] * 6
    + ["job-cancel", "job-expire"]
    + ["noop", "lease-renew", "lease-release", "shard-handover", "shard-complete", "bogus"]
)
BOGUS = [
    [],
    [7],
    ["reboot"],
    ["noop", 1],
    ["lease-acquire", "dock/1", -1, 4],
    ["lease-acquire", "shard/007", 1, 4],
    ["shard-create", 0, True, b"b"],
    ["noop", [[]]],
    ["job-open", b"short", 9],
    ["job-result", 1, 13, bytes(32)],
]
WORKERS = 5  # one more than the smallest swarm has
SENT_MAX = 100  # requests that may be sent again


class Row:
    """What the holders believe of a shard: its range and cursor as places in KEYS, and its newest token."""

    def __init__(self, number, first, last):
        self.number, self.first, self.last = number, first, last
        self.cursor, self.holder, self.token = first, 0, 1


class Script:
    """Draws batches of requests and learns from their results."""

    def __init__(self, seed, shards=60, holders=3, clients=2, lease_slots=40):
        self._state = seed
        self._shards, self._holders, self._clients = shards, holders, clients
        self._lease_slots = lease_slots
        self._rows = []
        self._jobs = []  # numbers of those opened
        self._created = 0
        self._operations = [0] * 256
        self._sent = []
        self._learned = []  # requests whose result was heard

    def draw(self, bound):
        """A number below `bound`: a linear congruential generator, Knuth's MMIX constants, high bits."""
        self._state = (self._state * 6364136223846793005 + 1442695040888963407) & ((1 << 64) - 1)
        return (self._state >> 33) % bound

    def pick(self, items):
        return items[self.draw(len(items))]

    def batch(self, most=3):
        """Requests of one slot."""
        return [self._request() for _ in range(self.draw(most + 1))]

    def learn(self, requests, results):
        """Take in the results of a batch."""
        for request, result in zip(requests, results):
            if request in self._learned:
                continue
            if result[0] == "ok":
                self._learn(request[2], result)
            self._learned.append(request)
            if len(self._learned) > 2 * SENT_MAX:
                self._learned.pop(0)

    def _learn(self, command, result):
        verb = command[0]
        if verb == "shard-create":
            last = KEYS.index(command[3]) if command[3] else len(KEYS)
            self._rows.append(Row(command[1], KEYS.index(command[2]), last))
            return
        if verb.startswith("job-"):
            if verb == "job-open":
                self._jobs.append(result[1])
            return
        row = None
        for known in self._rows:
            if verb != "noop" and command[1] in (known.number, f"shard/{known.number}"):
                row = known
        if row is None:
            return
        if verb == "shard-split":
            new = Row(command[4], KEYS.index(command[3]), row.last)
            new.holder, new.token = row.holder, result[1]
            row.last = new.first
            self._rows.append(new)
        elif verb == "cursor-advance":
            row.cursor = KEYS.index(command[3])
        elif verb == "shard-complete":
            self._rows.remove(row)
        elif len(result) == 3:
            row.token = result[1]
            if verb != "lease-renew":
                row.holder = command[2] if verb == "lease-acquire" else command[3]

    def _request(self):
        if self._sent and self.draw(12) == 0:
            return self.pick(self._sent)  # sent again
        client = self.draw(self._clients)
        self._operations[client] += 1 + (self.draw(10) == 0)
        request = [client, self._operations[client], self._command()]
        self._sent.append(request)
        if len(self._sent) > SENT_MAX:
            self._sent.pop(0)
        return request

    def _command(self):
        verb = self.pick(VERBS)
        if verb == "bogus":
            return self.pick(BOGUS)
        if verb == "noop":
            return [verb]
        if verb.startswith("job-"):
            return self._job_command(verb)
        if verb == "shard-create" or not self._rows:
            first = self.draw(len(KEYS))
            last = first + self.draw(9)
            return ["shard-create", self._number(), KEYS[first], KEYS[last] if last < len(KEYS) else b""]
        row = self.pick(self._rows[-4:])
        number = row.number if self.draw(20) else self.draw(self._shards)
        resource = f"shard/{number}" if self.draw(5) else self.pick(THINGS)
        holder = row.holder if self.draw(10) else self.draw(self._holders)
        token = row.token if self.draw(8) else max(1, row.token - self.draw(4))
        if verb == "lease-acquire":
            return [verb, resource, self.draw(self._holders), 1 + self.draw(self._lease_slots)]
        if verb == "lease-renew":
            return [verb, resource, holder, token, 1 + self.draw(self._lease_slots)]
        if verb == "lease-release":
            return [verb, resource, holder, token]
        if verb == "cursor-advance":
            return [verb, number, token, None if self.draw(20) == 0 else self._near(row), self.pick([b"", b"x", b"yz"])]
        if verb == "shard-split":
            return [verb, number, token, self._near(row), self._number()]
        if verb == "shard-handover":
            return [verb, number, token, self.draw(self._holders)]
        return [verb, number, token]

    def _job_command(self, verb):
        """Mostly about the latest jobs. In every fourth job each worker computes something else."""
        if verb == "job-open" or not self._jobs:
            return ["job-open", bytes([self.draw(256)]) * 32, 1 + self.draw(6 * self._lease_slots)]
        number = self.pick(self._jobs[-3:])
        if verb == "job-result":
            worker = self.draw(WORKERS)
            other = number % 4 == 0 or self.draw(4) == 0
            return [verb, number, worker, bytes([worker + 1 if other else 0]) * 32]
        return [verb, number if self.draw(4) else self._jobs[0]]

    def _number(self):
        """Mostly a new number; they come round again."""
        if self.draw(10):
            self._created += 1
        return self._created % self._shards

    def _near(self, row):
        """A key a little before, at or after the cursor."""
        return KEYS[max(0, min(row.cursor + self.draw(5) - 1, len(KEYS) - 1))]


def run(ledger, script, slots):
    """Apply `slots` batches to `ledger`; yields (requests, results) of each slot."""
    for _ in range(slots):
        requests = script.batch()
        results = ledger.apply(ledger.applied_slot + 1, requests)
        script.learn(requests, results)
        yield requests, results

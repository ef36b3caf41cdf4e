"""What is broken in the modules of specs/ledger, and what must notice."""

from tests.spec_mutants.mutant import SpecMutant

TWO_SHARDS = "two shards and a dock"
FENCING = "the effector looks at the token"
JOBS = "jobs with a liar"
JOB_PLACES = "jobs in two places"
JOBS_DISPUTED = "jobs that nobody can decide"
OPERATIONS = "operations repeated in any order"


def _guard(name: str, before: str, after: str, caught_by: str) -> SpecMutant:
    return SpecMutant(f"ledger: {name}", "ledger", "ledger.tla", before, after, TWO_SHARDS, caught_by)


def _job(name: str, before: str, after: str, caught_by: str, run: str = JOBS) -> SpecMutant:
    return SpecMutant(f"jobs: {name}", "ledger", "ledger.tla", before, after, run, caught_by)


def _operation(name: str, before: str, after: str, caught_by: str) -> SpecMutant:
    return SpecMutant(f"operation ids: {name}", "ledger", "operations.tla", before, after, OPERATIONS, caught_by)


MUTANTS = (
    _guard("an expired lease will do", "Holds(r, token) == IsLive(r) /\\ ", "Holds(r, token) == ", "OneHolder"),
    _guard("any token will do", " /\\ leases[r].token = token\n", "\n", "StaleTokenMovesNothing"),
    _guard("a held resource is granted", "  /\\ ~IsLive(r)\n", "", "NoTakingAway"),
    _guard(
        "a lease takes no token",
        "now + slots)\n  /\\ nextToken' = nextToken + 1",
        "now + slots)\n  /\\ nextToken' = nextToken",
        "TokensUnique",
    ),
    _guard(
        "a split takes no token",
        "nextToken' = nextToken + 1\n  /\\ UNCHANGED <<now, jobVars>>\n",
        "nextToken' = nextToken\n  /\\ UNCHANGED <<now, jobVars>>\n",
        "TokensUnique",
    ),
    _guard(
        "a hand-over takes no token",
        "holder, leases[ResourceOf(s)].expires)\n  /\\ nextToken' = nextToken + 1\n  /\\ UNCHANGED <<now, shards",
        "holder, leases[ResourceOf(s)].expires)\n  /\\ nextToken' = nextToken\n  /\\ UNCHANGED <<now, shards",
        "TokensUnique",
    ),
    _guard("the cursor moves back", "  /\\ IsMonotone(s, key)\n", "", "CursorMonotone"),
    _guard("the cursor leaves the shard", "  /\\ InBounds(s, key)\n", "", "CursorInBounds"),
    _guard("shards overlap", "  /\\ \\A t \\in Open : ~Overlaps(t, start, end)\n", "", "ShardsDisjoint"),
    _guard("split behind the cursor", "  /\\ shards[s].lastKey < at\n", "", "CursorInBounds"),
    _guard("empty shards", "  /\\ start < end\n", "", "HalfOpen"),
    _guard(
        "the lease outlives its shard",
        '"complete"]\n  /\\ leases\' = [leases EXCEPT ![ResourceOf(s)] = NoLease]',
        '"complete"]\n  /\\ leases\' = leases',
        "LeaseOnOpenShard",
    ),
    _guard("leases without bound", "  /\\ ~IsLive(r)\n  /\\ HasRoomForLease\n", "  /\\ ~IsLive(r)\n", "TablesBounded"),
    _guard(
        "a split without room for its lease",
        "  /\\ HasRoomForShard\n  /\\ HasRoomForLease\n",
        "  /\\ HasRoomForShard\n",
        "TablesBounded",
    ),
    SpecMutant(
        "fencing: the effector does not look",
        "ledger",
        "fencing.tla",
        "Highest(r, token) == Checked => token >= acted[r]",
        "Highest(r, token) == TRUE",
        FENCING,
        "NoOlderGrantActs",
    ),
    _job("f equal reports are enough", "Needed == FaultyMax + 1", "Needed == FaultyMax", "AcceptedIsRight"),
    _job(
        "a worker reports again",
        "  /\\ IsRunning(j)\n  /\\ jobs[j].reports[w] = NoDigest\n",
        "  /\\ IsRunning(j)\n",
        "ReportStands",
    ),
    _job(
        "reports count after the deadline",
        "  /\\ w \\in Workers\n  /\\ IsRunning(j)",
        "  /\\ w \\in Workers\n  /\\ IsOpenJob(j)",
        "ReportStands",
    ),
    _job(
        "expired before its deadline",
        "CanJobExpire(j) == IsOverdue(j)",
        "CanJobExpire(j) == IsOpenJob(j)",
        "ExpiredByLedgerTime",
    ),
    _job(
        "an ended job is cancelled",
        "CanJobCancel(j) == IsRunning(j)",
        "CanJobCancel(j) == now < jobs[j].deadline",
        "AcceptedByQuorum",
    ),
    _job(
        "a hopeless job stays open",
        'IF IsHopeless(reports) THEN "disputed"',
        'IF FALSE THEN "disputed"',
        "DisputedIsHopeless",
        JOBS_DISPUTED,
    ),
    _job(
        "silent workers are written off",
        "Equal(reports, d) + Equal(reports, NoDigest) < Needed",
        "Equal(reports, d) < Needed",
        "DisputedIsHopeless",
    ),
    _job(
        "an open job makes room",
        "CHOOSE j \\in EndedJobs : \\A k \\in EndedJobs",
        "CHOOSE j \\in DOMAIN jobs : \\A k \\in DOMAIN jobs",
        "JobEndsOnce",
        JOB_PLACES,
    ),
    _job(
        "no job makes room",
        "IF Cardinality(DOMAIN jobs) < JobsMax THEN",
        "IF Cardinality(DOMAIN jobs) <= JobsMax THEN",
        "TablesBounded",
        JOB_PLACES,
    ),
    _job("a job's number comes again", "  /\\ nextJob' = nextJob + 1\n", "  /\\ nextJob' = nextJob\n", "TypeOK"),
    _operation(
        "the window is one too long",
        "operation <= clients[c].highest - Window",
        "operation < clients[c].highest - Window",
        "AtMostOnce",
    ),
    _operation(
        "nothing is stale", 'IF IsForgotten(c, operation) THEN "stale"', 'IF FALSE THEN "stale"', "WindowBounded"
    ),
    _operation(
        "a repetition takes effect",
        'ELSE IF operation \\in DOMAIN clients[c].answers THEN "done"',
        'ELSE IF FALSE THEN "done"',
        "AtMostOnce",
    ),
    _operation(
        "a repetition is told something else", "  /\\ answer = clients[c].answers[operation]\n", "", "OneAnswer"
    ),
    _operation("answers are forgotten early", "other > highest - Window", "other >= highest", "AnswersStand"),
    _operation(
        "clients without bound", "Cardinality(Known) < ClientsMax", "Cardinality(Known) <= ClientsMax", "ClientsBounded"
    ),
)

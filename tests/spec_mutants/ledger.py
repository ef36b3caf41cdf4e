"""What is broken in the modules of specs/ledger, and what must notice."""

from tests.spec_mutants.mutant import SpecMutant

TWO_SHARDS = "two shards and a dock"
FENCING = "the effector looks at the token"


def _guard(name: str, before: str, after: str, caught_by: str) -> SpecMutant:
    return SpecMutant(f"ledger: {name}", "ledger", "ledger.tla", before, after, TWO_SHARDS, caught_by)


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
        "nextToken' = nextToken + 1\n  /\\ UNCHANGED now\n",
        "nextToken' = nextToken\n  /\\ UNCHANGED now\n",
        "TokensUnique",
    ),
    _guard(
        "a hand-over takes no token",
        "holder, leases[ResourceOf(s)].expires)\n  /\\ nextToken' = nextToken + 1\n  /\\ UNCHANGED <<",
        "holder, leases[ResourceOf(s)].expires)\n  /\\ nextToken' = nextToken\n  /\\ UNCHANGED <<",
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
)

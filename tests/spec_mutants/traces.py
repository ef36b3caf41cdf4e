"""Mistakes in the modules that only flight code can show: the boards do what the broken module forbids, or refuse what
it would allow. A recorded trace of a sound swarm must be rejected."""

from tests.spec_mutants.mutant import SpecMutant

TRACE = "trace"

MUTANTS = (
    SpecMutant(
        "trace: phase 3 asks for a quorum of phase 3",
        "tetrabft",
        "tetrabft.tla",
        "    /\\ Accepted(val, v, 2)\n",
        "    /\\ Accepted(val, v, 3)\n",
        TRACE,
        "CON-1",
    ),
    SpecMutant(
        "trace: a quorum of all replicas",
        "tetrabft",
        "tetrabft.tla",
        "QuorumSize == Weight(Replica) - FaultsMax",
        "QuorumSize == Weight(Replica)",
        TRACE,
        "CON-1",
    ),
    SpecMutant(
        "trace: a reboot restores the second vote as the highest",
        "tetrabft",
        "tetrabft.tla",
        "    /\\ hi1 = HighestVote(p, 1, MaxView + 1)\n",
        "    /\\ hi1 = SecondVote(p, 1, MaxView + 1)\n",
        TRACE,
        "CON-2",
    ),
    SpecMutant(
        "trace: phase 3 knows phase 3",
        "tetrabft",
        "knowledge.tla",
        "AcceptedBy(heard, val, v, 2)",
        "AcceptedBy(heard, val, v, 3)",
        TRACE,
        "KNW-1",
    ),
    SpecMutant(
        "trace: a status tells the next view",
        "tetrabft",
        "knowledge.tla",
        "SaysStatus(p, v) == view[p] = v\n",
        "SaysStatus(p, v) == view[p] = v + 1\n",
        TRACE,
        "KNW-2",
    ),
    SpecMutant(
        "trace: the module lets the cursor move back",
        "ledger",
        "ledger.tla",
        "  /\\ IsMonotone(s, key)\n",
        "",
        TRACE,
        "LED-1",
    ),
    SpecMutant(
        "trace: leases end a slot early",
        "ledger",
        "ledger.tla",
        "  /\\ leases' = Grant(leases, r, holder, now + slots)\n",
        "  /\\ leases' = Grant(leases, r, holder, now + slots - 1)\n",
        TRACE,
        "LED-1",
    ),
    SpecMutant(
        "trace: the counter skips a token",
        "ledger",
        "ledger.tla",
        "now + slots)\n  /\\ nextToken' = nextToken + 1",
        "now + slots)\n  /\\ nextToken' = nextToken + 2",
        TRACE,
        "LED-1",
    ),
    SpecMutant(
        "trace: the later request goes first",
        "lamport_mutex",
        "lamport_mutex.tla",
        "Before(s, i, t, j) == s < t \\/ (s = t /\\ i < j)",
        "Before(s, i, t, j) == s > t \\/ (s = t /\\ i < j)",
        TRACE,
        "MUT-5",
    ),
    SpecMutant(
        "trace: snapshots count down",
        "snapshot",
        "snapshot.tla",
        "  /\\ number > latest[i][o]\n",
        "  /\\ number < latest[i][o]\n",
        TRACE,
        "SNP-1",
    ),
)

"""What is broken in the modules of specs/tetrabft, and what must notice."""

from tests.spec_mutants.mutant import SpecMutant

ONE_VIEW = "one view, vote by vote"
THREE_VIEWS = "three views, round by round"


def _votes(name: str, before: str, after: str, caught_by: str) -> SpecMutant:
    return SpecMutant(f"tetrabft: {name}", "tetrabft", "tetrabft.tla", before, after, ONE_VIEW, caught_by)


def _rounds(name: str, before: str, after: str) -> SpecMutant:
    return SpecMutant(f"rounds: {name}", "tetrabft", "rounds.tla", before, after, THREE_VIEWS, "Agreement")


MUTANTS = (
    _votes(
        "vote 3 on a blocking set",
        "/\\ Accepted(val, v, 2)\n",
        "/\\ IsBlocking(Byzantine \\cup {q \\in Honest : votes[q][2][v] = val})\n",
        "VoteHasQuorumBefore",
    ),
    _votes(
        "decide on a blocking set",
        "    /\\ Accepted(val, v, 4)\n    /\\ decided' =",
        "    /\\ IsBlocking(Byzantine \\cup {q \\in Honest : votes[q][4][v] = val})\n    /\\ decided' =",
        "DecisionHasQuorum",
    ),
    _votes("vote twice", "    /\\ votes[p][k][v] = NoValue\n    /\\ votes' =", "    /\\ votes' =", "VotesStand"),
    _votes(
        "vote for what was not proposed",
        "    /\\ leader[v] \\in Honest => proposal[v] = val\n",
        "",
        "VoteFollowsProposal",
    ),
    _votes(
        "quorum one short",
        "QuorumSize == Weight(Replica) - FaultsMax",
        "QuorumSize == Weight(Replica) - FaultsMax - 1",
        "OneValueChosen",
    ),
    _votes(
        "learn from anybody",
        "IsBlocking(Byzantine \\cup {q \\in Honest : decided[q] = val})",
        "IsBlocking(Byzantine \\cup Honest)",
        "DecisionHasQuorum",
    ),
    _rounds(
        "quorum one short",
        "QuorumSize == Cardinality(Honest) + Cardinality(Byzantine) - FaultsMax",
        "QuorumSize == Cardinality(Honest) + Cardinality(Byzantine) - FaultsMax - 1",
    ),
    _rounds("rule 3 skipped", "Vote({val \\in Value : SafeToVote(val)})", "Vote(Value)"),
    _rounds(
        "condition (i) dropped",
        "\\/ Highest(p, k).view < r\n    \\/ Highest(p, k).view = r /\\ Highest(p, k).value = val",
        "\\/ Highest(p, k).view # r\n    \\/ Highest(p, k).value = val",
    ),
    _rounds(
        "condition (ii) dropped",
        "\\/ Highest(p, k).view = r /\\ Highest(p, k).value = val",
        "\\/ Highest(p, k).view = r",
    ),
    _rounds("lock forgotten", "NewHighest(old.hi4, pending[p][4])", "NewHighest(NoVote, pending[p][4])"),
    _rounds("no blocking set asked", "/\\ \\/ BlockingClaims(val, r, b, liars)", "/\\ \\/ TRUE"),
)

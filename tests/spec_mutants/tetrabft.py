"""What is broken in the modules of specs/tetrabft, and what must notice."""

from tests.spec_mutants.mutant import SpecMutant

ONE_VIEW = "one view, vote by vote"
THREE_VIEWS = "three views, round by round"
ACCEPTANCE = "proposals are acceptable"
MESSAGES = "messages implement votes"
MESSAGE_WALKS = "random walks of messages, with power failures"
KNOWLEDGE = "replicas know and say what happened"
STARVED = "starved voters decide"
ON_BLOCKING_SET = "Vote({val \\in Value : IsBlocking(Byzantine \\cup {p \\in present : ballot[p] = val})})"


def _votes(name: str, before: str, after: str, caught_by: str) -> SpecMutant:
    return SpecMutant(f"tetrabft: {name}", "tetrabft", "tetrabft.tla", before, after, ONE_VIEW, caught_by)


def _rounds(name: str, before: str, after: str, run: str = THREE_VIEWS, caught_by: str = "Agreement") -> SpecMutant:
    return SpecMutant(f"rounds: {name}", "tetrabft", "rounds.tla", before, after, run, caught_by)


def _messages(name: str, before: str, after: str, caught_by: str, run: str = MESSAGES) -> SpecMutant:
    return SpecMutant(f"messages: {name}", "tetrabft", "tetrabft_messages.tla", before, after, run, caught_by)


def _knowledge(name: str, before: str, after: str, caught_by: str) -> SpecMutant:
    return SpecMutant(f"knowledge: {name}", "tetrabft", "knowledge.tla", before, after, KNOWLEDGE, caught_by)


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
        "QuorumSize == Weight(Honest \\cup Byzantine) - FaultsMax",
        "QuorumSize == Weight(Honest \\cup Byzantine) - FaultsMax - 1",
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
    # Agreement survives the next three within these bounds: phase 3 on a quorum of phase 2 is what it rests on.
    _rounds(
        "phase 4 on a blocking set",
        "phase = 4 /\\ Vote({val \\in Value : Accepted(val)})",
        f"phase = 4 /\\ {ON_BLOCKING_SET}",
        ACCEPTANCE,
        "ProposalAcceptable",
    ),
    _rounds(
        "phase 2 on a blocking set",
        "phase = 2 /\\ Vote({val \\in Value : Accepted(val)})",
        f"phase = 2 /\\ {ON_BLOCKING_SET}",
        THREE_VIEWS,
        "VotesHaveQuorumBefore",
    ),
    _rounds(
        "second register keeps the same value",
        "highest # NoVote /\\ highest.value # val THEN",
        "highest # NoVote THEN",
        THREE_VIEWS,
        "SecondsDiffer",
    ),
    _messages(
        "a vote is sent and not persisted",
        "    /\\ Saved(p, k, val)\n",
        "    /\\ UNCHANGED <<hi, second, votes>>\n",
        "PersistBeforeSend",
    ),
    _messages("vote 1 twice", "    /\\ MayVote(p, 1)\n", "", "PersistBeforeSend"),
    _messages(
        "second register keeps the same value",
        "old # NoVote /\\ old.value # val THEN",
        "old # NoVote THEN",
        "RegistersSuffice",
    ),
    _messages(
        "a proof tells phase 3 instead of phase 4",
        "lock |-> e.hi[4], highest |-> e.hi[1]",
        "lock |-> e.hi[3], highest |-> e.hi[1]",
        "ProofsStayTrue",
    ),
    # An honest leader proposes what rule 3 permits, so this shows only where a liar leads.
    _messages(
        "rule 3 skipped",
        "    /\\ SafeToVote(val, view[p], liars)\n    /\\ CastVote",
        "    /\\ CastVote",
        "Refines",
        MESSAGE_WALKS,
    ),
    _messages(
        "rule 1 skipped",
        "    /\\ SafeToPropose(val, view[p], liars)\n    /\\ proposed' =",
        "    /\\ proposed' =",
        "Refines",
    ),
    _messages(
        "a proof said again tells of later votes",
        "    EntryWords(p, view[p], entry[p])\n",
        "    EntryWords(p, view[p], [hi |-> hi[p], second |-> second[p]])\n",
        "ProofsStayTrue",
        MESSAGE_WALKS,
    ),
    _messages(
        "a reboot forgets the votes",
        "    /\\ messages' = messages \\cup Words(p)\n    /\\ UNCHANGED <<leader, flash, votes, proposal>>",
        "    /\\ messages' = messages \\cup Words(p)\n    /\\ hi' = [hi EXCEPT ![p] = Blank.hi]\n"
        "    /\\ UNCHANGED <<leader, view, second, entry, proposed, decided, votes, proposal>>",
        "RegistersSuffice",
        MESSAGE_WALKS,
    ),
    _messages(
        "a blocking set of votes accepts",
        "Accepted(val, v, k, liars) == Abstract!IsQuorum(",
        "Accepted(val, v, k, liars) == Abstract!IsBlocking(",
        "ReplicasKnow",
        KNOWLEDGE,
    ),
    _messages(
        "a proof of a view that is not entered",
        "{ProofOf(p, v, e), SuggestOf(p, v, e)}",
        "{ProofOf(p, v - 1, e), SuggestOf(p, v, e)}",
        "ReplicasSayWhatTheyDid",
        KNOWLEDGE,
    ),
    _knowledge(
        "phase 2 asks for phase 2", "AcceptedBy(heard, val, v, 1)", "AcceptedBy(heard, val, v, 2)", "ReplicasKnow"
    ),
    _knowledge(
        "views are entered on votes only",
        "    \\/ IsQuorum(Byzantine \\cup {q \\in Honest : wished[q] >= v})\n",
        "",
        "ReplicasKnow",
    ),
    _knowledge(
        "known votes of all",
        "{q \\in heard : votes[q][k][v] = val}",
        "{q \\in Honest : votes[q][k][v] = val}",
        "WrittenOut",
    ),
    _messages("clause (iii-B) dropped", "/\\ clauseIIIB\n", "/\\ FALSE\n", "EveryoneDecides", STARVED),
)

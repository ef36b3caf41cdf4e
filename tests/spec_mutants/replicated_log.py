"""What is broken in the modules of specs/replicated_log, and what must notice."""

from tests.spec_mutants.mutant import SpecMutant

LOG = "agreement, order and window"
LEADER = "two windows of leaders"
CHECKPOINTS = "checkpoints and adoption"
EIGHT_SLOTS = "checkpoints, eight slots"
SEVEN = "checkpoints, seven replicas"
REJOIN = "memories lost, two slots"
REJOIN_THREE = "memories lost, three slots"
LEARNERS = "what a learner's trace may say, random walks"
REJOIN_SEVEN = "memories lost beside a liar, random walks"


def _mutant(module: str, run: str, name: str, before: str, after: str, caught_by: str) -> SpecMutant:
    return SpecMutant(f"{module}: {name}", "replicated_log", f"{module}.tla", before, after, run, caught_by)


def _log(name: str, before: str, after: str, caught_by: str) -> SpecMutant:
    return _mutant("replicated_log", LOG, name, before, after, caught_by)


def _leader(name: str, before: str, after: str, caught_by: str) -> SpecMutant:
    return _mutant("leader_rule", LEADER, name, before, after, caught_by)


def _checkpoints(name: str, before: str, after: str, caught_by: str, run: str = CHECKPOINTS) -> SpecMutant:
    return _mutant("checkpoints", run, name, before, after, caught_by)


def _rejoin(name: str, before: str, after: str, caught_by: str, run: str = REJOIN) -> SpecMutant:
    return _mutant("rejoin", run, name, before, after, caught_by)


MUTANTS = (
    _log(
        "a decision is learned from one reply",
        "IsBlocking(Byzantine \\cup {q \\in Correct : At(known[q], s) = val})",
        "Byzantine \\cup {q \\in Correct : At(known[q], s) = val} # {}",
        "LearnedIsDecided",
    ),
    _log("slots are applied with a gap", "    /\\ s = applied[p] + 1\n", "    /\\ s > applied[p]\n", "InOrder"),
    _log(
        "slots are open before their window",
        "IsOpen(p, s) == applied[p] # Unknown => s <= applied[p] + Window",
        "IsOpen(p, s) == applied[p] # Unknown => s <= applied[p] + 2 * Window",
        "WithinWindow",
    ),
    _log(
        "a state is taken over that one replica claims",
        "    /\\ IsBlocking(Byzantine \\cup {q \\in Correct : applied[q] >= s})\n",
        "    /\\ Byzantine \\cup {q \\in Correct : applied[q] >= s} # {}\n",
        "AppliedIsDecided",
    ),
    _log(
        "a slot is decided twice",
        "    /\\ At(log, s) = NoValue /\\ ~IsPast(log, s)\n",
        "",
        "LearnedIsDecided",
    ),
    _leader("the origin view is forgotten", "Leader(p, s, log[s])", "Leader(p, s, 0)", "SameLeader"),
    _leader(
        "a state is taken over without its proposers",
        "    /\\ proposers' = [proposers EXCEPT ![p] = proposers[q]]\n",
        "    /\\ UNCHANGED proposers\n",
        "SameLeader",
    ),
    _leader(
        "views pass over every other replica",
        "proposers[p][s - applied[p] + Window] + v)",
        "proposers[p][s - applied[p] + Window] + 2 * v)",
        "EachLeadsOnce",
    ),
    _leader(
        "the leader changes with every window",
        "ELSE (FirstLeader(s - Window) + log[s - Window]) % ReplicaCount",
        "ELSE (FirstLeader(s - Window) + log[s - Window] + 1) % ReplicaCount",
        "Sticky",
    ),
    _checkpoints(
        "only the last checkpoint is kept and reported",
        "Cardinality({t \\in made[p] : t > s}) < Kept",
        "Cardinality({t \\in made[p] : t > s}) < 1",
        "Recoverable",
    ),
    _checkpoints(
        "a state is asked for by those far behind only",
        "    /\\ s > applied[p]\n    /\\ IsBlocking({q \\in Correct : s \\in Own(q)})",
        "    /\\ s > applied[p] + Period\n    /\\ IsBlocking({q \\in Correct : s \\in Own(q)})",
        "SomebodyGoesOn",
    ),
    _checkpoints(
        "a state is taken over on one report",
        "    /\\ IsBlocking(Reporters(s, d))\n",
        "    /\\ Reporters(s, d) # {}\n",
        "AdoptedStateIsReal",
    ),
    _checkpoints(
        "a stable checkpoint clears the log",
        "Uncut(p, s) == {t \\in log[p] : t > s - Period}",
        "Uncut(p, s) == {}",
        "Recoverable",
    ),
    _checkpoints(
        "a reboot loses what a vote rested on",
        "    /\\ s >= voted[p] - Window\n",
        "",
        "WithinWindow",
    ),
    _checkpoints(
        "the log of one that learns above the watermark grows",
        "Newest(@ \\cup {applied[p] + 1})",
        "@ \\cup {applied[p] + 1}",
        "LogIsBounded",
        EIGHT_SLOTS,
    ),
    _checkpoints(
        "to take over a state clears the log",
        "    /\\ log' = [log EXCEPT ![p] = Uncut(p, s)]\n    /\\ misled'",
        "    /\\ log' = [log EXCEPT ![p] = {}]\n    /\\ misled'",
        "Recoverable",
        SEVEN,
    ),
    _rejoin(
        "the floor is a slot too low", "Second(p) + 2 * Window]", "Second(p) + 2 * Window - 1]", "FloorCoversForgotten"
    ),
    _rejoin(
        "the third highest answer counts",
        "answers[p][q] > s}) < 2\n    /\\ Cardinality({q \\in Answered(p) : answers[p][q] >= s}) >= 2",
        "answers[p][q] > s}) < 3\n    /\\ Cardinality({q \\in Answered(p) : answers[p][q] >= s}) >= 3",
        "FloorCoversForgotten",
        REJOIN_THREE,
    ),
    _rejoin(
        "the highest answer counts",
        "answers[p][q] > s}) < 2\n    /\\ Cardinality({q \\in Answered(p) : answers[p][q] >= s}) >= 2",
        "answers[p][q] > s}) < 1\n    /\\ Cardinality({q \\in Answered(p) : answers[p][q] >= s}) >= 1",
        "FloorIsReachable",
        REJOIN_SEVEN,
    ),
    _rejoin(
        "a replica without memory votes at once",
        "    /\\ floor' = [floor EXCEPT ![p] = Unknown]\n",
        "    /\\ floor' = [floor EXCEPT ![p] = 0]\n",
        "FloorCoversForgotten",
    ),
    _rejoin(
        "an answer to an earlier probe counts",
        "    /\\ answers' = [answers EXCEPT ![p] = NoAnswers]\n\n\\* An answer",
        "    /\\ answers' = [answers EXCEPT ![p] = [q \\in Replica |-> IF q = p THEN Unknown ELSE 0]]\n\n\\* An answer",
        "FloorCoversForgotten",
        REJOIN_THREE,
    ),
    _rejoin(
        "a board that has its floor counts as sound",
        "IsRecovering(p) == floor[p] = Unknown \\/ (floor[p] > 0 /\\ voted[p] = {})",
        "IsRecovering(p) == floor[p] = Unknown",
        "CanBeAnswered",
    ),
    _rejoin(
        "a reboot takes back what a vote rested on",
        "    /\\ s >= Highest(voted[p]) - Window\n",
        "",
        "FloorCoversForgotten",
        REJOIN_THREE,
    ),
    _mutant(
        "trace_learners",
        LEARNERS,
        "a learner applies what nobody told",
        "IsDecided(slot, value) == IsTold(log, slot, value)",
        "IsDecided(slot, value) == TRUE",
        "LearnersFollow",
    ),
    _mutant(
        "trace_learners",
        LEARNERS,
        "a learner takes over what f liars hold",
        "    /\\ IsReached(slot)\n    /\\ IsHeld(slot, digest)\n",
        "",
        "LearnersFollow",
    ),
)

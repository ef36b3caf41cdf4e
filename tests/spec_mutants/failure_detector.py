"""What is broken in the modules of specs/failure_detector, and what must notice."""

from tests.spec_mutants.mutant import SpecMutant

EACH_OTHER = "two processes, safety"
LIVENESS = "one watches another, liveness"
TRACE = "what a trace may say"


def _contract(name: str, before: str, after: str, caught_by: str, run: str = EACH_OTHER) -> SpecMutant:
    return SpecMutant(
        f"failure detector: {name}", "failure_detector", "failure_detector.tla", before, after, run, caught_by
    )


def _trace(name: str, before: str, after: str, caught_by: str) -> SpecMutant:
    return SpecMutant(
        f"failure detector: {name}", "failure_detector", "trace_failure_detector.tla", before, after, TRACE, caught_by
    )


MUTANTS = (
    _contract("the level falls in silence", "== from <= l /\\ until < s", "== until < s", "Monotone"),
    _contract("suspicion does not accrue", "Floor(s) <= l /\\ l <= Ceiling(s)", "l <= Ceiling(s)", "WithinEnvelope"),
    _contract("the level leaps", "Floor(s) <= l /\\ l <= Ceiling(s)", "Floor(s) <= l", "WithinEnvelope"),
    _contract(
        "suspicion outlives a heartbeat",
        "level' = [level EXCEPT ![x] = 0]",
        "level' = [level EXCEPT ![x] = Max(@, 0)]",
        "WithinEnvelope",
    ),
    _contract(
        "who is fully suspected is not listened to",
        "  /\\ flight[x] > 0\n  /\\ IsLive(x[1])\n",
        "  /\\ flight[x] > 0\n  /\\ level[x] < LevelMax\n  /\\ IsLive(x[1])\n",
        "Revocable",
    ),
    _contract("silence makes a stranger suspect", "  /\\ IsKnown(x)\n", "", "UnknownUntilHeard"),
    _contract(
        "the user takes the job from a suspect",
        "CanGive(q, p, l) == holds[q]",
        "CanGive(q, p, l) == holds[q] \\/ l = LevelMax",
        "Noninterference",
    ),
    _contract(
        "the last level is a verdict",
        "silence[x] + 1)\n  /\\ UNCHANGED <<crashed, stable,",
        "silence[x] + 1)\n"
        "  /\\ crashed' = IF level'[x] = LevelMax THEN crashed \\cup {x[2]} ELSE crashed\n"
        "  /\\ UNCHANGED <<stable,",
        "LevelsMoveNothing",
    ),
    _contract(
        "suspicion never ends",
        "l <= Ceiling(s)\n\nRise",
        "l <= Ceiling(s) /\\ l < LevelMax\n\nRise",
        "Accruement",
        LIVENESS,
    ),
    _contract(
        "a stable system may be silent",
        "  /\\ stable /\\ IsLive(x[2]) => silence[x] < Delta\n",
        "",
        "UpperBound",
        LIVENESS,
    ),
    _trace(
        "a receipt need not be reported",
        "  IN  /\\ x \\notin owed\n      /\\ IsSilentSince",
        "  IN  /\\ IsSilentSince",
        "HeardIsTold",
    ),
    _trace(
        "silence may restart under a suspicion",
        "IF isSuspected THEN silence[x] ELSE 0, level_milli",
        "0, level_milli",
        "FallsWhenHeard",
    ),
    _trace(
        "what is owed outlives a reboot",
        "  /\\ owed' = {x \\in owed : x[1] # node}\n",
        "  /\\ UNCHANGED owed\n",
        "TraceTypeOK",
    ),
)

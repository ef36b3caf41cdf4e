"""What is broken in the modules of specs/lamport_clock, and what must notice."""

from tests.spec_mutants.mutant import SpecMutant

EVENTS = "three boards, five events"
LIAR = "a liar and a victim"
HEARD = "heard in the end"


def _clock(name: str, before: str, after: str, caught_by: str) -> SpecMutant:
    return SpecMutant(f"lamport clock: {name}", "lamport_clock", "lamport_clock.tla", before, after, EVENTS, caught_by)


def _witnesses(name: str, before: str, after: str, caught_by: str, run: str = LIAR) -> SpecMutant:
    return SpecMutant(f"witnesses: {name}", "lamport_clock", "witnesses.tla", before, after, run, caught_by)


MUTANTS = (
    _clock("no IR1", "Happen(n, clock[n] + 1, ", "Happen(n, clock[n], ", "ClockCondition"),
    _clock("no IR2", "Max(clock[n], m.time) + 1", "clock[n] + 1", "ClockCondition"),
    _clock("received when it was sent", "Max(clock[n], m.time) + 1", "Max(clock[n] + 1, m.time)", "ClockCondition"),
    _clock("ties go both ways", "(e.time = f.time /\\ e.node < f.node)", "e.time = f.time", "OrderIsTotal"),
    _clock("the clock begins at 0 after a reboot", "![n] = reserved[n]]", "![n] = 0]", "ClockCondition"),
    _clock("times are used before they are reserved", "IF time <= @ THEN @ ELSE time + Reserve", "@", "FlashKnows"),
    _clock("any jump is believed", "m.time <= clock[n] + JumpMax", "TRUE", "JumpBounded"),
    _witnesses(
        "f claims are enough",
        "Cardinality(S) > FaultMax",
        "Cardinality(S) >= FaultMax",
        "PushBounded",
    ),
    _witnesses("no lead is too long", "ELSE Max(followed, common + Lead)", "ELSE TimeMax", "PushBounded"),
    _witnesses("the end of all times can be reached", "Min(believed, TimeMax - 1)", "believed", "TimesLeft"),
    _witnesses(
        "nobody follows",
        "THEN Max(h.followed, h.bound) ELSE h.followed",
        "THEN clock[n] ELSE clock[n]",
        "HeardInTheEnd",
        HEARD,
    ),
)

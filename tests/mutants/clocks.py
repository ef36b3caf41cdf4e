"""Planted bugs of the estimates of boards' clocks."""

from tests.mutants.mutant import Mutant

BOUNDS = "groundstation/clocks/bounds.py"
CLOCKS = "groundstation/clocks/clocks.py"
BENCH = "hil/bench/clock.py"
CHECKS = ("clocks", "clocks in simulation")

MUTANTS = (
    Mutant("clocks: the sign of a drift", CLOCKS, "Drift((fast + slow) / 2", "Drift((fast + slow) / -2", CHECKS),
    Mutant(
        "clocks: one way is taken for a round trip",
        CLOCKS,
        "not stretch.bounds.not_before(ticks + 1, taken - ROUNDING_SECONDS)",
        "not stretch.bounds.not_before(ticks, received - ROUNDING_SECONDS)",
        CHECKS,
    ),
    Mutant(
        "clocks: an answer bounds the tick that it shows, however late the board is",
        CLOCKS,
        "taken = self.stretches[-1], self._taken[2]",
        "taken = self.stretches[-1], self._taken[0]",
        CHECKS,
    ),
    Mutant(
        "clocks: an operation leaves when it is queued, or when it is sent again",
        CLOCKS,
        "if known is None or (is_certain and not known[1]):",
        "if True:",
        CHECKS,
    ),
    Mutant(
        "clocks: a receipt answers the latest request",
        CLOCKS,
        'if stage == "uplinked" and (*operation, board) not in self._asked:',
        'if stage == "uplinked":',
        CHECKS,
    ),
    Mutant(
        "clocks: a receipt of any board counts",
        CLOCKS,
        "left = self._asked.get((*operation, board))",
        "left = max(self._asked.values(), default=None)",
        CHECKS,
    ),
    Mutant(
        "clocks: a message of the ground leaves with the event after it",
        CLOCKS,
        "return self._ground[place - 1][1] if place else None",
        "return self._ground[min(place, len(self._ground) - 1)][1] if place else None",
        CHECKS,
    ),
    Mutant(
        "clocks: a counter that wraps runs backward", CLOCKS, "self._ticks - TICKS_WRAP // 2:", "self._ticks:", CHECKS
    ),
    Mutant("clocks: a clock never runs backward", CLOCKS, "elif ticks < self._ticks:", "elif False:", CHECKS),
    Mutant("clocks: a Resume bounds like any event", CLOCKS, 'elif name == "Resume":', "elif False:", CHECKS),
    Mutant(
        "clocks: the error is half of what it should be",
        CLOCKS,
        "(between[1] - between[0]) / 2)",
        "(between[1] - between[0]) / 4)",
        CHECKS,
    ),
    Mutant(
        "clocks: the middle is where the answer arrived",
        CLOCKS,
        "Estimate((between[0] + between[1]) / 2,",
        "Estimate(between[1],",
        CHECKS,
    ),
    Mutant(
        "clocks: beyond the last round trip the bounds do not widen",
        BOUNDS,
        "        elif place == len(corners):\n            unit = unit_after\n",
        "        elif place == len(corners):\n            unit = unit_before\n",
        CHECKS,
    ),
    Mutant(
        "clocks: a point that contradicts the others is taken",
        BOUNDS,
        "        if unit_min > unit_max:\n            return False\n",
        "",
        CHECKS,
    ),
    Mutant("clocks: corners without bound", BOUNDS, "if len(corners) > CORNERS_MAX:", "if False:", CHECKS),
    Mutant(
        "clocks: a tick that does not come is not told",
        CLOCKS,
        "self.stalled_seconds > STALL_TICKS * nominal",
        "self.stalled_seconds < 0",
        CHECKS,
    ),
    Mutant(
        "a bench's clock: the latest round trip counts, not the shortest",
        BENCH,
        "return min(found, key=lambda trip: trip.seconds)",
        "return found[-1]",
        ("self-test",),
    ),
    Mutant(
        "a bench's clock: the answer's way is left out",
        BENCH,
        "least, most = two.before - one.after, two.after - one.before",
        "least, most = two.after - one.after, two.after - one.after",
        ("self-test",),
    ),
    Mutant(
        "a bench's clock: ticks that stand still are right",
        BENCH,
        "return self.moves and",
        "return not self.moves or",
        ("self-test",),
    ),
    Mutant("a bench's clock: a counter that wraps runs backward", BENCH, " % WRAP_US)", ")", ("self-test",)),
    Mutant(
        "ticks on the wire do not wrap",
        "firmware/amu/boards/runtime.py",
        "first_seq, self._ticks % limits.TICKS_WRAP, encoded_events",
        "first_seq, self._ticks, encoded_events",
        ("runtime",),
    ),
    Mutant(
        "milliseconds that wrap stop the ticks of a board",
        "firmware/amu/boards/ticks.py",
        "whole = time.ticks_diff(time.ticks_ms(), self._since) // self._tick_ms",
        "whole = (time.ticks_ms() - self._since) // self._tick_ms",
        ("ticks",),
    ),
    Mutant(
        "checker: ticks that wrap are a breach",
        "specs/checking/ticks.py",
        "return (ticks - before + HALF) % TICKS_WRAP - HALF",
        "return ticks - before",
        ("order",),
    ),
    Mutant(
        "checker: ticks that run backward are a wrap",
        "specs/checking/ticks.py",
        "return (ticks - before + HALF) % TICKS_WRAP - HALF",
        "return (ticks - before) % TICKS_WRAP",
        ("order",),
    ),
)

"""Accrual failure detector: how surprising a peer's silence is, as a number. It never says that a peer failed.

Theory (Hayashibara, Defago, Yared, Katayama, The phi accrual failure detector, SRDS 2004, section 4). Each peer's
heartbeats are sampled: the last BEAT_SAMPLES pauses between them give a mean and a standard deviation. The suspicion
after a silence of t ticks is phi = -log10(P_later(t)), where P_later(t) is the tail of a normal distribution with that
mean and deviation: phi = 3 says that one beat in a thousand is later than this. The level is phi in thousandths.

Contract (Defago, Urban, Hayashibara, Katayama, DSN 2005: accruement and upper bound;
specs/failure_detector holds both). The level
- never falls while a peer is silent, and reaches LEVEL_MILLI_MAX, where it stays, if the silence lasts;
- is below 1000 at the tick in which the peer is heard, whatever it was before;
- is UNKNOWN for a peer that was never heard: we know nothing about it, in particular not that it failed.
A slow peer and a dead one look alike (Fischer, Lynch, Paterson 1985). So a level is for display, and for hints such as
which peer to ask first. No safety property may depend on one.

Approximation. With n samples of sum S and sum of squares Q, mean = S / n and deviation = sqrt(n Q - S^2) / n, so the
standardised silence z = (t n - S) / sqrt(n Q - S^2) needs one division and one integer root, taken only of a peer that
is silent for longer than its mean. TAIL_MILLI holds -1000 log10(1 - Phi(z)) each quarter; between its points the level
is a straight line. It lies within 10 thousandths and 1 % of the formula
(tests/properties/firmware/test_detector_properties.py).

Rules
- Arrivals in the same tick are one heartbeat: else a burst of messages would pass for a fast beat.
- A deviation below one tick or a quarter of the mean is taken to be that: a few regular beats prove no precision.
- A pause of more than BEAT_TICKS_MAX counts as that many: a long absence says little of how a peer beats.
- The window begins full, with the beat that every board keeps (BEAT_TICKS_FIRST), so there is a level after the
  first heartbeat, and a newcomer's own beats take over one by one.
"""

from amu.core.limits import (
    BEAT_SAMPLES,
    BEAT_TICKS_FIRST,
    BEAT_TICKS_MAX,
    LEVEL_MILLI_MAX,
    LEVEL_MILLI_PER_PART,
    SILENT_TICKS_MAX,
)

UNKNOWN = -1  # no level: this peer was never heard

# -1000 log10(1 - Phi(z)) for z = -4, -3.75, ..., 8.25, where Phi is the distribution function of the standard normal.
TAIL_MILLI = (
    0, 0, 0, 0, 1, 1, 3, 5, 10, 18, 30, 48, 75, 112, 160, 223, 301, 397, 511, 645, 800, 976, 1175, 1397, 1643, 1913,
    2207, 2526, 2870, 3239, 3633, 4053, 4499, 4971, 5469, 5993, 6543, 7119, 7721, 8350, 9006, 9688, 10396, 11131, 11893,
    12681, 13496, 14338, 15206, 16101,
)  # fmt: skip
TAIL_FROM = -4
TAIL_STEPS = 4  # points of the table to one standard deviation
STEP = 256  # fractions of a step that are told apart
ROOT_SCALE = 8  # the root is taken of 64 times the variance, so that it is good to one part in 256


class Detector:
    """Levels of suspicion of `count` peers, numbered from 0. A board that reboots starts with a new one.

    Ticks are those of the board's own counter and never run backwards. The detector keeps BEAT_SAMPLES bytes and six
    integers per peer.
    """

    def __init__(self, count: int) -> None:
        self._count = count
        self._samples = bytearray(count * BEAT_SAMPLES)
        self._index = [0] * count  # of the oldest sample
        self._sum = [0] * count
        self._squares = [0] * count
        # ROOT_SCALE times BEAT_SAMPLES times the deviation; 0: not known, for the samples changed
        self._root = [0] * count
        self._last = [UNKNOWN] * count  # tick of the last heartbeat
        self._told = [0] * count  # whole part of the level that `sample` reported last, 0 again when the peer is heard

    def heard(self, peer: int, tick: int) -> int:
        """A heartbeat of `peer` in this tick. Returns how long it was silent if `sample` had reported that, else 0."""
        last = self._last[peer]
        if tick == last:
            return 0
        assert tick > last, "ticks run forward"
        self._last[peer] = tick
        if last == UNKNOWN:
            self._begin(peer)
            return 0
        self._add(peer, min(tick - last, BEAT_TICKS_MAX))
        if not self._told[peer]:
            return 0
        self._told[peer] = 0
        return min(tick - last, SILENT_TICKS_MAX)

    def is_current(self, peer: int, tick: int) -> bool:
        """Whether `peer` was heard in this tick or in the one before: to miss a heartbeat now lengthens the pause by
        one tick at most, which is the least deviation that a level allows for."""
        last = self._last[peer]
        return last != UNKNOWN and tick - last <= 1

    def level_milli(self, peer: int, tick: int) -> int:
        """Suspicion of `peer` in thousandths, 0 to LEVEL_MILLI_MAX, or UNKNOWN."""
        last = self._last[peer]
        if last == UNKNOWN:
            return UNKNOWN
        assert tick >= last, "ticks run forward"
        return self._level_milli(peer, tick - last)

    def sample(self, tick: int) -> list[tuple[int, int, int]]:
        """[(peer, silent ticks, level in thousandths), ...] of peers whose level has a new whole part.

        At most one entry per peer, and 16 per silence, since whole parts only rise during it. `heard` reports that a
        peer was heard again.
        """
        changed = []
        for peer in range(self._count):
            last = self._last[peer]
            if last == UNKNOWN or (tick - last) * BEAT_SAMPLES <= self._sum[peer]:
                continue  # not silent for longer than its mean: the level is below one
            level = self._level_milli(peer, tick - last)
            if level // LEVEL_MILLI_PER_PART > self._told[peer]:
                self._told[peer] = level // LEVEL_MILLI_PER_PART
                changed.append((peer, min(tick - last, SILENT_TICKS_MAX), level))
        return changed

    def _begin(self, peer: int) -> None:
        """Fill the window with a beat of BEAT_TICKS_FIRST, give or take a quarter."""
        start = peer * BEAT_SAMPLES
        for index in range(BEAT_SAMPLES):
            away = BEAT_TICKS_FIRST // 4 if index % 2 else -(BEAT_TICKS_FIRST // 4)
            ticks = BEAT_TICKS_FIRST + away
            self._samples[start + index] = ticks
            self._sum[peer] += ticks
            self._squares[peer] += ticks * ticks

    def _add(self, peer: int, ticks: int) -> None:
        """Replace the oldest sample."""
        index = self._index[peer]
        oldest = self._samples[peer * BEAT_SAMPLES + index]
        self._samples[peer * BEAT_SAMPLES + index] = ticks
        self._index[peer] = (index + 1) % BEAT_SAMPLES
        self._sum[peer] += ticks - oldest
        self._squares[peer] += ticks * ticks - oldest * oldest
        self._root[peer] = 0

    def _level_milli(self, peer: int, silent_ticks: int) -> int:
        if silent_ticks > SATURATED_TICKS:
            return LEVEL_MILLI_MAX
        root = self._root[peer]
        if not root:
            root = self._root[peer] = self._spread(peer)
        late = silent_ticks * BEAT_SAMPLES - self._sum[peer]
        position = late * (ROOT_SCALE * TAIL_STEPS * STEP) // root - TAIL_FROM * TAIL_STEPS * STEP
        if position < 0:
            return 0
        point = position // STEP
        if point >= len(TAIL_MILLI) - 1:
            return LEVEL_MILLI_MAX
        low = TAIL_MILLI[point]
        return min(LEVEL_MILLI_MAX, low + (TAIL_MILLI[point + 1] - low) * (position % STEP) // STEP)

    def _spread(self, peer: int) -> int:
        """ROOT_SCALE times BEAT_SAMPLES times the deviation, which is one tick and a quarter of the mean at least."""
        total = self._sum[peer]
        spread = square_root(ROOT_SCALE * ROOT_SCALE * (BEAT_SAMPLES * self._squares[peer] - total * total))
        return max(spread, ROOT_SCALE * BEAT_SAMPLES, ROOT_SCALE * total // 4)


# After so many ticks every level has reached its end. Samples lie between 1 and M = BEAT_TICKS_MAX, so a deviation is
# at most (M - 1) / 2 or a quarter of the mean, and the last point of the table, 8.25 deviations, lies below 6 M.
SATURATED_TICKS = 6 * BEAT_TICKS_MAX


def square_root(number: int) -> int:
    """The integer nearest to the square root of `number`, which is below 2**30. Newton's method from above."""
    if number == 0:
        return 0
    root = 1 << 15
    while True:
        lower = (root + number // root) // 2
        if lower >= root:
            return root + 1 if number - root * root > root else root
        root = lower


assert BEAT_SAMPLES * BEAT_SAMPLES * ROOT_SCALE * ROOT_SCALE * (BEAT_TICKS_MAX // 2) * (BEAT_TICKS_MAX // 2) < 1 << 30
assert (
    SATURATED_TICKS * BEAT_SAMPLES * ROOT_SCALE * TAIL_STEPS * STEP < 1 << 30
)  # small integers of a Pico: nothing allocates
assert TAIL_MILLI[-TAIL_FROM * TAIL_STEPS] < LEVEL_MILLI_PER_PART  # z = 0: `sample` skips peers that are not late
assert TAIL_MILLI[-2] < LEVEL_MILLI_MAX <= TAIL_MILLI[-1]

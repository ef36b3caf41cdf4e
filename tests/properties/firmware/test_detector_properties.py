"""The detector's contract on any arrivals, its integers against the formula, its levels within the module's bounds."""

import ast
import math
from pathlib import Path

from hypothesis import example, given, settings
from hypothesis import strategies as st

import amu
from amu.core import limits
from amu.core.limits import BEAT_SAMPLES, BEAT_TICKS_MAX, LEVEL_MILLI_MAX, LEVEL_MILLI_PER_PART
from amu.services.detector import SATURATED_TICKS, UNKNOWN, Detector
from specs.checking.services.detector import PATIENCE_TICKS, SLOPE

FIRMWARE = Path(amu.__file__).resolve().parent

PAUSES = st.integers(1, BEAT_TICKS_MAX)
WINDOWS = st.one_of(
    st.lists(PAUSES, min_size=BEAT_SAMPLES, max_size=BEAT_SAMPLES),
    # Few different pauses: the narrow and the two-peaked windows that uniform draws never make.
    st.lists(PAUSES, min_size=1, max_size=3).flatmap(
        lambda few: st.lists(st.sampled_from(few), min_size=BEAT_SAMPLES, max_size=BEAT_SAMPLES)
    ),
)
# For a given mean the deviation is widest if all samples are at the ends, and narrowest if all are equal.
EXTREME_WINDOWS = [
    *([1] * ones + [BEAT_TICKS_MAX] * (BEAT_SAMPLES - ones) for ones in range(BEAT_SAMPLES + 1)),
    *([pause] * BEAT_SAMPLES for pause in range(1, BEAT_TICKS_MAX + 1)),
]


def heard_at(pauses: list[int]) -> tuple[Detector, int]:
    """A detector that heard peer 0 after each of the pauses, and the tick of the last heartbeat."""
    found, tick = Detector(1), 0
    found.heard(0, tick)
    for pause in pauses:
        tick += pause
        found.heard(0, tick)
    return found, tick


def phi_milli(window: list[int], silent_ticks: int) -> float:
    """Hayashibara et al. 2004, section 4, in floating point, with the two floors of the deviation."""
    mean = sum(window) / len(window)
    variance = sum((pause - mean) ** 2 for pause in window) / len(window)
    deviation = max(math.sqrt(variance), 1.0, mean / 4)
    later = 0.5 * math.erfc((silent_ticks - mean) / (deviation * math.sqrt(2)))
    return float(LEVEL_MILLI_MAX) if later <= 0 else min(float(LEVEL_MILLI_MAX), -1000 * math.log10(later))


def check_against_the_formula(window: list[int], silent_ticks: int) -> None:
    found, last = heard_at(window)
    expected = phi_milli(window, silent_ticks)
    assert abs(found.level_milli(0, last + silent_ticks) - expected) <= 10 + expected / 100


@settings(max_examples=400)
@given(WINDOWS, st.integers(0, SATURATED_TICKS + 10))
def test_levels_are_those_of_the_formula(window: list[int], silent_ticks: int) -> None:
    check_against_the_formula(window, silent_ticks)


def test_levels_are_those_of_the_formula_on_the_extreme_windows() -> None:
    for number, window in enumerate(EXTREME_WINDOWS):
        for silent_ticks in range(number % 7, SATURATED_TICKS, 17):
            check_against_the_formula(window, silent_ticks)


def check_bounds(pauses: list[int]) -> None:
    """Floor and Ceiling of failure_detector.tla: accruement, and no leap."""
    found, last = heard_at(pauses)
    earlier = 0
    for silent_ticks in range(SATURATED_TICKS + 2):
        level = found.level_milli(0, last + silent_ticks)
        assert earlier <= level <= LEVEL_MILLI_MAX
        part = level // LEVEL_MILLI_PER_PART
        assert min(LEVEL_MILLI_MAX // LEVEL_MILLI_PER_PART, silent_ticks // PATIENCE_TICKS) <= part
        assert part <= SLOPE * silent_ticks
        earlier = level
    assert earlier == LEVEL_MILLI_MAX


@settings(max_examples=60)
@given(st.lists(st.integers(0, 2 * BEAT_TICKS_MAX), max_size=3 * BEAT_SAMPLES))
def test_levels_grow_within_their_bounds_after_any_arrivals(pauses: list[int]) -> None:
    check_bounds(pauses)


def test_levels_grow_within_their_bounds_on_the_extreme_windows() -> None:
    for window in EXTREME_WINDOWS:
        check_bounds(window)


class Silence:
    """The contract in plain Python: what was reported in this silence, and since when it lasts."""

    def __init__(self) -> None:
        self.last: int | None = None
        self.told = 0


@settings(max_examples=200)
@given(st.lists(st.tuples(st.integers(0, 60), st.sampled_from([None, 0, 1, 2])), max_size=120))
@example([(0, 1), (1_000, None), (1_000, 1), (0, 1), (1, None)])
def test_samples_and_heartbeats_tell_each_suspicion_once(steps: list[tuple[int, int | None]]) -> None:
    """A step: ticks that pass, then a sample (None) or a heartbeat."""
    found, tick = Detector(3), 0
    peers = [Silence() for _ in range(3)]
    for ticks, what in steps:
        tick += ticks
        if what is None:
            changes = found.sample(tick)
            assert len({peer for peer, _, _ in changes}) == len(changes)
            for peer, silent_ticks, level in changes:
                assert silent_ticks == tick - (peers[peer].last or 0)
                assert level == found.level_milli(peer, tick)
                assert level // LEVEL_MILLI_PER_PART > peers[peer].told
                peers[peer].told = level // LEVEL_MILLI_PER_PART
        else:
            silent_ticks = found.heard(what, tick)
            assert silent_ticks == (tick - (peers[what].last or 0) if peers[what].told else 0)
            peers[what].last, peers[what].told = tick, 0
            assert found.level_milli(what, tick) < LEVEL_MILLI_PER_PART
        for peer in range(3):
            level = found.level_milli(peer, tick)
            assert (level == UNKNOWN) == (peers[peer].last is None)
            if what is None and level != UNKNOWN:
                assert peers[peer].told == level // LEVEL_MILLI_PER_PART


def test_nothing_that_flies_reads_a_level_but_to_show_it() -> None:
    """FDT-9 in the code: one module makes detectors, to report levels, and to know whom it has just heard."""
    users: set[str] = set()
    methods: set[str] = set()
    for path in sorted(FIRMWARE.rglob("*.py")):
        source = path.read_text(encoding="utf-8")
        relative = path.relative_to(FIRMWARE).as_posix()
        if relative == "services/detector.py":
            continue
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.ImportFrom) and node.module == "amu.services.detector":
                users.add(relative)
            if not isinstance(node, ast.Attribute):
                continue
            assert node.attr != "level_milli", f"{relative} reads a level"
            if isinstance(node.value, ast.Attribute) and node.value.attr == "_detector":
                methods.add(node.attr)
    assert users == {"node/services.py"}
    assert methods == {"heard", "is_current", "sample"}


def test_the_trace_can_hold_what_is_reported() -> None:
    assert limits.LEVEL_MILLI_MAX % LEVEL_MILLI_PER_PART == 0
    assert limits.SILENT_TICKS_MAX > SATURATED_TICKS

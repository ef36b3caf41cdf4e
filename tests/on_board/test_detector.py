from amu.core import limits
from amu.services import detector
from amu.services.detector import UNKNOWN, Detector, square_root


def after_beats(period, count=limits.BEAT_SAMPLES):
    """A detector that heard peer 1 every `period` ticks, and the tick of the last heartbeat."""
    found = Detector(4)
    for beat in range(count + 1):
        found.heard(1, beat * period)
    return found, count * period


def test_a_peer_that_was_never_heard_stays_unknown():
    found = Detector(4)
    assert found.level_milli(2, 0) == UNKNOWN
    assert found.level_milli(2, 1 << 40) == UNKNOWN
    assert found.sample(1 << 40) == []


def test_the_level_rises_with_silence_and_ends_at_its_maximum():
    found, last = after_beats(10)
    levels = [found.level_milli(1, last + silent) for silent in range(60)]
    assert levels == sorted(levels)
    assert levels[:31:5] == [0, 10, 301, 1643, 4499, 9006, 15206]
    assert levels[31] == levels[59] == found.level_milli(1, last + (1 << 40)) == limits.LEVEL_MILLI_MAX


def test_the_level_falls_when_the_peer_is_heard():
    found, last = after_beats(10)
    assert found.level_milli(1, last + 100) == limits.LEVEL_MILLI_MAX
    found.heard(1, last + 100)
    assert found.level_milli(1, last + 100) < limits.LEVEL_MILLI_PER_PART


def test_one_heartbeat_is_enough_for_a_level():
    found = Detector(4)
    found.heard(3, 7)
    assert [found.level_milli(3, 7 + silent) for silent in (0, 25, 50, 60, 75, 80)] == [
        0,
        301,
        4499,
        7971,
        15206,
        16000,
    ]


def test_irregular_beats_make_it_patient():
    regular, last = after_beats(10)
    irregular = Detector(4)
    tick = 0
    for beat in range(2 * limits.BEAT_SAMPLES):
        irregular.heard(1, tick)
        tick += 2 if beat % 2 else 18
    irregular.heard(1, tick)
    assert irregular.level_milli(1, tick + 25) < 2000 < 9000 < regular.level_milli(1, last + 25)


def test_arrivals_in_one_tick_are_one_heartbeat():
    once, last = after_beats(10)
    often = Detector(4)
    for beat in range(limits.BEAT_SAMPLES + 1):
        for _ in range(5):
            often.heard(1, beat * 10)
    for silent in range(40):
        assert often.level_milli(1, last + silent) == once.level_milli(1, last + silent)


def test_a_long_pause_counts_as_a_bounded_one():
    one, last = after_beats(10)
    other, _ = after_beats(10)
    one.heard(1, last + limits.BEAT_TICKS_MAX)
    other.heard(1, last + 100_000)
    for silent in range(0, 400, 7):
        level = one.level_milli(1, last + limits.BEAT_TICKS_MAX + silent)
        assert level == other.level_milli(1, last + 100_000 + silent)


def test_old_beats_are_forgotten():
    found, last = after_beats(200)
    for beat in range(1, limits.BEAT_SAMPLES + 1):
        found.heard(1, last + beat * 3)
    fresh, last_of_fresh = after_beats(3)
    last += limits.BEAT_SAMPLES * 3
    for silent in range(20):
        assert found.level_milli(1, last + silent) == fresh.level_milli(1, last_of_fresh + silent)


def test_samples_tell_changes_of_the_whole_part_once():
    found, last = after_beats(10)
    told = []
    for silent in range(100):
        for peer, ticks, level in found.sample(last + silent):
            assert (peer, ticks) == (1, silent)
            told.append((silent, level))
    assert told[:3] == [(14, 1263), (16, 2088), (18, 3164)]
    assert told[-1] == (31, limits.LEVEL_MILLI_MAX)
    parts = [level // limits.LEVEL_MILLI_PER_PART for _, level in told]
    assert parts == sorted(set(parts))
    assert found.heard(1, last + 100) == 100
    assert found.heard(1, last + 101) == 0
    assert found.sample(last + 101) == []


def test_a_suspicion_that_was_not_reported_is_not_withdrawn():
    found, last = after_beats(10)
    assert found.level_milli(1, last + 50) == limits.LEVEL_MILLI_MAX
    assert found.heard(1, last + 50) == 0


def test_silence_is_reported_within_its_bound():
    found, last = after_beats(10)
    forever = limits.SILENT_TICKS_MAX * 8
    assert found.sample(last + forever) == [(1, limits.SILENT_TICKS_MAX, limits.LEVEL_MILLI_MAX)]
    assert found.heard(1, last + forever) == limits.SILENT_TICKS_MAX


def test_the_widest_samples_stay_small_integers():
    found = Detector(1)
    tick = 0
    for beat in range(2 * limits.BEAT_SAMPLES + 1):
        found.heard(0, tick)
        tick += 1 if beat % 2 else limits.BEAT_TICKS_MAX
    levels = [found.level_milli(0, tick + silent) for silent in range(0, detector.SATURATED_TICKS + 2, 3)]
    assert levels == sorted(levels)
    assert levels[-1] == limits.LEVEL_MILLI_MAX


def test_square_roots_are_the_nearest():
    for root in (1, 2, 3, 100, 255, 256, 257, 30_000, 32_767):
        square = root * root
        assert square_root(square) == root
        assert square_root(square - 1) == (root if root > 1 else 0)
        assert square_root(square + root) == root
        if square + root + 1 < 1 << 30:
            assert square_root(square + root + 1) == root + 1
    assert square_root(0) == 0


def test_a_level_that_was_asked_for_does_not_outlive_its_samples():
    """Two detectors hear the same; one is asked for a level after each heartbeat."""
    asked, other = Detector(2), Detector(2)
    tick = 0
    for beat in range(3 * limits.BEAT_SAMPLES):
        tick += 4 if beat < limits.BEAT_SAMPLES else (2, 60)[beat % 2]
        for one in (asked, other):
            one.heard(1, tick)
        asked.level_milli(1, tick + 20)
    for silent in range(0, 200, 10):
        assert asked.level_milli(1, tick + silent) == other.level_milli(1, tick + silent), silent

"""What the ground station makes of what it sees: each trouble by its name, once, and nothing on a healthy bench."""

import pytest

from groundstation.flight.diagnosis import (
    BAUD,
    DAMAGED,
    FINDINGS_MAX,
    FULL,
    GONE,
    HUNG,
    LATE,
    MEMORY,
    POWER,
    RESET,
    SILENT,
    WORN,
    Diagnosis,
)

SPEED = 10.0  # mission seconds in one of the wall


@pytest.fixture
def told() -> list[str]:
    return []


@pytest.fixture
def diagnosis(told: list[str]) -> Diagnosis:
    return Diagnosis(SPEED, lambda now, text: told.append(text))


def names(diagnosis: Diagnosis) -> list[tuple[int, str]]:
    return [(finding.board, finding.name) for finding in diagnosis.findings]


def test_a_healthy_line_has_no_findings(diagnosis: Diagnosis, told: list[str]) -> None:
    for tick in range(1000):
        diagnosis.read(0, tick * 0.1, 300, damaged=2 if tick > 500 else 0, sound=tick, reported=0)
    assert (names(diagnosis), told) == ([], [])


def test_damage_is_found_once_until_the_line_was_quiet(diagnosis: Diagnosis, told: list[str]) -> None:
    now, damaged = 0.0, 0
    for _ in range(50):
        now, damaged = now + 1.0, damaged + 1
        diagnosis.read(2, now, 300, damaged, sound=damaged, reported=7)
    assert names(diagnosis) == [(2, DAMAGED)]
    assert diagnosis.findings[0].at == 3.0
    assert "it reports 7 damaged frames itself" in told[0]
    assert "look at cable, plug and ground" in told[0]
    diagnosis.read(2, now + 2 * SPEED + 1, 300, damaged, 60, 7)
    for more in range(1, 4):
        diagnosis.read(2, now + 50 + more, 300, damaged + more, 60 + more, 7)
    assert names(diagnosis) == [(2, DAMAGED)] * 2


def test_damage_with_no_frame_among_it_is_a_wrong_baud(diagnosis: Diagnosis, told: list[str]) -> None:
    for damaged in range(20):
        diagnosis.read(1, 5.0 + damaged, 300, damaged, sound=40, reported=0)
    assert names(diagnosis) == [(1, BAUD)]
    assert "the same baud" in told[0]


@pytest.mark.parametrize(("silence", "count", "is_found"), [(11, 5000, True), (11, 300, False), (9, 5000, False)])
def test_only_much_that_has_waited_long_is_late(
    diagnosis: Diagnosis, silence: float, count: int, is_found: bool
) -> None:
    diagnosis.read(1, 5.0, 10, 0, 1, 0)
    diagnosis.read(1, 7.0, 0, 0, 1, 0)
    diagnosis.read(1, 5.0 + silence, count, 0, 2, 0)
    assert names(diagnosis) == ([(1, LATE)] if is_found else [])


def test_the_first_that_a_board_says_is_not_late(diagnosis: Diagnosis) -> None:
    diagnosis.read(1, 500.0, 60_000, 0, 1, 0)
    assert names(diagnosis) == []


def test_a_line_is_gone_after_a_moment_and_its_return_is_told(diagnosis: Diagnosis, told: list[str]) -> None:
    for now in (1.0, 2.0):
        diagnosis.line(3, now, is_there=True, is_on=True)
    for now in (3.0, 5.9, 6.1, 9.0):
        diagnosis.line(3, now, is_there=False, is_on=True)
    assert names(diagnosis) == [(3, GONE)]
    assert diagnosis.findings[0].at == 3.0
    diagnosis.line(3, 13.0, is_there=True, is_on=True)
    assert told[-1] == "board 3: its line is there again, after 10.0 s"


def test_the_line_of_a_board_that_is_off_is_not_missed(diagnosis: Diagnosis) -> None:
    for now in range(100):
        diagnosis.line(3, now, is_there=False, is_on=False)
    assert names(diagnosis) == []


@pytest.mark.parametrize(
    ("event", "reason", "name", "advice"),
    [
        ("Restart", "MemoryError: memory allocation failed, x.py, line 3", MEMORY, "give it more heap"),
        ("Silent", "no room on flash for votes: append failed: OSError(28,)", FULL, "votes again by itself"),
        ("Silent", "vote state unreadable: append failed: OSError(5, 'page 3')", WORN, "replace the board"),
        ("Silent", "vote state unreadable: the checkpoint is damaged", SILENT, "erase its flash"),
        ("Silent", "two values are decided", SILENT, "more boards are faulty"),
    ],
)
def test_what_a_board_says_of_itself_is_found_once(
    diagnosis: Diagnosis, told: list[str], event: str, reason: str, name: str, advice: str
) -> None:
    for _ in range(3):
        diagnosis.event(1, 5.0, event, {"reason": reason})
    assert names(diagnosis) == [(1, name)]
    assert reason in told[0]
    assert advice in told[0]


@pytest.mark.parametrize(
    ("words", "name", "advice"),
    [
        ("reset by the watchdog\n", HUNG, "report a bug"),
        ("power came back\n", POWER, "look at its supply"),
        ("", RESET, "look at its supply and its pins"),
    ],
)
def test_a_reset_that_nobody_ordered_is_found_with_its_cause(
    diagnosis: Diagnosis, told: list[str], words: str, name: str, advice: str
) -> None:
    diagnosis.reset(2, 7.0, words)
    assert names(diagnosis) == [(2, name)]
    assert advice in told[0]


def test_other_events_are_no_trouble(diagnosis: Diagnosis) -> None:
    diagnosis.event(1, 5.0, "Restart", {"reason": "flash was full"})
    diagnosis.event(1, 5.0, "Boot", {"journal": "ok"})
    assert names(diagnosis) == []


def test_findings_are_bounded(diagnosis: Diagnosis) -> None:
    for number in range(2 * FINDINGS_MAX):
        diagnosis.read(1, number * 20.0, 5000, 0, number, 0)
    assert len(diagnosis.findings) == FINDINGS_MAX

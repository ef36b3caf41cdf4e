"""What the ground station makes of what it sees: each trouble by its name, once, and nothing on a healthy bench."""

import pytest

from groundstation.flight.diagnosis import DAMAGED, FINDINGS_MAX, LATE, Diagnosis

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
        diagnosis.read(0, tick * 0.1, 300, damaged=2 if tick > 500 else 0, reported=0)
    assert (names(diagnosis), told) == ([], [])


def test_damage_is_found_once_until_the_line_was_quiet(diagnosis: Diagnosis, told: list[str]) -> None:
    now, damaged = 0.0, 0
    for _ in range(50):
        now, damaged = now + 1.0, damaged + 1
        diagnosis.read(2, now, 300, damaged, reported=7)
    assert names(diagnosis) == [(2, DAMAGED)]
    assert diagnosis.findings[0].at == 3.0
    assert "it reports 7 damaged frames itself" in told[0]
    assert "look at cable, plug and ground" in told[0]
    diagnosis.read(2, now + 2 * SPEED + 1, 300, damaged, 7)
    for more in range(1, 4):
        diagnosis.read(2, now + 50 + more, 300, damaged + more, 7)
    assert names(diagnosis) == [(2, DAMAGED)] * 2


@pytest.mark.parametrize(("silence", "count", "is_found"), [(11, 5000, True), (11, 300, False), (9, 5000, False)])
def test_only_much_that_has_waited_long_is_late(
    diagnosis: Diagnosis, silence: float, count: int, is_found: bool
) -> None:
    diagnosis.read(1, 5.0, 10, 0, 0)
    diagnosis.read(1, 7.0, 0, 0, 0)
    diagnosis.read(1, 5.0 + silence, count, 0, 0)
    assert names(diagnosis) == ([(1, LATE)] if is_found else [])


def test_the_first_that_a_board_says_is_not_late(diagnosis: Diagnosis) -> None:
    diagnosis.read(1, 500.0, 60_000, 0, 0)
    assert names(diagnosis) == []


def test_findings_are_bounded(diagnosis: Diagnosis) -> None:
    for number in range(2 * FINDINGS_MAX):
        diagnosis.read(1, number * 20.0, 5000, 0, 0)
    assert len(diagnosis.findings) == FINDINGS_MAX

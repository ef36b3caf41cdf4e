"""A small slice of `python -m tests.bench.cycles`: boards killed again and again, and flights that are not good."""

from dataclasses import replace
from pathlib import Path

import pytest

from groundstation.flight import rehearsal
from groundstation.record import run_directory
from tests.bench import cycles


@pytest.mark.parametrize(("kind", "count"), [("host", 12), ("virtual", 6)])
def test_boards_that_are_killed_again_and_again_lose_nothing(kind: str, count: int, tmp_path: Path) -> None:
    (flight,) = cycles.plan(kind, count, seed=1, of_flight=count)
    cycles.fly(flight, kind, tmp_path)
    assert flight.complaints == []
    assert flight.lives_ended == count
    assert flight.operations >= 8


def test_a_plan_follows_from_its_seed() -> None:
    one, other = (cycles.plan("virtual", 120, seed=3, of_flight=50) for _ in range(2))
    assert [flight.scenario for flight in one] == [flight.scenario for flight in other]
    assert [flight.cycles for flight in one] == [50, 50, 20]


@pytest.mark.parametrize(
    ("event", "complaint"), [('"event":"Vote1"', "are missing"), ('"event":"Operation"', "confirmed")]
)
def test_a_flight_whose_record_lacks_something_is_not_good(event: str, complaint: str, tmp_path: Path) -> None:
    (flight,) = cycles.plan("host", 2, seed=1, of_flight=2)
    plan = rehearsal.Plan(flight.scenario, "host", tmp_path)
    flown = rehearsal.fly(plan, cycles.SilentDisplay())
    trace = flown.directory / run_directory.TRACE
    kept = [line for line in trace.read_text().split("\n") if event not in line]
    trace.write_text("\n".join(kept))
    bad = replace(flight, complaints=[])
    cycles.judge_into(bad, flown)
    assert complaint in " ".join(bad.complaints)


def test_the_sum_says_which_flights_were_bad(capsys: pytest.CaptureFixture[str]) -> None:
    (good, bad) = cycles.plan("host", 2, seed=1, of_flight=1)
    bad.complaints.append("a planted one")
    assert (cycles.report([good]), cycles.report([good, bad])) == (0, 1)
    assert "1 of 2 flights good; bad: [1]" in capsys.readouterr().out

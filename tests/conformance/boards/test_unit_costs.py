"""The bench's unit costs: what they add up to, and that their program still fits the flight software."""

from pathlib import Path

import pytest

from tests.bench import picos, unit_costs
from tests.bench.unit_costs import UnitCosts

COSTS = {"read": 1, "unframe": 110, "check": 1_000, "seal": 1_000, "decode": 10_000, "frame": 0, "write": 0}


def test_a_decision_costs_what_its_messages_cost() -> None:
    costs = UnitCosts({**COSTS, "encode": 100_000, "append": 0, "nothing": 0}, 68)
    # Each of four boards hears 12 votes and 3/4 of a proposal, and the ground's request; it needs 8 of the votes.
    received, needed, sent = 12 + 0.75 + 1, 8 + 0.75 + 1, 12 + 0.75 + 2
    encoded = 4 + 0.25 + 2
    want = received * 111 + needed * 11_000 + sent * 1_000 + encoded * 100_000
    assert costs.decision(4) == pytest.approx(want / 1000)


def test_what_measuring_costs_is_taken_off() -> None:
    costs = UnitCosts({**COSTS, "nothing": 1}, 68)
    assert costs.received() == 109


@pytest.mark.parametrize("journal", ["files", "pages"])
def test_the_program_measures_on_a_pico(pico_image: Path, journal: str) -> None:
    costs = unit_costs.measure(pico_image, journal)
    assert {"encode", "append", "collection", "poll", *COSTS} <= set(costs.microseconds)
    assert 0 < costs.microseconds["poll"] < costs.microseconds["read"]
    assert costs.decision(13) > costs.decision(7) > costs.decision(4)


def test_without_an_image_the_bench_says_why(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("AMU_PICO_UF2", raising=False)
    monkeypatch.setattr("sys.argv", ["picos"])
    picos.main()
    assert capsys.readouterr().out.startswith("emulated Picos: skipped; AMU_PICO_UF2 is not set")

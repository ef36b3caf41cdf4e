"""The figures of tests/bench/cells.py: near-linear growth, and a fit that tells a square from a line."""

import pytest

from tests.bench.cells import ONE_CELL_MAX, SMALL_CELL, Measured, exponent, measure


def rows(power: float) -> list[Measured]:
    return [Measured(size, 1, 7 * size**power, 1.0, True) for size in (10, 20, 50)]


@pytest.mark.parametrize("power", [1, 2])
def test_the_fit_finds_the_power(power: int) -> None:
    assert exponent(rows(power)) == pytest.approx(power)


@pytest.mark.parametrize("cell_size", [ONE_CELL_MAX, SMALL_CELL])
def test_messages_grow_no_faster_than_the_swarm(cell_size: int) -> None:
    measured = [measure(size, cell_size, 10) for size in (10, 20, 50)]
    assert all(row.has_caught_up for row in measured)
    assert 0.5 < exponent(measured) <= 1.15

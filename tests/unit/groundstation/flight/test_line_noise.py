"""Noise on a line follows from its seed and from the bytes that pass, and does as much harm as it says."""

import random

import pytest

from groundstation.flight.line_noise import ADDED, CHANGED, LOST, LineNoise, Noise

DATA = random.Random(7).randbytes(20_000)


@pytest.mark.parametrize("size", [1, 7, 256, 20_000])
def test_the_damage_does_not_depend_on_how_bytes_are_grouped(size: int) -> None:
    whole, parts = Noise(3, "a", 0.01), Noise(3, "a", 0.01)
    spoilt = b"".join(parts.spoil(DATA[at : at + size]) for at in range(0, len(DATA), size))
    assert spoilt == whole.spoil(DATA) != DATA
    assert parts.counts == whole.counts


def test_each_damaged_byte_is_counted_by_kind() -> None:
    noise = Noise(1, "a", 0.01)
    spoilt = noise.spoil(DATA)
    assert 100 < noise.counts.total() < 300
    assert set(noise.counts) == {CHANGED, LOST, ADDED}
    assert len(spoilt) == len(DATA) - noise.counts[LOST] + noise.counts[ADDED]


def test_seed_and_direction_decide() -> None:
    spoilt = {Noise(seed, line, 0.01).spoil(DATA) for seed in (1, 2) for line in ("a", "b")}
    assert len(spoilt) == 4
    line = LineNoise(1, "0", 0.01)
    assert line.to_ground.spoil(DATA) != line.to_board.spoil(DATA)
    counts = line.to_ground.counts + line.to_board.counts
    assert line.told() == f"{counts[CHANGED]} changed, {counts[LOST]} lost, {counts[ADDED]} added"

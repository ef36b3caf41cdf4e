"""The table of mutants and the simulator: the table is complete, and its check notices what it must."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from tests import ROOT
from tests.mutants import simulated
from tests.mutants.catalogue import ALL
from tests.mutants.simulated import UNSEEN, VISIBLE, Hunted, Way, missed, sound_failures

FAILURE = {"seed": 2, "oracle": "CON-1", "cause": "planted"}
NAME = "decide on f+1 vote-4"


def test_every_mutant_that_flies_is_said_to_be_visible_or_why_not() -> None:
    names = sorted(mutant.name for mutant in simulated.flying())
    assert sorted([*VISIBLE, *UNSEEN]) == names
    assert {*simulated.NODES, *simulated.PAST} <= set(names)
    assert {*simulated.GROUNDED} <= {mutant.name for mutant in ALL} - {*names}
    assert len(names) < len(ALL)  # those of the checker do not fly
    assert all(1 <= seeds <= simulated.SEEDS_DEFAULT for seeds in VISIBLE.values())


def test_each_mutant_has_its_one_place_in_the_code() -> None:
    counts = {mutant.name: (ROOT / mutant.file).read_text().count(mutant.before) for mutant in ALL}
    assert len(counts) == len(ALL)
    assert [name for name, count in counts.items() if count != 1] == []


@pytest.mark.parametrize(
    ("outcome", "seeds", "allowed", "expected"),
    [
        (FAILURE, 1, 150, []),
        (FAILURE, 3, 150, [NAME]),  # late
        (None, 150, 150, [NAME]),
    ],
)
def test_a_visible_mutant_that_is_seen_late_or_never_is_missed(
    outcome: Any, seeds: int, allowed: int, expected: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(VISIBLE, NAME, 2)
    assert missed([Hunted(NAME, outcome, seeds, 0.1)], allowed) == expected


def test_a_seed_on_which_sound_code_fails_proves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    flown: list[tuple[list[int], Way]] = []

    def fly(tree: Path, name: str, seeds: Iterable[int], way: Way) -> Hunted:
        flown.append(([*seeds], way))
        return Hunted(name, {**FAILURE, "seed": 7} if 7 in flown[-1][0] else None, 1, 0.1)

    monkeypatch.setattr(simulated, "fly", fly)
    seen = Hunted(NAME, FAILURE, 3, 0.1)
    wire = Hunted("CRC not checked", {**FAILURE, "seed": 4}, 5, 0.1)
    unseen = Hunted("MAC not checked", None, 9, 0.1)
    assert not sound_failures([seen, wire, unseen])
    assert flown == [([2], Way(4, False)), ([4], Way(4, True))]
    assert sound_failures([seen, Hunted("cursor moves back", {**FAILURE, "seed": 7}, 8, 0.1)])


def test_a_tree_that_does_not_run_does_not_count_as_a_kill(tmp_path: Path) -> None:
    broken = tmp_path / "tests" / "mutants"
    broken.mkdir(parents=True)
    (broken / "hunt.py").write_text("raise SystemExit('planted')")
    (broken / "__init__.py").touch()
    (tmp_path / "tests" / "__init__.py").touch()
    with pytest.raises(RuntimeError, match="does not run: planted"):
        simulated.fly(tmp_path, NAME, [1], Way(4, False))

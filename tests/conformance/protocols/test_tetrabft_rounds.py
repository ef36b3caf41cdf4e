"""rounds.tla has the behaviours of tetrabft.tla, as far as a later view can tell.

A view depends on the views before it only through the registers of the replicas that enter it. So both modules list,
complete within the bounds, which honest replicas can enter the last view with which registers, and the lists are equal.
Why compare just these: specs/decisions/communication_closed_rounds.md.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from specs.checking.consensus.instance import MODULE
from specs.tla.language.language import to_tla
from specs.tlc import runner as tlc
from tests import ROOT

DATA = ROOT / "tests" / "conformance" / "data"


@dataclass(frozen=True)
class Bounds:
    """One Byzantine replica z; two values; votes in the views before `max_view`."""

    honest: tuple[str, ...]
    heavy: frozenset[str]
    max_view: int


FOUR = Bounds(("p", "q", "r"), frozenset(), 1)
THREE = Bounds(("h", "p"), frozenset({"h"}), 2)  # as in tetrabft_two_views.cfg


def entries(folder: Path, name: str, bounds: Bounds, specification: str, replicas: dict[str, Any]) -> set[str]:
    """The summaries that the module prints: which replicas enter the last view with which registers."""
    constants = {
        **replicas,
        "Byzantine": frozenset("z"),
        "FaultsMax": 1,
        "Value": frozenset("ab"),
        "NoValue": "none",
        "MaxView": bounds.max_view,
        "WithClauseIIIB": True,
        "First": "a",
        "Heavy": bounds.heavy,
    }
    lines = [f"SPECIFICATION {specification}", "INVARIANT Told", "CONSTANTS", "  Order <- HonestInOrder"]
    lines += [f"  {constant} = {to_tla(value)}" for constant, value in constants.items()]
    if bounds.heavy:
        lines.append("  Weight <- HeavyWeight")
    root = folder / f"ordered_{name}.tla"
    order = to_tla(bounds.honest)
    root.write_text(f"---- MODULE ordered_{name} ----\nEXTENDS {name}\nHonestInOrder == {order}\n====\n")
    answer = tlc.run(root, "\n".join([*lines, ""]), library=[DATA, MODULE.parent])
    assert answer.ok, answer.message
    return {line for line in answer.sentinels if line.startswith('<<"ENTRY"')}


def entries_by_votes(folder: Path, bounds: Bounds) -> set[str]:
    return entries(folder, "entries_of_votes", bounds, "EntriesSpec", {"Replica": frozenset(bounds.honest) | {"z"}})


def entries_by_rounds(folder: Path, bounds: Bounds) -> set[str]:
    rounds = {"Honest": frozenset(bounds.honest), "Fresh": frozenset(), "Goal": "acceptance"}
    return entries(folder, "entries_of_rounds", bounds, "Spec", rounds)


@pytest.fixture(scope="module")
def four_by_votes(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    return entries_by_votes(tmp_path_factory.mktemp("votes"), FOUR)


def test_four_replicas_enter_view_1_alike(tmp_path: Path, four_by_votes: set[str]) -> None:
    assert four_by_votes == entries_by_rounds(tmp_path, FOUR)
    assert len(four_by_votes) == 3_417


@pytest.mark.long
def test_three_replicas_that_weigh_as_four_enter_view_2_alike(tmp_path: Path) -> None:
    by_votes = entries_by_votes(tmp_path, THREE)
    assert by_votes == entries_by_rounds(tmp_path, THREE)
    assert len(by_votes) == 5_459


def test_a_round_that_is_left_out_is_noticed(tmp_path: Path, four_by_votes: set[str]) -> None:
    """Planted: in rounds.tla no replica may stay silent in phase 4."""
    source = (MODULE.parent / "rounds.tla").read_text()
    before = "Phase4 == phase = 4 /\\ Vote("
    assert source.count(before) == 1
    (tmp_path / "rounds.tla").write_text(source.replace(before, "Phase4 == phase = 4 /\\ ballot # Silence /\\ Vote("))
    assert entries_by_rounds(tmp_path, FOUR) < four_by_votes

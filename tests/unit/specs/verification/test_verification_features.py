"""Every feature folder is whole: files of all phases, runs that exist, a summary and pictures of today's files."""

from pathlib import Path

import pytest

from specs import FOLDER
from specs.verification import plan as plans
from specs.verification import summary
from specs.verification.plan import SUMMARY
from tests.support import diagrams

FEATURES = plans.features()


def test_there_are_features() -> None:
    assert {"ledger", "tetrabft"} <= set(FEATURES)


@pytest.mark.parametrize("feature", FEATURES)
def test_the_plan_names_files_that_are_there(feature: str) -> None:
    plan = plans.load(FOLDER / feature)
    assert plans.missing_files(plan) == []


@pytest.mark.parametrize("feature", FEATURES)
def test_every_module_and_configuration_is_in_the_plan(feature: str) -> None:
    """Each file belongs to a phase, and a run checks each module and configuration.

    Configurations for recorded traces and for behaviours that drive flight code are used by tests in tests/conformance.
    """
    folder, plan = FOLDER / feature, plans.load(FOLDER / feature)
    named = {name for phase in plan.phases for name in phase.files}
    assert {path.name for path in folder.glob("*") if path.is_file()} <= named
    unused = {path.name for path in folder.glob("*.cfg")} - {run.config for run in plan.runs}
    assert all(name.startswith("trace_") or name.endswith("_driven.cfg") for name in unused), unused


@pytest.mark.parametrize("feature", FEATURES)
def test_the_summary_covers_todays_files(feature: str) -> None:
    folder = FOLDER / feature
    stale = summary.stale(folder, plans.load(folder))
    assert not stale, f"stale: {', '.join(stale)}: run `amu verify {feature} --write`"


@pytest.mark.parametrize("feature", FEATURES)
def test_the_summary_names_todays_theorems(feature: str) -> None:
    text = (FOLDER / feature / SUMMARY).read_text(encoding="utf-8")
    section = text.partition("## Theorems without bounds")[2].partition("## ")[0]
    told = dict(line.removeprefix("- ").split(": ", 1) for line in section.splitlines() if line.startswith("- "))
    stated = {name: f"`{claim}`" for name, claim in summary.theorems(FOLDER / feature).items()}
    assert told == stated, f"run `amu verify {feature} --write`"
    assert stated or feature not in ("ledger", "tetrabft")


@pytest.mark.parametrize("feature", FEATURES)
def test_pictures_show_todays_diagrams(feature: str) -> None:
    path = FOLDER / feature / "diagrams.md"
    assert len(diagrams.blocks(path)) >= 2
    assert diagrams.faults(path) == [], "run `make diagrams`"


def test_a_stale_picture_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "diagrams.md"
    path.write_text("# A\n\n```mermaid\nsequenceDiagram\n    A->>B: hello\n```\n")
    [block] = diagrams.blocks(path)
    assert (block.line, block.number) == (4, 1)
    assert diagrams.faults(path) == [f"{block.picture} is missing"]
    block.picture.parent.mkdir()
    block.picture.write_text(f"<svg><!-- source SHA-256: {block.digest} --></svg>")
    assert diagrams.faults(path) == []
    path.write_text(path.read_text().replace("hello", "goodbye"))
    assert diagrams.faults(path) == [f"{block.picture} is not the picture of {path}:4"]
    block = diagrams.blocks(path)[0]
    block.picture.write_text(f"<svg><!-- source SHA-256: {block.digest} --><script/></svg>")
    assert diagrams.faults(path) == [f"{block.picture} does not stand alone: <script"]

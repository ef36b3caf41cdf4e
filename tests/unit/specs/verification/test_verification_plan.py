"""Plans of features: how they are read, and the errors of broken ones."""

import json
from pathlib import Path
from typing import Any

import pytest

from specs.verification import plan as plans
from specs.verification.plan import PlanError
from tests.support.modules.verification import plan, run, write_feature


def test_a_plan_is_read(tmp_path: Path) -> None:
    folder = write_feature(tmp_path)
    assert plans.features(tmp_path) == ["counter"]
    assert plans.folder_of("counter", tmp_path) == folder
    read = plans.load(folder)
    assert read.runs[0].name == "all"
    assert (read.runs[0].kind, str(read.runs[0].expect)) == ("check", "ok")
    assert plans.missing_files(read, tmp_path) == ["record: record.md"]


def test_the_error_of_an_unknown_feature_names_the_known_ones(tmp_path: Path) -> None:
    write_feature(tmp_path)
    with pytest.raises(PlanError, match="no feature 'countr'; there are counter"):
        plans.folder_of("countr", tmp_path)


@pytest.mark.parametrize(
    ("document", "complaint"),
    [
        (plan(run(modul="x")), r"plan\.json: runs\[0\]\.modul: unknown member"),
        (plan(run(module="none.tla")), r"runs\[0\]\.module: no file none\.tla"),
        (plan(run(module="../a.tla")), r"runs\[0\]\.module: "),
        (plan(run(tier="night")), r"runs\[0\]\.tier: Input should be 'gate' or 'deep'.*not 'night'"),
        (plan(run(tier="deep")), "runs: none has tier gate"),
        (plan(run(), run()), "runs: two are named 'all'"),
        (plan(run(expect={"outcome": "invariant"})), r"runs\[0\]\.expect: violated: name the invariant"),
        (plan(run(expect={"outcome": "ok", "violated": "Small"})), "violated: allowed with outcome invariant"),
        (plan(run(never={"Up": ""})), r"runs\[0\]\.never\.Up: "),
        (plan(feature="other"), "feature: want 'counter'"),
        (plan(phases=[]), "phases: want the phases 0 to 5"),
        ({}, "feature: Field required"),
    ],
)
def test_the_error_of_a_broken_plan_names_member_and_remedy(
    document: dict[str, Any], complaint: str, tmp_path: Path
) -> None:
    folder = write_feature(tmp_path)
    (folder / "plan.json").write_text(json.dumps(document))
    with pytest.raises(PlanError, match=complaint):
        plans.load(folder)


def test_the_error_of_invalid_json_names_its_line(tmp_path: Path) -> None:
    folder = write_feature(tmp_path)
    (folder / "plan.json").write_text('{"feature":\n oops}')
    with pytest.raises(PlanError, match=r"plan\.json: not JSON: .* line 2 "):
        plans.load(folder)

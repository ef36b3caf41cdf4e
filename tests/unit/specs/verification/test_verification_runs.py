"""The pipeline on a module of ten lines refuses what it must, with the place and the reason."""

from pathlib import Path
from typing import Any

import pytest

from specs.verification import cache, formulas, pipeline, plan, summary, verification
from specs.verification.result import FAIL, NO_ANSWER, PASS, RunResult
from specs.verification.verification import Options, Report
from tests.support.modules.verification import run, write_feature

TYPED = "TypeOK == x \\in 0 .. 9"


@pytest.fixture(autouse=True)
def cache_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AMU_CACHE", str(tmp_path / "cache"))


def verified(specs: Path, **options: Any) -> Report:
    return verification.verify([], Options(specs=specs, jobs=1, **options))


def result_of(
    specs: Path, text: str = "Small == x < 10", checked: str = "INVARIANT Small", *runs: Any, **module: int
) -> RunResult:
    """The first run of the feature, without the parse before it."""
    folder = write_feature(specs, text, checked, *runs, **module)
    return first_run(folder)


def first_run(folder: Path, use_cache: bool = True) -> RunResult:
    return pipeline.verify(folder, plan.load(folder).runs[0], use_cache)


def test_a_sound_run_passes_with_figures(tmp_path: Path) -> None:
    result = result_of(tmp_path, "Small == x > 2 => x < 10")
    assert (result.status, result.findings) == (PASS, ())
    assert (result.states_distinct, result.depth) == (5, 5)
    assert {action.name: action.generated for action in result.actions} == {"Init": 1, "Up": 4, "Reset": 2}
    assert [(point.what, point.reached) for point in result.points if point.formula == "Small"] == [
        ("consequent", True)
    ]
    assert result.tlc.startswith("2.15")


def test_an_action_that_is_never_taken_is_refused(tmp_path: Path) -> None:
    result = result_of(tmp_path, reset_above=7)
    assert result.status == FAIL
    assert result.findings == ("action Reset (counter.tla:5) is never taken",)


def test_an_excuse_needs_another_run_that_takes_the_action(tmp_path: Path) -> None:
    excused = run(never={"Reset": "it cannot count so far"})
    write_feature(tmp_path, TYPED, "INVARIANT TypeOK", excused, reset_above=7)
    report = verified(tmp_path)
    assert report.features[0].results[0].status == PASS
    assert report.features[0].complaints == ["Reset is never taken in any run of the gate"]
    assert report.status == FAIL


def test_stale_excuses_are_refused(tmp_path: Path) -> None:
    never = {"Reset": "said to be impossible", "Rest": "misspelt", "Small": "said to be vacuous"}
    result = result_of(tmp_path, "Small == x > 2 => x < 10", "INVARIANT Small", run(never=never))
    assert result.status == FAIL
    assert result.findings == (
        "never: Reset needs no excuse any more: remove it from the plan",
        "never: this run has no action and checks no formula Rest",
        "never: Small needs no excuse any more: remove it from the plan",
    )


VACUOUS = r"""
Premise == x > 7 => x < 10
Range == \A y \in {z \in 0 .. 9 : z > 20} : y < x
Bullets ==
  /\ \A y \in 0 .. x :
       y > 8 =>
         /\ y < 10
         /\ y > 3
  /\ x < 10
Inner(y) == y > 8 => y < 10
Called == \A y \in 0 .. x : Inner(y)
Branch == LET y == x IN IF x < 9 THEN x > 7 => y < 9 ELSE FALSE
Step == [][x' > 7 => x' > x]_x
"""


def test_formulas_that_look_at_nothing_are_refused(tmp_path: Path) -> None:
    checked = "INVARIANTS Premise Range Bullets Called Branch\nPROPERTY Step"
    result = result_of(tmp_path, VACUOUS, checked)
    assert result.status == FAIL
    told = [finding.partition(" is vacuous: the ")[::2] for finding in result.findings]
    assert [name for name, _ in told] == ["Premise", "Range", "Bullets", "Called", "Branch", "Step"]
    assert told[0][1] == "consequent at counter.tla:10 is never evaluated: x < 10"
    assert told[1][1] == "body of a quantifier at counter.tla:11 is never evaluated: y < x"
    assert told[2][1].startswith("consequent at counter.tla:15 ")
    assert told[3][1].startswith("consequent at counter.tla:18 ")
    assert told[4][1].startswith("consequent at counter.tla:20 ")
    assert told[5][1].startswith("consequent at counter.tla:21 ")


def test_a_vacuous_leads_to_is_refused(tmp_path: Path) -> None:
    fair = "Fair == Spec /\\ WF_x(Up)\nSettles == \\A y \\in {3, 8} : (x = y) ~> (x > 3)\nNothing == (x = 8) ~> (x = 0)"
    folder = write_feature(tmp_path, fair, "", reset_above=3)
    (folder / "counter.cfg").write_text("SPECIFICATION Fair\nPROPERTY Settles\n")
    assert first_run(folder).status == PASS
    (folder / "counter.cfg").write_text("SPECIFICATION Fair\nPROPERTY Nothing\n")
    result = first_run(folder)
    assert result.findings == ("Nothing is vacuous: the premise at counter.tla:11 is never true: (x = 8)",)


def test_an_excused_invariant_is_not_refused(tmp_path: Path) -> None:
    result = result_of(
        tmp_path, "Small == x > 7 => x < 10", "INVARIANT Small", run(never={"Small": "needs a larger bound"})
    )
    assert (result.status, result.findings) == (PASS, ())


def test_alternatives_that_tlc_counts_as_one_are_distinguished(tmp_path: Path) -> None:
    """TLC does not split a disjunct under a quantifier whose set depends on the state."""
    text = (
        "Left(n) == x = n /\\ x < 3 /\\ x' = x + 1\nRight(n) == x > 7 /\\ x' = n\n"
        "Some == \\E n \\in 0 .. x : Left(n) \\/ Right(n)\nOther == Up \\/ Some\n" + TYPED
    )
    folder = write_feature(tmp_path, text, "")
    (folder / "counter.cfg").write_text("INIT Init\nNEXT Other\nINVARIANT TypeOK\n")
    result = first_run(folder)
    assert [finding for finding in result.findings if "never taken" in finding] == [
        "action Right (counter.tla:10) is never taken"
    ]


def test_a_violation_is_found_with_its_states(tmp_path: Path) -> None:
    result = result_of(tmp_path, "Small == x < 3")
    assert (result.status, result.violated) == (FAIL, "Small")
    assert result.findings[0].startswith("expected ok, found Small is violated")
    assert result.trace[-1].endswith("x = 3")


@pytest.mark.parametrize(
    ("expect", "status"),
    [
        ({"outcome": "invariant", "violated": "Small"}, PASS),
        ({"outcome": "invariant", "violated": "Other"}, FAIL),
    ],
)
def test_a_run_must_end_as_expected(expect: dict[str, str], status: str, tmp_path: Path) -> None:
    result = result_of(tmp_path, "Small == x < 3", "INVARIANT Small", run(expect=expect))
    assert result.status == status


def test_a_violation_that_does_not_come_is_refused(tmp_path: Path) -> None:
    expected = run(expect={"outcome": "invariant", "violated": "Small"})
    result = result_of(tmp_path, "Small == x < 10", "INVARIANT Small", expected)
    assert result.findings == ("expected Small violated, found ok",)


def test_a_failed_evaluation_is_not_an_answer_and_not_kept(tmp_path: Path) -> None:
    for _ in range(2):
        result = result_of(tmp_path, 'Small == x < "ten"')
        assert (result.status, result.cached) == (NO_ANSWER, False)
        assert "ten" in result.findings[0]


def test_a_module_that_sany_rejects_is_not_run(tmp_path: Path) -> None:
    write_feature(tmp_path, "Small == x < 10 => x < 11 => TRUE")
    report = verified(tmp_path)
    assert report.status == FAIL
    assert report.features[0].results == []
    assert report.features[0].complaints[0].startswith("counter.tla: ")


def test_a_trace_module_may_lack_its_trace(tmp_path: Path) -> None:
    folder = write_feature(tmp_path)
    head = "---- MODULE {} ----\nEXTENDS counter, {}\n"
    (folder / "trace_counter.tla").write_text(head.format("trace_counter", "data") + "Taken == Steps[x]\n====\n")
    assert verified(tmp_path).features[0].complaints == []
    (folder / "lonely.tla").write_text(head.format("lonely", "data") + "====\n")
    assert "lonely.tla" in verified(tmp_path).features[0].complaints[0]


# --- cache and summary ----------------------------------------------------------------------------


def test_the_cache_knows_an_unchanged_run_and_no_other(tmp_path: Path) -> None:
    first = result_of(tmp_path)
    folder = tmp_path / "counter"
    assert not first.cached
    assert first_run(folder).cached
    assert first_run(folder) == first
    assert not first_run(folder, use_cache=False).cached
    # A module that is only EXTENDed.
    changed = result_of(tmp_path, last=5)
    assert (changed.cached, changed.states_distinct) == (False, 6)
    assert changed.content != first.content


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("x == 1 \\* (* y\nz == 2", "x == 1\nz == 2"),
        ("a (* b \\* c (* d *)\n e *) + 1", "a\n      + 1"),
        ('x == "(*" \\o "\\\\*" (* y *)', 'x == "(*" \\o "\\\\*"'),
        ("a *) b\n", "a *) b\n"),
        ("a (* no end\nb", "a\n"),
    ],
)
def test_a_comment_is_not_a_part_of_a_module(text: str, code: str) -> None:
    assert cache.without_comments(text) == code


def test_a_damaged_entry_is_written_again(tmp_path: Path) -> None:
    result_of(tmp_path)
    [entry] = (tmp_path / "cache").rglob("*.json")
    for damage in ("", "{", "[]", '{"key": "other", "result": {}}'):
        entry.write_text(damage)
        assert cache.get("counter", "all", entry.stem) is None
    assert not first_run(tmp_path / "counter").cached
    assert first_run(tmp_path / "counter").cached


def test_a_summary_tells_figures_and_keeps_deep_rows_while_they_are_true(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").touch()
    specs = tmp_path / "specs"
    specs.mkdir()
    runs = (run(), run(name="more", tier="deep"))
    folder = write_feature(specs, "Small == x < 10", "INVARIANT Small", *runs)

    def write(deep: bool) -> str:
        feature = verified(specs, deep=deep).features[0]
        return summary.write(folder, feature.plan, feature.results).read_text()

    def rows(text: str) -> dict[str, list[str]]:
        cells = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith(("| all ", "| more "))]
        return {row[0]: row for row in cells}

    assert rows(write(deep=True))["more"][5:8] == ["ok", "5", "5"]
    assert rows(write(deep=False))["more"][5:8] == ["ok", "5", "5"]
    feature = verified(specs).features[0]
    assert summary.stale(folder, feature.plan) == []
    write_feature(specs, "Small == x < 10", "INVARIANT Small", *runs, last=5)
    assert summary.stale(folder, feature.plan) == ["all"]
    told = rows(write(deep=False))
    assert told["all"][5:8] == ["ok", "6", "6"]
    assert told["more"][5] == summary.NOT_RUN
    assert summary.stale(folder, feature.plan) == []


def test_no_summary_of_what_fails_nor_outside_a_source_tree(tmp_path: Path) -> None:
    write_feature(tmp_path, "Small == x < 3")
    feature = verified(tmp_path).features[0]
    with pytest.raises(summary.SummaryError, match="not a source tree"):
        summary.write(feature.folder, feature.plan, feature.results)
    (tmp_path.parent / "pyproject.toml").touch()
    with pytest.raises(summary.SummaryError, match="no summary written, these runs do not pass: all"):
        summary.write(feature.folder, feature.plan, feature.results)


def test_places_are_found_through_what_an_invariant_calls(tmp_path: Path) -> None:
    folder = write_feature(
        tmp_path, "Inner == x > 1 => ~(x > 2 => FALSE)\nSmall == /\\ Inner\n         /\\ x > 9 \\/ Inner"
    )
    found = formulas.Module(folder / "counter.tla").targets("Small")
    assert [(target.what, target.place) for target in found] == [("consequent", "counter.tla:9")]

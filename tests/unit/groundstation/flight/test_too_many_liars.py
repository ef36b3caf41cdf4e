"""A swarm with more liars than it tolerates is flown on request and judged: nothing is promised, breaches are shown."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from groundstation.scenario import toml_text
from groundstation.scenario.model import Scenario, parse
from specs.checking.check import check_trace
from specs.verdict import HOLDS, PASS, VIOLATED, VIOLATION, Verdict
from swarm_sim.simulation import simulate
from tests.support.records.traces import Script

AMU = str(Path(sys.executable).with_name("amu"))
WARNING = "2 liars of at most 1 tolerated: safety is not promised"


def _judged(script: Script, tmp_path: Path, tlc: bool = False) -> Verdict:
    return check_trace(script.end().write(tmp_path / "trace.ndjson"), tlc=tlc)


def _scenario(adversary: str, **mission: Any) -> Scenario:
    document = {
        "name": "two-liars",
        "description": "Two liars of four.",
        "allow_too_many_faults": True,
        "mission": {"slots": 4, "limit_seconds": 10.0, "no_progress_seconds": 5.0, **mission},
        "byzantine": [{"node": node, "adversary": adversary} for node in (1, 3)],
    }
    return parse(document, "two liars")


def test_a_run_in_which_nothing_breaks_passes_with_a_warning(tmp_path: Path) -> None:
    script = Script(byzantine=(1, 3))
    for slot in (1, 2):
        script.good_slot(slot)
    verdict = _judged(script, tmp_path)
    assert verdict.verdict == PASS, verdict.violations
    assert verdict.invariants["CON-4"] == HOLDS
    assert WARNING in verdict.notes


@pytest.mark.parametrize("byzantine", [(0, 3), (1, 3)])
def test_two_correct_boards_that_were_made_to_disagree_are_a_violation(
    tmp_path: Path, byzantine: tuple[int, int]
) -> None:
    """Led by a liar every step is one of the module; led by board 0 the replay ends where board 2 leaves it."""
    script = Script(byzantine=byzantine)
    for node, value in zip(script.honest, ("a", "b")):
        if node == 0:
            script.propose(1, 0, value, node)
        for phase in range(1, 5):
            script.vote(1, 0, phase, value, node)
        script.decide(1, 0, value, node)
        script.apply(1, value, node, ledger=value)
    verdict = _judged(script, tmp_path)
    assert verdict.verdict == VIOLATION
    assert verdict.invariants["CON-4"] == VIOLATED
    assert WARNING in verdict.notes


def test_tlc_is_not_asked_what_its_module_assumes_away(tmp_path: Path) -> None:
    script = Script(byzantine=(1, 3))
    script.good_slot(1)
    verdict = _judged(script, tmp_path, tlc=True)
    assert verdict.verdict == PASS, verdict.violations
    assert verdict.tlc == "not run"
    assert "tetrabft.tla ASSUMEs that at most f" in verdict.reasons["TLC"]


@pytest.mark.parametrize("byzantine", [(1,), ()])
def test_no_warning_of_what_is_tolerated(tmp_path: Path, byzantine: tuple[int, ...]) -> None:
    script = Script(byzantine=byzantine)
    script.good_slot(1)
    assert not any("tolerated" in note for note in _judged(script, tmp_path).notes)


def test_two_silent_boards_stop_the_swarm_and_break_nothing() -> None:
    assert simulate(_scenario("silence")).verdict == "no_progress"


def test_the_simulator_shows_a_violation_and_says_what_is_not_promised(tmp_path: Path) -> None:
    scenario = _scenario("equivocate")
    path = tmp_path / "two.toml"
    path.write_text(toml_text.dumps(scenario.model_dump(mode="json", exclude_unset=True)))
    done = subprocess.run([AMU, "sim", "--scenario", str(path)], capture_output=True, text=True, check=False)
    assert done.returncode == 3, done.stderr
    assert WARNING in done.stdout

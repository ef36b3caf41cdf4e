"""The shrinker keeps the failure, refuses bad input, and gives small results."""

import hashlib
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from groundstation.scenario import adversaries, toml_text
from groundstation.scenario import model as scenario_files
from groundstation.scenario.model import Scenario, parse
from swarm_sim.commands.shrink import shrink as shrink_command
from swarm_sim.draw.draw import draw
from swarm_sim.outcome import Outcome
from swarm_sim.shrink import shrink as shrinking
from swarm_sim.shrink import simpler
from swarm_sim.shrink.shrink import NothingToShrink, Shrunk, shrink
from swarm_sim.simulation import simulate
from tests.support.planted_bugs import planted
from tests.support.simulator.simulations import scenario

VIRTUAL = frozenset({"kill", "restart", "amnesia", "power_cut", "pause"})
STORM: list[dict[str, Any]] = [
    {"fault": "drop", "probability": 0.1, "start": 0.1234, "end": 2.3456},
    {"fault": "jitter", "seconds_max": 0.01},
    {"fault": "drop", "probability": 0.5, "kinds": ["Vote", "Proof"], "source": [1, 2]},
    {"fault": "duplicate", "probability": 0.3, "copies": 2},
]
BLOWS: list[dict[str, Any]] = [
    {"at": 0.3333, "node": 1, "kind": "kill", "restart_after": 0.2},
    {"at": 0.5, "node": 2, "kind": "clock_jump", "ticks": 50},
    {"at": 0.8, "node": 1, "kind": "pause", "seconds": 0.3},
    {"at": 1.0, "node": 0, "kind": "restart"},
]
LIAR = {"node": 3, "adversary": "lie", "parameters": {"seed": 7}}


def stormy(**tables: Any) -> Scenario:
    return scenario(**{"faults": STORM, "board_faults": BLOWS, "byzantine": [LIAR], **tables})


def failing(needs: Callable[[Scenario], bool], **outcome: Any) -> Callable[[Scenario], Outcome]:
    """A stub instead of a flight: scenarios that meet `needs` fail."""
    told = {"verdict": "violation", "oracle": "CON-4", **outcome}
    return lambda flown: Outcome(1, **told) if needs(flown) else Outcome(1, "pass")


def kinds(result: Shrunk) -> list[str]:
    """The faults that still happen to the swarm."""
    left = result.scenario
    return [one.fault for one in left.faults] + [one.kind for one in left.board_faults]


def without_one(flown: Scenario) -> list[Scenario]:
    """The scenario without one of its faults, for each of them."""
    document = simpler.named(flown.model_dump(mode="json", exclude_unset=True))
    everything = simpler.items(document)
    return [parse(simpler.only(document, [i for i in everything if i != item]), "fewer") for item in everything]


# --- what is left -------------------------------------------------------------------------------


def test_a_drawn_failure_of_real_flight_code_becomes_small() -> None:
    """A bug that only a change of view shows."""
    with planted("lock forgotten"):
        scenarios = [draw(seed, slots=4) for seed in range(20)]
        found = next(one for one in scenarios if len(one.faults) > 2 and simulate(one).verdict != "pass")
        before = simulate(found)
        result = shrink(found, runs_max=60)
        again = simulate(result.scenario)
    assert before.verdict == "violation"
    assert (again.verdict, again.oracle) == (before.verdict, before.oracle)
    assert again == result.outcome
    assert result.after.faults + result.after.board_faults + result.after.byzantine <= 3
    assert simulate(result.scenario).verdict == "pass"  # the bug, not the scenario


def test_the_result_has_nothing_that_the_failure_does_not_need() -> None:
    def needs(flown: Scenario) -> bool:
        struck = {fault.node for fault in flown.board_faults if fault.kind in ("kill", "restart")}
        return struck == {0, 1} and any(rule.fault == "drop" and rule.kinds for rule in flown.faults)

    fly = failing(needs)
    result = shrink(stormy(), fly)
    assert sorted(kinds(result)) == ["drop", "kill", "restart"]
    assert not result.scenario.byzantine
    for fewer in without_one(result.scenario):
        assert fly(fewer).verdict == "pass"


def test_pairs_that_stand_apart_are_found_together() -> None:
    """ddmin's own case: neither half fails alone."""
    rules = [{"fault": "delay", "seconds": 0.01, "name": f"rule-{number}"} for number in range(16)]

    def needs(flown: Scenario) -> bool:
        return {"rule-1", "rule-14"} <= {rule.name for rule in flown.faults}

    result = shrink(stormy(faults=rules), failing(needs))
    assert [rule.name for rule in result.scenario.faults] == ["rule-1", "rule-14"]


def test_a_scenario_that_always_fails_loses_all_its_faults_in_few_flights() -> None:
    result = shrink(stormy(), failing(lambda flown: True))
    assert simpler.readable(result.scenario) == {
        "name": "test",
        "description": "a test's own",
        "mission": {"slots": 1},
        "workload": {"operations": 1, "in_flight": 1, "mix": {"noop": 1}},
    }
    assert result.runs < 20


def test_rules_keep_the_names_on_which_their_draws_hang() -> None:
    """The second nameless `drop` is `drop-2`; without the first it would be `drop`, with other draws."""

    def needs(flown: Scenario) -> bool:
        return any(name == "drop-2" and rule.kinds for name, rule in zip(names_of(flown), flown.faults))

    result = shrink(stormy(), failing(needs))
    assert names_of(result.scenario) == ["drop-2"]
    written = toml_text.dumps(simpler.readable(result.scenario))
    assert names_of(parse(tomllib.loads(written), "written")) == ["drop-2"]


def names_of(flown: Scenario) -> list[str]:
    return flown.fault_plan().rule_names()


def test_windows_narrow_and_numbers_get_round() -> None:
    def needs(flown: Scenario) -> bool:
        at_work = [rule for rule in flown.faults if rule.end and rule.start <= 0.5 < rule.end]
        return bool(at_work) and any(fault.kind == "kill" and fault.restart_after for fault in flown.board_faults)

    result = shrink(stormy(), failing(needs))
    (rule,) = result.scenario.faults
    assert rule.end is not None
    assert 0.5 < rule.end < 0.8
    (blow,) = result.scenario.board_faults
    assert blow.at == 0.3


def test_a_smaller_swarm_is_tried() -> None:
    result = shrink(stormy(mission={"boards": 7}), failing(lambda flown: bool(flown.faults)))
    assert result.scenario.mission.boards == 4


# --- what is refused ----------------------------------------------------------------------------


def test_a_scenario_that_passes_is_refused() -> None:
    with pytest.raises(NothingToShrink, match="scenario test passes"):
        shrink(scenario(), failing(lambda flown: False))


def test_candidates_that_fail_for_something_else_are_not_taken() -> None:
    """Without the kill another oracle speaks, without the drop another verdict comes: both must stay."""

    def fly(flown: Scenario) -> Outcome:
        if not any(fault.kind == "kill" for fault in flown.board_faults):
            return Outcome(1, "violation", "LED-1")
        if not any(rule.fault == "drop" for rule in flown.faults):
            return Outcome(1, "crash", "CON-4")
        return Outcome(1, "violation", "CON-4", cause=f"of {len(flown.faults)}")

    result = shrink(stormy(), fly)
    assert sorted(kinds(result)) == ["drop", "kill"]
    assert (result.outcome.verdict, result.outcome.oracle) == ("violation", "CON-4")


@pytest.mark.parametrize("verdict", ["crash", "no_progress"])
def test_where_the_oracle_says_little_the_cause_must_stay(verdict: str) -> None:
    def fly(flown: Scenario) -> Outcome:
        return Outcome(1, verdict, "SIM", cause="the pause" if "pause" in kinds_of(flown) else "something else")

    assert kinds(shrink(stormy(), fly)) == ["pause"]


def kinds_of(flown: Scenario) -> list[str]:
    return [fault.kind for fault in flown.board_faults]


def test_lack_of_progress_keeps_the_time_that_it_was_given() -> None:
    calm = {"core": [0, 1, 2], "at": 2.0, "bound_seconds": 90.0}

    def bounds(verdict: str) -> float:
        seen: list[float] = []

        def fly(flown: Scenario) -> Outcome:
            seen.append(flown.liveness.bound_seconds if flown.liveness else 1000.0)
            return Outcome(1, verdict, "SIM")

        shrink(stormy(liveness=calm), fly)
        return min(seen)

    assert bounds("no_progress") == 90.0
    assert bounds("violation") == 10.0


def test_no_simplification_makes_the_run_do_more() -> None:
    def fly(flown: Scenario) -> Outcome:
        done = 8 if flown.workload.pause_seconds else 300
        return Outcome(1, "violation", "CON-4", counts={"operations": done})

    result = shrink(scenario(), fly)
    assert result.scenario.workload.pause_seconds > 0
    assert result.scenario.workload.operations == 8  # what was done, though a mission of one would fail alike


def test_no_more_flights_than_allowed() -> None:
    for runs_max in (1, 2, 5, 13):
        flights: list[Scenario] = []

        def fly(flown: Scenario, flights: list[Scenario] = flights) -> Outcome:
            flights.append(flown)
            return Outcome(1, "violation" if len(flown.faults) > 1 else "pass", "CON-4")

        result = shrink(stormy(), fly, runs_max=runs_max)
        assert len(flights) == result.runs <= runs_max
        assert fly(result.scenario).verdict == "violation"


def test_no_scenario_is_flown_twice() -> None:
    flown_already: list[str] = []

    def fly(flown: Scenario) -> Outcome:
        flown_already.append(repr(simpler.named(flown.model_dump(mode="json", exclude_unset=True))))
        return Outcome(1, "violation" if len(flown.board_faults) > 1 else "pass", "CON-4")

    shrink(stormy(), fly)
    assert len(set(flown_already)) == len(flown_already) > 10


# --- any scenario that flies --------------------------------------------------------------------

BARE = {"name": "bare", "description": "Nothing but what must be there."}
FAULTS: list[dict[str, Any]] = [
    {"fault": "drop", "probability": 0.1, "name": "drop-2"},
    {"fault": "drop", "probability": 0.1},
    {"fault": "duplicate", "probability": 0.1},
    {"fault": "reorder", "probability": 0.1, "hold_seconds": 1},
    {"fault": "delay", "seconds": 1, "source": [3], "destination": [0, 3]},
    {"fault": "jitter", "seconds_max": 1},
    {"fault": "light_time", "pairs": [{"nodes": [0, 4], "seconds": 1}, {"nodes": [2, 1], "seconds": 1}]},
    {"fault": "orbits", "stations": ["earth", "moon", "mars", "leo", "geo"], "occultation": "drop"},
    {"fault": "corrupt", "probability": 0.1, "kinds": ["Vote", "Proof"]},
    {"fault": "truncate", "probability": 0.1},
    {"fault": "burst_loss", "good_to_bad": 0.1, "bad_to_good": 0.2},
    {"fault": "partition", "groups": [[0, 1], [2, 4]], "start": 1, "end": 2},
    {"fault": "one_way_partition", "source": [4], "destination": [0]},
    {"fault": "contact_window", "passes": [{"aos": 0, "los": 5}, {"aos": 6, "los": 7}], "outside": "hold"},
    {"fault": "bandwidth", "bytes_per_second": 9600},
    {"fault": "capacity", "frames_max": 10},
    {"fault": "clog", "probability": 0.1, "seconds": 1},
]
BOARD_FAULTS: list[dict[str, Any]] = [
    {"at": 1, "node": 4, "kind": "kill", "restart_after": 1},
    {"at": 1, "node": 0, "kind": "restart"},
    {"at": 1, "node": 1, "kind": "amnesia"},
    {"at": 1, "node": 2, "kind": "power_cut", "after_operations": 3},
    {"at": 1, "node": 3, "kind": "pause", "seconds": 1},
    {"at": 1, "node": 4, "kind": "slow", "seconds": 1, "step_ms": 1},
    {"at": 1, "node": 0, "kind": "clock_drift", "seconds": 1, "factor": 2},
    {"at": 1, "node": 1, "kind": "clock_jump", "ticks": -5},
    {"at": 1, "node": 2, "kind": "clock_stop", "seconds": 1},
    {"at": 1, "node": 3, "kind": "write_fault"},
    {"at": 1, "node": 1, "kind": "misdirected_write"},
    {"at": 1, "node": 0, "kind": "read_fault"},
    {"at": 1, "node": 1, "kind": "crash_corruption"},
]
FIVE = {"mission": {"boards": 5}}
FLYABLE: dict[str, dict[str, Any]] = {
    "bare": BARE,
    "mission alone": BARE | {"mission": {"slots": 3}},
    "workload alone": BARE | {"workload": {"mix": {"noop": 2, "job-open": 1}}},
    "too many liars": BARE
    | {"allow_too_many_faults": True, "byzantine": [{"node": node, "adversary": "equivocate"} for node in (3, 2)]},
    "every adversary": BARE
    | {"mission": {"boards": 13}, "allow_too_many_faults": True}
    | {"byzantine": [{"node": place, "adversary": name} for place, name in enumerate(adversaries.names())]},
    "every link fault": BARE | FIVE | {"faults": FAULTS},
    "every board fault": BARE | FIVE | {"allow_too_many_faults": True, "board_faults": BOARD_FAULTS},
    "calm": BARE | FIVE | {"faults": FAULTS, "liveness": {"core": [0, 1, 2, 4], "at": 3, "bound_seconds": 9}},
    "all of the core": BARE | {"liveness": {"core": [3, 2, 1, 0], "at": 0, "bound_seconds": 9}},
    "turns": BARE | {"ops": {"turn_seconds": 1}, "clock": {"trace_messages": False}},
}


def all_that_fly() -> list[Scenario]:
    drawn = [draw(seed, nodes) for nodes in (4, 7) for seed in range(12)]
    shipped = [scenario_files.load(name) for name in scenario_files.shipped()]
    return [*(parse(document, name) for name, document in FLYABLE.items()), *shipped, *drawn]


@pytest.mark.parametrize("verdict", ["violation", "no_progress", "crash"])
@pytest.mark.parametrize("flown", all_that_fly(), ids=lambda flown: flown.name)
def test_any_scenario_that_flies_shrinks_to_one_that_loads(flown: Scenario, verdict: str, tmp_path: Path) -> None:
    """Whether a candidate fails depends on its text, so that every step meets the results of every other."""

    def fly(candidate: Scenario) -> Outcome:
        digest = hashlib.sha256(repr(candidate).encode()).digest()
        fails = candidate == flown or digest[0] % 3 == 0
        return Outcome(1, verdict if fails else "pass", "SIM", "the same", counts={"operations": digest[1]})

    result = shrink(flown, fly, runs_max=150)
    path = tmp_path / "small.toml"
    path.write_text(toml_text.dumps(simpler.readable(result.scenario)), encoding="utf-8")
    loaded = scenario_files.load(str(path))
    assert loaded.fault_plan().rule_names() == result.scenario.fault_plan().rule_names()
    assert simpler.readable(loaded) == simpler.readable(result.scenario)


def test_a_scenario_without_its_defaults_becomes_small() -> None:
    result = shrink(parse(FLYABLE["too many liars"], "test"), failing(lambda flown: len(flown.byzantine) == 2))
    left = result.scenario
    assert (left.mission.slots, left.workload.in_flight, left.workload.operations) == (1, 1, 1)
    assert result.before.operations == 100


def test_the_last_board_goes_with_its_light_times() -> None:
    flown = parse(BARE | FIVE | {"faults": [FAULTS[6]]}, "test")
    left = shrink(flown, failing(lambda candidate: bool(candidate.faults))).scenario
    assert left.mission.boards == 4
    assert [pair.nodes for pair in left.faults[0].pairs] == [(2, 1)]  # type: ignore[union-attr]


# --- for boards -----------------------------------------------------------------------------------


def test_faults_that_boards_cannot_play_go_first() -> None:
    """Either of two faults would do; ddmin alone would keep the one that it meets first."""

    def needs(flown: Scenario) -> bool:
        return bool({"clock_jump", "restart"} & {*kinds_of(flown)})

    assert kinds(shrink(stormy(), failing(needs), playable=VIRTUAL)) == ["restart"]


def test_faults_that_boards_cannot_play_stay_if_they_must_and_are_reported() -> None:
    result = shrink(stormy(), failing(lambda flown: "clock_jump" in kinds_of(flown)), playable=VIRTUAL)
    assert shrinking.unplayable(result.scenario, VIRTUAL) == ["clock_jump"]


# --- the command --------------------------------------------------------------------------------


def amu(*arguments: str) -> Any:
    application = typer.Typer()
    application.command()(shrink_command)
    return CliRunner().invoke(application, arguments)


def test_the_command_writes_a_scenario_that_fails_in_the_same_way(tmp_path: Path) -> None:
    big, small = tmp_path / "big.toml", tmp_path / "small.toml"
    big.write_text(toml_text.dumps(stormy(byzantine=[]).model_dump(mode="json", exclude_unset=True)))
    with planted("votes twice in a phase"):
        done = amu(str(big), "--out", str(small), "--runs", "12", "--for", "virtual")
    assert done.exit_code == 0, done.output
    left = scenario_files.load(str(small))
    assert left.description.startswith("shrunk from test: violation CON-1")
    assert not left.board_faults
    assert f"replay  amu sim --scenario {small}" in done.output.replace("\n", "")
    with planted("votes twice in a phase"):
        assert simulate(left).oracle == "CON-1"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("nowhere.toml",), "cannot be read"),
        (("1", "--for", "paper"), "paper"),
        (("1", "--runs", "1"), "passes; there is nothing to shrink"),
    ],
)
def test_the_command_says_what_is_wrong(arguments: tuple[str, ...], said: str, tmp_path: Path) -> None:
    done = amu(*arguments, "--out", str(tmp_path / "small.toml"))
    assert done.exit_code == 2
    assert said in done.output

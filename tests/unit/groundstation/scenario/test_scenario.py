"""Scenario files: the shipped ones fly; the error of a bad one says where it is wrong and what was expected."""

import tomllib
from pathlib import Path

import pytest

from groundstation.faults import board_fault
from groundstation.scenario import model as scenario
from groundstation.scenario import toml_text
from groundstation.scenario.model import Scenario, ScenarioError

HEAD = 'name = "mine"\ndescription = "A test."\n'


def _error(tmp_path: Path, text: str) -> str:
    path = tmp_path / "mine.toml"
    path.write_text(text)
    with pytest.raises(ScenarioError) as caught:
        scenario.load(str(path))
    return str(caught.value).replace(f"{path}", "mine.toml")


def test_ships_the_missions_that_it_promises() -> None:
    promised = {"first-light", "byzantine", "partition", "power-cut", "light-time", "contact-windows"}
    promised |= {"first-procedure", "lunar-handover"}
    assert set(scenario.shipped()) >= promised


@pytest.mark.parametrize("name", scenario.shipped())
def test_shipped_scenario_is_sound_and_named_after_its_file(name: str) -> None:
    loaded = scenario.load(name)
    assert loaded.name == name
    assert loaded.view_timeout_ticks() >= scenario.TICKS_MIN


def test_first_light_has_what_a_first_mission_must_show() -> None:
    loaded = scenario.load("first-light")
    assert loaded.mission.slots >= 120
    assert {rule.fault for rule in loaded.faults} >= {
        "drop",
        "duplicate",
        "reorder",
        "delay",
        "jitter",
        "corrupt",
        "partition",
    }
    assert [fault.kind for fault in loaded.board_faults] == ["kill"]
    assert len(loaded.byzantine) == 1


def test_light_time_has_minutes_of_delay() -> None:
    rules = [rule for rule in scenario.load("light-time").faults if rule.fault == "light_time"]
    assert rules[0].seconds >= 60


@pytest.mark.parametrize("name", scenario.shipped())
def test_scenario_as_flown_reads_back_the_same(name: str) -> None:
    flown = scenario.load(name).flown(seed=77)
    text = toml_text.dumps(flown.model_dump(mode="json", exclude_unset=True))
    assert scenario.parse(tomllib.loads(text), "as flown") == flown
    assert flown.mission.seed == 77


def test_options_take_the_place_of_the_file() -> None:
    flown = scenario.load("first-light").flown(boards=7, seed=9, speed=0.5)
    assert (flown.mission.boards, flown.mission.seed, flown.mission.speed) == (7, 9, 0.5)
    # Frames grow with the square of the boards: so does the time that boards and mission get.
    own = scenario.load("first-light")
    assert flown.clock.tick_ms == int(own.clock.tick_ms * 49 / 16)
    assert flown.mission.no_progress_seconds == own.mission.no_progress_seconds * 49 / 16
    # What the options do not name stays.
    assert flown.mission.slots == scenario.load("first-light").mission.slots


def test_view_timer_is_mission_time() -> None:
    document = {"name": "a", "description": "b", "clock": {"tick_ms": 10, "view_timeout_seconds": 600.0}}
    document["mission"] = {"speed": 1200.0}
    assert Scenario.model_validate(document).view_timeout_ticks() == 50


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (HEAD + "[mission\n", "mine.toml:3:9: not TOML: Expected ']' at the end of a table declaration"),
        (HEAD + "[mission]\nslotz = 3\n", "mine.toml:4: mission.slotz: unknown key; did you mean 'slots'?"),
        (
            HEAD + '[mission]\nboards = "four"\n',
            "mine.toml:4: mission.boards: Input should be a valid integer, not 'four'",
        ),
        (
            HEAD + "[mission]\nboards = 14\n",
            "mine.toml:4: mission.boards: Input should be less than or equal to 13, not 14",
        ),
        (HEAD + '[[faults]]\nfault = "dorp"\n', "mine.toml:3: faults[0]: no fault 'dorp'; did you mean 'drop'?"),
        (HEAD + '[[faults]]\nfault = "drop"\n', "mine.toml:3: faults[0].probability: Field required"),
        (
            HEAD + '[[faults]]\nfault = "drop"\nprobability = 0.1\n[[faults]]\nfault = "drop"\nprobability = 2\n',
            "mine.toml:8: faults[1].probability: Input should be less than or equal to 1, not 2",
        ),
        (
            HEAD + '[[faults]]\nfault = "drop"\nprobabilty = 0.1\n',
            "mine.toml:5: faults[0].probabilty: unknown key; did you mean 'probability'?",
        ),
        (
            HEAD + '[[faults]]\nfault = "partition"\ngroups = [[5]]\n',
            "mine.toml:3: faults: fault rule 'partition' names replica 5, but the replicas are 0 to 3",
        ),
        (
            HEAD + '[[board_faults]]\nat = 1\nnode = 4\nkind = "kill"\n',
            "mine.toml:5: board_faults[0].node: there is no board 4, only 0 to 3",
        ),
        (
            HEAD + '[[board_faults]]\nat = 1\nnode = 2\nkind = "amnesia"\nrestart_after = 2\n',
            "mine.toml:7: board_faults[0].restart_after: goes with kill, power_cut, crash_corruption, write_fault, not",
        ),
        (HEAD + "[workload.mix]\nshard-crate = 1\n", "mine.toml:4: workload.mix.shard-crate: Input should be 'noop',"),
        (HEAD + "[clock]\nview_timeout_seconds = 0.001\n", "want at least 0.04"),
        (HEAD + "[clock]\nview_timeout_seconds = 1e6\n", "want longer ticks or a shorter timer"),
        ("name = 'mine'\n", "mine.toml: description: Field required"),
    ],
)
def test_bad_file_says_where_and_what_was_expected(tmp_path: Path, text: str, said: str) -> None:
    assert said in _error(tmp_path, text)


def _board_fault(kind: str, *fields: str) -> str:
    return "\n".join(["[[board_faults]]", "at = 1", "node = 0", f'kind = "{kind}"', *fields, ""])


FIELDS = {
    "after_operations": ("2", {"power_cut", "write_fault", "misdirected_write", "worn_flash", "brown_out"}),
    "restart_after": ("2.5", {"kill", "power_cut", "crash_corruption", "write_fault"}),
    "seconds": (
        "3.0",
        {
            "pause",
            "slow",
            "clock_drift",
            "clock_stop",
            "line_noise",
            "baud_mismatch",
            "slow_host",
            "unplug",
            "full_flash",
        },
    ),
    "factor": ("0.5", {"clock_drift"}),
    "ticks": ("-7", {"clock_jump"}),
    "step_ms": ("1.5", {"slow"}),
    "probability": ("0.01", {"line_noise"}),
}
REQUIRED = ("seconds", "factor", "ticks", "step_ms", "probability")
BOARD_FAULT_KINDS = list(board_fault.BOARD_FAULT_KINDS)


@pytest.mark.parametrize("kind", BOARD_FAULT_KINDS)
def test_board_fault_takes_the_fields_of_its_kind_and_no_others(tmp_path: Path, kind: str) -> None:
    own = [f"{field} = {value}" for field, (value, kinds) in FIELDS.items() if kind in kinds]
    path = tmp_path / "mine.toml"
    path.write_text(HEAD + _board_fault(kind, *own))
    (fault,) = scenario.load(str(path)).board_faults
    assert all(str(getattr(fault, field)) == value for field, (value, kinds) in FIELDS.items() if kind in kinds)
    for field, (value, kinds) in FIELDS.items():
        if kind not in kinds:
            text = HEAD + _board_fault(kind, *own, f"{field} = {value}")
            line = len(text.splitlines())
            assert f"mine.toml:{line}: board_faults[0].{field}: goes with" in _error(tmp_path, text)
        elif field in REQUIRED:
            rest = [line for line in own if not line.startswith(field)]
            said = _error(tmp_path, HEAD + _board_fault(kind, *rest))
            assert f"mine.toml:3: board_faults[0].{field}: {kind} needs it" in said


@pytest.mark.parametrize(
    ("kind", "fields", "said"),
    [
        (
            "clock_drift",
            ("seconds = 1", "factor = 20"),
            "mine.toml:8: board_faults[0].factor: Input should be less than",
        ),
        ("clock_drift", ("seconds = 1", "factor = 0"), "mine.toml:8: board_faults[0].factor: Input should be greater"),
        ("clock_jump", ("ticks = -100001",), "mine.toml:7: board_faults[0].ticks: Input should be greater than or"),
        ("clock_jump", ("ticks = 1.5",), "mine.toml:7: board_faults[0].ticks: Input should be a valid integer"),
        (
            "slow",
            ("seconds = 1", "step_ms = 0"),
            "mine.toml:8: board_faults[0].step_ms: Input should be greater than 0",
        ),
        ("paus", (), "mine.toml:6: board_faults[0].kind: Input should be 'kill', 'restart'"),
    ],
)
def test_bad_board_fault_says_where(tmp_path: Path, kind: str, fields: tuple[str, ...], said: str) -> None:
    assert said in _error(tmp_path, HEAD + _board_fault(kind, *fields))


LIVENESS = "[liveness]\ncore = {core}\nat = 9\nbound_seconds = 20\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (LIVENESS.format(core="[0, 1]"), "mine.toml:4: liveness.core: 2 boards are not a quorum of 4; want at least 3"),
        (LIVENESS.format(core="[0, 1, 4]"), "mine.toml:4: liveness.core: there is no board 4, only 0 to 3"),
        (LIVENESS.format(core="[0, 1, 1]"), "mine.toml:4: liveness.core: a board is named twice"),
        (
            LIVENESS.format(core="[0, 1, 2]") + '[[byzantine]]\nnode = 1\nadversary = "silence"\n',
            "mine.toml:4: liveness.core: board 1 is Byzantine; the core must be of correct boards",
        ),
        (LIVENESS.format(core="[]"), "mine.toml:4: liveness.core: List should have at least 1 item"),
        ("[liveness]\ncore = [0, 1, 2]\nat = 9\n", "mine.toml:3: liveness.bound_seconds: Field required"),
        (
            LIVENESS.format(core="[0, 1, 2]") + "bounds = 1\n",
            "mine.toml:7: liveness.bounds: unknown key; did you mean 'bound_seconds'?; known are core, at",
        ),
    ],
)
def test_bad_liveness_says_where(tmp_path: Path, text: str, said: str) -> None:
    assert said in _error(tmp_path, HEAD + text)


def test_liveness_reads_back_the_same_and_grows_with_the_swarm(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(HEAD + LIVENESS.format(core="[0, 2, 3, 1, 4]").replace("[live", "[mission]\nboards = 6\n[live"))
    flown = scenario.load(str(path)).flown()
    assert scenario.parse(tomllib.loads(toml_text.dumps(flown.model_dump(exclude_unset=True))), "as flown") == flown
    more = flown.flown(boards=7).liveness
    assert more is not None
    assert more.bound_seconds == pytest.approx(20 * 49 / 36)
    with pytest.raises(ScenarioError, match=r"scenario mine: liveness.core: 5 boards are not a quorum of 8"):
        flown.flown(boards=8)


def test_every_error_of_a_file_is_reported(tmp_path: Path) -> None:
    said = _error(tmp_path, HEAD + "[mission]\nslotz = 3\nboards = 2\n")
    assert "slotz" in said
    assert "mission.boards" in said


BYZANTINE = "".join(f'[[byzantine]]\nnode = {node}\nadversary = "silence"\n' for node in (0, 1))


def test_more_byzantine_boards_than_tolerated_are_refused(tmp_path: Path) -> None:
    assert "2 Byzantine boards, but 4 boards tolerate 1" in _error(tmp_path, HEAD + BYZANTINE)


def test_more_byzantine_boards_than_tolerated_fly_when_allowed(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(HEAD + "allow_too_many_faults = true\n" + BYZANTINE)
    assert scenario.load(str(path)).byzantine_nodes() == [0, 1]


@pytest.mark.parametrize("kind", board_fault.MEMORY_FAULTS)
def test_boards_that_may_forget_count_as_faulty(tmp_path: Path, kind: str) -> None:
    fault = _board_fault(kind)
    liar = '[[byzantine]]\nnode = {}\nadversary = "silence"\n'
    path = tmp_path / "mine.toml"
    path.write_text(HEAD + fault + fault + liar.format(0))  # one board, however often
    assert scenario.load(str(path)).memory_faults() == [0]
    assert "boards [0, 3] lie or may forget what they acknowledged" in _error(tmp_path, HEAD + fault + liar.format(3))
    path.write_text(HEAD + "allow_too_many_faults = true\n" + fault + liar.format(3))
    assert scenario.load(str(path)).memory_faults() == [0]


@pytest.mark.parametrize("kind", ["kill", "power_cut", "read_fault"])
def test_boards_that_remember_what_they_acknowledged_do_not(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(HEAD + _board_fault(kind) + '[[byzantine]]\nnode = 3\nadversary = "silence"\n')
    assert scenario.load(str(path)).memory_faults() == []


def test_seven_boards_tolerate_two() -> None:
    assert scenario.load("byzantine").byzantine_nodes() == [2, 5]


def test_the_error_of_an_unknown_scenario_names_the_nearest_one() -> None:
    with pytest.raises(ScenarioError, match="did you mean 'first-light'"):
        scenario.load("first-ligth")


def test_missing_file_is_reported() -> None:
    with pytest.raises(ScenarioError, match="cannot be read"):
        scenario.load("/nowhere/mine.toml")

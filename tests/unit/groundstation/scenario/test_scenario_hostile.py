"""Hostile scenario files: each is refused with an error that names the place, or read as it is."""

import os
import typing
from pathlib import Path

import pytest
from pydantic import BaseModel
from typer.testing import CliRunner

from groundstation.faults import contacts
from groundstation.faults.kinds import FaultRule
from groundstation.scenario import adversaries
from groundstation.scenario import model as scenario
from groundstation.scenario.model import Scenario, ScenarioError
from tests.support.command import app

HEAD = 'name = "mine"\ndescription = "A test."\n'
LIAR = HEAD + '[[byzantine]]\nnode = 1\nadversary = "{}"\n'


def error(tmp_path: Path, content: bytes | str) -> str:
    path = tmp_path / "mine.toml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(ScenarioError) as caught:
        scenario.load(str(path))
    return str(caught.value).replace(f"{path}", "mine.toml")


# --- adversaries --------------------------------------------------------------------------------


def test_an_unknown_adversary_is_refused_with_the_known_names(tmp_path: Path) -> None:
    said = error(tmp_path, LIAR.format("equivocat"))
    assert said.startswith("mine.toml:5: byzantine[0].adversary: there is no 'equivocat'; known are equivocate, lie, ")
    assert said.endswith("; did you mean 'equivocate'?")


@pytest.mark.parametrize(
    ("name", "parameters", "wanted"),
    [
        (
            "flood",
            "per_tik = 2",
            "byzantine[0].parameters: adversary flood: no parameter 'per_tik'; known are seed, per_",
        ),
        ("flood", "per_tick = -1", "byzantine[0].parameters: per_tick: want an integer from 1 to "),
        ("flood", "per_tick = true", "byzantine[0].parameters: per_tick: want an integer from 1 to "),
        ("equivocate", 'deceived = "4"', "byzantine[0].parameters: deceived: want replica numbers below 4"),
        ("equivocate", "deceived = 3", "byzantine[0].parameters: deceived: want replica numbers below 4"),
        ("silence", 'kinds = "Vot"', "byzantine[0].parameters: kinds: want names of flight messages"),
        ("mixed", "period_ticks = 0", "byzantine[0].parameters: period_ticks: want an integer from 1 to "),
        ("mixed", "period_ticks = 1.0", "byzantine[0].parameters.period_ticks"),
    ],
)
def test_a_parameter_that_an_adversary_does_not_take_is_refused(
    tmp_path: Path, name: str, parameters: str, wanted: str
) -> None:
    said = error(tmp_path, LIAR.format(name) + f"parameters = {{ {parameters} }}\n")
    assert wanted in said
    assert said.startswith("mine.toml:6: ")


def test_every_adversary_is_known_with_what_it_takes(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    for name in adversaries.names():
        path.write_text(LIAR.format(name))
        assert scenario.load(str(path)).byzantine[0].adversary == name
        taken = {parameter: values for parameter, values, _, _ in adversaries.parameters(name)}
        assert "integer" in taken["seed"]
        for parameter, values in taken.items():
            bad = "-1" if values.startswith("integer") else '"x"'
            assert f"{parameter}: want" in error(
                tmp_path, LIAR.format(name) + f"parameters = {{ {parameter} = {bad} }}\n"
            )


# --- copies -------------------------------------------------------------------------------------

DUPLICATE = '[[faults]]\nfault = "duplicate"\nprobability = 1.0\n'


@pytest.mark.parametrize(
    ("faults", "copies"),
    [
        (f"{DUPLICATE}copies = 8\n" * 2, "2 duplicate rules multiply each frame from board 0 to board 1 to 81 copies"),
        (DUPLICATE * 5, "5 duplicate rules multiply each frame from board 0 to board 1 to 32 copies"),
        (f"{DUPLICATE}source = [3]\n" * 256, "at 0 s 256 duplicate rules multiply each frame from board 3 to board 0"),
        (f"{DUPLICATE}end = 2.0\n" * 4 + f"{DUPLICATE}start = 1.0\n", "at 1 s 5 duplicate rules multiply"),
        (DUPLICATE * 4, ""),
        (f"{DUPLICATE}end = 1.0\n" * 4 + f"{DUPLICATE}start = 1.0\n" * 4, ""),
        # A frame may hold messages of both kinds.
        (f'{DUPLICATE}kinds = ["Vote"]\n' * 4 + f'{DUPLICATE}kinds = ["Segment"]\n', "5 duplicate rules multiply"),
    ],
)
def test_duplicates_that_multiply_without_end_are_refused(tmp_path: Path, faults: str, copies: str) -> None:
    if copies:
        said = error(tmp_path, HEAD + faults)
        assert said.startswith("mine.toml:")
        assert copies in said
    else:
        (tmp_path / "mine.toml").write_text(HEAD + faults)
        scenario.load(str(tmp_path / "mine.toml"))


# --- numbers ------------------------------------------------------------------------------------


@pytest.mark.parametrize("speed", ["5e-324", "1e-320", "0", "-0.0", "1e-7", "100001"])
def test_a_speed_at_which_no_time_passes_is_refused(tmp_path: Path, speed: str) -> None:
    assert "mission.speed: Input should be" in error(tmp_path, f"[mission]\nspeed = {speed}\n")


@pytest.mark.parametrize("prefix", ["0x", "0o", "0b"])
def test_an_integer_that_python_does_not_write_is_refused_in_words(tmp_path: Path, prefix: str) -> None:
    said = error(tmp_path, f"[mission]\nseed = {prefix}{'1' * 30_000}\n")
    assert "mission.seed" in said
    assert "a number of thousands of digits" in said


@pytest.mark.parametrize("bad", ['"1"', "true", "nan", "inf", "-1", "1e308", "[1]", "1979-05-27", "{}"])
@pytest.mark.parametrize(
    "text",
    [
        "[mission]\nlimit_seconds = {}\n",
        "[clock]\nview_timeout_seconds = {}\n",
        "[ops]\nturn_seconds = {}\n",
        "[workload]\npause_seconds = {}\n",
        '[[faults]]\nfault = "delay"\nseconds = {}\n',
        '[[faults]]\nfault = "drop"\nprobability = 0.5\nstart = {}\n',
        '[[faults]]\nfault = "contact_window"\noutside = "hold"\npasses = [{{ aos = 0, los = {} }}]\n',
        '[[faults]]\nfault = "light_time"\npairs = [{{ nodes = [0, 1], seconds = {} }}]\n',
        '[[board_faults]]\nnode = 0\nkind = "kill"\nat = {}\n',
        "[liveness]\ncore = [0, 1, 2]\nat = 1\nbound_seconds = {}\n",
    ],
)
def test_a_time_is_a_number_in_bounds(tmp_path: Path, text: str, bad: str) -> None:
    assert error(tmp_path, HEAD + text.format(bad)).startswith("mine.toml:")


@pytest.mark.parametrize("bad", ['"1"', "1.0", "1.9", "true", "nan", "-1", "1" + "0" * 30])
@pytest.mark.parametrize(
    "text",
    [
        "[mission]\nboards = {}\n",
        "[mission]\nslots = {}\n",
        "[mission]\nseed = {}\n",
        "[clock]\ntick_ms = {}\n",
        "[workload]\noperations = {}\n",
        "[workload.mix]\nnoop = {}\n",
        '[[faults]]\nfault = "duplicate"\nprobability = 0.5\ncopies = {}\n',
        '[[faults]]\nfault = "partition"\ngroups = [[{}]]\n',
        '[[faults]]\nfault = "drop"\nprobability = 0.5\nsource = [{}]\n',
        '[[faults]]\nfault = "light_time"\npairs = [{{ nodes = [0, {}], seconds = 1 }}]\n',
        '[[board_faults]]\nat = 1\nkind = "kill"\nnode = {}\n',
        '[[byzantine]]\nadversary = "lie"\nnode = {}\n',
        "[liveness]\ncore = [0, 1, {}]\nat = 1\nbound_seconds = 9\n",
    ],
)
def test_a_whole_number_is_one_in_bounds(tmp_path: Path, text: str, bad: str) -> None:
    assert error(tmp_path, HEAD + text.format(bad)).startswith("mine.toml:")


def models(found: object) -> set[type[BaseModel]]:
    """The models in a type, and in the fields of those."""
    if isinstance(found, type) and issubclass(found, BaseModel):
        parts = [models(field.annotation) | models(tuple(field.metadata)) for field in found.model_fields.values()]
        return {found}.union(*parts)
    return set().union(*(models(part) for part in typing.get_args(found))) if typing.get_args(found) else set()


def test_every_model_of_a_scenario_is_strict() -> None:
    """Otherwise a number in quotes would be one, and 1.0 and true would be 1, in every new table."""
    found = models(Scenario) | models(FaultRule)
    assert contacts.Pass in found
    assert len(found) > 24
    assert [model.__name__ for model in found if not model.model_config.get("strict")] == []
    assert [model.__name__ for model in found if model.model_config.get("extra") != "forbid"] == []


# --- files --------------------------------------------------------------------------------------


def test_a_byte_order_mark_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_bytes(b"\xef\xbb\xbf" + HEAD.encode())
    assert scenario.load(str(path)).name == "mine"


@pytest.mark.parametrize(
    ("content", "wanted"),
    [
        (b"", "mine.toml: name: Field required"),
        (b"\xff\xfe", "mine.toml: cannot be read as a scenario file: line 1: not UTF-8 (byte 0xff)"),
        (HEAD.encode() + b'x = "\xe9"\n', "line 3: not UTF-8 (byte 0xe9)"),
        ("\x00", "mine.toml:1:1: not TOML"),
        (HEAD + "[mission]\nslots = 5\nslots = 6\n", "mine.toml:5:10: not TOML: Cannot overwrite a value"),
        (HEAD + "[mission]\n[mission]\n", "mine.toml:4:9: not TOML: Cannot declare"),
        (HEAD + 'name = "other"\n', "mine.toml:3:15: not TOML: Cannot overwrite a value"),
        (HEAD + "x = " + "[" * 5000 + "]" * 5000, "mine.toml: not TOML that can be read: nested too deep"),
        (HEAD + "x = " + "[" * 90 + "]" * 90, "mine.toml: nested more than 16 deep"),
        (HEAD + "x" + ".x" * 900 + " = 1", "mine.toml: nested more than 16 deep"),
        (HEAD + "[mission]\nseed = " + "9" * 5000, "mine.toml: not TOML: Exceeds the limit"),
        (HEAD + "[mission]\nboards = '" + "9" * 5000 + "'", "mine.toml:4: mission.boards: Input should be"),
        (HEAD + "missoin = 1\n", "mine.toml:3: missoin: unknown key; did you mean 'mission'?"),
        (HEAD + "mission = 3\n", "mine.toml:3: mission: Input should be a valid"),
        (HEAD + "faults = 3\n", "mine.toml:3: faults: Input should be a valid list"),
        (HEAD + "faults = [3]\n", "mine.toml:3: faults[0]: Input should be a valid"),
        (HEAD + "[[faults]]\nfault = 3\n", "mine.toml:3: faults[0]: no fault '3'; known are drop"),
        (HEAD + '[[faults]]\nfault = "drop"\nprobability = 1\nend = 5\nstart = 9\n', "end must come after start = 9 s"),
        (HEAD + '[[faults]]\nfault = "orbits"\nstations = ["earth"]\n', "1 stations for 4 replicas"),
        ('name = "' + "x" * 61 + '"\ndescription = "b"\n', "mine.toml:1: name: String should have at most 60"),
        ('name = "a/../b"\ndescription = "b"\n', "mine.toml:1: name: String should match"),
        ('name = "a\\n"\ndescription = "b"\n', "mine.toml:1: name: String should match"),
        ('name = "[b]"\ndescription = "b"\n', "mine.toml:1: name: String should match"),
        ('name = ""\ndescription = "b"\n', "mine.toml:1: name: String should match"),
    ],
)
def test_a_bad_file_says_where(tmp_path: Path, content: bytes | str, wanted: str) -> None:
    said = error(tmp_path, content)
    assert wanted in said
    assert all(len(line) < 400 for line in said.split("\n"))


def test_a_line_separator_in_a_text_ends_no_line(tmp_path: Path) -> None:
    text = 'name = "mine"\ndescription = "a\u2028b\u2029c\u0085d"\nslotz = 1\n'
    assert error(tmp_path, text).startswith("mine.toml:3: slotz: unknown key")


@pytest.mark.parametrize(
    ("kind", "wanted"), [("fifo", "it is a pipe"), ("folder", "it is a directory"), ("device", "it is a device")]
)
def test_a_path_that_is_not_a_file_is_refused_at_once(tmp_path: Path, kind: str, wanted: str) -> None:
    path = tmp_path / "mine.toml"
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    else:
        path = Path("/dev/zero")
    with pytest.raises(ScenarioError, match=wanted):
        scenario.load(str(path))


@pytest.mark.parametrize("name", ["x" * 300, "x" * 300 + ".toml", "a\0b", "\udcff", "[/b]", "../x", "", "a/b"])
def test_a_name_that_no_scenario_has_is_refused(name: str) -> None:
    with pytest.raises(ScenarioError):
        scenario.load(name)


def test_the_commands_refuse_what_cannot_be_flown(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(LIAR.format("[/b]\\u001b[2J"))
    commands = [
        ("rehearse", f"{path}"),
        ("sim", "--scenario", f"{path}"),
        ("shrink", f"{path}", "--out", f"{path}.small"),
    ]
    for command in commands:
        done = CliRunner().invoke(app, [*command])
        assert done.exit_code == 2, done.output
        assert done.stderr.startswith(f"amu {command[0]}: {path}:5: byzantine[0].adversary: there is no '[/b]\\x1b[2J'")

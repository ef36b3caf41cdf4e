"""The TLA+ modules of tests/data/tla, with constants to explore them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from specs.tla.language.language import ModelValue, Module, load
from tests import ROOT

FOLDER = ROOT / "tests" / "data" / "tla"


def _values(*names: str) -> frozenset[ModelValue]:
    return frozenset(ModelValue(name) for name in names)


@dataclass(frozen=True)
class Model:
    """A module with constants. `invariants` hold in all reachable states, `violated` do not.

    `definitions`: TLA+ source of constants that are operators, by name; `constants` holds the same as Python functions.
    """

    name: str
    invariants: tuple[str, ...]
    violated: tuple[str, ...]
    constants: dict[str, Any] = field(default_factory=dict)
    definitions: dict[str, str] = field(default_factory=dict)

    @property
    def path(self) -> Path:
        return FOLDER / f"{self.name}.tla"

    def load(self) -> Module:
        return load(self.path, self.constants)


_combine: Callable[[int, int], int] = lambda x, y: x + 2 * y  # noqa: E731 -- beside its TLA+ twin below

MODELS = (
    Model("Counter", ("TypeOK", "Bounded"), ("Near",), {"Limit": 7}),
    Model(
        "Mutex",
        ("TypeOK", "Exclusion"),
        ("Alone",),
        {"Process": _values("p1", "p2", "p3"), "First": ModelValue("p1"), "TicketMax": 3},
    ),
    Model("Commit", ("TypeOK", "Agree"), ("NeverCommits",), {"Manager": _values("m1", "m2", "m3")}),
    Model("Queues", ("TypeOK", "NothingNew"), ("InOrder",), {"Item": {"x", "y"}, "LengthMax": 2}),
    Model(
        "Registers",
        ("TypeOK", "Ordered", "Fields"),
        ("Agree",),
        {"Replica": _values("r1", "r2"), "None": ModelValue("None")},
    ),
    Model("Recursion", ("Right", "Tables"), ("NotAll",), {"Weight": {1, 2, 4, 7, 10}}),
    Model("Instances", ("TypeOK", "Marked"), ("NotFull",)),
    Model("HigherOrder", ("TypeOK", "Folded"), ("Small",), {"Combine": _combine}, {"Combine(x, y)": "x + 2 * y"}),
    Model(
        "Families",
        ("TypeOK", "Meet", "Weighed", "Covered"),
        ("OneLeader",),
        {"Node": _values("n1", "n2", "n3"), "Spare": ModelValue("spare")},
    ),
    Model("Guards", ("Booleans", "CanGoUp", "Precedence"), ("Quiet",)),
)

Write = Callable[..., Module]
STANDARD = "Integers, Sequences, FiniteSets, TLC"


def writer(folder: Path) -> Write:
    """A function that writes module M, and others by name, to `folder` and loads M. Definitions start at line 3."""

    def write(body: str, constants: dict[str, Any] | None = None, extends: str = STANDARD, **others: str) -> Module:
        for name, text in {"M": body, **others}.items():
            (folder / f"{name}.tla").write_text(f"---- MODULE {name} ----\nEXTENDS {extends}\n{text}\n====\n")
        return load(folder / "M.tla", constants)

    return write

"""Bugs of consensus, planted at run time: what harnesses that search for violations must find."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

from amu.consensus import rules
from amu.consensus.instance import Instance
from amu.consensus.registers import Registers
from amu.core import limits


def _enter_without_memory(self: Any, view: int) -> None:
    self.registers = Registers()
    _ENTER(self, view)


_ENTER = Instance._enter
_SAFE_AT = rules.safe_at

BUGS = {
    "quorum off by one": (limits, "quorum_size", lambda count: count - limits.faults_max(count) - 1),
    "votes twice in a phase": (
        *(Registers, "voted"),
        lambda self, phase, view: self.hi[phase] is not None and self.hi[phase][0] > view,
    ),
    "Rule 1 skipped": (rules, "is_free", lambda reports, group: True),
    "Rule 3 skipped": (
        *(rules, "safe_at"),
        lambda value, view, reports, group, is_voter: is_voter or _SAFE_AT(value, view, reports, group, is_voter),
    ),
    "lock forgotten": (Instance, "_enter", _enter_without_memory),
    "nobody votes": (Instance, "_try_vote1", lambda self: None),
}


@contextmanager
def planted(name: str) -> Iterator[None]:
    """The flight code with the bug `name` in it."""
    owner, attribute, wrong = BUGS[name]
    with mock.patch.object(owner, attribute, wrong):
        yield

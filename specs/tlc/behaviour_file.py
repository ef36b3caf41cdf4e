"""Reads a behaviour of a module from a file, in each form in which one is found.

TLC's output                a counterexample as TLC prints it: "State 1: <Initial predicate>" and so on
a saved counterexample      a line of JSON for each state, as `amu verify` writes it (specs/tlc/counterexample.py)
ITF                         one JSON object with a list `states`, as `amu states`, Apalache and others write it
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from specs import files, strict_json
from specs.escape import MultilineError, escaped
from specs.tla.values import itf
from specs.tlc import runner
from specs.tlc.states import TlcState, TlcStateError, counterexample

BYTES_MAX = 64 << 20
HEAD_BYTES = 1 << 20  # of a file, by which its form is known
_PRINTED = re.compile(r"^(?:State )?1: <", re.MULTILINE)
_VIOLATED = re.compile(r"^Error: (?:Invariant|Action property) (\S+) is violated", re.MULTILINE)


class BehaviourError(MultilineError):
    """The file has a behaviour's form, and cannot be read as one. Says where and why."""


@dataclass(frozen=True)
class Behaviour:
    """states: the initial one first. violated: the property that TLC names; empty if none is named."""

    states: list[TlcState]
    violated: str


def read(path: Path) -> Behaviour | None:
    """The behaviour in a file. None: it has none of these forms. Raises BehaviourError."""
    try:
        with files.open_regular(path) as file:
            head = file.read(HEAD_BYTES).decode("utf-8", "replace")
        form = _form(head)
        if form is None:
            return None
        text = files.read_text(path, BYTES_MAX)
        return Behaviour(*form(text))
    except files.FileError as error:
        raise BehaviourError(f"{escaped(path)}: cannot be read: {error}") from error
    except (TlcStateError, itf.ItfError, strict_json.JsonError) as error:
        raise BehaviourError(f"{escaped(path)}: cannot be read as a behaviour of a module: {error}") from error


_Read = Callable[[str], tuple[list[TlcState], str]]


def _form(head: str) -> _Read | None:
    if head.lstrip().startswith("{"):
        first = head.lstrip().split("\n", 1)[0]
        if '"node"' not in first and re.match(r'\{("event": ?"[^"]*", ?)?"state": ?\{', first):
            return _saved
        return _itf if '"states"' in head and '"node"' not in first else None
    return _printed if _PRINTED.search(head) else None


def _printed(text: str) -> tuple[list[TlcState], str]:
    found = _VIOLATED.search(text)
    return counterexample(runner.printed_states(text)), "" if found is None else found[1]


def _saved(text: str) -> tuple[list[TlcState], str]:
    states = []
    for number, line in enumerate(filter(str.strip, text.split("\n")), 1):
        item = strict_json.loads(line, surrogates=True)
        if not isinstance(item, dict) or not isinstance(item.get("event"), str | None):
            raise itf.ItfError(f"line {number}: want an object with a state, and the event that leads to it")
        states.append(TlcState(item.get("event"), itf.state_of(item.get("state"))))
    return states, ""


def _itf(text: str) -> tuple[list[TlcState], str]:
    return [TlcState(None, values) for values in itf.states(text)], ""

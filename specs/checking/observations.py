"""Reads a trace as observations of a module: lines of events, or a file in the Informal Trace Format.

Theory. In a file of lines each line is one JSON object: `event` names the operator that took a step, `state` (optional)
holds the variables after it in ITF's encoding, and the other members are the operator's arguments by the names of its
parameters. A line without `event` is any step that leads to its `state`. The traces of this swarm are such files
(specs/checking/trace.py): `node`, `boot`, `lamport` and the event's fields are the arguments. A file in ITF is a
sequence of states: each step is one of the next-state relation.

Rules. Lines are taken in the order of the file; the ground station records an event before what it caused. Members
that are no parameters are not looked at. Events of boards that a RunStart names as Byzantine are left out and counted:
they are held to nothing. In a run of this swarm only the operators that the module itself defines are events: those of
modules that it extends may bear the name of an event that means something else. Only the last line may be cut off, its
writer having died: then the trace is not complete.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from specs.checking import itf
from specs.checking.itf import ItfError
from specs.checking.language import Module
from specs.checking.observe import Observation
from specs.checking.values import ModelValue

EVENT, STATE = "event", "state"
RUN_START, BYZANTINE, NODE = "RunStart", "byzantine", "node"


class TraceFile:
    """The observations in a file, to be gone through once. Raises ItfError, naming file and line.

    `module` says which members of an event are arguments. Afterwards: `truncated`, whether the last line was cut off,
    and `byzantine_events`, how many events were left out.
    """

    def __init__(self, path: Path | str, module: Module, model_values: Mapping[str, ModelValue] | None = None) -> None:
        self.path = Path(path)
        self.truncated = False
        self.byzantine_events = 0
        self._model_values = model_values or {}
        self._is_swarm = False
        self._byzantine: frozenset[int] = frozenset()
        self._own = {name for name, found in module.definitions.items() if found.definition.place.path == module.path}
        self._parameters = {
            name: tuple([parameter.name for parameter in operator.definition.parameters])
            for name, operator in module.definitions.items()
        }

    def __iter__(self) -> Iterator[Observation]:
        try:
            with self.path.open(encoding="utf-8") as file:
                first = file.readline()
                file.seek(0)
                if _is_event(first):
                    yield from self._events(file)
                else:
                    yield from self._states(file.read())
        except (OSError, UnicodeDecodeError) as error:
            raise ItfError(f"{self.path}: cannot be read: {error}") from None

    def _states(self, text: str) -> Iterator[Observation]:
        try:
            states = itf.states(text, self._model_values)
        except ItfError as error:
            raise ItfError(f"{self.path}: neither lines that name an event nor a trace in ITF: {error}") from None
        for number, state in enumerate(states):
            yield Observation(number, None, {}, state)

    def _events(self, lines: Iterator[str]) -> Iterator[Observation]:
        for number, text in enumerate(lines, 1):
            if not text.strip():
                continue
            try:
                found = json.loads(text)
            except ValueError as error:
                if not text.endswith("\n"):
                    self.truncated = True
                    return
                raise ItfError(f"{self.path}: line {number}: not JSON: {error}") from None
            try:
                observation = self._event(found, number)
            except ItfError as error:
                raise ItfError(f"{self.path}: line {number}: {error}") from None
            if observation is not None:
                yield observation

    def _event(self, found: Any, line: int) -> Observation | None:
        name = found.get(EVENT) if isinstance(found, dict) else None
        if not isinstance(name, str) and not (isinstance(found, dict) and name is None and STATE in found):
            raise ItfError(f'want an object with a member "{EVENT}" that names the operator, or with a "{STATE}"')
        if name == RUN_START and isinstance(found.get(BYZANTINE), list):
            self._is_swarm = True
            self._byzantine = frozenset([node for node in found[BYZANTINE] if type(node) is int])
        if self._byzantine and found.get(NODE) in self._byzantine:
            self.byzantine_events += 1
            return None
        if self._is_swarm and name is not None and name not in self._own:
            return Observation(line, name, is_outside=True)
        parameters = self._parameters.get(name, ()) if name is not None else ()
        arguments = {
            parameter: itf.member(parameter, found[parameter], self._model_values)
            for parameter in parameters
            if parameter in found
        }
        state = None if STATE in parameters else found.get(STATE)
        return Observation(line, name, arguments, {} if state is None else itf.state_of(state, self._model_values))


def _is_event(line: str) -> bool:
    try:
        found = json.loads(line)
    except ValueError:
        return line.startswith("{") and f'"{EVENT}"' in line  # a line of events that is broken is told as one
    return isinstance(found, dict) and (EVENT in found or STATE in found)

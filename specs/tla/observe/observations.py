"""Reads a trace as observations of a module: lines of events, or a file in the Informal Trace Format.

Theory. In a file of lines each line is one JSON object: `event` names the operator that took a step, `state` (optional)
holds the variables after it in ITF's encoding, and the other members are the operator's arguments by the names of its
parameters. A line without `event` is any step that leads to its `state`. The traces of this swarm are such files
(specs/checking/trace.py): `node`, `boot`, `lamport` and the event's fields are the arguments. A file in ITF is a
sequence of states: each step is one of the next-state relation.

Rules. Lines are read in file order; the ground station records an event before its consequences. Members that are not
parameters are ignored, but reported for a trace of another program, where one may be a misspelt parameter. Events
after RunEnd are not part of a swarm's run. Events of boards that RunStart lists as Byzantine are skipped and counted:
nothing is required of them. In a trace of this swarm only operators that the module itself defines are events; an
extended module may use an event's name for something else. Only the last line may be cut off, by a crash of its writer:
then the trace is incomplete.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path

from specs import files, strict_json
from specs.tla.language.language import Module
from specs.tla.observe.observe import Observation
from specs.tla.values import itf
from specs.tla.values.itf import ItfError
from specs.tla.values.values import ModelValue

EVENT, STATE = "event", "state"
RUN_START, BYZANTINE, NODE = "RunStart", "byzantine", "node"
RUN_END, GOES_ON = "RunEnd", ("Resume", "Attach")
LINE_BYTES_MAX = 16 * 2**20
UNKNOWN_MEMBERS_MAX = 20  # reported; a trace may have another name on each line


class TraceFile:
    """The observations in a file, to be iterated over once. Raises ItfError, naming file and line.

    `module` defines which members of an event are arguments. After the iteration, `truncated`: the last line was cut
    off; `byzantine_events`: the number of skipped events; `unknown`: descriptions of members that are not parameters;
    `after_end`: the number of events after a swarm's RunEnd.
    """

    def __init__(self, path: Path | str, module: Module, model_values: Mapping[str, ModelValue] | None = None) -> None:
        self.path = Path(path)
        self.truncated = False
        self.byzantine_events = 0
        self.unknown: list[str] = []
        self.after_end = 0
        self._unknown_members: Counter[tuple[str, str]] = Counter()  # by (event, member)
        self._has_ended = False
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
            with files.open_regular(self.path) as file:
                first = file.readline(LINE_BYTES_MAX + 1)
                file.seek(0)
                if _is_event(first.removeprefix(files.BYTE_ORDER_MARK)):
                    yield from self._events(iter(partial(file.readline, LINE_BYTES_MAX + 1), b""))
                    return
            yield from self._states(files.read_text(self.path, itf.BYTES_MAX))
        except (OSError, files.FileError) as error:
            raise ItfError(f"{self.path}: cannot be read: {error}") from None

    def _states(self, text: str) -> Iterator[Observation]:
        try:
            states = itf.states(text, self._model_values)
        except ItfError as error:
            raise ItfError(f"{self.path}: neither lines that name an event nor a trace in ITF: {error}") from None
        for number, state in enumerate(states):
            yield Observation(number, None, {}, state)

    def _events(self, lines: Iterator[bytes]) -> Iterator[Observation]:
        for number, raw in enumerate(lines, 1):
            if not raw.strip():
                continue
            try:
                if len(raw) > LINE_BYTES_MAX:
                    raise ItfError(f"longer than {LINE_BYTES_MAX} bytes; want one event on each line")
                observation = self._event(_loaded(raw), number)
            except (strict_json.JsonError, files.FileError) as error:
                if not raw.endswith(b"\n"):
                    self.truncated = True
                    return
                raise ItfError(f"{self.path}: line {number}: {_without_line(error)}") from None
            except ItfError as error:
                raise ItfError(f"{self.path}: line {number}: {error}") from None
            if observation is not None:
                yield observation

    def _event(self, found: object, line: int) -> Observation | None:
        name = found.get(EVENT) if isinstance(found, dict) else None
        if not isinstance(found, dict) or not (isinstance(name, str) or (name is None and STATE in found)):
            raise ItfError(f'want an object with a member "{EVENT}" that names the operator, or with a "{STATE}"')
        if name == RUN_START and isinstance(found.get(BYZANTINE), list):
            self._is_swarm = True
            self._byzantine = frozenset([node for node in found[BYZANTINE] if type(node) is int])
        if self._is_swarm and self._is_after_end(name):
            self.after_end += 1
            return None
        node = found.get(NODE)
        if type(node) is int and node in self._byzantine:
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
        is_step = name is None or name in self._parameters
        if is_step and not self._is_swarm and len(found) > len(arguments) + 1:
            self._note_unknown(found, name, parameters, line)
        state = None if STATE in parameters else found.get(STATE)
        return Observation(line, name, arguments, {} if state is None else itf.state_of(state, self._model_values))

    def _is_after_end(self, name: str | None) -> bool:
        if name in GOES_ON:
            self._has_ended = False
        has_ended, self._has_ended = self._has_ended, self._has_ended or name == RUN_END
        return has_ended

    def _note_unknown(self, found: dict[str, object], name: str | None, parameters: tuple[str, ...], line: int) -> None:
        """Report, once per event name, the members that are ignored."""
        known = {EVENT, STATE, *parameters}
        for member in found:
            if member in known:
                continue
            self._unknown_members[name or "", member] += 1
            if self._unknown_members[name or "", member] == 1 and len(self.unknown) < UNKNOWN_MEMBERS_MAX:
                there = f"its parameters are {', '.join(parameters)}" if parameters else "it has none"
                what = f"{name or 'a state'} has no parameter {member!r} ({there})"
                self.unknown.append(f"line {line}: {what}: ignored")


def _loaded(raw: bytes) -> object:
    return strict_json.loads(files.decoded(raw), surrogates=True)


def _without_line(error: Exception) -> str:
    """The message without its own line number, which counts within the one line."""
    return str(error).removeprefix("line 1: ").replace("line 1 column", "column")


def _is_event(line: bytes) -> bool:
    try:
        found = _loaded(line)
    except (strict_json.JsonError, files.FileError):
        return line.startswith(b"{") and f'"{EVENT}"'.encode() in line  # a broken line of events is reported as one
    return isinstance(found, dict) and (EVENT in found or STATE in found)

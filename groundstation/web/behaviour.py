"""A behaviour of the module tetrabft, such as a counterexample of TLC, as a trace that the console opens.

A behaviour has states and steps, and nothing else: no second, no tick, no message, no board. The trace has a line for
each step, `received` at the number of the state to which it leads; the pages say what that means.

    about      what the pages say: module, property, replicas, which of them are Byzantine and how that is known
    state(n)   the state after the lines before byte n of the trace: each variable by its arguments, with what the step
               changed

Rule: a behaviour does not say who is Byzantine; the configuration does. Without it, the replicas that take no step
are taken for Byzantine, as many as may be, and the pages say that.
"""

import tempfile
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from amu.core.limits import REPLICAS_MAX, REPLICAS_MIN, faults_max
from specs.checking import trace_line
from specs.checking.consensus.tetrabft_behaviour import acts, trace_lines
from specs.escape import escaped
from specs.tla.language.language import ModuleError
from specs.tla.syntax import configuration
from specs.tla.values.operations import shown
from specs.tla.values.values import Value
from specs.tlc import behaviour_file
from specs.tlc.behaviour_file import BehaviourError

MODULE = "specs/tetrabft/tetrabft.tla"
VARIABLES = {"leader", "view", "proposal", "votes", "decided"}
STATES_MAX = 10_000
CHARACTERS_MAX = 4000  # of a value that is shown
NAMED, GUESSED = "the configuration names them", "no configuration was named with --cfg: those that take no step"

States = Sequence[Mapping[str, Value]]


class Behaviour:
    """The behaviour in a file, with a trace in a folder of its own until `close`."""

    def __init__(self, path: Path, states: States, actions: list[str | None], violated: str, cfg: Path | None) -> None:
        self._states, self._actions = states, actions
        replicas = sorted(map(str, states[0]["view"]))
        liars = _silent(states, replicas) if cfg is None else _named(cfg, replicas)
        self._files = tempfile.TemporaryDirectory(prefix="amu-behaviour-")
        self.trace = Path(self._files.name) / "trace.ndjson"
        self._ends: list[int] = []  # of each line, in bytes
        self._after: list[int] = []  # number of the state after each line
        self._write(liars, path.stem)
        self.about: dict[str, Any] = {
            "file": path.name,
            "module": MODULE,
            "violated": violated,
            "states": len(states),
            "replicas": replicas,
            "byzantine": liars,
            "why_byzantine": GUESSED if cfg is None else NAMED,
        }

    def _write(self, liars: list[str], name: str) -> None:
        steps = iter([number for number, pair in enumerate(pairwise(self._states), 1) if pair[0] != pair[1]])
        end = number = 0
        with self.trace.open("wb") as file:
            for line in trace_lines(self._states, liars, name):
                if line["event"] not in ("RunStart", "Boot"):
                    number = next(steps, len(self._states) - 1)
                text = (trace_line.encode(line | {"received": float(number)}) + "\n").encode()
                end += file.write(text)
                self._ends.append(end)
                self._after.append(number)

    def state(self, shown_bytes: int) -> dict[str, Any]:
        """The state after the lines before this byte of the trace."""
        lines = bisect_right(self._ends, shown_bytes)
        number = self._after[lines - 1] if lines else 0
        state, before = self._states[number], self._states[max(0, number - 1)]
        rows = [{"name": name, "parts": list(_parts(state[name], before[name]))} for name in sorted(state)]
        return {"number": number, "action": self._actions[number] or "", "variables": rows}

    def close(self) -> None:
        """Remove the trace."""
        self._files.cleanup()


def _parts(value: Value, before: Value) -> Iterator[list[Any]]:
    """A function's arguments, each with its value and whether the step changed it."""
    if not isinstance(value, Mapping):
        yield ["", _brief(value), value != before]
        return
    for argument in sorted(value, key=str):
        was = before.get(argument) if isinstance(before, Mapping) else None
        yield [str(argument), _brief(value[argument]), value[argument] != was]


def _brief(value: Value) -> str:
    """The value in short: `1: (0: a, 1: none), 2: ...` for tuples and functions."""
    if isinstance(value, tuple):
        value = dict(enumerate(value, 1))
    if isinstance(value, Mapping):
        inner = {key: _brief(value[key]) for key in sorted(value, key=str)}
        return ", ".join(f"{key}: ({text})" if ": " in text else f"{key}: {text}" for key, text in inner.items())
    return shown(value)[:CHARACTERS_MAX]


def load(path: Path, cfg: Path | None = None) -> Behaviour | None:
    """The behaviour in a file. None: the file is something else. Raises BehaviourError."""
    found = behaviour_file.read(path)
    if found is None:
        return None
    where, states = escaped(path), [state.values for state in found.states]
    if not states:
        raise BehaviourError(f"{where}: there is no state in it; want a counterexample")
    if len(states) > STATES_MAX:
        raise BehaviourError(f"{where}: it has {len(states)} states; want at most {STATES_MAX}")
    if any(state.keys() != VARIABLES for state in states):
        names = ", ".join(sorted(states[0]))
        raise BehaviourError(
            f"{where}: a behaviour with the variables {escaped(names)}; the console draws those of {MODULE}, with "
            f"{', '.join(sorted(VARIABLES))}. amu check {where} --spec FILE.tla --cfg FILE.cfg judges any other"
        )
    try:
        if not REPLICAS_MIN <= len(states[0]["view"]) <= REPLICAS_MAX:
            raise BehaviourError(f"{where}: want {REPLICAS_MIN} to {REPLICAS_MAX} replicas in `view`")
        return Behaviour(path, states, [state.action for state in found.states], found.violated, cfg)
    except (ValueError, LookupError, TypeError, AttributeError, StopIteration, RuntimeError) as error:
        raise BehaviourError(f"{where}: its states are not of {MODULE}: {error}") from error


def _silent(states: States, replicas: list[str]) -> list[str]:
    acting = {str(act.replica) for act in acts(states, 0)}
    return [replica for replica in replicas if replica not in acting][: faults_max(len(replicas))]


def _named(cfg: Path, replicas: list[str]) -> list[str]:
    try:
        constants = configuration.read(cfg).constants
    except ModuleError as error:
        raise BehaviourError(str(error)) from error
    byzantine = constants.get("Byzantine")
    if not isinstance(byzantine, frozenset) or not {str(name) for name in byzantine} <= set(replicas):
        raise BehaviourError(f"{escaped(cfg)}: Byzantine: want a set of the replicas {', '.join(replicas)}")
    return sorted(str(name) for name in byzantine)

"""A reader of Jepsen's `history.edn`: a map for each invocation and each outcome, one after the other or in a vector.

`:ok`: it happened. `:fail`: it did not. `:info`, or no outcome: unknown, so it is pending from its call on. Operations
whose process is a keyword (such as `:nemesis`) are skipped and counted. As in Knossos, a read whose answer is nil
says nothing about the value, and the registers are nil at first.

Time is the position in the history. Values are EDN in normal form (`edn`).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from specs import files
from swarm_sim.linearizability import edn
from swarm_sim.linearizability.history import Operation
from swarm_sim.linearizability.jepsen_models import ACQUIRE, ADD, DEQUEUE, ENQUEUE, RELEASE
from swarm_sim.linearizability.models import CAS, READ, WRITE
from swarm_sim.linearizability.readers import FAIL, FILE_BYTES_MAX, INFO, INVOKE, OK, HistoryError, Recorded

VERBS = {  # model -> its operations
    "register": (READ, WRITE),
    "cas-register": (READ, WRITE, CAS),
    "mutex": (ACQUIRE, RELEASE),
    "fifo-queue": (ENQUEUE, DEQUEUE),
    "unordered-queue": (ENQUEUE, DEQUEUE),
    "set": (ADD, READ),
}
NIL = "nil"
_KINDS = tuple(f":{one}" for one in (INVOKE, OK, FAIL, INFO))
_PROCESS = re.compile(r"-?[0-9]{1,18}")
_ASKED = (WRITE, CAS, ENQUEUE, ADD)  # operations whose value is the client's
_ANSWERED = (READ, DEQUEUE)  # whose value is the answer


@dataclass(frozen=True)
class _Event:
    """An invocation or an outcome. number: in the history."""

    number: int
    line: int
    process: str
    kind: str
    verb: str
    value: Any


def read_edn(path: Path, model: str) -> Recorded:
    """A history for a model of JEPSEN_MODELS. Raises HistoryError."""
    try:
        forms = list(edn.forms(files.read_text(path, FILE_BYTES_MAX)))
    except files.FileError as error:
        raise HistoryError(f"{path}: {error}") from error
    except edn.EdnError as error:
        raise HistoryError(f"{path}:{error.line}: {error}") from error
    history: list[Operation] = []
    skipped = 0
    open_calls: dict[str, _Event] = {}
    for number, (line, form) in enumerate(forms):
        try:
            event = _event(number, line, form, VERBS[model])
            if event is None:
                skipped += 1
            elif event.kind == INVOKE:
                if event.process in open_calls:
                    first = open_calls[event.process].line
                    raise ValueError(f"process {event.process} still waits for its call in line {first}")
                open_calls[event.process] = event
            else:
                history.extend(_completed(open_calls.pop(event.process, None), event, model))
        except ValueError as error:
            raise HistoryError(f"{path}:{line}: {error}") from error
    for call in open_calls.values():
        try:
            history.extend(_operation(call, None, None, model))
        except ValueError as error:
            raise HistoryError(f"{path}:{call.line}: {error}") from error
    return Recorded(history, skipped)


def _event(number: int, line: int, form: Any, verbs: tuple[str, ...]) -> _Event | None:
    """None for an operation of Jepsen's own processes."""
    if not isinstance(form, edn.Map):
        raise ValueError(
            f"want a map such as {{:process 0, :type :invoke, :f :read, :value nil}}, not {edn.shown(form)}"
        )
    process, kind, verb = (form.get(key) for key in (":process", ":type", ":f"))
    if process is None:
        raise ValueError("want :process in the map")
    if isinstance(process, str) and process[:1] == ":":
        return None
    if not isinstance(process, str) or not _PROCESS.fullmatch(process):
        raise ValueError(f"want a number of up to 18 digits or a keyword as :process, not {edn.shown(process)[:40]}")
    if kind not in _KINDS:
        raise ValueError(f"want one of {' '.join(_KINDS)} as :type, not {edn.shown(kind or NIL)}")
    if verb not in [f":{one}" for one in verbs]:
        known = " ".join(f":{one}" for one in verbs)
        raise ValueError(f"want one of {known} as :f for this model, not {edn.shown(verb or NIL)}")
    return _Event(number, line, process, kind[1:], verb[1:], form.get(":value", NIL))


def _completed(call: _Event | None, outcome: _Event, model: str) -> Iterator[Operation]:
    if call is None:
        raise ValueError(f"want an :invoke of process {outcome.process} before its :{outcome.kind}")
    if call.verb != outcome.verb:
        raise ValueError(f"want the outcome of :{call.verb}, which process {call.process} called in line {call.line}")
    if outcome.kind == FAIL:
        return
    if outcome.kind == INFO:
        yield from _operation(call, None, None, model)
        return
    if call.verb in _ASKED and outcome.value not in (NIL, call.value):
        raise ValueError(f"want the value of :{call.verb} in line {call.line}, not {edn.shown(outcome.value)}")
    if call.verb not in _ANSWERED:
        yield from _operation(call, outcome.number, True, model)
    elif call.verb == DEQUEUE or model == "set" or outcome.value != NIL:
        yield from _operation(call, outcome.number, _answer(outcome, model), model)


def _answer(outcome: _Event, model: str) -> Any:
    value = outcome.value
    if outcome.verb == DEQUEUE and value == NIL:
        raise ValueError("want the value that the :dequeue returned, not nil")
    if model != "set":
        return _plain(value)
    if not isinstance(value, frozenset | tuple) or isinstance(value, edn.Tagged):
        raise ValueError(f"want a set or a vector after :ok :read, not {edn.shown(value)}")
    if len(frozenset(value)) != len(value):
        raise ValueError("an element is twice in a :read")
    return frozenset(map(_plain, value))


def _operation(call: _Event, returned: int | None, response: Any, model: str) -> Iterator[Operation]:
    """In the model's terms. None for a read without an answer."""
    if call.verb == READ and returned is None:
        return
    request: tuple[Any, ...] = (call.verb,)
    if call.verb == CAS:
        if not isinstance(call.value, tuple) or isinstance(call.value, edn.Tagged) or len(call.value) != 2:
            raise ValueError(f"want [OLD NEW] as :value of :cas in line {call.line}, not {edn.shown(call.value)}")
        request += tuple(map(_plain, call.value))
    elif call.verb in _ASKED:
        request += (_plain(call.value),)
    label = f"line {call.line}, process {call.process}"
    yield Operation(int(call.process), request, response, call.number, returned, label)


def _plain(value: Any) -> Any:
    """A value as EDN in normal form; None for nil."""
    return None if value == NIL else edn.shown(value)

"""Readers of recorded histories: Jepsen's logs of an etcd register, and invoke/return lines of a store of strings.

Time is the line number. A line ends only at a line feed, whatever strings contain. Lines of other loggers (warnings,
stack traces) are skipped and counted; a malformed line of an operation is an error.

Jepsen's outcomes: `:ok` it happened, `:fail` it did not, `:info` unknown. A compare-and-set that fails with its values
is an answer: the value was different. Other failed operations are skipped, because they changed nothing and returned
nothing; so are reads without an answer.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from specs import files
from swarm_sim.linearizability.history import Operation
from swarm_sim.linearizability.models import APPEND, CAS, GET, PUT, READ, WRITE

Values = tuple[int | str | None, ...]  # what follows a verb; () where nothing is known
Line = tuple[int, str, str, Values]  # process, outcome, verb, values
INVOKE, OK, FAIL, INFO = "invoke", "ok", "fail", "info"

FILE_BYTES_MAX = 2**30

_ETCD_OURS = re.compile(r"\bjepsen\.util\b.*?[0-9]\s+:|INFO\s+jepsen\.util - [0-9]")
_ETCD = re.compile(r"INFO\s+jepsen\.util - ([0-9]{1,18})\s+:(invoke|ok|fail|info)\s+:(read|write|cas)\s+(.+)")
_PAIR = re.compile(r"\[([0-9]{1,4000}) ([0-9]{1,4000})\]")
_NUMBER = re.compile(r"[0-9]{1,4000}")
_STRING = r'"((?:[^"\\]|\\.)*)"'
_KEY_VALUE = re.compile(
    r"\{:process ([0-9]{1,18}), :type :(invoke|ok|fail|info), :f :(get|put|append), "
    rf":key {_STRING}, :value (?:nil|{_STRING})\}}"
)


class HistoryError(ValueError):
    """A file is not a history. The message names file, line and what was expected."""


@dataclass(frozen=True)
class Recorded:
    """The content of a file: its operations, and the number of lines of other loggers."""

    operations: list[Operation]
    skipped: int


def read_etcd(path: Path) -> Recorded:
    """A Jepsen log of one compare-and-set register, for the model `Register`. Raises HistoryError."""
    return _paired(path, _etcd_line)


def read_key_value(path: Path) -> Recorded:
    """Invoke and return lines of get, put and append, for the model `KeyString`. Raises HistoryError."""
    return _paired(path, _key_value_line)


READERS = {"etcd": read_etcd, "kv": read_key_value}


def _etcd_line(text: str) -> Line | None:
    """None for a line of another logger or of Jepsen's nemesis, which are not operations."""
    if not _ETCD_OURS.search(text):
        return None
    match = _ETCD.fullmatch(text)
    if match is None:
        raise ValueError("want `INFO jepsen.util - PROCESS :invoke|:ok|:fail|:info :read|:write|:cas VALUE`")
    process, outcome, verb, value = match.groups()
    if outcome == INFO or value == ":timed-out":
        return int(process), INFO if outcome == INFO else FAIL, verb, ()
    return int(process), outcome, verb, _etcd_value(verb, outcome, value)


def _etcd_value(verb: str, outcome: str, text: str) -> tuple[int | None, ...]:
    if verb == CAS:
        pair = _PAIR.fullmatch(text)
        if pair is None:
            raise ValueError(f"want `[OLD NEW]` after :cas, not `{text}`")
        return int(pair[1]), int(pair[2])
    if text == "nil" and verb == READ:
        return (None,)
    if not _NUMBER.fullmatch(text) or (verb == READ and outcome == INVOKE):
        raise ValueError(f"want {'nil' if verb == READ else 'a number'} after :{outcome} :{verb}, not `{text}`")
    return (int(text),)


def _key_value_line(text: str) -> Line | None:
    """None for a line of a logger."""
    if ":process" not in text:
        return None
    match = _KEY_VALUE.fullmatch(text)
    if match is None:
        raise ValueError(
            "want `{:process N, :type :invoke|:ok|:fail|:info, :f :get|:put|:append, "
            ':key "KEY", :value "STRING" or nil}`'
        )
    process, outcome, verb, key, value = match.groups()
    is_known = outcome == OK or (outcome == INVOKE and verb != GET)
    if is_known and value is None:
        raise ValueError(f'want `:value "STRING"` in :{outcome} :{verb}, not nil')
    return int(process), outcome, verb, (key, value)


def _paired(path: Path, parse: Callable[[str], Line | None]) -> Recorded:
    """Joins each invocation to its outcome."""
    history: list[Operation] = []
    skipped = 0
    open_calls: dict[int, tuple[int, str, Values]] = {}  # process -> line, verb, request
    for number, text in _lines(path):
        try:
            line = parse(text)
            if line is None:
                skipped += 1
            else:
                history.extend(_taken(number, line, open_calls))
        except ValueError as error:
            raise HistoryError(f"{path}:{number}: {error}") from error
    for process, (number, verb, asked) in open_calls.items():
        history.extend(_operation(process, verb, asked, (INFO, ()), number, None))
    return Recorded(history, skipped)


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    try:
        text = files.read_text(path, FILE_BYTES_MAX)
    except files.FileError as error:
        raise HistoryError(f"{path}: {error}") from error
    for number, line in enumerate(text.split("\n"), 1):
        if bare := line.strip(" \t\r"):
            yield number, bare


def _taken(number: int, line: Line, open_calls: dict[int, tuple[int, str, Values]]) -> Iterable[Operation]:
    """The operation that this line completes, if any."""
    process, outcome, verb, values = line
    if outcome == INVOKE:
        if process in open_calls:
            raise ValueError(f"process {process} still waits for its call in line {open_calls[process][0]}")
        open_calls[process] = number, verb, values
        return []
    if process not in open_calls:
        raise ValueError(f"want an :invoke of process {process} before its :{outcome}")
    invoked, asked_verb, asked = open_calls.pop(process)
    if asked_verb != verb:
        raise ValueError(f"want the outcome of :{asked_verb}, which process {process} called in line {invoked}")
    return _operation(process, verb, asked, (outcome, values), invoked, number)


def _operation(
    process: int, verb: str, asked: Values, answer: tuple[str, Values], invoked: int, returned: int | None
) -> Iterator[Operation]:
    """The operation in the models' terms. None if it had no effect and returned nothing."""
    outcome, values = answer
    if outcome == FAIL and (verb != CAS or not values):
        return
    if outcome == INFO:
        if verb not in (READ, GET):
            yield Operation(process, _request(verb, asked), None, invoked, None, _label(process, invoked))
        return
    if verb not in (READ, GET) and values != asked:
        raise ValueError(f"want the values of :{verb} in line {invoked}")
    if verb == GET and values[0] != asked[0]:
        raise ValueError(f"want the key of :get in line {invoked}")
    response = values[-1] if verb in (READ, GET) else outcome == OK
    yield Operation(process, _request(verb, asked), response, invoked, returned, _label(process, invoked))


def _label(process: int, invoked: int) -> str:
    return f"line {invoked}, process {process}"


def _request(verb: str, asked: Values) -> Values:
    return {
        READ: (READ,),
        WRITE: (WRITE, *asked),
        CAS: (CAS, *asked),
        GET: (GET, asked[0]),
        PUT: (PUT, *asked),
        APPEND: (APPEND, *asked),
    }[verb]

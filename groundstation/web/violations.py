"""What a violated property opens: the shortest first part of the trace that shows it, and what its module says.

The search (`specs.checking.prefix`) may take long and has a process of its own, one at a time, behind the flight.
A page asks again until it is over. What was found is kept: a violation of a trace that grows stays where it is.
"""

import json
import os
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from groundstation.web import history
from groundstation.web.child import end_child, start_child
from groundstation.web.tail import Line
from specs import properties

SEARCH_SECONDS_MAX = 600.0
FOUND_MAX = 256
NOT_FOUND = "the checker alone does not find it again: TLC did, or the trace has changed"
TOO_LONG = f"the search took more than {SEARCH_SECONDS_MAX:.0f} s"

Answer = dict[str, Any]


@dataclass
class _Search:
    key: tuple[Path, str]
    process: subprocess.Popen[bytes]
    said: int  # a file
    began: float


class Violations:
    """Of the traces that a console shows."""

    def __init__(self) -> None:
        self._found: dict[tuple[Path, str], Answer] = {}
        self._search: _Search | None = None

    def answer(self, trace: Path, row: dict[str, Any]) -> Answer:
        """What is known of a violated property by now. row: of the table of properties. Raises OSError."""
        key = trace, row["id"]
        if key not in self._found:
            self._look(key)
        found = self._found.get(key)
        told = {
            "property": row["id"],
            "sentence": row["sentence"],
            "statements": [
                {"module": module, "line": line, "text": properties.statement(module, line)}
                for module, line in row["places"]
            ],
        }
        if found is None:
            return told | {"state": "searching"}
        return told | found | {"events": [_event(trace, *shown) for shown in found["shown"]]}

    def _look(self, key: tuple[Path, str]) -> None:
        """Take in what the search has found; begin one if there is none."""
        search = self._search
        if search is None:
            said, name = tempfile.mkstemp()
            os.unlink(name)
            process = start_child("specs.checking.prefix", str(key[0]), key[1], said=said, errors=subprocess.STDOUT)
            self._search = _Search(key, process, said, time.monotonic())
            return
        if search.process.poll() is None:
            if time.monotonic() - search.began < SEARCH_SECONDS_MAX:
                return
            answer = _unknown(TOO_LONG)
        else:
            answer = _read(search)
        self.close()
        while len(self._found) >= FOUND_MAX:
            del self._found[next(iter(self._found))]
        self._found[search.key] = answer
        if search.key != key:
            self._look(key)

    def close(self) -> None:
        """End the search, and the children that it has."""
        if self._search is not None:
            end_child(self._search.process)
            os.close(self._search.said)
            self._search = None


def _read(search: _Search) -> Answer:
    os.lseek(search.said, 0, os.SEEK_SET)
    with os.fdopen(os.dup(search.said), "rb") as file:
        text = file.read().decode("utf-8", "replace")
    if search.process.returncode:
        return _unknown(text.strip().split("\n")[-1])
    found = json.loads(text)
    return _unknown(NOT_FOUND) if found is None else {"state": "found", "reason": "", **found}


def _unknown(reason: str) -> Answer:
    return {"state": "not found", "reason": reason, "lines": None, "violations": [], "shown": []}


def _event(trace: Path, number: int, offset: int, is_bad: bool) -> Line:
    """A line of the trace, with its number, and whether the violation names it."""
    read = history.read(trace, offset, offset + 1, 1)
    return {**(read[0] if read else {}), "number": number, "is_bad": is_bad}

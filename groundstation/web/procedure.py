"""The procedure and the injects of a run, for the pages: a fold over the lines of its trace.

    procedure   a row for each step, by number: what the scenario says of it, and `status`, `since`, `sender`, `role`,
                `reason` of its latest phase; `answers` of its poll, by role: [answer, sender, second, reason];
                `history`: [second, status, sender, reason]; and `paused`, the second since which it stands still
    injects     by name: what it does, and when and by whom it was played; `after`: the step with which it is played

Rule: bounded, as every table: HISTORY_MAX entries a step, the latest.
"""

from typing import Any

from groundstation.procedures.runner import BEGIN, CONTINUED, LOADED, PAUSED, POLLING
from groundstation.scenario.model import Scenario
from groundstation.web.tail import Line

HISTORY_MAX = 32
EVENTS = ("Procedure", "Poll", "Inject")

Row = dict[str, Any]


class Progress:
    """`steps` and `injects` are the tables. `changed`: (table, key) since it was last emptied."""

    def __init__(self, scenario: Scenario | None) -> None:
        self.steps: dict[str, Row] = {}
        self.injects: dict[str, Row] = {}
        self.changed: set[tuple[str, str]] = set()
        for inject in [] if scenario is None else scenario.injects:
            row = _new_inject(inject.name, dict(inject.order), inject.text)
            self.injects[inject.name] = row | {"planned": inject.at, "after": inject.step}
            self.changed.add(("injects", inject.name))

    def take(self, line: Line) -> None:
        """Take in a line of EVENTS."""
        if line["event"] == "Inject":
            self._inject(line)
        elif line["event"] == "Procedure" and line["status"] == LOADED:
            for number, step in enumerate(line["steps"]):
                self._put(str(number), _new_step(number, step, line.get("title", "")))
        else:
            self._step(line)

    def _step(self, line: Line) -> None:
        row = self._row(line)
        if row is None:
            return
        at = line["received"]
        if line["event"] == "Poll":
            answer = [line["answer"], line["sender"], at, line.get("reason", "")]
            self._put(str(row["number"]), {**row, "answers": {**row["answers"], line["role"]: answer}})
            return
        status = line["status"]
        history = [*row["history"], [at, status, line["sender"], line.get("reason", "")]][-HISTORY_MAX:]
        if status in (PAUSED, CONTINUED):
            change: Row = {"paused": at if status == PAUSED else None}
        else:
            change = {"status": status, "since": at, "paused": None}
            change |= {name: line.get(name, "") for name in ("sender", "role", "reason")}
            if status == POLLING:
                change["answers"] = {}
        self._put(str(row["number"]), {**row, **change, "history": history})

    def _row(self, line: Line) -> Row | None:
        if "number" in line:
            return self.steps.get(str(line["number"]))
        return next((row for row in self.steps.values() if row["name"] == line["step"]), None)

    def _put(self, key: str, row: Row) -> None:
        self.steps[key] = row
        self.changed.add(("procedure", key))

    def _inject(self, line: Line) -> None:
        name = line["inject"]
        row = self.injects.get(name) or _new_inject(name, line.get("told", {}), line.get("text", ""))
        if line["status"] == BEGIN:
            row = row | {"at": line["received"], "sender": line["sender"], "status": BEGIN}
        else:
            row = row | {"status": line["status"], "reason": line.get("reason", "")}
        self.injects[name] = row
        self.changed.add(("injects", name))


def _new_step(number: int, step: Row, title: str) -> Row:
    told: Row = {"number": number, "title": title, **step}
    told |= {"status": None, "since": None, "sender": "", "role": "", "reason": "", "paused": None}
    return told | {"answers": {}, "history": []}


def _new_inject(name: str, told: Row, text: str) -> Row:
    row: Row = {"name": name, "text": text, "told": told, "planned": None, "after": None}
    return row | {"status": None, "at": None, "sender": "", "reason": ""}

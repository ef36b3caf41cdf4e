"""The life of each alarm, change by change, as the console showed it."""

from typing import Any, NamedTuple

from groundstation.debrief.moments import Moment
from groundstation.scenario.alarms import Alarm
from groundstation.web.alarms import ACKNOWLEDGED, NORMAL, RAISED, RETURNED, Alarms, Tables
from groundstation.web.tail import Line

WORDS = {RAISED: "raised", ACKNOWLEDGED: "acknowledged", RETURNED: "returned to normal, acknowledged by nobody"}


class Change(NamedTuple):
    """An alarm has changed. board: None if it is of the swarm. what: in words. by: the person who did it, or ""."""

    moment: Moment
    key: str
    board: int | None
    state: str
    what: str
    by: str


class Lives(Alarms):
    """The alarms of one run, with `changes`. `moment`: of the line that is fed next."""

    def __init__(self, alarms: list[Alarm], speed: float) -> None:
        super().__init__(alarms, speed)
        self.changes: list[Change] = []
        self.moment = Moment(0, 0.0)
        self._known: dict[str, dict[str, Any]] = {}

    def feed(self, line: Line, tables: Tables) -> set[str]:
        """Take in a line, as `Alarms` does, and keep what has changed."""
        changed = super().feed(line, tables)
        for key in sorted(changed):
            row, before = self.rows[key], self._known.get(key, {})
            for what, by in _told(row, before):
                self.changes.append(Change(self.moment, key, row["board"], row["state"], what, by))
            self._known[key] = dict(row)
        return changed


def _told(row: dict[str, Any], before: dict[str, Any]) -> list[tuple[str, str]]:
    """(what, by whom) of each change of a row."""
    found = []
    if row["state"] != before.get("state", NORMAL) or row["count"] != before.get("count", 0):
        by = row["acknowledged_by"] or ""
        is_word = before.get("state") in (RAISED, RETURNED) and row["acknowledged_at"] != before.get("acknowledged_at")
        words = "acknowledged" if is_word else WORDS.get(row["state"], "back to normal")
        value = f", {_level(row)}" if row["state"] == RAISED else ""
        found.append((words + value, by if is_word else ""))
    elif row["level"] != before.get("level"):
        found.append((f"now {_level(row)}", ""))
    if row["shelved_until"] != before.get("shelved_until") and row["shelved_until"] is not None:
        found.append((f"shelved until {row['shelved_until']:.1f} s", row["shelved_by"] or ""))
    if row["assigned_to"] != before.get("assigned_to") and row["assigned_to"]:
        found.append((f"assigned to {row['assigned_to']}", ""))
    return found


def _level(row: dict[str, Any]) -> str:
    return f"{row['level']}: {row['value']:.4g} {row['unit']}" if row["unit"] else str(row["level"])

"""The alarms of a run: limits compared with what the trace says, and what people did about each.

    normal -> raised -> acknowledged -> normal
              raised -> returned -> normal          it went back before anybody had acknowledged it

Rules
- They are a function of the trace, as everything else here: after a restart of the console they are the same, and so
  is who acknowledged them.
- A sample is taken at the first line of each SAMPLE_SECONDS of wall time of the mission.
- Shelved alarms keep their state, and call nobody until their time is over.
- Whether anybody is called is the page's affair: it calls for a flight only, never for a stored run.
"""

from typing import Any

from groundstation.scenario.alarms import PARAMETERS, Alarm
from groundstation.web.tail import Line

SAMPLE_SECONDS = 0.25  # of wall time
VIOLATIONS = "violations"  # the parameter of alarms about properties
NORMAL, RAISED, ACKNOWLEDGED, RETURNED = "normal", "raised", "acknowledged", "returned"

Row = dict[str, Any]
Tables = dict[str, dict[str, Row]]


class Alarms:
    """The alarms of one run. speed: mission seconds in a second of wall time."""

    def __init__(self, alarms: list[Alarm], speed: float) -> None:
        self.alarms = alarms
        self.rows: dict[str, Row] = {}
        self._looks_at_properties = True
        self._period = SAMPLE_SECONDS * speed
        self._due = 0.0
        self._beyond: dict[str, tuple[str, int]] = {}  # key -> level, and samples in a row that had it

    def feed(self, line: Line, tables: Tables) -> set[str]:
        """Take in a line, after the tables have. Returns the keys of alarms that changed."""
        changed = set()
        if line["event"] == "Order" and line.get("outcome") == "accepted" and line["told"].get("kind") == "alarm":
            changed |= self._ordered(line)
        if line["received"] >= self._due:
            self._due = line["received"] + self._period
            changed |= self._sample(line["received"], tables)
        return changed

    def leave_out_properties(self) -> None:
        """From now on, no alarm is about violated properties: when those are known, the trace does not say."""
        self._looks_at_properties = False
        for key in [key for key, row in self.rows.items() if row["parameter"] == VIOLATIONS]:
            del self.rows[key]
            self._beyond.pop(key, None)

    def _sample(self, now: float, tables: Tables) -> set[str]:
        changed = set()
        for alarm in self.alarms:
            if alarm.parameter == VIOLATIONS and not self._looks_at_properties:
                continue
            for board, value in _values(alarm, now, tables):
                if self._judge(alarm, board, value, now):
                    changed.add(_key(alarm, board))
        return changed

    def _judge(self, alarm: Alarm, board: int | None, value: float, now: float) -> bool:
        """Count a sample. Returns whether the alarm changed."""
        key, level = _key(alarm, board), alarm.level(value)
        before, count = self._beyond.get(key, ("normal", 0))
        count = count + 1 if level == before else 1
        self._beyond[key] = level, count
        row = self.rows.get(key)
        if row is None and level == "normal":
            return False
        if count < alarm.persistence:
            return False
        if row is None:
            row = self.rows[key] = _new(key, alarm, board)
        is_over = row["shelved_until"] is not None and now >= row["shelved_until"]
        if is_over:
            row["shelved_until"] = row["shelved_by"] = None
        return self._move(row, level, value, now) or is_over

    def _move(self, row: Row, level: str, value: float, now: float) -> bool:
        if level == row["level"]:
            return False
        is_worse = level == "critical" or row["level"] == "normal"
        row |= {"level": level, "value": value, "since": now}
        if level == "normal":
            row["state"] = NORMAL if row["state"] == ACKNOWLEDGED else RETURNED
            row["assigned_to"] = None if row["state"] == NORMAL else row["assigned_to"]
        elif is_worse:
            row |= {"state": RAISED, "count": row["count"] + 1, "acknowledged_by": None}
        return True

    def _ordered(self, line: Line) -> set[str]:
        told = line["told"]
        row = self.rows.get(told.get("alarm"))
        if row is None:
            return set()
        if told["action"] == "acknowledge" and row["state"] in (RAISED, RETURNED):
            row["state"] = ACKNOWLEDGED if row["state"] == RAISED else NORMAL
            row |= {"acknowledged_by": line["sender"], "acknowledged_at": line["received"]}
        elif told["action"] == "shelve":
            row |= {"shelved_until": line["received"] + (told["seconds"] or 0.0), "shelved_by": line["sender"]}
        elif told["action"] == "assign":
            row["assigned_to"] = told["to"]
        return {row["key"]}


def limits(alarms: list[Alarm]) -> dict[str, Row]:
    """A row for each alarm: its limits, and what it looks at in words and units."""
    return {alarm.name: {**alarm.model_dump(mode="json"), **PARAMETERS[alarm.parameter]._asdict()} for alarm in alarms}


def _key(alarm: Alarm, board: int | None) -> str:
    return alarm.name if board is None else f"{alarm.name}/{board}"


def _new(key: str, alarm: Alarm, board: int | None) -> Row:
    return {
        "key": key,
        "name": alarm.name,
        "board": board,
        "parameter": alarm.parameter,
        "unit": PARAMETERS[alarm.parameter].unit,
        "level": "normal",
        "state": NORMAL,
        "value": None,
        "since": None,
        "count": 0,
        "acknowledged_by": None,
        "acknowledged_at": None,
        "shelved_until": None,
        "shelved_by": None,
        "assigned_to": None,
    }


def _values(alarm: Alarm, now: float, tables: Tables) -> list[tuple[int | None, float]]:
    """The value of the alarm's parameter for each board, or for the swarm. Unknown ones are left out."""
    if alarm.parameter == VIOLATIONS:
        return [(None, float(sum(row["state"] == "violated" for row in tables["properties"].values())))]
    if not PARAMETERS[alarm.parameter].of_board:
        queued = [row["queued"] for row in tables["operations"].values() if row["state"] == "queued"]
        if alarm.parameter == "unconfirmed":
            return [(None, float(len(queued)))]
        return [(None, now - min(queued, default=now))]
    furthest = max((row["applied"] for row in tables["boards"].values()), default=0)
    found: list[tuple[int | None, float]] = []
    for row in tables["boards"].values():
        if alarm.boards is None or row["node"] in alarm.boards:
            value = _of_board(alarm.parameter, row, now, furthest)
            if value is not None:
                found.append((row["node"], float(value)))
    return found


def _of_board(parameter: str, row: Row, now: float, furthest: int) -> Any:
    """A number, or None if it is not known."""
    if row["since"] is None:
        return None  # it was never on
    if parameter == "off":
        return 0.0 if row["on"] else 1.0
    if not row["on"]:
        return 0.0 if parameter in ("silent_seconds", "slots_behind") else None
    if parameter == "silent_seconds":
        return now - max(row["since"], row["heard"] or 0.0)
    if parameter == "slots_behind":
        return float(furthest - row["applied"])
    value: Any = row[parameter]
    return None if value == 0 and parameter.startswith("heap") else value  # 0: the board does not know

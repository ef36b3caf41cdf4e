"""Alarms: what calls for a person, and who has taken it."""

from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from groundstation.terminal import words
from groundstation.terminal.listing import Listing
from groundstation.terminal.session import Session
from groundstation.terminal.view import Line, View
from groundstation.terminal.words import BAD, GOOD, OPEN, Cell
from groundstation.web.alarms import ACKNOWLEDGED, NORMAL, RAISED, RETURNED
from groundstation.web.people import LOCAL

SHELVE_SECONDS = 60.0
HEADINGS = ("alarm", "board", "level", "state", "since", "value then", "raised", "person")
URGENCY = {RAISED: 0, RETURNED: 1, ACKNOWLEDGED: 2, NORMAL: 3}
STYLES = {"critical": BAD, "warning": OPEN, "normal": GOOD}

Row = dict[str, Any]


class Alarms(View):
    """The alarms of the run."""

    KEY, TITLE = "6", "Alarms"
    OWN = (("Enter", "acknowledge the chosen alarm"), ("h", f"shelve it for {SHELVE_SECONDS:g} s"), ("p", "take it"))
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("h", "do('shelve')", f"Shelve {SHELVE_SECONDS:g} s"),
        Binding("p", "do('assign')", "Take"),
    ]

    def compose(self) -> ComposeResult:
        yield Line(id="nothing", classes="empty")
        yield Listing(HEADINGS, "alarms")

    def draw(self) -> None:
        rows = by_urgency(self.session)
        self.say("nothing", "" if rows else "No alarm has been raised.")
        self.query_one(Listing).fill({row["key"]: _cells(row) for row in rows}, self.colours)

    def on_data_table_row_selected(self) -> None:
        self.action_do("acknowledge")

    def action_do(self, action: str) -> None:
        chosen = self.query_one(Listing).chosen
        if chosen is not None:
            more: Row = {"seconds": SHELVE_SECONDS} if action == "shelve" else {}
            more |= {"to": LOCAL.name} if action == "assign" else {}
            self.terminal.order({"kind": "alarm", "alarm": chosen, "action": action, **more})


def by_urgency(session: Session) -> list[Row]:
    """All alarms, the most urgent first."""
    rows = session.tables["alarms"].values()
    return sorted(rows, key=lambda row: (URGENCY[row["state"]], row["level"] != "critical", -(row["since"] or 0.0)))


def calling(session: Session) -> list[Row]:
    """Alarms that call for somebody now. A stored run calls nobody."""
    if not session.is_flying:
        return []
    return [row for row in by_urgency(session) if row["state"] in (RAISED, RETURNED) and row["shelved_until"] is None]


def _cells(row: Row) -> list[Cell]:
    return [
        row["name"],
        "swarm" if row["board"] is None else str(row["board"]),
        (row["level"], STYLES.get(row["level"], BAD)),
        _state(row),
        words.seconds(row["since"]),
        _value(row),
        words.count(row["count"], "time"),
        row["assigned_to"] or "-",
    ]


def _value(row: Row) -> str:
    if row["value"] is None:
        return "-"
    if row["parameter"] == "off":
        return "yes" if row["value"] else "no"
    return f"{row['value']:.4g} {row['unit']}"


def _state(row: Row) -> str:
    parts = [str(row["state"])]
    if row["acknowledged_by"]:
        who = f"by {row['acknowledged_by']} at {words.seconds(row['acknowledged_at'])}"
        if row["state"] == ACKNOWLEDGED:
            parts[0] = f"{ACKNOWLEDGED} {who}"
        else:
            parts.append(f"{ACKNOWLEDGED} {who}")
    if row["shelved_until"] is not None:
        parts.append(f"shelved by {row['shelved_by']} until {words.seconds(row['shelved_until'])}")
    return ", ".join(parts)

"""The fault palette: faults of links and boards in the words of the scenario file; what holds now, what was ordered."""

import json
from itertools import count
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import DataTable

from groundstation.terminal import fields, reach, words
from groundstation.terminal.forms import Form
from groundstation.terminal.listing import Listing
from groundstation.terminal.view import Line, View
from groundstation.terminal.words import BAD, GOOD, Cell
from groundstation.web import vocabulary

ORDERS_SHOWN = 100
HOLDING = ("fault", "what it does", "links or board", "since", "until", "by")
ORDERS = ("mission time", "by", "order", "outcome")
TEXT_CHARACTERS = 44
NAME = {"name": "name", "input": fields.TEXT, "says": "how reports count it", "required": True}
SECONDS = {"name": "lasts", "input": "number", "says": "mission time; empty: until it is ended", "required": False}
BOARD = {"name": "board", "input": "integer", "says": "its number", "required": True}

Row = dict[str, Any]


class Faults(View):
    """Faults and orders."""

    KEY, TITLE = "5", "Faults"
    OWN = (
        ("n", "a new fault of links"),
        ("b", "a fault of a board"),
        ("Enter", "all of the chosen fault or order"),
        ("e", "end the chosen fault, or the first ordered one"),
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n", "link", "Fault of links"),
        Binding("b", "board", "Fault of a board"),
        Binding("e", "end", "End a fault"),
    ]

    def compose(self) -> ComposeResult:
        yield Line(id="nothing", classes="empty")
        yield Listing(HOLDING, "holding")
        yield Line(id="none", classes="empty")
        yield Listing(ORDERS, "orders")

    def draw(self) -> None:
        holding = {f"fault/{fault['name']}": self._fault(fault) for fault in reach.active(self.session.tables)}
        for row in self.session.boards():
            if not row["on"]:
                since = words.seconds(row["since"])
                holding[f"off/{row['node']}"] = [
                    "off",
                    row["why_off"],
                    f"board {row['node']}",
                    since,
                    "it is started",
                    "",
                ]
        orders = sorted(self.session.tables["orders"].values(), key=lambda row: -int(row["offset"]))[:ORDERS_SHOWN]
        self.say("nothing", "" if holding else "No fault of links holds now, and every board is on.")
        self.say("none", "" if orders else "Nobody has ordered anything yet.")
        self.query_one("#holding", Listing).fill(holding, self.colours)
        self.query_one("#orders", Listing).fill({str(row["offset"]): _order(row) for row in orders}, self.colours)

    def _fault(self, fault: Row) -> list[Cell]:
        until = "the end"
        if fault["end"] is not None:
            until = f"{words.seconds(fault['end'])} (in {words.seconds(fault['end'] - self.session.run['now'])})"
        means = words.cut(fault["means"].replace("`", ""), TEXT_CHARACTERS)
        by = fault["sender"] if fault["ordered"] else "the scenario"
        return [fault["name"], means, fault["about"], words.seconds(fault["start"]), until, by]

    def on_data_table_row_selected(self, event: DataTable.RowSelected) -> None:
        key = str(event.row_key.value)
        if event.data_table.id == "orders" and key in self.session.tables["orders"]:
            self.terminal.show_text("Order", lambda: words.members(self.session.tables["orders"].get(key, {})))
        elif key.startswith("fault/") and key[6:] in self.session.tables["faults"]:
            self.terminal.show_text("Fault", lambda: words.members(self.session.tables["faults"].get(key[6:], {})))

    # --- orders ---------------------------------------------------------------------------------

    def action_end(self) -> None:
        chosen = (self.query_one("#holding", Listing).chosen or "").partition("/")[2]
        ordered = [fault["name"] for fault in reach.active(self.session.tables) if fault["ordered"]]
        if ordered:
            self.terminal.order({"kind": "end-fault", "name": chosen if chosen in ordered else ordered[0]})
        else:
            self.terminal.notice("No fault that was ordered holds now.")

    def action_link(self) -> None:
        known = vocabulary.tell()["link_faults"]
        kinds = {kind: (told["means"], told["fields"]) for kind, told in known.items()}
        name = {**NAME, "value": self._free_name()}
        self.open_form(Form("New fault of links", kinds, self._send_link, [name, SECONDS]))

    async def _send_link(self, kind: str, common: Row, given: Row) -> str:
        rule = {"fault": kind, **given}
        return await self.terminal.ask(
            {"kind": "fault", "name": common["name"], "seconds": common.get("lasts"), "rule": rule}
        )

    def action_board(self) -> None:
        nodes = self.session.nodes()
        known = vocabulary.tell()["board_faults"]
        kinds = {
            kind: (told["means"], told["fields"])
            for kind, told in known.items()
            if not all(self.session.why_not(node, kind) for node in nodes)
        }
        self.open_form(Form("Fault of a board", kinds, self._send_board, [BOARD]))

    async def _send_board(self, kind: str, common: Row, given: Row) -> str:
        why = self.session.why_not(common["board"], kind)
        if why:
            return f"board {common['board']}: {why}"
        return await self.terminal.ask({"kind": "board", "board": common["board"], "action": kind, "fields": given})

    def _free_name(self) -> str:
        return next(name for name in map("fault-{}".format, count(1)) if name not in self.session.tables["faults"])


def _order(row: Row) -> list[Cell]:
    outcome = f"{row['outcome']}: {row['reason']}" if row.get("reason") else row["outcome"]
    told = words.cut(_told(row["told"]), TEXT_CHARACTERS)
    return [words.seconds(row["at"]), row["sender"], told, (outcome, GOOD if row["outcome"] == "accepted" else BAD)]


def _told(body: Row) -> str:
    rest = [
        f"{name} {value if isinstance(value, str) else json.dumps(value)}"
        for name, value in body.items()
        if name != "kind" and value not in (None, {})
    ]
    return f"{body.get('kind')}{': ' if rest else ''}{', '.join(rest)}"

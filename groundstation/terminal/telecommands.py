"""Telecommands: a form for each verb of the ledger, and the stages of all that were asked for."""

from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from groundstation.terminal import fields, words
from groundstation.terminal.forms import Form
from groundstation.terminal.listing import Listing
from groundstation.terminal.view import Line, View
from groundstation.terminal.words import GOOD, OPEN, Cell
from groundstation.web import vocabulary

SHOWN = 40
HEADINGS = ("number", "asked by", "command", "queued", "sent, received, applied", "state", "slot", "answer")
TEXT_CHARACTERS = 32
GOES = "It goes to every board, and counts when f + 1 boards give the same answer."

Row = dict[str, Any]


class Telecommands(View):
    """The ledger of telecommands."""

    KEY, TITLE = "4", "Telecommands"
    OWN = (("n", "a new telecommand"), ("Enter", "the stages of the chosen one"))
    BINDINGS: ClassVar[list[BindingType]] = [Binding("n", "new", "New telecommand")]

    def compose(self) -> ComposeResult:
        yield Line(id="nothing", classes="empty")
        yield Listing(HEADINGS, "operations")

    def draw(self) -> None:
        rows = sorted(self.session.tables["operations"].values(), key=lambda row: -int(row["number"]))[:SHOWN]
        self.say("nothing", "" if rows else "Nothing has been asked of the swarm yet. A new telecommand: press n.")
        self.query_one(Listing).fill({str(row["number"]): _cells(row) for row in rows}, self.colours)

    def action_new(self) -> None:
        verbs = vocabulary.tell()["verbs"]
        kinds = {verb: (GOES, [fields.of_verb(field) for field in shape]) for verb, shape in verbs.items()}
        self.open_form(Form("New telecommand", kinds, self._send))

    async def _send(self, verb: str, common: Row, given: Row) -> str:
        return await self.terminal.ask({"kind": "telecommand", "verb": verb, "fields": given})

    def on_data_table_row_selected(self) -> None:
        chosen = self.query_one(Listing).chosen
        if chosen in self.session.tables["operations"]:
            self.terminal.show_text(f"Stages of telecommand {chosen}", lambda: self._stages(chosen))

    def _stages(self, key: str) -> list[tuple[str, str]]:
        """Of one telecommand, as they are now; none if it is gone."""
        operation = self.session.tables["operations"].get(key)
        return [] if operation is None else stages(operation)


def _cells(operation: Row) -> list[Cell]:
    boards = operation["boards"].values()
    sent, received, applied = (sum(what in board for board in boards) for what in ("uplinked", "received", "applied"))
    state: Cell = (operation["state"], OPEN)
    if operation["state"] == "confirmed":
        state = (f"confirmed after {words.seconds(operation['finished'] - operation['queued'])}", GOOD)
    return [
        str(operation["number"]),
        operation["sender"] or "workload",
        words.cut(words.command(operation["command"]), TEXT_CHARACTERS),
        words.seconds(operation["queued"]),
        f"{sent}, {received}, {applied}",
        state,
        str(operation.get("slot") or "-"),
        words.cut(words.command(operation.get("result") or ["-"]), TEXT_CHARACTERS),
    ]


def stages(operation: Row) -> list[tuple[str, str]]:
    """The stages of a telecommand with their times, then those on each board."""
    boards = sorted(operation["boards"].items(), key=lambda each: int(each[0]))

    def first(stage: str) -> str:
        times = sorted(board[stage] for _, board in boards if stage in board)
        return f"{times[0]:.3f} s, {words.count(len(times), 'board')}" if times else "not yet"

    state, finished = operation["state"], operation.get("finished")
    told = [
        ("asked by", operation["sender"] or "workload"),
        ("command", " ".join(map(str, operation["command"]))),
        ("queued", f"{operation['queued']:.3f} s, Lamport time {operation['lamport']}"),
        ("first sent", first("uplinked")),
        ("first received", first("received")),
        ("first applied", first("applied")),
        ("decided", "not yet" if operation.get("slot") is None else f"in slot {operation['slot']}"),
        (
            "confirmed by f + 1" if state == "confirmed" else state,
            "not yet" if finished is None else f"{finished:.3f} s",
        ),
    ]
    if operation.get("result"):
        told.append(("answer", " ".join(map(str, operation["result"]))))
    for node, board in boards:
        parts = [f"sent {words.seconds(board.get('uplinked'))}, {words.count(board.get('attempts', 0), 'time')}"]
        parts.append(f"received {words.seconds(board.get('received'))} ({board.get('status', 'no receipt')})")
        parts.append(f"applied {words.seconds(board.get('applied'))}")
        told.append((f"board {node}", "; ".join(parts)))
    return told

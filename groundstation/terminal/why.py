"""Why does the swarm not move? The sentence first, then who is missing in which phase, and who does not hear whom."""

from typing import Any, ClassVar

from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widgets import Static

from groundstation.terminal import words
from groundstation.terminal.view import Line, View
from groundstation.terminal.words import BAD, FAINT, GOOD, OPEN, PLAIN, Cell
from groundstation.web.why import OPEN as OPEN_SLOT
from groundstation.why.answer import IMPOSSIBLE, LIGHT, MOVING, STUCK, TIMER

STYLES = {MOVING: GOOD, LIGHT: OPEN, TIMER: OPEN, IMPOSSIBLE: BAD, STUCK: BAD}
PHASES = 4
NOBODY = "·"

Row = dict[str, Any]


class Why(View):
    """The answer of `amu explain`, as the flight goes."""

    KEY, TITLE = "y", "Why"
    OWN = (("n", "ask about the next open slot"),)
    BINDINGS: ClassVar[list[BindingType]] = [Binding("n", "next", "Next open slot")]

    def __init__(self, id: str) -> None:
        super().__init__(id=id)
        self._chosen = OPEN_SLOT

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="answer"):
            yield Line(id="sentence")
            yield Line(id="slots", classes="said")
            yield Static(id="votes")
            yield Static(id="links")

    def focus_first(self) -> None:
        self.screen.set_focus(self.query_one(VerticalScroll))

    def _slots(self) -> list[int]:
        return sorted(int(key) for key in self.session.tables["why"] if key != OPEN_SLOT)

    def action_next(self) -> None:
        known = self._slots()
        place = 0 if self._chosen == OPEN_SLOT else known.index(int(self._chosen)) if int(self._chosen) in known else 0
        self._chosen = str(known[place + 1]) if place + 1 < len(known) else OPEN_SLOT
        self.draw()

    def draw(self) -> None:
        rows = self.session.tables["why"]
        self._chosen = self._chosen if self._chosen in rows else OPEN_SLOT
        told = rows.get(self._chosen)
        for id in ("slots", "votes", "links"):
            self.query_one(f"#{id}").display = bool(told and told["boards"])
        if told is None:
            self.say("sentence", ("Nothing has been seen yet.", FAINT))
            return
        self.say("sentence", *_sentence(told))
        if told["boards"]:
            shown = str(told["slot"])
            cells = [(f"[slot {slot}] " if str(slot) == shown else f" slot {slot}  ") for slot in self._slots()]
            self.say("slots", "".join(cells))
            self.query_one("#votes", Static).update(self._votes(told))
            self.query_one("#links", Static).update(self._links(told))

    def _votes(self, told: Row) -> Table:
        title = f"Boards and phases of slot {told['slot']}, view {told['view']}"
        table = _table(
            title, ["board", *(f"vote {phase}" for phase in range(1, PHASES + 1)), "decided", "what is wrong"]
        )
        for board in told["boards"]:
            cells = [_vote(told, board, phase) for phase in range(1, PHASES + 1)]
            cells.append(("decided", GOOD) if board["is_decided"] else (NOBODY, FAINT))
            cells.append((self._wrong(told, board), FAINT if board["kind"] == "able" else BAD))
            table.add_row(*(words.text(cell, self.colours) for cell in [f"board {board['node']}", *cells]))
        return table

    def _wrong(self, told: Row, board: Row) -> str:
        if board["kind"] == "able":
            is_elsewhere = board["is_missing"] and board["view"] not in (None, told["view"])
            return f"is in view {board['view']}" if is_elsewhere else ""
        since = board["since"]
        lasts = "" if since is None else f", for {words.span(max(0.0, self.session.run['now'] - since))}"
        return f"{board['kind']}: {board['words']}{lasts}"

    def _links(self, told: Row) -> Table:
        nodes = [board["node"] for board in told["boards"]]
        bad = {(link["source"], link["destination"]): link["kind"] for link in told["links"]}
        out = {board["node"] for board in told["boards"] if not board["takes_part"]}
        table = _table("Who hears whom", ["receiver", *(f"from {node}" for node in nodes)])
        for node in nodes:
            cells = [_hears(source, node, bad, out) for source in nodes]
            table.add_row(*(words.text(cell, self.colours) for cell in [f"board {node}", *cells]))
        return table


def _sentence(told: Row) -> list[Cell]:
    cells: list[Cell] = [(told["state"], STYLES.get(told["state"], PLAIN)), f"\n{told['sentence']}\n"]
    if told["unknown"]:
        cells.append(f"What is missing to tell: {', '.join(told['unknown'])}.\n")
    judged = f"Judged at mission second {told['at']:.1f} from what the ground has seen, whatever the scenario plays."
    return [*cells, (f"{judged} A quorum is {told['quorum']} boards.", FAINT)]


def _vote(told: Row, board: Row, phase: int) -> Cell:
    if board["is_decided"] or (board["view"] == told["view"] and board["phase"] >= phase):
        return "voted", GOOD
    return ("missing", BAD) if phase == told["phase"] else (NOBODY, FAINT)


def _hears(source: int, node: int, bad: dict[tuple[int, int], str], out: set[int]) -> Cell:
    if source == node:
        return ""
    if (source, node) in bad:
        return bad[source, node], BAD
    return (NOBODY, FAINT) if source in out or node in out else ("hears", GOOD)


def _table(title: str, headings: list[str]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), title=Text(title, style="bold"), title_justify="left", expand=False)
    for heading in headings:
        table.add_column(Text(heading), header_style="bold", overflow="fold")
    return table

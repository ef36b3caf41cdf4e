"""The application: bar, views, keys, and the notice of what was refused or went wrong."""

import asyncio
import time
from collections.abc import Callable
from typing import Any, ClassVar

from rich.text import Text
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.events import Resize
from textual.widgets import ContentSwitcher, Footer, Static

from groundstation.terminal import words
from groundstation.terminal.alarms import Alarms, calling
from groundstation.terminal.dialogs import Rows, Told
from groundstation.terminal.events import Events
from groundstation.terminal.faults import Faults
from groundstation.terminal.properties import Properties
from groundstation.terminal.session import Session
from groundstation.terminal.swarm import Swarm
from groundstation.terminal.telecommands import Telecommands
from groundstation.terminal.view import Line, View
from groundstation.terminal.why import Why
from groundstation.terminal.words import BAD, FAINT, GOOD, OPEN, PLAIN, Cell
from groundstation.web import vocabulary
from groundstation.web.flights import CHECKING, FAILED, FLYING, LOST, OVER, READY, STARTING, STORED
from groundstation.web.people import LOCAL

VIEWS: tuple[type[View], ...] = (Swarm, Telecommands, Faults, Alarms, Properties, Events, Why)
DRAW_SECONDS = 0.25
COLUMNS_MIN, LINES_MIN = 72, 18
WIDE_COLUMNS = 90  # from here on there is room between the tabs
STATES = {
    READY: ("ready to start", PLAIN),
    STARTING: ("starting", OPEN),
    FLYING: ("flying", GOOD),
    CHECKING: ("checking the trace", OPEN),
    OVER: ("over", PLAIN),
    LOST: ("ground station lost", BAD),
    STORED: ("stored trace", PLAIN),
    FAILED: ("cannot start", BAD),
}
NO_ANSWER = (
    "The console has stopped following the trace ({}). What you see is old. The flight goes on: start the console "
    "again with its run."
)
LOST_WORDS = "The ground station of this flight died. Its boards may fly on: press s to resume the flight."


class Terminal(App[None]):
    """The console of one session."""

    TITLE = "amu console"
    CSS_PATH = "terminal.tcss"
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        *(Binding(view.KEY, f"view('{view.TITLE}')", view.TITLE, show=False) for view in VIEWS),
        Binding("s", "fly", "Start, resume", show=False),
        Binding("x", "finish", "Finish", show=False),
        Binding("a", "acknowledge", "Acknowledge", show=False),
        Binding("t", "theme", "Dark, light", show=False),
        Binding("escape", "leave", "Leave", show=False),
        Binding("question_mark", "keys", "Keys"),
        Binding("q", "quit", "Quit"),
        Binding("ctrl+c", "quit", "Quit", show=False, priority=True),
    ]
    KEYS = (
        ("s", "start the flight, or resume it"),
        ("x", "finish the mission"),
        ("a", "acknowledge the first alarm that calls"),
        ("t", "dark or light"),
        ("?", "keys"),
        ("Escape", "leave a field, hide a message"),
        ("q", "end the console; a flight goes on"),
    )

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self._said = ""  # the last refusal

    def compose(self) -> ComposeResult:
        with Vertical(id="all"):
            yield Line(id="bar")
            yield Line(id="tabs")
            yield Line(id="notice")
            with ContentSwitcher(initial=VIEWS[0].TITLE, id="views"):
                for view in VIEWS:
                    yield view(id=view.TITLE)
            yield Footer(show_command_palette=False)
        yield Static(id="small")

    def on_mount(self) -> None:
        self.session.begin()
        self.run_worker(asyncio.to_thread(vocabulary.tell), exit_on_error=False)  # forms open at once
        self.action_view(VIEWS[0].TITLE)
        self.set_interval(DRAW_SECONDS, self.draw)

    async def on_unmount(self) -> None:
        await self.session.end()

    def on_resize(self, event: Resize) -> None:
        """A terminal that is too small says so, and shows nothing that is cut off."""
        is_small = event.size.width < COLUMNS_MIN or event.size.height < LINES_MIN
        self.query_one("#all").display = not is_small
        small = self.query_one("#small", Static)
        small.display = is_small
        small.update(
            f"This terminal has {event.size.width} columns and {event.size.height} lines; the console wants "
            f"{COLUMNS_MIN} and {LINES_MIN}.\n\nThe flight is not touched. Enlarge the terminal, or press q to leave."
        )

    @property
    def shown(self) -> View:
        """The view that is shown."""
        found = self.query_one(ContentSwitcher).visible_content
        assert isinstance(found, View)
        return found

    def draw(self) -> None:
        """Show what is so now."""
        if not self.is_running:
            return  # it leaves, and its widgets are gone
        self._draw_bar()
        self._draw_notice()
        self.shown.draw()

    def notice(self, text: str) -> None:
        """Show a refusal until something is accepted, or Escape."""
        self._said = text
        self._draw_notice()

    def show_text(self, title: str, rows: Callable[[], Rows]) -> None:
        """Show names and values over the view until a key closes it."""
        self.push_screen(Told(title, rows))

    def order(self, body: dict[str, Any]) -> None:
        """Give the flight an order, and show a refusal. Never waits."""
        self.run_worker(self._order(body))

    async def _order(self, body: dict[str, Any]) -> None:
        self.notice(await self.ask(body))

    async def ask(self, body: dict[str, Any]) -> str:
        """Give the flight an order. Returns why it was refused, or ""."""
        return _refusal(await self.session.order(body))

    @property
    def crash(self) -> Exception | None:
        """What ended the application, unless its person did."""
        return self._exception

    def _fatal_error(self) -> None:
        """Leave. Textual would print the traceback with all its variables; `amu` says where it is written."""
        self._close_messages_no_wait()

    # --- keys -----------------------------------------------------------------------------------

    def action_view(self, title: str) -> None:
        """Show a view, with its table in focus."""
        self.query_one(ContentSwitcher).current = title
        self.shown.focus_first()
        self.draw()

    def action_fly(self) -> None:
        self.notice(_refusal(self.session.fly()))

    def action_finish(self) -> None:
        self.order({"kind": "finish"})

    def action_acknowledge(self) -> None:
        for alarm in calling(self.session)[:1]:
            self.order({"kind": "alarm", "alarm": alarm["key"], "action": "acknowledge"})

    def action_theme(self) -> None:
        self.theme = "textual-light" if self.current_theme.dark else "textual-dark"
        self.draw()

    def action_leave(self) -> None:
        self.notice("")
        self.shown.focus_first()

    def action_keys(self) -> None:
        rows = [(view.KEY, view.TITLE) for view in VIEWS]
        own = [(f"in {self.shown.TITLE}", ""), *self.shown.OWN] if self.shown.OWN else []
        self.show_text("Keys", lambda: [*rows, *self.KEYS, *own])

    # --- the frame ------------------------------------------------------------------------------

    def _draw_bar(self) -> None:
        told, run, scenario = self.session.told, self.session.run, self.session.scenario
        verdict = (told.get("verdict") or {}).get("verdict")
        state, style = STATES.get(self.session.state, (self.session.state, PLAIN))
        if verdict:
            state, style = words.verdict(verdict)
            state = f"over: {state}"
        name = run["scenario"] or (scenario["name"] if scenario else "amu console")
        seed = "" if run["seed"] is None else f", seed {run['seed']}"
        utc = time.strftime("%H:%M:%S UTC", time.gmtime())
        cells: list[Cell] = [
            f" {name}{seed}   ",
            (state, style),
            f"   {run['now']:.1f} s",
            (f"   {utc}   {LOCAL.name}, {LOCAL.role}", FAINT),
        ]
        calls = len(calling(self.session))
        if calls:
            cells.append((f"   {words.count(calls, 'alarm')}: a acknowledges", BAD))
        self.query_one("#bar", Line).show(words.joined(cells, self.shown.colours))
        tabs = Text(" ", no_wrap=True)
        for view in VIEWS:
            is_shown = "reverse" if view is type(self.shown) else ""
            tabs.append(view.KEY, style=is_shown or self.shown.colours[OPEN])
            tabs.append(f" {view.TITLE}", style=is_shown)
            tabs.append("   " if self.size.width >= WIDE_COLUMNS else " ")
        self.query_one("#tabs", Line).show(tabs)

    def _draw_notice(self) -> None:
        told = self.session.told
        text = NO_ANSWER.format(told["failure"]) if told["failure"] else ""
        text = text or (str(told.get("reason", "")) if self.session.state == FAILED else "")
        text = text or self._said or (LOST_WORDS if self.session.state == LOST else "")
        self.query_one("#notice", Line).show(words.joined([(text, BAD)], self.shown.colours))


def _refusal(answer: dict[str, Any]) -> str:
    return "" if answer["outcome"] == "accepted" else f"{answer['outcome']}: {answer.get('reason', '')}"

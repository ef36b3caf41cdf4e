"""The swarm at a glance: the mission's numbers, and a row for each board."""

from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from groundstation.terminal import reach, words
from groundstation.terminal.listing import Listing
from groundstation.terminal.view import Line, View
from groundstation.terminal.why import STYLES
from groundstation.terminal.words import BAD, FAINT, GOOD, OPEN, PLAIN, Cell, Said
from groundstation.web.flights import FAILED, OVER, READY, STARTING, STORED
from groundstation.web.why import OPEN as OPEN_SLOT

STALE_SECONDS = 3.0  # of wall time without a word from a board
PAUSE_SECONDS = 3.0
HEADINGS = ("board", "state", "mode", "applied", "view", "life", "free heap", "contact", "last heard", "light time")
NOTHING = {
    READY: "The boards are not made yet. Start the flight: press s.",
    STARTING: "The boards are being made; that takes a few seconds.",
    FAILED: "The flight could not be started. The message above says why.",
}

Row = dict[str, Any]


class Swarm(View):
    """Mission and boards."""

    KEY, TITLE = "1", "Swarm"
    OWN = (
        (", .", "choose the board before, or the next one"),
        ("k", "kill the chosen board"),
        ("r", "restart it"),
        ("p", f"pause it for {PAUSE_SECONDS:g} s"),
        ("b", "start it"),
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("comma", "choose(-1)", "Board before", show=False),
        Binding("full_stop", "choose(1)", "Next board", show=False),
        Binding("k", "strike('kill')", "Kill"),
        Binding("r", "strike('restart')", "Restart"),
        Binding("p", "strike('pause')", "Pause"),
        Binding("b", "strike('start')", "Start"),
    ]

    def compose(self) -> ComposeResult:
        yield Line(id="mission")
        yield Line(id="nothing", classes="empty")
        yield Listing(HEADINGS, "boards")

    def draw(self) -> None:
        self.say("mission", *self._facts())
        rows = self.session.boards()
        cuts = reach.cut_off(self.session.tables)
        listing = self.query_one(Listing)
        listing.display = bool(rows)
        self.say("nothing", "" if rows else NOTHING.get(self.session.state, "No board has been heard of yet."))
        listing.fill({str(row["node"]): self._board(row, cuts, len(rows)) for row in rows}, self.colours)

    def action_choose(self, by: int) -> None:
        listing = self.query_one(Listing)
        listing.move_cursor(row=listing.cursor_row + by)

    def action_strike(self, action: str) -> None:
        chosen = self.query_one(Listing).chosen
        row = self.session.tables["boards"].get(chosen or "")
        if row is None:
            return
        why = obstacle(self.session, row, action)
        if why:
            self.terminal.notice(f"board {row['node']}: {action} is not possible: {why}")
            return
        fields = {"seconds": PAUSE_SECONDS} if action == "pause" else {}
        self.terminal.order({"kind": "board", "board": row["node"], "action": action, "fields": fields})

    # --- the mission ----------------------------------------------------------------------------

    def _facts(self) -> list[Cell]:
        run, scenario = self.session.run, self.session.scenario
        told = self.session.told
        operations = list(self.session.tables["operations"].values())
        confirmed = sum(each["state"] == "confirmed" for each in operations)
        facts: list[tuple[str, Cell]] = []
        if scenario is not None:
            facts.append(("mission", scenario["description"]))
            faulty = words.count(scenario["faulty_max"], "faulty board")
            facts.append(("tolerates", f"{faulty} of {scenario['boards']}; {scenario['quorum']} are a quorum"))
        elif told.get("state") == STORED:
            facts.append(("mission", "a stored trace without its scenario"))
        facts.append(("telecommands", f"{confirmed} of {len(operations)} confirmed"))
        if run["frames"].get("accepted"):
            facts.append(("frames", f"{run['frames']['accepted']} entered the ether, {self._lost()} were lost"))
        answer = self.session.tables["why"].get(OPEN_SLOT)
        if answer is not None and self.session.is_flying:
            facts.append(("swarm", (answer["state"], STYLES.get(answer["state"], PLAIN))))
        if run["ended"]:
            style = GOOD if run["ended"] == "complete" else OPEN
            facts.append(("ended", ("; ".join([run["ended"], *run["waits_for"]]), style)))
        facts += _of_trace(told.get("trace", {}))
        verdict = (told.get("verdict") or {}).get("verdict")
        if verdict:
            facts.append(("verdict", words.verdict(verdict)))
        return [part for name, value in facts for part in ((f"{name:13}", FAINT), value, "\n")][:-1]

    def _lost(self) -> int:
        samples = list(self.session.tables["series"].values())
        return int(samples[-1]["lost"]) if samples else 0

    # --- boards ---------------------------------------------------------------------------------

    def _board(self, row: Row, cuts: dict[int, dict[int, set[str]]], boards: int) -> list[Cell]:
        told, now = self.session.told, self.session.run["now"]
        age = None if row["heard"] is None else now - row["heard"]
        if age is not None:
            age += told.get("silent_seconds", 0) * self.session.speed
        is_live = self.session.is_flying
        is_stale = row["on"] and is_live and (age is None or age > STALE_SECONDS * self.session.speed)
        light = reach.light_time(self.session.tables, row["node"])
        return [
            f"board {row['node']}",
            self._state(row, is_stale),
            row["mode"] if row["on"] else row["why_off"],
            f"slot {row['applied']}",
            str(row["view"]),
            str(row["boot"]),
            words.size(row["heap_free"]),
            _contact(cuts.get(row["node"], {}), boards),
            _heard(row["heard"], age, is_live),
            "-" if light is None else " to ".join(dict.fromkeys(words.span(each) for each in light)),
        ]

    def _state(self, row: Row, is_stale: bool) -> Said:
        if row["byzantine"]:
            return "Byzantine", BAD
        if not row["on"]:
            return "off", BAD
        if is_stale:
            return "stale", OPEN
        return ("on at the end", PLAIN) if self.session.state in (OVER, STORED) else ("on", GOOD)


def obstacle(session: Any, row: Row, action: str) -> str:
    """Why an action on a board is not possible now; "" if it is."""
    if not session.is_flying:
        return "there is no flight that takes orders"
    if (action == "start") == row["on"]:
        return "it is on" if row["on"] else "it is off"
    return "" if action == "start" else str(session.why_not(row["node"], action))


def _of_trace(trace: Row) -> list[tuple[str, Cell]]:
    found: list[tuple[str, Cell]] = []
    unreadable, foreign = trace.get("unreadable", 0), trace.get("foreign", 0)
    if unreadable:
        told = f"{words.count(unreadable, 'line')} of the trace cannot be read as events; amu check names the first"
        found.append(("not shown", (told, OPEN)))
    if foreign:
        found.append(("not known", (f"{words.count(foreign, 'line')} of another version", OPEN)))
    return found


def _contact(peers: dict[int, set[str]], boards: int) -> Said:
    if not peers:
        return "with all", PLAIN
    names = ", ".join(f"“{name}”" for name in sorted(set().union(*peers.values())))
    if len(peers) >= boards - 1:
        return f"cut off by {names}", BAD
    return f"not with {', '.join(map(str, sorted(peers)))}: {names}", OPEN


def _heard(heard: float | None, age: float | None, is_live: bool) -> str:
    if age is None:
        return "never"
    if not is_live:
        return f"at {words.seconds(heard)}"
    return "just now" if age < 1 else f"{words.span(age)} ago"

"""The console's picture of a run: a fold over the lines of its trace, in tables whose rows are sent to the pages.

    run          one row: the mission as a whole
    scenario     one row: what the mission is; none if nobody knows
    boards       by node: what it last said and what happened to it
    slots        by "slot/node": the view and the phase that a board has reached in a slot, and the steps up to there
    operations   by number: a telecommand with the times of its stages
    orders       by offset: what people ordered
    faults       by name: faults of links, planned and ordered (`groundstation.web.facts`)
    contacts     by name: windows of contact with their passes
    light        one row: one-way light times between boards
    spans        what happened to boards, for the timeline (`groundstation.web.spans`)
    series       telemetry over the whole mission (`groundstation.web.series`)
    properties   by identifier: the state of each in the live check (`groundstation.web.check`)
    alarms       by name and board (`groundstation.web.alarms`)
    limits       by name: the limits of each alarm
    why          by open slot: why it does not get on (`groundstation.web.why`)
    clocks       by node: offset and drift of its clock, as far as they are known (`groundstation.web.clocks`)
    procedure    by number: the steps of the procedure; `injects` by name (`groundstation.web.procedure`)

Rules
- Every table is bounded: the oldest rows go. The trace keeps everything.
- `changed` collects the keys of rows since it was last taken, so that pages get what is new and nothing else. A row
  that is gone has changed.
"""

from collections import Counter
from collections.abc import Callable
from typing import Any

from amu.core.limits import GROUND
from groundstation.faults.kinds import KINDS
from groundstation.faults.light import has_light_time
from groundstation.faults.rule import HELD, LOST
from groundstation.flight.watch import DECIDED, PHASES
from groundstation.orders.order import EndFault, Inject, OrderError, read_body
from groundstation.procedures.sight import OTHER
from groundstation.record.board_events import WORDS, name_of
from groundstation.report.series import TRAFFIC
from groundstation.scenario.alarms import defaults
from groundstation.scenario.model import Scenario
from groundstation.web import facts, procedure
from groundstation.web.alarms import Alarms, limits
from groundstation.web.clocks import BoardClocks
from groundstation.web.procedure import Progress
from groundstation.web.series import Series
from groundstation.web.spans import Spans
from groundstation.web.tail import Line
from groundstation.web.why import Why

SLOTS_MAX = 64
STEPS_MAX = 32  # of a board in a slot
FAULTS_MAX = 512
OPERATIONS_MAX = 1000
ORDERS_MAX = 1000
NEVER_STARTED = "never started"
VALUE_CHARACTERS = 8  # of a digest, shown

Row = dict[str, Any]
Table = dict[str, Row]
Changed = set[tuple[str, str]]  # table, key

TABLES = (
    "run",
    "scenario",
    "boards",
    "slots",
    "operations",
    "orders",
    "faults",
    "contacts",
    "light",
    "spans",
    "series",
    "properties",
    "alarms",
    "limits",
    "procedure",
    "injects",
    "why",
    "clocks",
)


class Model:
    """The picture of one run, up to the latest line. scenario: as flown, if it is known."""

    def __init__(self, scenario: Scenario | None = None, alarms: Alarms | None = None) -> None:
        self.scenario = scenario
        self._spans, self._series = Spans(), Series()
        self._alarms = alarms or _alarms_of(scenario)
        self.tables: dict[str, Table] = {name: {} for name in TABLES}
        self.tables |= {"spans": self._spans.rows, "series": self._series.rows, "alarms": self._alarms.rows}
        self._progress = Progress(scenario)
        self._why = Why()
        self._clocks = BoardClocks()
        self.tables["clocks"] = self._clocks.rows
        self.tables |= {"procedure": self._progress.steps, "injects": self._progress.injects, "why": self._why.rows}
        self.changed: Changed = set()
        self._put("run", "run", _new_run())
        self.show("limits", limits(self._alarms.alarms))
        self._confirmed = 0
        self._light_due = 0.0
        self._slots: list[int] = []  # that have cells, ascending
        if scenario is not None:
            self._plan(scenario)
        self._on_ground: dict[str, Callable[[Line], None]] = {
            "RunStart": self._start,
            "RunEnd": self._end,
            "Resume": self._resume,
            "Attach": self._switched_on,
            "BoardStart": self._switched_on,
            "BoardKill": self._switched_off,
            "PowerCut": self._switched_off,
            "BoardCrash": self._switched_off,
            "Erase": self._happened,
            "BoardFault": self._happened,
            "BoardMode": self._mode,
            "Health": self._health,
            "Fault": self._fates,
            "Telecommand": self._telecommand,
            "Order": self._order,
            "TraceError": self._trace_error,
        }

    @property
    def run(self) -> Row:
        return self.tables["run"]["run"]

    def takes(self, line: Line) -> bool:
        """Take in one line from a file. False: what its optional fields hold means nothing here; the rest counts."""
        try:
            self.feed(line)
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
            return False
        return True

    def feed(self, line: Line) -> None:
        """Take in one line."""
        run = self._row("run", "run")
        run["now"] = max(run["now"], line["received"])
        if line["node"] != GROUND:
            self._board_event(line)
            self._spans.of_board(line)
        else:
            self._spans.of_ground(line)
            if line["event"] in self._on_ground:
                self._on_ground[line["event"]](line)
            if line["event"] in procedure.EVENTS:
                self._progress.take(line)
                self.changed |= self._progress.changed
                self._progress.changed = set()
        self._series.take(run["now"], self.tables["boards"], self._confirmed, self._lost())
        self._note("spans", self._spans.changed)
        self._note("series", self._series.changed)
        self._note("why", self._why.feed(line))
        self._note("clocks", self._clocks.feed(line))
        self._note("alarms", self._alarms.feed(line, self.tables))
        if self.scenario is not None and run["now"] >= self._light_due:
            self._look_at_light(self.scenario, run["now"])

    def put_contacts(self, rows: list[Row]) -> None:
        """Take in windows of contact, which take long to find."""
        for row in rows:
            self._put("contacts", row["name"], row)

    def leave_out_properties(self) -> None:
        """Be a function of the trace alone: properties are judged elsewhere, at any time."""
        self.show("properties", {})
        self._alarms.leave_out_properties()

    def _note(self, table: str, keys: set[str]) -> None:
        if keys:
            self.changed.update((table, key) for key in keys)
            keys.clear()

    def _put(self, table: str, key: str, row: Row) -> None:
        self.tables[table][key] = row
        self.changed.add((table, key))

    def show(self, table: str, rows: dict[str, Row]) -> None:
        """Replace a table that is made elsewhere."""
        before = self.tables[table]
        for key in before.keys() | rows.keys():
            if before.get(key) != rows.get(key):
                self.changed.add((table, key))
        self.tables[table] = rows

    def _row(self, table: str, key: str) -> Row:
        self.changed.add((table, key))
        return self.tables[table][key]

    def _board(self, node: int) -> Row:
        key = str(node)
        if key not in self.tables["boards"]:
            self.tables["boards"][key] = _new_board(node)
        return self._row("boards", key)

    # --- of the scenario ------------------------------------------------------------------------

    def _plan(self, scenario: Scenario) -> None:
        self._put("scenario", "scenario", facts.scenario_row(scenario))
        for row in facts.link_faults(scenario):
            self._put("faults", row["name"], row)

    def _look_at_light(self, scenario: Scenario, now: float) -> None:
        self._light_due = (now // facts.LIGHT_SECONDS + 1) * facts.LIGHT_SECONDS
        if has_light_time(scenario.faults):
            self._put("light", "light", {"at": now, "seconds": facts.light_times(scenario, now)})

    # --- of boards ------------------------------------------------------------------------------

    def _board_event(self, line: Line) -> None:
        board = self._board(line["node"])
        name = line["event"]
        if line["boot"] != board["boot"]:
            board |= {"boot": line["boot"], "view": 0}
        if board["why_off"] == NEVER_STARTED:  # the begin of the trace was not read, or the trace does not tell starts
            board |= {"on": True, "why_off": "", "since": line["received"]}
        board["heard"], board["lamport"], board["ticks"] = line["received"], line["lamport"], line["ticks"]
        if name in PHASES:
            self._phase(line, PHASES[name])
        if name in ("Apply", "Adopt"):
            board["applied"] = max(board["applied"], line["slot"])
        elif name == "EnterView":
            board["view"] = line["view"]
        elif name == "Boot":
            board["mode"] = "rejoining" if line["journal"] == "blank" else "voting"
            board["applied"], board["version"] = line["applied_slot"], line["version"]
        elif name == "Silent":
            board["mode"] = "silent"
        elif name == "Rejoin":
            board["mode"] = "voting"

    def _phase(self, line: Line, phase: int) -> None:
        slot, key = line["slot"], f"{line['slot']}/{line['node']}"
        cells = self.tables["slots"]
        if slot not in self._slots:
            if self._slots and slot < self._slots[0] and len(self._slots) >= SLOTS_MAX:
                return  # long gone
            self._slots = sorted([*self._slots, slot])
            if len(self._slots) > SLOTS_MAX:
                self._forget_slot(self._slots.pop(0))
        known = cells.get(key) or {"phase": 0, "view": 0, "value": "", "steps": []}
        view = line.get("view", known["view"])
        value = str(line.get("value", ""))[:VALUE_CHARACTERS]
        steps = [*known["steps"], [phase, view, value, line["received"], line["lamport"]]][-STEPS_MAX:]
        reached = max((phase == DECIDED, view, phase), (known["phase"] == DECIDED, known["view"], known["phase"]))
        self._put(
            "slots",
            key,
            {
                "slot": slot,
                "node": line["node"],
                "view": reached[1],
                "phase": reached[2],
                "value": value or known["value"],
                "steps": steps,
            },
        )

    def _forget_slot(self, slot: int) -> None:
        for key in [key for key, cell in self.tables["slots"].items() if cell["slot"] == slot]:
            self._drop("slots", key)

    def _drop(self, table: str, key: str) -> None:
        del self.tables[table][key]
        self.changed.add((table, key))

    def _bound(self, table: str, most: int) -> None:
        while len(self.tables[table]) > most:
            self._drop(table, next(iter(self.tables[table])))

    # --- of the ground --------------------------------------------------------------------------

    def _start(self, line: Line) -> None:
        names = ("scenario", "seed", "replica_count", "byzantine")
        self._row("run", "run").update({name: line[name] for name in names})
        for node in range(line["replica_count"]):
            self._board(node)["byzantine"] = node in line["byzantine"]

    def _end(self, line: Line) -> None:
        self._row("run", "run").update(ended=line["reason"], waits_for=line.get("waits_for", []))

    def _resume(self, line: Line) -> None:
        run = self._row("run", "run")
        run["ended"], run["waits_for"] = None, []
        run["resumed"].append([line["received"], line["resumed"]])

    def _switched_on(self, line: Line) -> None:
        self._board(line["board"]).update(on=True, why_off="", since=line["received"])

    def _switched_off(self, line: Line) -> None:
        board = self._board(line["board"])
        board |= {"on": False, "why_off": WORDS[name_of(line["event"], line)], "since": line["received"]}
        board["reason"] = line.get("reason", "")

    def _happened(self, line: Line) -> None:
        board = self._board(line["board"])
        board["last_fault"] = [line["received"], line.get("kind", "flash erased")]

    def _mode(self, line: Line) -> None:
        if "board" in line:
            self._board(line["board"])["mode"] = line["mode"]

    def _health(self, line: Line) -> None:
        board = self._board(line["board"])
        board |= {name: line[name] for name in ("heap_free", "heap_run", "frames_surplus")}
        board["heard"] = line["received"]

    def _fates(self, line: Line) -> None:
        run = self._row("run", "run")
        run["frames"] = dict(Counter(run["frames"]) + Counter(line.get("counts", {})))

    def _telecommand(self, line: Line) -> None:
        table, key = self.tables["operations"], str(line["operation"])
        stage, at = line["stage"], line["received"]
        if stage == "queued":
            table[key] = _new_operation(line)
            self._bound("operations", OPERATIONS_MAX)
        if key not in table:
            return
        operation = self._row("operations", key)
        if "board" in line:
            on_board = operation["boards"].setdefault(str(line["board"]), {})
            on_board.setdefault(stage, at)
            if stage == "uplinked":
                on_board["attempts"] = line["attempt"]
            elif stage == "received":
                on_board["status"] = line["status"]
        elif stage != "queued":
            self._confirmed += stage == "confirmed" and operation["state"] != "confirmed"
            operation |= {"state": stage, "finished": at}
            operation |= {name: line[name] for name in ("slot", "result") if name in line}

    def _order(self, line: Line) -> None:
        table, key = self.tables["orders"], str(line["offset"])
        names = ("order", "sender", "told", "outcome", "reason", "operation", "lamport")
        table[key] = {"at": line["received"], "offset": line["offset"]} | {n: line[n] for n in names if n in line}
        self.changed.add(("orders", key))
        self._bound("orders", ORDERS_MAX)
        if "operation" in line:  # its stage "queued" follows
            self.tables["orders"][key]["operation"] = line["operation"]
        if line["outcome"] == "accepted":
            self._ordered_fault(line)

    def _ordered_fault(self, line: Line) -> None:
        """A fault of links begins or ends by an order."""
        now, faults = line["received"], self.tables["faults"]
        try:
            body = read_body(line["told"])
            if isinstance(body, Inject):
                row = facts.link_fault(body.name, body.bound(now), self.run["replica_count"], line["sender"])
                self._put("faults", body.name, row)
                self._bound("faults", FAULTS_MAX)
            elif isinstance(body, EndFault) and body.name in faults:
                self._put("faults", body.name, {**faults[body.name], "end": now})
        except OrderError:
            return  # of a later version: it stands among the orders

    def _lost(self) -> int:
        """Frames that were lost so far."""
        counts = self.run["frames"].items()
        return sum(count for name, count in counts if name not in TRAFFIC and self._loses(name))

    def _loses(self, name: str) -> bool:
        """Whether frames counted under a name were lost. Beside a lone trace a rule is known by its usual name."""
        known = self.tables["faults"].get(name)
        does = known["does"] if known else KINDS[name].does if name in KINDS else LOST
        return bool(does == LOST) and not name.endswith(HELD) and name != OTHER  # a crew does not know

    def _trace_error(self, line: Line) -> None:
        self._row("run", "run")["trace_errors"] += 1


def _alarms_of(scenario: Scenario | None) -> Alarms:
    if scenario is None:
        return Alarms(defaults(1.0), 1.0)
    return Alarms(scenario.all_alarms(), scenario.mission.speed)


def _new_run() -> Row:
    return {
        "scenario": None,
        "seed": None,
        "replica_count": 0,
        "byzantine": [],
        "now": 0.0,
        "ended": None,
        "waits_for": [],
        "resumed": [],
        "frames": {},
        "trace_errors": 0,
    }


def _new_board(node: int) -> Row:
    return {
        "node": node,
        "byzantine": False,
        "on": False,
        "why_off": NEVER_STARTED,
        "reason": "",
        "since": None,  # it was switched on or off
        "mode": "never heard",
        "boot": 0,
        "view": 0,
        "applied": 0,
        "version": "",
        "heard": None,
        "lamport": 0,
        "ticks": 0,
        "heap_free": None,
        "heap_run": None,
        "frames_surplus": None,
        "last_fault": None,
    }


def _new_operation(line: Line) -> Row:
    return {
        "number": line["operation"],
        "client": line["client"],
        "command": line["command"],
        "sender": line.get("sender"),
        "queued": line["received"],
        "lamport": line["lamport"],
        "state": "queued",
        "boards": {},
    }

"""The console's picture of a run: a fold over the lines of its trace, in tables whose rows are sent to the pages.

    boards       by node: what it last said and what happened to it
    slots        by "slot/node": the view and the phase that a board has reached in a slot
    operations   by number: a telecommand with the times of its stages
    orders       by number: what people ordered
    run          one row: the mission as a whole

Rules
- Every table is bounded: the oldest rows go. The trace keeps everything.
- `changed` collects the keys of rows since it was last taken, so that pages get what is new and nothing else.
"""

from collections import Counter
from collections.abc import Callable
from typing import Any

from amu.core.limits import GROUND
from groundstation.flight.watch import DECIDED, PHASES
from groundstation.record.board_events import WORDS, name_of
from groundstation.web.tail import Line

SLOTS_MAX = 64
OPERATIONS_MAX = 1000
ORDERS_MAX = 1000
VALUE_CHARACTERS = 8  # of a digest, shown

Row = dict[str, Any]
Table = dict[str, Row]
Changed = set[tuple[str, str]]  # table, key

TABLES = ("run", "boards", "slots", "operations", "orders")


class Model:
    """The picture of one run, up to the latest line."""

    def __init__(self) -> None:
        self.tables: dict[str, Table] = {name: {} for name in TABLES}
        self.tables["run"]["run"] = _new_run()
        self.changed: Changed = {("run", "run")}
        self._slots: list[int] = []  # that have cells, ascending
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

    def feed(self, line: Line) -> None:
        """Take in one line."""
        run = self._row("run", "run")
        run["now"] = max(run["now"], line["received"])
        run["lines"] = line["line"]
        if line["node"] != GROUND:
            self._board_event(line)
        elif line["event"] in self._on_ground:
            self._on_ground[line["event"]](line)

    def _row(self, table: str, key: str) -> Row:
        self.changed.add((table, key))
        return self.tables[table][key]

    def _board(self, node: int) -> Row:
        key = str(node)
        if key not in self.tables["boards"]:
            self.tables["boards"][key] = _new_board(node)
        return self._row("boards", key)

    # --- of boards ------------------------------------------------------------------------------

    def _board_event(self, line: Line) -> None:
        board = self._board(line["node"])
        name = line["event"]
        if line["boot"] != board["boot"]:
            board |= {"boot": line["boot"], "view": 0}
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
        known = cells.get(key)
        reached = (phase == DECIDED, line.get("view", 0), phase)
        if known is not None and reached < (known["phase"] == DECIDED, known["view"], known["phase"]):
            return
        value = str(line.get("value", ""))[:VALUE_CHARACTERS] or (known["value"] if known else "")
        cells[key] = {"slot": slot, "node": line["node"], "view": reached[1], "phase": phase, "value": value}
        self.changed.add(("slots", key))

    def _forget_slot(self, slot: int) -> None:
        for key in [key for key, cell in self.tables["slots"].items() if cell["slot"] == slot]:
            del self.tables["slots"][key]
            self.changed.discard(("slots", key))

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
            _bound(table, OPERATIONS_MAX)
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
            operation |= {"state": stage, "finished": at}
            operation |= {name: line[name] for name in ("slot", "result") if name in line}

    def _order(self, line: Line) -> None:
        table, key = self.tables["orders"], str(line["line"])
        names = ("order", "sender", "told", "outcome", "reason", "operation", "lamport")
        table[key] = {"at": line["received"], "line": line["line"]} | {n: line[n] for n in names if n in line}
        self.changed.add(("orders", key))
        _bound(table, ORDERS_MAX)
        if "operation" in line:  # its stage "queued" follows
            self.tables["orders"][key]["operation"] = line["operation"]

    def _trace_error(self, line: Line) -> None:
        self._row("run", "run")["trace_errors"] += 1


def _new_run() -> Row:
    return {
        "scenario": None,
        "seed": None,
        "replica_count": 0,
        "byzantine": [],
        "now": 0.0,
        "lines": 0,
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
        "why_off": "never started",
        "reason": "",
        "since": 0.0,
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


def _bound(table: Table, most: int) -> None:
    while len(table) > most:
        del table[next(iter(table))]

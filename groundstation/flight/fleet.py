"""The boards of a mission: which are up, which are paused, and the board faults that the scenario schedules.

Rules
- The last output of a dead board is recorded before its death.
- A board that stops without being killed by the scenario has crashed; so has the run.
- But a real board (`resets_itself`) whose line is gone, and which has not printed a traceback, may have lost its power,
  its cable or its patience: it is waited for, and taken up when its line is back. Only a new life of it tells that the
  one before has ended.
- A paused board is up: its line is written and read as usual.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Protocol, Unpack

from amu.wire.framer import Text
from amu.wire.frames import Frame
from groundstation.boards.base import Board
from groundstation.faults.board_fault import HARDWARE_FAULTS
from groundstation.flight.cable import Cable
from groundstation.flight.driver import Driver
from groundstation.flight.hardware import Hardware
from groundstation.flight.watch import Watch
from groundstation.record.board_events import (
    BACK,
    BY_ITSELF,
    FOUND_OFF,
    LINE_LOST,
    LOST,
    OUTSIDE,
    RESET,
    SWITCHED_OFF,
    WORDS,
)
from groundstation.record.past import Past
from groundstation.scenario.board_faults import BoardEvent, Schedule, ends_at
from specs.checking.schema import Fields
from specs.escape import escaped

LIFE_WALL_SECONDS = 0.05  # how often to check whether the boards are alive
LAST_WORDS_BYTES_MAX = 4096  # of text kept per board, for its traceback if it crashes
TRACEBACK = b"Traceback"

DEATHS = {
    "BoardKill": "killed",
    SWITCHED_OFF: f"was {OUTSIDE}: by amu stop, or with its ground station",
    LINE_LOST: "its line is gone: a reset, a power failure or a cable; waiting for it",
    "PowerCut": "power failed in the middle of a flash write",
    "BoardCrash": "crashed; see ground.log and its own log",
}


class Reports(Protocol):
    """Receives the fleet's reports; the mission implements it."""

    def take(self, node: int, items: Iterable[Frame | Text]) -> None:
        """Frames and text from a board."""
        ...

    def record(self, event: str, now: float, **fields: Unpack[Fields]) -> None:
        """An event of the ground station for the trace."""
        ...

    def reset(self, node: int, now: float, words: str) -> None:
        """A board was reset, and nobody ordered it. words: what it printed last."""
        ...

    def keep(self) -> None:
        """Persist the record so far."""
        ...

    def tell(self, now: float, text: str) -> None:
        """A line for the operator."""
        ...


class Fleet:
    """Applies the schedule of board faults, and notices boards that die by themselves."""

    def __init__(
        self,
        boards: Mapping[int, Board],
        schedule: Schedule,
        driver: Driver,
        watch: Watch,
        speed: float,
        seed: int,
        reports: Reports,
    ) -> None:
        self.boards = boards
        self.schedule = schedule
        self.cables = {node: Cable(board) for node, board in sorted(boards.items())}
        self.up: set[int] = set()
        self.events: Counter[str] = Counter()  # what happened to boards, by name of the event
        self.deaths: dict[int, str] = {}  # board that is off -> time and cause
        self.crashed: list[int] = []  # boards that died without being killed by the scenario
        self._driver = driver
        self._watch = watch
        self._reports = reports
        self._life_seconds = LIFE_WALL_SECONDS * speed
        self._life_due = 0.0
        self._power_cut_armed: set[int] = set()
        self._paused_until: dict[int, float] = {}
        self._away: dict[int, str] = {}  # board that may come back by itself -> how it went: LINE_LOST or BoardCrash
        self._lives: dict[int, int] = {}  # board -> boot that is flying, once it was heard
        self._said: dict[int, bytes] = {}  # the latest text of each board since its boot
        self.hardware = Hardware(boards, self.cables, seed, self.events, reports, self.watch_link)
        self._actions: dict[str, Callable[[BoardEvent, float], None]] = {
            "kill": self._kill,
            "start": self._restart,
            "restart": self._restart,
            "erase": self._erase,
            "power_cut": self._cut_power,
            "pause": self._pause,
            "resume": self._resume,
            "over": self.hardware.over,
            "heal": self._heal,
            **dict.fromkeys(HARDWARE_FAULTS, self.hardware.begin),
        }

    def attach(self, node: int) -> None:
        """Take over a running board. The earlier ground station may have left it paused."""
        self.up.add(node)
        self._reports.record("Attach", self._driver.now(), board=node)
        if "pause" in self.boards[node].board_faults:
            self.boards[node].resume()
        for fault in HARDWARE_FAULTS:
            self.boards[node].end(fault)
        self.watch_link(node)

    def take_up(self, past: Past) -> None:
        """Continue with the boards as they are now. `past`: what the earlier ground station knew of them."""
        self.events.update(past.board_events)
        self.crashed += past.crashed
        self._power_cut_armed |= past.armed
        for node in sorted(self.boards):
            if self.boards[node].alive():
                self.attach(node)
            elif node in past.up:
                self._found_dead(node)
            elif node not in past.started:
                self.start(node)

    def join(self) -> None:
        """Continue with the boards as they are now, without a record of what they did before."""
        for node in sorted(self.boards):
            if self.boards[node].alive():
                self.attach(node)
            else:
                self._found_off(node)

    def _found_off(self, node: int) -> None:
        """What it did and why it is off is unknown; its last output is still on its line."""
        self._reports.record("Attach", self._driver.now(), board=node)
        self.watch_link(node)
        self._reports.take(node, self.cables[node].last_frames())
        self._reports.record("BoardKill", self._driver.now(), board=node, reason=FOUND_OFF)
        self._reports.keep()
        self.start(node)

    def _found_dead(self, node: int) -> None:
        """It died while no ground station was there. Start it, unless it died of a power cut with a scheduled start."""
        self.watch_link(node)
        death = self._death_of(node)
        self._gone(node, death)
        self._reports.keep()
        if death not in ("PowerCut", LINE_LOST):
            self.start(node)

    def start(self, node: int) -> None:
        """Switch a board on."""
        self._watch.forget(node)
        self._said.pop(node, None)
        self._lives.pop(node, None)
        self._away.pop(node, None)
        self.boards[node].start()
        self.up.add(node)
        self.schedule.started(node, self._driver.now())
        self._reports.record("BoardStart", self._driver.now(), board=node)
        self.watch_link(node)

    def hear(self, node: int, text: bytes) -> None:
        """Text that a board has printed."""
        self._said[node] = (self._said.get(node, b"") + text)[-LAST_WORDS_BYTES_MAX:]

    def hear_life(self, node: int, boot: int, is_explained: bool, now: float) -> None:
        """Before what board `node` traced in life `boot` is recorded. is_explained: it says itself why it began.

        now: when that was received.
        """
        before = self._lives.get(node, boot)
        self._lives[node] = boot
        if before == boot or node in self._watch.byzantine:
            return
        words = self._said.pop(node, b"")
        if self.boards[node].resets_itself and not is_explained:
            self.events[RESET] += 1
            self._reports.record("BoardKill", now, board=node, reason=BY_ITSELF)
            self._reports.record("BoardStart", now, board=node)
            self._reports.reset(node, now, words.decode("ascii", "replace"))

    @property
    def away(self) -> list[int]:
        """Boards whose line is gone, and of which nothing more is known."""
        return sorted(node for node, event in self._away.items() if event == LINE_LOST)

    def watch_link(self, node: int) -> None:
        """Let the driver wait for a board's present line."""
        cable = self.cables[node]
        link = cable.open()
        self._driver.watch(node, None if cable.is_unread else link)

    def lost(self, node: int) -> None:
        """The line of a board gives nothing more."""
        if self.boards[node].resets_itself and node in self.up:
            self._look_at(node)
        elif node not in self._away:
            self.watch_link(node)

    def step(self, now: float) -> None:
        """Apply the board faults that are due, and look for boards that have died."""
        for event in self.schedule.due(now, self.up.__contains__, self._is_armed):
            # Recorded before it is done: the next ground station must know what not to repeat.
            # Others of this turn may have been recorded later than the turn began.
            at = self._driver.now()
            self._reports.record("Scheduled", at, board=event.node, action=event.action, number=event.number)
            self._reports.keep()
            self._actions[event.action](event, at)
        if now >= self._life_due:
            self._life_due = now + self._life_seconds
            self._look_for_dead_boards()

    def faults_due(self, deadline: float) -> list[str]:
        """Board faults that are to come by mission second `deadline`, in words."""
        due = self.schedule.told(deadline, self.up.__contains__)
        armed = [f"power_cut on board {node}, at one of its next flash operations" for node in self._power_cut_armed]
        return due + sorted(armed)

    def why_off(self, node: int) -> str | None:
        """Why a board takes no part. None if it does."""
        if node not in self.up:
            return f"off since {self.deaths[node]}" if node in self.deaths else "off"
        if node in self._paused_until:
            return f"paused until {self._paused_until[node]:.1f} s"
        return "line lost" if self.cables[node].link is None else self.hardware.why(node)

    # --- faults -------------------------------------------------------------------------------

    def _kill(self, event: BoardEvent, now: float) -> None:
        if event.node in self._away or (event.node in self.up and self.boards[event.node].alive()):
            self._away.pop(event.node, None)
            self.boards[event.node].kill()
            self._gone(event.node, "BoardKill")

    def _is_armed(self, node: int, fault: str) -> bool:
        assert fault == "power_cut", fault  # no board can play another fault of the flash
        return node in self._power_cut_armed

    def _restart(self, event: BoardEvent, now: float) -> None:
        self._kill(event, now)
        self._reports.keep()  # record the end of a life before the next one begins
        self.start(event.node)

    def _erase(self, event: BoardEvent, now: float) -> None:
        self._kill(event, now)
        self._reports.keep()
        self.boards[event.node].erase()
        self.events["Erase"] += 1
        now = self._driver.now()
        self._reports.record("Erase", now, board=event.node)
        self._reports.tell(now, f"board {event.node}: flash erased")
        self.start(event.node)

    def _cut_power(self, event: BoardEvent, now: float) -> None:
        assert event.fault is not None
        if event.node not in self.up:
            self._reports.tell(now, f"board {event.node}: is off, its power cannot be cut")
            return
        operation = event.fault.after_operations
        self.boards[event.node].power_cut(operation)
        self._power_cut_armed.add(event.node)
        self._reports.record("BoardFault", now, board=event.node, kind="power_cut")
        self._reports.tell(now, f"board {event.node}: power will fail at flash operation {operation} from now")

    def _pause(self, event: BoardEvent, now: float) -> None:
        node = event.node
        assert event.fault is not None
        if node not in self.up or not self.boards[node].alive():
            self._reports.tell(now, f"board {node}: is off, it cannot be paused")
            return
        self.boards[node].pause()
        self._paused_until[node] = max(ends_at(event.fault), self._paused_until.get(node, 0.0))
        self.events["BoardFault"] += 1
        self._reports.record("BoardFault", now, board=node, kind="pause")
        self._reports.tell(now, f"board {node}: paused until {self._paused_until[node]:.2f} s")

    def _resume(self, event: BoardEvent, now: float) -> None:
        # A second pause may last longer than the first, and a board that died meanwhile has a new life.
        if self._paused_until.get(event.node, now + 1) > now:
            return
        del self._paused_until[event.node]
        self.boards[event.node].resume()
        self._reports.tell(now, f"board {event.node}: goes on")

    def _heal(self, event: BoardEvent, now: float) -> None:
        """Let the board continue, or restart it if it is off or about to lose power."""
        node = event.node
        self.hardware.mend(node, now)
        if node in self._paused_until:
            del self._paused_until[node]
            self.boards[node].resume()
        if node not in self.up or node in self._power_cut_armed:
            self._restart(event, now)
        self._reports.tell(now, f"board {node}: in the healthy core; no further faults")

    # --- deaths -------------------------------------------------------------------------------

    def _look_for_dead_boards(self) -> None:
        for node in sorted(self._away):
            self._look_for_return(node)
        for node in sorted(self.up):
            self._look_at(node)

    def _look_at(self, node: int) -> None:
        if not self.boards[node].alive():
            self._reports.take(node, self.cables[node].last_frames())  # they may tell why
            self._gone(node, self._death_of(node))
        elif self.cables[node].link is None:
            self.watch_link(node)

    def _look_for_return(self, node: int) -> None:
        """Take up a board whose line is back."""
        self.watch_link(node)
        if not self.boards[node].alive():
            return
        how = self._away.pop(node)
        self.up.add(node)
        now = self._driver.now()
        self._reports.record(LINE_LOST, now, board=node, status=BACK)
        if how == "BoardCrash":
            self._reports.record("BoardStart", now, board=node)
        self._reports.tell(now, f"board {node}: its line is back")

    def _death_of(self, node: int) -> str:
        """Why a board is off that the schedule has not switched off."""
        if self.boards[node].was_switched_off():
            return SWITCHED_OFF
        if node in self._power_cut_armed:
            return "PowerCut"
        is_away = self.boards[node].resets_itself and TRACEBACK not in self._said.get(node, b"")
        return LINE_LOST if is_away else "BoardCrash"

    def _gone(self, node: int, event: str) -> None:
        """Take in the board's last output, then record its death, one of DEATHS, or that its line is gone."""
        self._reports.take(node, self.cables[node].last_frames())
        self.up.discard(node)
        self._power_cut_armed.discard(node)
        if event == "BoardCrash":
            self.crashed.append(node)
        if event == LINE_LOST or (event == "BoardCrash" and self.boards[node].resets_itself):
            self._away[node] = event
        if event != LINE_LOST:
            self._lives.pop(node, None)
        self._paused_until.pop(node, None)
        now = self._driver.now()
        self.schedule.died(node, now)
        self.events[event] += 1
        words = self._said.pop(node, b"") if event == "BoardCrash" else b""
        fields: Fields = {"board": node}
        if words or event == SWITCHED_OFF:
            fields["reason"] = last_words(words) if words else OUTSIDE
        if event == LINE_LOST:
            fields["status"] = LOST
        self._reports.record("BoardKill" if event == SWITCHED_OFF else event, now, **fields)
        self.deaths[node] = f"{now:.1f} s: {WORDS[event]}"
        self._reports.tell(now, f"board {node}: {DEATHS[event]}")


def last_words(text: bytes) -> str:
    """The last lines that a board printed, from its last traceback on if there is one, safe to show."""
    lines = text.decode("utf-8", "backslashreplace").split("\n")
    start = max((i for i, line in enumerate(lines) if line.startswith("Traceback")), default=0)
    return "\n".join(escaped(line.rstrip("\r")) for line in lines[start:] if line.strip())

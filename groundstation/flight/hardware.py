"""Plays the faults that only hardware has: of lines, which the ground station itself can disturb, and of boards.

What is played here is recorded like every board fault. Who detects it does not look here: see
`groundstation.flight.diagnosis`.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Protocol, Unpack

from groundstation.boards.base import Board
from groundstation.faults.board_fault import BoardFault
from groundstation.flight.cable import Cable
from groundstation.flight.line_noise import LineNoise
from groundstation.scenario.board_faults import BoardEvent, ends_at
from specs.checking.schema import Fields


class Reports(Protocol):
    """Receives what is said of faults; see `groundstation.flight.fleet.Reports`."""

    def record(self, event: str, now: float, **fields: Unpack[Fields]) -> None: ...

    def tell(self, now: float, text: str) -> None: ...


class Hardware:
    """The lasting faults of all boards. `watch_link(node)`: the driver shall wait for this line or no longer do so."""

    def __init__(
        self,
        boards: Mapping[int, Board],
        cables: Mapping[int, Cable],
        seed: int,
        events: Counter[str],
        reports: Reports,
        watch_link: Callable[[int], None],
    ) -> None:
        self._boards, self._cables, self._seed = boards, cables, seed
        self._events, self._reports, self._watch_link = events, reports, watch_link
        self._until: dict[tuple[int, str], float] = {}  # (node, fault) -> mission second of its end
        self._begins: dict[str, Callable[[int, BoardFault], str]] = {
            "line_noise": self._make_noise,
            "slow_host": self._stop_reading,
        }
        self._words = {
            "baud_mismatch": (
                "our end of its line runs at another baud",
                "both ends of its line run at one baud again",
            ),
            "unplug": ("its cable is pulled", "its cable is in again"),
            "brown_out": ("its supply will dip in a flash operation", ""),
            "hang": ("its processor stands still", ""),
            "heap_exhaustion": ("the rest of its heap is taken", ""),
            "full_flash": ("all room on its flash is taken", "its flash has room again"),
            "worn_flash": ("a block of its flash wears out", ""),
        }
        self._ends: dict[str, Callable[[int], str]] = {
            "line_noise": self._silence_noise,
            "slow_host": self._read_again,
        }

    def begin(self, event: BoardEvent, now: float) -> None:
        """Play the fault of an event."""
        fault = event.fault
        assert fault is not None
        node, kind = event.node, fault.kind
        fields: Fields = {"board": node, "kind": kind}
        until = ""
        if fault.seconds is not None:
            end = self._until[node, kind] = max(ends_at(fault), self._until.get((node, kind), 0.0))
            fields["seconds"] = end - now
            until = f" until {end:.2f} s"
        if kind not in self._begins and not self._boards[node].alive():
            self._until.pop((node, kind), None)
            self._reports.tell(now, f"board {node}: is off, it cannot suffer {kind}")
            return
        self._events[kind] += 1
        self._reports.record("BoardFault", now, **fields)
        self._reports.tell(now, f"board {node}: {self._begins.get(kind, self._suffer)(node, fault)}{until}")

    def over(self, event: BoardEvent, now: float) -> None:
        """A lasting fault ends, unless one of its kind lasts longer."""
        assert event.fault is not None
        key = event.node, event.fault.kind
        if self._until.get(key, now + 1) <= now:
            self._end(*key, now)

    def mend(self, node: int, now: float) -> None:
        """End all faults of a board."""
        for key in [key for key in self._until if key[0] == node]:
            self._end(*key, now)

    def why(self, node: int) -> str | None:
        """The lasting fault under which a board takes no part, in words."""
        until = self._until.get((node, "slow_host"))
        return None if until is None else f"its line is not read until {until:.1f} s"

    def _end(self, node: int, kind: str, now: float) -> None:
        del self._until[node, kind]
        if kind in self._ends:
            text = self._ends[kind](node)
        else:
            self._boards[node].end(kind)
            text = self._words[kind][1]
            self._watch_link(node)
        self._reports.tell(now, f"board {node}: {text}")

    def _suffer(self, node: int, fault: BoardFault) -> str:
        self._boards[node].begin(fault.kind, fault.after_operations)
        return self._words[fault.kind][0]

    # --- lines --------------------------------------------------------------------------------

    def _make_noise(self, node: int, fault: BoardFault) -> str:
        assert fault.probability is not None
        self._cables[node].noise = LineNoise(self._seed, f"{node} {fault.at}", fault.probability)
        return f"noise on its line, each byte damaged with probability {fault.probability:g}"

    def _silence_noise(self, node: int) -> str:
        noise, self._cables[node].noise = self._cables[node].noise, None
        return f"its line is quiet again; bytes {noise.told()}" if noise is not None else "its line is quiet"

    def _stop_reading(self, node: int, fault: BoardFault) -> str:
        self._cables[node].is_unread = True
        self._watch_link(node)
        return "its line is not read"

    def _read_again(self, node: int) -> str:
        self._cables[node].is_unread = False
        self._watch_link(node)
        return "its line is read again"

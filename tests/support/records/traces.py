"""Writes traces by hand: a correct run, which a test then spoils in one place.

Lamport times come from one counter, so that the order of the calls is the order of the events.
"""

import hashlib
from pathlib import Path
from typing import Any

from amu.consensus import bodies
from amu.consensus.checkpoints import digest_of
from amu.core import limits
from amu.core.chunks import Chunks
from amu.core.limits import BROADCAST, GROUND, faults_max
from amu.ledger.state import Ledger
from amu.node.events import EVENTS
from amu.node.node import BLANK_BOOT
from amu.wire import cbor
from amu.wire.messages import Progress
from specs.checking import trace_line

REGISTERS = ("hi1", "second1", "hi2", "second2", "hi3", "hi4")


def digest(name: str) -> str:
    """A ledger digest that stands for `name`."""
    return hashlib.sha256(name.encode()).hexdigest()


class Script:
    """A trace in the making. Values are given by short names.

    The first value of a slot is that of a body of view 0, the next one that of view 1, and so on. `requests`: of the
    bodies of each slot; none, if it names none.
    """

    def __init__(self, replica_count: int = 4, byzantine: tuple[int, ...] = ()) -> None:
        self.replica_count = replica_count
        self.byzantine = byzantine
        self.lines: list[dict[str, Any]] = []
        self.time = 0
        self.boots = dict.fromkeys([*range(replica_count), GROUND], 0)
        self._seq: dict[tuple[int, int], int] = {}
        self.requests: dict[int, list[Any]] = {}
        self._names: dict[int, list[str]] = {}  # of the values of each slot
        self.ground(
            "RunStart",
            scenario="by hand",
            seed=1,
            versions={},
            replica_count=replica_count,
            byzantine=list(byzantine),
            window_slots=4,
        )
        for node in self.honest:
            self.ground("BoardStart", board=node)
            self.emit(node, "Boot", version="1", journal="fresh", applied_slot=0)

    @property
    def honest(self) -> list[int]:
        return [node for node in range(self.replica_count) if node not in self.byzantine]

    def ground(self, event: str, **fields: Any) -> dict[str, Any]:
        return self._line(GROUND, event, fields)

    def emit(self, node: int, event: str, **fields: Any) -> dict[str, Any]:
        """One flight event; value and digest fields as short names."""
        if "value" in fields:
            fields["value"] = self.value(fields["slot"], fields["value"])
        if "digest" in fields:
            fields["digest"] = self.digest(fields["slot"], fields["digest"])
        for name in REGISTERS:
            if fields.get(name) is not None:
                fields[name] = [fields[name][0], self.value(fields["slot"], fields[name][1])]
        names = dict(EVENTS.values())[event]
        assert set(fields) == set(names), f"{event} has fields {names}"
        return self._line(node, event, fields)

    def value(self, slot: int, name: str) -> str:
        """The value that stands for `name` in `slot`."""
        names = self._names.setdefault(slot, [])
        if name not in names:
            names.append(name)
        return bodies.value_of(slot, bodies.encode(names.index(name), self.requests.get(slot, []))).hex()

    def digest(self, slot: int, name: str) -> str:
        """The digest that stands for `name`: of the ledger after `slot`, of the checkpoint there, or of no state."""
        ledger = Ledger(self.replica_count)
        for number in range(1, slot + 1):
            ledger.apply(number, self.requests.get(number, []))
        if name == f"ledger {slot}":
            return ledger.digest().hex()
        if name == f"checkpoint {slot}":  # of bodies of view 0, so that board 0 leads always
            data = Chunks()
            cbor.write([slot, [0] * (2 * limits.WINDOW_SLOTS), ledger.encoded()], data.add)
            return digest_of(data.close()).hex()
        return digest(name)

    def _line(self, node: int, event: str, fields: dict[str, Any]) -> dict[str, Any]:
        self.time += 1
        boot = self.boots[node]
        seq = self._seq.get((node, boot), 0)
        self._seq[(node, boot)] = seq + 1
        line = trace_line.line("r", node, boot, seq, self.time, 0, 0.0, event, fields)
        self.lines.append(line)
        return line

    # --- protocol ---------------------------------------------------------------------------

    def enter(self, slot: int, view: int, *nodes: int) -> None:
        for node in nodes or self.honest:
            self.emit(node, "EnterView", slot=slot, view=view)

    def vote(self, slot: int, view: int, phase: int, value: str, *nodes: int) -> None:
        for node in nodes or self.honest:
            self.emit(node, f"Vote{phase}", slot=slot, view=view, value=value)

    def propose(self, slot: int, view: int, value: str, node: int) -> None:
        self.emit(node, "Propose", slot=slot, view=view, value=value)

    def decide(self, slot: int, view: int, value: str, *nodes: int) -> None:
        for node in nodes or self.honest:
            self.emit(node, "Decide", slot=slot, view=view, value=value)

    def apply(self, slot: int, value: str, *nodes: int, ledger: str | None = None) -> None:
        for node in nodes or self.honest:
            self.emit(node, "Apply", slot=slot, value=value, digest=ledger or f"ledger {slot}")

    def rounds(self, slot: int, value: str, view: int = 0, phases: int = 4) -> None:
        """All nodes vote, phase by phase."""
        for phase in range(1, phases + 1):
            self.vote(slot, view, phase, value)

    def good_slot(self, slot: int, value: str | None = None, leader: int = 0) -> None:
        """The leader proposes, all vote, decide and apply."""
        value = value or f"value {slot}"
        if leader not in self.byzantine:
            self.propose(slot, 0, value, leader)
        self.rounds(slot, value)
        self.decide(slot, 0, value)
        self.apply(slot, value)
        if slot % limits.CHECKPOINT_SLOTS == 0:
            for node in self.honest:
                self.emit(node, "Checkpoint", slot=slot, digest=f"checkpoint {slot}")

    def message(self, sender: int, receiver: int, kind: int = Progress.KIND) -> None:
        """One that arrives."""
        sent = self.emit(sender, "Send", to=BROADCAST, kind=kind, slot=0, view=0)["lamport"]
        self.emit(receiver, "Receive", **{"from": sender, "sent": sent, "kind": kind})

    def reboot(self, node: int, journal: str = "ok", applied: int = 0, boot: int | None = None) -> None:
        """Killed and started again."""
        self.ground("BoardKill", board=node)
        if journal == "blank":
            self.ground("Erase", board=node)
        self.ground("BoardStart", board=node)
        first = BLANK_BOOT if journal in ("blank", "unreadable") else 0
        self.boots[node] = max(self.boots[node] + 1, first) if boot is None else boot
        self.emit(node, "Boot", version="1", journal=journal, applied_slot=applied)

    def resume(self, *alive: int) -> None:
        """The ground station died; another continues from the record."""
        self.boots[GROUND] += 1
        self.ground("Resume", resumed="r")
        for node in alive or range(self.replica_count):
            self.ground("Attach", board=node)

    def restore(self, node: int, slot: int, view: int = 0, **registers: tuple[int, str]) -> None:
        fields = {name: registers.get(name) for name in REGISTERS}
        self.emit(node, "Restore", slot=slot, view=view, **fields)

    def end(self, reason: str = "complete") -> "Script":
        self.ground("RunEnd", reason=reason)
        return self

    def write(self, path: Path) -> Path:
        path.write_text("".join(trace_line.encode(line) + "\n" for line in self.lines), encoding="utf-8")
        return path

    def quorum(self) -> list[int]:
        """The first honest nodes that make a quorum with the help of all Byzantine ones."""
        return self.honest[: self.replica_count - faults_max(self.replica_count) - len(self.byzantine)]

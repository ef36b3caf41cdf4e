"""The recorder: writes the trace of a run, a line for each event of a board or of the ground station.

Boards number their trace events within a boot, so a hole in the numbers proves a loss, and the verdict of such a run is
*incomplete*. The recorder reports it at once; `specs/checking/trace.py` finds it again in the file.

Rules
- Every line: run, node, boot, seq, lamport, ticks, received (mission seconds), event, then the event's fields.
- An event is written once: duplicates are counted and left out.
- Boards' data may be malformed: an unknown or malformed event becomes a `TraceError` line of the ground station, with
  the event in it. Nothing is dropped silently.
- Ground events have node 255, the ground's own boot number and sequence numbers without holes.
"""

import time
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple, Unpack

from amu.core import limits
from amu.core.errors import CodecError
from amu.wire.messages import Trace
from groundstation.record.line_log import LineLog, RecorderError
from specs.checking import trace_line
from specs.checking.schema import Fields
from specs.checking.trace import TraceError, require_readable
from specs.checking.trace_line import Told, decode_event, printable

__all__ = ["Gap", "Recorder", "RecorderError"]

# Boots of one board that are distinguished. A board that claims more (trace frames have no tag) is refused and counted.
BOOTS_MAX = 4096
GAPS_MAX = 4096  # kept for the report; all are counted


class Gap(NamedTuple):
    """Events `first_seq` to `next_seq` - 1 of a boot of a board never arrived."""

    node: int
    boot: int
    first_seq: int
    next_seq: int


class Recorder:
    """Writes the trace of `run` to `path`.

    clock: wall seconds, only to space the fsyncs. resume: continue the trace of a ground station that died. Its events
    are read, so duplicates and gaps are reported as if there had been one station. earlier: the run from which the
    trace at `path` was copied. Raises RecorderError.
    """

    def __init__(
        self,
        path: Path,
        run: str,
        clock: Callable[[], float] = time.monotonic,
        resume: bool = False,
        earlier: str | None = None,
    ) -> None:
        self.run = run
        self.boot = 0  # of the ground station in this run
        self.gaps: list[Gap] = []
        self.counts: Counter[str] = Counter()  # events, duplicates, gaps, errors, boots refused
        self.bytes: Counter[int] = Counter()  # written by this station, by node of the event
        self.lamport = 0  # latest Lamport time of the ground station; after a resume its clock starts above it
        self.received = 0.0  # latest receipt in the record; after a resume mission time continues from here
        self.listener: Callable[[Mapping[str, Any]], object] | None = None  # called with each line that is written
        self._seq = 0
        self._next_seq: dict[int, dict[int, int]] = {}  # node -> boot -> number of the next event
        self._joined: set[int] = set()  # boards that were running before the run
        self._log = LineLog(path, clock, resume)
        try:
            self._remember(run if earlier is None else earlier)
        except (RecorderError, KeyError, TypeError) as error:
            self._log.close()
            raise RecorderError(
                f"{path}: is not the trace of run {run!r} ({error!r}); choose a new run folder"
            ) from error

    @property
    def path(self) -> Path:
        """The trace file."""
        return self._log.path

    def _remember(self, owner: str) -> None:
        """Read the existing lines. `owner`: the run of the last ones; those before a `Resume` are of earlier runs."""
        run = owner
        for line in self._log.lines():
            run = line["run"]
            node, boot, seq = line["node"], line["boot"], line["seq"]
            self.received = max(self.received, line["received"])
            if node == limits.GROUND:
                self.lamport = max(self.lamport, line["lamport"])
                if line["event"] == "Attach":
                    self._joined.add(line["board"])
                self.boot = max(self.boot, boot + 1)
            else:
                self._advance(node, boot, seq, seq + 1)
        if run != owner:
            raise RecorderError(f"it is of run {run!r}")

    def ground(self, event: str, received: float, lamport: int, **fields: Unpack[Fields]) -> None:
        """Record an event of the ground station itself, one of `specs.checking.schema.GROUND_EVENTS`.

        received: mission seconds. Raises TraceError for an event that is not in the schema.
        """
        line, text = self._line(limits.GROUND, self.boot, self._seq, lamport, 0, received, event, fields)
        self._seq += 1
        # Ignore boards' times: one lying board would use up the clock of the resumed ground station.
        self.lamport = max(self.lamport, lamport)
        if event == "Attach":
            self._joined.add(fields["board"])
        self._append(fields.get("board", limits.GROUND), line, text, received)

    def trace(self, node: int, message: Trace, received: float) -> list[tuple[str, Told]]:
        """Record the events of a `Trace` message from the cable of `node`. Returns name and fields of the new ones.

        received: mission seconds. Raises RecorderError.
        """
        boot: int = message.boot
        first_seq: int = message.first_seq
        end = first_seq + len(message.events)
        start = self._advance(node, boot, first_seq, end)
        if start is None:
            self.counts["boots refused"] += 1
            self._error(node, boot, first_seq, received, f"more than {BOOTS_MAX} boots", message.events)
            return []
        self.counts["duplicates"] += min(start, end) - first_seq
        new = []
        for seq in range(start, end):
            event = self._event(node, boot, seq, message.ticks, received, message.events[seq - first_seq])
            if event is not None:
                new.append(event)
        return new

    def _advance(self, node: int, boot: int, first_seq: int, end: int) -> int | None:
        """Advance the boot's number to `end`. Returns the first new number, or None if there are too many boots."""
        boots = self._next_seq.setdefault(node, {})
        if boot not in boots and len(boots) >= BOOTS_MAX:
            return None
        # Events from before the run joined the board are not a gap.
        expected = boots.get(boot, first_seq if node in self._joined and not boots else 0)
        if first_seq > expected:
            self.counts["gaps"] += 1
            if len(self.gaps) < GAPS_MAX:
                self.gaps.append(Gap(node, boot, expected, first_seq))
        boots[boot] = max(expected, end)
        return max(expected, first_seq)

    def _event(
        self, node: int, boot: int, seq: int, ticks: int, received: float, event: object
    ) -> tuple[str, Told] | None:
        try:
            name, lamport, fields = decode_event(event)
            line, text = self._line(node, boot, seq, lamport, ticks, received, name, fields)
        except (CodecError, TraceError) as error:
            self._error(node, boot, seq, received, str(error), event)
            return None
        self._append(node, line, text, received)
        return name, fields

    def _error(self, node: int, boot: int, seq: int, received: float, reason: str, event: object) -> None:
        self.counts["errors"] += 1
        fields: Fields = {
            "board": node,
            "board_boot": boot,
            "board_seq": seq,
            "reason": reason,
            "data": printable(event),
        }
        self.ground("TraceError", received, self.lamport, **fields)

    def _line(
        self,
        node: int,
        boot: int,
        seq: int,
        lamport: object,
        ticks: int,
        received: float,
        event: str,
        fields: Mapping[str, object],
    ) -> tuple[dict[str, object], str]:
        """The line and its text. Raises TraceError if readers would reject it: one such line would spoil the trace."""
        line = trace_line.line(self.run, node, boot, seq, lamport, ticks, received, event, fields)
        text = trace_line.encode(line)
        require_readable(line, text)
        return line, text

    def _append(self, node: int, line: Mapping[str, Any], text: str, received: float) -> None:
        self.bytes[node] += len(text)
        self.received = max(self.received, received)
        self.counts["events"] += 1
        self._log.append(text)
        if self.listener is not None:
            self.listener(line)

    def flush(self) -> None:
        """Hand the lines so far to the operating system; at least once per second also force them to disk.

        Call it once per turn of the mission loop. Raises RecorderError when the disk is full.
        """
        self._log.flush()

    def close(self) -> None:
        """Flush, force to disk, close. Raises RecorderError if lines could not be kept."""
        self._log.close()

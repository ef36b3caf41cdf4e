"""Checks a recorded run: reads the trace once and checks each slot against the modules.

    check_trace(path, tlc=False, tell=ignore_progress) -> Verdict

Rules. If events are missing, the check goes as far as it can. A step that the module does not allow may then be due to
a missing event, so it becomes a note; a contradiction (two votes in one phase, two decisions, two ledgers) is always a
violation. Slots that began before the trace are reported as not checked (specs/checking/beginning.py). A property
counts as checked only if some event was compared with it; a trace of which nothing was checked is incomplete. A file
holds one run: after RunEnd, and with another run's name, only a Resume goes on.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from amu.core.limits import GROUND
from specs.checking import premises, trace
from specs.checking.consensus.conformance import AGREEMENT
from specs.checking.consensus.slots import TLC
from specs.checking.continuity import Continuity
from specs.checking.protocols import LEARNERS, PROTOCOLS, REPLICAS
from specs.checking.run import Checker, Run
from specs.checking.schema import FLIGHT_EVENTS
from specs.checking.swarm import Swarm
from specs.checking.trace import Event, TraceError
from specs.escape import escaped
from specs.verdict import ENDED_BY_ITSELF, NOT_CHECKED, Progress, Verdict, ignore_progress

__all__ = ["NO_PROGRESS_REASON", "TLC", "TraceChecker", "check_trace"]

NO_PROGRESS_REASON = "no progress"  # RunEnd.reason of a run that stopped deciding
EVENTS_TOGETHER = 512  # handled in one batch, which keeps the processor's caches warm

Feed = Callable[[Event], None]


def check_trace(path: Path | str, tlc: bool = False, tell: Progress = ignore_progress) -> Verdict:
    """The verdict on the trace at `path`. With `tlc`, TLC must accept the same steps. `tell` is called with progress.

    Raises TraceError if the file is not a trace, TlcError if TLC was requested and cannot be run.
    """
    checker = TraceChecker(tell)
    reader = trace.Reader(Path(path))
    try:
        for event in reader:
            checker.feed(event)
            if event.line % EVENTS_TOGETHER == 0:
                tell("bytes of the trace", reader.position, reader.size)
        return checker.conclude(tlc, reader.truncated)
    except TraceError as error:
        raise TraceError(f"{path}: {error}") from None


class TraceChecker:
    """One pass over a trace: hands each event to the checkers of the protocols that it belongs to.

    Feed it all events in the order in which they were received, then call `conclude` once. Events need not come from a
    file: a simulator feeds them as they happen. A TraceError about an event may be raised by a later call.
    """

    def __init__(self, tell: Progress = ignore_progress) -> None:
        self._tell = tell
        self.verdict = Verdict()
        self.continuity = Continuity()
        self._run: Run | None = None
        self._checkers: list[Checker] = []
        self._feeds: dict[str, dict[str, list[Feed]]] = {}  # by role of the board and name of the event
        self._node_count = 0  # replicas and learners
        self._name: str | None = None  # of the run, as the lines so far have it
        self._end: str | None = None
        self._first: Event | None = None
        self._events = 0
        self._seen: set[str] = set()  # names of events of honest boards
        self._waiting: list[Event] = []  # at most EVENTS_TOGETHER

    @property
    def run(self) -> Run:
        if self._run is None:
            first = self._first
            found = "no whole line is in it" if first is None else f"line {first.line} is {first.name}"
            raise TraceError(f"no RunStart event: {found}; want the whole record of a run, which begins with RunStart")
        return self._run

    @property
    def swarm(self) -> Swarm:
        return self.run.swarm

    def feed(self, event: Event) -> None:
        self._waiting.append(event)
        if len(self._waiting) == EVENTS_TOGETHER:
            self._look_at_waiting()

    def _look_at_waiting(self) -> None:
        waiting, self._waiting = self._waiting, []
        for event in waiting:
            self._look_at(event)

    def _look_at(self, event: Event) -> None:
        if self._end is not None or event.run != self._name or event.name == "Resume":
            self._go_on(event)
        self._events += 1
        if event.node == GROUND:
            self._on_ground(event)
            return
        run = self.run
        if event.node >= self._node_count:
            raise self._no_node(event, event.node)
        if event.node in run.swarm.byzantine:
            self.verdict.counts["events of byzantine nodes"] += 1
            return
        self.continuity.feed(event)
        self._seen.add(event.name)
        role = REPLICAS if event.node < run.swarm.replica_count else LEARNERS
        if role == REPLICAS and run.beginning.feed(event):
            run.log.join()
        for feed in self._feeds[role][event.name]:
            feed(event)

    def _no_node(self, event: Event, node: int) -> TraceError:
        told = f"as many as RunStart says with replica_count and learners, {self._node_count}"
        return TraceError(f"line {event.line}: there is no node {node} among {self._node_count}; want {told}")

    def _go_on(self, event: Event) -> None:
        """The first event, a Resume, one after the end of the run, or one of another run than those before it."""
        if event.node == GROUND and event.name == "Resume":
            resumed = event.fields["resumed"]
            if self._name not in (None, resumed):
                raise TraceError(
                    f"line {event.line}: Resume of run {escaped(resumed)} in the trace of run {escaped(self._name)}; "
                    "want the name on the lines before it"
                )
            self._end, self._name, self._first = None, event.run, self._first or event
        elif not self._events:
            self._name, self._first = event.run, event
        elif event.run != self._name:
            raise TraceError(
                f"line {event.line}: an event of run {escaped(event.run)} in the trace of run {escaped(self._name)}; "
                "want a file for each run: only a Resume goes on with another"
            )
        else:
            raise TraceError(
                f"line {event.line}: {event.name} of node {event.node} after RunEnd, which ends the trace; "
                "only a Resume goes on"
            )

    def _start(self, event: Event) -> None:
        fields = event.fields
        if self._run is not None:
            raise TraceError(f"line {event.line}: a second RunStart; want a file for each run")
        strangers = [node for node in fields["byzantine"] if node >= fields["replica_count"]]
        if strangers:
            raise TraceError(
                f"line {event.line}: RunStart.byzantine names node {strangers[0]}; "
                f"want numbers below the replica count, {fields['replica_count']}"
            )
        swarm = Swarm(fields["replica_count"], frozenset(fields["byzantine"]), fields["window_slots"])
        learners = trace.learner_count(event)
        self._node_count = swarm.replica_count + learners
        messages, uplinks = trace.says(event, "traces_messages"), trace.says(event, "traces_uplinks")
        self._run = Run(swarm, self.verdict, self.continuity, learners, messages, uplinks, self._tell)
        self._feeds = {role: {name: [] for name in FLIGHT_EVENTS} for role in (REPLICAS, LEARNERS)}
        for protocol in PROTOCOLS:
            if protocol.boards == (LEARNERS,) and not learners:
                continue
            self.verdict.expect(*protocol.properties)
            checker = protocol.checker(self._run)
            self._checkers.append(checker)
            for role in protocol.boards:
                for name in protocol.events or FLIGHT_EVENTS:
                    self._feeds[role][name].append(checker.feed)
        if not swarm.is_tolerable:
            self.verdict.note(swarm.warning)

    def _on_ground(self, event: Event) -> None:
        told = event.fields.get("board")  # of some events a further field, which the schema does not check
        board = told if type(told) is int else None
        if board is not None and self._run is not None and board >= self._node_count:
            raise self._no_node(event, board)
        # A liar's events are not judged, so an unreadable one leaves no question open.
        is_of_liar = self._run is not None and board in self._run.swarm.byzantine
        if event.name == "TraceError" and is_of_liar:
            self.verdict.counts["unreadable events of byzantine nodes"] += 1
        if event.name == "Resume":
            self.verdict.resumed.append(event.fields["resumed"])
        self.continuity.feed(event, is_of_liar)
        for checker in self._checkers:
            checker.ground(event)
        if event.name == "RunStart":
            self._start(event)
        elif event.name == "RunEnd":
            self._end = event.fields["reason"]
        elif event.name == "Attach" and self._run is not None:
            if self._run.beginning.attach(event):
                self._run.log.join()
        elif event.name == "Health" and self._run is not None:
            self._run.beginning.health(event)
        elif event.name == "Telecommand":
            self.verdict.counts[f"telecommands {event.fields['stage']}"] += 1

    # --- the verdict ----------------------------------------------------------------------------

    def conclude(self, tlc: bool = False, is_truncated: bool = False) -> Verdict:
        """The verdict. `is_truncated`: the file's last line was cut off. Raises TraceError and TlcError (see above)."""
        self._look_at_waiting()
        self._look_for_what_is_missing(is_truncated)
        for checker in self._checkers:
            checker.finish(tlc)
        self._look_for_what_was_not_held()
        return self.verdict

    def _look_for_what_is_missing(self, is_truncated: bool) -> None:
        verdict, run, continuity = self.verdict, self.run, self.continuity
        verdict.counts["events"] = self._events
        replicas = [boots for node, boots in continuity.boots.items() if node < run.swarm.replica_count]
        verdict.counts["boots of honest boards"] = sum(map(len, replicas))
        if continuity.restarts:
            verdict.counts[ENDED_BY_ITSELF] = len(continuity.restarts)
        for restart in continuity.restarts:
            verdict.note(restart)
        for problem in (*map(str, run.holes()), *continuity.unexplained, *continuity.errors):
            verdict.miss(problem)
        if is_truncated:
            verdict.miss("the last line is cut off")
        if self._end is None:
            verdict.miss("no RunEnd: the recorder stopped before the run did")
        verdict.stalled = self._end == NO_PROGRESS_REASON

    def _look_for_what_was_not_held(self) -> None:
        """Mark vacuous properties as not checked: those that no event could have broken."""
        verdict = self.verdict
        premises.look(verdict, self._seen)
        for checker in self._checkers:
            for identifier in checker.not_held():
                verdict.doubt(identifier, "nothing of it could be judged")
        if not any(state != NOT_CHECKED for state in verdict.invariants.values()):
            verdict.miss("no event of an honest board was compared with a module: nothing was checked")
        elif not verdict.counts["slots decided"] and not verdict.stalled:
            verdict.miss(f"no slot was seen to be decided: agreement ({AGREEMENT}) was not checked")

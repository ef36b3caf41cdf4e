"""One simulated run, from a scenario to an outcome: the world flies, and modules and oracles check each step.

    simulate(scenario) -> Outcome           run_seed(seed, nodes, slots) -> Outcome, of the scenario drawn from the seed

Oracles, by identifier: those of the trace checker (CON, LOG, LED, ORD, LNK, MUT, SNP, FDT), SIM-LOG (one hash-linked
log), SIM-ASKED (only submitted operations are applied), SIM-JOURNAL (flash equals memory), SIM-MEMORY (bounded),
SIM-LIN (client histories are linearizable), SIM-LIVE (the healthy core makes progress), SIM-LAG (a board that is behind
and hears the others catches up), SIM-TIMER (each timer keeps its bound, and returns to its start on progress),
SIM-REACH (no board believes others further than they can be), SIM-CRASH (flight code raised).
"""

import re
import traceback
from collections import Counter
from pathlib import Path
from typing import TextIO

from groundstation.scenario import mission_end
from groundstation.scenario.mission_end import MissionEnd, Standing
from groundstation.scenario.model import Scenario, ScenarioError
from specs.checking.check import TraceChecker
from specs.checking.trace import Event
from specs.verdict import INCOMPLETE, NO_PROGRESS, PASS, VIOLATION, Verdict
from swarm_sim.draw.draw import NODES_DEFAULT, SLOTS_DEFAULT, draw
from swarm_sim.oracles import histories, journal, liveness, memory
from swarm_sim.oracles.agreement import Agreement
from swarm_sim.oracles.conditions import LOOK_TICKS as WATCH_TICKS
from swarm_sim.oracles.conditions import Conditions
from swarm_sim.oracles.finding import Finding
from swarm_sim.oracles.laggards import Laggards
from swarm_sim.oracles.reach import Reach
from swarm_sim.oracles.timers import Timers
from swarm_sim.oracles.validity import Validity
from swarm_sim.outcome import CRASH, Outcome
from swarm_sim.world.board import Board
from swarm_sim.world.events import Sink, open_trace
from swarm_sim.world.marks import Marks
from swarm_sim.world.world import FlightCodeCrash, World

LOOK_TICKS = 5  # how often the run checks whether it is over
WEIGH_TICKS = 200  # how often nodes are weighed
CRASHED = "SIM-CRASH"


def run_seed(seed: int, nodes: int = NODES_DEFAULT, slots: int = SLOTS_DEFAULT) -> Outcome:
    """The outcome of the scenario that is drawn from `seed`."""
    return simulate(draw(seed, nodes, slots))


def simulate(
    scenario: Scenario, trace: Path | None = None, is_encoded: bool = False, is_checked: bool = True
) -> Outcome:
    """Fly `scenario`. `trace`: the file to write. `is_checked`: ask the oracles. Raises ScenarioError, OSError."""
    if scenario.hardware_faults():
        raise ScenarioError(
            f"scenario {scenario.name}: the simulator has no lines and no chips, it cannot play "
            f"{', '.join(scenario.hardware_faults())}; fly it on boards: amu rehearse"
        )
    if scenario.procedure is not None or scenario.injects:
        raise ScenarioError(
            f"scenario {scenario.name}: the simulator has no crew, it cannot fly a procedure or play injects; fly it "
            "on boards: amu rehearse, or remove [procedure] and [[injects]]"
        )
    if trace is None:
        return Simulation(scenario, None, is_encoded, is_checked).fly()
    with open_trace(trace) as file:
        return Simulation(scenario, file, is_encoded, is_checked).fly()


def faulty(scenario: Scenario) -> frozenset[int]:
    """The boards of which nothing is required: liars, and those whose flash deceives them."""
    misled = {fault.node for fault in scenario.board_faults if fault.kind == "misdirected_write"}
    return frozenset({*scenario.byzantine_nodes(), *misled})


class Simulation:
    """One run. Call `fly` once; then read `world`, `verdict` and `findings`."""

    def __init__(
        self,
        scenario: Scenario,
        file: TextIO | None,
        is_encoded: bool,
        is_checked: bool,
        later: frozenset[int] = frozenset(),
    ) -> None:
        """`later`: boards that are sound now, and of which nothing is required because they will not be."""
        self.scenario = scenario
        self.findings: list[Finding] = []
        self.verdict: Verdict | None = None
        self._excused = faulty(scenario)  # at present: the mission does not wait for them
        self._faulty = self._excused | later  # at any time
        self._checker = TraceChecker() if is_checked else None
        self._agreement = Agreement(self._faulty)
        self._marks = Marks(self._faulty)
        sinks: list[Sink] = []
        step_sinks: list[Sink] = []
        if self._checker is not None:
            sinks = [self._checker.feed]
            step_sinks = [self._agreement.feed, self._marks.feed, lambda event: self._look_further(event)]
        self.world = World(scenario, self._faulty, sinks, file, is_encoded, step_sinks)
        self._validity = Validity(self._faulty, self.world.operators.asked)
        view_ticks = scenario.view_timeout_ticks()
        self._conditions = Conditions(self.world, self._faulty)
        self.laggards = Laggards(self._conditions, self.world.boards, self._faulty, view_ticks)
        self._reach = Reach(self.world.boards, self._faulty)
        self._timers = Timers(self.world.boards, self._faulty, view_ticks)
        self._end = MissionEnd(scenario)
        self._applied: dict[int, int] = {}
        self._reason: str | None = None
        self._waits_for: list[str] = []

    # --- the run --------------------------------------------------------------------------------

    def change(self, scenario: Scenario) -> None:
        """From now on `scenario` says which boards are sound."""
        self.scenario = scenario
        self._excused = faulty(scenario)

    def fly(self) -> Outcome:
        """Run to the end and judge."""
        world = self.world
        crash: FlightCodeCrash | None = None
        try:
            world.begin()
            world.at(0.0, self._look)
            if self._checker is not None:
                world.at(0.0, self._weigh)
                world.at(0.0, self._watch)
                world.on_kill = self._on_kill
            world.run(float("inf"))
            for board in world.boards:
                world.on_kill(board)
            if self._checker is not None:
                self._weigh()
        except FlightCodeCrash as error:
            crash = error
        if self._reason is not None:
            world.end(self._reason, self._waits_for)
        return self._judge(crash)

    def _look(self) -> None:
        """Is the run over?"""
        world = self.world
        if self.findings or any(oracle.finding is not None for oracle in self._step_oracles()):
            world.stop()
            return
        standing = self._standing()
        self._reason = self._end.look(standing)
        world.operators.is_asking = self._end.wants_more(standing)
        if self._reason is None:
            world.at(world.now + LOOK_TICKS * world.tick_seconds, self._look)
            return
        liars = {entry.node: entry.adversary for entry in self.scenario.byzantine}
        self._waits_for = self._end.lacks(self._reason, standing, lambda slot: liveness.slot(world.boards, liars, slot))
        world.stop()

    def _standing(self) -> Standing:
        world, operators = self.world, self.world.operators
        sound = [board for board in world.boards if board.node not in self._excused]
        up = {board.node for board in sound if board.flight is not None}
        before = self._applied
        self._applied = {board.node: before.get(board.node, 0) for board in sound}
        self._applied |= {node: world.boards[node].flying.applied_slot for node in up}
        return Standing(
            now=world.now,
            applied=self._applied,
            up=up,
            issued=len(operators.history),
            confirmed=operators.confirmed,
            open_count=operators.open_count,
            faults_due=lambda: world.faults_due(self._end.deadline),
        )

    def _judged(self) -> list[Board]:
        """Boards that must make progress."""
        calm = self.scenario.liveness
        nodes = calm.core if calm else [n for n in range(self.scenario.mission.boards) if n not in self._faulty]
        return [self.world.boards[node] for node in sorted(nodes)]

    # --- oracles --------------------------------------------------------------------------------

    def _step_oracles(self) -> tuple[Agreement, Validity, Reach]:
        return self._agreement, self._validity, self._reach

    def _look_further(self, event: Event) -> None:
        self._validity.feed(event)
        self._reach.feed(event)

    def _on_kill(self, board: Board) -> None:
        if board.flight is not None and board.node not in self._faulty:
            self._find(journal.check(board))

    def _weigh(self) -> None:
        for board in self.world.boards:
            if board.flight is not None:
                self._find(memory.check(board.node, board.flight, self.scenario.mission.boards))
        self.world.at(self.world.now + WEIGH_TICKS * self.world.tick_seconds, self._weigh)

    def _watch(self) -> None:
        """Is a board left behind, or a timer overdue?"""
        self._conditions.look()
        self._find(self.laggards.look())
        self._find(self._timers.look())
        self._reach.look()
        self.world.at(self.world.now + WATCH_TICKS * self.world.tick_seconds, self._watch)

    def _find(self, finding: Finding | None) -> None:
        if finding is not None:
            self.findings.append(finding)

    # --- the verdict ----------------------------------------------------------------------------

    def _judge(self, crash: FlightCodeCrash | None) -> Outcome:
        for oracle in self._step_oracles():
            self._find(oracle.finding)
        if self._checker is not None and crash is None:
            self.verdict = self._checker.conclude()
            # A module names the broken rule, a history does not: so ask histories only if no module objects.
            if self.verdict.verdict != VIOLATION and not self.findings:
                operators = self.world.operators
                boards = self.scenario.mission.boards
                self._find(histories.check(operators.history, boards, operators.contradictions))
        verdict, finding = PASS, None
        if crash is not None:
            verdict, finding = CRASH, _of_crash(crash)
        elif self.findings:
            verdict, finding = VIOLATION, self.findings[0]
        if self.verdict is not None:
            finding = finding or _of_verdict(self.verdict)
            if self.verdict.verdict in (VIOLATION, INCOMPLETE) and verdict == PASS:
                verdict = self.verdict.verdict
        if verdict == PASS and self._reason == mission_end.NO_PROGRESS:
            verdict = NO_PROGRESS
            finding = liveness.explain(self._judged(), self.world.operators.open_count, self._waits_for)
        if verdict == PASS and self._reason == mission_end.INTERRUPTED:
            verdict = INCOMPLETE
            finding = Finding("mission", "a board fault did not come before the limit", "\n".join(self._waits_for))
        seed = self.scenario.mission.seed
        told = (finding.oracle, finding.cause, finding.detail) if finding is not None else ("", "", "")
        return Outcome(
            seed, verdict, *told, counts=self._counts(), marks=self._marks.reached(self.world.network.counts)
        )

    def _counts(self) -> dict[str, int]:
        world = self.world
        counts = Counter(
            deliveries=world.deliveries,
            slots=self._end.slots,
            operations=world.operators.confirmed,
            events=world.log.count,
            milliseconds=int(world.now * 1000 / self.scenario.mission.speed),
        )
        if self.verdict is not None:
            counts["steps"] = sum(self.verdict.steps.values())
        return dict(counts)


def _of_verdict(verdict: Verdict) -> Finding | None:
    """The trace checker's first objection to the run."""
    if verdict.violations:
        oracle, _, what = verdict.violations[0].partition(": ")
        return Finding(oracle, _normalised(_last_reason(what)), verdict.violations[0])
    if verdict.missing:
        return Finding("trace", _normalised(verdict.missing[0]), "\n".join(verdict.missing))
    return None


def _last_reason(what: str) -> str:
    """From an explanation of several lines: the event's name, and why it is not a step."""
    lines = [line.strip() for line in what.split("\n") if line.strip()]
    event = re.search(r"Lamport time \d+: (\w+)", lines[0])
    reason = lines[1] if len(lines) > 1 else lines[0]
    return f"{event[1]}: {reason}" if event else reason


def _normalised(text: str) -> str:
    """Without what differs from run to run: numbers, digests, names of values."""
    text = re.sub(r"\b[0-9a-f]{8,}(\.\.)?", "#", text)
    text = re.sub(r"\bv\d+\b", "v", text)
    return re.sub(r"\d+", "#", text)[:200]


def _of_crash(crash: FlightCodeCrash) -> Finding:
    frames = traceback.extract_tb(crash.cause.__traceback__)
    place = f"{Path(frames[-1].filename).name}:{frames[-1].name}" if frames else "?"
    detail = "".join(traceback.format_exception(crash.cause))
    return Finding(
        CRASHED, _normalised(f"{type(crash.cause).__name__} in {place}: {crash.cause}"), f"{crash}\n{detail}"
    )

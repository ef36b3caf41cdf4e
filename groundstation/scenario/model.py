"""Scenario files: the missions of rehearsals, written in TOML, read into checked models.

A scenario is the whole description of a mission except its seed: boards, speed, workload, link faults, board faults and
Byzantine boards. All times are mission seconds, so a scenario reads like a mission plan at any speed; `speed` says how
many mission seconds pass per second of wall time. The boards' tick is the exception: it is a property of the board's
clock and is given in its own milliseconds.

A bad file raises ScenarioError with file, line and field, and with what was expected.
"""

import tomllib
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import Field, ValidationError, model_validator

from amu.boards.config import FILES, JOURNALS, PERIOD_TICKS_MAX, TICK_MS_MAX, VIEW_TIMEOUT_TICKS_MAX
from amu.core import limits
from groundstation.faults.board_fault import HARDWARE_FAULTS, MEMORY_FAULTS, BoardFault, Moment, PositiveSeconds, Strict
from groundstation.faults.kinds import FaultRule
from groundstation.faults.plan import FaultPlan, Heal
from groundstation.scenario import adversaries, procedures
from groundstation.scenario.alarms import ALARMS_MAX, Alarm, defaults
from groundstation.scenario.errors import did_you_mean, explain, explain_syntax
from groundstation.scenario.procedures import INJECTS_MAX, Inject, Procedure
from groundstation.scenario.toml_text import Document
from groundstation.scenario.workload import DEFAULT_MIX, KINDS
from specs import files
from specs.escape import MultilineError, escaped

SUFFIX = ".toml"
_MISSIONS = resources.files("groundstation.scenario").joinpath("missions")  # shipped with the package
TICKS_MIN = 4  # a view timer shorter than this expires before a proposal can be answered

SPEED_MIN = 1e-6
BOARD_FAULTS_MAX = 1000
NAME_LENGTH_MAX = 60  # of a scenario; it is part of the names of run folders
TEXT_BYTES_MAX = 2**20
NESTING_MAX = 16


class ScenarioError(MultilineError):
    """A scenario that cannot be flown. Each mistake has a line: where, what, and what was expected."""


if TYPE_CHECKING:
    JournalKind = str
else:
    JournalKind = Literal[JOURNALS]


class MissionSpec(Strict):
    """Size, seed, speed and end of the mission."""

    boards: int = Field(default=4, ge=limits.REPLICAS_MIN, le=limits.REPLICAS_MAX, description="number of boards")
    seed: int = Field(default=1, ge=0, lt=1 << 64, description="of the workload and of every fault")
    journal: JournalKind = Field(default=FILES, description="where boards keep their votes: files or raw flash pages")
    speed: float = Field(default=1.0, ge=SPEED_MIN, le=100_000, description="mission seconds in a second of wall time")
    slots: int = Field(default=50, ge=1, le=limits.SLOT_MAX, description="decided slots; then the mission may end")
    limit_seconds: PositiveSeconds = Field(default=120.0, description="mission time after which it is aborted")
    no_progress_seconds: PositiveSeconds = Field(default=30.0, description="without a decision: no progress")
    settle_seconds: PositiveSeconds = Field(default=3.0, description="for the last boards to catch up at the end")
    ground: int = Field(
        default=0,
        ge=0,
        lt=limits.REPLICAS_MAX,
        description="board beside which the crew sits: what others say takes the light time from them to be known",
    )


class Clock(Strict):
    """The boards' own timing."""

    tick_ms: int = Field(default=10, ge=1, le=TICK_MS_MAX, description="milliseconds of the board's clock in a tick")
    view_timeout_seconds: PositiveSeconds = Field(default=1.0, description="mission time before the first view change")
    trace_messages: bool = Field(default=True, description="trace each Send and Receive")


class Ops(Strict):
    """What the boards do among themselves, besides the agreed ledger."""

    turn_seconds: PositiveSeconds | None = Field(default=None, description="each requests the mutex this often")
    snapshot_seconds: PositiveSeconds | None = Field(default=None, description="each takes a snapshot this often")


class WorkloadSpec(Strict):
    """What the operators submit."""

    operations: int = Field(
        default=100, ge=0, le=1_000_000, description="at least this many, until the slots are decided"
    )
    in_flight: int = Field(default=6, ge=1, le=limits.OPERATIONS_PER_CLIENT_MAX, description="unconfirmed at a time")
    pause_seconds: Moment = Field(default=0.0, description="from a confirmation to the next operation in its place")
    mix: dict[Literal[KINDS], Annotated[int, Field(ge=0, le=1000)]] = Field(  # type: ignore[valid-type]
        default_factory=lambda: dict(DEFAULT_MIX), description="weight of each kind of command"
    )


class Liveness(Strict):
    """From mission second `at` on, a core of boards that suffices for a quorum has no more faults.

    Links within the core are clean: no fault rule applies. Core boards that are down are started, paused and slowed
    ones recover, and no board fault strikes them. A board outside the core that is down stays down, even if its
    `restart_after` ends after `at`. A mission that has not reached its slots and confirmed all operations by `at +
    bound_seconds` has made no progress. Until then the swarm may stand still, so this bound replaces the mission's own
    two.
    """

    core: list[Annotated[int, Field(ge=0, lt=limits.REPLICAS_MAX)]] = Field(
        min_length=1, max_length=limits.REPLICAS_MAX, description="boards that suffice for a quorum"
    )
    at: Moment = Field(description="mission second from which on they have no faults")
    bound_seconds: PositiveSeconds = Field(description="time after that within which the work must be done")


class Byzantine(Strict):
    """A board that runs an adversary on top of the flight software."""

    node: int = Field(ge=0, lt=limits.REPLICAS_MAX, description="the board that lies")
    adversary: str = Field(min_length=1, description="name of the adversary")
    parameters: dict[str, int | str | bool] = Field(default_factory=dict, description="parameters of the adversary")


class Scenario(Strict):
    """One mission, as written or as flown (with the command line's options applied)."""

    name: str = Field(
        pattern=r"^[a-z0-9][a-z0-9-]*$", max_length=NAME_LENGTH_MAX, description="small letters, digits and dashes"
    )
    description: str = Field(min_length=1, description="what the mission is, in a sentence")
    allow_too_many_faults: bool = Field(default=False, description="fly with more liars than the protocol tolerates")
    mission: MissionSpec = Field(default_factory=MissionSpec)
    clock: Clock = Field(default_factory=Clock)
    ops: Ops = Field(default_factory=Ops)
    workload: WorkloadSpec = Field(default_factory=WorkloadSpec)
    faults: list[FaultRule] = Field(default_factory=list)
    board_faults: list[BoardFault] = Field(default_factory=list, max_length=BOARD_FAULTS_MAX)
    byzantine: list[Byzantine] = Field(default_factory=list)
    liveness: Liveness | None = None
    alarms: list[Alarm] = Field(default_factory=list, max_length=ALARMS_MAX)
    procedure: Procedure | None = None
    injects: list[Inject] = Field(default_factory=list, max_length=INJECTS_MAX)

    @model_validator(mode="after")
    def _nodes_exist(self) -> Self:
        boards = self.mission.boards
        named = [(f"board_faults[{index}].node", fault.node) for index, fault in enumerate(self.board_faults)]
        named += [(f"byzantine[{index}].node", entry.node) for index, entry in enumerate(self.byzantine)]
        named += [(f"alarms[{i}].boards", node) for i, alarm in enumerate(self.alarms) for node in alarm.boards or ()]
        named += [("mission.ground", self.mission.ground)]
        named += [("liveness.core", node) for node in (self.liveness.core if self.liveness else [])]
        for field, node in named:
            if node >= boards:
                raise ValueError(f"{field}: there is no board {node}, only 0 to {boards - 1}")
        nodes = [entry.node for entry in self.byzantine]
        if len(set(nodes)) != len(nodes):
            raise ValueError("byzantine: a board is named twice; give each board one adversary")
        alarm_names = [alarm.name for alarm in self.alarms]
        if len(set(alarm_names)) != len(alarm_names):
            raise ValueError("alarms: two have one name; give each alarm a name of its own")
        return self

    @model_validator(mode="after")
    def _procedure_fits(self) -> Self:
        procedures.check(self.procedure, self.injects, self.mission.boards)
        return self

    @model_validator(mode="after")
    def _adversaries_known(self) -> Self:
        known = adversaries.names()
        for index, entry in enumerate(self.byzantine):
            field = "parameters" if entry.adversary in known else "adversary"
            try:
                adversaries.check(entry.adversary, entry.parameters, entry.node, self.mission.boards)
            except ValueError as error:
                hint = did_you_mean(entry.adversary, known) if field == "adversary" else ""
                raise ValueError(f"byzantine[{index}].{field}: {error}{hint}") from error
        return self

    @model_validator(mode="after")
    def _fault_plan_holds(self) -> Self:
        try:
            plan = self.fault_plan()
            plan.require_nodes(self.mission.boards)
            plan.require_few_copies(self.mission.boards)
        except ValidationError as error:
            raise ValueError("faults: " + error.errors()[0]["msg"].removeprefix("Value error, ")) from error
        except ValueError as error:
            raise ValueError(f"faults: {error}") from error
        return self

    @model_validator(mode="after")
    def _faults_tolerable(self) -> Self:
        boards, bound = self.mission.boards, limits.faults_max(self.mission.boards)
        liars, forgetful = self.byzantine_nodes(), self.memory_faults()
        at_fault = sorted({*liars, *forgetful})
        if len(at_fault) <= bound or self.allow_too_many_faults:
            return self
        advice = "fly more boards, or set allow_too_many_faults = true to see what breaks"
        if len(liars) > bound:
            raise ValueError(
                f"byzantine: {len(liars)} Byzantine boards, but {boards} boards tolerate {bound}; {advice}"
            )
        raise ValueError(
            f"board_faults: boards {at_fault} lie or may forget what they acknowledged ({', '.join(MEMORY_FAULTS)}), "
            f"but {boards} boards tolerate {bound}; {advice}"
        )

    @model_validator(mode="after")
    def _core_suffices(self) -> Self:
        if self.liveness is None:
            return self
        core, boards = self.liveness.core, self.mission.boards
        quorum = boards - limits.faults_max(boards)
        if len(set(core)) != len(core):
            raise ValueError("liveness.core: a board is named twice")
        liars = sorted({*core} & {*self.byzantine_nodes()})
        if liars:
            raise ValueError(f"liveness.core: board {liars[0]} is Byzantine; the core must be of correct boards")
        if len(core) < quorum:
            raise ValueError(f"liveness.core: {len(core)} boards are not a quorum of {boards}; want at least {quorum}")
        return self

    @model_validator(mode="after")
    def _faults_come_in_time(self) -> Self:
        deadline = self.deadline_seconds()
        planned = [(f"board_faults[{index}].at", fault.at) for index, fault in enumerate(self.board_faults)]
        planned += [(f"faults[{index}].start", rule.start) for index, rule in enumerate(self.faults)]
        bound = "mission.limit_seconds" if self.liveness is None else "liveness.at + liveness.bound_seconds"
        for field, at in planned:
            if at >= deadline:
                raise ValueError(
                    f"{field}: {at:g} s is not before the mission's end at {deadline:g} s ({bound}), so it would never "
                    f"happen; want an earlier time or a later end"
                )
        return self

    @model_validator(mode="after")
    def _timer_fits_the_tick(self) -> Self:
        if self.view_timeout_ticks() < TICKS_MIN:
            raise ValueError(
                f"clock.view_timeout_seconds: at speed {self.mission.speed:g} it is shorter than {TICKS_MIN} ticks of "
                f"{self.clock.tick_ms} ms; want at least {TICKS_MIN * self.clock.tick_ms / 1000 * self.mission.speed:g}"
            )
        if self.view_timeout_ticks() > VIEW_TIMEOUT_TICKS_MAX:
            raise ValueError(
                f"clock.view_timeout_seconds: at speed {self.mission.speed:g} it is longer than "
                f"{VIEW_TIMEOUT_TICKS_MAX} ticks of {self.clock.tick_ms} ms; want longer ticks or a shorter timer"
            )
        return self

    def view_timeout_ticks(self) -> int:
        """The first view timer in board ticks."""
        return self._ticks(self.clock.view_timeout_seconds)

    def period_ticks(self, seconds: float | None) -> int:
        """A period in board ticks, 0 for never."""
        return 0 if seconds is None else max(1, min(self._ticks(seconds), PERIOD_TICKS_MAX))

    def tick_seconds(self) -> float:
        """A board tick in mission seconds."""
        return self.clock.tick_ms / 1000 * self.mission.speed

    def _ticks(self, seconds: float) -> int:
        return int(seconds / self.mission.speed * 1000 / self.clock.tick_ms)

    def deadline_seconds(self) -> float:
        """The mission second by which the work must be done."""
        return self.mission.limit_seconds if self.liveness is None else self.liveness.at + self.liveness.bound_seconds

    def fault_plan(self) -> FaultPlan:
        """The fault plan of the ether, with the mission's seed."""
        heal = None if self.liveness is None else Heal(core=tuple(self.liveness.core), at=self.liveness.at)
        return FaultPlan(seed=self.mission.seed, rules=tuple(self.faults), heal=heal)

    def all_alarms(self) -> list[Alarm]:
        """The scenario's alarms, or the usual ones."""
        return self.alarms or defaults(self.mission.speed)

    def byzantine_nodes(self) -> list[int]:
        """Boards that run an adversary, ascending."""
        return sorted(entry.node for entry in self.byzantine)

    def memory_faults(self) -> list[int]:
        """Boards whose flash may lose acknowledged writes, ascending. Like Byzantine ones they count towards f."""
        return sorted({fault.node for fault in self.board_faults if fault.kind in MEMORY_FAULTS})

    def hardware_faults(self) -> list[str]:
        """Kinds of board faults that only boards can play, sorted."""
        return sorted({fault.kind for fault in self.board_faults if fault.kind in HARDWARE_FAULTS})

    def flown(self, boards: int | None = None, seed: int | None = None, speed: float | None = None) -> "Scenario":
        """The scenario with the command line's options in place of its own. Raises ScenarioError.

        The number of frames grows with the square of the number of boards, but the host's speed does not. With more
        boards than in the scenario, ticks, timers and limits grow alike; otherwise boards would repeat every message
        before it was received.
        """
        document = self.model_dump(mode="json", exclude_unset=True)
        mission, clock = document.setdefault("mission", {}), document.setdefault("clock", {})
        growth = (boards / self.mission.boards) ** 2 if boards is not None else 1.0
        if growth > 1:
            clock["tick_ms"] = min(int(self.clock.tick_ms * growth), TICK_MS_MAX)
            clock["view_timeout_seconds"] = self.clock.view_timeout_seconds * growth
            for name in ("limit_seconds", "no_progress_seconds", "settle_seconds"):
                mission[name] = getattr(self.mission, name) * growth
            if self.liveness is not None:
                document["liveness"]["bound_seconds"] = self.liveness.bound_seconds * growth
        options = {"boards": boards, "seed": seed, "speed": speed}
        mission.update({name: value for name, value in options.items() if value is not None})
        return parse(document, f"scenario {self.name}")


def shipped() -> list[str]:
    """Names of the shipped scenarios, sorted."""
    return sorted(entry.name.removesuffix(SUFFIX) for entry in _MISSIONS.iterdir() if entry.name.endswith(SUFFIX))


def source(name_or_path: str) -> tuple[str, str]:
    """(text, location) of a shipped scenario or of a file. Raises ScenarioError."""
    path = Path(name_or_path)
    if path.suffix == SUFFIX or "/" in name_or_path or _is_there(path):
        try:
            return files.read_text(path, TEXT_BYTES_MAX), str(path)
        except files.FileError as error:
            raise ScenarioError(f"{escaped(path)}: cannot be read as a scenario file: {error}") from error
    if name_or_path not in shipped():
        raise ScenarioError(
            f"no scenario {name_or_path!r}{did_you_mean(name_or_path, shipped())}; "
            f"shipped are {', '.join(shipped())}, or give the path of a {SUFFIX} file"
        )
    return _MISSIONS.joinpath(name_or_path + SUFFIX).read_text(encoding="utf-8"), name_or_path + SUFFIX


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):  # not a valid file name
        return False


def load(name_or_path: str) -> Scenario:
    """Read and check a scenario. Raises ScenarioError with file, line and field."""
    text, where = source(name_or_path)
    try:
        document = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise ScenarioError(explain_syntax(error, where)) from error
    if _is_deep(document):
        raise ScenarioError(
            f"{escaped(where)}: nested more than {NESTING_MAX} deep; no scenario needs such tables or lists"
        )
    return parse(document, where, text)


def _is_deep(document: Document) -> bool:
    """Whether containers nest more than NESTING_MAX deep. Goes level by level: recursion could go too deep."""
    level: list[object] = [document]
    for _ in range(NESTING_MAX):
        containers = [node for node in level if isinstance(node, list | dict)]
        level = [child for node in containers for child in (node.values() if isinstance(node, dict) else node)]
    return any(isinstance(node, list | dict) for node in level)


def parse(document: Document, where: str, text: str = "") -> Scenario:
    """Check a document. `text` is its TOML source, for line numbers. Raises ScenarioError."""
    try:
        return Scenario.model_validate(document)
    except ValidationError as error:
        raise ScenarioError("\n".join(explain(item, Scenario, where, text) for item in error.errors())) from error

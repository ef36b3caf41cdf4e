"""What is in the JSON files of a run's folder; `run_directory.read_as` checks a file against it."""

from typing import NotRequired, TypedDict

from groundstation.record.shape import Number


class About(TypedDict):
    """run.json. `boards` is relative to the run's folder, so that a run can be moved, or else absolute."""

    run: str
    scenario: str
    seed: int
    kind: str
    kinds: NotRequired[list[str]]  # of each node
    plays: NotRequired[list[list[str]]]  # the board faults that each can
    cluster: NotRequired[str]  # of the swarm's keys
    epoch: NotRequired[int]
    started: NotRequired[str]  # UTC
    boards: NotRequired[str]
    resumed: NotRequired[str | None]  # the run that this one goes on with


class Diagnosed(TypedDict):
    """What a diagnosis found: see `groundstation.flight.diagnosis`."""

    board: int
    at: float
    name: str
    what: str
    advice: str


class Summary(TypedDict):
    """A mission's own summary, the member `mission` of verdict.json. A judgement reads what is required."""

    outcome: str
    mission_seconds: float
    slots: int
    slots_wanted: int
    waits_for: list[str]
    faults_not_begun: list[str]
    applied: dict[Number, int]
    byzantine: list[int]
    adversaries: dict[Number, str]
    liars: dict[Number, dict[str, int]]
    operations_issued: int
    operations_confirmed: int
    results: dict[str, int]
    contradictions: int
    crashed: list[int]
    away: NotRequired[list[int]]  # their line was gone at the end
    board_events: dict[str, int]
    fates: dict[str, int]
    fates_by_kind: NotRequired[dict[str, dict[str, int]]]  # not in earlier versions
    diagnoses: NotRequired[list[Diagnosed]]  # not in earlier versions
    run: NotRequired[object]
    scenario: NotRequired[object]
    seed: NotRequired[object]
    kind: NotRequired[object]
    resumed: NotRequired[object]
    speed: NotRequired[object]
    telecommands: NotRequired[object]
    recorder: NotRequired[object]
    failure: NotRequired[str | None]
    record_lost: NotRequired[str | None]


class Mission(TypedDict):
    """Of verdict.json, what the mission said of itself; None if its ground station died before it could."""

    mission: Summary | None


class LineShown(TypedDict):
    """A line of the verdict's table."""

    name: str
    status: str
    detail: str


class Waiting(TypedDict):
    """Of a mission's summary, what it waited for."""

    waits_for: NotRequired[list[str]]


class Judged(TypedDict):
    """verdict.json, as a report reads it."""

    verdict: str
    lines: list[LineShown]
    findings: list[str]
    invariants: dict[str, str]
    steps: dict[str, int]
    counts: dict[str, int]
    not_checked: NotRequired[dict[str, str]]
    not_met: NotRequired[list[str]]
    missing: NotRequired[list[str]]
    first_bad_step: NotRequired[str | None]
    replay: NotRequired[str | None]
    mission: NotRequired[Waiting | None]

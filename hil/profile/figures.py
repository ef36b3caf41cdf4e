"""A profile in numbers: microseconds a board, as a JSON document and as tables."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hil.profile import activities, stages
from hil.profile.activities import Activity
from hil.profile.samples import UNKNOWN
from hil.profile.stages import IDLE, STAGES
from hil.profile.swarm import Setting

FUNCTIONS_MAX = 40  # of an activity, in the document
FUNCTIONS_SHOWN = 20
_NANOS_PER_MICRO = 1_000
_DIGEST_DIGITS = 16

Figures = dict[str, Any]


def document(measured: Mapping[str, Activity], setting: Setting, image: Path) -> Figures:
    """Everything, all numbers a board. The digest names `image`: the same image gives the same document."""
    return {
        "nodes": setting.nodes,
        "journal": setting.journal,
        "tick_ms": setting.tick_ms,
        "image": hashlib.sha256(image.read_bytes()).hexdigest()[:_DIGEST_DIGITS],
        "sample_us": activities.SAMPLE_NANOS // _NANOS_PER_MICRO,
        "activities": [_activity(measured[name]) for name in activities.MEANINGS],
    }


def _activity(activity: Activity) -> Figures:
    profile, count = activity.profile, activity.count

    def micros(nanos: int) -> int:
        return round(nanos / count / _NANOS_PER_MICRO)

    functions = sorted(profile.own, key=lambda name: (-profile.own[name], name))
    left = profile.collections
    return {
        "name": activity.name,
        "meaning": activities.MEANINGS[activity.name],
        "boards": count,
        "latencies_us": [latency // _NANOS_PER_MICRO for latency in activity.latencies],
        "busy_us": micros(profile.busy),
        "stages_us": {**{stage: micros(profile.by_stage[stage]) for stage in STAGES}, IDLE: micros(profile.idle)},
        "functions": [
            {
                "name": name,
                "own_us": micros(profile.own[name]),
                "total_us": micros(profile.total[name] or profile.own[name]),
            }
            for name in functions[:FUNCTIONS_MAX]
        ],
        "flash": {"pages": round(profile.pages / count, 2), "erases": round(profile.erases / count, 2)},
        "heap": {
            "bytes": profile.heap_bytes,
            "collections": round(len(left) / count, 2),
            "free_min": min((free for free, _ in left), default=None),
            "run_min": min((run for _, run in left), default=None),
        },
    }


Rows = list[list[str]]


def stage_table(figures: Figures) -> tuple[list[str], Rows]:
    """(headings, rows): milliseconds a board by stage, and what else each activity did."""
    told = figures["activities"]
    rows = [
        [stage, *(_milliseconds(one["stages_us"][stage]) for one in told), STAGES.get(stage, "waiting")]
        for stage in [*stages_shown(figures), IDLE]
    ]
    rows.append(["processor", *(_milliseconds(one["busy_us"]) for one in told), "sum of all but idle"])
    rows.append(["latency", *(_milliseconds(_mean(one["latencies_us"])) for one in told), "mean"])
    rows.append(["flash pages", *(f"{one['flash']['pages']:g}" for one in told), "written, of 256 bytes"])
    rows.append(["flash erases", *(f"{one['flash']['erases']:g}" for one in told), "of 4,096 bytes"])
    rows.append(["collections", *(f"{one['heap']['collections']:g}" for one in told), "of garbage"])
    rows.append(["heap free", *(_count(one["heap"]["free_min"]) for one in told), "bytes, least after a collection"])
    rows.append(["longest run", *(_count(one["heap"]["run_min"]) for one in told), "bytes, least after a collection"])
    return ["ms a board", *(one["name"] for one in told), ""], rows


def function_table(figures: Figures, name: str = activities.DECISION) -> tuple[list[str], Rows]:
    """(headings, rows): the functions that an activity works in longest."""
    (told,) = [one for one in figures["activities"] if one["name"] == name]
    rows = [
        [_milliseconds(one["own_us"]), _milliseconds(one["total_us"]), one["name"]]
        for one in told["functions"][:FUNCTIONS_SHOWN]
        if one["name"] != UNKNOWN
    ]
    return ["own ms", "with callees", f"function, in a {name}"], rows


def stages_shown(figures: Figures) -> list[str]:
    """Stages that take time in any activity."""
    return [stage for stage in stages.STAGES if any(one["stages_us"][stage] for one in figures["activities"])]


def _mean(values: list[int]) -> float:
    return sum(values) / len(values)


def _milliseconds(micros: float) -> str:
    return f"{micros / 1000:,.1f}"


def _count(value: int | None) -> str:
    return "-" if value is None else f"{value:,}"

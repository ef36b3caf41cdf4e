"""Checks a file against the Trace Event Format, more strictly than viewers do.

Rules
- Every event has a phase that is known here, and the fields of that phase with the right types; no others.
- Each process and thread that occurs has a name, given once.
- Times never go back in the file, and so on no track.
- The slices of a thread lie within each other or apart.
- A flow has one start and, later, one end of the same name and category; each stands within a slice of its thread.
"""

import itertools
from collections import defaultdict
from typing import Any

PROCESS, THREAD, NAME, TIME = ("pid", int), ("tid", int), ("name", str), ("ts", int)
COMMON = (PROCESS, THREAD, NAME, TIME)
PHASES: dict[str, tuple[tuple[str, type], ...]] = {
    "X": (*COMMON, ("dur", int), ("args", dict)),
    "i": (*COMMON, ("s", str), ("args", dict)),
    "C": (PROCESS, NAME, TIME, ("args", dict)),
    "s": (*COMMON, ("cat", str), ("id", int)),
    "f": (*COMMON, ("cat", str), ("id", int), ("bp", str)),
}
METADATA = {
    "process_name": "name",
    "process_sort_index": "sort_index",
    "thread_name": "name",
    "thread_sort_index": "sort_index",
}
ARGUMENT_TYPES = {"name": str, "sort_index": int}


def problems(document: Any) -> list[str]:
    """The errors of a file, in words; empty if it has none."""
    if type(document) is not dict or type(document.get("traceEvents")) is not list:
        return ["want an object with a list traceEvents"]
    events = document["traceEvents"]
    wrong = [text for event in events for text in _of_one(event)]
    if wrong:
        return wrong
    timed = [event for event in events if event["ph"] != "M"]
    wrong += [f"{b}: goes back in time" for a, b in itertools.pairwise(timed) if b["ts"] < a["ts"]]
    return wrong + _names(events) + _slices(timed) + _flows(timed)


def _of_one(event: Any) -> list[str]:
    if type(event) is not dict:
        return [f"{event!r} is not an object"]
    phase = event.get("ph")
    if phase == "M":
        return _of_metadata(event)
    if phase not in PHASES:
        return [f"{event}: unknown phase"]
    wanted = dict(PHASES[phase])
    wrong = [f"{event}: want {name}" for name, kind in wanted.items() if type(event.get(name)) is not kind]
    wrong += [f"{event}: unknown field {name}" for name in event.keys() - wanted.keys() - {"ph"}]
    if wrong:
        return wrong
    if event["ts"] < 0 or event["pid"] < 1:
        wrong.append(f"{event}: before the start, or the idle task's")
    if phase == "X" and event["dur"] <= 0:
        wrong.append(f"{event}: a slice without width holds no arrow")
    if phase == "i" and event["s"] not in ("g", "p", "t"):
        wrong.append(f"{event}: want scope g, p or t")
    if phase == "f" and event["bp"] != "e":
        wrong.append(f"{event}: want bp e, for the slice around the end")
    if phase == "C" and not (event["args"] and all(type(value) is int for value in event["args"].values())):
        wrong.append(f"{event}: want numbers")
    return wrong


def _of_metadata(event: dict[str, Any]) -> list[str]:
    name = event.get("name")
    if name not in METADATA:
        return [f"{event}: unknown metadata"]
    wanted = {"ph", "name", "pid", "args"} | ({"tid"} if name.startswith("thread") else set())
    argument = METADATA[name]
    if event.keys() != wanted or type(event["args"].get(argument)) is not ARGUMENT_TYPES[argument]:
        return [f"{event}: want the fields {sorted(wanted)} and an argument {argument}"]
    return []


def _names(events: list[dict[str, Any]]) -> list[str]:
    told = [(event["name"], event["pid"], event.get("tid")) for event in events if event["ph"] == "M"]
    wrong = [f"{name} is named twice" for name in set(told) if told.count(name) > 1]
    threads = {(event["pid"], event["tid"]) for event in events if event["ph"] not in "MC"}
    wrong += [f"thread {thread} has no name" for thread in threads if ("thread_name", *thread) not in told]
    processes = {event["pid"] for event in events}
    return wrong + [f"process {pid} has no name" for pid in processes if ("process_name", pid, None) not in told]


def _slices(events: list[dict[str, Any]]) -> list[str]:
    wrong = []
    open_until: dict[int, list[int]] = defaultdict(list)
    for event in sorted((e for e in events if e["ph"] == "X"), key=lambda e: (e["ts"], -e["dur"])):
        ends = open_until[event["tid"]]
        while ends and ends[-1] <= event["ts"]:
            ends.pop()
        end = event["ts"] + event["dur"]
        if ends and ends[-1] < end:
            wrong.append(f"{event}: reaches out of the slice around it")
        ends.append(end)
    return wrong


def _flows(events: list[dict[str, Any]]) -> list[str]:
    slices: dict[int, list[tuple[int, int]]] = defaultdict(list)
    ends: dict[tuple[str, int], list[dict[str, Any]]] = defaultdict(list)
    for event in events:
        if event["ph"] == "X":
            slices[event["tid"]].append((event["ts"], event["ts"] + event["dur"]))
        elif event["ph"] in "sf":
            ends[event["cat"], event["id"]].append(event)
    wrong = []
    starts = {tid: dict(found) for tid, found in slices.items()}
    for name, pair in ends.items():
        if [event["ph"] for event in pair] != ["s", "f"]:
            wrong.append(f"flow {name}: want one start, then one end, have {pair}")
            continue
        if pair[0]["name"] != pair[1]["name"] or pair[0]["ts"] >= pair[1]["ts"]:
            wrong.append(f"flow {name}: want one name, and a later end: {pair}")
        wrong += [f"{event}: stands in no slice" for event in pair if event["ts"] not in starts.get(event["tid"], {})]
    return wrong

"""Is what was confirmed also applied? The promise of a telecommand, checked against the log of a run."""

import json
from pathlib import Path
from typing import Any


def confirmed_but_not_executed_once(trace: Path) -> list[str]:
    """Complaints about confirmed operations, in words; an empty list if each was applied exactly once, as confirmed.

    An operation must have exactly one `queued` line. On each correct board that reports it, it must be in the confirmed
    slot, with the submitted command and the confirmed result; in no earlier slot; and in later slots only with the same
    result, as a repetition that the ledger answers from memory.
    """
    byzantine: set[int] = set()
    asked: dict[tuple[int, int], list[str]] = {}
    confirmed: dict[tuple[int, int], list[tuple[int, str]]] = {}
    applied: dict[tuple[int, int], set[tuple[int, str, str]]] = {}
    for line in trace.read_text().splitlines():
        event = json.loads(line)
        name = event["event"]
        if name == "RunStart":
            byzantine = set(event["byzantine"])
        elif name == "Telecommand":
            key = event["client"], event["operation"]
            if event["stage"] == "queued":
                asked.setdefault(key, []).append(_text(event["command"]))
            elif event["stage"] == "confirmed":
                confirmed.setdefault(key, []).append((event["slot"], _text(event["result"])))
        elif name == "Operation" and event["node"] not in byzantine:
            key = event["client"], event["operation"]
            what = event["slot"], _text(event["command"]), _text(event["result"])
            applied.setdefault(key, set()).add(what)
    complaints = [f"operation {key} was asked for {len(all_)} times" for key, all_ in asked.items() if len(all_) > 1]
    for key, answers in confirmed.items():
        want = {(slot, asked.get(key, ["nothing"])[0], result) for slot, result in answers}
        found = sorted(applied.get(key, ()))
        if len(want) != 1 or not found or {found[0]} != want or len({each[1:] for each in found}) != 1:
            complaints.append(f"operation {key}: confirmed {sorted(want)}, applied {found}")
    return complaints


def _text(item: Any) -> str:
    return json.dumps(item)

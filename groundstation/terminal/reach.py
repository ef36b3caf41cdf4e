"""Which links carry nothing now, and by which fault; how long light takes."""

from typing import Any

Row = dict[str, Any]
Tables = dict[str, dict[str, Row]]


def active(tables: Tables) -> list[Row]:
    """The faults of links that hold now. A window of contact holds while there is no contact."""
    now = tables["run"]["run"]["now"]
    found = [
        fault
        for fault in tables["faults"].values()
        if fault["start"] <= now
        and (fault["end"] is None or now < fault["end"])
        and (fault["fault"] != "contact_window" or not _is_open(tables["contacts"].get(fault["name"]), now))
    ]
    return sorted(found, key=lambda fault: fault["start"])


def cut_off(tables: Tables) -> dict[int, dict[int, set[str]]]:
    """For each board the peers with which it cannot exchange frames, each with the names of the faults."""
    now, scenario = tables["run"]["run"]["now"], tables["scenario"].get("scenario")
    cuts = [(fault["name"], fault["cuts"]) for fault in active(tables)]
    for window in tables["contacts"].values():
        if window["cuts"] and not _is_open(window, now):
            cuts.append((f"not {window['name']}", window["cuts"]))
    found: dict[int, dict[int, set[str]]] = {}
    for name, links in cuts:
        for one, other in links:
            if not _heals(scenario, now, one, other):
                for board, peer in ((one, other), (other, one)):
                    found.setdefault(board, {}).setdefault(peer, set()).add(name)
    return found


def light_time(tables: Tables, node: int) -> tuple[float, float] | None:
    """Least and most one-way light time in seconds from a board to the others. None: there is none in this mission."""
    row = tables["light"].get("light")
    if row is None or len(row["seconds"]) < 2:
        return None
    others = [each for other, each in enumerate(row["seconds"][node]) if other != node]
    return min(others), max(others)


def _is_open(window: Row | None, now: float) -> bool:
    """Whether there is contact, as far as it is known."""
    return window is None or now >= window["until"] or any(aos <= now < los for aos, los in window["passes"])


def _heals(scenario: Row | None, now: float, one: int, other: int) -> bool:
    if scenario is None or scenario["heals_at"] is None or now < scenario["heals_at"]:
        return False
    return one in scenario["core"] and other in scenario["core"]

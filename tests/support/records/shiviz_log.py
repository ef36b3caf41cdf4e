"""Reads a ShiViz log as ShiViz does, and checks its vector clocks against their definition.

Independent of the writer: the log's own first line says how it is read.

Rules
- The expression of the first line covers the whole log, and has the groups host, clock and event.
- A host's own count is 1, 2, 3, ...; what it has heard of others never goes back.
- A count of another host names an event of that host, whose whole clock is below the present one.
- The vector order implies the Lamport order, except on hosts that are named as lawless (liars, boards without memory).
- What the log says was received comes after its sending: the sender's event is in the clock.
"""

import json
import re
from dataclasses import dataclass


@dataclass
class Entry:
    host: str
    clock: dict[str, int]
    event: str
    lamport: int


def entries(text: str) -> list[Entry]:
    """The events of a log. Raises AssertionError if its own expression does not read all of it."""
    expression, separator, log = text.split("\n", 2)
    assert separator == "", "one run: the second line is empty"
    pattern = re.compile("^" + expression.replace("(?<", "(?P<") + "$", re.MULTILINE)
    found = [
        Entry(match["host"], json.loads(match["clock"]), match["event"], int(match["lamport"]))
        for match in pattern.finditer(log)
    ]
    assert pattern.sub("", log).strip() == "", "lines that the expression does not read"
    return found


def problems(log: list[Entry], lawless: frozenset[str] = frozenset()) -> list[str]:
    """The errors of a log's clocks, in words; empty if there are none."""
    by_count: dict[tuple[str, int], Entry] = {}
    latest: dict[str, dict[str, int]] = {}
    wrong: list[str] = []
    for entry in log:
        before = latest.get(entry.host, {})
        own = entry.clock.get(entry.host, 0)
        if own != before.get(entry.host, 0) + 1:
            wrong.append(f"{entry}: its own count does not follow {before}")
        if any(entry.clock.get(host, 0) < count for host, count in before.items()):
            wrong.append(f"{entry}: forgets what its host knew, {before}")
        latest[entry.host] = entry.clock
        by_count[entry.host, own] = entry
    for entry in log:
        wrong += _of_others(entry, by_count, lawless)
    return wrong + _receipts(log)


def _of_others(entry: Entry, by_count: dict[tuple[str, int], Entry], lawless: frozenset[str]) -> list[str]:
    wrong = []
    for host, count in entry.clock.items():
        known = by_count.get((host, count - 1 if host == entry.host else count))
        if known is None:
            if host != entry.host or count != 1:
                wrong.append(f"{entry}: there is no event {count} of {host}")
            continue
        if any(entry.clock.get(name, 0) < value for name, value in known.clock.items()):
            wrong.append(f"{entry}: is not after all that {known} was after")
        if host not in lawless and entry.host not in lawless and known.lamport >= entry.lamport:
            wrong.append(f"{entry}: comes after {known} by its vector, but not by Lamport time")
    return wrong


def _receipts(log: list[Entry]) -> list[str]:
    """Receipts whose clock does not contain the sending that they name, when the log has it."""
    sends: dict[tuple[str, int, str], list[tuple[int, str]]] = {}
    for entry in log:
        sending = re.match(r"Send (\w+) to (\S+?)(?:,|$)", entry.event)
        if sending:
            key = (entry.host, entry.lamport, sending[1])
            sends.setdefault(key, []).append((entry.clock[entry.host], sending[2]))
    wrong = []
    for entry in log:
        receipt = re.match(r"Receive (\w+) from (\S+), sent at (\d+)", entry.event)
        if receipt is None:
            continue
        kind, sender, sent = receipt[1], receipt[2], int(receipt[3])
        found = [count for count, to in sends.get((sender, sent, kind), []) if to in (entry.host, "all")]
        if found and sent < entry.lamport and entry.clock.get(sender, 0) < min(found):
            wrong.append(f"{entry}: does not come after its sending, event {min(found)} of {sender}")
    return wrong

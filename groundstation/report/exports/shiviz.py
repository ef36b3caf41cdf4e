"""Exports a trace as a log for ShiViz, which draws the happened-before order of events.

Theory: a vector clock counts, for each node, the steps of that node that can have influenced the present one (Fidge
1988, Mattern 1989). One event happened before another if and only if its clock is below the other's. That order implies
the order of Lamport times, but not the reverse: so ShiViz (Beschastnikh et al., CACM 2016) needs vectors.

Rules
- The first line of a log is the regular expression that parses it. The second, the separator of several runs, is empty.
  ShiViz reads both when it loads the file.
- An event has two lines: a description; then host, vector clock, Lamport time, mission second of receipt, board ticks,
  and the mission second of that tick by estimate, with its error; "-" if there is none.
- A host counts its own steps 1, 2, 3, ... across all its boots. A clock omits nodes of which the host has no news.
"""

import json
from collections.abc import Iterable, Iterator

from amu.core.limits import GROUND
from groundstation.report.exports.causality import Step, node_name, words

PARSER = r"(?<event>.*)\n(?<host>\S+) (?<clock>\{.*\}) (?<lamport>\d+) (?<seconds>\S+) (?<ticks>\S+) (?<estimated>\S+)"

Clock = dict[str, int]


def clocks(steps: Iterable[Step]) -> Iterator[Clock]:
    """The vector clock of each step, by host name. `steps`: in causal order."""
    latest: dict[str, Clock] = {}
    sent: dict[int, Clock] = {}  # line of a step that may be a cause -> its clock
    for step in steps:
        host = node_name(step.event.node)
        clock = dict(latest.get(host, {}))
        if step.cause is not None:
            for name, count in sent[step.cause.event.line].items():
                clock[name] = max(clock.get(name, 0), count)
        clock[host] = clock.get(host, 0) + 1
        latest[host] = clock
        if step.event.name == "Send" or step.event.node == GROUND:
            sent[step.event.line] = clock
        yield clock


def log(steps: list[Step]) -> Iterator[str]:
    """The log's text in pieces. `steps`: in causal order."""
    yield f"{PARSER}\n\n"
    for step, clock in zip(steps, clocks(steps)):
        vector = json.dumps(clock, sort_keys=True)
        host = node_name(step.event.node)
        ticks = "-" if step.event.node == GROUND or step.event.ticks is None else step.event.ticks
        estimated = "-" if step.estimate is None else f"{step.estimate.seconds:.6f}+-{step.estimate.error:.6f}"
        lamport, received = step.event.lamport, f"{step.received:.6f}"
        yield f"{words(step.event)}\n{host} {vector} {lamport} {received} {ticks} {estimated}\n"

"""Orders the events of a trace causally: every cause before its effects.

Theory (Lamport 1978): a happened before b if one node took both steps in this order, if b received what a sent, or by a
chain of such pairs. A drawing may shift events in time, but never against that order.

Rules
- The steps of a node keep the file's order, in which its serial line delivered them.
- The cause of a Receive is the first Send to the receiver with that sender, Lamport time and kind. The ground station
  does not trace its sendings: their cause is its last event up to that Lamport time.
- A Receive has no cause if its Send is not in the trace, or not before it by Lamport time. Nothing is guessed.
- Only a liar's trace can have a cycle. The link that closes it is removed.
- A step is placed at its receipt at the ground, or as many microseconds later as needed to follow its node's previous
  step and its own cause. Steps received at the same moment are one microsecond apart, in Lamport order.
"""

import json
from bisect import bisect_right
from collections import Counter, defaultdict, deque
from collections.abc import Iterable
from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from pathlib import Path

from amu.core.limits import BROADCAST, GROUND
from amu.wire.messages import BY_KIND
from groundstation.clocks.clocks import Clocks, Estimate
from specs.checking.trace import Event, Reader, TraceError

MICROSECONDS = 1_000_000
VALUE_CHARACTERS = 12  # of a digest or a list: enough to compare by eye


class EmptyTraceError(TraceError):
    """The trace has no event."""


@dataclass(slots=True, eq=False)
class Step:
    """An event of the trace. `received`: mission seconds. `cause`: the step that sent what this one received.

    `at_us`: its position in mission time, in microseconds, after all its causes. `estimate`: when the board's clock
    reached the event's tick.
    """

    event: Event
    received: float
    cause: "Step | None" = None
    at_us: int = 0
    estimate: Estimate | None = None


def read(
    trace: Path, since: float | None = None, until: float | None = None, clocks: Clocks | None = None
) -> list[Step]:
    """The steps received from `since` to `until` (mission seconds), causes first. Raises TraceError.

    Skips a truncated last line. clocks: takes all events of the trace.
    """
    clocks = clocks or Clocks()
    steps: list[Step] = []
    try:
        for event in Reader(trace):
            step = _step(event)
            clocks.feed(event)
            if (since is None or step.received >= since) and (until is None or step.received <= until):
                steps.append(step)
    except TraceError as error:
        raise TraceError(f"{trace}: {error}") from None
    if not steps:
        between = "" if since is None and until is None else " received in that time"
        raise EmptyTraceError(f"{trace}: holds no event{between}; want a trace as amu rehearse records it")
    for step in steps:
        step.estimate = clocks.at(step.event)
    return ordered(steps)


def _step(event: Event) -> Step:
    if event.received is None:
        raise TraceError(f"line {event.line}: every event needs a field 'received', in mission seconds")
    return Step(event, float(event.received))


def ordered(steps: list[Step]) -> list[Step]:
    """The steps, given in the file's order, in causal order, with `cause` and `at_us` set."""
    _find_causes(steps)
    in_order = _merge(steps)
    _set_times(in_order)
    return in_order


def _find_causes(steps: Iterable[Step]) -> None:
    sends: dict[tuple[int, int, int], Step] = {}
    ground: list[Step] = []
    receipts: list[Step] = []
    for step in steps:
        event = step.event
        if event.node == GROUND:
            if not ground or event.lamport >= ground[-1].event.lamport:
                ground.append(step)
        elif event.name == "Send":
            sends.setdefault((event.node, event.lamport, event.fields["kind"]), step)
        elif event.name == "Receive":
            receipts.append(step)
    ground_times = [step.event.lamport for step in ground]
    for step in receipts:
        fields = step.event.fields
        if fields["sent"] >= step.event.lamport:
            continue
        if fields["from"] == GROUND:
            index = bisect_right(ground_times, fields["sent"])
            step.cause = ground[index - 1] if index else None
            continue
        send = sends.get((fields["from"], fields["sent"], fields["kind"]))
        if send is not None and send.event.fields["to"] in (step.event.node, BROADCAST):
            step.cause = send


def _merge(steps: Iterable[Step]) -> list[Step]:
    """The nodes' steps as one sequence: always the next by Lamport time whose cause is already in it."""
    queues: dict[int, deque[Step]] = defaultdict(deque)
    for step in steps:
        queues[step.event.node].append(step)
    heads = [(queue[0].event.lamport, node) for node, queue in queues.items()]
    heapify(heads)
    waiting: dict[int, list[int]] = {}  # line of a cause -> nodes whose next step waits for it
    done: set[int] = set()
    in_order: list[Step] = []
    while heads or waiting:
        if not heads:
            line = min(waiting)
            nodes = waiting.pop(line)
            for node in nodes:
                queues[node][0].cause = None
                heappush(heads, (queues[node][0].event.lamport, node))
            continue
        _, node = heappop(heads)
        step = queues[node][0]
        if step.cause is not None and step.cause.event.line not in done:
            waiting.setdefault(step.cause.event.line, []).append(node)
            continue
        queues[node].popleft()
        done.add(step.event.line)
        in_order.append(step)
        for ready in (node, *waiting.pop(step.event.line, ())):
            if queues[ready]:
                heappush(heads, (queues[ready][0].event.lamport, ready))
    return in_order


def _set_times(in_order: Iterable[Step]) -> None:
    latest: dict[int, int] = {}
    simultaneous: Counter[float] = Counter()
    for step in in_order:
        spread = round(step.received * MICROSECONDS) + simultaneous[step.received]
        simultaneous[step.received] += 1
        after_cause = 0 if step.cause is None else step.cause.at_us + 1
        step.at_us = max(spread, latest.get(step.event.node, -1) + 1, after_cause)
        latest[step.event.node] = step.at_us


# --- words ----------------------------------------------------------------------------------------


def node_name(node: int) -> str:
    """The name of a node in all exports."""
    return {GROUND: "ground", BROADCAST: "all"}.get(node, f"node-{node}")


def kind_name(kind: int) -> str:
    """The name of a message kind, from amu.wire.messages."""
    return BY_KIND[kind].__name__ if kind in BY_KIND else f"kind {kind}"


def times(step: Step) -> dict[str, int | float | None]:
    """The four times of a step: ticks, Lamport time, receipt, and the estimate with its error. None: not known."""
    estimate, event = step.estimate, step.event
    return {
        "ticks": None if event.node == GROUND else event.ticks,
        "lamport": event.lamport,
        "received": step.received,
        "estimated": None if estimate is None else round(estimate.seconds, 6),
        "error": None if estimate is None else round(estimate.error, 6),
    }


def words(event: Event) -> str:
    """An event on one line."""
    fields = event.fields
    if event.name == "Send":
        about = "" if not fields["slot"] else f", slot {fields['slot']} view {fields['view']}"
        return f"Send {kind_name(fields['kind'])} to {node_name(fields['to'])}{about}"
    if event.name == "Receive":
        return f"Receive {kind_name(fields['kind'])} from {node_name(fields['from'])}, sent at {fields['sent']}"
    return " ".join([event.name, *(f"{name}={_brief(value)}" for name, value in fields.items())])


def _brief(value: object) -> str:
    text = json.dumps(value, separators=(",", ":")).strip('"')
    return text if len(text) <= VALUE_CHARACTERS else text[:VALUE_CHARACTERS] + ".."

"""Asks the engine about a recorded trace."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from groundstation.why.answer import Answer
from groundstation.why.engine import Engine
from specs.checking.trace import Event, Reader, TraceError, links, says, tick_seconds


def line_of(event: Event) -> dict[str, Any]:
    """An event as the line that it was read from, as far as the engine looks at it."""
    envelope = {"node": event.node, "boot": event.boot, "seq": event.seq, "lamport": event.lamport}
    about = {"event": event.name, "ticks": event.ticks or 0, "received": event.received or 0.0}
    return {**envelope, **about, **event.fields}


class QuestionError(Exception):
    """Nothing can be said of that slot or that moment. Says which there are."""


def engine_of(events: Iterable[Event], at: float | None = None) -> Engine:
    """An engine that has read a trace, up to mission second `at` or to its end. Raises TraceError, QuestionError.

    events: of the trace, in the file's order.
    """
    engine, count, is_past = Engine(), 0, False
    for event in events:
        count += 1
        is_past = at is not None and event.received is not None and event.received > at
        if is_past:
            break
        _check(event)
        engine.feed(line_of(event))
    seen = engine.seen
    if not count:
        raise TraceError("no event; want a trace")
    if not seen.count:
        raise TraceError("has no RunStart, which says how many boards there are; want a trace from its begin")
    if at is not None and not is_past and at > seen.now:
        raise QuestionError(f"--at {at:g}: the trace ends at mission second {seen.now:.12g}; ask about one up to that")
    return engine


def explain(trace: Path, slot: int | None = None, at: float | None = None) -> Answer:
    """What the engine says of a trace, at mission second `at` or at its end. Raises TraceError, QuestionError."""
    engine = engine_of(Reader(trace), at)
    last = engine.seen.last_slot
    if slot is not None and slot > last:
        raise QuestionError(f"--slot {slot}: no board can have begun it yet; ask about one up to {last}")
    return engine.explain(slot, at)


def _check(event: Event) -> None:
    """Optional fields on which an answer rests. Raises TraceError."""
    if event.name == "RunStart":
        says(event, "traces_messages")
        tick_seconds(event)
    elif event.name == "Fault":
        links(event)

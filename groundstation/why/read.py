"""Asks the engine about a recorded trace."""

from pathlib import Path

from groundstation.why.answer import Answer
from groundstation.why.engine import Engine
from specs.checking.trace import Event, Reader, TraceError


def line_of(event: Event) -> dict[str, object]:
    """An event as the line that it was read from, as far as the engine looks at it."""
    envelope = {"node": event.node, "boot": event.boot, "seq": event.seq, "lamport": event.lamport}
    about = {"event": event.name, "ticks": event.ticks or 0, "received": event.received or 0.0}
    return {**envelope, **about, **event.fields}


def explain(trace: Path, slot: int | None = None, at: float | None = None) -> Answer:
    """What the engine says of a trace, at mission second `at` or at its end. Raises TraceError."""
    engine = Engine()
    events = 0
    for event in Reader(trace):
        events += 1
        if at is not None and event.received is not None and event.received > at:
            break
        engine.feed(line_of(event))
    if not events:
        raise TraceError("no event; want a trace")
    return engine.explain(slot, at)

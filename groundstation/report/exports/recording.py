"""Exports a trace as MCAP, the container of recordings that Foxglove, PlotJuggler and others open (mcap.dev).

channels    one per area of the trace, not one per event: a viewer lists nine, and their index stays small
messages    a line of the trace, byte for byte, as JSON; `sequence` is its number in the trace
log_time    `received`, in nanoseconds: one epoch for all, the start of the mission. publish_time is the same,
            because a board's own clock has another epoch: its `ticks` and `lamport` are in the message
schemas     a JSON Schema per channel: which events it has, and their fields
chunks      1 MiB before zstd, each indexed, so a reader finds a time or a channel without reading the rest
attached    the run's scenario, run.json, versions and verdict; metadata `run` with seed and SHA-256 of trace and
            firmware, metadata `files` with that of each attachment
"""

import hashlib
import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import IO, Any

from mcap.writer import CompressionType, Writer

from amu.core.limits import GROUND
from groundstation.report.exports import attached
from groundstation.report.exports.fields import kinds
from groundstation.report.exports.selected import Selected
from specs.checking.schema import ENVELOPE, FLIGHT_EVENTS, GROUND_EVENTS

CHUNK_BYTES = 2**20
NANOSECONDS = 10**9
SCHEMA_TYPES: dict[str, Any] = {
    "integer": {"type": "integer"},
    "number": {"type": "number"},
    "string": {"type": "string"},
}
NULLABLE = {"peer_boot"}
LIFE = frozenset({"Boot", "Restore", "Silent", "Rejoin", "Restart"})
LEDGER = frozenset({"Apply", "Operation", "Checkpoint", "Adopt"})
MESSAGES = frozenset({"Send", "Receive", "Refuse"})
SERVICES = ("Channel", "Mutex", "Snapshot", "Suspicion", "Heard")
ORDERS = frozenset({"Telecommand", "Order", "Procedure", "Poll"})
RUN = frozenset({"RunStart", "RunEnd", "Resume", "TraceError"})
TOPICS = {
    "/board/life": "boots, restarts, silence of a board, as it reports them",
    "/board/consensus": "views, proposals, votes and decisions",
    "/board/ledger": "applied slots, operations, checkpoints",
    "/board/messages": "what a board sent, received, refused",
    "/board/services": "channels, turns, snapshots, suspicion",
    "/ground/boards": "what happened to boards, as the ground station saw it, and their health",
    "/ground/faults": "faults of links and boards that the ground station played, injects",
    "/ground/telecommands": "stages of telecommands, orders of people, steps and polls of a procedure",
    "/ground/run": "beginning, end and continuation of the run",
}
FAULTS = frozenset({"Fault", "BoardFault", "Scheduled", "Control", "Erase", "Inject"})


def topic(node: int, name: str) -> str:
    """The channel of an event."""
    if node == GROUND:
        if name in RUN:
            return "/ground/run"
        if name in ORDERS:
            return "/ground/telecommands"
        return "/ground/faults" if name in FAULTS else "/ground/boards"
    if name in LIFE:
        return "/board/life"
    if name in LEDGER:
        return "/board/ledger"
    if name in MESSAGES:
        return "/board/messages"
    return "/board/services" if name.startswith(SERVICES) else "/board/consensus"


def schema(name: str) -> dict[str, Any]:
    """The JSON Schema of a channel's messages."""
    is_ground = name.startswith("/ground")
    table = GROUND_EVENTS if is_ground else FLIGHT_EVENTS
    events = [event for event in table if topic(GROUND if is_ground else 0, event) == name]
    properties: dict[str, Any] = {each: {"type": "integer"} for each in (*ENVELOPE, "ticks")}
    properties |= {"run": {"type": "string"}, "received": {"type": "number"}}
    properties["event"] = {"type": "string", "enum": events}
    for event in events:
        for field, _ in table[event]:
            properties[field] = _property(field, is_ground)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": name,
        "description": TOPICS[name],
        "type": "object",
        "properties": properties,
        "required": [*ENVELOPE, "received"],
    }


def _property(field: str, is_ground: bool) -> dict[str, Any]:
    if field == "kind":
        return {"type": "string" if is_ground else "integer"}
    if field in NULLABLE:
        return {"type": ["integer", "null"]}
    return dict(SCHEMA_TYPES.get(kinds()[field], {}))


def write(selected: Selected, trace: Path, file: IO[bytes]) -> None:
    """Write the events of `trace` as MCAP. Raises TraceError, OSError."""
    writer = Writer(file, chunk_size=CHUNK_BYTES, compression=CompressionType.ZSTD)
    writer.start(profile="", library="amu-swarm")
    channels = {name: _channel(writer, name) for name in TOPICS}
    latest = 0
    for event, raw in selected:
        latest = round((event.received or 0) * NANOSECONDS)
        writer.add_message(
            channels[topic(event.node, event.name)],
            log_time=latest,
            publish_time=latest,
            data=raw.rstrip(b"\r\n"),
            sequence=event.line,
        )
    about = attached.of(trace, selected)
    for name, content in about.files.items():
        media_type = attached.MEDIA_TYPES[Path(name).suffix]
        writer.add_attachment(create_time=0, log_time=latest, name=name, media_type=media_type, data=content)
    writer.add_metadata("run", about.facts)
    writer.add_metadata("files", dict(_hashes(about.files.items())))
    finish: Callable[[], None] = writer.finish  # the library has no annotation there
    finish()


def _channel(writer: Writer, name: str) -> int:
    text = json.dumps(schema(name), separators=(",", ":")).encode()
    found = writer.register_schema(name.strip("/").replace("/", "."), "jsonschema", text)
    return writer.register_channel(name, "json", found, {"means": TOPICS[name]})


def _hashes(found: Iterable[tuple[str, bytes]]) -> Iterable[tuple[str, str]]:
    return ((f"sha256 {name}", hashlib.sha256(content).hexdigest()) for name, content in found)

"""The stages of a board's work, and which function belongs to which.

A sample belongs to the stage of the innermost running function that has one. Functions that serve several stages have
none: CBOR, MACs and the shapes of messages count for their callers. A function is named by its module and its
place there; patterns are those of fnmatch, and the first one that fits counts.
"""

import functools
from collections.abc import Sequence
from fnmatch import fnmatchcase

START = "start"
COLLECTION = "collection"
INTERRUPTS = "interrupts"
IDLE = "idle"
LOOP = "loop"

# In the order of a frame's way through a board.
STAGES = {
    "receive": "read the line, cut it into frames",
    "COBS": "both directions",
    "CRC, header": "parse and build frames",
    "check MAC": "of frames that arrived",
    "decode": "payload to message",
    "step": "consensus, ledger, services, and what they want done",
    "tick": "the same, at each tick",
    "journal": "records to flash",
    "checkpoint": "the whole state to flash",
    "trace": "encode events for the ground",
    "encode": "messages to payloads",
    "seal MAC": "of frames that leave",
    "send": "write to the line",
    "health": "measure the heap",
    LOOP: "the flight loop, clock and watchdog",
    START: "boot, imports, configuration",
    COLLECTION: "garbage collection, wherever it begins",
    INTERRUPTS: "of USB and timers",
}
_SHARED = None  # the caller's
RULES: tuple[tuple[str, str | None], ...] = (
    ("wire/cobs.py:*", "COBS"),
    ("wire/framer.py:*", "receive"),
    ("wire/machine.py:build", "CRC, header"),
    ("wire/machine.py:unpack", "CRC, header"),
    ("wire/frames.py:header", _SHARED),
    ("wire/frames.py:*", "CRC, header"),
    ("wire/auth.py:Keyring.check", "check MAC"),
    ("wire/auth.py:Keyring.seal", "seal MAC"),
    ("wire/codec.py:encode_trace", "trace"),
    ("wire/codec.py:decode", "decode"),
    ("wire/codec.py:encode", "encode"),
    ("wire/*", _SHARED),
    ("core/*", _SHARED),
    ("boards/files.py:*", _SHARED),
    ("boards/pages.py:*.rest", "journal"),
    ("boards/pages.py:*", _SHARED),
    ("boards/ring_files.py:*", _SHARED),
    ("boards/hashes.py:*", _SHARED),
    ("boards/heap.py:skip_holes", COLLECTION),
    ("boards/heap.py:collect", COLLECTION),
    ("boards/heap.py:*", "health"),
    ("boards/runtime.py:Runtime._send_health", "health"),
    ("boards/runtime.py:Runtime._send_events", "trace"),
    ("boards/runtime.py:Runtime._send_trace", "trace"),
    ("boards/outbox.py:*", "encode"),
    ("boards/guided.py:*", "receive"),
    ("boards/pico.py:UsbPort.read", "receive"),
    ("boards/pico.py:UsbPort.write", "send"),
    ("boards/uart.py:UartPort.write", "send"),
    ("boards/uart.py:*", "receive"),
    ("boards/pico.py:PicoBoard.*", START),
    ("boards/config.py:*", START),
    ("*journal*:*heckpoint*", "checkpoint"),
    ("*journal*", "journal"),
    ("node/node.py:Node.tick", "tick"),
    ("main.py:make_node", START),
    ("main.py:prepare", START),
    ("main.py:<module>", START),
    ("main.py:*", LOOP),
    ("boards/*", LOOP),
    ("consensus/*", _SHARED),
    ("ledger/*", _SHARED),
    ("services/*", _SHARED),
    ("node/*", "step"),
)


@functools.cache
def _rule(function: str) -> str | None:
    if function.endswith(":<module>"):
        return START
    return next((stage for pattern, stage in RULES if fnmatchcase(function, pattern)), None)


def stage_of(stack: Sequence[str]) -> str:
    """The stage of a sample: `stack` are its running functions, the innermost first."""
    for function in stack:
        stage = _rule(function)
        if stage is not None:
            return stage
    return START if not stack or stack[-1].startswith("main.py:") else LOOP

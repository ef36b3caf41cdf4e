"""The schema of a trace: its events, their fields, and the type and the check of each field.

amu.node.events.EVENTS lists flight events and their fields. Ground events may carry further fields, which are not
checked. Bytes are hexadecimal text; a register is null or [view, value], and (view, value) once it has been read.
"""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, TypeAlias, TypedDict, get_type_hints

from amu.core.limits import (
    CHANNEL_QUEUE_ITEMS_MAX,
    CHANNEL_SEQUENCE_MAX,
    DIGEST_BYTES,
    GROUND,
    LAMPORT_MAX,
    LEARNER_LAST,
    LEVEL_MILLI_MAX,
    REPLICAS_MAX,
    REPLICAS_MIN,
    SILENT_TICKS_MAX,
    SLOT_MAX,
    VIEW_MAX,
)
from amu.core.types import Array
from amu.node.events import EVENTS
from specs.seeds import SEED_MAX

WINDOW_SLOTS_MAX = 64  # the log's module remembers a few windows of slots
RECEIVED_SECONDS_MAX = 10**10  # a mission of three hundred years

CONTROLS = ("exit", "reset")  # commands to a board; each ends its life (amu.boards.runtime)
JOURNALS = ("fresh", "ok", "torn", "blank", "unreadable")  # blank: no memory

Register: TypeAlias = tuple[int, str] | None
Check: TypeAlias = Callable[[object], Any]


class Wrong(Exception):
    """What a field should have been."""


def uint(bound: int) -> Callable[[object], int]:
    def check(value: object) -> int:
        if type(value) is not int or not 0 <= value <= bound:
            raise Wrong(f"an integer from 0 to {bound}")
        return value

    return check


def words(value: object) -> str:
    if type(value) is not str:
        raise Wrong("a text")
    return value


def _journal(value: object) -> str:
    if value not in JOURNALS:
        raise Wrong("one of " + ", ".join(JOURNALS))
    return str(value)


def _control(value: object) -> str:
    if value not in CONTROLS:
        raise Wrong("one of " + ", ".join(CONTROLS))
    return str(value)


def _digest(value: object) -> str:
    if type(value) is not str or len(value) != 2 * DIGEST_BYTES or not _is_hexadecimal(value):
        raise Wrong(f"{DIGEST_BYTES} bytes in lower-case hexadecimal")
    return value


def _is_hexadecimal(text: str) -> bool:
    try:
        return bytes.fromhex(text).hex() == text
    except ValueError:
        return False


def _register(value: object) -> Register:
    if value is None:
        return None
    if type(value) is not list or len(value) != 2:
        raise Wrong("null or [view, value]")
    return uint(VIEW_MAX)(value[0]), _digest(value[1])


def _optional_boot(value: object) -> int | None:
    return None if value is None else uint(2 * SLOT_MAX)(value)


def _list(value: object) -> Array:
    if type(value) is not list:
        raise Wrong("a list")
    return value


def _counts(value: object) -> list[int]:
    return [uint(LAMPORT_MAX)(count) for count in _list(value)]


def link_counts(value: object) -> list[list[int]]:
    """Source, destination and three counts of frames for each link."""
    rows = [_counts(row) for row in _list(value)]
    if any(len(row) != 5 or max(row[:2]) >= REPLICAS_MAX for row in rows):
        raise Wrong("rows of source, destination, accepted, delivered, on the way")
    return rows


def _map(value: object) -> dict[str, object]:
    if type(value) is not dict:
        raise Wrong("an object")
    return value


def _replicas(value: object) -> list[int]:
    return [uint(REPLICAS_MAX - 1)(replica) for replica in _list(value)]


def _window(value: object) -> int:
    if type(value) is not int or not 1 <= value <= WINDOW_SLOTS_MAX:
        raise Wrong(f"an integer from 1 to {WINDOW_SLOTS_MAX}")
    return value


def seconds(value: object) -> float:
    if not (type(value) is float or type(value) is int) or not 0 <= value <= RECEIVED_SECONDS_MAX:
        raise Wrong(f"seconds from 0 to {RECEIVED_SECONDS_MAX}")
    return value


def _replica_count(value: object) -> int:
    if type(value) is not int or not REPLICAS_MIN <= value <= REPLICAS_MAX:
        raise Wrong(f"an integer from {REPLICAS_MIN} to {REPLICAS_MAX}")
    return value


_FlightFields = TypedDict(
    "_FlightFields",
    {
        "slot": Annotated[int, uint(SLOT_MAX)],  # place in the log, from 1
        "view": Annotated[int, uint(VIEW_MAX)],  # leadership attempt within the slot, from 0
        "value": Annotated[str, _digest],  # what is voted for and decided: SHA-256 of the proposal's body
        "hi1": Annotated[Register, _register],  # last vote of each phase ...
        "hi2": Annotated[Register, _register],
        "hi3": Annotated[Register, _register],
        "hi4": Annotated[Register, _register],
        "second1": Annotated[Register, _register],  # ... and the last one for another value
        "second2": Annotated[Register, _register],
        "digest": Annotated[str, _digest],  # SHA-256 of the ledger's state
        "floor": Annotated[int, uint(SLOT_MAX)],  # the node votes above this slot only
        "applied_slot": Annotated[int, uint(SLOT_MAX)],  # last slot in the ledger
        "version": Annotated[str, words],  # of the flight software
        "journal": Annotated[str, _journal],  # what was found on flash
        "reason": Annotated[str, words],
        "heap_free": Annotated[int, uint(SLOT_MAX)],  # bytes of free heap, 0 if unknown ...
        "heap_run": Annotated[int, uint(SLOT_MAX)],  # ... and of its longest run
        "frames_surplus": Annotated[int, uint(SLOT_MAX)],  # votes that a board dropped unchecked, in this life
        "client": Annotated[int, uint(255)],  # (client, operation) names a telecommand
        "operation": Annotated[int, uint(SLOT_MAX)],
        "command": Annotated[Array, _list],  # ledger command
        "result": Annotated[Array, _list],  # ["ok", ...] or ["refused", reason]
        "to": Annotated[int, uint(255)],  # destination of a message; 254: every other replica
        "from": Annotated[int, uint(255)],  # its sender
        "sent": Annotated[int, uint(LAMPORT_MAX)],  # Lamport time of its sending
        # message kind, see amu.wire.messages; of an item of a service, see amu.services.items
        "kind": Annotated[Any, uint(255)],
        "peer": Annotated[int, uint(REPLICAS_MAX - 1)],
        # the peer's incarnation that a channel leads to, null while none is adopted
        "peer_boot": Annotated[int | None, _optional_boot],
        "sequence": Annotated[int, uint(CHANNEL_SEQUENCE_MAX)],  # number of an item in its connection, from 1
        # items handed back: the former incarnation did not acknowledge them
        "undelivered": Annotated[int, uint(CHANNEL_QUEUE_ITEMS_MAX)],
        "time": Annotated[int, uint(LAMPORT_MAX)],  # Lamport time of an event of the mutex
        "initiator": Annotated[int, uint(REPLICAS_MAX - 1)],  # (initiator, number) names a snapshot
        "number": Annotated[int, uint(LAMPORT_MAX)],
        "state": Annotated[Array, _list],  # what a board recorded of itself
        "sent_counts": Annotated[list[int], _counts],  # items given to each channel before a board recorded
        "received_counts": Annotated[list[int], _counts],  # items delivered by each channel before a board recorded
        "received_count": Annotated[int, uint(LAMPORT_MAX)],  # items ahead of a marker
        "channels": Annotated[Array, _list],  # for each sender, the items that were on their way
        "silent_ticks": Annotated[int, uint(SILENT_TICKS_MAX)],  # since the peer was last heard
        "level_milli": Annotated[int, uint(LEVEL_MILLI_MAX)],  # suspicion of a peer in thousandths
    },
    total=False,
)

FIELDS: Mapping[str, Check] = {
    name: hint.__metadata__[0] for name, hint in get_type_hints(_FlightFields, include_extras=True).items()
}


class Fields(_FlightFields, total=False):
    """The fields of an event: those in its table and, for a ground event, the optional ones."""

    scenario: str
    seed: int
    versions: dict[str, object]
    replica_count: int
    byzantine: list[int]
    window_slots: int
    learners: object
    traces_messages: object
    traces_uplinks: object
    tick_seconds: Any
    waits_for: list[str]
    resumed: str
    checked_from: object
    board: int
    board_boot: int
    board_ticks: int
    board_seq: int
    mode: str
    action: str
    seconds: float  # how long a fault lasts, or how long a telecommand took
    counts: dict[str, int]
    links: list[list[int]]
    stage: str
    encoded: str  # a telecommand's command, CBOR in hexadecimal
    attempt: int
    status: str
    order: str  # the sender's name for an order
    sender: str  # who gave it
    told: object  # the order itself
    outcome: str
    role: str  # of the person who gave an order, or for which somebody answered
    step: str  # of the procedure
    answer: str
    inject: str
    steps: list[object]
    heard_seconds: float  # a board whose last word is not older is heard
    light_seconds: float  # that the word of the farthest board takes
    title: str
    text: str
    data: object  # what could not be read as an event


class Line(Fields, total=False):
    """A line of a trace as a JSON object: what every line has, and the event's fields, bytes in hexadecimal."""

    run: str
    node: int
    boot: int
    seq: int
    lamport: int
    ticks: int
    received: float
    event: str


ENVELOPE: Mapping[str, Check] = {
    "node": uint(GROUND),
    "boot": uint(2 * SLOT_MAX),
    "seq": uint(LAMPORT_MAX),
    "lamport": uint(LAMPORT_MAX),
    "event": words,
}

FLIGHT_EVENTS: Mapping[str, tuple[tuple[str, Check], ...]] = {
    name: tuple((field_name, FIELDS[field_name]) for field_name in fields) for name, fields in EVENTS.values()
}

_BOARD = ("board", uint(LEARNER_LAST))  # the board that an event of the ground station is about
GROUND_EVENTS: Mapping[str, tuple[tuple[str, Check], ...]] = {
    # First event of a run. `byzantine` boards are recorded but not judged. Optional fields: `learners` says how many
    # nodes there are beyond the replicas, `traces_messages` whether boards report what they send and receive, and
    # `traces_uplinks` whether the ground station reports each request that leaves for a board. A trace that does not
    # say is judged by what it has. `tick_seconds`, mission seconds of a board's tick, is for estimates of clocks only.
    "RunStart": (
        ("scenario", words),
        ("seed", uint(SEED_MAX)),
        ("versions", _map),
        ("replica_count", _replica_count),
        ("byzantine", _replicas),
        ("window_slots", _window),
    ),
    # "complete", "no progress", "interrupted"; an optional field `waits_for` lists in words what was still open.
    "RunEnd": (("reason", words),),
    # The ground station of run `resumed` is gone; another continues from here. All lines before this one are that run's
    # record, copied verbatim, with its RunEnd if it has one. An `Attach` follows for each board that is alive, and
    # after that come the events of the time in between.
    "Resume": (("resumed", words),),
    # The run joins a board that was already running. What it did before stands before a `Resume`, or is not known. An
    # optional field `checked_from` names the last slot that must not be judged for that reason; without it the checker
    # computes a safe one.
    "Attach": (_BOARD,),
    "BoardStart": (_BOARD,),
    # The process died at once; what it had not sent is lost. An optional field `reason` says why, unless the mission
    # killed it. A board that resets by itself is recorded so when its next life is heard.
    "BoardKill": (_BOARD,),
    "PowerCut": (_BOARD,),  # as BoardKill, in the middle of a write to flash
    # The board crashed. An optional field `reason` has its last output, several lines, such as a traceback.
    "BoardCrash": (_BOARD,),
    "BoardMode": (),  # a board said that it votes, is silent or rejoins
    # A board's report about itself: ticks since its boot, free heap and its longest run in bytes (0 if unknown), and
    # since its boot, the frames that it dropped unchecked because the votes in them could change nothing.
    "Health": (
        _BOARD,
        ("board_ticks", uint(SLOT_MAX)),
        ("heap_free", FIELDS["heap_free"]),
        ("heap_run", FIELDS["heap_run"]),
        ("applied_slot", FIELDS["applied_slot"]),
        ("frames_surplus", FIELDS["frames_surplus"]),
    ),
    "Control": (_BOARD, ("action", _control)),  # a command to a board itself: exit or reset
    "Erase": (_BOARD,),  # its flash was wiped
    # Its line is "lost" or "back": a reset by itself, a pulled cable, a hub. Whether its life has ended is not known.
    "BoardLine": (_BOARD, ("status", words)),
    "BoardFault": (_BOARD, ("kind", words)),  # the scenario does something to it: "pause", "clock_jump", ...
    # What the schedule of board faults will do next: event `number` of the scenario, in its order.
    "Scheduled": (_BOARD, ("action", words), ("number", FIELDS["number"])),
    # `counts` of what the ether did to frames, by name of the fault. An optional field `links` has, for each link that
    # took or delivered a frame since the last such event, [source, destination, accepted, delivered, on the way].
    "Fault": (),
    "Telecommand": (("client", FIELDS["client"]), ("operation", FIELDS["operation"]), ("stage", words)),
    # A person's order to the flight: `told` is the order, `outcome` "accepted", or "refused" with a `reason`.
    "Order": (("order", words), ("sender", words), ("told", _map), ("outcome", words)),
    # The procedure is at a step: `status` says in which phase (`groundstation.procedures.runner`). The first event,
    # "loaded", has all `steps` and `heard_seconds`. `sender`: who moved it, a person with a `role`, or "procedure".
    "Procedure": (("step", words), ("number", FIELDS["number"]), ("status", words), ("sender", words)),
    # An answer in the poll of a step: "go" or "no-go" for a role, or for "quorum", with a `reason` and `light_seconds`.
    "Poll": (("step", words), ("role", words), ("answer", words), ("sender", words)),
    # An inject of the director is "begun": `told` is the order that follows; or "refused", with a `reason`.
    "Inject": (("inject", words), ("status", words), ("sender", words)),
    "TraceError": (("reason", words),),  # a board sent a trace frame that could not be read
}

OUT_OF_ORDER = "lamport"  # Refuse.reason of a message that may have been acted upon without a receipt
BOOT_ENDS = frozenset({"BoardKill", "PowerCut", "BoardCrash", "Erase"})

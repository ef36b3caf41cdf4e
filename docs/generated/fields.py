"""Which properties hold each field of a trace's events, and which fields are free, with the reason.

`python -m tests.mutants.traces --write` makes fields.json: it changes sound traces in one place at a time and notes the
properties that refused each change. FREE and PARTLY are written by hand. A test changes each field again: a change that
is neither refused nor named here fails it.
"""

import json
import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from docs.generated.markdown import code, plain, table
from specs import FOLDER as SPECIFICATIONS
from specs.checking.schema import BOOT_ENDS, FLIGHT_EVENTS, GROUND_EVENTS

FILE = Path(__file__).with_name("fields.json")
ANY_EVENT = "*"
WHOLE_EVENT = "(event)"
ENVELOPE = ("run", "node", "boot", "lamport", "ticks")

UNKNOWN_SENDER = "a refused message may be anybody's and may say anything"
OF_THE_SCENARIO = "what the scenario or the operator did to the swarm; the events of boards show the outcome"
A_START = "a board that dies before its first event was started too; a Boot that is missing is noticed by itself"
AMONG_OWN = (
    "the order of a board's death and other events of the ground station is free; its order with that board's is not"
)

NOTHING_FOLLOWS = "a decision that no step follows may not have been made, or later"
NO_STEP_BETWEEN = "no step in between needed it"
NO_LIFE_AFTER = "a death that no later life shows"
NOBODY_RECEIVED = "a message that nobody received may have been another one, or none"
OF_A_LIAR = "of what a liar or the ground station sent nothing is known"
COUNTED = (
    "the board's counter when the frame left, which may be later than the event; only silences are compared with it"
)

# (event, field): why nothing depends on its value.
FREE: Mapping[tuple[str, str], str] = {
    ("Boot", "version"): "names the flight software; no rule depends on it",
    ("Silent", "reason"): "words for people",
    ("Refuse", "from"): UNKNOWN_SENDER,
    ("Refuse", "kind"): UNKNOWN_SENDER,
    ("Refuse", "reason"): "words for people",
    ("Refuse", WHOLE_EVENT): "a refused message changes nothing, and only some are traced",
    ("RunStart", "scenario"): "a name for people",
    ("RunStart", "seed"): "the scenario's; a trace is judged without it",
    ("RunStart", "versions"): "names for people",
    ("BoardFault", "board"): OF_THE_SCENARIO,
    ("BoardFault", "kind"): OF_THE_SCENARIO,
    ("BoardFault", WHOLE_EVENT): OF_THE_SCENARIO,
    ("Fault", WHOLE_EVENT): OF_THE_SCENARIO,
    ("BoardStart", "board"): A_START,
    ("BoardStart", WHOLE_EVENT): A_START,
}

# (event, fields, kinds of change): why a sound run may have the changed trace as well.
_PARTLY: tuple[tuple[str, str, str, str], ...] = (
    ("*", "ticks", "near other far", COUNTED),
    ("RunStart", "byzantine", "near far", "who lies is the ground station's word, and a liar is not judged"),
    ("RunStart", "window_slots", "near", "a run that never comes near the end of its window"),
    ("RunEnd", "reason", "far", "the word that no progress was made alone changes a verdict"),
    *((end, WHOLE_EVENT, "repeated", "a dead board stays dead") for end in sorted(BOOT_ENDS)),
    *((end, WHOLE_EVENT, "later", AMONG_OWN) for end in sorted(BOOT_ENDS)),
    *((end, f"board {WHOLE_EVENT}", "near removed", NO_LIFE_AFTER) for end in ("BoardKill", "BoardCrash", "PowerCut")),
    ("Erase", f"board {WHOLE_EVENT}", "near removed", "a board that came back without memory once may lose it again"),
    ("Telecommand", WHOLE_EVENT, "removed later", "a stage on which no later one rests"),
    ("Boot", "applied_slot", "near", "power may have failed between writing a state and telling it"),
    ("Restore", "hi1 hi2 hi3 hi4", "near", "a vote may have been on flash when power failed, told to nobody"),
    ("Restore", "view", "near", "so may a view that the others wished"),
    ("Restore", WHOLE_EVENT, "removed", "registers of a slot in which the board had voted in nothing"),
    ("Silent", WHOLE_EVENT, "removed", "a board that does nothing need not say so"),
    ("Rejoin", WHOLE_EVENT, "later", NO_STEP_BETWEEN),
    ("Decide", WHOLE_EVENT, "removed later", NOTHING_FOLLOWS),
    ("Learn", WHOLE_EVENT, "removed later", NOTHING_FOLLOWS),
    ("Checkpoint", WHOLE_EVENT, "removed", "no rule demands one; a board that makes none starts more slowly"),
    ("Send", "to kind slot view", "near other far", NOBODY_RECEIVED),
    ("Send", WHOLE_EVENT, "removed later", NOBODY_RECEIVED),
    ("Receive", "from sent kind", "near other", OF_A_LIAR),
    ("Receive", WHOLE_EVENT, "removed later", "no step may have needed it"),
    ("ChannelSend", WHOLE_EVENT, "removed", NOBODY_RECEIVED),
    ("ChannelRestart", "undelivered", "near other far", "acknowledgements may have been lost"),
    ("MutexReceive", "kind sent", "near other far", OF_A_LIAR),
    ("MutexReceive", WHOLE_EVENT, "removed", "an item that nothing of the board follows"),
    ("SnapshotRecord", f"initiator {WHOLE_EVENT}", "near removed", OF_A_LIAR),
    ("SnapshotIgnored", f"initiator {WHOLE_EVENT}", "other removed", OF_A_LIAR),
    ("SnapshotDone", WHOLE_EVENT, "removed", "an end that nothing of the board follows"),
    ("Suspicion", "peer", "other", "another peer may have been silent as long"),
    ("Suspicion", "silent_ticks", "near other", COUNTED),
    (
        "Suspicion",
        "level_milli",
        "near other far",
        "held between two bounds: it depends on pauses that a trace does not show",
    ),
    ("Suspicion", WHOLE_EVENT, "removed later", "a report for people; no rule demands one"),
    ("Heard", "silent_ticks", "near other", COUNTED),
    ("Heard", WHOLE_EVENT, "removed later", "a report for people; no rule demands one"),
)
PARTLY: Mapping[tuple[str, str, str], str] = {
    (event, field, kind): why
    for event, names, kinds, why in _PARTLY
    for field in names.split()
    for kind in kinds.split()
}

# Events of boards outside the modules: why.
OUTSIDE: Mapping[str, str] = {
    "Operation": "an action of ledger.tla for each command: see specs/checking/ledger/operations.py",
    "Refuse": "a message that changed nothing; it is counted",
    "Restart": "what a board remembers of its life before; no module has heap or reasons",
}

# Events that no simulated run has: what holds them.
NOT_SIMULATED: Mapping[str, str] = {
    "Restart": "right after a Boot (LOG-12); else for people",
    "Resume": "continuity of the trace, and lives (LOG-12)",
    "Attach": "what began before the trace is not checked; the verdict is incomplete",
    "Health": "slot, ticks, run of heap and dropped frames (MSG-6); what is free of the heap is a measurement",
    "BoardLine": "for people; only a board's next life tells that the one before has ended",
    "Control": OF_THE_SCENARIO,
    "Order": "what a person asked for; a word to a procedure, and an inject, rest on it (PRC-1, PRC-2, PRC-4)",
    "Procedure": "step, number, status, sender (PRC-1, PRC-2); the plan itself is the scenario's",
    "Poll": "step, role, answer, sender (PRC-2); the quorum's answer (PRC-3)",
    "Inject": "inject, status, sender, and its order (PRC-4)",
    "Scheduled": OF_THE_SCENARIO,
    "BoardMode": "what a board said of itself; its own events say it to the checker",
    "TraceError": "an event is missing: the verdict is incomplete",
}

KINDS = {
    "near": "the next value",
    "other": "the value of another event",
    "far": "a value far away",
    "removed": "taken out",
    "repeated": "told twice",
    "later": "told later",
}


@lru_cache(maxsize=1)
def held() -> dict[str, dict[str, list[str]]]:
    """Event, field: the properties that hold it."""
    found: dict[str, dict[str, list[str]]] = json.loads(FILE.read_text(encoding="utf-8"))
    return found


def fields_of(event: str) -> tuple[str, ...]:
    """The fields of an event; its whole is the last."""
    if event == ANY_EVENT:
        return ENVELOPE
    return (*(name for name, _ in {**FLIGHT_EVENTS, **GROUND_EVENTS}[event]), WHOLE_EVENT)


def modules_of(event: str) -> list[str]:
    """The modules that have an action of the event's name, as paths from the folder of the specifications."""
    action = re.compile(rf"^{event}(\(| ==)", re.MULTILINE)
    found = [*SPECIFICATIONS.glob("*/trace_*.tla"), SPECIFICATIONS / "tetrabft" / "tetrabft.tla"]
    return [
        path.relative_to(SPECIFICATIONS).as_posix()
        for path in sorted(found)
        if action.search(path.read_text(encoding="utf-8"))
    ]


def actions() -> str:
    """A table: each event of boards, and the modules that have it as an action, or why none has."""
    rows = [
        (code(event), ", ".join(map(code, modules_of(event))), plain(OUTSIDE.get(event, ""))) for event in FLIGHT_EVENTS
    ]
    return table(("event", "an action of", "outside, because"), rows)


def markdown() -> str:
    """Two tables, events of boards and of the ground station: event, field, what holds it, why it is free."""
    parts = []
    for title, events in (("boards", (*FLIGHT_EVENTS, ANY_EVENT)), ("the ground station", tuple(GROUND_EVENTS))):
        rows = [(code(event), code(field), *told(event, field)) for event in events for field in fields_of(event)]
        parts.append(f"### Events of {title}\n\n{table(('event', 'field', 'held by', 'free, because'), rows)}")
    return "\n".join(parts)


def told(event: str, field: str) -> tuple[str, str]:
    """(properties that hold it, why it is free) in Markdown."""
    free = [FREE[event, field]] if (event, field) in FREE else []
    if event in NOT_SIMULATED:
        free.append(f"not simulated: {NOT_SIMULATED[event]}")
    reasons: dict[str, list[str]] = {}
    for kind, words in KINDS.items():
        if (event, field, kind) in PARTLY:
            reasons.setdefault(PARTLY[event, field, kind], []).append(words)
    free += [f"{', '.join(words)}: {why}" for why, words in reasons.items()]
    return ", ".join(map(code, held().get(event, {}).get(field, []))), plain("; ".join(free))

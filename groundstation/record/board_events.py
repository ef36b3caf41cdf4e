"""Names and words for what happens to boards, by name of the trace's event.

A board may be switched off outside the mission's schedule: by `amu stop`, or by a signal to its ground station. A real
board may also reset by itself. In the trace both are a BoardKill with a reason; here they have their own names.
"""

import re

from specs.checking.trace_line import Told

SWITCHED_OFF = "SwitchedOff"
OUTSIDE = "switched off outside the mission"  # the reason in the trace
RESET = "Reset"
BY_ITSELF = "reset by itself"  # the reason in the trace
LINE_LOST = "BoardLine"  # the event; its status is LOST or BACK
LOST, BACK = "lost", "back"
FOUND_OFF = "found off by a ground station that has no record of it"  # another reason; not counted

_KILLS = {OUTSIDE: SWITCHED_OFF, BY_ITSELF: RESET}  # by the reason of a BoardKill

# Faults that only hardware has (`groundstation.faults.board_fault.HARDWARE_FAULTS`).
HARDWARE = {
    "line_noise": "noise on a line",
    "baud_mismatch": "bauds that differ",
    "slow_host": "a line not read",
    "unplug": "cable pulled",
    "brown_out": "supply dipped",
    "hang": "processor stopped",
    "heap_exhaustion": "heap taken",
    "full_flash": "flash filled",
    "worn_flash": "flash worn out",
}
WORDS = {
    "BoardKill": "killed",
    SWITCHED_OFF: OUTSIDE,
    RESET: BY_ITSELF,
    LINE_LOST: "line lost",
    "PowerCut": "power failed",
    "BoardCrash": "crashed",
    "Erase": "flash erased",
    "BoardFault": "paused",
    **HARDWARE,
}


def name_of(event: str, fields: Told) -> str:
    """The event's name; SWITCHED_OFF or RESET for a BoardKill that the mission did not cause; the fault of hardware."""
    if event == "BoardFault" and fields.get("kind") in HARDWARE:
        return str(fields["kind"])
    if event != "BoardKill":
        return event
    return _KILLS.get(str(fields.get("reason")), event)


def spoken(name: str) -> str:
    """A name of an event or an action as words: "vote 1", "refused cursor advance"."""
    return re.sub(r"(?<=[a-z])(?=[A-Z0-9])", " ", name).lower()

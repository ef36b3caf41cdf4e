"""Names and words for what happens to boards, by name of the trace's event.

A board may be switched off outside the mission's schedule: by `amu stop`, or by a signal to its ground station. In the
trace this is a BoardKill with a reason; here it has its own name.
"""

import re

from specs.checking.trace_line import Told

SWITCHED_OFF = "SwitchedOff"
OUTSIDE = "switched off outside the mission"  # the reason in the trace
FOUND_OFF = "found off by a ground station that has no record of it"  # another reason; not counted

WORDS = {
    "BoardKill": "killed",
    SWITCHED_OFF: OUTSIDE,
    "PowerCut": "power failed",
    "BoardCrash": "crashed",
    "Erase": "flash erased",
    "BoardFault": "paused",
}


def name_of(event: str, fields: Told) -> str:
    """The event's name; SWITCHED_OFF for a BoardKill that the mission did not cause."""
    return SWITCHED_OFF if event == "BoardKill" and fields.get("reason") == OUTSIDE else event


def spoken(name: str) -> str:
    """A name of an event or an action as words: "vote 1", "refused cursor advance"."""
    return re.sub(r"(?<=[a-z])(?=[A-Z0-9])", " ", name).lower()

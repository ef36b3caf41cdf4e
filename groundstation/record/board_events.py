"""What happens to boards, by name of the trace's event, and in words.

A board may be switched off by somebody whom the schedule of the mission knows nothing of: `amu stop`, or its ground
station when that was ended. In the trace this is a BoardKill with a reason; here it has a name of its own.
"""

import re

from specs.checking.trace_line import Told

SWITCHED_OFF = "SwitchedOff"
OUTSIDE = "switched off outside the mission"  # the reason that the trace gives
FOUND_OFF = "found off by a ground station that has no record of it"  # another one; nothing to count

WORDS = {
    "BoardKill": "killed",
    SWITCHED_OFF: OUTSIDE,
    "PowerCut": "power failed",
    "BoardCrash": "crashed",
    "Erase": "flash erased",
    "BoardFault": "paused",
}


def name_of(event: str, fields: Told) -> str:
    """The event's name, but SWITCHED_OFF for a board that the mission did not kill."""
    return SWITCHED_OFF if event == "BoardKill" and fields.get("reason") == OUTSIDE else event


def spoken(name: str) -> str:
    """A name of an event or an action as words: "vote 1", "refused cursor advance"."""
    return re.sub(r"(?<=[a-z])(?=[A-Z0-9])", " ", name).lower()

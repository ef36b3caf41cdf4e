"""The knowledge horizon: when the crew can know what a line of the trace tells.

Theory. The bench records what a board says when it says it. The crew's ground station stands beside one board, the
scenario's `mission.ground`, and a word of another board needs the light time from there to arrive. So at mission second
T the crew knows each board as it was one light time ago.

Rules
- Nothing is known early. What rests on several boards, such as the confirmation of a telecommand, counts as the word of
  the one that is farthest.
- What the ground station does itself, it knows at once.
- Light time only: what a window of contact holds back between boards is not held back here, since each board has a
  line of its own to the ground station.
"""

from collections.abc import Callable, Mapping
from typing import Any

from amu.core.limits import GROUND
from groundstation.faults.light import has_light_time, seconds_between
from groundstation.scenario.model import Scenario

FARTHEST = -1  # in place of a board: the word of several
QUEUED = "queued"
OF_A_BOARD = ("Health", "BoardMode", "TraceError", "Telecommand")

Line = Mapping[str, Any]
Delay = Callable[[int, float], float]  # (board, mission second) -> light time in seconds from it to the ground


class Horizon:
    """Of one mission. scenario: None if nobody knows it; then everything is known at once."""

    def __init__(self, scenario: Scenario | None) -> None:
        self.ground = 0 if scenario is None else scenario.mission.ground
        self._scenario = scenario if scenario is not None and has_light_time(scenario.faults) else None
        self._found: dict[int, float] = {}  # light times at second ...
        self._second = -1  # ... this one: places move slowly

    @property
    def is_there(self) -> bool:
        """Whether there is light time at all."""
        return self._scenario is not None

    def seconds(self, board: int, now: float) -> float:
        """Light time from a board, or from the FARTHEST, to the ground station at mission second `now`."""
        scenario = self._scenario
        if scenario is None:
            return 0.0
        if int(now) != self._second:
            self._second, self._found = int(now), {}
        if board not in self._found:
            if board == FARTHEST:
                self._found[board] = max(self.seconds(node, now) for node in range(scenario.mission.boards))
            elif board < scenario.mission.boards:
                self._found[board] = seconds_between(scenario.faults, board, self.ground, now)
            else:  # a learner: no rule knows where it is
                self._found[board] = self.seconds(FARTHEST, now)
        return self._found[board]

    def arrival(self, line: Line) -> float:
        """The mission second at which the crew can know of the line."""
        board, at = told_by(line), line["received"]
        return float(at) if board is None else float(at) + self.seconds(board, at)


def told_by(line: Line) -> int | None:
    """The board whose word a line is; FARTHEST: that of several. None: the ground station's own."""
    name = line["event"]
    if line["node"] != GROUND:
        return int(line["node"])
    if name == "Fault":
        return FARTHEST
    if name not in OF_A_BOARD or (name == "Telecommand" and line.get("stage") == QUEUED):
        return None
    board = line.get("board")
    return FARTHEST if board is None else int(board)

"""What the ground has seen of the swarm: a fold over the lines of a trace, for the expected states of a procedure.

Rule: it believes what boards report, as an operator does. A verdict does not rest on it.
"""

from collections.abc import Mapping
from typing import Any

from amu.core.limits import GROUND, quorum_size
from groundstation.scenario.mission_end import slots_applied
from groundstation.scenario.procedures import STAGES, Expect
from groundstation.scenario.waits_for import boards

OPERATIONS_MAX = 256  # whose stages are remembered
VOTING = "voting"
HEARD_WALL_SECONDS = 3.0  # a board whose last word is older is not heard, unless the procedure says otherwise

Line = Mapping[str, Any]  # of a trace, see specs.checking.schema.Line


class Seen:
    """The boards of a swarm of `replica_count`. heard_seconds: a board whose last word is not older is heard."""

    def __init__(self, replica_count: int, heard_seconds: float) -> None:
        self.confirmed = 0
        self._count, self._heard_seconds = replica_count, heard_seconds
        self._heard: dict[int, float] = {}
        self._mode: dict[int, str] = {}
        self._applied: dict[int, int] = {}
        self._stages: dict[int, int] = {}  # operation -> place in STAGES, from 1

    def take(self, line: Line) -> None:
        """Take in a line of the trace."""
        if line["node"] != GROUND:
            self._board(line)
        elif line["event"] == "Telecommand":
            self._telecommand(line)
        elif line["event"] == "Health":
            self._heard[line["board"]] = line["received"]

    def _board(self, line: Line) -> None:
        node, name = line["node"], line["event"]
        self._heard[node] = line["received"]
        if name == "Boot":
            self._mode[node] = "rejoining" if line["journal"] == "blank" else VOTING
            self._applied[node] = line["applied_slot"]
        elif name == "Rejoin":
            self._mode[node] = VOTING
        elif name == "Silent":
            self._mode[node] = "silent"
        elif name in ("Apply", "Adopt"):
            self._applied[node] = max(line["slot"], self._applied.get(node, 0))

    def _telecommand(self, line: Line) -> None:
        stage, number = line["stage"], line["operation"]
        if stage not in STAGES:
            return
        reached = STAGES.index(stage) + 1
        before = self._stages.get(number, 0)
        self.confirmed += stage == "confirmed" and before < reached
        self._stages[number] = max(before, reached)
        while len(self._stages) > OPERATIONS_MAX:
            del self._stages[next(iter(self._stages))]

    # --- what is asked --------------------------------------------------------------------------

    def is_heard(self, node: int, now: float) -> bool:
        """Whether its last word is not too old at mission second `now`."""
        heard = self._heard.get(node)
        return heard is not None and now - heard <= self._heard_seconds

    def voting(self, now: float) -> int:
        """How many boards are heard, and vote."""
        return sum(self._mode.get(node) == VOTING and self.is_heard(node, now) for node in range(self._count))

    def quorum(self, now: float) -> str:
        """Why no quorum is heard. "" if one is."""
        voting, wanted = self.voting(now), quorum_size(self._count)
        return "" if voting >= wanted else f"{voting} of {self._count} boards are heard and vote; a quorum is {wanted}"

    def lacks(self, expect: Expect, operation: int | None, now: float) -> list[str]:
        """What is not seen yet of an expected state, in words. operation: the telecommand of the step."""
        texts = []
        if expect.stage is not None and self._stages.get(-1 if operation is None else operation, 0) < (
            STAGES.index(expect.stage) + 1
        ):
            texts.append(f"the telecommand is not {expect.stage}")
        if expect.voting is not None and self.voting(now) < expect.voting:
            texts.append(f"{self.voting(now)} of {expect.voting} boards are heard and vote")
        texts += [f"board {node} is not heard" for node in expect.heard if not self.is_heard(node, now)]
        texts += [f"board {node} is heard" for node in expect.unheard if self.is_heard(node, now)]
        slots = slots_applied({node: self._applied.get(node, 0) for node in range(self._count)}, self._count)
        if expect.slots is not None and slots < expect.slots:
            texts.append(f"slot {slots} of {expect.slots} is applied by f + 1 boards")
        if expect.confirmed is not None and self.confirmed < expect.confirmed:
            texts.append(f"{self.confirmed} of {expect.confirmed} telecommands are confirmed")
        return texts


def words(expect: Expect) -> str:
    """An expected state in words."""
    texts = [] if expect.stage is None else [f"the telecommand is {expect.stage}"]
    texts += [] if expect.voting is None else [f"{expect.voting} boards are heard and vote"]
    texts += [f"{_boards(expect.heard)} heard"] if expect.heard else []
    texts += [f"{_boards(expect.unheard)} not heard"] if expect.unheard else []
    texts += [] if expect.slots is None else [f"slot {expect.slots} is applied by f + 1 boards"]
    texts += [] if expect.confirmed is None else [f"{expect.confirmed} telecommands are confirmed"]
    return ", ".join(texts)


def _boards(nodes: list[int]) -> str:
    return f"{boards(nodes)} {'is' if len(nodes) == 1 else 'are'}"

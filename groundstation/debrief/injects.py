"""What was done to the swarm by injects and by faults that people ordered, and the stages of each.

An inject is *played* by the procedure, or by a person; a fault that a person orders stands beside the injects. Of each:

    took effect    the first event that names it: the board's end or fault, or a frame that its rule met
    first alarm    raised while it lasts, of one of its boards or of the swarm
    explained      the first answer to "why no progress?" while it lasts that names one of its boards or links
    answered       the first order of the crew after it
    step left      the first step of the procedure that was left after it
    mended         the board is heard again, or votes again after a life; the rule was ended, or its seconds are over

Rule: after is not because of. Which alarm and which order belong to an inject is for people to say.
"""

import math
from dataclasses import dataclass, field
from typing import Any

from groundstation.debrief.moments import Moment
from groundstation.orders.order import RUNNER, EndFault, Inject, OrderError, Strike, read_body
from groundstation.record.board_events import WORDS, name_of
from groundstation.report.series import fault_played
from groundstation.web import facts
from groundstation.web.tail import Line
from groundstation.why.conditions import ABLE
from specs.checking.schema import BOOT_ENDS

EFFECT, ALARM, WHY, CREW, STEP, MENDED = "took effect", "first alarm", "explained", "answered", "step left", "mended"


@dataclass
class Stage:
    """One stage of an inject. by: who did it, or ""."""

    moment: Moment
    what: str
    by: str = ""


@dataclass
class Played:
    """An inject, or a fault by order. boards: whose alarms and answers are about it."""

    name: str
    text: str
    sender: str
    moment: Moment
    words: str = ""
    refused: str = ""
    boards: frozenset[int] = frozenset()
    links: frozenset[tuple[int, int]] = frozenset()
    stages: dict[str, Stage] = field(default_factory=dict)
    _board: int | None = None
    _kind: str = ""
    _seconds: float | None = None
    _rule: str = ""

    def ordered(self, line: Line, moment: Moment, count: int) -> None:
        """Take in its order."""
        if line["outcome"] != "accepted":
            self.refused = line.get("reason") or "refused"
        try:
            body = read_body(line["told"])
            self.words = body.words
            if self.refused:
                return
            if isinstance(body, Strike):
                self._of_board(body)
            elif isinstance(body, Inject):
                self._of_links(body, moment, count)
            elif isinstance(body, EndFault):  # it is over at once
                self.stages[EFFECT] = self.stages[MENDED] = Stage(moment, "it ends a fault")
        except OrderError as error:
            self.words = f"an order that cannot be read: {error}"

    def _of_board(self, body: Strike) -> None:
        self._board, self._kind, self.boards = body.board, body.action, frozenset({body.board})
        seconds = body.fields.get("seconds")
        self._seconds = None if seconds is None else float(seconds)

    def _of_links(self, body: Inject, moment: Moment, count: int) -> None:
        self._rule = body.name
        self.links = frozenset(facts.touched(body.bound(moment.at), count))
        self.boards = frozenset(node for pair in self.links for node in pair)
        if body.seconds is not None:
            self.stages[MENDED] = Stage(moment._replace(later=body.seconds), "its seconds are over")

    def take(self, line: Line, moment: Moment) -> None:
        """Take in a line after its order."""
        if self._rule:
            self._take_of_links(line, moment)
        elif self._board is not None:
            self._take_of_board(line, moment)

    def _take_of_links(self, line: Line, moment: Moment) -> None:
        counts = line.get("counts") if line["event"] == "Fault" else None
        if isinstance(counts, dict) and counts.get(self._rule) and EFFECT not in self.stages:
            self.stages[EFFECT] = Stage(moment, f"frames met the rule: {counts[self._rule]}")
        told = line.get("told") if line["event"] == "Order" and line.get("outcome") == "accepted" else None
        if isinstance(told, dict) and told.get("kind") == "end-fault" and told.get("name") == self._rule:
            self.stages[MENDED] = Stage(moment, "the rule was ended", line["sender"])
            self._rule = ""

    def _take_of_board(self, line: Line, moment: Moment) -> None:
        name = line["event"]
        began = self.stages.get(EFFECT)
        if began is None:
            is_fault = name == "BoardFault" and line.get("kind") == self._kind
            if line.get("board") == self._board and (name in BOOT_ENDS or is_fault):
                what = self._kind.replace("_", " ") if is_fault else WORDS[name_of(name, line)]
                self.stages[EFFECT] = Stage(moment, f"board {self._board}: {what}")
        elif MENDED not in self.stages and line["node"] == self._board:
            if self._seconds is not None:
                if moment.at >= began.moment.at + self._seconds:
                    self.stages[MENDED] = Stage(moment, f"board {self._board} is heard after its seconds")
            elif name == "Rejoin" or (name == "Boot" and line["journal"] != "blank"):
                self.stages[MENDED] = Stage(moment, f"board {self._board} votes again")

    @property
    def until(self) -> float:
        """The mission second at which it was mended."""
        mended = self.stages.get(MENDED)
        return math.inf if mended is None else mended.moment.at

    def explain(self, answer: dict[str, Any], moment: Moment) -> None:
        """Take in an answer to "why no progress?"."""
        if WHY not in self.stages and moment.at <= self.until and self._is_named(answer):
            self.stages[WHY] = Stage(moment, f"{answer['state']}: {answer['sentence']}")

    def _is_named(self, answer: dict[str, Any]) -> bool:
        boards = any(row["node"] in self.boards and row["kind"] != ABLE for row in answer["boards"])
        return (boards and not self.links) or any(
            (row["source"], row["destination"]) in self.links for row in answer["links"]
        )


class Injects:
    """All that was played in one run, in order."""

    def __init__(self) -> None:
        self.played: list[Played] = []
        self._by_name: dict[str, Played] = {}
        self._count = 0

    def take(self, line: Line, moment: Moment) -> None:
        """Take in a line of the trace."""
        for each in self.played:
            each.take(line, moment)
        name = line["event"]
        if name == "RunStart":
            self._count = line["replica_count"]
        played = fault_played(line)
        if played is not None:
            found = Played(played, line.get("text", ""), line["sender"], moment)
            self.played.append(found)
            if name == "Order":
                found.ordered(line, moment, self._count)
            else:
                self._by_name[f"inject/{played}"] = found
        elif name == "Order" and line["sender"] == RUNNER and line["order"] in self._by_name:
            self._by_name.pop(line["order"]).ordered(line, moment, self._count)

    def explain(self, answer: dict[str, Any], moment: Moment) -> None:
        """Take in an answer to "why no progress?"."""
        for each in self.played:
            each.explain(answer, moment)

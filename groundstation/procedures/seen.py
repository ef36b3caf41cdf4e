"""What the ground has seen of the swarm: a fold over the lines of a trace, for the expected states of a procedure.

Rules
- It believes what boards report, as an operator does. A verdict does not rest on it.
- It knows what has had time to arrive (`groundstation.procedures.horizon`), never more. What is still on its way is
  kept in steps of GRAIN of `heard_seconds` for each board, so that it is bounded; a word may count one step late.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from amu.core.limits import GROUND, quorum_size
from groundstation.procedures.horizon import FARTHEST, Horizon
from groundstation.scenario.mission_end import slots_applied
from groundstation.scenario.procedures import STAGES, Expect
from groundstation.scenario.waits_for import boards

OPERATIONS_MAX = 256  # whose stages are remembered
VOTING = "voting"
HEARD_WALL_SECONDS = 3.0  # a board whose last word is older is not heard, unless the procedure says otherwise
GRAIN = 1 / 16

Line = Mapping[str, Any]  # of a trace, see specs.checking.schema.Line


@dataclass
class _Word:
    """What arrives of a board, or of the farthest one, from second `first` to `at`."""

    first: float
    at: float
    boots: bool = False  # what it had applied before that counts no longer
    mode: str | None = None  # None: it has not said
    applied: int = 0
    confirmed: int = 0  # telecommands


class _Coming:
    """Words on their way, in the order of their arrival. grain: seconds of words that count as one."""

    def __init__(self, grain: float) -> None:
        self._words: deque[_Word] = deque()
        self._grain = grain

    def add(self, at: float) -> _Word:
        """The word that arrives at second `at`, to be filled in. Light times change: none overtakes another."""
        last = self._words[-1] if self._words else None
        if last is None or at > last.first + self._grain:
            last = _Word(at if last is None else max(at, last.at), at)
            self._words.append(last)
        last.at = max(last.at, at)
        return last

    def arrived(self, now: float) -> list[_Word]:
        """Those that have arrived, taken out."""
        found = []
        while self._words and self._words[0].at <= now:
            found.append(self._words.popleft())
        return found


class Seen:
    """The boards of a swarm of `replica_count`. heard_seconds: a board whose last word is not older is heard."""

    def __init__(self, replica_count: int, heard_seconds: float, horizon: Horizon | None = None) -> None:
        self._confirmed = 0
        self._count, self.heard_seconds = replica_count, heard_seconds
        self._horizon = horizon or Horizon(None)
        self._coming = [_Coming(heard_seconds * GRAIN) for _ in range(replica_count)]
        self._answers = _Coming(heard_seconds * GRAIN)
        self._heard: dict[int, float] = {}
        self._mode: dict[int, str] = {}
        self._applied: dict[int, int] = {}
        # Operation -> for each stage that it has reached, by its place in STAGES, the second at which that is known.
        self._stages: dict[int, dict[int, float]] = {}

    def take(self, line: Line) -> None:
        """Take in a line of the trace."""
        if line["node"] != GROUND:
            self._board(line)
        elif line["event"] == "Telecommand":
            self._telecommand(line)
        elif line["event"] == "Health" and line["board"] < self._count:
            self._coming[line["board"]].add(self._horizon.arrival(line))
        self._advance(line["received"])

    def _board(self, line: Line) -> None:
        node, name = line["node"], line["event"]
        if node >= self._count:
            return  # a learner
        word = self._coming[node].add(self._horizon.arrival(line))
        if name == "Boot":
            word.mode = "rejoining" if line["journal"] == "blank" else VOTING
            word.boots, word.applied = True, line["applied_slot"]
        elif name == "Rejoin":
            word.mode = VOTING
        elif name == "Silent":
            word.mode = "silent"
        elif name in ("Apply", "Adopt"):
            word.applied = max(line["slot"], word.applied)

    def _telecommand(self, line: Line) -> None:
        stage, number = line["stage"], line["operation"]
        if stage not in STAGES:
            return
        place, at = STAGES.index(stage), self._horizon.arrival(line)
        known = self._stages.setdefault(number, {})
        if stage == "confirmed" and place not in known:
            self._answers.add(at).confirmed += 1
        known[place] = min(at, known.get(place, at))
        while len(self._stages) > OPERATIONS_MAX:
            del self._stages[next(iter(self._stages))]

    def _advance(self, now: float) -> None:
        """Take in what has arrived by second `now`."""
        for node, coming in enumerate(self._coming):
            for word in coming.arrived(now):
                self._heard[node] = word.at
                self._mode[node] = word.mode or self._mode.get(node, "")
                self._applied[node] = max(word.applied, 0 if word.boots else self._applied.get(node, 0))
        self._confirmed += sum(word.confirmed for word in self._answers.arrived(now))

    # --- what is asked --------------------------------------------------------------------------

    def light_seconds(self, now: float) -> float:
        """How long the word of the farthest board takes."""
        return self._horizon.seconds(FARTHEST, now)

    def is_heard(self, node: int, now: float) -> bool:
        """Whether its last word is not too old at mission second `now`."""
        self._advance(now)
        heard = self._heard.get(node)
        return heard is not None and now - heard <= self.heard_seconds

    def voting(self, now: float) -> int:
        """How many boards are heard, and vote."""
        return sum(self._mode.get(node) == VOTING and self.is_heard(node, now) for node in range(self._count))

    def quorum(self, now: float) -> str:
        """Why no quorum is heard. "" if one is."""
        voting, wanted = self.voting(now), quorum_size(self._count)
        return "" if voting >= wanted else f"{voting} of {self._count} boards are heard and vote; a quorum is {wanted}"

    def lacks(self, expect: Expect, operation: int | None, now: float) -> list[str]:
        """What is not seen yet of an expected state, in words. operation: the telecommand of the step."""
        self._advance(now)
        texts = []
        reached = self._stages.get(-1 if operation is None else operation, {})
        if expect.stage is not None and not any(
            at <= now for place, at in reached.items() if place >= STAGES.index(expect.stage)
        ):
            texts.append(f"the telecommand is not {expect.stage}")
        if expect.voting is not None and self.voting(now) < expect.voting:
            texts.append(f"{self.voting(now)} of {expect.voting} boards are heard and vote")
        texts += [f"board {node} is not heard" for node in expect.heard if not self.is_heard(node, now)]
        texts += [f"board {node} is heard" for node in expect.unheard if self.is_heard(node, now)]
        slots = slots_applied({node: self._applied.get(node, 0) for node in range(self._count)}, self._count)
        if expect.slots is not None and slots < expect.slots:
            texts.append(f"slot {slots} of {expect.slots} is applied by f + 1 boards")
        if expect.confirmed is not None and self._confirmed < expect.confirmed:
            texts.append(f"{self._confirmed} of {expect.confirmed} telecommands are confirmed")
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

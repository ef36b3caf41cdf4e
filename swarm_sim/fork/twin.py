"""A run on boards beside the simulation of its scenario: where do the steps of a replica first differ, and why?

Boards have timing of their own, so two executions never agree in seconds, and a slot may hold other requests. Compared
is what the protocol does with a slot:

- for each slot, in order, and each honest board: its consensus steps in that slot, in its own order, each with its
  view. A step is one of STEPS.
- The first divergence is in the first slot where some board's steps differ; of several boards it is the one whose step
  comes first, on either side.

Not compared: seconds, ticks, values (counted only), the order of steps between slots or boards, services, lives. Slots
beyond the last one of either run are not compared either.
"""

from collections import defaultdict
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

from groundstation.report.excerpt import Traffic
from groundstation.report.exports import causality
from groundstation.report.messages import OTHER, Mark, Message
from groundstation.scenario.waits_for import boards
from swarm_sim.fork.origin import run_start

STEPS = ("Propose", "Vote1", "Vote2", "Vote3", "Vote4", "Wish", "EnterView", "Decide", "Learn")
BOARDS, SIMULATION = "on boards", "in simulation"


@dataclass(frozen=True)
class Side:
    """One of both runs. step: what the board did there; None: nothing more in this slot. received: what it had by then
    of this slot, in words."""

    name: str
    step: Mark | None
    received: str

    def told(self, board: int, slot: int) -> str:
        """The step and its reason, in a sentence."""
        if self.step is None:
            return (
                f"{self.name}: board {board} took no further step in slot {slot}. In all it received {self.received}."
            )
        step = self.step
        return (
            f"{self.name}: board {board} took {step.name} in view {step.view} of slot {slot} at {step.at:.3f} s. "
            f"By then it had received {self.received}."
        )


@dataclass(frozen=True)
class Parting:
    """The first divergence of two runs."""

    slot: int
    board: int
    number: int  # of the step in the board's steps in this slot, from 0
    boards: Side
    simulation: Side

    @property
    def sides(self) -> tuple[Side, Side]:
        return self.boards, self.simulation


@dataclass(frozen=True)
class Twin:
    """Both runs. parting: None if no compared step differs."""

    slots: int  # compared, from 1
    steps: int  # compared and equal, before the divergence
    values_equal: int  # slots of the compared ones that hold the same value
    parting: Parting | None
    traffics: tuple[Traffic, Traffic]
    liars: list[int]

    def told(self) -> str:
        """How far the runs agree, in a sentence."""
        values = f"{self.values_equal} of these slots hold the same value"
        if self.parting is None:
            return f"no compared step differs: slots 1 to {self.slots}, {self.steps} steps; {values}"
        parting = self.parting
        return (
            f"first divergence in slot {parting.slot}, board {parting.board}, its step number {parting.number + 1}; "
            f"{self.steps} steps agree up to there. Compared: slots 1 to {self.slots}; {values}"
        )

    def as_dict(self) -> dict[str, object]:
        """The content of --json."""
        parting = self.parting
        return {
            "slots_compared": self.slots,
            "steps_equal": self.steps,
            "slots_of_equal_value": self.values_equal,
            "first_divergence": None
            if parting is None
            else {
                "slot": parting.slot,
                "board": parting.board,
                "step": parting.number,
                "sides": [
                    {
                        "run": side.name,
                        "event": None if side.step is None else side.step.name,
                        "view": None if side.step is None else side.step.view,
                        "at": None if side.step is None else side.step.at,
                        "told": side.told(parting.board, parting.slot),
                    }
                    for side in parting.sides
                ],
            },
        }


def compare(recorded: Path, simulated: Path) -> Twin:
    """The traces of both runs side by side. Raises TraceError, ForkError."""
    traffics = Traffic(causality.read(recorded)), Traffic(causality.read(simulated))
    liars = list(run_start(recorded)["byzantine"])
    steps = [_steps(traffic, liars) for traffic in traffics]
    last = min(max((slot for slot, _ in side), default=0) for side in steps)
    values = [_values(traffic, liars) for traffic in traffics]
    equal_values = sum(1 for slot in range(1, last + 1) if values[0].get(slot, "") == values[1].get(slot, None))
    equal = 0
    for slot in range(1, last + 1):
        found: list[Parting] = []
        for board in sorted({node for side in steps for number, node in side if number == slot}):
            own = [side.get((slot, board), []) for side in steps]
            number = _first_difference(*own)
            if number is None:
                equal += len(own[0])
                continue
            equal += number
            sides = [
                _side(name, traffic, side, number, slot, board)
                for name, traffic, side in zip((BOARDS, SIMULATION), traffics, own)
            ]
            found.append(Parting(slot, board, number, *sides))
        if found:
            return Twin(last, equal, equal_values, min(found, key=_begins), traffics, liars)
    return Twin(last, equal, equal_values, None, traffics, liars)


def _steps(traffic: Traffic, liars: list[int]) -> dict[tuple[int, int], list[Mark]]:
    """The consensus steps by (slot, board), in the board's order."""
    found: dict[tuple[int, int], list[Mark]] = defaultdict(list)
    for mark in traffic.marks:
        if mark.name in STEPS and mark.slot is not None and mark.node not in liars:
            found[mark.slot, mark.node].append(mark)
    return dict(found)


def _values(traffic: Traffic, liars: list[int]) -> dict[int, str]:
    found: dict[int, str] = {}
    for step in traffic.steps:
        if step.event.name == "Decide" and step.event.node not in liars:
            found.setdefault(step.event.fields["slot"], step.event.fields["value"])
    return found


def _first_difference(one: list[Mark], other: list[Mark]) -> int | None:
    for number, (mine, yours) in enumerate(zip_longest(one, other)):
        if mine is None or yours is None or (mine.name, mine.view) != (yours.name, yours.view):
            return number
    return None


def _begins(parting: Parting) -> tuple[float, int]:
    return min(side.step.at for side in parting.sides if side.step is not None), parting.board


def _side(name: str, traffic: Traffic, steps: list[Mark], number: int, slot: int, board: int) -> Side:
    step = steps[number] if number < len(steps) else None
    heard = [
        message
        for message in traffic.messages
        if message.receiver == board
        and message.slot == slot
        and message.label != OTHER
        and message.received_clock is not None
        and (step is None or message.received_clock <= step.clock)
    ]
    down = [
        f"it was off from {since:.3f} s to {until:.3f} s"
        for node, since, until in traffic.down
        if node == board and (step is None or since <= step.at)
    ]
    return Side(name, step, "; ".join([_in_words(heard), *down[-1:]]))


def _in_words(heard: list[Message]) -> str:
    """What was received, by kind and view: from whom."""
    senders: dict[tuple[str, int], set[int]] = defaultdict(set)
    for message in heard:
        senders[message.label, message.view].add(message.sender)
    parts = [f"{label} of view {view} from {boards(sorted(nodes))}" for (label, view), nodes in senders.items()]
    return ", ".join(parts) or "nothing of this slot"


__all__ = ["BOARDS", "SIMULATION", "STEPS", "Parting", "Side", "Twin", "compare"]

"""The faults of links, each a class: a rule that maps one copy of a frame to the copies that survive it.

Class and fields have the names of the scenario file: a table `[[faults]]` with `fault = "drop"`, `probability = 0.1`,
`end = 30`. Faults from a path's geometry and capacity are in `groundstation.faults.paths`.
"""

from collections.abc import Callable
from typing import Annotated, ClassVar, Literal, Self, get_args

from pydantic import Field, model_validator

from groundstation.faults.contacts import LISTED, Node, Seconds
from groundstation.faults.paths import Bandwidth, Capacity, Clog, ContactWindow, LightTime, Orbits
from groundstation.faults.rule import (
    DAMAGED,
    DELAYED,
    DOUBLED,
    Copy,
    Draws,
    Effect,
    Link,
    Memory,
    Probability,
    Rule,
    Step,
    by_chance,
    delays,
    loses,
)

COPIES_MAX = 8  # extra copies of one frame


class Drop(Rule):
    """Loses a copy with `probability`."""

    fault: Literal["drop"]
    probability: Probability

    def on_link(self, link: Link) -> Step | None:
        return by_chance(link.draws, self.probability, loses(link.name))


class Duplicate(Rule):
    """With `probability` makes `copies` further copies; they arrive with the first unless a later rule delays them."""

    does: ClassVar[str] = DOUBLED

    fault: Literal["duplicate"]
    probability: Probability
    copies: int = Field(default=1, ge=1, le=COPIES_MAX, description="further copies of a frame")

    def on_link(self, link: Link) -> Step | None:
        effect = Effect(link.name, self.copies)
        # The lineage names the rule, so that a copy keeps its draws when other rules come or go.
        marks = [f"/{link.name}.{n}".encode() for n in range(1, self.copies + 1)]

        def step(copy: Copy, effects: list[Effect], memories: dict[str, Memory]) -> tuple[Copy, ...]:
            effects.append(effect)
            lineage = copy.lineage
            twins = [Copy(copy.at, copy.entered, copy.frame, copy.index, lineage + mark) for mark in marks]
            return (copy, *twins)

        return by_chance(link.draws, self.probability, step)


class Reorder(Rule):
    """With `probability` holds a copy back for `hold_seconds`, so that later frames overtake it."""

    does: ClassVar[str] = DELAYED

    fault: Literal["reorder"]
    probability: Probability
    hold_seconds: Seconds

    def on_link(self, link: Link) -> Step | None:
        return by_chance(link.draws, self.probability, delays(link.name, self.hold_seconds))


class Delay(Rule):
    """Delays every copy by the same time: order is kept."""

    does: ClassVar[str] = DELAYED

    fault: Literal["delay"]
    seconds: Seconds

    def on_link(self, link: Link) -> Step | None:
        return delays(link.name, self.seconds)


class Jitter(Rule):
    """Delays each copy by its own time, uniform from `seconds_min` to below `seconds_max`: order may change."""

    does: ClassVar[str] = DELAYED

    fault: Literal["jitter"]
    seconds_min: Seconds = 0.0
    seconds_max: Seconds

    @model_validator(mode="after")
    def _interval(self) -> Self:
        if self.seconds_max < self.seconds_min:
            raise ValueError(f"seconds_max must be at least seconds_min = {self.seconds_min:g}")
        return self

    def on_link(self, link: Link) -> Step | None:
        least, width, draw = self.seconds_min, self.seconds_max - self.seconds_min, link.draws.first
        effect = Effect(link.name, 0)

        def step(copy: Copy, effects: list[Effect], memories: dict[str, Memory]) -> tuple[Copy, ...]:
            copy.at += least + width * draw(copy)
            effects.append(effect)
            return (copy,)

        return step


class Corrupt(Rule):
    """With `probability` flips `bits` different bits of a copy, anywhere in its wire bytes."""

    does: ClassVar[str] = DAMAGED

    fault: Literal["corrupt"]
    probability: Probability
    bits: int = Field(default=1, ge=1, le=64, description="that are flipped")

    def on_link(self, link: Link) -> Step | None:
        bits, below = self.bits, link.draws.below
        effect = Effect(link.name, 0)

        def step(copy: Copy, effects: list[Effect], memories: dict[str, Memory]) -> tuple[Copy, ...]:
            frame = bytearray(bytes(copy.frame))
            flipped: set[int] = set()
            number = 1
            while len(flipped) < min(bits, 8 * len(frame)):
                bit = below(8 * len(frame), copy, number)
                number += 1
                if bit not in flipped:
                    flipped.add(bit)
                    frame[bit // 8] ^= 1 << bit % 8
            copy.frame = bytes(frame)
            effects.append(effect)
            return (copy,)

        return by_chance(link.draws, self.probability, step)


class Truncate(Rule):
    """With `probability` cuts the end off a copy: its closing delimiter and at least one byte before it."""

    does: ClassVar[str] = DAMAGED

    fault: Literal["truncate"]
    probability: Probability

    def on_link(self, link: Link) -> Step | None:
        below = link.draws.below
        effect = Effect(link.name, 0)

        def step(copy: Copy, effects: list[Effect], memories: dict[str, Memory]) -> tuple[Copy, ...]:
            # A frame that lost only its delimiter would be closed by the next frame's opening one, and be whole.
            longest = len(copy.frame) - 2
            if longest >= 1:
                copy.frame = copy.frame[: 1 + below(longest, copy, 1)]
                effects.append(effect)
            return (copy,)

        return by_chance(link.draws, self.probability, step)


class BurstLoss(Rule):
    """Loss in bursts: the Gilbert-Elliott channel (Gilbert 1960, Elliott 1963). Each frame of the link is a step.

    In the good state nothing is lost, in the bad one a copy is lost with probability `loss`. Every link starts good.
    The state at a frame is a function of the draws of the frames before it, so it is recomputed rather than stored.
    Going back, a draw after which both states agree is soon found (Propp and Wilson 1996, coupling from the past).
    """

    LOOK_BACK_EXPECTED_FRAMES_MAX: ClassVar[int] = 1000

    fault: Literal["burst_loss"]
    good_to_bad: Probability
    bad_to_good: Probability
    loss: Probability = 1.0

    @model_validator(mode="after")
    def _state_found_soon(self) -> Self:
        least = 1 / self.LOOK_BACK_EXPECTED_FRAMES_MAX
        if not least <= self.good_to_bad + self.bad_to_good <= 2 - least:
            raise ValueError(f"good_to_bad + bad_to_good must lie between {least:g} and {2 - least:g}")
        return self

    def is_bad(self, index: int, draws: Draws) -> bool:
        """Whether the link is bad for frame `index`: its state after `index + 1` steps from good."""
        stay_bad = 1 - self.bad_to_good
        low, high = sorted((self.good_to_bad, stay_bad))
        flips = 0  # steps that keep the state, or invert it if stay_bad < good_to_bad
        for step in range(index, -1, -1):
            draw = draws.uniform(step)
            if draw < low or draw >= high:
                bad = draw < low
                break
            flips += 1
        else:
            bad = False
        turned_round = stay_bad < self.good_to_bad and flips % 2 == 1
        return bad != turned_round

    def on_link(self, link: Link) -> Step | None:
        is_bad, draws, loss = self._walker(link.draws), link.draws, self.loss
        effect = Effect(link.name, -1)

        def step(copy: Copy, effects: list[Effect], memories: dict[str, Memory]) -> tuple[Copy, ...]:
            # The state belongs to the link, so all copies of a frame see the same one; each is lost by its own draw.
            if is_bad(copy.index) and draws.uniform(copy.index, 1, copy.lineage) < loss:
                effects.append(effect)
                return ()
            return (copy,)

        return step

    def _walker(self, draws: Draws) -> Callable[[int], bool]:
        """`is_bad` with a memory of its last call: after the previous frame it makes one step, without going back."""
        good_to_bad, stay_bad = self.good_to_bad, 1 - self.bad_to_good
        last, bad = -1, False

        def walk(index: int) -> bool:
            nonlocal last, bad
            if index == last + 1:
                bad = draws.uniform(index) < (stay_bad if bad else good_to_bad)
            elif index != last:
                bad = self.is_bad(index, draws)
            last = index
            return bad

        return walk


class Partition(Rule):
    """Loses every frame between different groups, both ways. Replicas in no group form another group together."""

    fault: Literal["partition"]
    groups: Annotated[tuple[Annotated[tuple[Node, ...], LISTED, Field(min_length=1)], ...], LISTED] = Field(
        min_length=1, description="replicas that hear each other"
    )

    @model_validator(mode="after")
    def _groups_apart(self) -> Self:
        named = [node for group in self.groups for node in group]
        for node in named:
            if named.count(node) > 1:
                raise ValueError(f"groups must not share replicas, {node} is named twice")
        return self

    def named_nodes(self) -> set[int]:
        return super().named_nodes().union(*self.groups)

    def _group(self, node: int) -> int:
        for number, group in enumerate(self.groups):
            if node in group:
                return number
        return len(self.groups)

    def on_link(self, link: Link) -> Step | None:
        is_within = self._group(link.source) == self._group(link.destination)
        return None if is_within else loses(link.name)


class OneWayPartition(Rule):
    """Loses every frame from the `source` replicas to the `destination` replicas, and none in the other direction."""

    fault: Literal["one_way_partition"]

    @model_validator(mode="after")
    def _both_ends(self) -> Self:
        if self.source is None or self.destination is None:
            raise ValueError("want source and destination: the replicas that are not heard, and those that do not hear")
        return self

    def on_link(self, link: Link) -> Step | None:
        return loses(link.name)


FaultRule = Annotated[
    Drop
    | Duplicate
    | Reorder
    | Delay
    | Jitter
    | LightTime
    | Orbits
    | Corrupt
    | Truncate
    | BurstLoss
    | Partition
    | OneWayPartition
    | ContactWindow
    | Bandwidth
    | Capacity
    | Clog,
    Field(discriminator="fault"),
]
# By name, in this order.
KINDS = {get_args(kind.model_fields["fault"].annotation)[0]: kind for kind in get_args(get_args(FaultRule)[0])}

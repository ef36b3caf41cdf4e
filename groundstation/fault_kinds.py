"""The fault vocabulary: one class a fault, each a rule that takes one copy of a frame to the copies that survive it.

The fields are the scenario file's words: a table `[[faults]]` with `fault = "drop"`, `probability = 0.1`, `end = 30`.
"""

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from amu.core import limits
from groundstation.contacts import (
    Node,
    PairLightTime,
    Pass,
    Seconds,
    check_passes,
    light_time_seconds,
    next_contact,
)
from groundstation.fault_rule import (
    Context,
    Draws,
    Effect,
    Flight,
    Memory,
    Outcome,
    Rule,
    changed,
    later,
    lost,
    untouched,
)

COPIES_MAX = 8  # extra copies of one frame
STORE_FRAMES_MAX = 4096  # frames held back outside a pass, a link

Probability = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]


class Drop(Rule):
    """Loses a copy with `probability`."""

    fault: Literal["drop"]
    probability: Probability

    def apply(self, flight: Flight, context: Context, memory: Memory) -> Outcome:
        if context.uniform(flight) < self.probability:
            return lost(context.name, memory)
        return untouched(flight, memory)


class Duplicate(Rule):
    """With `probability` makes `copies` further copies; they arrive with the first unless a later rule delays them."""

    fault: Literal["duplicate"]
    probability: Probability
    copies: int = Field(default=1, ge=1, le=COPIES_MAX)

    def apply(self, flight: Flight, context: Context, memory: Memory) -> Outcome:
        if context.uniform(flight) >= self.probability:
            return untouched(flight, memory)
        # The lineage names the rule, so that a copy keeps its draws when other rules come or go.
        twins = [flight._replace(lineage=f"{flight.lineage}/{context.name}.{n}") for n in range(1, self.copies + 1)]
        return Outcome((flight, *twins), (Effect(context.name, self.copies),), memory)


class Reorder(Rule):
    """With `probability` holds a copy back for `hold_seconds`, so that later frames overtake it."""

    fault: Literal["reorder"]
    probability: Probability
    hold_seconds: Seconds

    def apply(self, flight: Flight, context: Context, memory: Memory) -> Outcome:
        if context.uniform(flight) < self.probability:
            return later(flight, self.hold_seconds, context.name, memory)
        return untouched(flight, memory)


class Delay(Rule):
    """Delays every copy by the same time: order is kept."""

    fault: Literal["delay"]
    seconds: Seconds

    def apply(self, flight: Flight, context: Context, memory: Memory) -> Outcome:
        return later(flight, self.seconds, context.name, memory)


class Jitter(Rule):
    """Delays each copy by its own time, uniform in [seconds_min, seconds_max): order may change."""

    fault: Literal["jitter"]
    seconds_min: Seconds = 0.0
    seconds_max: Seconds

    @model_validator(mode="after")
    def _interval(self) -> Self:
        if self.seconds_max < self.seconds_min:
            raise ValueError(f"seconds_max must be at least seconds_min = {self.seconds_min:g}")
        return self

    def apply(self, flight: Flight, context: Context, memory: Memory) -> Outcome:
        width = self.seconds_max - self.seconds_min
        seconds = self.seconds_min + width * context.uniform(flight)
        return later(flight, seconds, context.name, memory)


class LightTime(Rule):
    """One-way light time: `seconds` between any two nodes, unless `pairs` names theirs."""

    fault: Literal["light_time"]
    seconds: Seconds = 0.0
    pairs: tuple[PairLightTime, ...] = ()

    @model_validator(mode="after")
    def _table(self) -> Self:
        if not self.pairs and self.seconds == 0:
            raise ValueError("want seconds > 0, or pairs with a light time each")
        seen = [frozenset(pair.nodes) for pair in self.pairs]
        for pair in seen:
            if seen.count(pair) > 1:
                raise ValueError(f"pairs names the nodes {sorted(pair)} twice; want each pair once, in either order")
        return self

    def named_nodes(self) -> set[int]:
        return super().named_nodes().union(*(pair.nodes for pair in self.pairs))

    def apply(self, flight: Flight, context: Context, memory: Memory) -> Outcome:
        seconds = light_time_seconds(self.pairs, self.seconds, context.source, context.destination)
        if seconds == 0:
            return untouched(flight, memory)
        return later(flight, seconds, context.name, memory)


class Corrupt(Rule):
    """With `probability` flips `bits` different bits of a copy, anywhere in its wire bytes."""

    fault: Literal["corrupt"]
    probability: Probability
    bits: int = Field(default=1, ge=1, le=64)

    def apply(self, flight: Flight, context: Context, memory: Memory) -> Outcome:
        if context.uniform(flight) >= self.probability:
            return untouched(flight, memory)
        frame = bytearray(flight.frame)
        flipped: set[int] = set()
        number = 1
        while len(flipped) < min(self.bits, 8 * len(frame)):
            bit = context.below(8 * len(frame), flight, number)
            number += 1
            if bit not in flipped:
                flipped.add(bit)
                frame[bit // 8] ^= 1 << bit % 8
        return changed(flight._replace(frame=bytes(frame)), context.name, memory)


class Truncate(Rule):
    """With `probability` cuts the end off a copy: its closing delimiter and at least one byte before it."""

    fault: Literal["truncate"]
    probability: Probability

    def apply(self, flight: Flight, context: Context, memory: Memory) -> Outcome:
        # A frame that lost nothing but its delimiter would be closed by the next frame's opening one, and be whole.
        longest = len(flight.frame) - 2
        if longest < 1 or context.uniform(flight) >= self.probability:
            return untouched(flight, memory)
        kept = 1 + context.below(longest, flight, 1)
        return changed(flight._replace(frame=flight.frame[:kept]), context.name, memory)


class BurstLoss(Rule):
    """Loss in bursts: the Gilbert-Elliott channel (Gilbert 1960, Elliott 1963), one step a frame of the link.

    In the good state nothing is lost, in the bad one a copy is lost with probability `loss`. Every link starts good.
    The state at a frame follows from the draws of the frames before it, so it is recomputed rather than remembered:
    walking back, one soon meets a draw after which both states agree (Propp and Wilson 1996, coupling from the past).
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
        """State of the link for frame `index`: the step into it has been made `index + 1` times from good."""
        stay_bad = 1 - self.bad_to_good
        low, high = sorted((self.good_to_bad, stay_bad))
        flips = 0  # steps that leave the state as it was, or turn it round when stay_bad < good_to_bad
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

    def apply(self, flight: Flight, context: Context, memory: Memory) -> Outcome:
        # The state belongs to the link, so that all copies of a frame see the same one; each is lost by its own draw.
        if self.is_bad(context.frame_index, context.draws) and context.uniform(flight, 1) < self.loss:
            return lost(context.name, memory)
        return untouched(flight, memory)


class Partition(Rule):
    """Cuts every frame between different groups, both ways. Replicas in no group form one more group together."""

    fault: Literal["partition"]
    groups: tuple[Annotated[tuple[Node, ...], Field(min_length=1)], ...] = Field(min_length=1)

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

    def apply(self, flight: Flight, context: Context, memory: Memory) -> Outcome:
        if self._group(context.source) != self._group(context.destination):
            return lost(context.name, memory)
        return untouched(flight, memory)


class OneWayPartition(Rule):
    """Cuts every frame from the `source` replicas to the `destination` replicas, and none the other way."""

    fault: Literal["one_way_partition"]

    @model_validator(mode="after")
    def _both_ends(self) -> Self:
        if self.source is None or self.destination is None:
            raise ValueError("want source and destination: the replicas that are not heard, and those that do not hear")
        return self

    def apply(self, flight: Flight, context: Context, memory: Memory) -> Outcome:
        return lost(context.name, memory)


class ContactWindow(Rule):
    """Frames pass during `passes` only, which `period_seconds` repeats.

    Outside a pass, `hold` keeps up to `store_frames_max` frames of a link until the next one; `drop` loses them.
    Memory: (second of release, frames held for it) for each pass awaited, flattened.
    """

    fault: Literal["contact_window"]
    passes: tuple[Pass, ...] = Field(min_length=1)
    period_seconds: Annotated[float, Field(gt=0, le=1e9)] | None = None
    outside: Literal["hold", "drop"]
    store_frames_max: int = Field(default=256, ge=1, le=STORE_FRAMES_MAX)

    @model_validator(mode="after")
    def _passes_in_order(self) -> Self:
        check_passes(self.passes, self.period_seconds)
        return self

    def apply(self, flight: Flight, context: Context, memory: Memory) -> Outcome:
        release = next_contact(self.passes, self.period_seconds, flight.at)
        if release == flight.at:
            return untouched(flight, memory)
        if self.outside == "drop":
            return lost(f"{context.name}: no contact", memory)
        if release is None:
            return lost(f"{context.name}: no pass left", memory)
        awaited = {at: held for at, held in zip(memory[::2], memory[1::2]) if at > flight.at}
        if sum(awaited.values()) >= self.store_frames_max:
            return lost(f"{context.name}: store full", memory)
        awaited[release] = awaited.get(release, 0) + 1
        remembered = tuple(number for pair in sorted(awaited.items()) for number in pair)
        return changed(flight._replace(at=release), f"{context.name}: held", remembered)


class Bandwidth(Rule):
    """A link that carries `bytes_per_second`, with a queue of at most `queue_bytes_max` before it.

    Memory: (second when the queue will have run empty,).
    """

    fault: Literal["bandwidth"]
    bytes_per_second: float = Field(gt=0, allow_inf_nan=False)
    queue_bytes_max: int = Field(default=8 * limits.WIRE_BYTES_MAX, ge=limits.WIRE_BYTES_MAX)

    def apply(self, flight: Flight, context: Context, memory: Memory) -> Outcome:
        idle_at = max(flight.at, memory[0]) if memory else flight.at
        waiting_bytes = (idle_at - flight.at) * self.bytes_per_second
        if waiting_bytes + len(flight.frame) > self.queue_bytes_max:
            return lost(f"{context.name}: queue full", memory)
        sent_at = idle_at + len(flight.frame) / self.bytes_per_second
        return changed(flight._replace(at=sent_at), context.name, (sent_at,))


FaultRule = Annotated[
    Drop
    | Duplicate
    | Reorder
    | Delay
    | Jitter
    | LightTime
    | Corrupt
    | Truncate
    | BurstLoss
    | Partition
    | OneWayPartition
    | ContactWindow
    | Bandwidth,
    Field(discriminator="fault"),
]

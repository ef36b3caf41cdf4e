"""What all faults have in common: a window, a selector, and a step that a copy of a frame takes on one link.

A rule has no clock and no state. Its random draws come from `Draws`, a counter-based generator keyed with everything
that identifies the draw (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011). State of a link
travels in and out as a tuple, the rule's `Memory`.

Simulations ask for the fates of tens of thousands of frames per second. So a rule is bound to a link once, and the
resulting step has all that it needs in local names. A step may change the copy that it is given: it owns it.

Rules
- A draw depends on seed, rule name, link, frame index on that link and lineage of the copy: no other rule can shift it.
- A rule that changes, delays, multiplies or loses a copy reports that with an `Effect`; a loss without one is a bug.
- A step asks a frame for its length, its bytes or a slice only if it needs them: they may cost an encoding.
"""

import hashlib
import math
from collections.abc import Callable
from typing import Annotated, ClassVar, NamedTuple, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from amu.core.types import AnyMessage
from amu.wire import messages
from groundstation.faults.contacts import LISTED, Node, Seconds

FLIGHT_KINDS: dict[str, int] = {m.__name__: m.KIND for m in messages.ALL if messages.is_flight(m.KIND)}
LOST, DAMAGED, DOUBLED, DELAYED = "lost", "damaged", "doubled", "delayed"  # what a fault does to a frame
HELD = "held"  # counted as "<name>: held" by a rule that keeps frames for later; other such counts are losses
DRAW_BITS = 53  # of 64, as many as a float holds

Probability = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False, description="from 0, never, to 1, always")]
Memory = tuple[float, ...]  # one rule's state of one link; () at the start


def kinds_of(found: list[tuple[int, AnyMessage]]) -> tuple[int, ...]:
    """The kinds of the messages of a frame, each once."""
    return (found[0][1].KIND,) if len(found) == 1 else tuple(sorted({message.KIND for _, message in found}))


class Copy:
    """One copy of a frame on its way through the rules.

    at: mission second of its arrival, with the delays so far. entered: when the frame entered the ether.
    lineage: identifies the copy, b"" for the original. key: of a rule's first draw for this copy.
    """

    __slots__ = ("at", "entered", "frame", "index", "key", "lineage")

    def __init__(self, at: float, entered: float, frame: bytes, index: int, lineage: bytes) -> None:
        self.at = at
        self.entered = entered
        self.frame = frame
        self.index = index
        self.lineage = lineage
        self.key = b"/%d/0/%b" % (index, lineage)


class Effect(NamedTuple):
    """What a rule did to a frame: the name of the count, and the number of copies added (negative: lost)."""

    name: str
    copies: int


# (copy, list of effects to extend, memories by rule name to update) -> the copies that remain.
Step = Callable[[Copy, list[Effect], dict[str, Memory]], tuple[Copy, ...]]


class Draws:
    """Uniform numbers of one rule on one link."""

    def __init__(self, seed: int, rule: str, source: int, destination: int) -> None:
        name = rule.encode()
        # The length precedes the text, so different keys have different bytes.
        prefix = b"%d/%d/%d/%d:" % (seed, source, destination, len(name)) + name
        self._copy = hashlib.blake2b(prefix, digest_size=8).copy

    def uniform(self, index: int, number: int = 0, lineage: bytes = b"") -> float:
        """A number in [0, 1) for frame `index` of the link; `number` distinguishes several draws for one copy."""
        return self._keyed(b"/%d/%d/%b" % (index, number, lineage))

    def first(self, copy: Copy) -> float:
        """The number 0 for this copy."""
        return self._keyed(copy.key)

    def below(self, bound: int, copy: Copy, number: int) -> int:
        """An integer in [0, bound) for this copy."""
        return int(self.uniform(copy.index, number, copy.lineage) * bound)

    def chance(self, probability: float) -> tuple[Callable[[], "hashlib.blake2b"], bytes]:
        """(fresh, limit): draw 0 of a copy is below `probability` if the digest of `fresh()`, updated with the copy's
        key, is below `limit`. Faster than `first`: it saves a call and a conversion.
        """
        # The highest bits of the hash are the number. Scaling by a power of two is exact, so comparing the bytes is
        # comparing the numbers. For a probability of 1, which 8 bytes cannot hold, the limit is above all digests.
        least = math.ceil(probability * (1 << DRAW_BITS)) << (64 - DRAW_BITS)
        return self._copy, least.to_bytes(8, "big") if least < 1 << 64 else b"\xff" * 9

    def _keyed(self, key: bytes) -> float:
        draw = self._copy()
        draw.update(key)
        return (int.from_bytes(draw.digest(), "big") >> (64 - DRAW_BITS)) / (1 << DRAW_BITS)


class Link(NamedTuple):
    """What a rule is bound to: one direction between two replicas, the name of the rule's counts, and its draws."""

    source: int
    destination: int
    name: str
    draws: Draws


class Rule(BaseModel):
    """Window and selector, common to all faults.

    name: how reports count the fault; unique in a plan; by default the fault's own name (`drop`, then `drop-2`, ...).
    start, end: the window [start, end) in mission seconds, for the moment when the frame enters the ether. Default of
        `end`: the end of the mission.
    source, destination: replicas to whose frames it applies. Default: all.
    kinds: flight message names such as "Vote": frames that hold at least one of these. Default: all.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    remembers: ClassVar[bool] = False  # whether its step uses the link's memory
    does: ClassVar[str] = LOST  # to the frames that are counted under its own name

    fault: str = Field(description="kind of the fault")
    name: str = Field(default="", max_length=60, description="how reports count it")
    start: Seconds = Field(default=0.0, description="mission second from which on it holds")
    end: Seconds | None = Field(default=None, description="mission second until which it holds")
    source: Annotated[tuple[Node, ...], LISTED] | None = Field(
        default=None, min_length=1, description="replicas whose frames it applies to; default: all"
    )
    destination: Annotated[tuple[Node, ...], LISTED] | None = Field(
        default=None, min_length=1, description="destinations of those frames; default: all"
    )
    kinds: Annotated[tuple[str, ...], LISTED] | None = Field(
        default=None,
        min_length=1,
        description="messages such as Vote: frames that hold any of them; default: all",
    )

    @field_validator("kinds")
    @classmethod
    def _kinds_known(cls, kinds: tuple[str, ...] | None) -> tuple[str, ...] | None:
        for kind in kinds or ():
            if kind not in FLIGHT_KINDS:
                raise ValueError(f"{kind!r} is not a flight message; expected some of {', '.join(FLIGHT_KINDS)}")
        return kinds

    @model_validator(mode="after")
    def _window_not_empty(self) -> Self:
        if self.end is not None and self.end <= self.start:
            raise ValueError(f"end must come after start = {self.start:g} s, have end = {self.end:g} s")
        return self

    def selects(self, source: int, destination: int, kinds: tuple[int, ...]) -> bool:
        """Whether the rule applies to frames with messages of `kinds` on this link, in its window."""
        return (
            (self.source is None or source in self.source)
            and (self.destination is None or destination in self.destination)
            and (self.kinds is None or any(FLIGHT_KINDS[name] in kinds for name in self.kinds))
        )

    def named_nodes(self) -> set[int]:
        """Every node that the rule names."""
        return set(self.source or ()) | set(self.destination or ())

    def require_nodes(self, replica_count: int) -> None:
        """Raise ValueError when the rule names a replica that a swarm of `replica_count` does not have."""
        strangers = sorted(node for node in self.named_nodes() if node >= replica_count)
        if strangers:
            raise ValueError(f"names replica {strangers[0]}, but the replicas are 0 to {replica_count - 1}")

    def on_link(self, link: Link) -> Step | None:
        """The step that a copy takes on this link. None if the rule never does anything there."""
        raise NotImplementedError


def loses(count: str) -> Step:
    """A step that loses every copy and counts it under `count`."""
    effect = Effect(count, -1)

    def step(copy: Copy, effects: list[Effect], memories: dict[str, Memory]) -> tuple[Copy, ...]:
        effects.append(effect)
        return ()

    return step


def delays(count: str, seconds: float) -> Step:
    """A step that delays every copy by `seconds` and counts it under `count`."""
    effect = Effect(count, 0)

    def step(copy: Copy, effects: list[Effect], memories: dict[str, Memory]) -> tuple[Copy, ...]:
        copy.at += seconds
        effects.append(effect)
        return (copy,)

    return step


def by_chance(draws: Draws, probability: float, then: Step) -> Step | None:
    """A step that does `then` with a probability, and nothing otherwise."""
    if probability == 0:
        return None
    fresh, limit = draws.chance(probability)

    def step(copy: Copy, effects: list[Effect], memories: dict[str, Memory]) -> tuple[Copy, ...]:
        draw = fresh()
        draw.update(copy.key)
        return then(copy, effects, memories) if draw.digest() < limit else (copy,)

    return step

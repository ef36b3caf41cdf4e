"""What all faults have in common: a window, a selector, and a pure function on one copy of a frame.

A rule never looks at a clock or keeps anything: what it draws comes from `Draws`, a counter-based generator keyed with
everything that names the draw (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011), and what it must
remember of a link travels in and out as a tuple, its `Memory`.

Rules
- A draw depends on seed, rule name, link, frame index on that link and lineage of the copy: no other rule can shift it.
- A rule that changes, delays, multiplies or loses a copy says so with an `Effect`; a loss without one is a bug.
"""

import hashlib
from typing import NamedTuple, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from amu.wire import messages
from groundstation.contacts import Node, Seconds

FLIGHT_KINDS: dict[str, int] = {m.__name__: m.KIND for m in messages.ALL if messages.is_flight(m.KIND)}

Memory = tuple[float, ...]  # what one rule remembers of one link; () at the start


class Flight(NamedTuple):
    """One copy of a frame on its way through the rules: time, wire bytes, and which copy it is ("" = the original)."""

    at: float
    frame: bytes
    lineage: str = ""


class Effect(NamedTuple):
    """What a rule did to a frame: the count's name and by how many copies the frame grew (negative: copies lost)."""

    name: str
    copies: int


class Outcome(NamedTuple):
    """Surviving copies, what was done to them, and the rule's new memory of the link."""

    flights: tuple[Flight, ...]
    effects: tuple[Effect, ...]
    memory: Memory


class Draws:
    """Uniform numbers of one rule on one link."""

    def __init__(self, seed: int, rule: str, source: int, destination: int) -> None:
        name = rule.encode()
        # The length goes before the text, so that no two different keys read the same.
        prefix = b"%d/%d/%d/%d:" % (seed, source, destination, len(name)) + name
        self._hash = hashlib.blake2b(prefix, digest_size=8)

    def uniform(self, index: int, number: int = 0, lineage: str = "") -> float:
        """A number in [0, 1) for frame `index` of the link; `number` tells several draws for one copy apart."""
        copy = self._hash.copy()
        copy.update(b"/%d/%d/" % (index, number) + lineage.encode())
        return (int.from_bytes(copy.digest(), "big") >> 11) / (1 << 53)


class Context(NamedTuple):
    """Where a frame is: its link, its index on that link, the rule's counting name and the rule's draws."""

    source: int
    destination: int
    frame_index: int
    name: str
    draws: Draws

    def uniform(self, flight: Flight, number: int = 0) -> float:
        """A number in [0, 1) for this copy."""
        return self.draws.uniform(self.frame_index, number, flight.lineage)

    def below(self, bound: int, flight: Flight, number: int = 0) -> int:
        """An integer in [0, bound) for this copy."""
        return int(self.uniform(flight, number) * bound)


class Rule(BaseModel):
    """Window and selector, common to all faults.

    name: how reports count the fault; unique in a plan; by default the fault's own name (`drop`, then `drop-2`, ...).
    start, end: the window [start, end) in mission seconds, held against the moment when the frame enters the ether;
        no `end` means to the end of the mission.
    source, destination: replicas whose frames are meant; left out: all.
    kinds: flight message names such as "Vote"; left out: all.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    fault: str
    name: str = Field(default="", max_length=60)
    start: Seconds = 0.0
    end: Seconds | None = None
    source: tuple[Node, ...] | None = Field(default=None, min_length=1)
    destination: tuple[Node, ...] | None = Field(default=None, min_length=1)
    kinds: tuple[str, ...] | None = Field(default=None, min_length=1)

    @field_validator("kinds")
    @classmethod
    def _kinds_known(cls, kinds: tuple[str, ...] | None) -> tuple[str, ...] | None:
        for kind in kinds or ():
            if kind not in FLIGHT_KINDS:
                raise ValueError(f"{kind!r} is no flight message; expected some of {', '.join(FLIGHT_KINDS)}")
        return kinds

    @model_validator(mode="after")
    def _window_not_empty(self) -> Self:
        if self.end is not None and self.end <= self.start:
            raise ValueError(f"end must come after start = {self.start:g} s, have end = {self.end:g} s")
        return self

    def applies(self, now: float, source: int, destination: int, kind: int) -> bool:
        """Is a frame of message `kind` that enters the ether at `now` on this link one that the rule means?"""
        return (
            self.start <= now
            and (self.end is None or now < self.end)
            and (self.source is None or source in self.source)
            and (self.destination is None or destination in self.destination)
            and (self.kinds is None or any(FLIGHT_KINDS[name] == kind for name in self.kinds))
        )

    def named_nodes(self) -> set[int]:
        """Every node that the rule names."""
        return set(self.source or ()) | set(self.destination or ())

    def apply(self, flight: Flight, context: Context, memory: Memory) -> Outcome:
        """What becomes of one copy."""
        raise NotImplementedError


def untouched(flight: Flight, memory: Memory) -> Outcome:
    """The copy goes on as it is."""
    return Outcome((flight,), (), memory)


def lost(name: str, memory: Memory) -> Outcome:
    """The copy is lost, and counted under `name`."""
    return Outcome((), (Effect(name, -1),), memory)


def changed(flight: Flight, name: str, memory: Memory) -> Outcome:
    """The copy goes on in another form, counted under `name`."""
    return Outcome((flight,), (Effect(name, 0),), memory)


def later(flight: Flight, seconds: float, name: str, memory: Memory) -> Outcome:
    """The copy goes on `seconds` later, counted under `name`."""
    return changed(flight._replace(at=flight.at + seconds), name, memory)

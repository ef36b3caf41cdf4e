"""Faults of a path, from its geometry and its capacity: light time, orbits, contact, bandwidth, capacity, clogs.

Some of these rules keep state per link, their memory; each class documents its own.
"""

from bisect import bisect_right, insort
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from amu.core import limits
from groundstation.faults import orbits
from groundstation.faults.contacts import (
    LISTED,
    PairLightTime,
    Pass,
    Seconds,
    check_passes,
    light_time_seconds,
    next_contact,
)
from groundstation.faults.rule import (
    DELAYED,
    HELD,
    Copy,
    Effect,
    Link,
    Memory,
    Probability,
    Rule,
    Step,
    by_chance,
    delays,
)

STORE_FRAMES_MAX = 4096  # frames held back outside a pass, per link
IN_FLIGHT_FRAMES_MAX = 1024  # on a link with a capacity


class LightTime(Rule):
    """One-way light time: `seconds` between any two nodes, unless `pairs` names theirs."""

    does: ClassVar[str] = DELAYED

    fault: Literal["light_time"]
    seconds: Seconds = 0.0
    pairs: Annotated[tuple[PairLightTime, ...], LISTED] = Field(default=(), description="light times of their own")

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

    def on_link(self, link: Link) -> Step | None:
        seconds = light_time_seconds(self.pairs, self.seconds, link.source, link.destination)
        return None if seconds == 0 else delays(link.name, seconds)


class Orbits(Rule):
    """Light time between places of the Interplanetary Transport Network, as they move; see `orbits`.

    stations: where each replica is, by its number. occultation: "drop" loses what a disc of Sun, Earth or Moon hides.
    Positions are computed at whole mission seconds: the fastest place moves 60 km in a second, 0.2 ms of light time.
    """

    does: ClassVar[str] = DELAYED

    fault: Literal["orbits"]
    stations: Annotated[tuple[str, ...], LISTED] = Field(
        min_length=1, max_length=limits.REPLICAS_MAX, description=f"each replica's place: {', '.join(orbits.PLACES)}"
    )
    occultation: Literal["drop", "none"] = Field(default="none", description="what happens to frames behind a disc")

    @model_validator(mode="after")
    def _stations_known(self) -> Self:
        for station in self.stations:
            if station not in orbits.PLACES:
                raise ValueError(f"stations: no place {station!r}; known are {', '.join(orbits.PLACES)}")
        return self

    def require_nodes(self, replica_count: int) -> None:
        super().require_nodes(replica_count)
        if len(self.stations) != replica_count:
            raise ValueError(f"has {len(self.stations)} stations for {replica_count} replicas; want one each")

    def on_link(self, link: Link) -> Step | None:
        if max(link.source, link.destination) >= len(self.stations):
            return None
        here, there, drops = self.stations[link.source], self.stations[link.destination], self.occultation == "drop"
        late, hidden = Effect(link.name, 0), Effect(f"{link.name}: occulted", -1)

        def step(copy: Copy, effects: list[Effect], memories: dict[str, Memory]) -> tuple[Copy, ...]:
            second = int(copy.at)
            if drops and orbits.occulted(here, there, second):
                effects.append(hidden)
                return ()
            copy.at += orbits.light_time_seconds(here, there, second)
            effects.append(late)
            return (copy,)

        return None if here == there else step


class ContactWindow(Rule):
    """Frames pass during `passes` only, which `period_seconds` repeats.

    Outside a pass, `hold` keeps up to `store_frames_max` frames of a link until the next one; `drop` loses them.
    Memory: (second of release, frames held for it) for each pass awaited, flattened.
    """

    remembers: ClassVar[bool] = True

    fault: Literal["contact_window"]
    passes: Annotated[tuple[Pass, ...], LISTED] = Field(min_length=1, description="when the links carry anything")
    period_seconds: Annotated[float, Field(gt=0, le=1e9, allow_inf_nan=False)] | None = Field(
        default=None, description="after which the passes come again"
    )
    outside: Literal["hold", "drop"] = Field(description="what happens to frames between passes")
    store_frames_max: int = Field(default=256, ge=1, le=STORE_FRAMES_MAX, description="frames held, a link")

    @model_validator(mode="after")
    def _passes_in_order(self) -> Self:
        check_passes(self.passes, self.period_seconds)
        return self

    def on_link(self, link: Link) -> Step | None:
        passes, period, drops, name = self.passes, self.period_seconds, self.outside == "drop", link.name
        store_frames_max = self.store_frames_max

        def step(copy: Copy, effects: list[Effect], memories: dict[str, Memory]) -> tuple[Copy, ...]:
            release = next_contact(passes, period, copy.at)
            if release == copy.at:
                return (copy,)
            if drops or release is None:
                effects.append(Effect(f"{name}: no contact" if drops else f"{name}: no pass left", -1))
                return ()
            memory = memories.get(name, ())
            awaited = {at: held for at, held in zip(memory[::2], memory[1::2]) if at > copy.at}
            if sum(awaited.values()) >= store_frames_max:
                effects.append(Effect(f"{name}: store full", -1))
                return ()
            awaited[release] = awaited.get(release, 0) + 1
            memories[name] = tuple(number for pair in sorted(awaited.items()) for number in pair)
            effects.append(Effect(f"{name}: {HELD}", 0))
            copy.at = release
            return (copy,)

        return step


class Bandwidth(Rule):
    """A link that carries `bytes_per_second`, behind a queue of at most `queue_bytes_max`.

    Memory: (second when the queue will be empty,).
    """

    remembers: ClassVar[bool] = True
    does: ClassVar[str] = DELAYED

    fault: Literal["bandwidth"]
    bytes_per_second: float = Field(gt=0, allow_inf_nan=False, description="that a link carries")
    queue_bytes_max: int = Field(
        default=8 * limits.WIRE_BYTES_MAX, ge=limits.WIRE_BYTES_MAX, description="that wait before it"
    )

    def on_link(self, link: Link) -> Step | None:
        rate, queue_bytes_max, name = self.bytes_per_second, self.queue_bytes_max, link.name
        sent, full = Effect(name, 0), Effect(f"{name}: queue full", -1)

        def step(copy: Copy, effects: list[Effect], memories: dict[str, Memory]) -> tuple[Copy, ...]:
            memory = memories.get(name)
            idle_at = max(copy.at, memory[0]) if memory else copy.at
            length = len(copy.frame)
            if (idle_at - copy.at) * rate + length > queue_bytes_max:
                effects.append(full)
                return ()
            copy.at = idle_at + length / rate
            memories[name] = (copy.at,)
            effects.append(sent)
            return (copy,)

        return step


class Capacity(Rule):
    """A path that holds `frames_max` frames in flight; a frame that enters a full one is lost.

    A frame is in flight from its entry into the ether to its arrival, with the delays of the earlier rules.
    Memory: seconds of arrival of the frames in flight, ascending.
    """

    remembers: ClassVar[bool] = True

    fault: Literal["capacity"]
    frames_max: int = Field(ge=1, le=IN_FLIGHT_FRAMES_MAX, description="in flight on a link")

    def on_link(self, link: Link) -> Step | None:
        frames_max, name = self.frames_max, link.name
        full = Effect(f"{name}: path full", -1)

        def step(copy: Copy, effects: list[Effect], memories: dict[str, Memory]) -> tuple[Copy, ...]:
            memory = memories.get(name, ())
            arrivals = list(memory[bisect_right(memory, copy.entered) :])
            if len(arrivals) >= frames_max:
                effects.append(full)
                return ()
            insort(arrivals, copy.at)
            memories[name] = tuple(arrivals)
            return (copy,)

        return step


class Clog(Rule):
    """With `probability` a frame finds the link clogged for the next `seconds`.

    It and all frames that enter meanwhile arrive when the clog ends.

    Memory: (second when the clog ends,).
    """

    remembers: ClassVar[bool] = True
    does: ClassVar[str] = DELAYED

    fault: Literal["clog"]
    probability: Probability
    seconds: Annotated[Seconds, Field(gt=0)]

    def on_link(self, link: Link) -> Step | None:
        name, seconds, held = link.name, self.seconds, Effect(link.name, 0)

        def begin(copy: Copy, effects: list[Effect], memories: dict[str, Memory]) -> tuple[Copy, ...]:
            copy.at += seconds
            memories[name] = (copy.at,)
            effects.append(held)
            return (copy,)

        flow = by_chance(link.draws, self.probability, begin)
        if flow is None:
            return None

        def step(copy: Copy, effects: list[Effect], memories: dict[str, Memory]) -> tuple[Copy, ...]:
            memory = memories.get(name)
            if not memory or copy.at >= memory[0]:
                return flow(copy, effects, memories)
            copy.at = memory[0]
            effects.append(held)
            return (copy,)

        return step

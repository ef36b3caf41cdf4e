"""The fault plan again, in its plainest form: every rule looked at for every frame, every draw made when it is needed.

A second opinion, kept apart on purpose: `groundstation.faults.plan` is faster, and must give the same results.
"""

import hashlib
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from groundstation.faults import orbits as geometry
from groundstation.faults.contacts import light_time_seconds, next_contact
from groundstation.faults.plan import COPIES_OF_A_FRAME_MAX, Fates, FaultPlan
from groundstation.faults.rule import FLIGHT_KINDS, Effect, Memory


class Flight(NamedTuple):
    at: float
    frame: bytes
    lineage: str = ""


class Outcome(NamedTuple):
    flights: tuple[Flight, ...]
    effects: tuple[Effect, ...]
    memory: Memory


class Context(NamedTuple):
    seed: int
    source: int
    destination: int
    frame_index: int
    name: str
    now: float

    def draw(self, index: int, number: int = 0, lineage: str = "") -> float:
        name = self.name.encode()
        key = b"%d/%d/%d/%d:" % (self.seed, self.source, self.destination, len(name)) + name
        key += b"/%d/%d/" % (index, number) + lineage.encode()
        return (int.from_bytes(hashlib.blake2b(key, digest_size=8).digest(), "big") >> 11) / (1 << 53)

    def uniform(self, flight: Flight, number: int = 0) -> float:
        return self.draw(self.frame_index, number, flight.lineage)

    def below(self, bound: int, flight: Flight, number: int = 0) -> int:
        return int(self.uniform(flight, number) * bound)


def untouched(flight: Flight, memory: Memory) -> Outcome:
    return Outcome((flight,), (), memory)


def lost(name: str, memory: Memory) -> Outcome:
    return Outcome((), (Effect(name, -1),), memory)


def changed(flight: Flight, name: str, memory: Memory) -> Outcome:
    return Outcome((flight,), (Effect(name, 0),), memory)


def later(flight: Flight, seconds: float, name: str, memory: Memory) -> Outcome:
    return changed(flight._replace(at=flight.at + seconds), name, memory)


def fates(
    plan: FaultPlan,
    now: float,
    source: int,
    destination: int,
    index: int,
    frame: bytes,
    kinds: tuple[int, ...],
    state: Mapping[str, Memory],
) -> Fates:
    """As FaultPlan.fates."""
    flights: tuple[Flight, ...] = (Flight(now, frame),)
    effects: list[Effect] = []
    new_state = dict(state)
    heal = plan.heal
    is_healed = heal is not None and now >= heal.at and source in heal.core and destination in heal.core
    for name, rule in zip(plan.rule_names(), plan.rules):
        if not is_healed and applies(rule, now, source, destination, kinds):
            context = Context(plan.seed, source, destination, index, name, now)
            outcome = one_rule(rule, flights, context, new_state.get(name, ()))
            flights = outcome.flights
            effects.extend(outcome.effects)
            if outcome.memory:
                new_state[name] = outcome.memory
    return Fates([(flight.at, flight.frame) for flight in flights], effects, new_state)


def applies(rule: Any, now: float, source: int, destination: int, kinds: tuple[int, ...]) -> bool:
    return (
        rule.start <= now
        and (rule.end is None or now < rule.end)
        and (rule.source is None or source in rule.source)
        and (rule.destination is None or destination in rule.destination)
        and (rule.kinds is None or not {FLIGHT_KINDS[name] for name in rule.kinds}.isdisjoint(kinds))
    )


def one_rule(rule: Any, flights: tuple[Flight, ...], context: Context, memory: Memory) -> Outcome:
    survivors: list[Flight] = []
    effects: list[Effect] = []
    for flight in flights:
        outcome = RULES[rule.fault](rule, flight, context, memory)
        survivors.extend(outcome.flights)
        effects.extend(outcome.effects)
        memory = outcome.memory
    surplus = len(survivors) - COPIES_OF_A_FRAME_MAX
    if surplus > 0:
        effects.append(Effect("too many copies", -surplus))
    return Outcome(tuple(survivors[:COPIES_OF_A_FRAME_MAX]), tuple(effects), memory)


def drop(rule: Any, flight: Flight, context: Context, memory: Memory) -> Outcome:
    if context.uniform(flight) < rule.probability:
        return lost(context.name, memory)
    return untouched(flight, memory)


def duplicate(rule: Any, flight: Flight, context: Context, memory: Memory) -> Outcome:
    if context.uniform(flight) >= rule.probability:
        return untouched(flight, memory)
    # The lineage names the rule, so that a copy keeps its draws when other rules come or go.
    twins = [flight._replace(lineage=f"{flight.lineage}/{context.name}.{n}") for n in range(1, rule.copies + 1)]
    return Outcome((flight, *twins), (Effect(context.name, rule.copies),), memory)


def reorder(rule: Any, flight: Flight, context: Context, memory: Memory) -> Outcome:
    if context.uniform(flight) < rule.probability:
        return later(flight, rule.hold_seconds, context.name, memory)
    return untouched(flight, memory)


def delay(rule: Any, flight: Flight, context: Context, memory: Memory) -> Outcome:
    return later(flight, rule.seconds, context.name, memory)


def jitter(rule: Any, flight: Flight, context: Context, memory: Memory) -> Outcome:
    width = rule.seconds_max - rule.seconds_min
    seconds = rule.seconds_min + width * context.uniform(flight)
    return later(flight, seconds, context.name, memory)


def light_time(rule: Any, flight: Flight, context: Context, memory: Memory) -> Outcome:
    seconds = light_time_seconds(rule.pairs, rule.seconds, context.source, context.destination)
    if seconds == 0:
        return untouched(flight, memory)
    return later(flight, seconds, context.name, memory)


def corrupt(rule: Any, flight: Flight, context: Context, memory: Memory) -> Outcome:
    if context.uniform(flight) >= rule.probability:
        return untouched(flight, memory)
    frame = bytearray(flight.frame)
    flipped: set[int] = set()
    number = 1
    while len(flipped) < min(rule.bits, 8 * len(frame)):
        bit = context.below(8 * len(frame), flight, number)
        number += 1
        if bit not in flipped:
            flipped.add(bit)
            frame[bit // 8] ^= 1 << bit % 8
    return changed(flight._replace(frame=bytes(frame)), context.name, memory)


def truncate(rule: Any, flight: Flight, context: Context, memory: Memory) -> Outcome:
    # A frame that lost nothing but its delimiter would be closed by the next frame's opening one, and be whole.
    longest = len(flight.frame) - 2
    if longest < 1 or context.uniform(flight) >= rule.probability:
        return untouched(flight, memory)
    kept = 1 + context.below(longest, flight, 1)
    return changed(flight._replace(frame=flight.frame[:kept]), context.name, memory)


def burst_loss(rule: Any, flight: Flight, context: Context, memory: Memory) -> Outcome:
    bad = False
    for index in range(context.frame_index + 1):
        bad = context.draw(index) < (1 - rule.bad_to_good if bad else rule.good_to_bad)
    if bad and context.uniform(flight, 1) < rule.loss:
        return lost(context.name, memory)
    return untouched(flight, memory)


def partition(rule: Any, flight: Flight, context: Context, memory: Memory) -> Outcome:
    if rule._group(context.source) != rule._group(context.destination):
        return lost(context.name, memory)
    return untouched(flight, memory)


def one_way_partition(rule: Any, flight: Flight, context: Context, memory: Memory) -> Outcome:
    return lost(context.name, memory)


def contact_window(rule: Any, flight: Flight, context: Context, memory: Memory) -> Outcome:
    release = next_contact(rule.passes, rule.period_seconds, flight.at)
    if release == flight.at:
        return untouched(flight, memory)
    if rule.outside == "drop":
        return lost(f"{context.name}: no contact", memory)
    if release is None:
        return lost(f"{context.name}: no pass left", memory)
    awaited = {at: held for at, held in zip(memory[::2], memory[1::2]) if at > flight.at}
    if sum(awaited.values()) >= rule.store_frames_max:
        return lost(f"{context.name}: store full", memory)
    awaited[release] = awaited.get(release, 0) + 1
    remembered = tuple(number for pair in sorted(awaited.items()) for number in pair)
    return changed(flight._replace(at=release), f"{context.name}: held", remembered)


def bandwidth(rule: Any, flight: Flight, context: Context, memory: Memory) -> Outcome:
    idle_at = max(flight.at, memory[0]) if memory else flight.at
    waiting_bytes = (idle_at - flight.at) * rule.bytes_per_second
    if waiting_bytes + len(flight.frame) > rule.queue_bytes_max:
        return lost(f"{context.name}: queue full", memory)
    sent_at = idle_at + len(flight.frame) / rule.bytes_per_second
    return changed(flight._replace(at=sent_at), context.name, (sent_at,))


def capacity(rule: Any, flight: Flight, context: Context, memory: Memory) -> Outcome:
    in_flight = tuple(at for at in memory if at > context.now)
    if len(in_flight) >= rule.frames_max:
        return lost(f"{context.name}: path full", memory)
    return Outcome((flight,), (), tuple(sorted((*in_flight, flight.at))))


def clog(rule: Any, flight: Flight, context: Context, memory: Memory) -> Outcome:
    if memory and flight.at < memory[0]:
        return changed(flight._replace(at=memory[0]), context.name, memory)
    if context.uniform(flight) >= rule.probability:
        return untouched(flight, memory)
    return later(flight, rule.seconds, context.name, (flight.at + rule.seconds,))


def orbits(rule: Any, flight: Flight, context: Context, memory: Memory) -> Outcome:
    here, there = rule.stations[context.source], rule.stations[context.destination]
    second = int(flight.at)
    if rule.occultation == "drop" and geometry.occulted(here, there, second):
        return lost(f"{context.name}: occulted", memory)
    return later(flight, geometry.light_time_seconds(here, there, second), context.name, memory)


RULES: dict[str, Callable[[Any, Flight, Context, Memory], Outcome]] = {
    "drop": drop,
    "duplicate": duplicate,
    "reorder": reorder,
    "delay": delay,
    "jitter": jitter,
    "light_time": light_time,
    "corrupt": corrupt,
    "truncate": truncate,
    "burst_loss": burst_loss,
    "partition": partition,
    "one_way_partition": one_way_partition,
    "contact_window": contact_window,
    "bandwidth": bandwidth,
    "capacity": capacity,
    "clog": clog,
    "orbits": orbits,
}

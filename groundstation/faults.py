"""The fault plan: what becomes of each frame, as a pure function of the seed and of the frame's place in the traffic.

A plan is a list of rules (`groundstation.fault_rule`; the faults are in `groundstation.fault_kinds`). A frame that
enters the ether passes the rules in their order, each of which may lose, change, delay or multiply the copies that the
rules before it left over.

Rules
- The same seed, link, index, frame and link state give the same fates, on any host, in any order of calls.
- A rule's window and selector are held against the moment when the frame enters the ether, never against its arrival:
  what has left the antenna is on its way.
- Adding or removing a rule never shifts the draws of another one that keeps its name.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple, Self

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, model_validator

from groundstation.fault_kinds import FaultRule
from groundstation.fault_rule import Context, Draws, Effect, Flight, Memory, Outcome, Rule

RULES_MAX = 256
COPIES_OF_A_FRAME_MAX = 64  # several duplicating rules multiply: the product stays bounded

LinkState = Mapping[str, Memory]  # rule name -> what that rule remembers of this link; {} at the start


class Fates(NamedTuple):
    """What becomes of one frame.

    deliveries: (mission second, wire bytes) of each copy that arrives, the original first.
    effects: what the rules did, for the counts. 1 + the sum of `copies` over the effects = number of deliveries.
    state: the link's state for its next frame.
    """

    deliveries: list[tuple[float, bytes]]
    effects: list[Effect]
    state: LinkState


@lru_cache(maxsize=4096)
def _draws(seed: int, rule: str, source: int, destination: int) -> Draws:
    return Draws(seed, rule, source, destination)


class FaultPlan(BaseModel):
    """A seed and rules. Immutable; `FaultPlan(seed=7)` is a clean ether.

    Raises pydantic.ValidationError, naming rule, field and expectation, when built from bad input.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    seed: int = Field(default=0, ge=0, lt=1 << 64)
    rules: tuple[FaultRule, ...] = Field(default=(), max_length=RULES_MAX)
    _named_rules: tuple[tuple[str, Rule], ...] = PrivateAttr(default=())

    @model_validator(mode="after")
    def _names_unique(self) -> Self:
        names = self.rule_names()
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"two fault rules are called {name!r}; give each a name of its own")
        self._named_rules = tuple(zip(names, self.rules))
        return self

    def rule_names(self) -> list[str]:
        """Counting name of each rule: its own, or its fault's, numbered from the fault's second nameless rule on."""
        names = []
        nameless: dict[str, int] = {}
        for rule in self.rules:
            if rule.name:
                names.append(rule.name)
                continue
            number = nameless[rule.fault] = nameless.get(rule.fault, 0) + 1
            names.append(rule.fault if number == 1 else f"{rule.fault}-{number}")
        return names

    def require_nodes(self, replica_count: int) -> None:
        """Raise ValueError when a rule names a replica that a swarm of `replica_count` does not have."""
        for name, rule in self._named_rules:
            strangers = sorted(node for node in rule.named_nodes() if node >= replica_count)
            if strangers:
                raise ValueError(
                    f"fault rule {name!r} names replica {strangers[0]}, but the replicas are 0 to {replica_count - 1}"
                )

    def fates(
        self, now: float, source: int, destination: int, index: int, frame: bytes, kind: int, state: LinkState
    ) -> Fates:
        """Fates of frame number `index` (from 0) of the link `source` -> `destination`.

        now: mission second in which it enters the ether. frame: wire bytes with both delimiters. kind: message kind of
        its header. state: as returned for the frame before it on this link; `{}` for the first.
        """
        flights: tuple[Flight, ...] = (Flight(now, frame),)
        effects: list[Effect] = []
        new_state = dict(state)
        for name, rule in self._named_rules:
            if rule.applies(now, source, destination, kind):
                context = Context(source, destination, index, name, _draws(self.seed, name, source, destination))
                outcome = _apply(rule, flights, context, new_state.get(name, ()))
                flights = outcome.flights
                effects.extend(outcome.effects)
                if outcome.memory:
                    new_state[name] = outcome.memory
        return Fates([(flight.at, flight.frame) for flight in flights], effects, new_state)


def _apply(rule: Rule, flights: tuple[Flight, ...], context: Context, memory: Memory) -> Outcome:
    """One rule for all the copies of a frame, in order."""
    survivors: list[Flight] = []
    effects: list[Effect] = []
    for flight in flights:
        outcome = rule.apply(flight, context, memory)
        survivors.extend(outcome.flights)
        effects.extend(outcome.effects)
        memory = outcome.memory
    surplus = len(survivors) - COPIES_OF_A_FRAME_MAX
    if surplus > 0:
        effects.append(Effect("too many copies", -surplus))
    return Outcome(tuple(survivors[:COPIES_OF_A_FRAME_MAX]), tuple(effects), memory)

"""The fault plan: the fate of each frame, a pure function of the seed and of the frame's place in the traffic.

A plan is a list of rules (`groundstation.faults.rule`; the faults are in `groundstation.faults.kinds`). A frame that
enters the ether passes the rules in their order. Each may lose, change, delay or multiply the copies that the earlier
rules left.

Rules
- The same seed, link, index, frame and link state give the same fates, on any host, in any order of calls.
- A rule's window and selector apply to the moment when the frame enters the ether, never to its arrival: a frame that
  has left the antenna is on its way.
- From the moment of healing on, no rule applies between two nodes of the core; frames in flight still arrive late.
- Adding or removing a rule never shifts the draws of another one that keeps its name.
"""

import itertools
import math
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Annotated, NamedTuple, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from groundstation.faults.contacts import LISTED, Node, Seconds
from groundstation.faults.kinds import Duplicate, FaultRule
from groundstation.faults.rule import (
    DAMAGED,
    DELAYED,
    DOUBLED,
    FLIGHT_KINDS,
    HELD,
    LOST,
    Copy,
    Draws,
    Effect,
    Link,
    Memory,
    Step,
)

RULES_MAX = 256
COPIES_OF_A_FRAME_MAX = 64  # bounds the product of several duplicating rules
COPIES_EXPECTED_MAX = 16  # of a frame, on average; with more, the copies take longer than the mission

LinkState = Mapping[str, Memory]  # rule name -> that rule's memory of this link; {} at the start


class Fates(NamedTuple):
    """The fates of one frame's copies.

    deliveries: (mission second, wire bytes) of each copy that arrives, the original first.
    effects: of the rules, for the counts. 1 + the sum of `copies` over the effects = number of deliveries.
    state: the link's state for its next frame.
    """

    deliveries: list[tuple[float, bytes]]
    effects: list[Effect]
    state: LinkState


class Heal(BaseModel):
    """From mission second `at` on, links between nodes of `core` are clean."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    core: Annotated[tuple[Node, ...], LISTED]
    at: Seconds


class _Path(NamedTuple):
    """The steps of one link for frames with messages of the same kinds.

    A frame takes `steps[bisect_right(bounds, now)]`: between two bounds the same windows are open.
    """

    bounds: list[float]
    steps: list[tuple[Step, ...]]
    remembers: bool


class FaultPlan(BaseModel):
    """A seed and rules. Immutable; `FaultPlan(seed=7)` is a clean ether.

    Raises pydantic.ValidationError, naming rule, field and expectation, when built from bad input.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    seed: int = Field(default=0, ge=0, lt=1 << 64)
    rules: Annotated[tuple[FaultRule, ...], LISTED] = Field(default=(), max_length=RULES_MAX)
    heal: Heal | None = None

    @model_validator(mode="after")
    def _names_unique(self) -> Self:
        names = self.rule_names()
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"two fault rules are called {name!r}; give each a name of its own")
        return self

    def rule_names(self) -> list[str]:
        """The name under which each rule is counted: its own, or its fault's, numbered from the second unnamed one."""
        names = []
        nameless: dict[str, int] = {}
        for rule in self.rules:
            if rule.name:
                names.append(rule.name)
                continue
            number = nameless[rule.fault] = nameless.get(rule.fault, 0) + 1
            names.append(rule.fault if number == 1 else f"{rule.fault}-{number}")
        return names

    def by_kind(self, fates: Mapping[str, int]) -> dict[str, dict[str, int]]:
        """Counts of fates by name, grouped by their effect on frames: LOST, DAMAGED, DOUBLED, DELAYED.

        Fates of no rule are losses: at a bound of the ether or of a link, or on the way to a board that is off.
        """
        kinds = {name: rule.does for name, rule in zip(self.rule_names(), self.rules)}
        held = {f"{name}: {HELD}" for name in kinds}
        found: dict[str, dict[str, int]] = {kind: {} for kind in (LOST, DAMAGED, DOUBLED, DELAYED)}
        for name, count in fates.items():
            found[DELAYED if name in held else kinds.get(name, LOST)][name] = count
        return found

    def require_nodes(self, replica_count: int) -> None:
        """Raise ValueError when a rule does not fit a swarm of `replica_count`."""
        for name, rule in zip(self.rule_names(), self.rules):
            try:
                rule.require_nodes(replica_count)
            except ValueError as error:
                raise ValueError(f"fault rule {name!r} {error}") from error

    def require_few_copies(self, replica_count: int) -> None:
        """Raise ValueError if duplicating rules with overlapping windows multiply beyond COPIES_EXPECTED_MAX."""
        rules = [rule for rule in self.rules if isinstance(rule, Duplicate)]
        for source, destination in itertools.permutations(range(replica_count), 2):
            # A frame may hold messages of all kinds: every rule of its link may then select it.
            selecting = [rule for rule in rules if rule.selects(source, destination, tuple(FLIGHT_KINDS.values()))]
            if _copies_expected(selecting) <= COPIES_EXPECTED_MAX:
                continue
            for at in sorted({rule.start for rule in selecting}):
                holding = [rule for rule in selecting if rule.start <= at < (rule.end or math.inf)]
                copies = _copies_expected(holding)
                if copies > COPIES_EXPECTED_MAX:
                    raise ValueError(
                        f"at {at:g} s {len(holding)} duplicate rules multiply each frame from board {source} to "
                        f"board {destination} to {copies:.3g} copies on average; want at most "
                        f"{COPIES_EXPECTED_MAX}: lower probability or copies, or part their windows or links"
                    )

    def fates(
        self,
        now: float,
        source: int,
        destination: int,
        index: int,
        frame: bytes,
        kinds: tuple[int, ...],
        state: LinkState,
    ) -> Fates:
        """Fates of frame number `index` (from 0) of the link `source` -> `destination`.

        now: mission second in which it enters the ether. frame: wire bytes with both delimiters. kinds: of the messages
        inside, each once, in order; () will do where `names_kinds` is False. state: as returned for the previous frame
        on this link; `{}` for the first.
        """
        path = self._paths.get((source, destination, kinds)) or self._path(source, destination, kinds)
        steps = path.steps[bisect_right(path.bounds, now)]
        if not steps:
            return Fates([(now, frame)], [], state)
        effects: list[Effect] = []
        memories = dict(state) if path.remembers else {}
        copies: tuple[Copy, ...] = (Copy(now, now, frame, index, b""),)
        for step in steps:
            if len(copies) == 1:
                copies = step(copies[0], effects, memories)
            elif copies:
                copies = _for_each(step, copies, effects, memories)
            else:
                break
        deliveries = [(copy.at, copy.frame) for copy in copies]
        return Fates(deliveries, effects, memories if path.remembers else state)

    @cached_property
    def names_kinds(self) -> bool:
        """Whether any rule looks at the messages inside frames."""
        return any(rule.kinds is not None for rule in self.rules)

    @cached_property
    def _paths(self) -> dict[tuple[int, int, tuple[int, ...]], _Path]:
        """The paths used so far, by source, destination and kinds of messages: at most one for each set of kinds."""
        return {}

    def _path(self, source: int, destination: int, kinds: tuple[int, ...]) -> _Path:
        clean_from = math.inf
        if self.heal is not None and source in self.heal.core and destination in self.heal.core:
            clean_from = self.heal.at
        windows: list[tuple[float, float, Step]] = []
        remembers = False
        for name, rule in zip(self.rule_names(), self.rules):
            end = min(clean_from, math.inf if rule.end is None else rule.end)
            if rule.start >= end or not rule.selects(source, destination, kinds):
                continue
            step = rule.on_link(Link(source, destination, name, Draws(self.seed, name, source, destination)))
            if step is not None:
                windows.append((rule.start, end, step))
                remembers = remembers or rule.remembers
        bounds = sorted({bound for start, end, _ in windows for bound in (start, end)})
        steps = [tuple(step for start, end, step in windows if start <= since < end) for since in (-math.inf, *bounds)]
        path = self._paths[source, destination, kinds] = _Path(bounds, steps, remembers)
        return path


def _copies_expected(rules: Iterable[Duplicate]) -> float:
    return math.prod(1 + rule.copies * rule.probability for rule in rules)


def _for_each(
    step: Step, copies: tuple[Copy, ...], effects: list[Effect], memories: dict[str, Memory]
) -> tuple[Copy, ...]:
    """One step for several copies of a frame, in order."""
    survivors = tuple(survivor for copy in copies for survivor in step(copy, effects, memories))
    surplus = len(survivors) - COPIES_OF_A_FRAME_MAX
    if surplus > 0:
        effects.append(Effect("too many copies", -surplus))
    return survivors[:COPIES_OF_A_FRAME_MAX]

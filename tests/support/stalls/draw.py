"""Draws a flight that a fault, or a pair, stops or does not stop; and the moment at which it is asked about.

Kinds draw from streams of their own, as in `swarm_sim.draw`, whose drafts, distances, liars and whole storms they use.
Times are mission seconds.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from amu.core import limits
from groundstation.scenario.model import Scenario, parse
from swarm_sim.draw.draw import draw as storm
from swarm_sim.draw.kinds import LIARS, liar
from swarm_sim.streams import stream

BEGIN = 1.6, 2.6  # of the faults
LASTING = 1000.0
STORM_SHARE = 0.1  # of the flights: a storm of the simulator
NOTHING_SHARE = 0.12
PAIR_SHARE = 0.45
NOISE = ("duplicate", "jitter", "reorder", "little loss", "early restart", "past partition", "past pause")
Document = dict[str, Any]


@dataclass
class Draft:
    """The flight drawn so far. victims: boards that a kind has chosen, which the next one spares."""

    nodes: int
    begin: float
    faults: list[Document] = field(default_factory=list)
    board_faults: list[Document] = field(default_factory=list)
    byzantine: list[Document] = field(default_factory=list)
    victims: set[int] = field(default_factory=set)
    view_timeout: float | None = None

    def take(self, draws: random.Random, most: int | None = None) -> list[int]:
        """About as many boards as a swarm can lose, not taken before; at least one."""
        tolerated = limits.faults_max(self.nodes)
        wanted = draws.choice((1, tolerated, tolerated, tolerated + 1, tolerated + 1, tolerated + 2))
        free = [node for node in range(self.nodes) if node not in self.victims]
        count = max(1, min(wanted, len(free), most or wanted))
        found = sorted(draws.sample(free, count)) if free else []
        self.victims.update(found)
        return found

    def strike(self, draws: random.Random, kind: str, spread: float = 0.2, **fields: object) -> None:
        for node in self.take(draws):
            at = round(self.begin + draws.uniform(0, spread), 3)
            self.board_faults.append({"at": at, "node": node, "kind": kind, **fields})

    def rule(self, fault: str, **fields: object) -> None:
        self.faults.append({"fault": fault, "start": self.begin, **fields})


@dataclass(frozen=True)
class Drawn:
    """A flight to be asked about at mission second `at`. kinds: of its faults, as drawn."""

    seed: int
    kinds: tuple[str, ...]
    scenario: Scenario
    at: float


# --- boards ---------------------------------------------------------------------------------------


def _crash(draft: Draft, draws: random.Random) -> None:
    draft.strike(draws, "kill")


def _early_crash(draft: Draft, draws: random.Random) -> None:
    for node in draft.take(draws):
        draft.board_faults.append({"at": draws.choice((0.0, 0.01, 0.05)), "node": node, "kind": "kill"})


def _power_cut(draft: Draft, draws: random.Random) -> None:
    draft.strike(draws, "power_cut", 0.0, after_operations=draws.randint(1, 3))


def _late_start(draft: Draft, draws: random.Random) -> None:
    for node in draft.take(draws):
        draft.board_faults.append({"at": 0.0, "node": node, "kind": "kill", "restart_after": LASTING})


def _pause(draft: Draft, draws: random.Random) -> None:
    draft.strike(draws, "pause", seconds=LASTING)


def _slow(draft: Draft, draws: random.Random) -> None:
    draft.strike(draws, "slow", seconds=LASTING, step_ms=draws.choice((1.0, 2000.0, 5000.0)))


def _clock_stop(draft: Draft, draws: random.Random) -> None:
    draft.strike(draws, "clock_stop", seconds=LASTING)


def _clock_drift(draft: Draft, draws: random.Random) -> None:
    draft.strike(draws, "clock_drift", seconds=LASTING, factor=draws.choice((0.1, 0.2, 0.3, 5.0, 10.0)))


def _write_fault(draft: Draft, draws: random.Random) -> None:
    draft.strike(draws, "write_fault", 0.0, after_operations=draws.randint(1, 3))


def _read_fault(draft: Draft, draws: random.Random) -> None:
    for node in draft.take(draws):
        draft.board_faults.append({"at": draft.begin, "node": node, "kind": "read_fault"})
        draft.board_faults.append({"at": draft.begin + 0.1, "node": node, "kind": "restart"})


def _amnesia(draft: Draft, draws: random.Random) -> None:
    draft.strike(draws, "amnesia")


# --- liars ----------------------------------------------------------------------------------------


def _liar(draft: Draft, draws: random.Random, adversary: str, **parameters: object) -> None:
    for node in draft.take(draws, limits.faults_max(draft.nodes)):
        draft.byzantine.append({"node": node, "adversary": adversary, "parameters": parameters})


def _silent_liar(draft: Draft, draws: random.Random) -> None:
    from_tick = draws.choice((0, int(draft.begin * 100)))
    _liar(draft, draws, "silence", from_tick=from_tick)


def _voteless_liar(draft: Draft, draws: random.Random) -> None:
    from_tick = draws.choice((0, int(draft.begin * 100)))
    _liar(draft, draws, "silence", from_tick=from_tick, kinds=draws.choice(("Vote", "Vote Status")))


def _wrong_tags(draft: Draft, draws: random.Random) -> None:
    _liar(draft, draws, "bad_mac", one_in=1)


def _any_liar(draft: Draft, draws: random.Random) -> None:
    for node in draft.take(draws, limits.faults_max(draft.nodes)):
        draft.byzantine.append(liar(node, draws.choice(LIARS), draws))


# --- links ----------------------------------------------------------------------------------------


def _partition(draft: Draft, draws: random.Random) -> None:
    nodes = list(range(draft.nodes))
    draws.shuffle(nodes)
    places = sorted(draws.sample(range(1, draft.nodes), draws.choice((1, 1, 2, 2))))
    groups = [sorted(nodes[a:b]) for a, b in zip([0, *places], [*places, draft.nodes])]
    draft.rule("partition", groups=groups)


def _two_partitions(draft: Draft, draws: random.Random) -> None:
    """Each leaves a quorum or not; both together cut more."""
    for _ in range(2):
        side = sorted(draws.sample(range(draft.nodes), draws.randint(1, limits.faults_max(draft.nodes) + 1)))
        draft.rule("partition", groups=[side])


def _one_way(draft: Draft, draws: random.Random) -> None:
    side = draws.sample(range(draft.nodes), draws.randint(1, draft.nodes - 1))
    rest = [node for node in range(draft.nodes) if node not in side]
    draft.rule("one_way_partition", source=sorted(side), destination=sorted(rest))


def _ends(draft: Draft, draws: random.Random) -> Document:
    """All links, or those from or to some boards."""
    if draws.random() < 0.5:
        return {}
    some = sorted(draws.sample(range(draft.nodes), draws.randint(1, draft.nodes - 1)))
    return {draws.choice(("source", "destination")): some}


def _all_lost(draft: Draft, draws: random.Random) -> None:
    draft.rule("drop", probability=1.0, **_ends(draft, draws))


def _kind_lost(draft: Draft, draws: random.Random) -> None:
    kinds = draws.choice((["Vote"], ["Proposal"], ["Vote", "Status"], ["Status"], ["Suggest"], ["Proof"], ["Progress"]))
    draft.rule("drop", probability=1.0, kinds=kinds, **_ends(draft, draws))


def _most_lost(draft: Draft, draws: random.Random) -> None:
    draft.rule("drop", probability=draws.choice((0.3, 0.6, 0.8)), **_ends(draft, draws))


def _damaged(draft: Draft, draws: random.Random) -> None:
    if draws.random() < 0.5:
        draft.rule("corrupt", probability=1.0, bits=draws.randint(1, 8), **_ends(draft, draws))
    else:
        draft.rule("truncate", probability=1.0, **_ends(draft, draws))


def _contact(draft: Draft, draws: random.Random, outside: str) -> None:
    passes = [{"aos": 0.0, "los": 0.5}]
    draft.rule("contact_window", passes=passes, period_seconds=30.0, outside=outside, **_ends(draft, draws))


def _contact_holds(draft: Draft, draws: random.Random) -> None:
    _contact(draft, draws, "hold")


def _contact_drops(draft: Draft, draws: random.Random) -> None:
    _contact(draft, draws, "drop")


def _contacts_return(draft: Draft, draws: random.Random) -> None:
    """Passes that repeat, so that the last gap is one of several."""
    period = draws.uniform(2.0, 2.6)
    passes = [{"aos": 0.0, "los": round(period * draws.uniform(0.15, 0.3), 3)}]
    outside = draws.choice(("hold", "drop"))
    draft.faults.append(
        {"fault": "contact_window", "passes": passes, "period_seconds": round(period, 3), "outside": outside}
    )


def _light_time(draft: Draft, draws: random.Random) -> None:
    seconds = draws.choice((0.3, 1.0, 3.0, 10.0))
    draft.faults.append({"fault": "light_time", "seconds": seconds})
    draft.view_timeout = draws.choice((8 * seconds, 30 * seconds))


def _longer_way(draft: Draft, draws: random.Random) -> None:
    seconds = draws.choice((2.0, 20.0))
    draft.rule("delay", seconds=seconds, **_ends(draft, draws))
    draft.view_timeout = 90.0


def _jammed(draft: Draft, draws: random.Random) -> None:
    draft.rule("bandwidth", bytes_per_second=draws.choice((20, 200)), **_ends(draft, draws))


def _bursts(draft: Draft, draws: random.Random) -> None:
    draft.rule("burst_loss", good_to_bad=0.2, bad_to_good=draws.choice((0.02, 0.2)), **_ends(draft, draws))


def _clogged(draft: Draft, draws: random.Random) -> None:
    draft.rule("clog", probability=0.5, seconds=30.0, **_ends(draft, draws))


def _held_back(draft: Draft, draws: random.Random) -> None:
    draft.rule("reorder", probability=1.0, hold_seconds=20.0, **_ends(draft, draws))


# --- timers ---------------------------------------------------------------------------------------


def _dead_leader(draft: Draft, draws: random.Random) -> None:
    """A board that leads dies, and timers are long."""
    draft.view_timeout = draws.choice((10.0, 30.0))
    for node in draft.take(draws, 1):
        draft.board_faults.append({"at": draft.begin, "node": node, "kind": draws.choice(("kill", "power_cut"))})


def _silent_leader(draft: Draft, draws: random.Random) -> None:
    draft.view_timeout = draws.choice((10.0, 30.0))
    for node in draft.take(draws, 1):
        draft.byzantine.append({"node": node, "adversary": "silence", "parameters": {"kinds": "Proposal"}})


# --- all ------------------------------------------------------------------------------------------

KINDS: dict[str, Callable[[Draft, random.Random], None]] = {
    "crash": _crash,
    "crash before the first slot": _early_crash,
    "board started late": _late_start,
    "power cut": _power_cut,
    "pause": _pause,
    "slow processor": _slow,
    "clock stands still": _clock_stop,
    "clock of another rate": _clock_drift,
    "flash fails": _write_fault,
    "flash unreadable": _read_fault,
    "flash erased": _amnesia,
    "silent liar": _silent_liar,
    "voteless liar": _voteless_liar,
    "wrong tags": _wrong_tags,
    "any liar": _any_liar,
    "partition": _partition,
    "two partitions": _two_partitions,
    "one-way partition": _one_way,
    "every frame lost": _all_lost,
    "kinds of messages lost": _kind_lost,
    "many frames lost": _most_lost,
    "every frame damaged": _damaged,
    "contact holds": _contact_holds,
    "contact drops": _contact_drops,
    "contacts return": _contacts_return,
    "light time": _light_time,
    "longer way": _longer_way,
    "narrow link": _jammed,
    "bursts of loss": _bursts,
    "clogged link": _clogged,
    "held back": _held_back,
    "dead leader": _dead_leader,
    "silent leader": _silent_leader,
}


def _noise(draft: Draft, draws: random.Random) -> None:
    """What stops nobody, or has ended long before the moment of the question."""
    kind = draws.choice(NOISE)
    node = draws.randrange(draft.nodes)
    if kind == "duplicate":
        draft.faults.append({"fault": "duplicate", "probability": 0.1})
    elif kind == "jitter":
        draft.faults.append({"fault": "jitter", "seconds_max": draws.choice((0.003, 0.01, 0.03))})
    elif kind == "reorder":
        draft.faults.append({"fault": "reorder", "probability": 0.1, "hold_seconds": 0.02})
    elif kind == "little loss":
        draft.faults.append({"fault": "drop", "probability": 0.02})
    elif kind == "early restart":
        draft.board_faults.append({"at": 0.5, "node": node, "kind": "restart"})
    elif kind == "past partition":
        draft.faults.append({"fault": "partition", "groups": [[node]], "start": 0.3, "end": 0.8})
    else:
        draft.board_faults.append({"at": 0.3, "node": node, "kind": "pause", "seconds": 0.3})


def draw(seed: int) -> Drawn:
    """The flight of `seed`."""
    draws = stream(seed, "stall")
    if draws.random() < STORM_SHARE:
        return _of_a_storm(seed, draws)
    nodes = draws.choices((4, 7, 13), (60, 30, 10))[0]
    draft = Draft(nodes, round(draws.uniform(*BEGIN), 3))
    names: list[str] = []
    if draws.random() >= NOTHING_SHARE:
        names = draws.sample(list(KINDS), 2 if draws.random() < PAIR_SHARE else 1)
    for name in names:
        KINDS[name](draft, stream(seed, name))
    for number in range(draws.choice((0, 1, 2))):
        _noise(draft, stream(seed, f"noise/{number}"))
    at = round(draft.begin + draws.uniform(2.0, 4.5), 3)
    timeout = draft.view_timeout or draws.choice((0.15, 0.3, 0.6, 1.0, 3.0))
    document = {
        "name": f"stall-{seed}",
        "description": " and ".join(names) or "nothing",
        "allow_too_many_faults": True,
        "mission": _mission(seed, nodes, at),
        "clock": {"view_timeout_seconds": min(timeout, 300.0)},
        "workload": {"operations": 100_000, "in_flight": draws.choice((1, 3, 6)), "pause_seconds": 0.05},
        "faults": draft.faults,
        "board_faults": sorted(draft.board_faults, key=lambda fault: fault["at"]),
        "byzantine": draft.byzantine,
    }
    return Drawn(seed, tuple(names), parse(document, f"seed {seed}"), at)


def _mission(seed: int, nodes: int, at: float) -> Document:
    return {"boards": nodes, "seed": seed, "slots": 100_000, "limit_seconds": at + 0.2, "no_progress_seconds": at + 0.2}


def _of_a_storm(seed: int, draws: random.Random) -> Drawn:
    """A storm as the simulator draws it, asked about in its midst."""
    whole = storm(seed).model_dump(mode="json", exclude_unset=True)
    calm = whole.pop("liveness")["at"]
    at = round(draws.uniform(0.5, 1.0) * calm, 3)
    for name in ("slots", "limit_seconds", "no_progress_seconds"):
        whole["mission"].pop(name, None)
    whole["mission"] |= {"slots": 100_000, "limit_seconds": at * 1.1, "no_progress_seconds": at * 1.1}
    whole["workload"]["operations"] = 100_000
    whole["board_faults"] = [fault for fault in whole.get("board_faults", []) if fault["at"] < at]
    whole["faults"] = [rule for rule in whole.get("faults", []) if rule.get("start", 0.0) < at]
    whole["allow_too_many_faults"] = True
    return Drawn(seed, ("storm",), parse(whole, f"storm {seed}"), at)

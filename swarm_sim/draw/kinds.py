"""The kinds of faults that a seed may draw: each is a function that adds rules and board faults to a draft.

A kind draws only from the stream that it is given. Times are drawn in the boards' seconds, within the storm.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, field

from amu.core import limits
from groundstation.scenario.toml_text import Document

STATIONS = ("earth-moon-l1", "earth-moon-l2", "earth-moon-l4", "sun-earth-l1", "sun-earth-l2", "geo", "leo", "moon")
VIEW_KINDS = ("Proposal", "Vote", "Suggest", "Proof", "ViewChange", "Status")
FLOOD_PER_TICK = 32  # two frames or more for each peer: frames hold the messages of a tick together
LIARS = ("equivocate", "lie", "silence", "replay", "flood", "bad_mac", "mixed", "starve", "hurry")


@dataclass
class Draft:
    """The scenario drawn so far. Times in board seconds; one of them is `unit` mission seconds."""

    seed: int
    nodes: int
    storm: float
    unit: float
    faulty: tuple[int, ...]
    faults: list[Document] = field(default_factory=list)
    board_faults: list[Document] = field(default_factory=list)
    byzantine: list[Document] = field(default_factory=list)

    def others(self) -> list[int]:
        """Boards that follow the protocol and keep their flash."""
        return [node for node in range(self.nodes) if node not in self.faulty]

    def rule(self, draws: random.Random, fault: str, **fields: object) -> None:
        """Add a fault rule in a window of the storm, on all links or on those from or to a few boards."""
        start, end = self.window(draws)
        rule: Document = {"fault": fault, "start": start, "end": end, **fields}
        if draws.random() < 0.3:
            side = draws.choice(("source", "destination"))
            rule.setdefault(side, sorted(draws.sample(range(self.nodes), draws.randint(1, self.nodes - 1))))
        self.faults.append(rule)

    def window(self, draws: random.Random) -> tuple[float, float]:
        if draws.random() < 0.3:
            return 0.0, self.seconds(self.storm)
        start = draws.uniform(0, self.storm * 0.8)
        end = min(self.storm, start + draws.uniform(0.05, 0.6) * self.storm)
        return self.seconds(start), self.seconds(end)

    def strike(self, draws: random.Random, kind: str, node: int | None = None, **fields: object) -> None:
        """Add a board fault at some time of the storm."""
        chosen = draws.randrange(self.nodes) if node is None else node
        at = self.seconds(draws.uniform(0, self.storm))
        self.board_faults.append({"at": at, "node": chosen, "kind": kind, **fields})

    def seconds(self, board_seconds: float) -> float:
        """Mission seconds, rounded to keep scenario files readable."""
        return round(board_seconds * self.unit, 4)


# --- links ----------------------------------------------------------------------------------------


def distances(draft: Draft, draws: random.Random) -> None:
    """The minimum delay of every message: jitter if near, light time if far."""
    end = draft.seconds(draft.storm)
    if draft.unit > 1:
        stations = [draws.choice(STATIONS) for _ in range(draft.nodes)]
        draft.faults.append({"fault": "orbits", "stations": stations, "end": end})
    longest = draws.choice((0.003, 0.01, 0.03, 0.1))
    draft.faults.append({"fault": "jitter", "seconds_max": draft.seconds(longest), "end": end})


def _drop(draft: Draft, draws: random.Random) -> None:
    for _ in range(draws.randint(1, 3)):
        draft.rule(draws, "drop", probability=round(draws.choice((0.02, 0.1, 0.3, 0.6)), 3))


def _drop_kinds(draft: Draft, draws: random.Random) -> None:
    """Loss by kind of message, which makes the states of replicas diverge."""
    for _ in range(draws.randint(1, 5)):
        kinds = sorted(draws.sample(VIEW_KINDS, draws.randint(1, 4)))
        draft.rule(draws, "drop", probability=draws.choice((0.3, 0.7, 1.0)), kinds=kinds)


def _duplicate(draft: Draft, draws: random.Random) -> None:
    draft.rule(draws, "duplicate", probability=draws.choice((0.05, 0.3)), copies=draws.randint(1, 3))


def _reorder(draft: Draft, draws: random.Random) -> None:
    hold = draft.seconds(draws.choice((0.02, 0.1, 0.5)))
    draft.rule(draws, "reorder", probability=draws.choice((0.05, 0.3)), hold_seconds=hold)


def _corrupt(draft: Draft, draws: random.Random) -> None:
    draft.rule(draws, "corrupt", probability=draws.choice((0.02, 0.2)), bits=draws.randint(1, 8))


def _truncate(draft: Draft, draws: random.Random) -> None:
    draft.rule(draws, "truncate", probability=draws.choice((0.02, 0.2)))


def _burst_loss(draft: Draft, draws: random.Random) -> None:
    draft.rule(draws, "burst_loss", good_to_bad=draws.choice((0.01, 0.05)), bad_to_good=draws.choice((0.05, 0.2)))


def _partition(draft: Draft, draws: random.Random) -> None:
    """Several partitions, one at a time: of uniform size, of uniform membership, or of one board."""
    nodes = list(range(draft.nodes))
    for _ in range(draws.randint(1, 4)):
        mode = draws.choice(("size", "membership", "one"))
        if mode == "size":
            side = draws.sample(nodes, draws.randint(1, draft.nodes - 1))
        elif mode == "membership":
            side = [node for node in nodes if draws.random() < 0.5] or [draws.choice(nodes)]
        else:
            side = [draws.choice(nodes)]
        start, end = draft.window(draws)
        rest = [node for node in nodes if node not in side]
        if draws.random() < 0.3 and rest:
            ways = (sorted(side), rest) if draws.random() < 0.5 else (rest, sorted(side))
            rule = {"fault": "one_way_partition", "source": ways[0], "destination": ways[1]}
        else:
            rule = {"fault": "partition", "groups": [sorted(side)]}
        draft.faults.append({**rule, "start": start, "end": end})


def _contact(draft: Draft, draws: random.Random) -> None:
    period = draws.uniform(0.2, 1.0)
    passes = [{"aos": 0.0, "los": draft.seconds(period * draws.uniform(0.3, 0.9))}]
    outside = draws.choice(("hold", "drop"))
    draft.rule(draws, "contact_window", passes=passes, period_seconds=draft.seconds(period), outside=outside)


def _bandwidth(draft: Draft, draws: random.Random) -> None:
    per_second = draws.choice((2_000, 10_000, 50_000)) / draft.unit
    draft.rule(draws, "bandwidth", bytes_per_second=per_second)


def _clog(draft: Draft, draws: random.Random) -> None:
    draft.rule(draws, "clog", probability=draws.choice((0.002, 0.02)), seconds=draft.seconds(draws.uniform(0.05, 0.5)))


def _capacity(draft: Draft, draws: random.Random) -> None:
    draft.rule(draws, "capacity", frames_max=draws.choice((1, 4, 16)))


# --- boards ---------------------------------------------------------------------------------------


def _kill(draft: Draft, draws: random.Random) -> None:
    for _ in range(draws.randint(1, 5)):
        draft.strike(draws, "kill", restart_after=draft.seconds(draws.uniform(0.05, 1.5)))


def _restart(draft: Draft, draws: random.Random) -> None:
    for _ in range(draws.randint(1, 6)):
        draft.strike(draws, "restart")


def _power_cut(draft: Draft, draws: random.Random) -> None:
    for _ in range(draws.randint(1, 5)):
        restart_after = draft.seconds(draws.uniform(0.05, 1.0))
        draft.strike(draws, "power_cut", after_operations=draws.randint(1, 40), restart_after=restart_after)


def _blackout(draft: Draft, draws: random.Random) -> None:
    """All boards lose power at almost the same time, some of them during a write."""
    at = draws.uniform(0.1, 0.9) * draft.storm
    for node in range(draft.nodes):
        fault: Document = {"at": draft.seconds(at + draws.uniform(0, 0.02)), "node": node, "kind": "kill"}
        if draws.random() < 0.5:
            fault.update(kind="power_cut", after_operations=draws.randint(1, 3))
        fault["restart_after"] = draft.seconds(draws.uniform(0.1, 0.6))
        draft.board_faults.append(fault)


def _write_fault(draft: Draft, draws: random.Random) -> None:
    for _ in range(draws.randint(1, 2)):
        restart_after = draft.seconds(draws.uniform(0.1, 1.0))
        draft.strike(draws, "write_fault", after_operations=draws.randint(1, 40), restart_after=restart_after)


def _read_fault(draft: Draft, draws: random.Random) -> None:
    node = draws.randrange(draft.nodes)
    draft.strike(draws, "read_fault", node)
    for _ in range(2):  # the first boot may be the one with the read fault
        draft.strike(draws, "restart", node)


def _pause(draft: Draft, draws: random.Random) -> None:
    for _ in range(draws.randint(1, 4)):
        draft.strike(draws, "pause", seconds=draft.seconds(draws.choice((0.03, 0.3, 1.5))))


def _slow(draft: Draft, draws: random.Random) -> None:
    seconds = draft.seconds(draws.uniform(0.2, 2))
    draft.strike(draws, "slow", seconds=seconds, step_ms=draws.choice((0.5, 2, 8)))


def _clock_drift(draft: Draft, draws: random.Random) -> None:
    for node in draws.sample(range(draft.nodes), draws.randint(1, draft.nodes)):
        factor = draws.choice((0.2, 0.7, 1.3, 4.0))
        draft.strike(draws, "clock_drift", node, seconds=draft.seconds(draws.uniform(0.3, 4)), factor=factor)


def _clock_jump(draft: Draft, draws: random.Random) -> None:
    for _ in range(draws.randint(1, 3)):
        draft.strike(draws, "clock_jump", ticks=draws.choice((-200, -20, 50, 1000)))


def _clock_stop(draft: Draft, draws: random.Random) -> None:
    draft.strike(draws, "clock_stop", seconds=draft.seconds(draws.uniform(0.2, 2)))


# --- the faulty few -------------------------------------------------------------------------------


def liar(node: int, adversary: str, draws: random.Random) -> Document:
    """A Byzantine board. Some kinds choose their victims, or the kinds of messages."""
    parameters: Document = {"seed": draws.randrange(1 << 20)}
    if adversary == "silence" and draws.random() < 0.5:
        parameters["kinds"] = " ".join(sorted(draws.sample(VIEW_KINDS, draws.randint(1, 3))))
    if adversary == "flood" and draws.random() < 0.5:
        parameters["per_tick"] = FLOOD_PER_TICK
    if adversary in ("silence", "bad_mac") and draws.random() < 0.5:
        parameters["peers"] = str(draws.choice([peer for peer in range(limits.REPLICAS_MIN) if peer != node]))
    return {"node": node, "adversary": adversary, "parameters": parameters}


def _liars(draft: Draft, draws: random.Random) -> None:
    for node in draft.faulty:
        if any(fault["node"] == node and fault["kind"] in FORGETTING for fault in draft.board_faults):
            continue
        draft.byzantine.append(liar(node, draws.choice(LIARS), draws))


def _forgetful(draft: Draft, draws: random.Random) -> None:
    """Some of the faulty boards lose what they have written. Those do not also lie."""
    for node in draft.faulty:
        if draws.random() < 0.5:
            continue
        kind = draws.choice(FORGETTING)
        if kind == "crash_corruption":
            draft.strike(draws, kind, node, restart_after=draft.seconds(draws.uniform(0.05, 0.5)))
            draft.strike(draws, "amnesia", node)
        elif kind == "misdirected_write":
            draft.strike(draws, kind, node, after_operations=draws.randint(1, 30))
            draft.strike(draws, "restart", node)
        else:
            draft.strike(draws, kind, node)


FORGETTING = ("amnesia", "crash_corruption", "misdirected_write")
KINDS: dict[str, Callable[[Draft, random.Random], None]] = {
    "drop": _drop,
    "drop by kind": _drop_kinds,
    "duplicate": _duplicate,
    "reorder": _reorder,
    "corrupt": _corrupt,
    "truncate": _truncate,
    "burst loss": _burst_loss,
    "partition": _partition,
    "contact windows": _contact,
    "bandwidth": _bandwidth,
    "clog": _clog,
    "capacity": _capacity,
    "kill": _kill,
    "restart": _restart,
    "power cut": _power_cut,
    "blackout": _blackout,
    "write fault": _write_fault,
    "read fault": _read_fault,
    "pause": _pause,
    "slow": _slow,
    "clock drift": _clock_drift,
    "clock jump": _clock_jump,
    "clock stop": _clock_stop,
    "forgetful": _forgetful,
    "liars": _liars,
}

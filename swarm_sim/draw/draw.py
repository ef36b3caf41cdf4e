"""Draws a scenario from a seed: which kinds of faults there are, when they strike, which boards, and how hard.

Swarm testing (Groce, Zhang, Eide, Chen, Regehr, "Swarm testing", ISSTA 2012): a run with every kind of fault hides bugs
that a few kinds would show. So each seed first draws a subset of the kinds and then their rates. Each kind draws from
its own stream: removing one changes no other.

A run has a *storm* and a *calm*. In the storm links, processors, clocks and flash fail, anywhere. In the calm a core of
boards, enough for a quorum, has no further faults; everything else stays as broken as it is. The core must then make
progress within a bound.

Fault atlas: at most f boards lie or may forget what they acknowledged, the same ones throughout; any board may die,
stop, be slow or be cut off at any time. So a run never demands more than the protocol promises.
"""

import random

from amu.boards.config import FILES, PAGES
from amu.core import limits
from groundstation.scenario.model import Scenario, parse
from groundstation.scenario.toml_text import Document
from groundstation.scenario.workload import DEFAULT_MIX
from swarm_sim.draw.kinds import KINDS, LIARS, Draft, distances, liar
from swarm_sim.streams import stream

SLOTS_DEFAULT = 20
NODES_DEFAULT = 4
NARROW_SHARE = 0.08  # of the seeds: few slots and lost proposals, so that views change often
LONG_SHARE = 0.06  # of the seeds: a long log, which one board at a time fails to follow
PAST_SHARE = 0.06  # of the seeds: boards that do not know the past, and liars who tell them of it
FAR_SHARE = 0.08  # of the seeds: boards far apart, a hundred mission seconds per second of the boards' clocks
BUSY_SHARE = 0.1  # of the seeds: turns and snapshots all the time, so that they overlap
PAGES_SHARE = 0.3  # of the seeds with all kinds of faults: boards that keep their journal on raw flash pages
FAR_SPEED = 100.0
STORM_SECONDS = (1.5, 6.0)  # of the boards' time
TICK_MS = 10
PAUSE_SECONDS_MAX = 1.0


def draw(seed: int, nodes: int = NODES_DEFAULT, slots: int = SLOTS_DEFAULT) -> Scenario:
    """The scenario of `seed`: a function of the three arguments."""
    profile = _profile(seed)
    if profile < NARROW_SHARE:
        return parse(_narrow(seed, nodes, stream(seed, "narrow")), f"seed {seed}")
    if profile < NARROW_SHARE + LONG_SHARE:
        return parse(_long(seed, nodes, stream(seed, "long")), f"seed {seed}")
    if is_of_the_past(seed):
        return parse(_past(seed, nodes, stream(seed, "past")), f"seed {seed}")
    draws = stream(seed, "shape")
    speed = FAR_SPEED if draws.random() < FAR_SHARE else 1.0
    storm = round(draws.uniform(*STORM_SECONDS), 2)
    faulty = tuple(sorted(draws.sample(range(nodes), limits.faults_max(nodes))))
    draft = Draft(seed, nodes, storm, speed, faulty)
    share = draws.choice((0.1, 0.25, 0.5))
    chosen = [name for name in KINDS if draws.random() < share]
    for name in chosen:
        KINDS[name](draft, stream(seed, name))
    if speed > 1 or draws.random() < 0.8:
        distances(draft, stream(seed, "distances"))
    view_timeout = draws.choice((0.15, 0.3, 0.6, 1.0))
    document: Document = {
        "name": f"seed-{seed}",
        "description": f"drawn from seed {seed}: {', '.join(chosen) or 'no faults'}",
        "mission": {
            "boards": nodes,
            "seed": seed,
            "journal": PAGES if stream(seed, "journal").random() < PAGES_SHARE else FILES,
            "speed": speed,
            "slots": slots,
            "limit_seconds": draft.seconds(600),
            "no_progress_seconds": draft.seconds(200),
        },
        "clock": {"tick_ms": TICK_MS, "view_timeout_seconds": draft.seconds(view_timeout)},
        "ops": _ops(draft, stream(seed, "ops")),
        "workload": _workload(draft, stream(seed, "workload shape"), slots),
        "faults": draft.faults,
        "board_faults": sorted(draft.board_faults, key=lambda fault: fault["at"]),
        "byzantine": draft.byzantine,
        "liveness": {
            "core": draft.others(),
            "at": draft.seconds(storm),
            "bound_seconds": draft.seconds(_bound_seconds(nodes, view_timeout)),
        },
    }
    return parse(document, f"seed {seed}")


def _profile(seed: int) -> float:
    return stream(seed, "profile").random()


def is_of_the_past(seed: int) -> bool:
    """Whether the seed draws boards that do not know the past, and liars who tell them of it."""
    return _profile(seed) >= 1 - PAST_SHARE


def _narrow(seed: int, nodes: int, draws: random.Random) -> Document:
    """Few slots and many views: a broad storm would take years to expose a wrong rule of the view change.

    Only proposals are lost, so boards vote in some views and not in others, and their locks diverge. Liars draw their
    behaviour as in other scenarios.
    """
    view_timeout = draws.choice((0.1, 0.15))
    storm = round(view_timeout * draws.uniform(30, 60), 2)
    faulty = sorted(draws.sample(range(nodes), limits.faults_max(nodes)))
    lost = draws.choice((0.5, 0.7, 0.8, 0.9, 0.95))
    jitter = draws.choice((0.0, 0.003, 0.03))
    return {
        "name": f"seed-{seed}",
        "description": f"drawn from seed {seed}: few slots, many views",
        "mission": {"boards": nodes, "seed": seed, "slots": 4},
        "clock": {"tick_ms": TICK_MS, "view_timeout_seconds": view_timeout},
        "workload": {"operations": 4, "in_flight": draws.choice((1, 2, 4)), "mix": {"noop": 1}},
        "faults": [
            {"fault": "drop", "probability": lost, "kinds": ["Proposal"], "end": storm},
            {"fault": "jitter", "seconds_max": jitter, "end": storm},
        ],
        "byzantine": [liar(node, draws.choice(("starve", *LIARS)), draws) for node in faulty],
        "liveness": {
            "core": [node for node in range(nodes) if node not in faulty],
            "at": storm,
            "bound_seconds": _bound_seconds(nodes, view_timeout),
        },
    }


def _long(seed: int, nodes: int, draws: random.Random) -> Document:
    """A log of several checkpoints, and at all times one board that is cut off: it returns too late for single slots
    and adopts a state. A swarm tolerates f boards that are away or lie, so f - 1 lie, also about states.
    """
    storm = round(draws.uniform(2.0, 4.0), 2)
    view_timeout = draws.choice((0.15, 0.3))
    faulty = sorted(draws.sample(range(nodes), limits.faults_max(nodes)))
    others = [node for node in range(nodes) if node not in faulty]
    faults: list[Document] = [{"fault": "jitter", "seconds_max": draws.choice((0.003, 0.02)), "end": storm}]
    board_faults: list[Document] = []
    start = 0.0
    while start < storm:
        end = round(min(storm, start + draws.uniform(0.3, 0.7) * storm), 2)
        node = draws.choice(others)
        if draws.random() < 0.5:
            faults.append({"fault": "partition", "groups": [[node]], "start": start, "end": end})
        else:
            board_faults.append({"at": start, "node": node, "kind": "kill", "restart_after": round(end - start, 2)})
        if draws.random() < 0.5:
            board_faults.append({"at": end, "node": draws.choice(others), "kind": "restart"})
        start = round(end + draws.uniform(0.02, 0.3), 2)
    in_flight = draws.choice((1, 2))
    return {
        "name": f"seed-{seed}",
        "description": f"drawn from seed {seed}: a long log, one board after the other cut off",
        "mission": {"boards": nodes, "seed": seed, "slots": draws.choice((60, 90))},
        "clock": {"tick_ms": TICK_MS, "view_timeout_seconds": view_timeout},
        "workload": {"operations": 40, "in_flight": in_flight, "pause_seconds": 0.02},
        "faults": faults,
        "board_faults": sorted(board_faults, key=lambda fault: fault["at"]),
        "byzantine": [liar(node, draws.choice(("lie", *LIARS)), draws) for node in faulty[1:]],
        "liveness": {"core": others, "at": storm, "bound_seconds": _bound_seconds(nodes, view_timeout)},
    }


def _past(seed: int, nodes: int, draws: random.Random) -> Document:
    """A laggard and, where the swarm tolerates it beside a liar, a board without memory: they hear liars before the
    others, and answers to questions that they asked long ago.

    The laggard has none of the log, so a careless board without memory takes its word and a liar's for the log's
    length; and a careless laggard takes over a state that liars forge. That takes f liars.
    """
    storm = round(draws.uniform(3.0, 5.0), 2)
    view_timeout = draws.choice((0.15, 0.3))
    faulty = draws.sample(range(nodes), limits.faults_max(nodes))
    forgetful = faulty[:1] if draws.random() < 0.5 else []
    liars = [node for node in faulty if node not in forgetful]
    lies = draws.choice(("understate", "lie") if forgetful else ("forge", "forge", "counterfeit"))
    if lies == "counterfeit" and 0 not in liars:
        faulty = liars = [0, *liars[1:]]  # the first leader: no view change is needed for its proposals
    others = [node for node in range(nodes) if node not in faulty]
    laggard, near = draws.sample(others, 2)
    back = round(storm * draws.uniform(0.4, 0.7), 2)
    away = round(back * draws.uniform(0.1, 0.5), 2) if lies == "counterfeit" else 0.0
    until = round(back + draws.uniform(0.3, 0.8), 2)
    faults: list[Document] = [{"fault": "jitter", "seconds_max": draws.choice((0.003, 0.01)), "end": storm}]
    if len(others) + len(liars) > limits.quorum_size(nodes):  # else nothing would be decided without the laggard
        faults.append({"fault": "partition", "groups": [[laggard]], "start": away, "end": back})
    board_faults: list[Document] = []
    for node in forgetful:
        first_heard = sorted([node, laggard, near, *liars])
        faults.append({"fault": "partition", "groups": [first_heard], "start": back, "end": until})
        hold = round(draws.uniform(1.0, 2.0), 2)
        late: Document = {"fault": "reorder", "probability": 0.5, "hold_seconds": hold, "kinds": ["Progress"]}
        faults.append({**late, "destination": [node], "end": storm})
        for at in (round(max(0.2, back - draws.uniform(1.0, 1.8)), 2), back):
            board_faults.append({"at": at, "node": node, "kind": "amnesia"})
    return {
        "name": f"seed-{seed}",
        "description": f"drawn from seed {seed}: boards that do not know the past, and liars who tell them of it",
        "mission": {"boards": nodes, "seed": seed, "slots": 60},
        "clock": {"tick_ms": TICK_MS, "view_timeout_seconds": view_timeout},
        "workload": {"operations": 60, "in_flight": draws.choice((1, 2)), "pause_seconds": 0.01},
        "faults": faults,
        "board_faults": board_faults,
        "byzantine": [liar(node, lies, draws) for node in liars],
        "liveness": {"core": others, "at": storm, "bound_seconds": _bound_seconds(nodes, view_timeout)},
    }


def _bound_seconds(nodes: int, view_timeout: float) -> float:
    """The time in which a core without faults must make progress, with a wide margin.

    A view with a faulty leader costs one timer of maximum length; at most f + 1 leaders in a row are outside the core,
    for each of two windows of slots. Add rejoining, catching up and the operators' own pauses.
    """
    longest_timer = view_timeout * (1 << limits.VIEW_TIMEOUT_DOUBLINGS_MAX)
    leaders: int = limits.faults_max(nodes) + 2
    return round(2 * leaders * longest_timer + 60, 1)


def _ops(draft: Draft, draws: random.Random) -> Document:
    ops = {}
    if draws.random() < 0.3:
        ops["turn_seconds"] = draft.seconds(draws.uniform(0.3, 2))
    if draws.random() < 0.3:
        ops["snapshot_seconds"] = draft.seconds(draws.uniform(0.5, 3))
    if draws.random() < BUSY_SHARE:
        ops = {"turn_seconds": draft.seconds(0.1), "snapshot_seconds": draft.seconds(0.2)}
    return ops


def _workload(draft: Draft, draws: random.Random, slots: int) -> Document:
    """Operations spread over the storm, so that its faults hit work and the run stays short."""
    mix = {kind: weight for kind, weight in DEFAULT_MIX.items() if draws.random() < 0.8}
    in_flight = draws.choice((1, 2, 4, 8, 24))
    pause = min(PAUSE_SECONDS_MAX, in_flight * draft.storm / (slots * draws.choice((0.5, 1, 2, 4))))
    return {
        "operations": slots,
        "in_flight": in_flight,
        "pause_seconds": draft.seconds(pause),
        "mix": mix or {"noop": 1},
    }

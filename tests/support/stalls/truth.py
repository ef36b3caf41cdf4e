"""Why a flight stands still, from the simulated world and its fault plan: the answer that an explanation is held to.

Theory. A slot is decided when a quorum of boards hear a quorum of votes from among themselves. So all sets of able
boards are tried, by brute force, with the links as the plan's own rules treat probes of frames. Nothing here looks at a
trace, and nothing here is shared with the engine but the words of its answers.

A moment is looked at several times before the question: what changed meanwhile is neither demanded nor forbidden.
"""

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from amu.boards.host import SOUND_TAG
from amu.core.limits import quorum_size
from amu.node.node import SILENT, VOTING
from amu.wire import frames
from groundstation.faults.kinds import BurstLoss
from groundstation.faults.paths import ContactWindow
from groundstation.faults.plan import LinkState
from groundstation.faults.rule import FLIGHT_KINDS
from groundstation.scenario.mission_end import slots_applied
from groundstation.scenario.model import Byzantine
from groundstation.why import answer as a
from swarm_sim.simulation import Simulation
from swarm_sim.world.board import Board
from swarm_sim.world.world import World

PROBES = 24  # frames of each kind on each link
PROBE = frames.build(frames.FLIGHT, 0, 1, SOUND_TAG, bytes(40))
LATE_TICKS = 10.0
LOSSY = 0.05
SOON = 0.1  # chance that a burst of loss ends with a frame
FAR = 5.0  # seconds from one pass to the next, that are beyond what is looked at
LOOKS = 7
LOOK_TICKS = 25
MOVING_TICKS = 100
MARGIN_TICKS = 5
STANDS_SECONDS = 0.3  # a turn that takes so long holds a board up
DRIFTS = (0.5, 2.0)  # rates beyond which a clock may be blamed
VOTES = ("Vote", "Status")  # a board repeats its votes in reports of its state

Pair = tuple[int, int]
Kinds = frozenset[str]


@dataclass(frozen=True)
class Way:
    """A link: kinds of causes any of which names its state; whether votes pass, now or late; whether a kind of message
    does not."""

    kinds: Kinds = frozenset()
    is_open: bool = True
    is_late: bool = False
    delay: float = 0.0
    loses_a_kind: bool = False


@dataclass(frozen=True)
class Look:
    """The world at one moment. boards: kinds of causes, any of which names the board's state; needed: those that must
    be named where the swarm can do nothing."""

    boards: Mapping[int, Kinds]
    needed: frozenset[int]
    liars: frozenset[int]
    active_liars: frozenset[int]
    drifting: frozenset[int]
    ways: Mapping[Pair, Way]
    is_impatient: bool  # view timers may run out before messages arrive


@dataclass
class Truth:
    """What an explanation may and must say. required: of each set one kind of cause must be named; allowed: no other
    may be. boards: kinds by which each board may be called; named: boards that must be."""

    states: set[str]
    required: list[Kinds] = field(default_factory=list)
    allowed: set[str] = field(default_factory=set)
    boards: dict[int, set[str]] = field(default_factory=dict)
    named: set[int] = field(default_factory=set)
    one_of: set[str] = field(default_factory=set)  # at least one of these, if there are any


class Watch:
    """Looks at a simulation before mission second `at`; call `truth` after the flight."""

    def __init__(self, simulation: Simulation, at: float) -> None:
        self._world, self._at = simulation.world, at
        self._looks: list[Look] = []
        self._progress: list[tuple[float, int]] = []
        tick = self._world.tick_seconds
        for number in range(LOOKS):
            moment = at - number * LOOK_TICKS * tick
            if moment >= 0:
                self._world.first_at(moment, self._look)
        self._watch_progress()

    def _watch_progress(self) -> None:
        world = self._world
        applied = {b.node: 0 if b.flight is None else b.flying.applied_slot for b in world.boards}
        self._progress.append((world.now, slots_applied(applied, len(applied))))
        world.at(world.now + 2 * world.tick_seconds, self._watch_progress)

    def _look(self) -> None:
        self._looks.append(look(self._world))

    def truth(self) -> Truth:
        """What may be said at `at`."""
        tick, best, moved_at = self._world.tick_seconds, 0, 0.0
        for now, slots in self._progress:
            if now > self._at:
                break
            if slots > best:
                best, moved_at = slots, now
        idle_ticks = (self._at - moved_at) / tick
        truths = [_truth(each) for each in self._looks]
        whole = Truth(set().union(*(each.states for each in truths)))
        whole.allowed = set().union(*(each.allowed for each in truths))
        whole.required = [kinds for kinds in truths[0].required if all(kinds in each.required for each in truths)]
        whole.named = set.intersection(*(each.named for each in truths))
        whole.one_of = set().union(*(each.one_of for each in truths))
        for each in truths:
            for node, kinds in each.boards.items():
                whole.boards.setdefault(node, set()).update(kinds)
        if idle_ticks < MOVING_TICKS - MARGIN_TICKS:
            return Truth({a.MOVING}, boards=whole.boards)
        if idle_ticks < MOVING_TICKS + MARGIN_TICKS:
            whole.states.add(a.MOVING)
        return whole


# --- a moment -------------------------------------------------------------------------------------


def look(world: World) -> Look:
    """The world as it is now."""
    liars = {entry.node: entry for entry in world.scenario.byzantine}
    boards, needed, active = {}, set(), set()
    drifting = set()
    for board in world.boards:
        kinds = _of_board(board, world.now)
        if kinds:
            needed.add(board.node)
        elif board.node in liars:
            entry = liars[board.node]
            if not _is_mute(entry):
                active.add(board.node)
            elif not entry.parameters.get("kinds"):
                needed.add(board.node)
        if board.node in liars:
            kinds |= {a.LIAR}
        if world.now < board._factor_until and not DRIFTS[0] <= board._factor <= DRIFTS[1]:
            drifting.add(board.node)
        boards[board.node] = frozenset(kinds)
    pairs = itertools.permutations(range(len(world.boards)), 2)
    ways = {(source, destination): _of_link(world, source, destination) for source, destination in pairs}
    longest = max((way.delay for way in ways.values()), default=0.0)
    return Look(
        boards,
        frozenset(needed),
        frozenset(liars),
        frozenset(active),
        frozenset(drifting),
        ways,
        world.scenario.clock.view_timeout_seconds < 8 * longest,
    )


def _is_mute(entry: Byzantine) -> bool:
    """Whether no vote of this liar reaches anybody, in whatever message."""
    if entry.parameters.get("peers"):
        return False
    kinds = str(entry.parameters.get("kinds", "")).split()
    if entry.adversary == "silence":
        return not kinds or {*VOTES} <= {*kinds}
    return entry.adversary == "bad_mac" and entry.parameters.get("one_in", 2) == 1


def _of_board(board: Board, now: float) -> Kinds:
    flight = board.flight
    if flight is None:
        return frozenset({a.CRASH})
    if flight.mode == SILENT:
        return frozenset({a.FLASH})
    stands = board._busy_until > now + STANDS_SECONDS
    stands = stands or (now < board._slow_until and board._step_seconds >= STANDS_SECONDS)
    if stands:
        return frozenset({a.STOPPED})
    if now < board._stopped_until:  # it takes a few more frames of each peer, and then none
        return frozenset({a.CLOCK, a.STOPPED})
    return frozenset() if flight.mode == VOTING else frozenset({a.FORGOT})


def _of_link(world: World, source: int, destination: int) -> Way:
    network = world.network
    index = source * len(world.boards) + destination
    first, before = network._indexes[index], network._states[index]
    plan = network._plan
    if not plan.rules:
        return Way()
    active = [
        rule
        for rule in plan.rules
        if rule.start <= world.now < (rule.end or float("inf"))
        and rule.selects(source, destination, tuple(FLIGHT_KINDS.values()))
    ]
    kinds = list(VOTES) if not plan.names_kinds else list(FLIGHT_KINDS)
    found = {kind: _probe(world, source, destination, FLIGHT_KINDS[kind], first, before) for kind in kinds}
    lost, damaged, delay = min((found[kind] for kind in VOTES), key=lambda each: each[0] + each[1])
    loses_a_kind = any(loss >= 1.0 for loss, _, _ in found.values())
    names = {rule.fault for rule in active}
    is_burst = any(isinstance(rule, BurstLoss) and rule.bad_to_good < SOON for rule in active)
    if is_burst:  # a burst that is long and a link that is cut look the same while it lasts
        return Way(frozenset({a.LOSS, a.CUT}), loses_a_kind=True)
    late = LATE_TICKS * world.tick_seconds < delay < float("inf")
    if lost + damaged >= 1.0:
        said = {a.CUT} if lost else set()
        said |= {a.DAMAGE} if damaged else set()
        said |= {a.HELD} if "contact_window" in names or "bandwidth" in names else set()
        if any(isinstance(rule, ContactWindow) and (rule.period_seconds or FAR) < FAR for rule in active):
            said.add(a.LOSS)  # as a link is called that carries frames in some of the last seconds
        if any(loss < 1.0 for loss, _, _ in found.values()):
            said.add(a.LOSS)
        if late and any(world.now < rule.start + delay for rule in active):  # nothing has arrived yet, whole or damaged
            return Way(frozenset({*said, a.LIGHT_TIME, a.HELD}), is_open=False, is_late=True, delay=delay)
        return Way(frozenset(said), is_open=False, loses_a_kind=loses_a_kind)
    if late:
        far = {"light_time", "orbits", "delay"} & names
        is_new = any(rule.start > 0 and world.now < rule.start + delay for rule in active)
        said = {a.LIGHT_TIME} if far and not is_new else {a.LIGHT_TIME, a.HELD}
        if "contact_window" in names:
            said = {a.HELD, a.LIGHT_TIME} if far or {"clog", "bandwidth", "reorder"} & names else {a.HELD}
        if lost + damaged > LOSSY:
            said.add(a.LOSS)
        return Way(frozenset(said), is_open=False, is_late=True, delay=delay, loses_a_kind=loses_a_kind)
    said = {a.LOSS} if any(loss + harm > LOSSY for loss, harm, _ in found.values()) else set()
    if loses_a_kind:
        said.add(a.CUT)
    return Way(frozenset(said), loses_a_kind=loses_a_kind)


def _probe(
    world: World, source: int, destination: int, kind: int, first: int, state: LinkState
) -> tuple[float, float, float]:
    """Share of frames lost and damaged, and the least delay of the others."""
    lost = damaged = 0
    delay = float("inf")
    plan = world.network._plan
    for number in range(PROBES):
        found = plan.fates(world.now, source, destination, first + number, PROBE, (kind,), state)
        state = found.state
        whole = [at for at, frame in found.deliveries if frame == PROBE]
        delay = min([delay, *(at for at, _ in found.deliveries)])
        if not whole:
            damaged += bool(found.deliveries)
            lost += not found.deliveries
    return lost / PROBES, damaged / PROBES, delay - world.now


# --- quorum arithmetic ----------------------------------------------------------------------------


def can_decide(able: Iterable[int], hears: Mapping[Pair, bool], count: int) -> bool:
    """Whether some set of able boards is a quorum of which each hears a quorum of the set."""
    quorum, nodes = quorum_size(count), sorted(able)
    return any(
        all(sum(peer == node or hears[peer, node] for peer in chosen) >= quorum for node in chosen)
        for size in range(quorum, len(nodes) + 1)
        for chosen in itertools.combinations(nodes, size)
    )


def _truth(seen: Look) -> Truth:
    count = len(seen.boards)
    open_now = {pair: way.is_open for pair, way in seen.ways.items()}
    open_late = {pair: way.is_open or way.is_late for pair, way in seen.ways.items()}
    everything = dict.fromkeys(seen.ways, True)
    able = {node for node, kinds in seen.boards.items() if not kinds}
    between = [way for (s, d), way in seen.ways.items() if {s, d} <= able | seen.active_liars]
    link_kinds = set().union(*(way.kinds for way in between))
    board_kinds = set().union(*seen.boards.values())
    every_kind = set().union(*(way.kinds for way in seen.ways.values()))
    truth = Truth(set(), allowed=every_kind | board_kinds | ({a.CLOCK} if seen.drifting else set()))
    for node, kinds in seen.boards.items():
        truth.boards[node] = set(kinds) | ({a.CLOCK} if node in seen.drifting else set())
    truth.one_of = set(truth.allowed)
    is_late = any(way.is_late for way in between)
    if can_decide(able, open_now, count):
        truth.states = {a.TIMER} | ({a.LIGHT} if is_late else set())
        truth.allowed |= {a.VIEW_TIMER}
        if any(way.loses_a_kind for way in between):
            truth.states.add(a.IMPOSSIBLE)
        return truth
    if can_decide(able, open_late, count):
        truth.states = {a.LIGHT} | ({a.TIMER} if seen.is_impatient else set())
        truth.allowed |= {a.VIEW_TIMER}
        if any(way.is_late and a.HELD in way.kinds for way in between):
            truth.states.add(a.IMPOSSIBLE)
        return truth
    truth.states = {a.IMPOSSIBLE}
    if can_decide(able | seen.active_liars, open_late, count):
        truth.states |= {a.TIMER} | ({a.LIGHT} if is_late else set())
        truth.allowed |= {a.VIEW_TIMER}
        return truth
    mute = {node for node in seen.liars - seen.active_liars - seen.needed if can_decide(able | {node}, open_now, count)}
    truth.named = set(seen.needed) | mute
    truth.required = [frozenset(truth.boards[node]) for node in sorted(truth.named)]
    if can_decide(able, everything, count):
        truth.one_of = link_kinds
    return truth

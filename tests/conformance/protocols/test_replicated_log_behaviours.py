"""The other direction: behaviours sampled from the modules of specs/replicated_log drive the flight code.

Each step of a random walk through a module is done with real objects - `Replica`, `CatchUp`, `Checkpoints`, with the
constants of flight - and afterwards what they hold must be what the module says. Steps are drawn by the in-process
evaluator, from a seed.
"""

import random
from collections.abc import Iterator
from typing import Any

import pytest

from amu.consensus import bodies
from amu.consensus.quorum import Group
from amu.consensus.replica import Replica
from amu.core.chunks import split
from amu.core.lamport import LamportClock
from amu.core.limits import CHECKPOINT_SLOTS, LOG_SLOTS_MAX, WINDOW_SLOTS
from amu.node.application import Application
from amu.node.effects import Effects
from amu.node.tracer import Tracer
from specs.tla.language import language
from specs.tla.language.language import Module, State
from tests import ROOT

FOLDER = ROOT / "specs" / "replicated_log"
COUNT = 4
LIAR = 1
CORRECT = [0, 2, 3]


def new_replica(me: int) -> Any:
    effects = Effects(LamportClock(0), Tracer(messages=False))
    return Replica(me, Group(COUNT), 40, Application(effects, COUNT), effects, 0)


def apply(replica: Any, slot: int, origin_view: int) -> None:
    body = bodies.encode(origin_view, [[1, slot, ["noop"]]])
    replica.apply(slot, bodies.value_of(slot, body), body)
    replica.effects.take(None)


def walk(module: Module, steps: dict[str, int], count: int, seed: int) -> Iterator[tuple[str, State, State]]:
    """(step, state before, state after), `count` times; steps are drawn with the weights given."""
    draw = random.Random(seed)
    state = next(iter(module.initials("Init")))
    for _ in range(count):
        names = list(steps)
        while names:
            name = draw.choices(names, [steps[name] for name in names])[0]
            following = list(module.successors(name, state))
            if following:
                break
            names.remove(name)
        else:
            return
        after = draw.choice(following)
        yield name, state, after
        state = after


def changed(name: str, before: State, after: State) -> list[int]:
    old: Any = before[name]
    new: Any = after[name]
    return [replica for replica in CORRECT if old[replica] != new[replica]]


@pytest.mark.parametrize("seed", range(4))
def test_leaders_are_those_of_the_module(seed: int) -> None:
    module = language.load(
        FOLDER / "leader_rule.tla",
        {
            "ReplicaCount": COUNT,
            "Byzantine": {LIAR},
            "FaultsMax": 1,
            "Window": WINDOW_SLOTS,
            "MaxView": 3,
            "MaxSlot": 200,
        },
        "Decided == \\E v \\in View, origin \\in View : Decide(v, origin)\n"
        "Applied == \\E p \\in Correct : Apply(p)\n"
        "Adopted == \\E p, q \\in Correct : Adopt(p, q)\n"
        "Forgotten == \\E p \\in Correct : Forget(p)\n",
    )
    replicas = {me: new_replica(me) for me in CORRECT}
    seen = set()
    for name, before, after in walk(module, {"Decided": 4, "Applied": 8, "Adopted": 1, "Forgotten": 1}, 150, seed):
        log: Any = after["log"]
        applied: Any = after["applied"]
        proposers: Any = after["proposers"]
        for me in changed("applied", before, after):
            if name == "Applied":
                apply(replicas[me], applied[me], log[applied[me] - 1])
            elif name == "Adopted":
                giver = next(other for other in CORRECT if other != me and applied[other] == applied[me])
                replicas[me].application.adopt(replicas[giver].application.encoded())
                replicas[me].jump(applied[me], list(replicas[giver].proposers))
            else:
                replicas[me] = new_replica(me)
            assert replicas[me].applied == applied[me]
            assert replicas[me].proposers == list(proposers[me])
            for slot in range(max(1, applied[me] - WINDOW_SLOTS + 1), applied[me] + WINDOW_SLOTS + 1):
                for view in range(COUNT):
                    assert replicas[me].leader(slot, view) == module.value("Leader", after, me, slot, view)
        seen.add(name)
    assert seen == {"Decided", "Applied", "Adopted", "Forgotten"}


class Boards:
    """The three correct replicas, taken through the steps of checkpoints.tla."""

    def __init__(self) -> None:
        self.replicas = {me: new_replica(me) for me in CORRECT}
        self.states: dict[int, tuple[bytes, Any]] = {}  # slot -> digest and bytes of its checkpoint

    def catch_up(self, me: int) -> Any:
        return self.replicas[me].catch_up

    def advance(self, me: int, slot: int) -> None:
        apply(self.replicas[me], slot, 0)
        if slot % CHECKPOINT_SLOTS == 0:
            found, digest, data = self.catch_up(me).checkpoints.latest()
            assert found == slot
            assert self.states.setdefault(slot, (digest, data)) == (digest, data)

    def adopt(self, me: int, slot: int) -> None:
        data = self.states[slot][1]
        self.catch_up(me)._adopt(slot, split(data.part(0, len(data))))  # a transfer is used up

    def stabilise(self, me: int, slot: int, others: list[int]) -> None:
        """Those that had the checkpoint say so, and so does the liar, until n - f have."""
        for peer in [LIAR, *others]:
            if self.catch_up(me).checkpoints.stable_slot < slot:
                self.catch_up(me).checkpoints.report(peer, slot, self.states[slot][0])
        self.catch_up(me)._cut()

    def reboot(self, me: int, slot: int) -> None:
        stable, own, log = self.catch_up(me).export()
        replica = new_replica(me)
        replica.restore([0, [stable, own, [entry for entry in log if entry[0] <= slot]], []], [])
        self.replicas[me] = replica


@pytest.mark.parametrize("seed", range(3))
def test_logs_and_checkpoints_are_those_of_the_module(seed: int) -> None:
    module = language.load(
        FOLDER / "checkpoints.tla",
        {
            "Replica": set(range(COUNT)),
            "Byzantine": {LIAR},
            "FaultsMax": 1,
            "Kept": 2,
            "Window": WINDOW_SLOTS,
            "Period": CHECKPOINT_SLOTS,
            "Watermark": LOG_SLOTS_MAX,
            "MaxSlot": 1000,
        },
        "Decided == \\E p \\in Correct, V \\in SUBSET Correct : Decide(p, V)\n"
        "Learned == \\E p \\in Correct : Learn(p)\n"
        "Boundaries == {s \\in ((decided \\div Period) - 2) * Period .. decided : s > 0 /\\ s % Period = 0}\n"
        'Adopted == \\E p \\in Correct, s \\in Boundaries : Adopt(p, s, "right")\n'
        "Stabilised == \\E p \\in Correct, s \\in Boundaries : Stabilise(p, s)\n"
        "Rebooted == \\E p \\in Correct : \\E s \\in (applied[p] - 6)..applied[p] : s >= 0 /\\ Reboot(p, s)\n",
    )
    boards = Boards()
    weights = {"Decided": 60, "Learned": 60, "Adopted": 1, "Stabilised": 6, "Rebooted": 2}
    seen = set()
    for name, before, after in walk(module, weights, 900, seed):
        applied: Any = after["applied"]
        made: Any = after["made"]
        (me,) = changed("stable" if name == "Stabilised" else "applied", before, after)
        if name in ("Decided", "Learned"):
            boards.advance(me, applied[me])
        elif name == "Adopted":
            boards.adopt(me, applied[me])
        elif name == "Stabilised":
            stable: Any = after["stable"]
            boards.stabilise(me, stable[me], [q for q in CORRECT if q != me and stable[me] in made[q]])
        else:
            boards.reboot(me, applied[me])
        catch_up = boards.catch_up(me)
        told: Any = after["log"]
        expected: Any = after["stable"]
        assert boards.replicas[me].applied == applied[me]
        assert {entry[0] for entry in catch_up._log} == told[me]
        assert [slot for slot in range(applied[me] + 2) if catch_up._entry(slot)] == sorted(told[me])
        assert {own[0] for own in catch_up.checkpoints._own} == module.value("Own", after, me)
        assert catch_up.checkpoints.stable_slot == expected[me]
        assert boards.replicas[me]._last_open() == module.value("LastOpen", after, me)
        seen.add(name)
    assert seen == set(weights)

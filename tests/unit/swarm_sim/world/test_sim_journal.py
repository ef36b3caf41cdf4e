"""SIM-JOURNAL: what of a board's memory must be on flash, item by item, and when a board is asked."""

import random
from types import SimpleNamespace
from typing import Any

import pytest

from amu.boards.config import FILES, JOURNALS
from amu.boards.host import Decoded, Settings, wake
from amu.consensus import records
from amu.consensus.instance import Instance
from amu.node.effects import Effects
from amu.node.journal import Journal
from amu.wire import messages as m
from swarm_sim.oracles import journal
from swarm_sim.simulation import simulate
from swarm_sim.world.flash import Flash
from swarm_sim.world.ring import open_store
from tests.support.simulator.simulations import scenario

A, B = b"a" * 32, b"b" * 32


class Nobody:
    """Takes what leaves the board."""

    def trace(self, *arguments: Any) -> None:
        """Nobody reads it."""

    def carry(self, *arguments: Any) -> None:
        """Nobody receives it."""


def board(kind: str = FILES) -> Any:
    """It voted for A in view 0, entered view 1 and voted for B there; all of that is on its flash."""
    flash = Flash(random.Random(1))
    store = open_store(flash, kind)
    Journal(store).commission()
    settings = Settings(2, 4, trace_messages=False)
    node, kept = wake(settings, store, 1)
    runtime = Decoded(node, settings, kept, Nobody())
    words = (m.Vote(1, 0, 1, A), m.ViewChange(1, 1), m.Vote(1, 1, 1, B), m.Vote(1, 1, 2, B))
    for message in words:
        for peer in (0, 1, 3):
            node.step(peer, 1, message)
            runtime.perform()
    again = lambda: Journal(open_store(flash.copy(), kind))  # noqa: E731
    return SimpleNamespace(node=2, journal=kept, flash=flash, flash_again=again, flying=node, _config=settings)


def other_view(instance: Instance) -> None:
    instance.view += 1


def other_registers(instance: Instance) -> None:
    instance.registers.hi[4] = (1, B)


def other_second_register(instance: Instance) -> None:
    instance.registers.second[2] = None


def other_registers_at_entry(instance: Instance) -> None:
    instance.entry = instance.registers.as_list()


def other_proposed_view(instance: Instance) -> None:
    instance.proposed_view = 1


def other_floor(instance: Instance) -> None:
    instance.log.floor = 8


def a_slot_more(instance: Instance) -> None:
    other = instance.log.instance(2)
    other.registers.vote(1, 0, A)


SPOILT = [
    (other_view, "flash differs from memory: view"),
    (other_registers, "flash differs from memory: registers"),
    (other_second_register, "flash differs from memory: registers"),
    (other_registers_at_entry, "flash differs from memory: registers at entry"),
    (other_proposed_view, "flash differs from memory: proposed view"),
    (other_floor, "flash differs from memory: vote floor"),
    (a_slot_more, "flash differs from memory: slot"),
]


@pytest.mark.parametrize("kind", JOURNALS)
@pytest.mark.parametrize(("spoil", "cause"), SPOILT, ids=[spoil.__name__ for spoil, _ in SPOILT])
def test_what_flash_does_not_hold_is_found(spoil: Any, cause: str, kind: str) -> None:
    flown = board(kind)
    assert journal.check(flown) is None
    spoil(flown.flying.replica.find(1))
    found = journal.check(flown)
    assert found is not None
    assert (found.oracle, found.cause) == (journal.ORACLE, cause)


def test_a_former_journal_is_found() -> None:
    flown = board()
    flown.flash.files["journal-7"] = b""
    found = journal.check(flown)
    assert found is not None
    assert found.cause == "flash holds a file that nothing removes"


def test_a_board_is_asked_when_it_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    """It lacks a vote on flash and never comes back: nobody else can know."""
    flown = scenario(
        mission={"slots": 20},
        workload={"operations": 20, "in_flight": 4},
        board_faults=[{"at": 0.31, "node": 3, "kind": "kill"}],
        liveness={"core": [0, 1, 2], "at": 0.4, "bound_seconds": 60.0},
    )
    assert simulate(flown).verdict == "pass"
    persist = Effects.persist

    def forgetful(self: Any, record: Any) -> None:
        if record[0] != records.VOTE or record[3] != 3 or self._me != 3:
            persist(self, record)

    wake_node = Instance.__init__

    def named(self: Any, slot: int, group: Any, me: int, log: Any, effects: Any) -> None:
        effects._me = me
        wake_node(self, slot, group, me, log, effects)

    monkeypatch.setattr(Instance, "__init__", named)
    monkeypatch.setattr(Effects, "persist", forgetful)
    outcome = simulate(flown)
    assert (outcome.verdict, outcome.oracle) == ("violation", journal.ORACLE)
    assert outcome.cause == "flash differs from memory: registers"

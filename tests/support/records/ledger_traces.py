"""Traces of a ledger alone, as boards that apply these requests would report it."""

import importlib.util
from collections.abc import Iterable, Sequence
from types import ModuleType
from typing import Any

from amu.consensus import bodies
from amu.ledger.state import Ledger
from specs.checking.trace import Event
from specs.checking.trace_line import printable
from tests import ROOT

Request = list[Any]
Slot = tuple[Sequence[Request], Sequence[list[Any]]]


def script() -> ModuleType:
    """tests/on_board/ledger_script.py, which boards import by its bare name."""
    path = ROOT / "tests" / "on_board" / "ledger_script.py"
    spec = importlib.util.spec_from_file_location("ledger_script", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def life(seed: int, slots: int, **options: int) -> list[Slot]:
    """Requests and results of the scripted life `seed`, one pair per slot."""
    lived = script()
    return list(lived.run(Ledger(), lived.Script(seed, **options), slots))


def apply(commands: Iterable[list[Any]]) -> list[Slot]:
    """One command per slot, by client 1."""
    ledger = Ledger()
    slots = []
    for number, command in enumerate(commands, 1):
        requests = [[1, number, command]]
        slots.append((requests, ledger.apply(number, requests)))
    return slots


def events(slots: Iterable[Slot], node: int = 0) -> list[Event]:
    """The Operation and Apply events of one node that applied these slots from the beginning, with real digests."""
    told: list[Event] = []
    ledger = Ledger()

    def tell(name: str, **fields: Any) -> None:
        place = len(told)
        told.append(Event(place + 1, node, 1, place, place + 1, name, printable(fields)))

    for slot, (requests, results) in enumerate(slots, 1):
        for (client, operation, command), result in zip(requests, results):
            tell("Operation", slot=slot, client=client, operation=operation, command=command, result=result)
        value = bodies.value_of(slot, bodies.encode(0, list(requests)))
        ledger.apply(slot, list(requests))
        tell("Apply", slot=slot, value=value, digest=ledger.digest())
    return told

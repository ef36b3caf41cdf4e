"""Behaviours sampled from the modules drive the flight code, which must reproduce every state of them.

Times: the modules let a receipt that sends nothing share its time with the event before it, the flight code wants a new
time for each event. So a board's k-th event at the module's time t has the flight time SPREAD * t + k: what is sent
keeps its order, for whatever sends has a time of its own in the module.
"""

from typing import Any

import pytest

from amu.services.mutex import Mutex
from amu.services.snapshot import Snapshot
from specs.tla.language.language import State
from tests import ROOT
from tests.support.modules.walks import Walker

SPECS = ROOT / "specs"
SPREAD = 100
COUNT = 3
BOARDS = range(COUNT)
PAIRS = [(i, j) for i in BOARDS for j in BOARDS if i != j]
KINDS = {1: "request", 2: "reply", 3: "release"}
NUMBERS = {kind: number for number, kind in KINDS.items()}


def test_the_mutex_does_what_the_module_does() -> None:
    constants = {
        "Board": frozenset(BOARDS),
        "Liar": frozenset(),
        "Jumps": frozenset({1, 2}),
        "RequestsMax": 0,
        "RestartsMax": 2,
        "ClockMax": 0,
    }
    alone = [("StepRequest", (i,)) for i in BOARDS] + [("StepRelease", (i,)) for i in BOARDS]
    rare = [("StepForgetful", (i,)) for i in BOARDS]
    walker = Walker(
        SPECS / "lamport_mutex" / "lamport_mutex_model.tla",
        constants,
        "ModelInit",
        [
            *alone,
            *rare,
            *[("StepEnter", (i,)) for i in BOARDS],
            *[("StepReceive", pair) for pair in PAIRS] * 4,
            *[("StepMeet", pair) for pair in PAIRS],
        ],
        "StepForgetful(i) == restarted < RestartsMax /\\ Restart(i, 0)\n"
        "                    /\\ restarted' = restarted + 1 /\\ UNCHANGED asked",
    )
    taken: set[str] = set()
    for seed in range(12):
        run = MutexRun()
        for name, arguments, before, after in walker.walk(seed, 120):
            taken.add(name)
            run.step(name, arguments, before, after)
            run.compare(after)
    assert taken == {name for name, _ in walker.steps}


class MutexRun:
    """Three flight machines beside a behaviour of the module."""

    def __init__(self) -> None:
        self.boards = [Mutex(i, COUNT) for i in BOARDS]
        self.events_at: dict[int, tuple[int, int]] = dict.fromkeys(BOARDS, (0, 0))  # the module's time, events at it
        self.items: dict[tuple[int, int], list[list[int]]] = {pair: [] for pair in PAIRS}

    def time(self, i: int, state: State) -> int:
        """The flight time of an event of i that leads to `state`."""
        module_time = state["clock"][i]
        last, count = self.events_at[i]
        count = count + 1 if module_time == last else 0
        self.events_at[i] = (module_time, count)
        return SPREAD * module_time + count

    def step(self, name: str, arguments: tuple[int, ...], before: State, after: State) -> None:
        i = arguments[0]
        board = self.boards[i]
        if name == "StepRequest":
            board.request(self.time(i, after))
        elif name == "StepRelease":
            board.release(self.time(i, after))
        elif name == "StepReceive":
            item = before["wire"][arguments[1]][i][0]
            sent = SPREAD * item["time"]
            board.receive(arguments[1], self.time(i, after), [NUMBERS[item["kind"]], sent])
        elif name == "StepMeet":
            board.peer_restarted(arguments[1])
        elif name == "StepForgetful":
            self.boards[i] = Mutex(i, COUNT)
            self.events_at[i] = (0, 0)
        for j, found in self.boards[i].take_items():
            queue = after["wire"][i][j]
            if after["known"][i][j] == after["life"][j]:
                assert queue, f"{name}{arguments}: the module sends nothing to {j}"
                last = queue[len(queue) - 1]
                assert [KINDS[found[0]], found[1] // SPREAD] == [last["kind"], last["time"]]

    def compare(self, state: State) -> None:
        can_enter = [i for i in BOARDS if self.boards[i].is_holding and not state["holding"][i]]
        if can_enter:
            return  # the flight code enters in the event that lets it, the module in the next step
        for i, board in enumerate(self.boards):
            assert board.is_holding == state["holding"][i]
            assert board.requested // SPREAD == state["requested"][i]
            for j in BOARDS:
                if j != i:
                    assert board._requests[j] // SPREAD == state["queue"][i][j]
                    assert board._is_heard[j] == state["heard"][i][j]
                    if board.wants:
                        assert board._is_later[j] == state["later"][i][j]


@pytest.mark.parametrize("connected", [True, False])
def test_the_snapshot_does_what_the_module_does(connected: bool) -> None:
    constants = {
        "Board": frozenset(BOARDS),
        "Liar": frozenset(),
        "ItemsMax": 64,
        "Tokens": 4,
        "Initiators": frozenset({0, 1}),
        "NumberMax": 4,
        "SendsMax": 40,
        "RestartsMax": 0 if connected else 2,
    }
    numbers = range(1, 5)
    initiators = (0, 1)
    steps: list[tuple[str, tuple[int, ...]]] = [
        *[("StepStart", (o,)) for o in initiators],
        *[("StepSend", pair) for pair in PAIRS],
        *[("StepReceive", pair) for pair in PAIRS] * 2,
        *[("StepPass", pair) for pair in PAIRS],
        *[("StepRecord", (i, o, number)) for i in BOARDS for o in initiators for number in numbers],
        *[("StepReceiveMarker", (*pair, o, number)) for pair in PAIRS for o in initiators for number in numbers],
        *[("StepIgnore", (*pair, o, number)) for pair in PAIRS for o in initiators for number in numbers],
        *[(name, (i, o)) for name in ("StepDone", "StepAbandon") for i in BOARDS for o in initiators],
    ]
    if not connected:
        steps += [("StepMeet", pair) for pair in PAIRS] * 3 + [("StepRestart", (i,)) for i in BOARDS]
    path = SPECS / "snapshot" / "snapshot_model.tla"
    walker = Walker(path, constants, "ConnectedInit" if connected else "ModelInit", steps)
    taken: set[str] = set()
    for seed in range(6):
        run = SnapshotRun()
        for name, arguments, before, after in walker.walk(seed, 100):
            if name == "StepMeet" and any(key[:2] == arguments for key in run.ahead):
                break  # records with a marker and never takes it: in the flight code that is one event
            taken.add(name)
            run.step(name, arguments, before, after)
            run.compare(after)
    rare = {"StepAbandon", "StepIgnore"}
    assert taken >= {name for name, _ in steps} - rare, taken


class SnapshotRun:
    """Three flight machines beside a behaviour of the module. They record with the first marker that they are given."""

    def __init__(self) -> None:
        self.boards = [Snapshot(i, COUNT) for i in BOARDS]
        self.ahead: dict[
            tuple[int, int, int], int
        ] = {}  # markers that the flight code has taken, and the module has not
        self.results: dict[
            tuple[int, int], tuple[Any, ...]
        ] = {}  # what the flight code has done, and the module has not

    def step(self, name: str, arguments: tuple[int, ...], before: State, after: State) -> None:
        i = arguments[0]
        board = self.boards[i]
        local = before["local"][i]
        if name == "StepStart":
            board.start(after["recording"][i][i]["number"], local)
        elif name == "StepSend":
            board.sent(arguments[1])
        elif name in ("StepReceive", "StepPass"):
            board.receive_item(arguments[1], 1)
            if name == "StepPass":
                board.sent(arguments[1])
        elif name == "StepRecord":
            o, number = arguments[1:]
            sender = next(j for j in BOARDS if j != i and _heads(before, i, j, (o, number)))
            board.receive_marker(sender, o, number, local)
            self.ahead[i, sender, o] = number
        elif name in ("StepReceiveMarker", "StepIgnore"):
            j, o, number = arguments[1:]
            if self.ahead.pop((i, j, o), None) != number:
                board.receive_marker(j, o, number, local)
        elif name == "StepMeet":
            board.peer_restarted(arguments[1])
        elif name == "StepRestart":
            self.boards[i] = Snapshot(i, COUNT)
            self.ahead = {key: number for key, number in self.ahead.items() if key[0] != i}
        for o, *result in self.boards[i].take_results():
            self.results[i, o] = tuple(result)
        if name == "StepDone":
            number, recorded, channels = self.results.pop((i, arguments[1]))
            done = after["done"][i][arguments[1]]
            assert (number, recorded) == (done["number"], done["state"])
            assert [len(items) for items in channels] == [len(done["channels"][j]) for j in BOARDS]

    def compare(self, state: State) -> None:
        for i, board in enumerate(self.boards):
            assert board._sent == [state["given"][i][j] for j in BOARDS]
            assert board._received == [state["taken"][i][j] for j in BOARDS]
            for o in BOARDS:
                self._compare_part(board, i, o, state)

    def _compare_part(self, board: Snapshot, i: int, o: int, state: State) -> None:
        part = state["recording"][i][o]
        mine = board._recordings[o]
        if mine is None or part["number"] == 0:
            return
        assert (mine.number, mine.state) == (part["number"], part["state"])
        for j in BOARDS:
            is_open = mine.is_open[j] or (i, j, o) in self.ahead
            assert is_open == (part["status"][j] == "open")
            assert len(mine.channels[j]) == len(part["channels"][j])


def _heads(state: State, i: int, j: int, snapshot: tuple[int, int]) -> bool:
    """Whether the marker of `snapshot` stands first on the channel from j to i."""
    queue = state["wire"][j][i]
    if not queue:
        return False
    first = queue[0]
    return bool(first["kind"] == "marker" and first["content"] == snapshot and first["life"] == state["known"][i][j])

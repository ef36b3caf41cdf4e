"""The page journal under a power cut at every flash operation of everything that it does, torn in every way we know.

The model is that of the journal on files: after a reboot the journal shows what a prefix of the acts left behind, and
the prefix holds every act that had returned. An act here may also be `rest`, in which blocks are erased ahead.
A cut that ends an operation leaves cells that cannot be relied upon, however they read: writing to them is a failure.
"""

from collections.abc import Callable, Iterable
from typing import Any

from amu.boards import pages
from amu.boards.host import MemoryStore
from amu.boards.pages import PageStore
from amu.core.errors import JournalError
from amu.node import journal
from amu.node.journal import Journal
from tests.on_board import nor
from tests.on_board.nor import Nor
from tests.support.flight.journal_acts import Act, State, states_after

Tear = Callable[..., None]
Watch = Callable[["Board", int, str, int, bytes], None]

BLOCKS = 4

TEARS: dict[str, Tear] = {
    "nothing shows": nor.tear_nothing,
    "all is done": nor.tear_all,
    **{f"after {count}": nor.torn_after(count) for count in (1, 9, 100, 128, 250, 251, 254, 255)},
    **{f"from the end, {count} left": nor.torn_before(count) for count in (1, 128, 255)},
    **{f"zeroed after {count}": nor.zeroed_after(count) for count in (1, 128, 255, 256)},
    "noise": nor.garbled(1),
    "other noise": nor.garbled(2),
}
FEW = ("nothing shows", "all is done", "after 128", "after 255", "from the end, 128 left", "zeroed after 128", "noise")


def append(number: int, size: int = 30) -> Act:
    return ("append", [[3, number, 0, 1, bytes([number % 251]) * size]])


def laps() -> list[Act]:
    """Several laps of a ring of four blocks: batches of one to seven pages, checkpoints, reboots, idle moments or
    none."""
    acts: list[Act] = [append(1), append(2, 500)]
    for turn in range(9):
        acts += [append(10 * turn + 3 + i, (40, 260, 30)[i % 3]) for i in range(4)]
        acts += [("rest", 2)] if turn % 2 else []
        acts += [append(10 * turn + 8, 1600)] if turn % 3 == 1 else []
        acts += [("reboot", None)] if turn % 3 == 2 else []
        acts += [("checkpoint", [turn, b"state"])]
        acts += [("reboot", None)] if turn % 4 == 3 else []
    return [*acts, append(200), append(201), ("rest", 9), append(202)]


class Board:
    """A page journal on flash that outlives its lives. `watch(board, done, name, index, data)` is called before each
    flash operation, `done` acts having returned."""

    def __init__(self, blocks: int = BLOCKS) -> None:
        self.files: dict[str, bytes] = {}
        self.ring = Nor(blocks)
        self._done = 0
        Journal(PageStore(MemoryStore(self.files), self.ring)).commission()

    def copy(self) -> "Board":
        other = Board.__new__(Board)
        other.files, other.ring = dict(self.files), self.ring.copy()
        return other

    def cut(self, tear: Tear, name: str, index: int, data: bytes) -> "Board":
        """What is left if the power is cut in that operation."""
        left = self.copy()
        if name != "checkpoint":
            left.ring.cut(tear, name, index, data)
        elif tear is nor.tear_all:
            left.files[pages.CHECKPOINT] = data
        return left

    def perform(self, acts: list[Act], watch: Watch | None = None) -> "Board":
        """Perform acts, from a boot on."""
        self._done = 0
        if watch is not None:
            self.ring.watch = lambda name, index, data: watch(self, self._done, name, index, bytes(data))
        live = self._boot()
        for self._done, (name, argument) in enumerate(acts):
            if name == "append":
                live.append(argument)
            elif name == "checkpoint":
                live.checkpoint(argument)
            elif name == "rest":
                for _ in range(argument):
                    live.rest()
            else:
                live = self._boot()
        assert self.ring.misuses == []
        return self

    def _boot(self) -> Journal:
        self.ring.programs = 0
        live = Journal(PageStore(Files(self.files, self.ring), self.ring))
        live.recover()
        return live

    def found(self) -> journal.Recovered:
        return Journal(PageStore(MemoryStore(self.files), self.ring)).recover()


class Files(MemoryStore):
    """The files of a board: each replacement is a flash operation, too."""

    def __init__(self, files: dict[str, bytes], ring: Nor) -> None:
        super().__init__(files)
        self._ring = ring

    def replace(self, name: str, fill: Any) -> None:
        data = bytearray()
        fill(data.extend)
        self._ring.watch("checkpoint", 0, data)
        self.files[name] = bytes(data)


def hold(states: list[State], done: int, left: Board, what: object) -> State:
    """A board whose power went after `done` acts shows the next one whole or not at all."""
    recovered = left.found()
    found = (recovered.checkpoint, recovered.records)
    assert found in states[done : done + 2], what
    assert recovered.status in (journal.FRESH, journal.OK), what
    return found


LAPS = laps()
AFTER: list[Act] = [("rest", 1), append(210), append(211, 300), ("checkpoint", [99]), ("rest", 2), append(212)]


def test_the_script_goes_round_the_ring_several_times() -> None:
    board = Board().perform(LAPS)
    assert min(board.ring.erases) >= 2
    assert max(board.ring.erases) - min(board.ring.erases) <= 1


def cut_everywhere(acts: list[Act], tears: Iterable[Tear]) -> int:
    """Cut the power in each operation of the acts in each of these ways. How many cuts that were."""
    states = states_after(acts)
    points = 0

    def watch(board: Board, done: int, name: str, index: int, data: bytes) -> None:
        nonlocal points
        for tear in tears:
            points += 1
            hold(states, done, board.cut(tear, name, index, data), (name, index, tear))

    Board().perform(acts, watch)
    return points


def test_a_cut_at_any_flash_operation_keeps_what_had_returned() -> None:
    points = cut_everywhere(LAPS, TEARS.values())
    assert points > 1500
    print(f"{points} cuts of {len(TEARS)} kinds")


def test_a_page_may_be_torn_at_any_byte() -> None:
    points = cut_everywhere(LAPS[:24], [nor.torn_after(count) for count in range(257)])
    assert points > 5000
    print(f"{points} cuts at every byte")


def test_a_page_that_is_programmed_in_any_order_is_never_believed_when_torn() -> None:
    """Then the mark may be there without the rest: the board may refuse its ring, but forgets and invents nothing."""
    states, refused, went_on = states_after(LAPS), 0, 0

    def watch(board: Board, done: int, name: str, index: int, data: bytes) -> None:
        nonlocal refused, went_on
        for seed in range(8):
            try:
                hold(states, done, board.cut(nor.scattered(seed), name, index, data), (name, index, seed))
                went_on += 1
            except JournalError as error:
                if "damaged page" not in str(error):
                    raise
                refused += 1

    Board().perform(LAPS, watch)
    assert refused > 50
    assert went_on > 50
    print(f"{refused} cuts silenced the board, after {went_on} it went on")


def test_a_board_writes_on_after_every_cut_and_never_onto_torn_cells() -> None:
    states, points = states_after(LAPS), 0
    acts = [append(210), ("rest", 3), append(211, 1600), append(212, 1600), ("checkpoint", [9]), append(213, 1600)]

    def watch(board: Board, done: int, name: str, index: int, data: bytes) -> None:
        nonlocal points
        for tear in [TEARS[name] for name in FEW]:
            points += 1
            left = board.cut(tear, name, index, data)
            found = hold(states, done, left, (name, index))
            left.perform(acts)
            assert hold(states_after(acts, *found), len(acts), left, (name, index)) == ([9], acts[-1][1])

    Board().perform(LAPS, watch)
    print(f"{points} cuts")


def test_a_second_cut_loses_nothing_more_and_the_board_writes_on() -> None:
    """Recovery, erasing ahead and writing after a first cut, cut again at each operation."""
    states, points = states_after(LAPS), 0
    few = [TEARS[name] for name in FEW]
    fewer = few[::3]

    def first(board: Board, done: int, name: str, index: int, data: bytes) -> None:
        for tear in few:
            left = board.cut(tear, name, index, data)
            left_states = states_after(AFTER, *hold(states, done, left, (name, index)))

            def second(board: Board, done: int, name: str, index: int, data: bytes) -> None:
                nonlocal points
                for tear in fewer:
                    points += 1
                    hold(left_states, done, board.cut(tear, name, index, data), (name, index))  # noqa: B023

            left.perform(AFTER, second)

    Board().perform(LAPS[:30], first)
    assert points > 2000
    print(f"{points} pairs of cuts")

"""Power is cut at every flash operation of a replica on pages; after the reboot it knows what it has voted."""

from collections.abc import Callable

import pytest

from amu.boards import pages
from amu.boards.host import MemoryStore, PowerCut
from amu.boards.pages import PageStore
from amu.core.limits import CHECKPOINT_SLOTS
from tests.on_board import nor
from tests.on_board.nor import Nor
from tests.properties.firmware.test_power_cuts import SLOTS, VICTIM, Run

TEARS = {
    "nothing shows": nor.tear_nothing,
    "all is done": nor.tear_all,
    "after 128": nor.torn_after(128),
    "after 255": nor.torn_after(255),
    "noise": nor.garbled(1),
}


class Files(MemoryStore):
    """The victim's checkpoint: its replacement is an operation of the ring, too, and new if the tear says so."""

    def __init__(self, files: dict[str, bytes], ring: Nor, is_new: bool) -> None:
        super().__init__(files)
        self._ring, self._is_new = ring, is_new

    def replace(self, name: str, fill: Callable[[Callable[[bytes], object]], object]) -> None:
        try:
            self._ring.watch("checkpoint", 0, b"")
        except PowerCut:
            if self._is_new:
                super().replace(name, fill)
            raise
        super().replace(name, fill)


class RunOnPages(Run):
    """The victim keeps its journal on pages; its power is cut at flash operation `cut`, which `tear` tears."""

    def __init__(self, cut: int | None, tear: Callable[..., None] = nor.tear_nothing) -> None:
        self.operations: list[str] = []
        self._cut, self._tear = cut, tear
        self._ring = Nor(4)
        self._ring.watch = self._watch
        super().__init__(None)

    def boot(self, i: int) -> None:
        if i == VICTIM:
            before = self.stores[VICTIM]
            files = before.files if isinstance(before, MemoryStore) else before._files.files
            if "checkpoint" in files:
                files[pages.CHECKPOINT] = files.pop("checkpoint")  # as `Run` has commissioned it
            self._ring.programs = 0
            behind = Files(files, self._ring, self._tear is nor.tear_all)
            self.stores[VICTIM] = PageStore(behind, self._ring)  # type: ignore[call-overload]
        super().boot(i)

    def perform(self, i: int) -> None:
        try:
            self.runtimes[i].perform()
        except PowerCut:
            self.reboot()

    def mend(self) -> None:
        """A store behind a new life has power."""

    def reboot(self) -> None:
        self.stores[VICTIM].mend = self.mend  # type: ignore[method-assign]
        super().reboot()

    def _watch(self, name: str, index: int, data: bytes) -> None:
        self.operations.append(name)
        if len(self.operations) == self._cut:
            if name != "checkpoint":
                self._ring.cut(self._tear, name, index, bytes(data))
            raise PowerCut(name)


class LongRun(RunOnPages):
    """So many slots that the victim writes a checkpoint."""

    slots = CHECKPOINT_SLOTS + 1


def survive(kind: type[RunOnPages], cut: int, tear: str) -> None:
    run = kind(cut, TEARS[tear])
    assert run.reboots == 1
    assert all(len(values) == 1 for values in run.votes.values()), f"cut {cut}: voted twice"
    assert [node.applied_slot for node in run.nodes] == [run.slots] * 4, f"cut {cut}: no progress"
    assert run._ring.misuses == []


@pytest.mark.parametrize("tear", TEARS)
def test_a_cut_at_any_operation_is_survived_and_no_vote_is_forgotten_or_cast_twice(tear: str) -> None:
    whole = RunOnPages(None)
    assert [node.applied_slot for node in whole.nodes] == [SLOTS] * 4
    assert {"erase", "program"} <= set(whole.operations)
    for cut in range(1, len(whole.operations) + 1):
        survive(RunOnPages, cut, tear)
    print(f"{len(whole.operations)} cut points, each {tear}")


def test_so_is_a_cut_around_a_checkpoint() -> None:
    whole = LongRun(None)
    assert [node.applied_slot for node in whole.nodes] == [LongRun.slots] * 4
    at = whole.operations.index("checkpoint") + 1
    cuts = range(at - 2, min(at + 4, len(whole.operations) + 1))
    for cut in cuts:
        for tear in ("all is done", "after 128"):
            survive(LongRun, cut, tear)
    print(f"{len(cuts)} cut points around operation {at} of {len(whole.operations)}")

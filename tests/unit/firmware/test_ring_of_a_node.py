"""A node on a small ring of pages: however often it boots, and whatever it writes, the ring has room."""

from amu.boards.host import Decoded, MemoryStore, Settings, wake
from amu.boards.pages import BLOCK_PAGES, PageStore
from amu.node.journal import Journal
from amu.node.node import VOTING
from amu.wire.messages import Vote
from tests.on_board.nor import Nor

BLOCKS = 4


class Nobody:
    """Takes what leaves the board."""

    def trace(self, *told: object) -> None:
        """Nobody reads it."""

    def carry(self, *told: object) -> None:
        """Nobody receives it."""


class Flash:
    """What outlives the lives of board 1."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.ring = Nor(BLOCKS)
        Journal(self.store()).commission()

    def store(self) -> PageStore:
        return PageStore(MemoryStore(self.files), self.ring)

    def boot(self) -> Decoded:
        settings = Settings(1, 4, trace_messages=False)
        node, journal = wake(settings, self.store(), 1)
        runtime = Decoded(node, settings, journal, Nobody())
        runtime.start()
        assert node.mode == VOTING
        return runtime


def test_a_board_that_does_nothing_but_boot_never_fills_its_ring() -> None:
    flash = Flash()
    for boot in range(5 * BLOCKS * BLOCK_PAGES):
        runtime = flash.boot()
        assert runtime._node.boot == boot
        runtime.tick(1)
    assert min(flash.ring.erases) > 1
    assert flash.ring.misuses == []


def test_a_board_that_votes_in_many_views_never_fills_its_ring() -> None:
    flash = Flash()
    runtime = flash.boot()
    for view in range(600):
        for peer in (0, 2, 3):
            runtime.receive(peer, [(view + 1, Vote(1, view, 1, bytes([view % 251]) * 32))], True)
        runtime.tick(view + 1)
    again = flash.boot()._node.replica.find(1)  # type: ignore[attr-defined]
    assert again.registers.hi == runtime._node.replica.find(1).registers.hi  # type: ignore[attr-defined]
    assert flash.ring.misuses == []

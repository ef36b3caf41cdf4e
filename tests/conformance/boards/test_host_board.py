"""The board suite over boards in memory."""

from swarm_sim.testing.host_board import HostBoard
from tests.conformance.boards.board_conformance import BoardConformance


class TestHostBoard(BoardConformance):
    kind = HostBoard

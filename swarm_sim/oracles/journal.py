"""Does flash match memory? After a power loss now, a board must recover all its votes.

Checked between two events, when all effects have been performed: a board writes a vote before it sends it. Decisions,
requests and progress may be newer in memory, because they can be learned again; votes, views, proposals and the vote
floor may not. And flash holds the two files that the journal needs, or it would fill up.
"""

from amu.boards import pages
from amu.consensus.instance import Instance
from amu.core.errors import JournalError
from amu.node.journal import CHECKPOINT
from amu.node.node import VOTING, Node
from swarm_sim.oracles.finding import Finding
from swarm_sim.world.board import Board

ORACLE = "SIM-JOURNAL"


def check(board: Board) -> Finding | None:
    """Compare the flash of a running, voting board with its memory."""
    if board.journal is None or board.flash.is_damaged or board.flying.mode != VOTING:
        return None
    flash = board.flash_again()
    try:
        recovered = flash.recover()
    except JournalError as error:
        return Finding(ORACLE, "sound flash cannot be read", f"board {board.node}: {error}")
    stray = board.flash.files.keys() - {CHECKPOINT, pages.CHECKPOINT, f"journal-{flash._generation}"}
    if stray:
        return Finding(ORACLE, "flash holds a file that nothing removes", f"board {board.node}: {sorted(stray)}")
    live = board.flying.replica
    try:
        again = Node(board._config, recovered, 1).replica
    except Exception as error:
        return Finding(ORACLE, "no node can start from its flash", f"board {board.node}: {error!r}")
    if again.floor != live.floor:
        return _differs(board, 0, "vote floor", live.floor, again.floor)
    for instance in live.instances:
        if instance is not None and instance.has_voted():
            found = _compare(board, instance, again.find(instance.slot))
            if found is not None:
                return found
    return None


def _compare(board: Board, live: Instance, again: Instance | None) -> Finding | None:
    if again is None:
        return _differs(board, live.slot, "slot", "voted in", "unknown")
    pairs = (
        ("view", live.view, again.view),
        ("registers", live.registers.as_list(), again.registers.as_list()),
        ("registers at entry", live.entry, again.entry),
        ("proposed view", live.proposed_view, again.proposed_view),
    )
    for what, mine, read in pairs:
        if mine != read:
            return _differs(board, live.slot, what, mine, read)
    return None


def _differs(board: Board, slot: int, what: str, live: object, read: object) -> Finding:
    return Finding(
        ORACLE, f"flash differs from memory: {what}", f"board {board.node}, slot {slot}: {live!r}, flash {read!r}"
    )

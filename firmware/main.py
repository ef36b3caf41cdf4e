"""Composition root of a board, and the only loop in it that never ends.

Picks the board by platform, builds every part once, joins them and lets them run. A board whose vote state is
unreadable flies on in silence: it may not vote, but it can still say so. A bug ends the life that it was met in,
never without its traceback on the line.
"""

import micropython

micropython.kbd_intr(-1)  # Before the slow imports: a frame that arrives meanwhile may hold a control-C.

import gc

# Importing makes much garbage and leaves code between it. Collected seldom, code comes to lie all over the heap, and
# its largest gap is the longest run for ever: 14 KB of 200 KB free, where this leaves 175.
gc.threshold(8192)

import io
import sys

from amu.boards import config as configuration
from amu.boards.runtime import Runtime
from amu.core.errors import JournalError
from amu.node.journal import UNREADABLE, Journal, Recovered
from amu.node.node import Node
from amu.wire.auth import Keyring

CRASH = "crash"


def say(board, text):
    """A line of text between frames: the ground shows it as the board's log."""
    board.port.write(b"\x00" + text.encode() + b"\n\x00")


def trace_back(error):
    report = io.StringIO()
    sys.print_exception(error, report)
    return report.getvalue()


def make_node(config, recovered, nonce):
    node = Node(config, recovered, nonce)
    if config.adversary is None:
        return node
    # Only Byzantine boards carry this package.
    import adversary

    return adversary.wrap(node, config.adversary[0], config.adversary[1])


def fly(board, config, journal, recovered):
    """From waking up to a Control telecommand, which is returned. Raises JournalError when flash fails."""
    keyring = Keyring(config.cluster, config.epoch, config.replica, config.keys_out, config.keys_in)
    node = make_node(config, recovered, board.nonce())
    ticks = board.ticks(config.tick_ms)
    runtime = Runtime(node, config, keyring, board.port, journal, board.heap)
    runtime.start()
    while runtime.stopped is None:
        if not runtime.poll(ticks.now()):
            board.port.wait(ticks.left_ms())
    return runtime.stopped


def live(board):
    """One life of the board. Returns why it ended."""
    config = configuration.decode(board.config())
    journal = Journal(board.store)
    try:
        return fly(board, config, journal, journal.recover())
    except JournalError as error:
        say(board, "vote state unreadable: %s" % error)
    # Without a journal the runtime lets nothing out to the swarm, whatever the node may want.
    return fly(board, config, None, Recovered(UNREADABLE, None, []))


def main():
    if sys.platform == "rp2":
        from amu.boards import pico as platform
    else:
        from amu.boards import unix as platform
    # Collect long before the heap is full: by then it is in pieces, and a checkpoint finds room in none of them.
    gc.collect()
    gc.threshold(gc.mem_free() // 4)
    board = platform.open_board()
    while True:
        try:
            reason = live(board)
        except Exception as error:
            say(board, trace_back(error))
            reason = CRASH
        board.leave(reason)


if __name__ == "__main__":
    main()

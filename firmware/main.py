"""Composition root of a board, and the only loop in it that never ends.

Picks the board by platform, builds every part once, joins them and lets them run. A board whose vote state is
unreadable flies in silence: it may not vote, but it can still say so. If flash was full, it tries again after a while,
from its journal. A bug ends the life in which it appears, and its traceback goes out on the line. Running out of memory
ends a life, too; the next one begins at once, from the journal and with an empty heap. Several such lives in a row with
no slot applied are a crash.
"""

import micropython

if "":  # for the type checker; see amu.core.types
    from amu.boards.config import Config
    from amu.core.seams import Board
    from amu.node.seams import Machine

micropython.kbd_intr(-1)  # Before the slow imports: a frame that arrives meanwhile may hold a control-C.

import gc

# Imports make much garbage, with code in between. Never collected, the code ends up all over the heap, whose longest
# free run stays short forever: 14 KB of 200 KB free, where this leaves 175. Collected eight times as often, a Pico
# boots 0.3 s later and has no longer run.
IMPORT_GARBAGE_BYTES = 65536
gc.threshold(IMPORT_GARBAGE_BYTES)  # type: ignore[attr-defined]

import io
import sys

from amu.boards import config as configuration
from amu.boards import heap
from amu.boards.runtime import Runtime
from amu.core import limits
from amu.core.errors import FullError, JournalError
from amu.node.journal import UNREADABLE, Journal, Recovered
from amu.node.node import Node
from amu.wire import codec, frames, messages
from amu.wire.auth import Keyring
from amu.wire.framer import Framer

CRASH = "crash"
FULL = "flash was full"
LITTER_FRAMES = 16  # received and sent, after which a collection is worth its time
QUIET_MS = 10  # of a line, after which the next frame is not expected soon
RESTORE_GARBAGE_BYTES = 32768  # a board that restores its state collects this often, so that what lives lies together
ALARM = 3


class Life:
    """What outlives a life: `ended`, why the one before ended by itself (None, or fields of the trace event Restart),
    and, at the end, how many slots it has applied and the heap (free bytes, longest run) when memory was short.
    is_full: flash was full, so another life may begin soon."""

    def __init__(self, ended: tuple[str, int, int] | None) -> None:
        self.ended = ended
        self.slots = 0
        self.heap = (0, 0)
        self.is_full = False


def say(board: "Board", text: str) -> None:
    """A line of text between frames: the ground shows it as the board's log."""
    board.port.write(b"\x00" + text.encode() + b"\n\x00")


def trace_back(error: BaseException) -> str:
    """Calls and error. A Pico keeps no numbers of lines and prints 1 for each."""
    report = io.StringIO()
    sys.print_exception(error, report)  # type: ignore[attr-defined]
    return report.getvalue().replace(", line 1,", ",")


def alarm(board: "Board", config: "Config", text: str) -> None:
    """Report to the operator from outside a life."""
    payload = codec.encode(0, messages.Log(ALARM, text))
    board.port.write(frames.build(frames.REPORT, config.replica, limits.GROUND, b"", payload))


def make_node(config: "Config", recovered: Recovered, nonce: int, ended: tuple[str, int, int] | None) -> "Machine":
    node = Node(config, recovered, nonce, ended)
    recovered.clear()  # a caller still holds it, and it would stay as long as the life
    if config.adversary is None:
        return node
    import adversary  # `prepare` has imported it

    byzantine: Machine = adversary.wrap(node, config.adversary[0], config.adversary[1])
    return byzantine


def prepare(config: "Config") -> None:
    """Import what only a Byzantine board carries, before any state exists: compiling needs more room than it leaves."""
    if config.adversary is not None:
        import adversary

        if hasattr(adversary, "load"):  # `wrap` is all that such a package must have
            adversary.load(config.adversary[0])
    gc.collect()
    gc.threshold(RESTORE_GARBAGE_BYTES)  # type: ignore[attr-defined]


def fly(board: "Board", config: "Config", journal: Journal | None, recovered: Recovered, life: Life) -> str:
    """Fly from boot to a Control telecommand, which is returned. Raises JournalError when flash fails.

    Garbage is collected when the line has been quiet for a while, not in a step: it takes some 15 ms of a Pico. Only a
    board that is never idle collects in between (see `amu.boards.heap`).
    """
    framer = Framer()  # before the node fills the heap: its buffer is long
    keyring = Keyring(config.cluster, config.epoch, config.replica, config.keys_out, config.keys_in)
    node = make_node(config, recovered, board.nonce(), life.ended)
    first_slot = node.applied_slot
    ticks = board.ticks(config.tick_ms)
    runtime = Runtime(node, config, keyring, board.port, journal, board.heap, framer)
    gc.threshold(min(gc.mem_free(), limits.HEAP_GARBAGE_BYTES))  # type: ignore[attr-defined]
    heap.skip_holes()
    try:
        runtime.start()
        while runtime.stopped is None:
            if runtime.poll(ticks.now()):
                continue
            has_litter = runtime.litter >= LITTER_FRAMES
            if board.port.wait(QUIET_MS if has_litter else ticks.left_ms()):
                continue
            if has_litter:
                runtime.litter = 0
                heap.collect()
            elif journal is not None:
                journal.rest()
            elif life.is_full and ticks.now() >= limits.FULL_RETRY_TICKS:
                life.heap = board.heap()
                return FULL
        return runtime.stopped
    except MemoryError:
        life.slots = node.applied_slot - first_slot
        life.heap = board.heap()
        raise


def live(board: "Board", config: "Config", life: Life) -> str:
    """One life of the board. Returns why it ended."""
    recovered = None
    try:
        journal = Journal(board.open_store(config.journal))
        recovered = journal.recover()
        return fly(board, config, journal, recovered, life)
    except JournalError as error:
        life.is_full = isinstance(error, FullError)
        why = ("no room on flash for votes: %s" if life.is_full else "vote state unreadable: %s") % error
    say(board, why)
    why = why[: limits.ENDED_CHARACTERS_MAX]
    if recovered is not None:
        life.ended = (why, 0, 0)  # flash failed in flight
    # Without a journal the runtime lets nothing out to the swarm, whatever the node may want.
    return fly(board, config, None, Recovered(UNREADABLE, None, [], why), life)


def lives(board: "Board", config: "Config") -> str:
    """One life after another, as long as each ends for want of memory or of room on flash. Returns why the last one
    ended."""
    ended = None
    barren = 0  # lives in a row that applied no slot
    while True:
        life = Life(ended)
        try:
            reason = live(board, config, life)
            if reason != FULL:
                return reason
            ended = (reason, life.heap[0], life.heap[1])
            continue
        except MemoryError as error:
            report = trace_back(error)
        # Everything that the life held has been freed.
        gc.collect()
        barren = 0 if life.slots else barren + 1
        ended = (last_words(report), life.heap[0], life.heap[1])
        say(board, report)
        then = "a new life begins" if barren < limits.BARREN_LIVES_MAX else "given up after %d such lives" % barren
        alarm(board, config, "%s; heap %d free, longest run %d; %s" % (ended + (then,)))
        if barren == limits.BARREN_LIVES_MAX:
            return CRASH


def last_words(report: str) -> str:
    """The end of a traceback, on one short line: what was raised, and where."""
    lines = report.rstrip().split("\n")
    where = lines[-2].split("/")[-1].replace('"', "") if len(lines) > 1 else ""
    return ("%s, %s" % (lines[-1], where))[: limits.ENDED_CHARACTERS_MAX]


def main() -> None:
    if sys.platform == "rp2":
        from amu.boards import pico as platform
    else:
        from amu.boards import unix as platform
    board = platform.open_board()
    if board.cause:
        say(board, board.cause)
    while True:
        try:
            config = configuration.decode(board.config())
            prepare(config)
            reason = lives(board, config)
        except Exception as error:
            say(board, trace_back(error))
            reason = CRASH
        board.leave(reason)


if __name__ == "__main__":
    main()

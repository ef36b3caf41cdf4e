# Plays a journal's recorded acts on a Pico (as main.py) or under the unix port: journals_main.py KIND ROUNDS.
import gc
import sys
import time

from amu.core.errors import JournalError
from amu.node.journal import Journal
from amu.wire import cbor


def acts(file):
    """[records or None, checkpoint or None] of each act."""
    while True:
        head = file.read(4)
        if not head:
            return
        yield cbor.decode(file.read(int.from_bytes(head, "big")))


def tell(name, times):
    times.sort()
    print("TIME", name, len(times), times[len(times) // 2], times[-1], sum(times) // len(times))


def play(journal, path, rounds, feed):
    journal.recover()
    appends, checkpoints, rests = [], [], []
    for _ in range(rounds):
        with open(path, "rb") as file:
            for records, checkpoint in acts(file):
                feed()
                gc.collect()
                began = time.ticks_us()
                if checkpoint is None:
                    journal.append(records)
                    appends.append(time.ticks_diff(time.ticks_us(), began))
                else:
                    journal.checkpoint(checkpoint)
                    checkpoints.append(time.ticks_diff(time.ticks_us(), began))
                began = time.ticks_us()
                journal.rest()
                rests.append(time.ticks_diff(time.ticks_us(), began))
    tell("append", appends)
    tell("checkpoint", checkpoints)
    tell("rest", rests)


def on_pico():
    from amu.boards import config, pico

    board = pico.open_board()
    configured = config.decode(board.config())
    journal = Journal(board.open_store(configured.journal))
    play(journal, "acts", 1, board.ticks(20).now)  # which feeds the watchdog
    print("END")


def on_unix(kind, rounds, blocks, ring_blocks):
    """Counts the erases of each block and the pages."""
    import os

    from amu.boards import flash_image, ring_files
    from amu.boards.files import FileStore

    flash_image._BLOCKS = blocks
    erases = [0] * blocks
    pages = [0]
    operate = flash_image.FlashImage._operate

    def counted(self, position, data):
        if len(data) == 4096:
            erases[position // 4096] += 1
        else:
            pages[0] += (len(data) + 255) // 256
        operate(self, position, data)

    flash_image.FlashImage._operate = counted
    device = flash_image.mount(os.getcwd(), "/flash")
    store = FileStore("/flash")
    if kind == "pages":
        store = ring_files.open_pages(store, device, "/flash", "", ring_blocks)
    Journal(store).commission()
    for block in range(blocks):
        erases[block] = 0
    pages[0] = 0
    play(Journal(store), "acts", rounds, gc.collect)
    ring = getattr(getattr(store, "_ring", None), "_places", [])
    in_ring = [erases[block] for block in ring]
    print("WEAR", pages[0], sum(erases), max(erases), sum(in_ring), max(in_ring or [0]))


if __name__ == "__main__":
    try:
        if sys.platform == "rp2":
            on_pico()
        else:
            on_unix(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
    except JournalError as error:
        print("FAILED", error)

"""What lies on a Pico: two trees of flight software, of which one flies, and a launcher that picks it.

    main.py        the launcher: puts the active tree on the module path and imports it
    active         name of the active tree and its hash, replaced in one atomic step
    a/, b/         the trees: main.mpy, groups of modules (hil/boards/emulated/linking.py) and modules loaded later
    config.cbor    who the board is, and its keys
    line           there if the board flies on UART0; else it flies on USB
    store/         its vote state, which no deployment touches

A new tree is written into the folder that does not fly, checked there by one hash over all of it, and then named in
`active` by a rename, which littlefs does in one step (littlefs, DESIGN.md, "metadata pairs"): a board runs the old tree
or the new one, never a mixture. The same scheme updates Android and Chromium OS ("A/B system updates").
"""

import hashlib
from collections.abc import Mapping

from hil.boards.emulated import pico_files

SLOTS = ("a", "b")
ACTIVE = "active"
LAUNCHER = "main.py"
CONFIGURATION = "config.cbor"
STORE = "store"
LINE = "line"

LAUNCHER_TEXT = b"""\
# Flies the tree that the file `active` names. A board without one, or without a configuration, stays at the prompt.
import micropython

try:
    micropython.kbd_intr(-1)  # a frame that is on the line already may hold a control-C,
except KeyboardInterrupt:  # even one that came a moment ago
    micropython.kbd_intr(-1)
try:
    import os, sys

    if "active" in os.listdir("/") and "config.cbor" in os.listdir("/"):
        with open("/active") as file:
            sys.path.insert(0, "/" + file.read(1))
        del file
        import main

        # USB drops what a board says while nobody listens. Whoever opens the line sends a byte; but not for ever: a
        # swarm may have no ground station. On UART nothing is dropped.
        if "line" not in os.listdir("/"):
            import select

            line = select.poll()
            line.register(sys.stdin, select.POLLIN)
            line.poll(5_000)
            del line, select
        main.main()
finally:
    micropython.kbd_intr(3)
"""


def flight_files(with_adversaries: bool = False) -> dict[str, bytes]:
    """Files of one tree by their paths in it, compiled."""
    files = {path: data for path, data in pico_files.firmware().items() if path != LAUNCHER}
    files["main.mpy"] = pico_files.starter()
    return files | pico_files.adversaries() if with_adversaries else files


def digest(files: Mapping[str, bytes]) -> str:
    """The hash of a tree: SHA-256 over path, length and content of its files, in the order of their paths."""
    whole = hashlib.sha256()
    for path in sorted(files):
        whole.update(b"%s %d\n" % (path.encode(), len(files[path])))
        whole.update(files[path])
    return whole.hexdigest()

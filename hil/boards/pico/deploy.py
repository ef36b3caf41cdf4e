"""Puts flight software onto a Pico: into the tree that does not fly, checked as a whole, switched to in one step.

    deploy(repl, files)        files as `tree.flight_files` gives them

At every moment, whatever fails, the board boots the whole old tree or the whole new one: see `tree`.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from groundstation.boards.base import BoardError
from hil.boards.pico import tree
from hil.boards.pico.repl import Repl

MICROPYTHON_MIN = (1, 28)
MPY_VERSION = (6, 3)  # of what mpy-cross emits; a board must read it

# Runs on the board. Folders are removed with all in them; a missing one is fine.
_HELPERS = """
import os, hashlib
def walk(folder, base=""):
    for entry in sorted(os.ilistdir(folder)):
        path = base + entry[0]
        if entry[1] == 0x4000:
            yield from walk(folder + "/" + entry[0], path + "/")
        else:
            yield path
def digest(folder):
    whole, block = hashlib.sha256(), bytearray(1024)
    view = memoryview(block)
    for path in sorted(walk(folder)):
        name = folder + "/" + path
        whole.update(b"%s %d\\n" % (path.encode(), os.stat(name)[6]))
        with open(name, "rb") as file:
            while True:
                count = file.readinto(block)
                if not count:
                    break
                whole.update(view[:count])
    return whole.digest().hex()
def remove(folder):
    try:
        entries = list(os.ilistdir(folder))
    except OSError:
        return
    for entry in entries:
        path = folder + "/" + entry[0]
        if entry[1] == 0x4000:
            remove(path)
        else:
            os.remove(path)
    os.rmdir(folder)
def make(folders):
    for folder in folders:
        try:
            os.mkdir(folder)
        except OSError:
            pass
def put(path, data):
    with open(path + ".new", "wb") as file:
        file.write(data)
    os.rename(path + ".new", path)
def text(path):
    try:
        with open(path) as file:
            return file.read()
    except OSError:
        return ""
"""

Tell = Callable[[int, int], None]  # bytes written, of how many


@dataclass(frozen=True)
class Found:
    """What a Pico is and carries. `digest`: of the active tree as it is named on the board, "" if there is none."""

    machine: str
    micropython: tuple[int, int]
    mpy: tuple[int, int]
    slot: str
    digest: str

    @property
    def image(self) -> str:
        """Board and MicroPython, for people and reports."""
        return f"{self.machine}, MicroPython {self.micropython[0]}.{self.micropython[1]}"


def look(repl: Repl) -> Found:
    """What is on the board at whose prompt we are. Raises BoardError."""
    repl.run(_HELPERS)
    machine, version, mpy, active = repl.ask(
        "(__import__('sys').implementation._machine, __import__('sys').implementation.version[:2], "
        "getattr(__import__('sys').implementation, '_mpy', 0), text('/active'))"
    )
    slot, _, digest = active.partition(" ")
    if slot not in tree.SLOTS:
        slot, digest = "", ""
    return Found(machine, (version[0], version[1]), (mpy & 0xFF, mpy >> 8 & 3), slot, digest.strip())


def image_problem(found: Found) -> str | None:
    """Why the board's MicroPython cannot run the flight software, with the version wanted. None if it can."""
    if found.micropython >= MICROPYTHON_MIN and found.mpy == MPY_VERSION:
        return None
    have = ".".join(str(part) for part in found.micropython)
    want = ".".join(str(part) for part in MICROPYTHON_MIN)
    return (
        f"runs MicroPython {have}, bytecode {found.mpy[0]}.{found.mpy[1]}; want {want} or later with bytecode "
        f"{MPY_VERSION[0]}.{MPY_VERSION[1]}: hold BOOTSEL, plug it in, and copy such an image (.uf2) to the drive"
    )


def deploy(repl: Repl, files: Mapping[str, bytes], tell: Tell = lambda done, whole: None) -> bool:
    """Make `files` the active tree. False if it was, whole. Raises BoardError; then the old tree is still active."""
    found = look(repl)
    problem = image_problem(found)
    if problem is not None:
        raise BoardError(problem)
    digest = tree.digest(files)
    if found.slot and found.digest == digest and digest_of(repl, found.slot) == digest:
        _install_launcher(repl)
        return False
    slot = tree.SLOTS[found.slot == tree.SLOTS[0]]
    if digest_of(repl, slot) != digest:
        _write(repl, slot, files, tell)
        written = digest_of(repl, slot)
        if written != digest:
            raise BoardError(f"the tree on the board has hash {written[:12]}, want {digest[:12]}; deploy again")
    repl.run(f"put('/{tree.ACTIVE}', b'{slot} {digest}')")
    _install_launcher(repl)
    return True


def provision(repl: Repl, configuration: bytes, store: Mapping[str, bytes], on_uart: bool = False) -> None:
    """Make the board who `configuration` says, with the vote state `store`. Raises BoardError.

    on_uart: it is to fly on UART0, where its prompt must be already.

    The old configuration goes first and the new one comes last: without one the board does not fly, so it never votes
    under one identity with another's vote state.
    """
    repl.run(_HELPERS)
    repl.run(f"try:\n    os.remove('/{tree.CONFIGURATION}')\nexcept OSError:\n    pass")
    erase_store(repl)
    for name in sorted(store):
        repl.run(f"put('/{tree.STORE}/{name}', {store[name]!r})")
    if on_uart:
        repl.run(f"put('/{tree.LINE}', b'uart')")
    else:
        repl.run(f"try:\n    os.remove('/{tree.LINE}')\nexcept OSError:\n    pass")
    repl.send(f"/{tree.CONFIGURATION}.new", configuration)
    repl.run(f"os.rename('/{tree.CONFIGURATION}.new', '/{tree.CONFIGURATION}')")


def carries(repl: Repl, configuration: bytes) -> bool:
    """Whether this is the board's configuration."""
    repl.run(_HELPERS)
    read = f"open('/{tree.CONFIGURATION}', 'rb').read()"
    repl.run(f"try:\n    h = hashlib.sha256({read}).digest().hex()\nexcept OSError:\n    h = ''")
    return bool(repl.ask("h") == hashlib.sha256(configuration).hexdigest())


def erase_store(repl: Repl) -> None:
    """Forget all votes: the board will boot with amnesia."""
    repl.run(_HELPERS)
    repl.run(f"remove('/{tree.STORE}')\nmake(['/{tree.STORE}'])")


def _write(repl: Repl, slot: str, files: Mapping[str, bytes], tell: Tell) -> None:
    repl.run(f"remove('/{slot}')")
    folders = {slot} | {f"{slot}/{path.rpartition('/')[0]}" for path in files if "/" in path}
    for folder in list(folders):
        while "/" in folder:
            folder = folder.rpartition("/")[0]
            folders.add(folder)
    repl.run(f"make({sorted('/' + folder for folder in folders)!r})")
    done, whole = 0, sum(map(len, files.values()))
    for path in sorted(files):
        repl.send(f"/{slot}/{path}", files[path], lambda count, before=done: tell(before + count, whole))  # type: ignore[misc]
        done += len(files[path])


def _install_launcher(repl: Repl) -> None:
    """Last: before there is an active tree, a board without a launcher is one without a program."""
    if not has_launcher(repl):
        repl.run(f"put('/{tree.LAUNCHER}', {tree.LAUNCHER_TEXT!r})")


def has_launcher(repl: Repl) -> bool:
    """Whether the board boots into its active tree."""
    return bool(repl.ask(f"text('/{tree.LAUNCHER}')") == tree.LAUNCHER_TEXT.decode())


def digest_of(repl: Repl, slot: str) -> str:
    """Hash of a tree on the board as it is there, "" if there is none."""
    repl.run(f"try:\n    h = digest('/{slot}')\nexcept OSError:\n    h = ''")
    return str(repl.ask("h"))

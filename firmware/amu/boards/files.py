"""The Store seam on a real file system: littlefs under MicroPython, the host's own under CPython.

When a call returns, its data is on flash. On littlefs, closing a file commits data and length together. Elsewhere the
store calls `fsync` on the file and, where a name changed, on its folder. `replace` writes a second file and renames it
over the first: an atomic operation on all of these file systems.
"""

import os

if "":  # for the type checker; see amu.core.types
    from collections.abc import Callable, Sequence
    from typing import BinaryIO

    from amu.core.types import Sink

_NO_SUCH_FILE = 2  # ENOENT
_HAS_FSYNC = hasattr(os, "fsync")


class FileStore:
    """Store whose names are files in `directory`."""

    is_tight = False  # a journal may grow

    def __init__(self, directory: str) -> None:
        self._directory = directory
        self._reading: tuple[str, BinaryIO] | None = None  # name and file, until its end: opening takes long

    def read(self, name: str, offset: int = 0, count: int = -1) -> bytes | None:
        """Up to `count` bytes from `offset` on, all of them if -1; `None` if the file does not exist.

        Raises OSError when it cannot be read.
        """
        try:
            if self._reading is None or self._reading[0] != name:
                self.close()
                self._reading = (name, open(self._path(name), "rb"))
            file = self._reading[1]
            file.seek(offset)
            data = file.read(count)
            if len(data) != count:
                self.close()  # at the end
            return data
        except OSError as error:
            self.close()
            if error.args[0] == _NO_SUCH_FILE:
                return None
            raise

    def close(self) -> None:
        """Close the file that was read last, as each change of a file does."""
        if self._reading is not None:
            self._reading[1].close()
            self._reading = None

    def append(self, name: str, pieces: "Sequence[bytes]") -> None:
        """Add the byte strings `pieces` at the end, creating the file. A power cut may leave any prefix of them."""
        self.close()
        with open(self._path(name), "ab") as file:
            for piece in pieces:
                file.write(piece)
            _write_through(file)

    def replace(self, name: str, fill: "Callable[[Sink], object]") -> None:
        """Replace the whole file by what `fill(write)` writes. After a power cut: old or new, never a mixture."""
        written = self._path(name + ".new")
        with open(written, "wb") as file:
            fill(file.write)  # it may read the file that is replaced
            _write_through(file)
        self.close()
        os.rename(written, self._path(name))
        self._write_names_through()

    def remove(self, name: str) -> None:
        """Delete the file if it exists."""
        self.close()
        try:
            os.remove(self._path(name))
        except OSError as error:
            if error.args[0] == _NO_SUCH_FILE:
                return
            raise
        self._write_names_through()

    def rest(self) -> None:
        """Nothing can be done beforehand."""

    def _path(self, name: str) -> str:
        return self._directory + "/" + name

    def _write_names_through(self) -> None:
        if _HAS_FSYNC:
            directory = os.open(self._directory, os.O_RDONLY)
            try:
                os.fsync(directory)
            finally:
                os.close(directory)


def _write_through(file: "BinaryIO") -> None:
    file.flush()
    if _HAS_FSYNC:
        os.fsync(file.fileno())

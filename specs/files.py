"""Opens files that a user names on the command line: regular files of bounded size, in UTF-8.

A name may lead to a directory, to a pipe without a writer or without an end, to /dev/zero. Reading those would fail
late, block, or fill the memory. So each is rejected before a byte is read, with an error that says why.
"""

import os
import stat
from pathlib import Path
from typing import BinaryIO

PIECE_BYTES = 2**20
TEXT_BYTES_MAX = 64 * 2**20  # of a file that is read as a whole
BYTE_ORDER_MARK = b"\xef\xbb\xbf"

_KINDS = (
    (stat.S_ISDIR, "a directory"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
    (stat.S_ISSOCK, "a socket"),
)


class FileError(OSError):
    """A file cannot be read. The message says why, without the file's name: callers add it."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.strerror = why


def open_regular(path: Path) -> BinaryIO:
    """Opens the file at `path` for reading. Raises FileError."""
    try:
        # Without O_NONBLOCK, opening a pipe waits for its writer.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise FileError(error.strerror or str(error)) from None
    except ValueError as error:  # a name that contains NUL
        raise FileError(str(error)) from None
    mode = os.fstat(descriptor).st_mode
    if not stat.S_ISREG(mode):
        os.close(descriptor)
        kind = next((name for holds, name in _KINDS if holds(mode)), "not a file")
        raise FileError(f"it is {kind}; want a regular file")
    return os.fdopen(descriptor, "rb")


def read_bytes(path: Path, bytes_max: int = TEXT_BYTES_MAX) -> bytes:
    """The content of the file at `path`. Raises FileError, also for more than `bytes_max` bytes."""
    try:
        with open_regular(path) as file:
            content = _read(file, bytes_max + 1)
    except OSError as error:
        raise FileError(error.strerror or str(error)) from None
    if len(content) > bytes_max:
        raise FileError(f"it has more than {bytes_max} bytes")
    return content


def _read(file: BinaryIO, bytes_max: int) -> bytes:
    """At most `bytes_max` bytes, in pieces: one large read would allocate `bytes_max` bytes."""
    content = bytearray()
    while len(content) < bytes_max and (piece := file.read(min(PIECE_BYTES, bytes_max - len(content)))):
        content += piece
    return bytes(content)


def read_text(path: Path, bytes_max: int = TEXT_BYTES_MAX) -> str:
    """The text of the file at `path`, without byte order mark. Raises FileError, naming the line of a bad byte."""
    return decoded(read_bytes(path, bytes_max))


def decoded(content: bytes) -> str:
    """`content` decoded from UTF-8, without byte order mark. Raises FileError."""
    try:
        return content.removeprefix(BYTE_ORDER_MARK).decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise FileError(f"line {line}: not UTF-8 (byte {content[error.start]:#04x})") from None

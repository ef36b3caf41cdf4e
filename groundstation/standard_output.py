"""Standard output and standard error that never end a flight.

Output may be closed, a full disk, a pipe whose reader has left, or a terminal in an encoding that lacks the character
to be written. A mission has flown by then, and its verdict is the exit code. So our streams take everything: what the
encoding lacks is escaped, what cannot be written is dropped, and the first error is kept for the end. A reader that
has left (`| head`) is no error: it has read what it wanted; nor is an output that was closed from the beginning.
"""

import contextlib
import io
import os
import select
import sys
from typing import Any, TextIO


class _Raw(io.RawIOBase):
    """The bytes of a descriptor, written until they cannot be."""

    def __init__(self, descriptor: int) -> None:
        super().__init__()
        self._descriptor = descriptor
        self.error: OSError | None = None
        self._is_lost = False

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._descriptor

    def isatty(self) -> bool:
        return os.isatty(self._descriptor)

    def write(self, data: Any) -> int:
        if not self._is_lost:
            try:
                return os.write(self._descriptor, data)
            except BrokenPipeError:
                self._is_lost = True
            except BlockingIOError:
                select.select([], [self._descriptor], [])
                return 0  # the buffer above tries again
            except OSError as error:
                self._is_lost, self.error = True, error
        return len(data)


def open_standard_descriptors() -> None:
    """Open those of 0, 1, 2 that are closed: the next file opened would take their place, and get our output."""
    for descriptor in (0, 1, 2):
        try:
            os.fstat(descriptor)
        except OSError:
            null = os.open(os.devnull, os.O_RDWR)
            if null != descriptor:
                os.dup2(null, descriptor)
                os.close(null)


def install() -> None:
    """Put such streams in the place of standard output and of standard error, unless somebody has replaced them."""
    if sys.stdout is sys.__stdout__:
        sys.stdout = _stream(sys.stdout, 1)
    if sys.stderr is sys.__stderr__:
        sys.stderr = _stream(sys.stderr, 2)


def _stream(stream: TextIO | None, descriptor: int) -> TextIO:
    if stream is not None:
        with contextlib.suppress(OSError):
            stream.flush()
    raw = _Raw(descriptor)
    encoding = getattr(stream, "encoding", None) or "utf-8"
    buffer = io.BufferedWriter(raw)
    is_prompt = descriptor == 2 or raw.isatty()
    return io.TextIOWrapper(buffer, encoding=encoding, errors="backslashreplace", line_buffering=is_prompt)


def close() -> OSError | None:
    """Write what is still buffered; why standard output could not be written, if it could not."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    raw = getattr(getattr(sys.stdout, "buffer", None), "raw", None)
    return raw.error if isinstance(raw, _Raw) else None

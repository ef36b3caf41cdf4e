"""Standard output and standard error that never raise: a failed write must not end a flight.

Output may be closed, a full disk, a pipe without a reader, or a terminal whose encoding lacks a character. The mission
still has to finish, and its verdict is the exit code. So these streams accept everything: they escape what the
encoding lacks, drop what cannot be written, and keep the first error for the end. A reader that closed the pipe
(`| head`) is not an error, nor is an output that was closed from the beginning.
"""

import contextlib
import io
import os
import select
import sys
from typing import Any, TextIO


class _Raw(io.RawIOBase):
    """Writes to a descriptor until a write fails, then drops everything."""

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
                return 0  # the buffer retries
            except OSError as error:
                self._is_lost, self.error = True, error
        return len(data)


def open_standard_descriptors() -> None:
    """Open descriptors 0, 1, 2 if closed: the next file opened would get that number, and our output."""
    for descriptor in (0, 1, 2):
        try:
            os.fstat(descriptor)
        except OSError:
            null = os.open(os.devnull, os.O_RDWR)
            if null != descriptor:
                os.dup2(null, descriptor)
                os.close(null)


def install() -> None:
    """Replace standard output and standard error, unless they have already been replaced."""
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
    """Flush both streams. Returns the first error of standard output, if any."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    raw = getattr(getattr(sys.stdout, "buffer", None), "raw", None)
    return raw.error if isinstance(raw, _Raw) else None

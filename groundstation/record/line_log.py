"""An append-only file of lines that a crash cannot corrupt.

A line counts as written once its newline is there, so a crash can only leave a torn line at the end. A torn end is
never read as data and never overwritten: it is moved to `<name>.torn` when the file is opened again.

Rules
- Lines gather in a bounded batch; `flush` hands the batch to the operating system. A crash of this process loses at
  most the lines since the last flush, a crash of the machine those since the last fsync, at most a second older.
- A full disk is an error that names the file and what to do. Nothing is dropped: the batch waits for the next flush.
- One writer: the file is locked, so two ground stations cannot mix their lines.
"""

import contextlib
import fcntl
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

from specs import strict_json
from specs.checking.schema import Line

SYNC_SECONDS = 1.0
BATCH_BYTES = 64 * 1024  # flushed automatically
BATCH_BYTES_MAX = 1024 * 1024  # lines that wait for a full disk; beyond that `append` refuses
LINE_BYTES_MAX = 64 * 1024


class RecorderError(Exception):
    """The record cannot be kept. The message names the file, what is wrong and what to do about it."""


class LineLog:
    """Appends JSON objects, one per line, as `specs.checking.trace_line.encode` writes them.

    path: created if it does not exist; an existing file is refused unless `resume` is set. clock: seconds that never
    decrease (wall time, not mission time: it spaces the fsyncs). Raises RecorderError.
    """

    def __init__(self, path: Path, clock: Callable[[], float], resume: bool = False) -> None:
        self.path = path
        self.syncs = 0
        self._clock = clock
        self._batch = bytearray()
        self._is_closed = False
        self._descriptor = self._open(resume)
        self._synced_at = clock()

    def _open(self, resume: bool) -> int:
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | (0 if resume else os.O_EXCL)
        try:
            descriptor = os.open(self.path, flags, 0o644)
        except FileExistsError as error:
            raise RecorderError(f"{self.path}: there is a record already; choose a new run folder") from error
        except OSError as error:
            raise RecorderError(
                f"{self.path}: cannot be opened ({error.strerror}); want a folder that exists and may be written to"
            ) from error
        try:
            self._take_over(descriptor)
        except BaseException:
            os.close(descriptor)
            raise
        return descriptor

    def _take_over(self, descriptor: int) -> None:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._set_torn_end_aside(descriptor)
            _sync_folder(self.path.parent)
        except BlockingIOError as error:
            raise RecorderError(f"{self.path}: another ground station is writing it; stop that one first") from error
        except OSError as error:
            raise self._failure("cannot be made ready", error) from error

    def _set_torn_end_aside(self, descriptor: int) -> None:
        whole = 0  # bytes of whole lines at the front
        torn = False
        with self.path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                if not _is_whole(line):
                    torn = True
                elif torn:
                    raise RecorderError(
                        f"{self.path}: damage before line {number}, and whole lines follow: no torn end; "
                        "keep the file for examination and choose a new run folder"
                    )
                else:
                    whole += len(line)
        if torn:
            self._move_end(descriptor, whole)

    def _move_end(self, descriptor: int, whole: int) -> None:
        size = os.fstat(descriptor).st_size
        torn_path = self.path.with_name(self.path.name + ".torn")
        with torn_path.open("ab") as torn_file:
            torn_file.write(os.pread(descriptor, size - whole, whole))
            torn_file.flush()
            os.fsync(torn_file.fileno())
        # Only now: a crash in between leaves the torn end in both places, never in none.
        os.ftruncate(descriptor, whole)
        os.fsync(descriptor)

    def lines(self) -> Iterator[Line]:
        """All flushed lines of the file."""
        with self.path.open("rb") as file:
            for line in file:
                yield json.loads(line)

    def append(self, text: str) -> None:
        """Add a line, already `encode`d, to the batch. Raises RecorderError if it cannot be kept."""
        data = text.encode("ascii") + b"\n"
        if len(data) > LINE_BYTES_MAX:
            raise RecorderError(f"{self.path}: a line of {len(data)} bytes, at most {LINE_BYTES_MAX}: {data[:80]!r}...")
        if len(self._batch) + len(data) > BATCH_BYTES_MAX:
            self.flush()  # raises as long as the disk is full
        self._batch += data
        if len(self._batch) >= BATCH_BYTES:
            self.flush()

    def flush(self) -> None:
        """Write the batch; fsync once per second. On RecorderError the batch is kept."""
        try:
            while self._batch:
                written = os.write(self._descriptor, self._batch)
                del self._batch[:written]
            if self._clock() - self._synced_at >= SYNC_SECONDS:
                self.sync()
        except OSError as error:
            raise self._failure("cannot be written", error) from error

    def sync(self) -> None:
        """Force the flushed lines to disk."""
        os.fsync(self._descriptor)
        self.syncs += 1
        self._synced_at = self._clock()

    def close(self) -> None:
        """Flush, force to disk, close the file. Raises RecorderError if lines could not be kept. A second call does
        nothing.
        """
        if self._is_closed:
            return
        self._is_closed = True
        try:
            self.flush()
            with contextlib.suppress(OSError):  # the operating system has the lines
                self.sync()
        finally:
            os.close(self._descriptor)

    def _failure(self, what: str, error: OSError) -> RecorderError:
        return RecorderError(
            f"{self.path}: {what} ({error.strerror}); {len(self._batch)} bytes wait. Free space on this disk or record "
            "elsewhere; the lines in the file are whole up to the last newline"
        )


def _sync_folder(folder: Path) -> None:
    """Force the folder to disk: the file's name must survive a crash of the machine too."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _is_whole(line: bytes) -> bool:
    if not line.endswith(b"\n"):
        return False
    try:
        return isinstance(strict_json.loads(line.decode()), dict)
    except ValueError:
        return False

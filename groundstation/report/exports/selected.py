"""The events of a trace one by one, for exports that hold none of them: memory stays bounded however long a run was."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

from specs.checking.trace import Event, Reader, TraceError


class Selected:
    """The events of `trace` that were received from `since` to `until` (mission seconds), each with its line's bytes.

    Once all are read: `count` of them, `first` (None: there was none), `truncated` if the last line was cut off and
    left out. Raises TraceError, also if there is no event.
    """

    def __init__(self, trace: Path, since: float | None = None, until: float | None = None) -> None:
        self._reader = Reader(trace)
        self._since, self._until = since, until
        self.count = 0
        self.first: Event | None = None  # of the trace, selected or not

    @property
    def truncated(self) -> bool:
        """Whether the trace's last line was cut off: it is left out."""
        return self._reader.truncated

    def __iter__(self) -> Iterator[tuple[Event, bytes]]:
        reader, since, until = self._reader, self._since, self._until
        try:
            for event in reader:
                self.first = self.first or event
                received = event.received
                if received is None:
                    raise TraceError(f"line {event.line}: every event needs a field 'received', in mission seconds")
                if (since is None or received >= since) and (until is None or received <= until):
                    self.count += 1
                    yield event, reader.raw
        except TraceError as error:
            raise TraceError(f"{reader.path}: {error}") from None
        if not self.count:
            between = "" if since is None and until is None else " received in that time"
            raise TraceError(f"{reader.path}: holds no event{between}; want a trace as amu rehearse records it")


def sha256(path: Path) -> str:
    """Of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

"""The properties of the modules as of a moment of a replay: the verdict on the trace up to there.

Rule: it is asked for when the replay stands still, in a process of its own; one at a time, and an older one is ended.
"""

import time
from pathlib import Path

from groundstation.web.check import Checking, State

REST_SECONDS = 0.3  # of wall time that a replay stands still before a check begins


class PrefixCheck:
    """The check up to the latest moment of a replay of `trace`."""

    def __init__(self, trace: Path) -> None:
        self.state: State = {}
        self._trace = trace
        self._checking: Checking | None = None
        self._offset = -1
        self._since = 0.0

    def look(self, offset: int, is_at_rest: bool) -> bool:
        """The replay shows what stands before byte `offset`. Returns whether `state` changed."""
        before = self.state
        if offset != self._offset or not is_at_rest:
            self.close()
            self._offset, self._since = offset, time.monotonic()
        elif self._checking is not None:
            self.state = self._checking.state
        elif time.monotonic() - self._since >= REST_SECONDS:
            self._checking = Checking(self._trace, offset)
        return self.state is not before

    def close(self) -> None:
        """End what is being checked, and forget the verdict."""
        self.state = {}
        if self._checking is not None:
            self._checking.close()
            self._checking = None

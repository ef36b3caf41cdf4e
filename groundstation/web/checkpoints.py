"""Pictures of a run at places of its trace, from which the fold over the trace goes on: a leap backwards is short.

A picture is kept as bytes (pickle, compressed), so it shares nothing with the one that goes on.

Rules
- At most COUNT_MAX pictures of one trace are kept. When there are more, every second one goes, and they are kept half
  as often from then on: they stay evenly apart, whatever the length of the trace.
- Only pictures of the whole trace up to their place are offered here.
"""

import pickle
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from groundstation.scenario.model import Scenario
from groundstation.web.model import Model

COUNT_MAX = 128
APART_BYTES_MIN = 1 << 20  # of trace, between two


@dataclass(frozen=True)
class Checkpoint:
    """The picture of what stands before byte `offset`, up to mission second `now`."""

    offset: int
    now: float
    data: bytes


class Checkpoints:
    """The pictures of one trace, in its order. scenario: that of the run, which all of them share."""

    def __init__(self, scenario: Scenario | None) -> None:
        self.scenario = scenario
        self.kept: list[Checkpoint] = []
        self._thinned = 0  # times

    def offer(self, offset: int, model: Model) -> None:
        """Keep this picture of the trace before byte `offset` if the latest one is far enough before it."""
        if offset - (self.kept[-1].offset if self.kept else 0) < APART_BYTES_MIN * 2**self._thinned:
            return
        self.kept.append(Checkpoint(offset, model.run["now"], _bytes(model)))
        if len(self.kept) > COUNT_MAX:
            self._thinned += 1
            del self.kept[::2]

    def latest(self, is_before: Callable[[Checkpoint], bool]) -> Checkpoint | None:
        """The latest one that is before what is asked for. None: there is none."""
        return next((one for one in reversed(self.kept) if is_before(one)), None)

    def model(self, checkpoint: Checkpoint) -> Model:
        """A copy of its picture."""
        found = _Reader(BytesIO(zlib.decompress(checkpoint.data)), self.scenario).load()
        assert isinstance(found, Model)
        return found


_SCENARIO = "scenario"


class _Writer(pickle.Pickler):
    def persistent_id(self, obj: Any) -> str | None:
        return _SCENARIO if isinstance(obj, Scenario) else None


class _Reader(pickle.Unpickler):
    def __init__(self, file: BytesIO, scenario: Scenario | None) -> None:
        super().__init__(file)
        self._scenario = scenario

    def persistent_load(self, pid: Any) -> Scenario | None:
        assert pid == _SCENARIO
        return self._scenario


def _bytes(model: Model) -> bytes:
    file = BytesIO()
    _Writer(file, pickle.HIGHEST_PROTOCOL).dump(model)
    return zlib.compress(file.getvalue(), 1)

"""Sound traces of every kind of event and fault, flown by the simulator: small, and the same on every machine."""

import json
import tempfile
from pathlib import Path
from typing import Any

from swarm_sim.draw.draw import draw
from swarm_sim.simulation import simulate

Line = dict[str, Any]

SLOTS = 6
# (seed, boards). Chosen to cover each event that a simulated board traces, each kind of fault, and each adversary.
RUNS = (
    (1, 4),  # equivocation, power lost, a message twice
    (4, 4),  # a write that goes to another place
    (6, 4),  # clock jump, one-way partition
    (10, 4),  # a crash in the middle of a write
    (14, 4),  # a long log, states adopted
    (18, 4),  # many views; a liar that mixes all ways
    (108, 4),  # memory lost and voting again, turns
    (26, 4),  # a board that forgets
    (28, 7),  # flood, silence
    (30, 4),  # power cut, a board that forgets
    (40, 7),  # drops, partitions
    (44, 4),  # turns; clocks drift
    (47, 4),  # many views; a liar that hurries
    (59, 4),  # messages with a wrong tag
    (62, 4),  # many views; a liar that starves voters
    (68, 7),  # many views; lies and replays
    (69, 4),  # slow and paused boards
)


def fly(seed: int, boards: int) -> list[Line]:
    """The lines of the trace of one run."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "trace.ndjson"
        simulate(draw(seed, boards, SLOTS), path, is_checked=False)
        return read(path)


def read(path: Path) -> list[Line]:
    """The lines of a recorded trace."""
    with path.open() as file:
        return [json.loads(line) for line in file]

"""TLC's counterexamples as traces, to check against the module again and display like any other trace.

One line per state, `{"event": action, "state": {variable: value}}` with values in ITF's encoding, as `amu check TRACE
--spec FILE.tla --cfg FILE.cfg` reads it. TLC names the action of each step but not its arguments: the observer searches
for those. tetrabft_behaviour.trace_lines also turns a counterexample of specs/tetrabft into a trace of a swarm.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from specs.tla.values.itf import to_itf
from specs.tlc.states import TlcState, counterexample


def lines(states: Sequence[TlcState]) -> Iterator[str]:
    """One JSON object per state, the initial one first."""
    for state in states:
        item: dict[str, object] = {} if state.action is None else {"event": state.action}
        item["state"] = {name: to_itf(value) for name, value in state.values.items()}
        yield json.dumps(item, separators=(",", ":"))


def write(blocks: tuple[str, ...], path: Path) -> Path:
    """Write the counterexample of a TlcResult (its `trace`) to `path`. Raises TlcStateError if it cannot be parsed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{line}\n" for line in lines(counterexample(blocks))), encoding="utf-8")
    return path

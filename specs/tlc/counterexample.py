"""TLC's counterexamples as traces: what TLC found is held against the module again, and shown like any other trace.

One line a state, `{"event": action, "state": {variable: value}}` with values in ITF's encoding, as `amu check TRACE
--spec FILE.tla --cfg FILE.cfg` reads it. TLC names the action of each step but not its arguments: those are searched
for.
A counterexample of specs/tetrabft becomes a trace of a whole swarm, too: see tetrabft_behaviour.trace_lines.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from specs.tla.values.itf import to_itf
from specs.tlc.states import TlcState, counterexample


def lines(states: Sequence[TlcState]) -> Iterator[str]:
    """One JSON object a state, the initial one first."""
    for state in states:
        item: dict[str, object] = {} if state.action is None else {"event": state.action}
        item["state"] = {name: to_itf(value) for name, value in state.values.items()}
        yield json.dumps(item, separators=(",", ":"))


def write(blocks: tuple[str, ...], path: Path) -> Path:
    """Write the counterexample of a TlcResult (its `trace`) to `path`. Raises TlcStateError if it cannot be read."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{line}\n" for line in lines(counterexample(blocks))), encoding="utf-8")
    return path

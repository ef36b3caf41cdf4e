"""Lets TLC judge the same steps of the ledger: writes them as a module and runs specs/ledger/trace_ledger.tla on it.

Rules. The trace is a definition in a module of its own (as a constant it would be evaluated again and again). A
rejected trace ends with exit status 0 as an accepted one does: only the sentinel of the last step counts.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from specs.checking import tlc
from specs.checking.language import of_python, to_tla
from specs.checking.ledger_conformance import INVARIANTS, MODULE
from specs.checking.ledger_steps import Constants, Step

TRACE_MODULE = MODULE.parent / "trace_ledger.tla"
PROPERTIES = (
    "CursorMonotone",
    "ExpiredLeaseMovesNothing",
    "CompleteIsTerminal",
    "TokensMonotone",
    "OneHolder",
    "NoTakingAway",
    "TimeMovesForward",
)


@dataclass(frozen=True)
class TlcAnswer:
    """`accepted`, or the first step that TLC does not take and why."""

    accepted: bool
    what: str
    seconds: float


def check(steps: Sequence[Step], constants: Constants, timeout_seconds: float = 300) -> TlcAnswer:
    """Whether TLC takes every step and finds every property held. Raises TlcError if TLC cannot be run."""
    if not steps:
        return TlcAnswer(True, "no steps", 0.0)
    with tempfile.TemporaryDirectory(prefix="amu-ledger-") as folder:
        (Path(folder) / "ledger_trace.tla").write_text(trace_module(steps), encoding="utf-8")
        result = tlc.run(
            TRACE_MODULE, configuration(constants), library=[Path(folder)], timeout_seconds=timeout_seconds
        )
    if not result.ok:
        return TlcAnswer(False, result.message, result.seconds)
    if f'<<"ACCEPTED", {len(steps)}>>' in result.sentinels:
        return TlcAnswer(True, f"{len(steps)} steps", result.seconds)
    step = steps[max(result.depth, 1) - 1]
    return TlcAnswer(False, f"{step.where}: {step.verb}{step.arguments!r} {step.outcome}", result.seconds)


def trace_module(steps: Iterable[Step]) -> str:
    """TLA+ source that defines Trace."""
    records = ",\n".join(f"  {_record(step)}" for step in steps)
    return f"---- MODULE ledger_trace ----\nEXTENDS Integers\nTrace == <<\n{records}\n>>\n====\n"


def configuration(constants: Constants) -> str:
    """Text of the cfg: the log's constants, every property of the module."""
    lines = ["SPECIFICATION TraceSpec", "CONSTANTS"]
    lines += [f"  {name} = {_tla(value)}" for name, value in constants.as_dict().items()]
    lines += ["INVARIANTS", *(f"  {name}" for name in INVARIANTS)]
    lines += ["PROPERTIES", *(f"  {name}" for name in PROPERTIES)]
    return "\n".join(lines) + "\n"


def _record(step: Step) -> str:
    token, expires = step.granted or (0, 0)
    fields = {
        "verb": step.verb,
        "args": step.arguments,
        "outcome": step.outcome,
        "token": token,
        "expires": expires,
    }
    return "[" + ", ".join(f"{name} |-> {_tla(value)}" for name, value in fields.items()) + "]"


def _tla(value: Any) -> str:
    return to_tla(of_python(value))

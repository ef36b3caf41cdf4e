"""Lets TLC judge the same steps of the ledger: writes them as a module and runs specs/ledger/trace_ledger.tla on it.

Rules. The trace is a definition in a module of its own: TLC would evaluate a constant again at each use. TLC exits with
status 0 even if it rejects the trace, so only the sentinel of the last step counts.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from specs.checking.ledger.conformance import INVARIANTS, MODULE, Recorded
from specs.checking.ledger.operations import INVARIANTS as OPERATION_INVARIANTS
from specs.checking.ledger.operations import constants as operation_constants
from specs.checking.ledger.steps import Request, Step
from specs.tla.language.language import of_python, to_tla
from specs.tla.values.values import Value
from specs.tlc import runner as tlc

TRACE_MODULE = MODULE.parent / "trace_ledger.tla"
PROPERTIES = (
    "CursorMonotone",
    "ExpiredLeaseMovesNothing",
    "CompleteIsTerminal",
    "TokensMonotone",
    "OneHolder",
    "NoTakingAway",
    "TimeMovesForward",
    "JobEndsOnce",
    "JobNumbersMonotone",
    "ReportStands",
    "AnswersStand",
)
NO_REQUEST = Request(0, 0, "")  # of a tick


@dataclass(frozen=True)
class TlcAnswer:
    """Whether TLC accepts the steps; if not, `what` names the first step that it does not take, or the reason."""

    accepted: bool
    what: str
    seconds: float


def check(recorded: Recorded, timeout_seconds: float = 300) -> TlcAnswer:
    """Whether TLC takes every step and every property holds. Raises TlcError if TLC cannot be run."""
    steps = recorded.steps
    if not steps:
        return TlcAnswer(True, "no steps", 0.0)
    with tempfile.TemporaryDirectory(prefix="amu-ledger-") as folder:
        (Path(folder) / "ledger_trace.tla").write_text(trace_module(steps), encoding="utf-8")
        result = tlc.run(TRACE_MODULE, configuration(recorded), library=[Path(folder)], timeout_seconds=timeout_seconds)
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


def configuration(recorded: Recorded) -> str:
    """Text of the cfg: the log's constants, every property of the module."""
    lines = ["SPECIFICATION TraceSpec", "CONSTANTS"]
    constants = {**recorded.constants.as_dict(), **operation_constants(recorded.clients)}
    lines += [f"  {name} = {_tla(value)}" for name, value in constants.items()]
    lines += ["INVARIANTS", *(f"  {name}" for name in (*INVARIANTS, *OPERATION_INVARIANTS))]
    lines += ["PROPERTIES", *(f"  {name}" for name in PROPERTIES)]
    return "\n".join(lines) + "\n"


def _record(step: Step) -> str:
    number, slot = step.granted or (0, 0)
    request = step.request or NO_REQUEST
    fields = {
        "client": request.client,
        "operation": request.operation,
        "answer": request.answer,
        "verb": step.verb,
        "args": step.arguments,
        "outcome": step.outcome,
        "number": number,
        "slot": slot,
        "status": step.status or "",
    }
    return "[" + ", ".join(f"{name} |-> {_tla(value)}" for name, value in fields.items()) + "]"


def _tla(value: Value) -> str:
    return to_tla(of_python(value))

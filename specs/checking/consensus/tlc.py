"""Lets TLC judge the steps of a trace's slots: a second opinion on `conformance`.

Theory. Both evaluate the same module on the same steps, one in this process, one in TLC. An error in our evaluator, in
our effect of a step, or in TLC shows as a disagreement.

Rules. All slots go to one run of TLC, up to STEPS_MAX steps; a slot is accepted when TLC prints its sentinel. If this
process rejects a slot, TLC must reject it at the same step.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from specs.checking.consensus.conformance import INVARIANTS
from specs.checking.consensus.instance import MODULE, constants
from specs.checking.consensus.result import SlotResult
from specs.checking.swarm import Swarm
from specs.tla.language.language import to_tla
from specs.tlc import runner as tlc
from specs.tlc.runner import TlcResult
from specs.verdict import Verdict

TRACE_MODULE = MODULE.parent / "trace_tetrabft.tla"
STEPS_MAX = 20_000  # TLC parses a module of that size in a few seconds
UNEXPECTED_MAX = 3  # each costs a run of TLC, and shows the same fault
SENTINEL = '<<"ACCEPTED", '

ACCEPTED_BY_TLC = "TLC-1"  # TLC accepts every slot that the in-process check accepts, and no other


def check(swarm: Swarm, results: Sequence[SlotResult], verdict: Verdict) -> None:
    """Let TLC judge all slots. Each difference from `results` is a violation. Raises TlcError."""
    verdict.expect(ACCEPTED_BY_TLC)
    rejected: list[SlotResult] = []
    for batch in _batches(results):
        answer = run(swarm, batch)
        if answer.outcome != "ok":
            verdict.violate(ACCEPTED_BY_TLC, f"TLC: {answer.message}")
            verdict.tlc = "rejected"
            return
        accepted = accepted_slots(batch, answer)
        rejected += [result for result in batch if result.slot not in accepted]
        for result in batch:
            if result.is_rejected and result.slot in accepted:
                verdict.violate(ACCEPTED_BY_TLC, f"slot {result.slot}: TLC accepts what is rejected here: {result.bad}")
    verdict.tlc = "rejected" if rejected else "accepted"
    verdict.counts["slots rejected by TLC"] = len(rejected)
    verdict.counts["slots accepted by TLC"] = sum(1 for result in results if result.steps) - len(rejected)
    for result in _worth_a_closer_look(rejected):
        _confirm(swarm, result, verdict)


def _worth_a_closer_look(rejected: Sequence[SlotResult]) -> list[SlotResult]:
    """The slots to run again alone: those that only TLC rejects, and the first that both reject."""
    unexpected = [result for result in rejected if not result.is_rejected]
    agreed = [result for result in rejected if result.is_rejected]
    return unexpected[:UNEXPECTED_MAX] + agreed[:1]


def _confirm(swarm: Swarm, result: SlotResult, verdict: Verdict) -> None:
    """Require TLC to stop at the step that was found bad here. In a run of the slot alone the depth counts states."""
    taken = run(swarm, [result]).depth - 1
    step = result.steps[taken]
    place = f"slot {result.slot}: TLC rejects step {taken + 1}, {step.action}{step.arguments}"
    if not result.is_rejected:
        verdict.violate(ACCEPTED_BY_TLC, f"{place}, of {step.event}")
    elif taken != len(result.steps) - 1:
        verdict.violate(ACCEPTED_BY_TLC, f"{place}, of {step.event}; here the first bad step is {result.bad}")


def _batches(results: Iterable[SlotResult]) -> Iterator[list[SlotResult]]:
    batch: list[SlotResult] = []
    size = 0
    for result in results:
        if not result.steps:
            continue
        if batch and size + len(result.steps) > STEPS_MAX:
            yield batch
            batch, size = [], 0
        batch.append(result)
        size += len(result.steps)
    if batch:
        yield batch


def run(swarm: Swarm, results: Sequence[SlotResult], timeout_seconds: float = 600) -> TlcResult:
    """One run of TLC over these slots."""
    max_view = max(result.max_view for result in results)
    value_count = max(len(result.values) for result in results)
    with tempfile.TemporaryDirectory(prefix="amu-trace-") as scratch:
        folder = Path(scratch)
        (folder / "trace_data.tla").write_text(data_module(results, max_view), encoding="utf-8")
        return tlc.run(
            TRACE_MODULE,
            configuration(swarm, max_view, value_count),
            library=[folder, MODULE.parent],
            timeout_seconds=timeout_seconds,
        )


def accepted_slots(results: Sequence[SlotResult], answer: TlcResult) -> set[int]:
    """The slots whose sentinel TLC printed."""
    numbers = {int(line[len(SENTINEL) :].rstrip("> ")) for line in answer.sentinels if line.startswith(SENTINEL)}
    return {results[number - 1].slot for number in numbers}


def configuration(swarm: Swarm, max_view: int, value_count: int) -> str:
    """The text of a cfg file for trace_tetrabft.tla."""
    values = constants(swarm, max_view, value_count)
    lines = ["SPECIFICATION TraceSpec", "CONSTANTS"]
    lines += [f"  {name} = {to_tla(value)}" for name, value in values.items()]
    lines += [f"INVARIANT {name}" for name in ("TypeOK", *INVARIANTS.values())]
    return "\n".join(lines) + "\n"


def data_module(results: Sequence[SlotResult], max_view: int) -> str:
    """Text of the module trace_data: every slot with its leaders and steps."""
    slots = []
    for result in results:
        leaders = list(result.leaders)
        leaders += [leaders[-1]] * (max_view + 1 - len(leaders))
        steps = [to_tla((step.action, *step.arguments, step.known)) for step in result.steps]
        slots.append(f"[leaders |-> {to_tla(tuple(leaders))}, steps |-> <<\n  " + ",\n  ".join(steps) + ">>]")
    body = ",\n".join(slots)
    return f"---- MODULE trace_data ----\nEXTENDS Integers, TLC\nSlots == <<\n{body}>>\n====\n"

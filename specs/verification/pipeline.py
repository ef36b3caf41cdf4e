"""Checks one run of a feature's plan: random walks, then all states, then vacuity.

The random walks (smoke) come first: they show most mistakes within a second. A run passes if its outcome is the
expected one, every action was taken, and nothing that it checks is vacuous (`vacuity`). A run that must find a
violation ends at the first one, so its coverage means nothing and is not evaluated.

Rules. No answer (out of time, out of memory, an evaluation error) is not a failure of the module: it has its own status
and is never cached.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from specs.tlc import runner as tlc
from specs.tlc.runner import TlcError, TlcResult
from specs.verification import cache, coverage, vacuity
from specs.verification.plan import Run
from specs.verification.result import FAIL, NO_ANSWER, PASS, RunResult, of_dict
from specs.verification.vacuity import SEED, Watch

_TLC_VERSION = re.compile(r"^TLC2 Version (\S+).*?(?:\(rev: (\w+)\))?$", re.MULTILINE)
_JAVA_VERSION = re.compile(r"\(Linux[^)]*?, ([^,()]+ [\d.]+) |, ([A-Z][^,()]*? \d[\d.]*) \w+, ")

Stage = Callable[[str], None]


def verify(folder: Path, run: Run, use_cache: bool = True, stage: Stage = lambda name: None) -> RunResult:
    """Check `run` of the feature in `folder`, or take its result from the cache. `stage` is called at each stage.

    Raises TlcError only if TLC is not installed.
    """
    feature, content = folder.name, cache.content(folder, run)
    key = cache.key(content)
    tlc.java()
    if use_cache:
        entry = cache.get(feature, run.name, key)
        found = of_dict(entry) if entry is not None else None
        if found is not None:
            return replace(found, cached=True)
    began = time.monotonic()
    blank = RunResult(feature, run.name, content, NO_ANSWER)
    try:
        result = _checked(folder, run, blank, stage)
    except TlcError as error:
        return replace(blank, findings=(_no_answer(error, run),), seconds=time.monotonic() - began)
    result = replace(result, seconds=time.monotonic() - began)
    cache.put(feature, run.name, key, result.as_dict())
    return result


def _no_answer(error: TlcError, run: Run) -> str:
    text = str(error)
    if "OutOfMemory" in text or "out of memory" in text.lower():
        return f"TLC ran out of its {run.heap_megabytes} MB: raise heap_megabytes of this run in plan.json"
    if "gave no answer" in text:
        return f"{text}: raise timeout_seconds of this run in plan.json, or lower its bounds"
    return text


def _checked(folder: Path, run: Run, blank: RunResult, stage: Stage) -> RunResult:
    with Watch(folder, run) as watch:
        stage("smoke")
        smoke = watch.walk()
        if smoke.outcome != "ok" and not _is_expected(smoke, run):
            return _judged(_with_answer(blank, smoke), smoke, run, "found by random walks")
        stage("check")
        answer = _check(folder, run)
        result = replace(_with_answer(blank, answer), smoke_states=smoke.states_generated)
        if answer.outcome != "ok" or not _is_expected(answer, run):
            return _judged(result, answer, run)
        stage("vacuity")
        if run.kind == "check":
            watch.search(result.actions)
        actions = watch.named(result.actions)
        findings = vacuity.findings(watch, actions)
        return replace(
            result,
            status=FAIL if findings else PASS,
            findings=tuple(findings),
            actions=tuple(actions),
            points=tuple(watch.points()),
        )


def _check(folder: Path, run: Run) -> TlcResult:
    return tlc.run(
        folder / run.module,
        folder / run.config,
        workers=run.workers,
        deadlock=run.deadlock,
        coverage=True,
        simulate=run.walks if run.kind == "simulate" else None,
        depth=run.depth,
        seed=SEED,
        heap_megabytes=run.heap_megabytes,
        timeout_seconds=run.timeout_seconds,
        is_long=run.tier == "deep",
    )


def _with_answer(blank: RunResult, answer: TlcResult) -> RunResult:
    version, java = _TLC_VERSION.search(answer.output), _JAVA_VERSION.search(answer.output)
    return replace(
        blank,
        outcome=answer.outcome,
        violated=answer.violated,
        states_generated=answer.states_generated,
        states_distinct=answer.states_distinct,
        depth=answer.depth,
        check_seconds=answer.seconds,
        actions=tuple(coverage.actions(answer.output)),
        trace=answer.trace if answer.outcome != "ok" else (),
        tlc=" rev ".join(part for part in version.groups() if part) if version else "",
        java=next(part for part in java.groups() if part) if java else "",
    )


def _is_expected(answer: TlcResult, run: Run) -> bool:
    expected = run.expect
    if answer.outcome != expected.outcome:
        return False
    return expected.violated is None or answer.violated in (None, expected.violated)


def _judged(result: RunResult, answer: TlcResult, run: Run, remark: str = "") -> RunResult:
    """The result of a run that found a violation, or missed one that it should have found."""
    if _is_expected(answer, run):
        return replace(result, status=PASS)
    found = f"{answer.violated} is violated" if answer.violated else answer.outcome
    finding = f"expected {run.expect}, found {found}" + (f", {remark}" if remark else "")
    return replace(result, status=FAIL, findings=(finding,))

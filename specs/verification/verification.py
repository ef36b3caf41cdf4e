"""Verifies features: parses their modules, then does all runs of the requested tiers in parallel.

    report = verify(["tetrabft", "ledger"], Options(deep=False))

Rules. All plans are read before anything runs, so an invalid one fails immediately. If SANY rejects a module, its
feature is not run. A gate that excuses an action in every run never checks it: that fails the feature.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Protocol

from specs import FOLDER
from specs.tlc.runner import TlcError
from specs.verification import cache, parsing, pipeline
from specs.verification.formulas import ACTION
from specs.verification.jobs import Job, cores, run_all
from specs.verification.plan import Plan, Run, features, folder_of, load
from specs.verification.result import FAIL, NO_ANSWER, PASS, RunResult

PARSE_SECONDS = 1.0  # a guess, only to order jobs


class Watcher(Protocol):
    """Callbacks for progress, called from several threads."""

    def planned(self, runs: Sequence[tuple[str, Run]]) -> None:
        """These runs will be checked."""

    def stage(self, feature: str, run: str, stage: str) -> None:
        """A run has reached this stage."""

    def parsed(self, feature: str, complaints: Sequence[str]) -> None:
        """SANY has parsed a feature's modules."""

    def finished(self, run: Run, result: RunResult) -> None:
        """A run has ended."""


class Silent:
    """Ignores progress."""

    def planned(self, runs: Sequence[tuple[str, Run]]) -> None: ...
    def stage(self, feature: str, run: str, stage: str) -> None: ...
    def parsed(self, feature: str, complaints: Sequence[str]) -> None: ...
    def finished(self, run: Run, result: RunResult) -> None: ...


@dataclass(frozen=True)
class Options:
    """`jobs`: cores to use. None: all."""

    deep: bool = False
    use_cache: bool = True
    jobs: int | None = None
    specs: Path = FOLDER


@dataclass
class FeatureReport:
    """The result of one feature. `complaints`: errors from SANY or about the whole gate. `results`: in plan order."""

    plan: Plan
    folder: Path
    complaints: list[str] = field(default_factory=list)
    results: list[RunResult] = field(default_factory=list)

    @property
    def status(self) -> str:
        statuses = {result.status for result in self.results}
        if self.complaints or FAIL in statuses:
            return FAIL
        return NO_ANSWER if NO_ANSWER in statuses else PASS

    def run(self, name: str) -> Run:
        return next(run for run in self.plan.runs if run.name == name)


@dataclass
class Report:
    """The results of all features. `seconds`: wall time."""

    features: list[FeatureReport]
    seconds: float

    @property
    def status(self) -> str:
        statuses = {feature.status for feature in self.features}
        return FAIL if FAIL in statuses else NO_ANSWER if NO_ANSWER in statuses else PASS


def verify(names: Sequence[str], options: Options, watcher: Watcher | None = None) -> Report:
    """Verify these features, or all if `names` is empty.

    Raises PlanError (unknown feature, invalid plan) and TlcError (no TLC).
    """
    watcher = watcher or Silent()
    began = time.monotonic()
    folders = [folder_of(name, options.specs) for name in dict.fromkeys(names or features(options.specs))]
    reports = {folder.name: FeatureReport(load(folder), folder) for folder in folders}
    capacity = options.jobs or cores()
    _parse(list(reports.values()), capacity, watcher)
    chosen = [
        (report, run)
        for report in reports.values()
        if not report.complaints
        for run in report.plan.runs
        if run.tier == "gate" or options.deep
    ]
    watcher.planned([(report.plan.feature, run) for report, run in chosen])
    jobs = [_job(report, run, options, watcher) for report, run in chosen]
    for result in run_all(jobs, capacity):
        report = reports[result.feature]
        report.results.append(result)
        watcher.finished(report.run(result.run), result)
    for report in reports.values():
        order = [run.name for run in report.plan.runs]
        report.results.sort(key=lambda result: order.index(result.run))
        report.complaints += never_anywhere(report)
    return Report(list(reports.values()), time.monotonic() - began)


def _job(report: FeatureReport, run: Run, options: Options, watcher: Watcher) -> Job[RunResult]:
    feature = report.plan.feature
    stage = partial(watcher.stage, feature, run.name)
    seconds = cache.seconds(feature, run.name)
    # A run that was never timed may take up to its time limit.
    estimate = seconds if seconds is not None else float(run.timeout_seconds)
    call = partial(pipeline.verify, report.folder, run, options.use_cache, stage)
    return Job(call, run.workers, estimate)


def _parse(reports: Sequence[FeatureReport], capacity: int, watcher: Watcher) -> None:
    def parse(report: FeatureReport) -> tuple[FeatureReport, list[str]]:
        return report, parsing.rejected(report.folder)

    jobs = [Job(partial(parse, report), 1, PARSE_SECONDS) for report in reports]
    for report, complaints in run_all(jobs, capacity):
        report.complaints += complaints
        watcher.parsed(report.plan.feature, complaints)


def never_anywhere(report: FeatureReport) -> list[str]:
    """Actions that no run of the gate takes, even if each run has an excuse. Empty unless all runs gave an answer."""
    if any(result.status == NO_ANSWER for result in report.results):
        return []
    gate = [result for result in report.results if report.run(result.run).tier == "gate"]
    known = {action.name for result in gate for action in result.actions}
    taken = {action.name for result in gate for action in result.actions if action.generated}
    probed = [point for result in gate for point in result.points if point.what == ACTION]
    known |= {point.formula for point in probed}
    taken |= {point.formula for point in probed if point.reached}
    return [f"{name} is never taken in any run of the gate" for name in sorted(known - taken)]


__all__ = ["FeatureReport", "Options", "Report", "Silent", "TlcError", "Watcher", "never_anywhere", "verify"]

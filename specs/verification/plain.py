"""Verification in plain lines, for logs and for whoever has no terminal."""

from __future__ import annotations

import argparse
import sys
import threading
from collections.abc import Sequence
from typing import IO

from specs.escape import shown, shown_lines
from specs.tlc.runner import TlcError
from specs.verification.plan import PlanError, Run
from specs.verification.result import FAIL, NO_ANSWER, PASS, RunResult
from specs.verification.verification import Options, Report, verify

EXIT_CODES = {PASS: 0, NO_ANSWER: 2, FAIL: 3}
BAD_INPUT = 2


class Lines:
    """One line for each thing that ends."""

    def __init__(self, output: IO[str]) -> None:
        self._output, self._lock = output, threading.Lock()
        self._count = self._ended = 0

    def planned(self, runs: Sequence[tuple[str, Run]]) -> None:
        self._count = len(runs)

    def stage(self, feature: str, run: str, stage: str) -> None:
        """Ends only: a log has no use for more."""

    def parsed(self, feature: str, complaints: Sequence[str]) -> None:
        self._print(f"{'rejected' if complaints else 'parsed':9} {feature}")

    def finished(self, run: Run, result: RunResult) -> None:
        self._ended += 1
        self._print(f"{result.status:9} {result.feature}: {figures(result)} ({self._ended} of {self._count})")

    def _print(self, line: str) -> None:
        with self._lock:
            print(shown(line), file=self._output, flush=True)


def figures(result: RunResult) -> str:
    """A run in one line."""
    states = f"{result.states_distinct:,} states" if result.states_distinct else f"{result.states_generated:,} walked"
    cached = ", cached" if result.cached else ""
    return f"{result.run}: {result.outcome or 'none'}, {states}, depth {result.depth}, {result.seconds:.1f} s{cached}"


def findings(report: Report) -> list[str]:
    """What is wrong, one text each."""
    told = []
    for feature in report.features:
        told += [f"{feature.plan.feature}: {complaint}" for complaint in feature.complaints]
        for result in feature.results:
            told += [f"{result.feature}: {result.run}: {finding}" for finding in result.findings]
    return told


def main(arguments: Sequence[str]) -> int:
    """Verify as the arguments say; the exit code."""
    parser = argparse.ArgumentParser(prog="verify_tla.py", description="Check the features' TLA+ modules.")
    parser.add_argument("features", nargs="*", metavar="FEATURE", help="all, if none is named")
    parser.add_argument("--deep", action="store_true", help="the larger bounds, too")
    chosen = parser.parse_args(arguments)
    try:
        report = verify(chosen.features, Options(deep=chosen.deep), Lines(sys.stdout))
    except (PlanError, TlcError) as error:
        print(f"verify_tla.py: {shown_lines(str(error))}", file=sys.stderr)
        return BAD_INPUT
    for finding in findings(report):
        print(shown_lines(finding))
    runs = sum(len(feature.results) for feature in report.features)
    print(f"{report.status}: {len(report.features)} features, {runs} runs, {report.seconds:.1f} s")
    return EXIT_CODES[report.status]

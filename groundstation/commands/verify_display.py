"""Displays a verification: a live page while it runs, then a table and the findings.

On a terminal the page shows every active run with its stage and seconds; elsewhere each finished run is one line. Both
go to standard error; standard output is for the report.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from specs.escape import escaped
from specs.verification.plan import Run
from specs.verification.result import FAIL, NO_ANSWER, PASS, RunResult
from specs.verification.verification import Report

STYLES = {PASS: "green", FAIL: "bold red", NO_ANSWER: "yellow"}
STATES_SHOWN = 12  # of a counterexample; the file has them all
REFRESHES_PER_SECOND = 4


class LineDisplay:
    """Prints one line for each finished feature or run."""

    def __init__(self, output: IO[str]) -> None:
        self._output, self._lock = output, threading.Lock()
        self._count = self._ended = 0

    def planned(self, runs: Sequence[tuple[str, Run]]) -> None:
        self._count = len(runs)

    def stage(self, feature: str, run: str, stage: str) -> None:
        """Not logged."""

    def parsed(self, feature: str, complaints: Sequence[str]) -> None:
        self._print(f"{'rejected' if complaints else 'parsed':9} {feature}")

    def finished(self, run: Run, result: RunResult) -> None:
        self._ended += 1
        self._print(f"{result.status:9} {result.feature}: {figures(result)} ({self._ended} of {self._count})")

    def close(self) -> None:
        """Nothing to release."""

    def _print(self, line: str) -> None:
        with self._lock:
            print(escaped(line), file=self._output, flush=True)


class LiveDisplay:
    """A page that is redrawn in place."""

    def __init__(self, console: Console) -> None:
        self._lock = threading.Lock()
        self._running: dict[tuple[str, str], tuple[str, float]] = {}
        self._count = self._ended = 0
        self._live = Live(
            console=console,
            get_renderable=self._page,
            refresh_per_second=REFRESHES_PER_SECOND,
            transient=True,
        )
        self._live.start()

    def planned(self, runs: Sequence[tuple[str, Run]]) -> None:
        self._count = len(runs)

    def stage(self, feature: str, run: str, stage: str) -> None:
        with self._lock:
            _, began = self._running.get((feature, run), ("", time.monotonic()))
            self._running[feature, run] = (stage, began)

    def parsed(self, feature: str, complaints: Sequence[str]) -> None:
        if complaints:
            self._live.console.print(Text(f"rejected {feature}", style=STYLES[FAIL]))

    def finished(self, run: Run, result: RunResult) -> None:
        with self._lock:
            self._running.pop((result.feature, result.run), None)
            self._ended += 1
        sign = Text(f"{result.status:9} ", style=STYLES[result.status])
        self._live.console.print(sign.append(f"{result.feature}: {figures(result)}", style="default"))

    def close(self) -> None:
        self._live.stop()

    def _page(self) -> RenderableType:
        with self._lock:
            running, ended = dict(self._running), self._ended
        table = Table.grid(padding=(0, 2))
        for (feature, run), (stage, began) in running.items():
            table.add_row(
                Text(feature, style="bold"), run, Text(stage, style="cyan"), f"{time.monotonic() - began:.0f} s"
            )
        bar = Table.grid(padding=(0, 1))
        bar.add_row(ProgressBar(total=max(self._count, 1), completed=ended, width=40), f"{ended} of {self._count} runs")
        return Group(table, bar)


def figures(result: RunResult) -> str:
    """The figures of a run, on one line."""
    states = f"{result.states_distinct:,} states" if result.states_distinct else f"{result.states_generated:,} walked"
    cached = ", cached" if result.cached else ""
    return f"{result.run}: {result.outcome or 'none'}, {states}, depth {result.depth}, {result.seconds:.1f} s{cached}"


def display(console: Console) -> LineDisplay | LiveDisplay:
    """A live page on a terminal, lines elsewhere."""
    return LiveDisplay(console) if console.is_terminal else LineDisplay(console.file)


def print_report(report: Report, saved: dict[tuple[str, str], Path], console: Console) -> None:
    """Prints the table, then every finding with its counterexample, then the verdict."""
    console.print(_table(report))
    for feature in report.features:
        for complaint in feature.complaints:
            _print(console, f"{feature.plan.feature}: {complaint}", "red")
        for result in feature.results:
            for finding in result.findings:
                _print(console, f"{result.feature}: {result.run}: {finding}", "red")
            if result.findings and result.trace:
                _print_trace(result, saved.get((result.feature, result.run)), console)
    runs = sum(len(feature.results) for feature in report.features)
    console.print()
    verdict = Text(f" {report.status.upper()} ", style=f"{STYLES[report.status]} reverse")
    console.print(
        verdict.append(f"  {len(report.features)} features, {runs} runs, {report.seconds:.1f} s", style="not reverse")
    )


def _table(report: Report) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for heading in ("feature", "run", "outcome"):
        table.add_column(heading, overflow="fold")
    for heading in ("distinct states", "depth", "seconds", "cached", "findings"):
        table.add_column(heading, justify="right")
    for feature in report.features:
        if not feature.results:
            table.add_row(feature.plan.feature, "", Text("not parsed", style=STYLES[FAIL]), "", "", "", "", "")
        for result in feature.results:
            outcome = result.outcome if result.violated is None else f"{result.violated} violated"
            table.add_row(
                result.feature,
                result.run,
                Text(outcome or result.status, style=STYLES[result.status]),
                f"{result.states_distinct:,}" if result.states_distinct else "walks",
                str(result.depth or ""),
                f"{result.seconds:.1f}",
                "yes" if result.cached else "",
                str(len(result.findings) or ""),
            )
    return table


def _print_trace(result: RunResult, path: Path | None, console: Console) -> None:
    for state in result.trace[:STATES_SHOWN]:
        _print(console, "  " + state.replace("\n", "\n    "), "dim")
    hidden = len(result.trace) - STATES_SHOWN
    if hidden > 0:
        _print(console, f"  and {hidden} more states", "dim")
    if path is not None:
        _print(console, f"  counterexample: {path}", "default")


def _print(console: Console, text: str, style: str) -> None:
    console.print(Text(text, style=style), soft_wrap=True)

"""Displays a campaign: progress and each failure as it happens, then the summary.

On a terminal progress is a bar, elsewhere a line every few seconds. Both go to standard error; standard output is for
the summary. A failure has two lines; the second is the command that replays it.
"""

from __future__ import annotations

import time
from collections import Counter

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table
from rich.text import Text

from specs.escape import escaped
from swarm_sim.campaign.summary import Summary
from swarm_sim.campaign.task import Finished, Task, replay
from swarm_sim.outcome import CRASH, NO_PROGRESS, PASS, VIOLATION, WORST_FIRST, Outcome

STYLES = {PASS: "green", VIOLATION: "bold white on red", CRASH: "bold red", NO_PROGRESS: "bold yellow"}
LINE_SECONDS = 5.0  # between lines of progress without a terminal


class Display:
    """Progress of a campaign on `console`. A Watcher, and a context manager that restores the terminal."""

    def __init__(self, task: Task, console: Console) -> None:
        self._task = task
        self._console = console
        self._began = self._printed = time.monotonic()
        self._wanted = self._stored = self._done = self._double = 0
        self._failures: Counter[str] = Counter()
        columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}", markup=False))
        self._bar = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
        self._bar_task = self._bar.add_task("", total=None)

    def __enter__(self) -> Display:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()
        if self._double:
            self._say(f"{self._double} seeds were stored by another campaign meanwhile: counted once")

    def began(self, wanted: int, stored: int) -> None:
        self._wanted, self._stored = wanted, stored
        self._bar.update(self._bar_task, total=wanted, completed=stored)
        if stored:
            self._say(f"{stored} of {wanted} seeds are already in the store")

    def finished(self, finished: Finished, is_new: bool) -> None:
        self._done += 1
        self._double += not is_new
        outcome = finished.outcome
        if outcome.verdict != PASS:
            self._failures[outcome.verdict] += 1
            self._show_failure(outcome)
        self._bar.update(self._bar_task, completed=self._stored + self._done, description=self.line())
        now = time.monotonic()
        if not self._console.is_terminal and now - self._printed >= LINE_SECONDS:
            self._printed = now
            self._say(f"{self._stored + self._done}/{self._wanted} seeds  {self.line()}")

    @property
    def seconds(self) -> float:
        """Duration of this run of the campaign so far."""
        return time.monotonic() - self._began

    @property
    def done(self) -> int:
        """The number of seeds finished in this run."""
        return self._done

    def line(self) -> str:
        """Rate, failures by verdict, and the estimated time left."""
        rate = self._done / max(self.seconds, 1e-9)
        left = (self._wanted - self._stored - self._done) / rate if rate else 0.0
        failures = "  ".join(f"{word} {self._failures[word]}" for word in WORST_FIRST if word in self._failures)
        return f"{rate:.1f} seeds/s  {failures or 'no failure'}  {_clock(left)} left"

    def _show_failure(self, outcome: Outcome) -> None:
        text = Text(f"seed {outcome.seed}  ").append(outcome.verdict, style=STYLES.get(outcome.verdict, "yellow"))
        self._console.print(text.append(escaped(f"  {outcome.oracle}  {outcome.cause}")), soft_wrap=True)
        self._say(f"    {replay(self._task, outcome.seed)}")

    def _say(self, line: str) -> None:
        self._console.print(escaped(line), soft_wrap=True)


def _clock(seconds: float) -> str:
    minutes, second = divmod(round(seconds), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}"


def print_summary(summary: Summary, rates: dict[str, float], console: Console) -> None:
    """Prints the table of causes, then marks, sums and the verdict."""
    if summary.causes:
        console.print(_causes(summary))
        for cause in summary.causes:
            console.print(escaped(f"  {cause.replay}"), soft_wrap=True)
    for heading, counted in (("marks", summary.marks), ("sums", summary.counts), ("verdicts", summary.verdicts)):
        if counted:
            listed = "  ".join(f"{name} {count:,}" for name, count in counted.items())
            console.print(f"{heading:<9} {listed}", soft_wrap=True)
    if summary.slowest is not None:
        seed, seconds = summary.slowest
        console.print(f"slowest   seed {seed}, {seconds:.2f} s")
    if rates:
        listed = "  ".join(f"{rate:,.1f} {name}" for name, rate in rates.items())
        console.print(f"rates     {listed}")
    console.print(f"seeds     {summary.done} of {summary.wanted}")
    verdict = Text(f" {summary.verdict.replace('_', ' ').upper()} ", style=STYLES.get(summary.verdict, "bold yellow"))
    console.print(Text("verdict   ").append(verdict))


def _causes(summary: Summary) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("seeds", justify="right")
    table.add_column("verdict")
    table.add_column("oracle", overflow="fold")
    table.add_column("cause", overflow="fold")
    table.add_column("smallest", justify="right")
    for cause in summary.causes:
        style = STYLES.get(cause.verdict, "yellow")
        verdict = Text(cause.verdict, style=style)
        table.add_row(str(cause.count), verdict, escaped(cause.oracle), escaped(cause.cause), str(cause.smallest_seed))
    return table

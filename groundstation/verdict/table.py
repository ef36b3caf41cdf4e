"""Prints the verdict: one line per check in green, red or yellow, the findings, and the paths."""

from rich.console import Console
from rich.table import Table
from rich.text import Text

from groundstation.record import run_directory
from groundstation.verdict.verdict import BAD, GOOD, NOTE, OPEN, Judgement
from specs.escape import escaped, escaped_lines

SIGNS = {GOOD: ("✓", "green"), BAD: ("✗", "bold red"), OPEN: ("?", "yellow"), NOTE: ("·", "dim")}
VERDICT_STYLES = {"pass": "bold green", "violation": "bold white on red", "crash": "bold red"}
FINDINGS_SHOWN = 5
NOTES_SHOWN = 5


def print_verdict(judgement: Judgement, console: Console) -> None:
    """Print the table, the findings, the verdict and the paths."""
    console.print()
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for line in judgement.lines:
        sign, style = SIGNS[line.status]
        table.add_row(Text(sign, style=style), Text(line.name, style="bold"), Text(escaped(line.detail)))
    console.print(table)
    for finding in judgement.findings[:FINDINGS_SHOWN]:
        console.print(Text(escaped_lines(f"  {finding}"), style="red"))
    _print_hidden(console, len(judgement.findings) - FINDINGS_SHOWN, "red")
    notes = judgement.checked["notes"]
    for note in notes[:NOTES_SHOWN]:
        console.print(Text(f"  note: {escaped(note)}", style="dim"))
    _print_hidden(console, len(notes) - NOTES_SHOWN, "dim")
    console.print()
    verdict = Text(
        f" {judgement.verdict.replace('_', ' ').upper()} ", style=VERDICT_STYLES.get(judgement.verdict, "bold yellow")
    )
    console.print(Text("verdict  ").append(verdict))
    if judgement.directory is not None:
        console.print(escaped(f"run      {judgement.directory}"), soft_wrap=True)
        report = judgement.directory / run_directory.REPORT
        if report.exists():
            console.print(escaped(f"report   {report}"), soft_wrap=True)
    if judgement.resume is not None:
        console.print(escaped(f"resume   {judgement.resume}"), soft_wrap=True)
    if judgement.replay is not None:
        console.print(escaped(f"replay   {judgement.replay}"), soft_wrap=True)


def _print_hidden(console: Console, count: int, style: str) -> None:
    if count > 0:
        console.print(Text(f"  and {count} more, in {run_directory.VERDICT}", style=style))

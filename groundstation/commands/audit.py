"""`amu audit`: checks the chain of evidence behind every coordination mechanism."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from groundstation.commands import panels

if TYPE_CHECKING:
    from rich.console import Console

    from specs.audit.audit import Audit

PANEL = panels.MAINTAIN


def audit(
    root: Annotated[Path, typer.Argument(help="A checkout of the project.")] = Path("."),
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output.")] = False,
    show_all: Annotated[bool, typer.Option("--all", help="Also show patterns and INFO flags.")] = False,
) -> None:
    """Audit the evidence: paper, record, module, code, test, mutant.  Example: [cyan]amu audit --all[/cyan]

    Fails on a mechanism without a record; a citation, module, test or mutant that does not exist; code that breaks one
    of the seven prohibitions; a hard invariant of the ledger that the code does not enforce.

    Exit codes: 0 no BLOCK, 1 crash, 2 not a checkout, 3 at least one BLOCK.
    """
    from groundstation.console import SafeConsole, refused
    from specs.audit.audit import audit as run
    from specs.audit.project import AuditError
    from specs.verdict import EXIT_CODES, PASS, VIOLATION

    try:
        found = run(root.resolve())
    except AuditError as error:
        raise refused("audit", error) from error
    if as_json:
        typer.echo(found.as_json())
    else:
        _print(found, SafeConsole(), show_all)
    raise typer.Exit(EXIT_CODES[PASS if found.passed else VIOLATION])


def _print(found: "Audit", console: "Console", show_all: bool) -> None:
    from rich.table import Table
    from rich.text import Text

    from specs.audit.audit import SEVERITIES
    from specs.audit.flags import BLOCK, INFO, WARN

    colours = {BLOCK: "red", WARN: "yellow", INFO: "cyan"}
    if show_all:
        table = Table("Pattern", "Where", "Invariant", "References", "Held by", title="Patterns", show_lines=True)
        for pattern in found.patterns:
            cells = (pattern.name, pattern.location, pattern.invariant, pattern.references, pattern.verification)
            table.add_row(*cells)
        console.print(table)
    for flag in found.flags:
        if show_all or flag.severity != INFO:
            line = Text(f"{flag.severity:5}", style=colours[flag.severity])
            console.print(line.append(f" {flag.location}: {flag.issue}", style="default"), soft_wrap=True)
    if found.missing:
        table = Table("Record", "Link", "Why there is none", title="Missing coverage")
        for row in found.missing:
            table.add_row(*row)
        console.print(table)
    counts = ", ".join(f"{found.count(severity)} {severity}" for severity in SEVERITIES)
    verdict = Text("PASS", style="green") if found.passed else Text("BLOCKED", style="red")
    places = f"{found.records} records, {found.references} references, {len(found.patterns)} places of code"
    console.print(verdict.append(f"  {places}: {counts}", style="default"), soft_wrap=True)

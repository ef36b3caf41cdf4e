"""`amu prove`: proves theorems about the TLA+ modules for any number of boards, views and values."""

import json
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from groundstation.commands import complete, panels
from groundstation.console import SafeConsole, refused, table_console

if TYPE_CHECKING:
    from specs.proof.prove import Report, Theorem

PANEL = panels.SPECIFY
UNPROVED_SHOWN = 20


def prove(
    features: Annotated[
        list[str] | None,
        typer.Argument(help="Features. Default: all that have proofs.", autocompletion=complete.features),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output.")] = False,
    no_cache: Annotated[bool, typer.Option("--no-cache", help="Ignore cached results.")] = False,
    solver: Annotated[Literal["z3", "cvc5", "both"], typer.Option(help="Which solver must prove each step.")] = "both",
) -> None:
    """Prove theorems about the TLA+ modules, without bounds.  Example: [cyan]amu prove tetrabft[/cyan]

    Each theorem in specs/FEATURE/*_proofs.tla becomes obligations for the solvers z3 and cvc5 (extra `prove`): the
    invariant holds at first, and every action keeps each of its conjuncts. What a solver does not know is unproved.
    Column *models*: for how many obligations z3 finds that their facts can hold; facts that cannot are an error.
    Rows *(actions)*: the invariants and the guards of each action, which must have a model.
    Proofs of unchanged questions come from a cache.

        amu prove

        amu prove tetrabft --solver z3 --json

    Exit codes: 0 all proved, 2 bad input, 3 a step is refuted, 5 a solver does not know.
    """
    from rich.text import Text

    from specs.proof import prove as proofs
    from specs.proof.solvers import SOLVERS, SolverMissing
    from specs.tla.syntax.tree import ModuleError

    log = SafeConsole(stderr=True)
    try:
        report = proofs.prove(
            proofs.modules(features or []),
            SOLVERS if solver == "both" else (solver,),
            lambda theorem: None if theorem.cached else log.print(Text(_line(theorem))),
            not no_cache,
        )
    except (proofs.ProofError, ModuleError, SolverMissing) as error:
        raise refused("prove", error) from error
    if as_json:
        typer.echo(json.dumps(report.as_dict(), indent=2))
    else:
        _print(report)
    raise typer.Exit(proofs.EXIT_CODES[report.status])


def _line(theorem: "Theorem") -> str:
    return f"{theorem.status:9} {theorem.feature}: {theorem.name}"


def _print(report: "Report") -> None:
    from rich.table import Table
    from rich.text import Text

    console = table_console()
    styles = {"proved": "green", "refuted": "bold red", "unknown": "yellow"}
    table = Table(
        "feature", "theorem", "obligations", "asked", "models", "result", *[f"{name} s" for name in report.versions]
    )
    for column in (*table.columns[2:5], *table.columns[6:]):
        column.justify = "right"
    for theorem in report.theorems:
        table.add_row(
            Text(theorem.feature),
            Text(theorem.name),
            str(len(theorem.outcomes)),
            str(sum(bool(outcome.answers) for outcome in theorem.outcomes)),
            f"{theorem.facts['model']}/{theorem.facts.total()}",
            Text(theorem.status, style=styles[theorem.status]),
            *[f"{theorem.seconds(name):.2f}" for name in report.versions],
        )
    console.print(table)
    for theorem in report.theorems:
        for outcome in theorem.unmodelled:
            console.print(Text(f"{outcome.place}: {theorem.name}: {outcome.name}: no model of its facts was found"))
    unproved = [(theorem, outcome) for theorem in report.theorems for outcome in theorem.unproved]
    for theorem, outcome in unproved[:UNPROVED_SHOWN]:
        said = ", ".join([f"{name}: {answer.verdict}" for name, answer in outcome.answers.items()])
        said += ", and its facts contradict each other" if outcome.facts == "contradictory" else ""
        said += ", refuted by a small model" if outcome.is_refuted_by_model else ""
        console.print(Text(f"{outcome.place}: {theorem.name}: {outcome.name}: {said}"))
        for line in outcome.counterexample:
            console.print(Text(f"    {line}"))
    if len(unproved) > UNPROVED_SHOWN:
        console.print(Text(f"and {len(unproved) - UNPROVED_SHOWN} more"))
    versions = ", ".join([f"{name} {version}" for name, version in report.versions.items()])
    known = sum(theorem.cached for theorem in report.theorems)
    said = f"{len(report.theorems)} theorems, {known} of them from the cache, {versions}, {report.seconds:.1f} s"
    verdict = Text(f" {report.status.upper()} ", style=f"{styles[report.status]} reverse")
    console.print(verdict.append(f"  {said}", style="not reverse"))

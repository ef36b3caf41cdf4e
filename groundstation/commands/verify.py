"""`amu verify`: parses every module of the features, walks it at random, checks it, and rejects vacuous runs."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from groundstation.commands import complete, panels
from groundstation.commands.options import PROCESSES_MAX, integer
from groundstation.console import complain

if TYPE_CHECKING:
    from specs.verification.verification import Report

PANEL = panels.SPECIFY
COUNTEREXAMPLES = Path("runs/counterexamples")


def verify(
    features: Annotated[
        list[str] | None, typer.Argument(help="Features. Default: all.", autocompletion=complete.features)
    ] = None,
    deep: Annotated[bool, typer.Option("--deep", help="Also check the larger bounds: many minutes.")] = False,
    write: Annotated[bool, typer.Option("--write", help="Write verification_summary.md of each feature.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output.")] = False,
    no_cache: Annotated[bool, typer.Option("--no-cache", help="Ignore cached results.")] = False,
    jobs: Annotated[
        int | None, typer.Option(parser=integer(1, PROCESSES_MAX), help="Cores to use. Default: all.", metavar="N")
    ] = None,
) -> None:
    """Check the TLA+ modules themselves.  Example: [cyan]amu verify tetrabft --deep[/cyan]

    Parses with SANY, walks at random, visits every state with TLC, and rejects vacuous runs: an action that is never
    taken, an implication whose premise never holds. Results of unchanged runs come from a cache.

        amu verify

        amu verify link ledger --write

    Exit codes: 0 pass, 1 crash, 2 bad input or no answer, 3 a run does not have the outcome that its plan expects.
    """
    from groundstation.commands.verify_display import display, print_report
    from groundstation.console import SafeConsole, refused, table_console
    from specs.tlc.runner import TlcError
    from specs.verification import summary, verification
    from specs.verification.plan import PlanError, folder_of
    from specs.verification.plan import features as known
    from specs.verification.result import EXIT_CODES

    options = verification.Options(deep=deep, use_cache=not no_cache, jobs=jobs)
    try:
        if write:
            for feature in features or known():
                summary.require_writable(folder_of(feature))
        watcher = display(SafeConsole(stderr=True))
        try:
            report = verification.verify(features or [], options, watcher)
        finally:
            watcher.close()
    except (PlanError, TlcError, summary.SummaryError) as error:
        raise refused("verify", error) from error
    saved = save_counterexamples(report)
    if as_json:
        typer.echo(json.dumps(as_dict(report, saved), indent=2))
    else:
        print_report(report, saved, table_console())
    if write:
        _write(report)
    raise typer.Exit(EXIT_CODES[report.status])


def save_counterexamples(report: "Report") -> dict[tuple[str, str], Path]:
    """Writes counterexamples as traces for `amu check`, one state per line. Returns their paths by feature and run."""
    from specs.tlc import counterexample
    from specs.tlc.states import TlcStateError
    from specs.verification import cache

    saved = {}
    for feature in report.features:
        for result in feature.results:
            if not result.findings or not result.trace:
                continue
            path = COUNTEREXAMPLES / f"{result.feature}-{cache.slug(result.run)}.ndjson"
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                saved[result.feature, result.run] = counterexample.write(result.trace, path)
            except TlcStateError as error:
                complain("verify", f"{result.feature}: {result.run}: no counterexample saved: {error}")
    return saved


def as_dict(report: "Report", saved: dict[tuple[str, str], Path]) -> dict[str, object]:
    """The report as one JSON object."""
    features = []
    for feature in report.features:
        runs = []
        for result in feature.results:
            path = saved.get((result.feature, result.run))
            run = {name: value for name, value in result.as_dict().items() if name not in ("feature", "points")}
            run["vacuous"] = [point.place for point in result.points if not point.reached and point.what != "action"]
            runs.append({**run, "counterexample": str(path) if path else None})
        features.append(
            {
                "feature": feature.plan.feature,
                "status": feature.status,
                "complaints": feature.complaints,
                "runs": runs,
            }
        )
    return {"status": report.status, "seconds": round(report.seconds, 1), "features": features}


def _write(report: "Report") -> None:
    from specs.verification import summary

    for feature in report.features:
        try:
            if feature.complaints:
                raise summary.SummaryError(f"{feature.plan.feature}: no summary written, its modules do not pass")
            typer.echo(f"wrote {summary.write(feature.folder, feature.plan, feature.results)}", err=True)
        except summary.SummaryError as error:
            complain("verify", error)

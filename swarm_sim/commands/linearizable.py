"""`amu linearizable`: whether recorded histories are linearizable."""

import json
import time
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from groundstation.commands import panels
from groundstation.commands.options import AsJson, number

if TYPE_CHECKING:
    from swarm_sim.linearizability.history import Operation, Result

UNDECIDED = 5  # exit code
SHOWN_OPERATIONS = 12  # at the end of the order that came furthest

PANEL = panels.JUDGE


def linearizable(
    paths: Annotated[list[Path] | None, typer.Argument(help="Recorded histories.", metavar="FILE...")] = None,
    kind: Annotated[
        str | None,
        typer.Option(
            "--format",
            help="etcd: Jepsen log of a register; kv: get, put, append.",
            autocompletion=lambda: ["etcd", "kv"],
        ),
    ] = None,
    sample: Annotated[bool, typer.Option("--sample", help="Decide the histories that come with the package.")] = False,
    explain: Annotated[bool, typer.Option("--explain", help="Say which response no order explains.")] = False,
    as_json: AsJson = False,
    steps_max: Annotated[
        int | None,
        number("--steps-max", "Give a part up after this many.", 1),
    ] = None,
) -> None:
    """Decide histories of a register or a store.  Example: [cyan]amu linearizable a.log --format etcd[/cyan]

    One line per file: its name, true, false or unknown, and the milliseconds that it took. Unknown: the search reached
    the bound of --steps-max, or the file holds no operation. Lines of other loggers are skipped and counted.

        amu linearizable --sample --explain

    Exit codes: 0 all were decided, 1 crash, 2 bad input, 5 one is unknown.
    """
    from groundstation.console import refused
    from swarm_sim.linearizability.checker import STEPS_MAX, check
    from swarm_sim.linearizability.history import UNKNOWN, Result
    from swarm_sim.linearizability.models import MODELS
    from swarm_sim.linearizability.readers import READERS, HistoryError

    if sample == bool(paths):
        raise typer.BadParameter("give histories and their --format, or --sample")
    if sample != (kind is None) or (kind is not None and kind not in READERS):
        want = "its files have theirs" if sample else f"give one of {', '.join(READERS)}"
        what = "is missing" if kind is None else f"no format {kind!r}"
        raise typer.BadParameter(f"{what}: {want}", param_hint="--format")
    rows = []
    for path, form in _samples() if sample else [(path, kind or "") for path in paths or []]:
        try:
            recorded = READERS[form](path)
        except HistoryError as error:
            raise refused("linearizable", error) from error
        begun = time.perf_counter()
        result = check(recorded.operations, MODELS[form], steps_max or STEPS_MAX)
        if not recorded.operations:
            result = Result(UNKNOWN, reason="it holds no operation")
        rows.append(_row(path, result, 1000 * (time.perf_counter() - begun), recorded.skipped))
        if not as_json:
            _tell(path, recorded.skipped, result)
            _print(rows[-1], explain)
    exit_code = UNDECIDED if any(row["linearizable"] == UNKNOWN for row in rows) else 0
    if as_json:
        typer.echo(json.dumps({"histories": rows, "exit_code": exit_code}, indent=2))
    raise typer.Exit(exit_code)


def _tell(path: Path, skipped: int, result: "Result") -> None:
    """Report oddities of a file on standard error: standard output has one line per file."""
    from groundstation.console import complain

    if skipped:
        complain("linearizable", f"{path}: {skipped} lines of other loggers skipped")
    if result.reason:
        complain("linearizable", f"{path}: unknown: {result.reason}")


def _samples() -> list[tuple[Path, str]]:
    """The histories in the package, with their format: `stale.etcd.log`."""
    folder = Path(str(resources.files("swarm_sim").joinpath("linearizability", "samples")))
    return [(path, path.suffixes[0].removeprefix(".")) for path in sorted(folder.glob("*.log"))]


def _row(path: Path, result: "Result", milliseconds: float, skipped: int) -> dict[str, Any]:
    from swarm_sim.linearizability.history import ILLEGAL, LINEARIZABLE, UNKNOWN

    answers = {LINEARIZABLE: True, ILLEGAL: False, UNKNOWN: UNKNOWN}
    row = {"file": str(path), "linearizable": answers[result.verdict], "milliseconds": round(milliseconds, 1)}
    row["skipped"] = skipped
    if result.reason:
        row["reason"] = result.reason
    if result.stuck is None:
        return row
    order = [_shown(operation) for operation in result.linearized]
    return {
        **row,
        "partition": result.partition,
        "stuck": _shown(result.stuck),
        "state": result.state,
        "order": order,
    }


def _shown(operation: "Operation") -> str:
    request = " ".join(map(str, operation.request))
    answer = "no response" if operation.is_pending else f"-> {operation.response}"
    return f"{operation.label}: {request} {answer}"


def _print(row: dict[str, Any], explain: bool) -> None:
    from groundstation.console import say

    say(f"{row['file']} {str(row['linearizable']).lower()} {row['milliseconds']}")
    if not explain or "stuck" not in row:
        return
    hidden = len(row["order"]) - SHOWN_OPERATIONS
    say(f"  {row['partition']}: this order explains the most responses")
    if hidden > 0:
        say(f"    ... {hidden} operations before")
    for operation in row["order"][-SHOWN_OPERATIONS:]:
        say(f"    {operation}")
    say(f"  state then: {row['state']}")
    say(f"  no order explains {row['stuck']}")

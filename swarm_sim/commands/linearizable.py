"""`amu linearizable`: whether recorded histories are linearizable."""

import json
import time
from collections.abc import Callable
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from groundstation.commands import panels
from groundstation.commands.options import AsJson, number, output, require_apart

if TYPE_CHECKING:
    from swarm_sim.linearizability.history import Model, Operation, Result
    from swarm_sim.linearizability.readers import Recorded

UNDECIDED = 5  # exit code
SHOWN_OPERATIONS = 12  # at the end of an order
FORMATS = ("etcd", "kv", "edn")
KNOSSOS = ("register", "cas-register", "mutex", "fifo-queue", "unordered-queue", "set")

PANEL = panels.JUDGE


def linearizable(
    paths: Annotated[list[Path] | None, typer.Argument(help="Recorded histories.", metavar="FILE...")] = None,
    kind: Annotated[
        str | None,
        typer.Option(
            "--format",
            help="etcd: Jepsen log of a register; kv: get, put, append; edn: Jepsen's history.edn.",
            autocompletion=lambda: list(FORMATS),
        ),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option("--model", help=f"For edn: {', '.join(KNOSSOS)}.", autocompletion=lambda: list(KNOSSOS)),
    ] = None,
    sample: Annotated[bool, typer.Option("--sample", help="Decide the histories that come with the package.")] = False,
    explain: Annotated[
        bool, typer.Option("--explain", help="Show the order, and the first response that no order explains.")
    ] = False,
    picture: Annotated[
        Path | None,
        typer.Option("--picture", help="Draw one history, as .svg or .png.", metavar="FILE", callback=output),
    ] = None,
    as_json: AsJson = False,
    steps_max: Annotated[
        int | None,
        number("--steps-max", "Give a part up after this many.", 1),
    ] = None,
    seconds_max: Annotated[
        int | None,
        number("--seconds-max", "Give a history up after this time.", 1),
    ] = None,
) -> None:
    """Decide histories of a register or a store.  Example: [cyan]amu linearizable a.log --format etcd[/cyan]

    One line per file: its name, true, false or unknown, and the milliseconds that it took. Unknown: the search reached
    the bound of --steps-max or --seconds-max, or the file holds no operation. Lines of other loggers are skipped and
    counted.

        amu linearizable --sample --explain
        amu linearizable history.edn --format edn --model cas-register --picture why.svg

    Exit codes: 0 all were decided, 1 crash, 2 bad input, 5 one is unknown.
    """
    from groundstation.console import EXIT_BAD_INPUT, refused
    from swarm_sim.linearizability.checker import STEPS_MAX, check
    from swarm_sim.linearizability.history import UNKNOWN, Result
    from swarm_sim.linearizability.readers import HistoryError

    _refuse_options(paths, kind, model, sample, picture)
    rows: list[dict[str, Any]] = []
    for path, form in _samples() if sample else [(path, kind or "") for path in paths or []]:
        try:
            recorded, objects = _read(path, form, model or "")
        except HistoryError as error:
            if as_json and rows:
                _print_json(rows, EXIT_BAD_INPUT)
            raise refused("linearizable", error) from error
        begun = time.perf_counter()
        result = check(recorded.operations, objects, steps_max or STEPS_MAX, _clock(seconds_max))
        if not recorded.operations:
            result = Result(UNKNOWN, reason="it holds no operation")
        rows.append(_row(path, result, 1000 * (time.perf_counter() - begun), recorded.skipped))
        if not as_json:
            _tell(path, recorded.skipped, rows[-1])
            _print(rows[-1], explain)
        if picture is not None:
            _draw(picture, recorded.operations, objects, result)
    exit_code = UNDECIDED if any(row["linearizable"] == UNKNOWN for row in rows) else 0
    if as_json:
        _print_json(rows, exit_code)
    raise typer.Exit(exit_code)


def _print_json(rows: list[dict[str, Any]], exit_code: int) -> None:
    typer.echo(json.dumps({"histories": rows, "exit_code": exit_code}, indent=2))


def _refuse_options(
    paths: list[Path] | None, kind: str | None, model: str | None, sample: bool, picture: Path | None
) -> None:
    """Raises BadParameter if options are missing or contradict each other."""
    if sample == bool(paths):
        raise typer.BadParameter("give histories and their --format, or --sample")
    if sample != (kind is None) or (kind is not None and kind not in FORMATS):
        want = "its files have theirs" if sample else f"give one of {', '.join(FORMATS)}"
        what = "is missing" if kind is None else f"no format {kind!r}"
        raise typer.BadParameter(f"{what}: {want}", param_hint="--format")
    if (kind == "edn") != (model is not None) or (model is not None and model not in KNOSSOS):
        want = f"give one of {', '.join(KNOSSOS)}" if kind == "edn" else "only --format edn has models"
        what = "is missing" if model is None else f"no model {model!r}" if kind == "edn" else "is not wanted"
        raise typer.BadParameter(f"{what}: {want}", param_hint="--model")
    if picture is not None:
        from groundstation.report.canvas import PICTURES

        if sample or len(paths or []) != 1:
            raise typer.BadParameter("give one history to draw", param_hint="--picture")
        if picture.suffix not in PICTURES:
            raise typer.BadParameter(f"want a name that ends in {' or '.join(PICTURES)}", param_hint="--picture")
        for path in paths or []:
            require_apart(picture, path, "--picture")


def _clock(seconds_max: int | None) -> Callable[[], bool]:
    """Whether so many seconds have passed from now on."""
    end = float("inf") if seconds_max is None else time.monotonic() + seconds_max
    return lambda: time.monotonic() > end


def _read(path: Path, form: str, model: str) -> "tuple[Recorded, Model]":
    """What a file holds, and the model to decide it by. Raises HistoryError."""
    from swarm_sim.linearizability import jepsen, jepsen_models, models, readers

    if form == "edn":
        return jepsen.read_edn(path, model), jepsen_models.JEPSEN_MODELS[model]
    return readers.READERS[form](path), models.MODELS[form]


def _draw(picture: Path, operations: "list[Operation]", objects: "Model", result: "Result") -> None:
    from groundstation.console import complain, refused
    from swarm_sim.commands.history_picture import draw_history

    stuck_in = [part.operations for part in objects(operations) if result.stuck and part.name == result.partition]
    try:
        left_out = draw_history(stuck_in[0] if stuck_in else operations, result, picture)
    except OSError as error:
        raise refused("linearizable", f"{picture}: {error.strerror}") from error
    if left_out:
        complain("linearizable", f"{picture}: {left_out} earlier operations are not drawn")


def _tell(path: Path, skipped: int, row: dict[str, Any]) -> None:
    """Report oddities of a file on standard error: standard output has one line per file."""
    from groundstation.console import complain

    if skipped:
        complain("linearizable", f"{path}: {skipped} lines of other loggers skipped")
    if "reason" in row:
        complain("linearizable", f"{path}: unknown: {row['reason']}")


def _samples() -> list[tuple[Path, str]]:
    """The histories in the package, with their format: `stale.etcd.log`."""
    folder = Path(str(resources.files("swarm_sim").joinpath("linearizability", "samples")))
    return [(path, path.suffixes[0].removeprefix(".")) for path in sorted(folder.glob("*.log"))]


def _row(path: Path, result: "Result", milliseconds: float, skipped: int) -> dict[str, Any]:
    from swarm_sim.linearizability.history import ILLEGAL, LINEARIZABLE, UNKNOWN

    answers = {LINEARIZABLE: True, ILLEGAL: False, UNKNOWN: UNKNOWN}
    row = {"file": str(path), "linearizable": answers[result.verdict], "milliseconds": round(milliseconds, 1)}
    row["skipped"] = skipped
    if reason := result.reason or _given_up(result):
        row["reason"] = reason
    row["order"] = [_shown(operation) for operation in result.linearized]
    if result.stuck is not None:
        row.update(partition=result.partition, stuck=_shown(result.stuck), state=_plain(result.state))
    return row


def _given_up(result: "Result") -> str:
    from swarm_sim.linearizability.history import STEPS

    if not result.bound:
        return ""
    option = "--steps-max" if result.bound == STEPS else "--seconds-max"
    return f"{result.partition} was given up after {result.steps} steps, at the bound of {option}"


def _plain(value: object) -> object:
    """A value that JSON knows."""
    return value if value is None or isinstance(value, str | int) else str(value)


def _shown(operation: "Operation") -> str:
    request = " ".join(map(str, operation.request))
    answer = "no response" if operation.is_pending else f"-> {operation.response}"
    return f"{operation.label}: {request} {answer}"


def _print(row: dict[str, Any], explain: bool) -> None:
    from groundstation.console import say

    say(f"{row['file']} {str(row['linearizable']).lower()} {row['milliseconds']}")
    if not explain or not (row["order"] or "stuck" in row):
        return
    if "stuck" not in row:
        say("  this order explains all responses")
    elif row["linearizable"] is False:
        say(f"  {row['partition']}: this order explains all responses before the first impossible one")
    else:
        say(f"  {row['partition']}: this order explains the most responses of those tried")
    hidden = len(row["order"]) - SHOWN_OPERATIONS
    if hidden > 0:
        say(f"    ... {hidden} operations before")
    for operation in row["order"][-SHOWN_OPERATIONS:]:
        say(f"    {operation}")
    if "stuck" in row:
        say(f"  state then: {row['state']}")
        which = "no order explains" if row["linearizable"] is False else "it does not explain"
        say(f"  {which} {row['stuck']}")

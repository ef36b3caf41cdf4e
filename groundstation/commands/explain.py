"""`amu explain`: why does the swarm not move?"""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from amu.core.limits import SLOT_MAX
from groundstation.commands import panels
from groundstation.commands.options import AsJson, finite, integer

if TYPE_CHECKING:
    from groundstation.console import SafeConsole
    from groundstation.why.answer import Answer

PANEL = panels.JUDGE


def explain(
    path: Annotated[Path, typer.Argument(help="Folder of a run, or a trace file.", metavar="RUN_OR_TRACE")],
    slot: Annotated[
        int | None,
        typer.Option("--slot", help="Ask about this slot; default: the first open one.", parser=integer(1, SLOT_MAX)),
    ] = None,
    at: Annotated[
        float | None,
        typer.Option("--at", help="Mission second; default: the end of the trace.", metavar="SECONDS", callback=finite),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say why the swarm does not move.  Example: [cyan]amu explain runs --at 12.5[/cyan]

    Names what the slot waits for: missing votes, and the link, crash, partition, timer, light time, liar, flash or
    clock behind them. It judges from what the ground has seen, never from the faults that a scenario plays; where that
    does not suffice, it says that it cannot tell, and what is missing.

        amu explain trace.ndjson --slot 7 --json

    Exit codes: 0 answered, 1 crash, 2 bad input.
    """
    from groundstation.console import SafeConsole, refused
    from groundstation.record import run_directory
    from groundstation.why.read import QuestionError
    from groundstation.why.read import explain as answer_of
    from specs.checking.trace import TraceError

    if at is not None and at < 0:
        raise typer.BadParameter(f"--at: want a mission second from 0 on, have {at:g}")
    try:
        trace = run_directory.trace_of(path)
    except run_directory.RunDirectoryError as error:
        raise refused("explain", error) from error
    try:
        answer = answer_of(trace, slot, at)
    except TraceError as error:
        raise refused("explain", f"{trace}: {error}") from error
    except QuestionError as error:
        raise refused("explain", error) from error
    if as_json:
        typer.echo(json.dumps(answer.as_dict(), indent=2))
    else:
        _print(answer, SafeConsole())


def _print(answer: "Answer", console: "SafeConsole") -> None:
    from specs.escape import escaped

    console.print(f"{answer.state}  (mission second {answer.at:g})", style="bold")
    console.print(escaped(answer.sentence), soft_wrap=True)
    for board in answer.boards:
        if board.kind == "able" and (board.view is None or not board.is_missing):
            continue
        where = "nothing known of it in the slot" if board.view is None else f"view {board.view}, phase {board.phase}"
        what = f"({board.kind}) {board.words}" if board.kind != "able" else "is able, and its vote is missing"
        console.print(escaped(f"  board {board.node} {what} ({where})"), soft_wrap=True)

"""`amu profile`: where an emulated Pico's processor time goes."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from groundstation.commands import panels
from groundstation.commands.options import AsJson, number, output

if TYPE_CHECKING:
    from hil.profile.figures import Figures

PANEL = panels.MAINTAIN
NODES = 4
TICK_MS = 20


def _picture(path: Path | None) -> Path | None:
    if path is not None and path.suffix not in (".svg", ".png"):
        raise typer.BadParameter(f"{path}: want a name that ends in .svg or .png")
    return output(path)


def profile(
    nodes: Annotated[int, number("--nodes", "Number of boards, 4 to 13.", 4, 13)] = NODES,
    journal: Annotated[
        Literal["files", "pages"], typer.Option("--journal", help="Where boards keep their votes.")
    ] = "files",
    tick: Annotated[int, number("--tick", "Milliseconds of a board's tick.", 1, 1000, "MS")] = TICK_MS,
    picture: Annotated[
        Path | None,
        typer.Option("--picture", help="Also draw it: an SVG or PNG file.", metavar="FILE", callback=_picture),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Tell where a Pico's processor time goes, by stage and by function.  Example: [cyan]amu profile --nodes 7[/cyan]

    Emulated Picos, of the image that AMU_PICO_UF2 names, boot, decide, write a checkpoint, change a view and catch up.
    Times are theirs: the same image and firmware give the same bytes on any machine. Takes minutes of processor time.

    Exit codes: 0 told, 2 bad input, or the boards cannot be emulated.
    """
    from groundstation.boards.base import BoardError
    from groundstation.console import EXIT_BAD_INPUT, complain, refused
    from groundstation.npm import NpmError
    from groundstation.os_errors import explained
    from hil.boards.emulated.process import EmulatorError

    try:
        figures = _figures(nodes, journal, tick)
    except (BoardError, EmulatorError, NpmError) as error:
        raise refused("profile", error) from error
    if as_json:
        typer.echo(json.dumps(figures, indent=2))
    else:
        _print(figures)
    if picture is not None:
        from hil.profile import picture as drawing

        try:
            drawing.save(figures, picture)
        except OSError as error:
            complain("profile", f"{picture}: {explained(error)}")
            raise typer.Exit(EXIT_BAD_INPUT) from error


def _figures(nodes: int, journal: str, tick_ms: int) -> "Figures":
    from hil.boards.emulated import library
    from hil.boards.emulated.board import micropython_image
    from hil.profile import figures
    from hil.profile.activities import VIEW_TIMEOUT_MS, Profiler
    from hil.profile.swarm import Setting

    image = micropython_image()
    library.require()
    setting = Setting(nodes, tick_ms=tick_ms, view_timeout_ticks=VIEW_TIMEOUT_MS // tick_ms, journal=journal)
    profiler = Profiler(setting, image, lambda what: typer.echo(f"profile: {what}", err=True))
    return figures.document(profiler.run(), setting, image)


def _print(told: "Figures") -> None:
    from rich.table import Table

    from groundstation.console import say, table_console
    from hil.profile import figures

    boards = f"{told['nodes']} emulated Picos, ticks of {told['tick_ms']} ms, journal in {told['journal']}"
    say(f"{boards}, image {told['image']}, a sample every {told['sample_us']} us of work")
    for headings, rows in (figures.stage_table(told), figures.function_table(told)):
        table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
        for position, heading in enumerate(headings):
            is_text = position == len(headings) - 1 or (position == 0 and len(headings) > 3)
            table.add_column(heading, justify="left" if is_text else "right", overflow="fold")
        for row in rows:
            table.add_row(*row)
        table_console().print(table)
    for one in told["activities"]:
        say(f"{one['name']}: {one['meaning']}")

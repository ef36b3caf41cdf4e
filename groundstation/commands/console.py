"""`amu console`: one page from which a rehearsal is flown, commanded and watched."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from groundstation.commands import complete, panels
from groundstation.commands.options import integer

if TYPE_CHECKING:
    from groundstation.web.flights import Flight

PANEL = panels.FLY
PORT = 8765
EXTRA = "pip install 'amu-swarm[console]'"
EXTRA_TERMINAL = "pip install 'amu-swarm[tui]'"


def console(
    what: Annotated[
        str,
        typer.Argument(
            help="A scenario to fly, a run's folder, a trace, or TLC's counterexample.",
            metavar="WHAT",
            autocompletion=complete.missions,
        ),
    ] = "first-light",
    attach: Annotated[bool, typer.Option("--attach", help="Show the newest run in --out, and command it.")] = False,
    port: Annotated[
        int, typer.Option("--port", help="Port to listen on; 0: a free one.", parser=integer(0, 65535), metavar="N")
    ] = PORT,
    role_file: Annotated[
        Path | None, typer.Option("--role-file", help="People with their roles and tokens.", metavar="FILE")
    ] = None,
    tui: Annotated[bool, typer.Option("--tui", help="Show it on this terminal instead of a page.")] = False,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open the page in a browser.")] = True,
    json_log: Annotated[bool, typer.Option("--json-log", help="Log one JSON object a line on standard error.")] = False,
    kind: Annotated[
        str, typer.Option("--kind", help="Board kind: virtual, emulated, host, ...", autocompletion=complete.kinds)
    ] = "virtual",
    env: Annotated[
        Path | None, typer.Option("--env", help="Fly the boards of this environment file.", metavar="ENV.toml")
    ] = None,
    boards: Annotated[
        int | None, typer.Option("--boards", help="Number of boards, 4 to 13.", metavar="N", parser=integer(4, 13))
    ] = None,
    cfg: Annotated[
        Path | None,
        typer.Option("--cfg", help="TLC configuration of a counterexample: it names the Byzantine replicas."),
    ] = None,
    out: Annotated[
        Path, typer.Option("--out", help="Folder in which to create the run's folder.", metavar="DIR")
    ] = Path("runs"),
) -> None:
    """Fly and command a rehearsal from one page.  Example: [cyan]amu console first-light[/cyan]

    Shows a run's folder, a trace or a counterexample of specs/tetrabft as well, and
    replays it. The flight is a process of its own: it goes on if the console ends, and
    `amu console --attach` shows it again. End it on the page, or with control-C here, twice.
    """
    from groundstation.console import refused
    from groundstation.record.run_directory import RunDirectoryError
    from groundstation.scenario.model import ScenarioError
    from specs.tlc.behaviour_file import BehaviourError

    if tui and (role_file is not None or json_log or port != PORT):
        raise typer.BadParameter("--tui serves no page: omit --port, --role-file and --json-log")
    show = _on_terminal() if tui else _on_page(port, role_file, browser, json_log)
    try:
        show(_flight(what, attach, kind, env, boards, out, cfg))
    except (BehaviourError, RunDirectoryError, ScenarioError) as error:
        raise refused("console", error) from error


def _on_page(port: int, role_file: Path | None, browser: bool, json_log: bool) -> Callable[["Flight"], None]:
    from groundstation.console import refused

    try:
        from groundstation.web import serve
        from groundstation.web.people import RoleFileError, load
    except ImportError as error:
        raise refused("console", f"{error.name} is not installed: {EXTRA}") from error

    def show(flight: "Flight") -> None:
        try:
            roles = None if role_file is None else load(role_file)
            serve.run(flight, port, roles, browser, json_log)
        except (RoleFileError, serve.ServeError) as error:
            raise refused("console", error) from error

    return show


def _on_terminal() -> Callable[["Flight"], None]:
    from groundstation.console import refused

    try:
        from groundstation.terminal import run
    except ImportError as error:
        raise refused("console", f"{error.name} is not installed: {EXTRA_TERMINAL}") from error

    def show(flight: "Flight") -> None:
        try:
            run.run(flight)
        except run.TerminalError as error:
            raise refused("console", error) from error

    return show


def _flight(
    what: str, attach: bool, kind: str, env: Path | None, boards: int | None, out: Path, cfg: Path | None
) -> "Flight":
    from groundstation.record import run_directory
    from groundstation.scenario import model
    from groundstation.web.behaviour import load
    from groundstation.web.flights import Flight

    if attach:
        return Flight(run=run_directory.find(out).resolve())
    path = Path(what)
    if path.is_dir():
        return Flight(run=run_directory.find(path).resolve())
    if path.is_file() and path.suffix != model.SUFFIX:
        behaviour = load(path, cfg)
        return Flight(trace=path.resolve()) if behaviour is None else Flight(behaviour=behaviour)
    model.load(what)  # says what is wrong with it before anything is opened
    options = [what, "--out", str(out)]
    options += ["--env", str(env)] if env is not None else ["--kind", kind]
    options += [] if boards is None else ["--boards", str(boards)]
    return Flight(options)

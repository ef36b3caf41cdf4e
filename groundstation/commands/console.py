"""`amu console`: one page from which a rehearsal is flown, commanded and watched."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from groundstation.commands import complete, panels
from groundstation.commands.options import integer
from specs.seeds import SEED_MAX

if TYPE_CHECKING:
    from groundstation.web.flights import Flight

PANEL = panels.FLY
DEFAULT = "first-light"
PORT = 8765
EXTRA = "pip install 'amu-swarm[console]'"
EXTRA_TERMINAL = "pip install 'amu-swarm[tui]'"


def console(
    what: Annotated[
        str,
        typer.Argument(
            help=f"A scenario, a run's folder, a trace, a counterexample, a campaign's store.  [default: {DEFAULT}]",
            metavar="WHAT",
            show_default=False,
            autocompletion=complete.missions,
        ),
    ] = "",
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
        str,
        typer.Option(
            "--kind",
            help="Board kind: virtual, emulated, host, ...",
            show_default="virtual",
            autocompletion=complete.kinds,
        ),
    ] = "",
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
    simulate: Annotated[
        bool, typer.Option("--simulate", help="Fly the scenario in the simulator, and replay that.")
    ] = False,
    seed: Annotated[
        int | None,
        typer.Option("--seed", help="Of a campaign's store: replay this seed.", parser=integer(0, SEED_MAX)),
    ] = None,
    out: Annotated[
        Path, typer.Option("--out", help="Folder in which to create the run's folder.", metavar="DIR")
    ] = Path("runs"),
) -> None:
    """Fly and command a rehearsal from one page.  Example: [cyan]amu console first-light[/cyan]

    Shows a run's folder, a trace or a counterexample of specs/tetrabft as well, and replays it. The flight is a process
    of its own: it goes on if the console ends, and `amu console --attach` shows it again. It ends by the order to
    finish, on the page or on the terminal.
    """
    from groundstation.boards.base import BoardError
    from groundstation.boards.environment import EnvironmentFileError
    from groundstation.boards.keys import KeysError
    from groundstation.console import refused
    from groundstation.record.run_directory import RunDirectoryError
    from groundstation.scenario.model import ScenarioError
    from groundstation.web.simulated import SimulationError, is_store
    from specs.checking.trace import TraceError
    from specs.tlc.behaviour_file import BehaviourError

    if attach and what:
        raise typer.BadParameter(f"--attach shows the newest run in --out: omit {what!r}")
    is_failure = is_store(Path(what))
    if (simulate or is_failure) and (attach or kind or env is not None or boards is not None):
        raise typer.BadParameter("the simulator has no boards to choose: omit --attach, --kind, --env and --boards")
    if seed is not None and not is_failure:
        raise typer.BadParameter("--seed is of a campaign's store; amu sim SEED --folder DIR flies a seed")
    if env is not None and kind:
        raise typer.BadParameter("--env names the boards: omit --kind")
    if tui and (role_file is not None or json_log or port != PORT):
        raise typer.BadParameter("--tui serves no page: omit --port, --role-file and --json-log")
    show = _on_terminal() if tui else _on_page(port, role_file, browser, json_log)
    try:
        flight = _simulated(what, seed, out) if simulate or is_failure else None
        if flight is None:
            flight = _recorded(out if attach else Path(what or DEFAULT), attach, cfg)
        if flight is None:
            flight = _planned(what or DEFAULT, kind, env, boards, out)
        elif kind or env is not None or boards is not None:
            raise typer.BadParameter("--kind, --env and --boards are for a scenario: omit them for a run or a trace")
        if cfg is not None and flight.behaviour is None:
            raise typer.BadParameter("--cfg is of a counterexample of TLC: omit it for anything else")
    except (SimulationError, BehaviourError, RunDirectoryError, TraceError) as error:
        raise refused("console", error) from error
    except (BoardError, EnvironmentFileError, KeysError, ScenarioError) as error:
        raise refused("console", error) from error
    show(flight)


def _on_page(port: int, role_file: Path | None, browser: bool, json_log: bool) -> Callable[["Flight"], None]:
    from groundstation.console import refused

    try:
        from groundstation.web import serve
        from groundstation.web.people import RoleFileError, load
    except ImportError as error:
        raise refused("console", f"{_package(error)} is not installed: {EXTRA}") from error

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
        raise refused("console", f"{_package(error)} is not installed: {EXTRA_TERMINAL}") from error

    def show(flight: "Flight") -> None:
        try:
            run.run(flight)
        except run.TerminalError as error:
            raise refused("console", error) from error

    return show


def _package(error: ImportError) -> str:
    return (error.name or str(error)).partition(".")[0]


def _simulated(what: str, seed: int | None, out: Path) -> "Flight":
    """The flight of a scenario, or of a campaign's failure, in the simulator. Raises SimulationError."""
    from groundstation.web import simulated
    from groundstation.web.flights import Flight

    path = Path(what or DEFAULT)
    arguments = simulated.failure(path, seed) if simulated.is_store(path) else ["--scenario", str(path)]
    return Flight(run=simulated.fly(arguments, out))


def _recorded(path: Path, attach: bool, cfg: Path | None) -> "Flight | None":
    """The flight of a run's folder, a trace or a counterexample; None for a scenario. Raises RunDirectoryError,
    TraceError, BehaviourError."""
    from groundstation.record import run_directory
    from groundstation.scenario import model
    from groundstation.web.behaviour import load
    from groundstation.web.flights import LOST, Flight
    from specs.checking.trace import Reader, TraceError

    if not attach and not path.is_dir() and (not path.is_file() or path.suffix == model.SUFFIX):
        return None
    if attach or path.is_dir():
        flight = Flight(run=run_directory.find(path).resolve())
    else:
        behaviour = load(path, cfg)
        if behaviour is not None:
            return Flight(behaviour=behaviour)
        flight = Flight(trace=path.resolve())
    trace = flight.trace
    assert trace is not None
    if not trace.exists():
        if flight.state()["state"] == LOST:
            raise run_directory.RunDirectoryError(f"{trace}: there is no such file, and nobody flies this run")
        return flight  # it begins
    try:
        if next(iter(Reader(trace)), None) is None and flight.run is None:
            raise TraceError("no event; want a trace")
    except TraceError as error:
        raise TraceError(f"{trace}: {error}") from error
    return flight


def _planned(what: str, kind: str, env: Path | None, boards: int | None, out: Path) -> "Flight":
    """A scenario to fly. Says what is wrong with it before anything is opened: raises ScenarioError, BoardError,
    EnvironmentFileError, KeysError."""
    from groundstation.boards.base import board_kind
    from groundstation.boards.bench import of_environment
    from groundstation.scenario import model
    from groundstation.web.flights import Flight

    kind = kind or "virtual"
    if env is None:
        board_kind(kind)
    else:
        count = len(of_environment(env).kinds)
        boards = count if boards is None else boards
    model.load(what).flown(boards, None, None)
    options = [what, "--out", str(out)]
    options += ["--env", str(env)] if env is not None else ["--kind", kind]
    options += [] if boards is None else ["--boards", str(boards)]
    return Flight(options)

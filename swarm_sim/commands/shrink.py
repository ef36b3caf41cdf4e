"""`amu shrink`: makes a failing scenario small."""

from pathlib import Path
from typing import Annotated

import typer

from groundstation.commands import complete, panels
from groundstation.commands.options import number, output, require_apart, whole

PANEL = panels.HUNT


def shrink(
    what: Annotated[str, typer.Argument(help="A seed, or a scenario file.", metavar="SEED_OR_SCENARIO")],
    out: Annotated[Path, typer.Option("--out", help="Write the small scenario to this file.", callback=output)],
    nodes: Annotated[int, number("--nodes", "Boards, 4 to 13, for a seed.", 4, 13)] = 4,
    slots: Annotated[int, number("--slots", "Slots to decide, for a seed.", 1)] = 20,
    runs: Annotated[int, number("--runs", "Flights at most.", 1)] = 600,
    kind: Annotated[
        str,
        typer.Option(
            "--for",
            help="Do without faults that boards of this kind cannot play.",
            metavar="KIND",
            autocompletion=complete.kinds,
        ),
    ] = "",
) -> None:
    """Shrink a failing run to a scenario that a person can read.  Example: [cyan]amu shrink 7 --out small.toml[/cyan]

    The file flies in the simulator and, if boards can play its faults, on boards:

        amu sim --scenario small.toml

        amu shrink 7 --out small.toml --for virtual

        amu rehearse small.toml

    Exit codes: 0 shrunk, 1 crash, 2 bad input, or nothing fails.
    """
    from groundstation.boards.base import BoardError, board_kind
    from groundstation.console import SafeConsole, refused
    from groundstation.record import run_directory
    from groundstation.scenario import model as scenario_files
    from groundstation.scenario import toml_text
    from specs.escape import escaped
    from swarm_sim.draw.draw import draw
    from swarm_sim.shrink import shrink as shrinking
    from swarm_sim.shrink import simpler

    console = SafeConsole()

    def tell(flights: int, size: shrinking.Size) -> None:
        console.print(f"{flights:4} flights: {size}", style="dim")

    if whole(what) is None:
        require_apart(out, Path(what))
    try:
        playable = board_kind(kind).board_faults if kind else None
        seed = whole(what)
        found = scenario_files.load(what) if seed is None else draw(seed, nodes, slots)
        result = shrinking.shrink(found, runs_max=runs, progress=tell, playable=playable)
        outcome = result.outcome
        about = escaped(f"shrunk from {found.name}: {outcome.verdict} {outcome.oracle}, {outcome.cause}")
        document = simpler.readable(result.scenario) | {"description": about}
        run_directory.write_text(out, toml_text.dumps(document))
    except (scenario_files.ScenarioError, shrinking.NothingToShrink, BoardError) as error:
        raise refused("shrink", error) from error
    except OSError as error:
        raise refused("shrink", f"{out}: cannot be written ({error.strerror}); choose another --out") from error
    console.print(f"before  {result.before}\nafter   {result.after}\n{result.runs} flights", soft_wrap=True)
    console.print(escaped(f"{outcome.verdict}  {outcome.oracle}: {outcome.cause}"), soft_wrap=True)
    console.print(escaped(f"replay  amu sim --scenario {out}"), soft_wrap=True)
    console.print(escaped(f"look    amu console --simulate {out}"), soft_wrap=True)
    left = shrinking.unplayable(result.scenario, playable) if playable is not None else []
    if left:
        console.print(f"{kind} boards cannot play {', '.join(left)}: without, it does not fail alike")

"""`amu sim`: one run in the simulator, from a seed or from a scenario file."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from groundstation.commands import complete, panels
from groundstation.commands.options import AsJson, integer, number, output, require_apart
from specs.seeds import SEED_MAX

if TYPE_CHECKING:
    from groundstation.scenario.model import Scenario
    from swarm_sim.outcome import Outcome

PANEL = panels.FLY


def sim(
    seed: Annotated[
        int | None, typer.Argument(help="Draws the scenario; with --scenario, its seed.", parser=integer(0, SEED_MAX))
    ] = None,
    nodes: Annotated[
        int,
        number("--nodes", "Boards, 4 to 13, when the scenario is drawn.", 4, 13),
    ] = 4,
    slots: Annotated[
        int,
        number("--slots", "Slots to decide, when it is drawn.", 1),
    ] = 20,
    scenario: Annotated[
        Path | None, typer.Option("--scenario", help="Fly this scenario instead.", autocompletion=complete.missions)
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", help="Write the trace to this file.", callback=output)] = None,
    folder: Annotated[
        Path | None,
        typer.Option("--folder", help="Keep the run in this new folder, as a rehearsal's.", metavar="DIR"),
    ] = None,
    encoded: Annotated[bool, typer.Option("--encoded", help="Build, seal, check and decode every frame.")] = False,
    show_scenario: Annotated[bool, typer.Option("--show-scenario", help="Print the scenario and fly nothing.")] = False,
    as_json: AsJson = False,
) -> None:
    """Fly one scenario in the simulator and judge it.  Example: [cyan]amu sim 7[/cyan]

    The same seed on the same commit gives the same trace, to the byte. Lying boards and faults of links, boards, flash
    and clocks are drawn from the seed; the drawn scenario is a file like any other:

        amu sim 7 --show-scenario > mine.toml

        amu sim --scenario mine.toml --out trace.ndjson

        amu report trace.ndjson

        amu sim 7 --folder runs/seven

        amu console runs/seven

    Exit codes: 0 pass, 1 crash, 2 bad input, 3 safety violation, 4 no progress, 5 incomplete trace.
    """
    from groundstation.console import refused
    from groundstation.scenario import toml_text
    from groundstation.scenario.model import ScenarioError
    from swarm_sim.fork import folder as folders
    from swarm_sim.fork.change import ForkError
    from swarm_sim.outcome import EXIT_CODES
    from swarm_sim.simulation import simulate

    if scenario is not None:
        require_apart(out, scenario)
    if folder is not None and (out is not None or encoded):
        raise typer.BadParameter("--folder goes with neither --out nor --encoded: the folder has the trace")
    try:
        flown = _scenario(seed, nodes, slots, scenario)
        if show_scenario:
            typer.echo(toml_text.dumps(flown.model_dump(mode="json", exclude_unset=True)), nl=False)
            return
        outcome = simulate(flown, out, encoded) if folder is None else folders.fly_into(folder, flown)
    except (ForkError, ScenarioError) as error:
        raise refused("sim", error) from error
    except OSError as error:
        problem = f"{out or folder}: the trace cannot be written ({error.strerror}); choose another --out or --folder"
        raise refused("sim", problem) from error
    if as_json:
        typer.echo(json.dumps(outcome.as_dict(), indent=2))
    else:
        _print(outcome, flown)
    raise typer.Exit(EXIT_CODES[outcome.verdict])


def _scenario(seed: int | None, nodes: int, slots: int, path: Path | None) -> "Scenario":
    """The scenario to fly. Raises ScenarioError."""
    from groundstation.scenario import model as scenario_files
    from swarm_sim.draw.draw import draw

    if path is not None:
        return scenario_files.load(str(path)).flown(seed=seed)
    if seed is None:
        raise scenario_files.ScenarioError("nothing to fly; give a seed (amu sim 7) or --scenario FILE")
    return draw(seed, nodes, slots)


def _print(outcome: "Outcome", flown: "Scenario") -> None:
    from rich.text import Text

    from groundstation.console import SafeConsole
    from groundstation.scenario.mission_end import not_begun
    from specs.checking.swarm import Swarm
    from specs.escape import escaped, escaped_lines

    console = SafeConsole()
    colour = "green" if outcome.verdict == "pass" else "red"
    counts = outcome.counts
    console.print(escaped(flown.description), style="dim")
    console.print(
        f"{flown.mission.boards} boards, {counts['milliseconds'] / 1000:.1f} s of their time: {counts['slots']} slots, "
        f"{counts['operations']} operations, {counts['deliveries']} messages delivered, "
        f"{counts.get('steps', 0)} steps checked against the modules"
    )
    if outcome.marks:
        console.print(f"reached: {', '.join(outcome.marks)}", style="dim")
    warning = Swarm(flown.mission.boards, frozenset(flown.byzantine_nodes())).warning
    if warning:
        console.print(warning, style="yellow")
    late = not_begun(flown, counts["milliseconds"] / 1000 * flown.mission.speed)
    if late:
        console.print(escaped(f"fault rules that had not begun: {', '.join(late)}"), style="yellow")
    verdict = outcome.verdict.replace("_", " ").upper()
    console.print(Text("verdict   ").append(verdict, style=f"bold {colour}"))
    if outcome.verdict != "pass":
        console.print(escaped(f"{outcome.oracle}: {outcome.cause}"))
        console.print(escaped_lines(outcome.detail))

"""`amu scenarios`: lists what can be flown, or shows one scenario file."""

from typing import Annotated

import typer


def scenarios(
    name: Annotated[
        str | None, typer.Argument(help="Show the text of this scenario (a shipped name or a file).")
    ] = None,
) -> None:
    """List the missions that can be rehearsed, or show one.  Example: [cyan]amu scenarios first-light[/cyan]

    A copy of a shipped scenario is the best start for one of your own:

        amu scenarios partition > mine.toml

        amu rehearse mine.toml
    """
    from groundstation import scenario as scenario_files
    from groundstation.console import SafeConsole, refused

    try:
        if name is not None:
            typer.echo(scenario_files.source(name)[0], nl=False)
            return
        from rich.table import Table
        from rich.text import Text

        table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
        for heading in ("scenario", "boards", "what it is"):
            table.add_column(heading)
        for shipped in scenario_files.shipped():
            loaded = scenario_files.load(shipped)
            table.add_row(Text(shipped, style="bold"), str(loaded.mission.boards), loaded.description)
        SafeConsole().print(table)
    except scenario_files.ScenarioError as error:
        raise refused("scenarios", error) from error

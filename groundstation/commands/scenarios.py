"""`amu scenarios`: lists the shipped scenarios, or prints one."""

from typing import Annotated

import typer

from groundstation.commands import complete, panels

PANEL = panels.FLY


def scenarios(
    name: Annotated[
        str | None,
        typer.Argument(
            help="Print the text of this scenario (a shipped name or a file).", autocompletion=complete.missions
        ),
    ] = None,
    fields: Annotated[bool, typer.Option("--fields", help="List all fields of a scenario.")] = False,
    adversary: Annotated[
        str | None,
        typer.Option(
            "--adversary",
            help="List the parameters of this adversary.",
            autocompletion=complete.adversaries,
            metavar="NAME",
        ),
    ] = None,
) -> None:
    """List the shipped scenarios, or print one.  Example: [cyan]amu scenarios first-light[/cyan]

    To write your own scenario, start from a copy of a shipped one:

        amu scenarios partition > mine.toml

        amu rehearse mine.toml

        amu scenarios --fields

        amu scenarios --adversary equivocate
    """
    from groundstation.console import SafeConsole, refused
    from groundstation.scenario import model as scenario_files
    from specs.escape import escaped

    if sum((name is not None, fields, adversary is not None)) > 1:
        raise typer.BadParameter("give one of: a scenario, --fields, --adversary")
    if fields or adversary is not None:
        _print_fields(adversary)
        return
    try:
        if name is not None:
            # A TOML escape means the same as the character, and a valid scenario has no others.
            typer.echo(escaped(scenario_files.source(name)[0], keep="\n\r\t"), nl=False)
            return
        from rich.table import Table
        from rich.text import Text

        table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
        for heading in ("scenario", "boards", "what it is"):
            table.add_column(heading, no_wrap=heading == "scenario")
        for shipped in scenario_files.shipped():
            loaded = scenario_files.load(shipped)
            table.add_row(Text(shipped, style="bold"), str(loaded.mission.boards), loaded.description)
        SafeConsole().print(table)
    except scenario_files.ScenarioError as error:
        raise refused("scenarios", error) from error


def _print_fields(adversary: str | None) -> None:
    from rich.padding import Padding
    from rich.table import Table
    from rich.text import Text

    from groundstation.console import refused, table_console
    from groundstation.scenario import adversaries
    from groundstation.scenario import reference as scenario_fields
    from groundstation.scenario.errors import did_you_mean

    known = adversaries.names()
    if adversary is not None and adversary not in known:
        problem = f"no adversary {adversary!r}{did_you_mean(adversary, known)}; known are {', '.join(known)}"
        raise refused("scenarios", problem)
    console = table_console()
    for section in scenario_fields.tables() if adversary is None else [scenario_fields.of_adversary(adversary)]:
        console.print(Text(section.header, style="bold"), soft_wrap=True)
        console.print(Text(f"  {section.meaning}", style="dim"), soft_wrap=True)
        table = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
        for is_whole in (True, False, True, False, False):
            table.add_column(overflow="fold", no_wrap=is_whole)
        for field in section.fields:
            is_value = field.default not in (scenario_fields.NEEDED, scenario_fields.LEFT_OUT)
            default = f"default {field.default}" if is_value else field.default
            table.add_row(field.name, field.values, field.unit, default, field.meaning)
        console.print(Padding(table, (0, 0, 1, 2)))

"""The command `amu`.

Only what is needed to print help is imported here; each command imports its own parts when it runs. Upper floors add
commands through the entry-point group `amu.commands`: the entry's name is the command's, its object a typer app or a
function.

Exit codes: those of `specs.checking.report`; a crash is 1, bad input or usage 2.
"""

import importlib.metadata
import os
import sys
import tempfile
import traceback
from pathlib import Path

import typer

from groundstation.commands import audit, check, export, rehearse, report, scenarios, states, verify

CRASH = 1
COMMANDS_GROUP = "amu.commands"

HELP = """Flies swarms of Autonomous Manufacturing Units, and holds every step that they took against TLA+ modules.

Begin with [bold]amu rehearse[/bold]: it flies four boards through a faulty mission and judges the flight.
"""

app = typer.Typer(
    name="amu",
    help=HELP,
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("rehearse")(rehearse.rehearse)
app.command("check")(check.check)
app.command("report")(report.report)
app.command("export")(export.export)
app.command("scenarios")(scenarios.scenarios)
app.command("verify")(verify.verify)
app.command("states")(states.states)
app.command("audit")(audit.audit)


def add_entry_points(into: typer.Typer) -> None:
    """Add the commands of upper floors. One that cannot be loaded is reported and left out: the others still work."""
    for entry in sorted(importlib.metadata.entry_points(group=COMMANDS_GROUP), key=lambda entry: entry.name):
        try:
            command = entry.load()
        except Exception as error:
            print(f"amu: command {entry.name} of {entry.value} is left out: {error}", file=sys.stderr)
            continue
        if isinstance(command, typer.Typer):
            into.add_typer(command, name=entry.name)
        else:
            into.command(entry.name)(command)


def main() -> None:
    """Entry point of the command. Any crash becomes one line, the path of a log, and exit code 1."""
    add_entry_points(app)
    try:
        app(prog_name="amu")
    except BrokenPipeError:
        # Whoever read our output (head, less) has gone; writing more at exit would only raise again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(CRASH)
    except Exception as error:
        log = _write_crash_log()
        reason = str(error).splitlines()[0] if str(error) else "no reason given"
        print(f"amu: {type(error).__name__}: {reason} (details: {log})", file=sys.stderr)
        sys.exit(CRASH)


def _write_crash_log() -> Path:
    descriptor, name = tempfile.mkstemp(prefix="amu-crash-", suffix=".log")
    with os.fdopen(descriptor, "w", encoding="utf-8") as log:
        log.write(" ".join(sys.argv) + "\n\n" + traceback.format_exc())
    return Path(name)

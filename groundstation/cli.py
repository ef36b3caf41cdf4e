"""The command `amu`.

Collects the commands: each is an entry point in the group `amu.commands`. The entry's name is the command's name, its
object a function or a typer app; `PANEL` in the function's module is its heading in the help. Printing help imports
only the modules of the commands; a command imports its dependencies when it runs.

Exit codes: those of `specs.verdict`; a crash is 1, bad input or usage 2.
"""

import importlib.metadata
import inspect
import os
import sys
import tempfile
import traceback
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from groundstation import INTERRUPTED, standard_output
from groundstation.commands import panels
from groundstation.commands.options import whole
from groundstation.console import EXIT_BAD_INPUT, complain
from groundstation.os_errors import NO_MEMORY, explained
from specs.escape import escaped_lines

if TYPE_CHECKING:
    from typer.models import CommandInfo

CRASH = 1
COLUMNS_MIN = 10
COMMANDS_GROUP = "amu.commands"
EXAMPLE = "  Example: "

HELP = """Flies swarms of Autonomous Manufacturing Units, and checks every step against TLA+ modules.

Start with [bold]amu rehearse[/bold]: it flies four boards through a mission with faults, and gives a verdict.
"""

app = typer.Typer(
    name="amu",
    help=HELP,
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _add(into: typer.Typer, name: str, command: Callable[..., Any], panel: str) -> None:
    """Add a command whose docstring is its help: a summary, optionally with EXAMPLE behind it, then paragraphs.

    Terminals are narrower than the source: lines of a paragraph are joined, to be wrapped again, and the list of
    commands shows the example on a separate line. Indented lines stay as they are.
    """
    summary, *paragraphs = inspect.cleandoc(command.__doc__ or "").split("\n\n")
    joined = [text if text.startswith(" ") else " ".join(text.split("\n")) for text in paragraphs]
    first, _, example = summary.partition(EXAMPLE)
    short = f"{first}\nExample: {example}" if example else first
    whole = "\n\n".join([first, *([f"Example: {example}"] if example else []), *joined])
    into.command(name, help=whole, short_help=short, rich_help_panel=panel)(command)


def _version(is_asked: bool) -> None:
    if is_asked:
        from groundstation.record.versions import package_version

        typer.echo(f"amu-swarm {package_version('amu-swarm')}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and exit.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """The options of `amu` itself."""


def add_entry_points(into: typer.Typer) -> None:
    """Add the registered commands. One that cannot be loaded is reported and skipped: the others still work."""
    for entry in sorted(importlib.metadata.entry_points(group=COMMANDS_GROUP), key=lambda entry: entry.name):
        try:
            command = entry.load()
        except Exception as error:
            complain(None, f"command {entry.name} of {entry.value} cannot be loaded: {error}")
            continue
        if isinstance(command, typer.Typer):
            into.add_typer(command, name=entry.name, rich_help_panel=panels.OTHERS)
        else:
            panel = getattr(sys.modules[command.__module__], "PANEL", panels.OTHERS)
            _add(into, entry.name, command, panel)
    # Help lists the groups in the order of their commands.
    into.registered_commands.sort(key=_panel_index)


def _panel_index(command: "CommandInfo") -> int:
    panel = command.rich_help_panel
    return panels.ORDER.index(panel if panel in panels.ORDER else panels.OTHERS)


def main() -> None:
    """Entry point of the command. Bad input gives one line and exit code 2, a crash one line, a log and exit code 1.

    A command keeps its exit code even if some output is lost: a reader may close the pipe, an encoding may lack a
    character. If output cannot be written at all, as on a full disk, the exit code is 2.
    """
    if (whole(os.environ.get("COLUMNS", "")) or 0) < COLUMNS_MIN:
        os.environ.pop("COLUMNS", None)  # too narrow to read
    standard_output.open_standard_descriptors()
    standard_output.install()
    code = _run()
    error = standard_output.close()
    if error is not None:
        complain(None, f"standard output cannot be written ({error.strerror}); the exit code would have been {code}")
        code = EXIT_BAD_INPUT
    standard_output.close()
    sys.exit(code)


def _run() -> int:
    """Run the command. Returns its exit code."""
    try:
        add_entry_points(app)
        result = app(prog_name="amu", standalone_mode=False)
        return result if isinstance(result, int) else 0
    except (typer.Abort, KeyboardInterrupt):
        complain(None, "aborted")
        return INTERRUPTED
    except OSError as error:
        # Errors that a command does not explain itself: disk full, no descriptors left, no permission.
        complain(None, explained(error, "nothing further was done"))
        return EXIT_BAD_INPUT
    except MemoryError:
        complain(None, NO_MEMORY)
        return EXIT_BAD_INPUT
    except Exception as error:
        if hasattr(error, "format_message"):  # a usage error; its class depends on typer's version
            return _misused(error)
        reason = str(error).split("\n")[0] if str(error) else "no reason given"
        complain(None, f"{type(error).__name__}: {reason} (details: {_write_crash_log()})")
        return CRASH


def _misused(error: Any) -> int:
    context = getattr(error, "ctx", None)
    message = error.format_message()
    if message:
        complain(context.info_name if context is not None and context.parent is not None else None, message)
        if context is not None:
            typer.echo(f"usage: {' '.join(context.get_usage().split()[1:])}", err=True)
            typer.echo(f"help:  {context.command_path} --help", err=True)
    return EXIT_BAD_INPUT


def _write_crash_log() -> str:
    text = " ".join(sys.argv) + "\n\n" + traceback.format_exc()
    try:
        descriptor, name = tempfile.mkstemp(prefix="amu-crash-", suffix=".log")
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace") as log:
            log.write(text)
    except OSError as error:
        typer.echo(escaped_lines(text), err=True)
        return f"above, because the log could not be written: {error.strerror}"
    return name

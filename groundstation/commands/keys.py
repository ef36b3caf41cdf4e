"""`amu keys`: make, list and rotate the keys of a bench."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from groundstation.commands import panels
from groundstation.commands.options import AsJson

if TYPE_CHECKING:
    from groundstation.boards.keys import Keys

PANEL = panels.FLY


def keys(
    action: Annotated[Literal["make", "list", "rotate"], typer.Argument(help="make, list or rotate.")],
    environment: Annotated[Path, typer.Argument(help="The bench's environment file.", metavar="ENV.toml")],
    as_json: AsJson = False,
) -> None:
    """Make, list or rotate the keys of a bench.  Example: [cyan]amu keys make desk.toml[/cyan]

    They lie in a private file beside the environment file: desk.keys. Each flight of the bench rotates them by itself,
    so frames of an earlier flight are foreign. No command shows a secret; fingerprints tell them apart.

    Exit codes: 0 done, 2 bad input, no keys, or keys that are there already.
    """
    from groundstation.boards import environment as environments
    from groundstation.boards import keys as store
    from groundstation.console import refused

    try:
        bench = environments.load(environment)
        path = store.path_of(environment)
        if action == "make":
            found = store.make(path, bench.name)
        elif action == "rotate":
            found = store.rotate(path, bench.name)
        else:
            found = store.load(path, bench.name)
    except (environments.EnvironmentFileError, store.KeysError) as error:
        raise refused("keys", error) from error
    if as_json:
        typer.echo(json.dumps(_as_dict(found), indent=2))
    else:
        _print(found)


def _as_dict(found: "Keys") -> dict[str, object]:
    epochs = [{"epoch": e.epoch, "fingerprint": e.fingerprint, "made": e.made} for e in found.epochs]
    return {"path": str(found.path), "bench": found.bench, "epochs": epochs}


def _print(found: "Keys") -> None:
    from rich.table import Table

    from groundstation.console import table_console

    table = Table(title=f"keys of the bench {found.bench}: {found.path}", title_justify="left", box=None)
    for heading in ("epoch", "fingerprint", "made (UTC)"):
        table.add_column(heading)
    for epoch in found.epochs:
        table.add_row(str(epoch.epoch), epoch.fingerprint, epoch.made)
    table_console().print(table)

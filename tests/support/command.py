"""The command `amu` as the tests call it in this process: with every registered command."""

from groundstation import cli

app = cli.app
cli.add_entry_points(app)

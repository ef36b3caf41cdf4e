"""The commands of `amu` that simulate, one a file; they come in through the entry-point group `amu.commands`."""

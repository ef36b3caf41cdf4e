"""The commands of `amu` that simulate, one per file, registered in the entry-point group `amu.commands`."""

"""The commands of `amu`, one per file. They parse options and print; the modules that they import do the work."""

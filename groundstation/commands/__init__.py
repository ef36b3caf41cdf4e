"""The commands of `amu`, one a file. They read options and print; the work is done by the modules that they import."""

"""Virtual boards: MicroPython processes on pseudo-terminals."""

"""The worlds a node runs in: the same runtime over a Pico, a MicroPython unix process or CPython."""

"""The seeds of runs: what a trace, a scenario and a command line take for one."""

SEED_MAX = (1 << 64) - 1  # eight bytes

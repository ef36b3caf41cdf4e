"""Oracles: checks of a simulated run in addition to the TLA+ modules. They observe the run and never influence it."""

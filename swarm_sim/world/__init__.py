"""The simulated world: boards, network, flash, ground, and what a simulation records."""

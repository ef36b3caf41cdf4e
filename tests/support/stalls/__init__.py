"""Drawn stalls: flights whose plan knows why they stand still, and the rate at which the engine names the reason."""

"""Draws scenarios from seeds."""

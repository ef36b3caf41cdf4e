"""Scenarios drawn from a seed."""

"""Traces in the formats of other people's viewers."""

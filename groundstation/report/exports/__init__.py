"""Exports traces to the formats of other viewers."""

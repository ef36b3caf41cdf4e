"""Checks traces of real runs against TLA+ modules."""

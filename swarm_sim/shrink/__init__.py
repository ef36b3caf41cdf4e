"""Shrinks a failing scenario to a small one that fails in the same way."""

"""Linearizability of client histories: the search, models of what was called, readers of histories."""

"""Linearizability of client histories: the search, models of sequential objects, readers of histories."""

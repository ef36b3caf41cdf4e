"""The record of a run: trace, log, and their folder."""

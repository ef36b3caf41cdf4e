"""The record of a run: trace, log, and the folder that holds them."""

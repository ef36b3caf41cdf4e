"""The verdict on a run: what was checked, what was found, what was not checked."""

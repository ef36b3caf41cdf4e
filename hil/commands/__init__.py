"""Commands of `amu` about boards on the bench."""

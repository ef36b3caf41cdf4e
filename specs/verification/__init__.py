"""The pipeline of `amu verify`: parse every module, walk it at random, check all its states, reject vacuous runs."""

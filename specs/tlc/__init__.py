"""TLC, the TLA+ model checker: run it, read its states and counterexamples."""

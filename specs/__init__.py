"""TLA+ modules, decision records, and the checker that holds a trace against a module."""

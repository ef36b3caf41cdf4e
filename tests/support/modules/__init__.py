"""TLA+ modules, and what their behaviours drive."""

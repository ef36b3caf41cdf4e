"""TLA+ in Python: read a module, evaluate, step, explore, hold a trace against it. Knows nothing of swarms."""

"""The deterministic swarm in one process, and Byzantine behaviour on top of the flight software."""

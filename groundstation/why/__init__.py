"""Why does the swarm not move? One engine over the events of a trace, for the console, the terminal and the report."""

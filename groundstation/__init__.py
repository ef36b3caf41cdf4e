"""Ground station: links, routing with injected faults, telecommands, recording, rehearsals, the command line."""

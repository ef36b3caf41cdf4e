"""Ground station: links, routing with injected faults, telecommands, recording, rehearsals, the command line."""

INTERRUPTED = 130  # exit status for control-C, as in a shell

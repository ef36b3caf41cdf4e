"""What the swarm agrees on: a deterministic state machine applied in slot order."""

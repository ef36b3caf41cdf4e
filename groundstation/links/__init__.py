"""Serial links between the ground station and the boards. Each kind of link has a file."""

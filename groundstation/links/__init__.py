"""Serial links between the ground station and the boards, one file a kind."""

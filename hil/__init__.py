"""Hardware in the loop: the kinds of board that can carry the flight software."""

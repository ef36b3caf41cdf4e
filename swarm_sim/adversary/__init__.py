"""Byzantine behaviour on top of the flight software; runs on boards, so it imports nothing but `amu`."""

"""TetraBFT, one instance a slot, and the replicated log composed from it."""

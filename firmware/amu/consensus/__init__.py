"""TetraBFT, one instance per slot, and the replicated log composed of the instances."""

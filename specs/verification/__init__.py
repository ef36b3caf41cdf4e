"""What `amu verify` runs: every module parsed, walked at random, checked on every state, and held against vacuity."""

"""Where a board's processor time goes: emulated Picos are sampled, and the samples told by stage and by function."""

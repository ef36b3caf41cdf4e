"""Flight code on both interpreters."""

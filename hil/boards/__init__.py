"""One package per kind of board; all kinds pass the same conformance suite."""

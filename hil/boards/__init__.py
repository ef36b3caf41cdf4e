"""One file a kind of board; all pass one conformance suite."""

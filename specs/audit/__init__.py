"""Evidence: every coordination mechanism traces from a paper to a record, a module, code, a test and a mutant."""

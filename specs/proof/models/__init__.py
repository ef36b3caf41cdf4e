"""Models of facts: small ones, those that refute, and how they are shown."""

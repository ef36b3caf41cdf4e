"""From a failing scenario to a small one that fails alike."""

"""Telecommands: operations that clients submit, and the replies of f + 1 boards that confirm them."""

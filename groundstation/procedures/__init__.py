"""Procedures in flight: which step a crew is at, and what was seen on the ground."""

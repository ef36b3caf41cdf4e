"""Boards as the ground station sees them: kinds, provisioning, liars, and who holds them."""

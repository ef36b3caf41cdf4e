"""Boards as the ground station sees them: kinds, provisioning, limits for liars, and the station that holds them."""

"""Specification mutants: each module broken in stated ways, and what must notice. `make spec-mutants` runs them."""

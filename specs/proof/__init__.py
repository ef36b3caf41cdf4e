"""Proofs for any number of boards: theorems about the TLA+ modules become obligations for SMT solvers."""

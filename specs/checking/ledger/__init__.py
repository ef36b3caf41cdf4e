"""The ledger: checks recorded operations against its modules."""

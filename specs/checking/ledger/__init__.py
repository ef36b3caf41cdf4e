"""The ledger: conformance of recorded operations."""
